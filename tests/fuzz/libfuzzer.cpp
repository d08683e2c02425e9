// libFuzzer calls this for each input (https://llvm.org/docs/LibFuzzer.html).
#include "fuzz/fuzzer.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    porter::fuzzing::check({reinterpret_cast<char const*>(data), size});
    return 0;
}
