#include "terminal/password_file.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using porter::detail::config::exit_code;
using porter::detail::terminal::read_password_file;

namespace {

/// A password file that is removed at the end of the test.
class temporary_file {
public:
    explicit temporary_file(std::string const& text) { std::ofstream{path(), std::ios::binary} << text; }

    std::string path() const { return (folder_.path() / "password").string(); }

private:
    porter::testing::temporary_folder folder_;
};

}  // namespace

TEST_CASE("a password file is one line with any line end or none")
{
    for (std::string const begin : {"", "\xef\xbb\xbf"}) {
        for (std::string const end : {"", "\n", "\r\n"}) {
            temporary_file const file{begin + "four quiet lanterns" + end};
            auto const read = read_password_file(file.path());
            REQUIRE(read);
            CHECK(read->view() == "four quiet lanterns");
        }
    }
}

TEST_CASE("a password file that other users can access is read with a warning")
{
    temporary_file const file{"four quiet lanterns\n"};
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

TEST_CASE("the longest password is read whole")
{
    temporary_file const file{GENERATE("", "\xef\xbb\xbf") + std::string(1024, 'x') + "\r\n"};
    auto const read = read_password_file(file.path());
    REQUIRE(read);
    CHECK(read->view().size() == 1024);
}

TEST_CASE("a file that is not one line with a password is bad data")
{
    for (std::string const& text :
         {std::string{}, std::string{"\n"}, std::string{"one\ntwo\n"}, std::string(1025, 'x')}) {
        temporary_file const file{text};
        auto const read = read_password_file(file.path());
        REQUIRE_FALSE(read);
        CHECK(read.error().exit() == exit_code::bad_data);
    }
}

TEST_CASE("a password file that does not exist is reported")
{
    auto const read = read_password_file("/nowhere/pass\x1bword");
    REQUIRE_FALSE(read);
    CHECK(read.error().exit() == exit_code::not_found);
    CHECK(std::string{read.error().what()} == "cannot read the password file /nowhere/pass\\x1bword");
}
