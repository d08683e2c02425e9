// Promise P7 of SECURITY.md: the administrator's own list.
#include "auth/password_list.hpp"

#include <sys/stat.h>

#include "auth/hasher.hpp"
#include "porter/start_error.hpp"
#include "porter/testing/recording_log.hpp"
#include "support/catch.hpp"
#include "support/run.hpp"
#include "support/state_folder.hpp"
#include "testing/plain_hash.hpp"

using namespace porter;
using namespace porter::detail;

namespace {

constexpr char const* name = "list";
constexpr char const* listed = "plum velvet orbit 41";
constexpr char const* listed_in_nfc = "caf\u00e9 velvet orbit";
constexpr char const* not_listed = "plum velvet orbit 42";

/// The sums of "caf\u00e9 velvet orbit" and "plum velvet orbit 41", as sha1sum gives them.
constexpr char const* two_sums =
    "61f95cf24960fa77bdf5a2042b34b8eced2b0d36:3\n895A2BAB12029DBC2DE1DE243629AC3C3F4B80F5\n";

std::string fault_of(std::filesystem::path const& file)
{
    try {
        auth::password_list const list{file};
    } catch (start_error const& error) {
        CHECK(error.code() == start_errc::configuration);
        return error.what();
    }
    return {};
}

struct fixture {
    fixture() { folder.write(name, two_sums); }

    bool is_weak(std::string_view password)
    {
        auto const reason = testing::run(io, hasher().weakness(base::secret{password}, "Alice", client_address));
        REQUIRE(reason);
        return reason->has_value();
    }
    auth::hasher& hasher()
    {
        if (!hasher_) {
            hasher_.emplace(auth::hash_options{.threads = 1, .password_list = folder.file(name)},
                            std::make_unique<testing::plain_hash>(counts), log);
        }
        return *hasher_;
    }

    testing::state_folder folder;
    asio::io_context io;
    testing::recording_log log;
    testing::hash_counts counts;
    identity::address client_address = *identity::address::parse("192.0.2.7");

private:
    std::optional<auth::hasher> hasher_;
};

}  // namespace

TEST_CASE("a password is on the list when its sum is")
{
    testing::state_folder folder;
    folder.write(name, two_sums);
    auth::password_list const list{folder.file(name)};
    for (auto const* password : {listed, listed_in_nfc}) CHECK(*list.contains(base::secret{password}));
    for (auto const* password : {not_listed, "Plum velvet orbit 41", ""}) {
        CHECK_FALSE(*list.contains(base::secret{password}));
    }
}

TEST_CASE("a file that is not a list is rejected with its name and line and the expected format")
{
    testing::state_folder folder;
    folder.write(name, std::string{two_sums} + "password\n");
    auto const fault = fault_of(folder.file(name));
    CHECK(fault.find(folder.file(name).string() + ": line 3 ") != std::string::npos);
    CHECK(fault.find("wanted: sorted SHA-1 sums") != std::string::npos);
    folder.write(name, "");
    CHECK(fault_of(folder.file(name)).find("it is empty") != std::string::npos);
    CHECK(fault_of(folder.file("none")).find("No such file") != std::string::npos);
    CHECK(fault_of(folder.file(name).parent_path()).find("it is no file") != std::string::npos);
    REQUIRE(::mkfifo(folder.file("pipe").c_str(), 0600) == 0);
    CHECK(fault_of(folder.file("pipe")).find("it is no file") != std::string::npos);
}

TEST_CASE("a new password on the list is weak and costs no hash")
{
    fixture fixture;
    CHECK(fixture.is_weak(listed));
    CHECK_FALSE(fixture.is_weak(not_listed));
    auto const before = fixture.counts.all();
    auto const denied = testing::run(
        fixture.io,
        fixture.hasher().hash_new(base::secret{listed}, "Alice", fixture.client_address, auth::source::unknown));
    REQUIRE_FALSE(denied);
    CHECK(denied.error().code == code::weak_password);
    CHECK(denied.error().reason == auth::listed_password);
    CHECK(fixture.counts.all() == before);
}

TEST_CASE("a replaced list takes effect at once")
{
    fixture fixture;
    CHECK(fixture.is_weak(listed));
    fixture.folder.write(name, std::string(40, '0') + "\n");
    CHECK_FALSE(fixture.is_weak(listed));
}

TEST_CASE("a list that cannot be searched is logged once and the other rules stay in force")
{
    fixture fixture;
    CHECK(fixture.is_weak(listed));
    std::filesystem::remove(fixture.folder.file(name));
    for (auto left = 3; left > 0; --left) {
        CHECK_FALSE(fixture.is_weak(listed));
        CHECK(fixture.is_weak("password1"));
    }
    auto const failures = fixture.log.events("password_list_failed");
    REQUIRE(failures.size() == 1);
    CHECK(failures[0].field("why").find("No such file") != std::string::npos);
    CHECK(fixture.log.count("password_list_works") == 0);
    fixture.folder.write(name, two_sums);
    CHECK(fixture.is_weak(listed));
    CHECK(fixture.log.count("password_list_works") == 1);
    fixture.folder.write(name, "password\npassword\n");
    CHECK_FALSE(fixture.is_weak(listed));
    CHECK(fixture.log.count("password_list_failed") == 2);
}
