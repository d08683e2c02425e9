#pragma once

#include <sched.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

namespace porter::detail::log {

namespace fs = std::filesystem;

using porter::testing::temporary_folder;

inline std::string content(fs::path const& path)
{
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// The lines without their times.
inline std::vector<std::string> lines(fs::path const& path)
{
    std::vector<std::string> found;
    std::istringstream text{content(path)};
    for (std::string line; std::getline(text, line);) {
        auto const space = line.find(' ');
        found.push_back(space == std::string::npos ? line : line.substr(space + 1));
    }
    return found;
}

/// Waits until the logger's thread has written this text; fails after many checks.
inline void wait_for_line(fs::path const& path, std::string const& expected)
{
    for (int checks = 0; checks < 1'000'000; ++checks) {
        if (content(path).find(expected) != std::string::npos) return;
        ::sched_yield();
    }
    FAIL("not in the log: " << expected);
}

}  // namespace porter::detail::log
