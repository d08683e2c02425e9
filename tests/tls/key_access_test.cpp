// Promise N9 of SECURITY.md.
#include "tls/key_access.hpp"

#include <sys/stat.h>

#include "support/catch.hpp"

using namespace porter::detail;

namespace {

constexpr uid_t porters = 800;
constexpr gid_t ssl_cert = 110;
tls::process_identity const member{porters, {801, ssl_cert}};
tls::process_identity const loner{porters, {801}};
tls::process_identity const root{0, {0}};

struct stat file(mode_t mode, uid_t owner, gid_t group)
{
    struct stat made {};
    made.st_mode = S_IFREG | mode;
    made.st_uid = owner;
    made.st_gid = group;
    return made;
}

std::string error(struct stat const& about, tls::process_identity const& process, bool is_credential = false)
{
    return tls::key_access_error(about, process, is_credential).value_or("");
}

bool says(std::string const& text, std::string const& words)
{
    return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a key that only its owner may read is taken from the user and from root")
{
    auto const mode = GENERATE(0600U, 0400U, 0700U);
    CHECK(error(file(mode, porters, 801), member).empty());
    CHECK(error(file(mode, 0, 0), member).empty());
    CHECK(error(file(mode, 0, 0), root).empty());
}

TEST_CASE("a key of another user is refused whatever its mode")
{
    auto const mode = GENERATE(0600U, 0640U, 0400U);
    CHECK(says(error(file(mode, 1000, ssl_cert), member), "belongs to another user, of uid 1000"));
    CHECK(says(error(file(mode, porters, 801), root), "chown"));
    CHECK_FALSE(error(file(mode, 1000, ssl_cert), member, true).empty());
}

TEST_CASE("a key of root's that a group of the process may read is taken")
{
    auto const mode = GENERATE(0640U, 0440U);
    CHECK(error(file(mode, 0, ssl_cert), member).empty());
    CHECK(error(file(mode, 0, ssl_cert), root).empty());
    CHECK(says(error(file(mode, 0, ssl_cert), loner), "members of group 110"));
}

TEST_CASE("a key of the user's that a group may read is refused because nothing needs that")
{
    CHECK(says(error(file(0640, porters, ssl_cert), member), "mode 0640"));
    CHECK(says(error(file(0640, porters, ssl_cert), member), "chmod 600"));
}

TEST_CASE("a key that others may read or that its group may write is refused with what to do")
{
    auto const mode = GENERATE(0644U, 0604U, 0660U, 0620U, 0650U, 0666U, 0777U);
    auto const owner = GENERATE(0U, porters);
    auto const is_credential = GENERATE(false, true);
    auto const why = error(file(mode, owner, ssl_cert), member, is_credential);
    CHECK(says(why, "open to others"));
    CHECK(says(why, "chmod 600"));
    CHECK(says(why, "make a new one"));
}

TEST_CASE("a credential of systemd's is taken as it makes them")
{
    CHECK(error(file(0400, porters, 801), loner, true).empty());
    CHECK(error(file(0400, 0, 0), loner, true).empty());
    CHECK(error(file(0440, 0, 0), loner, true).empty());  // by an access list, whose mask the group's bits are
    CHECK_FALSE(error(file(0440, 0, 0), loner, false).empty());
    CHECK_FALSE(error(file(0640, 0, 0), loner, true).empty());
}

TEST_CASE("a file elsewhere than in the folder of credentials is none")
{
    CHECK_FALSE(tls::is_credential("/proc/self/status", 0));
    CHECK_FALSE(tls::is_credential("/nonexistent", -1));
}
