# What ships is optimised for what it was seen doing (ADR 0017): src/app/maestro/hot.proftext has the
# counts of branches and calls under load. A function that has changed since, or has no counts, is built
# as it would be without. Renew the file with `make profile`.
option(MC_PROFILE "Build a program that counts, for tools/profile.py" OFF)

# Names of local functions begin with that of their file; without its folder they are good anywhere.
set(names "SHELL:-mllvm -static-func-full-module-prefix=false")
if(MC_PROFILE)
  add_compile_options(-fprofile-generate -fprofile-update=atomic ${names})
  add_link_options(-fprofile-generate)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  find_program(LLVM_PROFDATA llvm-profdata-19 REQUIRED)
  set(counts ${CMAKE_SOURCE_DIR}/src/app/maestro/hot.proftext)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${counts})
  file(SHA256 ${counts} digest)
  string(SUBSTRING ${digest} 0 12 digest)
  set(profile ${CMAKE_BINARY_DIR}/hot-${digest}.profdata)  # another name builds everything anew
  if(NOT EXISTS ${profile})
    execute_process(COMMAND ${LLVM_PROFDATA} merge -o ${profile} ${counts} COMMAND_ERROR_IS_FATAL ANY)
  endif()
  add_compile_options(-fprofile-use=${profile} -Wno-profile-instr-out-of-date
    -Wno-profile-instr-unprofiled -Wno-backend-plugin ${names})
endif()
