// A regression test without libFuzzer: checks every file of a folder.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "fuzz/fuzzer.hpp"

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::cerr << "usage: " << (argc > 0 ? argv[0] : "fuzz") << " FOLDER\n";
        return 64;
    }
    std::size_t count = 0;
    for (auto const& entry : std::filesystem::directory_iterator{argv[1]}) {
        std::cout << entry.path().filename().string() << std::endl;  // on a crash, the last line is the input
        std::ifstream file{entry.path(), std::ios::binary};
        std::string const input{std::istreambuf_iterator<char>{file}, {}};
        porter::fuzzing::check(input);
        ++count;
    }
    std::cout << count << " inputs\n";
    return count > 0 ? 0 : 1;
}
