# mc_module(NAME [DEPS module ...] [LIBS package ...]): one folder src/<storey>/<NAME>.
#
# Builds lib mc_<NAME> from every *.cc of the folder, the test program mc_<NAME>_test from
# *_test.cc, and from every x_fuzz.cc the test mc_corpus_<x>_test, which replays tests/corpus/<x>, or
# with MC_FUZZ the libFuzzer program x_fuzz. The target unit_tests builds all tests. A dependency
# that does not stand lower in src/FLOORS stops the configure step. Folder order = FLOORS order, so a
# cycle cannot be written.

function(mc_read_floors file)
  file(STRINGS ${file} lines)
  set(rank 0)
  set(all "")
  foreach(line IN LISTS lines)
    if(line MATCHES "^#" OR line STREQUAL "")
      continue()
    endif()
    string(REGEX MATCH "^([a-z]+):[ ]*(.*)$" _ "${line}")
    set(storey ${CMAKE_MATCH_1})
    string(REGEX REPLACE "[ ]+" ";" modules "${CMAKE_MATCH_2}")
    foreach(module IN LISTS modules)
      set_property(GLOBAL PROPERTY MC_STOREY_${module} ${storey})
      set_property(GLOBAL PROPERTY MC_RANK_${module} ${rank})
      list(APPEND all ${module})
      math(EXPR rank "${rank} + 1")
    endforeach()
  endforeach()
  set_property(GLOBAL PROPERTY MC_MODULES ${all})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
endfunction()

function(mc_add_all_modules)
  get_property(modules GLOBAL PROPERTY MC_MODULES)
  foreach(module IN LISTS modules)
    if(module STREQUAL "log")
      if(EXISTS ${CMAKE_SOURCE_DIR}/sim/CMakeLists.txt)
        add_subdirectory(${CMAKE_SOURCE_DIR}/sim)  # needs base, json and sys only
      endif()
    endif()
    get_property(storey GLOBAL PROPERTY MC_STOREY_${module})
    if(EXISTS ${CMAKE_SOURCE_DIR}/src/${storey}/${module}/CMakeLists.txt)
      add_subdirectory(${CMAKE_SOURCE_DIR}/src/${storey}/${module})
    endif()
  endforeach()
endfunction()

function(mc_check_dependency name dep)
  get_property(own_storey GLOBAL PROPERTY MC_STOREY_${name})
  get_property(own_rank GLOBAL PROPERTY MC_RANK_${name})
  get_property(dep_storey GLOBAL PROPERTY MC_STOREY_${dep})
  get_property(dep_rank GLOBAL PROPERTY MC_RANK_${dep})
  if(NOT DEFINED dep_rank)
    message(FATAL_ERROR "mc_module(${name}): '${dep}' is not in src/FLOORS")
  endif()
  if(dep_rank GREATER_EQUAL own_rank)
    message(FATAL_ERROR "mc_module(${name}): '${dep}' (${dep_storey}) does not stand lower than "
      "'${name}' (${own_storey}) in src/FLOORS")
  endif()
  if(dep_storey STREQUAL "adapter" AND NOT own_storey STREQUAL "app")
    message(FATAL_ERROR "mc_module(${name}): only app may use the adapter '${dep}'")
  endif()
endfunction()

# Links the allocator of the product (docs/adr/0009); nothing names it, so it must be kept by hand.
function(mc_allocator target)
  if(NOT MC_SANITIZE)
    target_link_options(${target} PRIVATE
      LINKER:--push-state,--no-as-needed -lmimalloc LINKER:--pop-state)
  endif()
endfunction()

# Gives a target its extra compile options, and the precompiled headers (ADR 0016), which are made
# once for each set of them.
function(mc_precompiled target)
  target_compile_options(${target} PRIVATE ${ARGN})
  if(NOT MC_PRECOMPILED)
    return()
  endif()
  string(JOIN "" suffix ${ARGN})
  set(made mc_precompiled${suffix})
  if(NOT TARGET ${made})
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/${made}.cc CONTENT "")
    add_library(${made} OBJECT ${CMAKE_BINARY_DIR}/${made}.cc)
    target_compile_options(${made} PRIVATE ${ARGN} "SHELL:-Xclang -fno-pch-timestamp")
    target_precompile_headers(${made} PRIVATE
      <algorithm> <array> <atomic> <chrono> <cstdint> <cstring> <functional> <map> <memory> <mutex>
      <optional> <set> <string> <string_view> <thread> <tl/expected.hpp> <unordered_map> <utility>
      <variant> <vector>)
    if(MC_PRECOMPILED_HOUSE)
      foreach(storey core trust data govern serve)
        target_include_directories(${made} PRIVATE ${CMAKE_SOURCE_DIR}/src/${storey})
      endforeach()
      # The faces that most others look at; whoever changes one builds everything again.
      foreach(name base json net log metric trace sql crypto identity ledger proof policy graphql
                   dataset access residency transparency gateway)
        get_property(storey GLOBAL PROPERTY MC_STOREY_${name})
        target_precompile_headers(${made} PRIVATE
          ${CMAKE_SOURCE_DIR}/src/${storey}/${name}/${name}.h)
      endforeach()
    endif()
  endif()
  target_precompile_headers(${target} REUSE_FROM ${made})
endfunction()

# Modules whose tests compute so much that to optimise them and their tests under a sanitizer takes
# less time than it saves (ADR 0016).
set(MC_COMPUTES sim base json crypto pki ledger proof vm access budget share tap admission dp fixed noise accountant kanon recheck)

