#include "terminal/password_file.hpp"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/catch.hpp"

using porter::rooms::config::exit_code;
using porter::rooms::terminal::read_password_file;

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
    for (std::string const end : {"", "\n", "\r\n"}) {
        file_with const file{"four quiet lanterns" + end};
        auto const read = read_password_file(file.path());
        REQUIRE(read);
        CHECK(read->view() == "four quiet lanterns");
    }
}

TEST_CASE("the longest password there can be is read whole")
{
    file_with const file{std::string(1024, 'x') + "\n"};
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
