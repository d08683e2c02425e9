#include "terminal/password_file.hpp"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/catch.hpp"

using porter::detail::config::exit_code;
using porter::detail::terminal::read_password_file;

namespace {

/// A file that goes when this does.
class file_with {
public:
    explicit file_with(std::string const& text)
    {
        auto pattern = (std::filesystem::temp_directory_path() / "porter-password-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()));
        folder_ = pattern;
        std::ofstream{path(), std::ios::binary} << text;
    }
    ~file_with()
    {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    file_with(file_with const&) = delete;
    file_with& operator=(file_with const&) = delete;

    std::string path() const { return (folder_ / "password").string(); }

private:
    std::filesystem::path folder_;
};

}  // namespace

TEST_CASE("a password file is one line whatever its end")
{
    for (std::string const begin : {"", "\xef\xbb\xbf"}) {
        for (std::string const end : {"", "\n", "\r\n"}) {
            file_with const file{begin + "four quiet lanterns" + end};
            auto const read = read_password_file(file.path());
            REQUIRE(read);
            CHECK(read->view() == "four quiet lanterns");
        }
    }
}

TEST_CASE("a password file that other users have access to is read with a warning")
{
    file_with const file{"four quiet lanterns\n"};
    std::vector<std::string> warnings;
    auto const warn = [&warnings](std::string const& line) { warnings.push_back(line); };
    for (unsigned const mode : {0600U, 0400U, 0640U, 0604U, 0666U}) {
        warnings.clear();
        std::filesystem::permissions(file.path(), std::filesystem::perms{mode});
        REQUIRE(read_password_file(file.path(), warn));
        CHECK(warnings.size() == ((mode & 077) != 0 ? 1 : 0));
        for (auto const& line : warnings) CHECK(line.find(file.path()) != std::string::npos);
    }
}

TEST_CASE("the longest password there can be is read whole")
{
    file_with const file{GENERATE("", "\xef\xbb\xbf") + std::string(1024, 'x') + "\r\n"};
    auto const read = read_password_file(file.path());
    REQUIRE(read);
    CHECK(read->view().size() == 1024);
}

TEST_CASE("a file that is not one line with a password is bad data")
{
    for (std::string const& text :
         {std::string{}, std::string{"\n"}, std::string{"one\ntwo\n"}, std::string(1025, 'x')}) {
        file_with const file{text};
        auto const read = read_password_file(file.path());
        REQUIRE_FALSE(read);
        CHECK(read.error().exit() == exit_code::bad_data);
    }
}

TEST_CASE("a password file that is not there is said so")
{
    auto const read = read_password_file("/nowhere/pass\x1bword");
    REQUIRE_FALSE(read);
    CHECK(read.error().exit() == exit_code::not_found);
    CHECK(std::string{read.error().what()} == "cannot read the password file /nowhere/pass\\x1bword");
}
