#include "client/host_key_check.hpp"

#include "support/catch.hpp"
#include "support/state_folder.hpp"

using namespace porter;
using porter::detail::base::timestamp;
using porter::detail::client::check_host_key;
using porter::detail::client::host_key;
using porter::detail::client::known_servers;
using namespace std::chrono_literals;

namespace {

std::string const key = "SHA256:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg";
std::string const other_key = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
timestamp const today{1'763'596'800s};

/// A known_servers file and the warnings about it.
class host_key_fixture : public testing::state_folder {
public:
    explicit host_key_fixture(std::string const& known = {})
    {
        if (!known.empty()) write("known_servers", known);
    }

    client_result<trust_source> check(host_key const& presented, host_key_policy const& policy)
    {
        known_servers::warning const warn = [this](std::string const& line) { warnings.push_back(line); };
        return check_host_key(presented, known_servers{file("known_servers"), warn}, policy, today, warn);
    }

    std::string known() const { return read("known_servers"); }

    std::vector<std::string> warnings;
};

host_key const uncertified{"localhost:7678", key, false};
host_key const certified{"localhost:7678", key, true};
auto const pinned = "localhost:7678 " + key + " 2025-01-01\n";
auto const pinned_to_another = "a:1 " + key + "\nlocalhost:7678 " + other_key + " 2025-01-01\n";

void check_untrusted(client_result<trust_source> const& result, std::string const& known_key,
                     client_errc cause = client_errc::untrusted)
{
    REQUIRE_FALSE(result);
    CHECK(result.error().cause == cause);
    CHECK(result.error().server_key == key);
    CHECK(result.error().known_key == known_key);
    CHECK(describe(result.error()).find(key) != std::string::npos);
    CHECK(describe(result.error()).find(known_key) != std::string::npos);
}

}  // namespace

TEST_CASE("a known key is accepted whatever the policy")
{
    host_key_fixture fixture{pinned};
    auto const presented = GENERATE(uncertified, certified);
    host_key_policy const policy = GENERATE(host_key_policy{host_key_policy::strict},
                                            host_key_policy{host_key_policy::accept_new}, host_key_policy::key(key));
    auto const result = fixture.check(presented, policy);
    REQUIRE(result);
    CHECK(*result == trust_source::known_server);
    CHECK(fixture.known() == pinned);
}

TEST_CASE("a changed key is rejected with both fingerprints whatever the policy")
{
    host_key_fixture fixture{pinned_to_another};
    auto const presented = GENERATE(uncertified, certified);
    host_key_policy const policy =
        GENERATE(host_key_policy{host_key_policy::strict}, host_key_policy{host_key_policy::accept_new},
                 host_key_policy::key(key), host_key_policy::key(other_key));
    auto const result = fixture.check(presented, policy);
    check_untrusted(result, other_key);
    CHECK(result.error().reason.find("line 2 of " + fixture.file("known_servers").string()) != std::string::npos);
    CHECK(fixture.known() == pinned_to_another);
}

TEST_CASE("any of several known keys is accepted")
{
    host_key_fixture fixture{pinned_to_another + pinned};
    CHECK(fixture.check(uncertified, host_key_policy::strict));
}

TEST_CASE("a certified key is accepted and not saved")
{
    host_key_fixture fixture;
    host_key_policy const policy = GENERATE(host_key_policy{host_key_policy::strict},
                                            host_key_policy{host_key_policy::accept_new}, host_key_policy::key(key));
    auto const result = fixture.check(certified, policy);
    REQUIRE(result);
    CHECK(*result == trust_source::certificate_authority);
    CHECK(fixture.known().empty());
}

TEST_CASE("an unknown key is rejected and the error has its fingerprint")
{
    host_key_fixture fixture;
    check_untrusted(fixture.check(uncertified, host_key_policy::strict), "", client_errc::unknown_server);
    CHECK(fixture.known().empty());
}

TEST_CASE("accept_new accepts an unknown key and saves it with the day")
{
    host_key_fixture fixture{"a:1 " + key + "\n"};
    auto const result = fixture.check(uncertified, host_key_policy::accept_new);
    REQUIRE(result);
    CHECK(*result == trust_source::first_use);
    CHECK(fixture.known() == "a:1 " + key + "\nlocalhost:7678 " + key + " 2025-11-20\n");
    auto const again = fixture.check(uncertified, host_key_policy::strict);
    REQUIRE(again);
    CHECK(*again == trust_source::known_server);
}

TEST_CASE("an unknown key that the policy names is accepted and saved")
{
    host_key_fixture fixture;
    auto const result = fixture.check(uncertified, host_key_policy::key(key));
    REQUIRE(result);
    CHECK(*result == trust_source::fingerprint);
    CHECK(fixture.known() == "localhost:7678 " + key + " 2025-11-20\n");
}

TEST_CASE("a key that the policy does not name is rejected even if it is known or certified")
{
    auto const known = GENERATE(std::string{}, pinned);
    host_key_fixture fixture{known};
    check_untrusted(fixture.check(GENERATE(uncertified, certified), host_key_policy::key(other_key)), other_key);
    CHECK(fixture.known() == known);
}

TEST_CASE("no key is accepted while a line about the server is invalid")
{
    host_key_fixture fixture{"localhost:7678 SHA256:short\n"};
    host_key_policy const policy = GENERATE(host_key_policy{host_key_policy::strict},
                                            host_key_policy{host_key_policy::accept_new}, host_key_policy::key(key));
    check_untrusted(fixture.check(GENERATE(uncertified, certified), policy), "");
}

TEST_CASE("accept_new rejects a key that cannot be saved and a key that the policy names needs no file")
{
    known_servers const nowhere{{}, {}};
    check_untrusted(check_host_key(uncertified, nowhere, host_key_policy::accept_new, today, {}), "");
    std::vector<std::string> warnings;
    auto const result = check_host_key(uncertified, nowhere, host_key_policy::key(key), today,
                                       [&](std::string const& line) { warnings.push_back(line); });
    REQUIRE(result);
    CHECK(*result == trust_source::fingerprint);
    CHECK(warnings.size() == 1);
}