# The compile options of a module's own, and of its tests.
function(mc_optimised name of_module of_tests)
  if(MC_SANITIZE AND NOT MC_FUZZ AND name IN_LIST MC_COMPUTES)
    set(${of_module} -O1 PARENT_SCOPE)
    set(${of_tests} -O1 PARENT_SCOPE)
  else()
    set(${of_module} "" PARENT_SCOPE)
    set(${of_tests} -O0 PARENT_SCOPE)
  endif()
endfunction()

# Makes a target a test program of doctest, whose main() is compiled once. What is under test is
# optimised, the tests are not: that halves the time they take to compile (ADR 0016). Unless the
# program is of a module that computes much: then mc_doctest(TARGET MODULE).
function(mc_doctest target)
  mc_optimised("${ARGN}" own tests)
  if(NOT TARGET mc_doctest_main)
    add_library(mc_doctest_main OBJECT ${CMAKE_SOURCE_DIR}/tests/doctest_main.cc)
    target_compile_options(mc_doctest_main PRIVATE -O0)
  endif()
  mc_precompiled(${target} ${tests})
  target_link_libraries(${target} PRIVATE mc_doctest_main)
endfunction()

# A program that is built for the target unit_tests: all that the tests of the label "unit" run, and
# with all that ships as well when it is for other tests too.
function(mc_shared_test target)
  if(NOT TARGET unit_tests)
    add_custom_target(unit_tests)
  endif()
  add_dependencies(unit_tests ${target})
endfunction()

# A program of unit_tests alone.
function(mc_unit_test target)
  mc_shared_test(${target})
  set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
endfunction()

function(mc_module name)
  cmake_parse_arguments(arg "" "" "DEPS;LIBS" ${ARGN})
  get_property(storey GLOBAL PROPERTY MC_STOREY_${name})
  if(NOT storey)
    message(FATAL_ERROR "mc_module(${name}): not in src/FLOORS")
  endif()
  foreach(dep IN LISTS arg_DEPS)
    mc_check_dependency(${name} ${dep})
  endforeach()

  set(dir ${CMAKE_CURRENT_SOURCE_DIR})
  file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.cc)
  file(GLOB tests CONFIGURE_DEPENDS ${dir}/*_test.cc)
  file(GLOB fuzzers CONFIGURE_DEPENDS ${dir}/*_fuzz.cc)
  file(GLOB benches CONFIGURE_DEPENDS ${dir}/*_bench.cc)
  list(REMOVE_ITEM sources ${tests} ${fuzzers} ${benches} ${dir}/main.cc)

  add_library(mc_${name} STATIC ${sources})
  set_target_properties(mc_${name} PROPERTIES LINKER_LANGUAGE CXX)
  mc_optimised(${name} own unused)
  mc_precompiled(mc_${name} ${own})
  target_include_directories(mc_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src/${storey})
  foreach(dep IN LISTS arg_DEPS)
    target_link_libraries(mc_${name} PUBLIC mc_${dep})
  endforeach()
  foreach(lib IN LISTS arg_LIBS)
    mc_ext(${lib})
    target_link_libraries(mc_${name} PRIVATE mc_ext_${lib})
  endforeach()

  if(tests)
    add_executable(mc_${name}_test ${tests})
    mc_doctest(mc_${name}_test ${name})
    if(storey STREQUAL "adapter")  # its tests need a server, which tests/e2e/run.sh starts
      mc_shared_test(mc_${name}_test)
    else()
      mc_unit_test(mc_${name}_test)
    endif()
    target_link_libraries(mc_${name}_test PRIVATE mc_${name})
    target_include_directories(mc_${name}_test PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    if(TARGET mc_sim)
      target_link_libraries(mc_${name}_test PRIVATE mc_sim)
    endif()
    foreach(lib IN LISTS arg_LIBS)
      target_link_libraries(mc_${name}_test PRIVATE mc_ext_${lib})
    endforeach()
    add_test(NAME unit.${name} COMMAND mc_${name}_test --no-intro WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 900)
  endif()
  foreach(file IN LISTS benches)
    get_filename_component(stem ${file} NAME_WE)
    add_executable(${stem} ${file})
    target_link_libraries(${stem} PRIVATE mc_${name})
    mc_allocator(${stem})
  endforeach()
  foreach(file IN LISTS fuzzers)
    get_filename_component(stem ${file} NAME_WE)
    if(MC_FUZZ)
      add_executable(${stem} ${file})
      target_link_libraries(${stem} PRIVATE mc_${name})
      target_link_options(${stem} PRIVATE -fsanitize=fuzzer)
    else()
      # The corpus as a test like any other.
      string(REGEX REPLACE "_fuzz$" "" corpus ${stem})
      add_executable(mc_corpus_${corpus}_test ${file} ${CMAKE_SOURCE_DIR}/tests/replay_main.cc)
      mc_unit_test(mc_corpus_${corpus}_test)
      target_link_libraries(mc_corpus_${corpus}_test PRIVATE mc_${name})
      add_test(NAME corpus.${corpus}
               COMMAND mc_corpus_${corpus}_test ${CMAKE_SOURCE_DIR}/tests/corpus/${corpus})
      set_tests_properties(corpus.${corpus} PROPERTIES LABELS unit TIMEOUT 120)
    endif()
  endforeach()
endfunction()
