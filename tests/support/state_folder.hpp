#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "support/temporary_folder.hpp"

namespace porter::testing {

/// A temporary folder for a user's state files, removed with the object.
class state_folder {
public:
    /// A file two folders deeper; neither folder exists yet.
    std::filesystem::path file(std::string const& name) const { return root_.path() / "state" / "porter" / name; }

    void write(std::string const& name, std::string const& text) const
    {
        std::filesystem::create_directories(file(name).parent_path());
        std::ofstream{file(name)} << text;
        ::chmod(file(name).c_str(), 0600);
    }

    std::string read(std::string const& name) const
    {
        std::ifstream stream{file(name)};
        return {std::istreambuf_iterator<char>{stream}, {}};
    }

    unsigned mode_of(std::string const& name) const
    {
        struct ::stat about{};
        ::lstat(file(name).c_str(), &about);
        return about.st_mode & 07777;
    }

private:
    temporary_folder root_;
};

}  // namespace porter::testing
