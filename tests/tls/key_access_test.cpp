// Promise N9 of SECURITY.md.
#include "tls/key_access.hpp"

#include <sys/stat.h>

#include "support/catch.hpp"

using namespace porter::detail;

namespace {

constexpr uid_t porter_user = 800;
constexpr gid_t ssl_cert = 110;
tls::process_identity const member{porter_user, {801, ssl_cert}};
tls::process_identity const non_member{porter_user, {801}};
tls::process_identity const root{0, {0}};

struct stat file(mode_t mode, uid_t owner, gid_t group)
{
    struct stat status{};
    status.st_mode = S_IFREG | mode;
    status.st_uid = owner;
    status.st_gid = group;
    return status;
}

std::string error(struct stat const& status, tls::process_identity const& process, bool is_credential = false)
{
    return tls::key_access_error(status, process, is_credential).value_or("");
}

bool contains(std::string const& text, std::string const& words)
{
    return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a key of the user or root that only its owner may read is accepted")
{
    auto const mode = GENERATE(0600U, 0400U, 0700U);
    CHECK(error(file(mode, porter_user, 801), member).empty());
    CHECK(error(file(mode, 0, 0), member).empty());
    CHECK(error(file(mode, 0, 0), root).empty());
}

TEST_CASE("a key of another user is rejected with any mode")
{
    auto const mode = GENERATE(0600U, 0640U, 0400U);
    CHECK(contains(error(file(mode, 1000, ssl_cert), member), "belongs to another user, of uid 1000"));
    CHECK(contains(error(file(mode, porter_user, 801), root), "chown"));
    CHECK_FALSE(error(file(mode, 1000, ssl_cert), member, true).empty());
}

TEST_CASE("a key of root that a group of the process may read is accepted")
{
    auto const mode = GENERATE(0640U, 0440U);
    CHECK(error(file(mode, 0, ssl_cert), member).empty());
    CHECK(error(file(mode, 0, ssl_cert), root).empty());
    CHECK(contains(error(file(mode, 0, ssl_cert), non_member), "members of group 110"));
}

TEST_CASE("a key of the user that a group may read is rejected")
{
    CHECK(contains(error(file(0640, porter_user, ssl_cert), member), "mode 0640"));
    CHECK(contains(error(file(0640, porter_user, ssl_cert), member), "chmod 600"));
}

TEST_CASE("a key that others may read or that its group may write is rejected with advice")
{
    auto const mode = GENERATE(0644U, 0604U, 0660U, 0620U, 0650U, 0666U, 0777U);
    auto const owner = GENERATE(0U, porter_user);
    auto const is_credential = GENERATE(false, true);
    auto const reason = error(file(mode, owner, ssl_cert), member, is_credential);
    CHECK(contains(reason, "open to others"));
    CHECK(contains(reason, "chmod 600"));
    CHECK(contains(reason, "make a new one"));
}

TEST_CASE("a credential is accepted with the modes that systemd uses")
{
    CHECK(error(file(0400, porter_user, 801), non_member, true).empty());
    CHECK(error(file(0400, 0, 0), non_member, true).empty());
    CHECK(error(file(0440, 0, 0), non_member, true).empty());  // the group's bits are the mask of an access list
    CHECK_FALSE(error(file(0440, 0, 0), non_member, false).empty());
    CHECK_FALSE(error(file(0640, 0, 0), non_member, true).empty());
}

TEST_CASE("a file outside the credentials folder is not a credential")
{
    CHECK_FALSE(tls::is_credential("/proc/self/status", 0));
    CHECK_FALSE(tls::is_credential("/nonexistent", -1));
}
