# mc_embed_migrations(TARGET): compiles db/migrations/{sqlite,postgres}/NNNN_name.sql into TARGET as
# mc::sql::built_in_migrations(). The same file is the script that writes the .cc at build time
# (cmake -P), so an edited migration is picked up without a new configure.

function(mc_embed_migrations target)
  set(folder ${CMAKE_SOURCE_DIR}/db/migrations)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/migrations.cc)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/sqlite/*.sql ${folder}/postgres/*.sql)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DMC_EMBED_FOLDER=${folder} -DMC_EMBED_OUTPUT=${output}
      -P ${CMAKE_SOURCE_DIR}/cmake/mc_embed.cmake
    DEPENDS ${sources} ${CMAKE_SOURCE_DIR}/cmake/mc_embed.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()

function(mc_embed_read path result)
  if(NOT EXISTS ${path})
    message(FATAL_ERROR "mc_embed: ${path} is missing; a migration has one file for each dialect")
  endif()
  file(READ ${path} text)
  string(FIND "${text}" ")mcsql\"" end)
  if(NOT end EQUAL -1)
    message(FATAL_ERROR "mc_embed: ${path} contains the end mark of the embedding literal")
  endif()
  set(${result} "R\"mcsql(${text})mcsql\"" PARENT_SCOPE)
endfunction()

function(mc_embed_write)
  file(GLOB names RELATIVE ${MC_EMBED_FOLDER}/sqlite ${MC_EMBED_FOLDER}/sqlite/*.sql)
  file(GLOB twins RELATIVE ${MC_EMBED_FOLDER}/postgres ${MC_EMBED_FOLDER}/postgres/*.sql)
  list(SORT names)
  list(SORT twins)
  if(NOT names STREQUAL twins)
    message(FATAL_ERROR "mc_embed: the dialects differ: sqlite has ${names}, postgres ${twins}")
  endif()
  set(out "// Written by cmake/mc_embed.cmake from db/migrations.\n#include \"sql/sql.h\"\n\n")
  string(APPEND out "namespace mc::sql {\n\nstd::span<const Migration> built_in_migrations() {\n")
  string(APPEND out "  static const std::vector<Migration> all{\n")
  set(expected 1)
  foreach(file IN LISTS names)
    if(NOT file MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)\\.sql$")
      message(FATAL_ERROR "mc_embed: '${file}' is not named NNNN_name.sql")
    endif()
    set(name "${CMAKE_MATCH_1}_${CMAKE_MATCH_2}")
    string(REGEX REPLACE "^0+" "" number "${CMAKE_MATCH_1}")
    if(NOT number EQUAL expected)
      message(FATAL_ERROR "mc_embed: '${file}' should have number ${expected}")
    endif()
    math(EXPR expected "${expected} + 1")
    mc_embed_read(${MC_EMBED_FOLDER}/sqlite/${file} sqlite)
    mc_embed_read(${MC_EMBED_FOLDER}/postgres/${file} postgres)
    string(APPEND out "      {${number}, \"${name}\",\n${sqlite},\n${postgres}},\n")
  endforeach()
  string(APPEND out "  };\n  return all;\n}\n\n}  // namespace mc::sql\n")
  file(WRITE ${MC_EMBED_OUTPUT} "${out}")
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
  mc_embed_write()
endif()
