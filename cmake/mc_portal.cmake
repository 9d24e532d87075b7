# mc_embed_assets(TARGET): compiles the OpenAPI document, and the web portal when MC_PORTAL is on,
# into TARGET as mc::api::assets(). The portal is built with the pinned Node (tools/node); only the
# release preset has it, the other builds are for the C++ alone.
option(MC_PORTAL "Build the web portal into the program" OFF)

function(mc_embed_assets target)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/assets_table.cc)
  # A file is one literal, whatever its length.
  set_source_files_properties(${output} PROPERTIES COMPILE_OPTIONS -Wno-overlength-strings)
  set(document ${CMAKE_CURRENT_SOURCE_DIR}/openapi.json)
  set(tool ${CMAKE_SOURCE_DIR}/tools/embed.py)
  set(portal ${CMAKE_SOURCE_DIR}/portal)
  set(built)
  if(MC_PORTAL)
    set(built ${CMAKE_BINARY_DIR}/portal)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${portal}/src/* ${portal}/tools/*)
    set(packages ${portal}/package.json ${portal}/package-lock.json)
    add_custom_command(
      OUTPUT ${CMAKE_BINARY_DIR}/portal.installed
      COMMAND ${CMAKE_SOURCE_DIR}/tools/node/run npm ci --silent --no-audit --no-fund
      COMMAND ${CMAKE_COMMAND} -E touch ${CMAKE_BINARY_DIR}/portal.installed
      DEPENDS ${packages}
      WORKING_DIRECTORY ${portal}
      COMMENT "Installing the portal's packages"
      VERBATIM)
    add_custom_command(
      OUTPUT ${built}/index.html
      COMMAND ${CMAKE_SOURCE_DIR}/tools/node/run npm run --silent build -- --outDir ${built}
      DEPENDS ${sources} ${packages} ${portal}/index.html ${portal}/vite.config.mjs
              ${portal}/tsconfig.json ${CMAKE_BINARY_DIR}/portal.installed
      WORKING_DIRECTORY ${portal}
      COMMENT "Building the portal"
      VERBATIM)
  endif()
  add_custom_command(
    OUTPUT ${output}
    COMMAND python3 ${tool} ${output} /v1/openapi.json=${document} ${built}
    DEPENDS ${tool} ${document} $<$<BOOL:${MC_PORTAL}>:${CMAKE_BINARY_DIR}/portal/index.html>
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
