# A fuzzer is one file of tests/fuzz that defines check() of fuzzer.hpp. With PORTER_FUZZ it is linked with libFuzzer,
# which searches for inputs that break it; otherwise it is a test that replays the inputs of its corpus.

# porter_fuzzers(NAMES...): tests/fuzz/NAME.cpp with its inputs in tests/fuzz/corpus/NAME
function(porter_fuzzers)
  foreach(name IN LISTS ARGN)
    set(driver replay.cpp)
    if(PORTER_FUZZ)
      set(driver libfuzzer.cpp)
    endif()
    add_executable(fuzz_${name} ${name}.cpp ${driver})
    target_include_directories(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(fuzz_${name} PRIVATE porter_flags porter_decoders)
    set_target_properties(fuzz_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
    if(PORTER_FUZZ)
      target_precompile_headers(fuzz_${name} REUSE_FROM porter_decoders)
      target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    else()
      add_test(NAME "fuzz: ${name} holds for its corpus"
               COMMAND fuzz_${name} ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
    endif()
  endforeach()
endfunction()
