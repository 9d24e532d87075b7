# Compiler settings shared by every target, and the packages they may ask for by name.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)

set(MC_SANITIZE "" CACHE STRING "Value of -fsanitize=, empty for none")
option(MC_FUZZ "Build the libFuzzer targets" OFF)

# Compiled once and given to every file of ours: parsing these costs 1.5 s a file (ADR 0016). A file
# still includes what it uses; house_headers and the g++ build, which have none of this, tell.
option(MC_PRECOMPILED "Precompile the headers of the standard library" ON)
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  set(MC_PRECOMPILED OFF)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  # What ccache must not look at for a precompiled header to be a hit (its manual).
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-Wthread-safety -Werror=thread-safety)
  add_link_options(-fuse-ld=lld)
  include(mc_profile)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 takes the empty state of optional<variant<..., string>> for an uninitialised read.
  add_compile_options(-Wno-maybe-uninitialized)
endif()
if(MC_SANITIZE)
  add_compile_options(-fsanitize=${MC_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${MC_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)
  endif()
endif()

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

# mc_lib(fmt) and friends: imported targets mc_ext_<name>, made once, from pkg-config or a plain
# library name. Include folders of packages are SYSTEM, so our warnings do not judge their code.
function(mc_ext name)
  if(TARGET mc_ext_${name})
    return()
  endif()
  add_library(mc_ext_${name} INTERFACE IMPORTED GLOBAL)
  if(name STREQUAL "threads")
    target_link_libraries(mc_ext_${name} INTERFACE Threads::Threads)
  elseif(name STREQUAL "asio")
    target_compile_definitions(mc_ext_${name} INTERFACE BOOST_ASIO_SEPARATE_COMPILATION
      BOOST_ASIO_NO_DEPRECATED BOOST_ERROR_CODE_HEADER_ONLY
      # Coroutine frames come from our allocator (ADR 0009): Asio's own store of used ones is searched
      # front to back: 1,500 instructions a forwarded request (callgrind).
      BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=0)
    target_link_libraries(mc_ext_${name} INTERFACE Threads::Threads)
  elseif(name STREQUAL "cli11" OR name STREQUAL "expected" OR name STREQUAL "doctest")
    # Header only, on the default include path.
  elseif(name STREQUAL "p11kit")
    # Header only: the module of a token is loaded when a key of it is used.
    pkg_check_modules(MC_PKG_p11kit REQUIRED p11-kit-1)
    target_include_directories(mc_ext_p11kit SYSTEM INTERFACE ${MC_PKG_p11kit_INCLUDE_DIRS})
    target_link_libraries(mc_ext_p11kit INTERFACE ${CMAKE_DL_LIBS})
  else()
    set(module_fmt fmt)
    set(module_simdjson simdjson)
    set(module_openssl openssl)
    set(module_sodium libsodium)
    set(module_cairo cairo-pdf)
    set(module_sqlite sqlite3)
    set(module_pq libpq)
    set(module_yaml yaml-cpp)
    set(module_curl libcurl)
    set(module_zlib zlib)
    set(module_re2 re2)
    set(module_archive libarchive)
    set(module_hiredis hiredis)
    set(module_kms_message libkms_message)
    if(NOT DEFINED module_${name})
      message(FATAL_ERROR "mc_ext: unknown package '${name}'; a new dependency needs an ADR")
    endif()
    pkg_check_modules(MC_PKG_${name} REQUIRED IMPORTED_TARGET GLOBAL ${module_${name}})
    # re2 asks for -pthread, which glibc needs no longer and the precompiled headers are without.
    get_target_property(flags PkgConfig::MC_PKG_${name} INTERFACE_COMPILE_OPTIONS)
    if(flags)
      list(REMOVE_ITEM flags -pthread)
      set_target_properties(PkgConfig::MC_PKG_${name} PROPERTIES
        INTERFACE_COMPILE_OPTIONS "${flags}")
    endif()
    target_link_libraries(mc_ext_${name} INTERFACE PkgConfig::MC_PKG_${name})
  endif()
endfunction()
