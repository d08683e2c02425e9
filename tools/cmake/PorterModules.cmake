# A module is a folder of src, a namespace porter::detail::NAME and a static library porter_NAME, for this tree alone. A
# component is what users link: the archive porter-NAME, made of the objects of some modules.

# porter_module(NAME [FOLDER path] DEPENDS libraries...)
function(porter_module name)
  cmake_parse_arguments(module "" "FOLDER" "DEPENDS" ${ARGN})
  if(NOT module_FOLDER)
    set(module_FOLDER ${name})
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${module_FOLDER}/*.cpp)
  if(sources)
    add_library(porter_${name} STATIC ${sources})
    set(scope PUBLIC)
    target_link_libraries(porter_${name} PRIVATE porter_flags)
    porter_precompiled_headers(porter_${name})
  else()
    add_library(porter_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(porter_${name} ${scope} ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(porter_${name} ${scope} ${module_DEPENDS})
endfunction()

# porter_component(NAME MODULES modules... [PUBLIC libraries...] [PRIVATE libraries...]): porter::NAME. The public
# headers need the public libraries, only the linker needs the private ones.
function(porter_component name)
  cmake_parse_arguments(component "" "" "MODULES;PUBLIC;PRIVATE" ${ARGN})
  add_library(porter-${name} STATIC)
  add_library(porter::${name} ALIAS porter-${name})
  foreach(module IN LISTS component_MODULES)
    get_target_property(type porter_${module} TYPE)
    if(NOT type STREQUAL "INTERFACE_LIBRARY")
      target_sources(porter-${name} PRIVATE $<TARGET_OBJECTS:porter_${module}>)
    endif()
  endforeach()
  target_compile_features(porter-${name} INTERFACE cxx_std_20)
  target_include_directories(porter-${name} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/generated>)
  target_link_libraries(porter-${name} PUBLIC ${component_PUBLIC} PRIVATE ${component_PRIVATE})
  set_target_properties(porter-${name} PROPERTIES EXPORT_NAME ${name} LINKER_LANGUAGE CXX)
endfunction()

# porter_program(NAME DEPENDS libraries...): the executable NAME made from src/programs/NAME. The target is
# program_NAME, because a project that contains this one may have a target porter.
function(porter_program name)
  cmake_parse_arguments(program "" "" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/programs/${name}/*.cpp)
  if(NOT sources)
    message(FATAL_ERROR "src/programs/${name} has no .cpp file")
  endif()
  add_executable(program_${name} ${sources})
  target_link_libraries(program_${name} PRIVATE porter_flags ${program_DEPENDS})
  porter_precompiled_headers(program_${name})
  set_target_properties(program_${name} PROPERTIES
    OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endfunction()

# porter_tests(NAME [THREADS] [FOLDER path] DEPENDS libraries... [PROPERTIES name value...]): a test program of
# tests/FOLDER. Each TEST_CASE is a ctest test with these properties. THREADS: with ThreadSanitizer, too.
function(porter_tests name)
  cmake_parse_arguments(tests "THREADS" "FOLDER" "DEPENDS;PROPERTIES" ${ARGN})
  if(PORTER_SANITIZE STREQUAL "thread" AND NOT tests_THREADS)
    return()
  endif()
  if(NOT tests_FOLDER)
    set(tests_FOLDER ${name})
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${tests_FOLDER}/*.cpp)
  if(NOT sources)
    message(FATAL_ERROR "tests/${tests_FOLDER} has no .cpp file")
  endif()
  add_executable(test_${name} ${sources})
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(test_${name} PRIVATE porter_flags ${tests_DEPENDS} Catch2::Catch2WithMain)
  porter_precompiled_headers(test_${name})
  if(tests_PROPERTIES)
    set(properties PROPERTIES ${tests_PROPERTIES})
  endif()
  catch_discover_tests(test_${name} TEST_PREFIX "${name}: " DISCOVERY_MODE PRE_TEST ${properties})
  add_dependencies(module_tests test_${name})
endfunction()

if(PORTER_BUILD_TESTS)
  # What the preset tsan builds: no programs.
  add_custom_target(module_tests)
  # What the tests of programs start: no tests of modules.
  add_custom_target(programs_for_tests)
endif()
