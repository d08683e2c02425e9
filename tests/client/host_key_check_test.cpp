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

class visitor : public testing::state_folder {
public:
    explicit visitor(std::string const& known = {})
    {
        if (!known.empty()) write("known_servers", known);
    }

    client_result<trust_source> meet(host_key const& shown, host_key_policy const& whom)
    {
        known_servers::warning const warn = [this](std::string const& line) { warnings.push_back(line); };
        return check_host_key(shown, known_servers{file("known_servers"), warn}, whom, today, warn);
    }

    std::string known() const { return read("known_servers"); }

    std::vector<std::string> warnings;
};

host_key const stranger{"localhost:7678", key, false};
host_key const vouched{"localhost:7678", key, true};
auto const pinned = "localhost:7678 " + key + " 2025-01-01\n";
auto const pinned_to_another = "a:1 " + key + "\nlocalhost:7678 " + other_key + " 2025-01-01\n";

void check_untrusted(client_result<trust_source> const& judged, std::string const& known_key,
                     client_errc why = client_errc::untrusted)
{
    REQUIRE_FALSE(judged);
    CHECK(judged.error().cause == why);
    CHECK(judged.error().server_key == key);
    CHECK(judged.error().known_key == known_key);
    CHECK(describe(judged.error()).find(key) != std::string::npos);
    CHECK(describe(judged.error()).find(known_key) != std::string::npos);
}

}  // namespace

TEST_CASE("a key that is known is trusted whatever else is said")
{
    visitor alice{pinned};
    auto const shown = GENERATE(stranger, vouched);
    host_key_policy const whom = GENERATE(host_key_policy{host_key_policy::strict},
                                          host_key_policy{host_key_policy::accept_new}, host_key_policy::key(key));
    auto const judged = alice.meet(shown, whom);
    REQUIRE(judged);
    CHECK(*judged == trust_source::known_server);
    CHECK(alice.known() == pinned);
}

TEST_CASE("a changed key is refused with both fingerprints whatever else is said")
{
    visitor alice{pinned_to_another};
    auto const shown = GENERATE(stranger, vouched);
    host_key_policy const whom =
        GENERATE(host_key_policy{host_key_policy::strict}, host_key_policy{host_key_policy::accept_new},
                 host_key_policy::key(key), host_key_policy::key(other_key));
    auto const judged = alice.meet(shown, whom);
    check_untrusted(judged, other_key);
    CHECK(judged.error().reason.find("line 2 of " + alice.file("known_servers").string()) != std::string::npos);
    CHECK(alice.known() == pinned_to_another);
}

TEST_CASE("any of several known keys will do")
{
    visitor alice{pinned_to_another + pinned};
    CHECK(alice.meet(stranger, host_key_policy::strict));
}

TEST_CASE("a key that an authority vouches for is trusted and not kept")
{
    visitor alice;
    host_key_policy const whom = GENERATE(host_key_policy{host_key_policy::strict},
                                          host_key_policy{host_key_policy::accept_new}, host_key_policy::key(key));
    auto const judged = alice.meet(vouched, whom);
    REQUIRE(judged);
    CHECK(*judged == trust_source::certificate_authority);
    CHECK(alice.known().empty());
}

TEST_CASE("a stranger is not trusted and the failure names the key")
{
    visitor alice;
    check_untrusted(alice.meet(stranger, host_key_policy::strict), "", client_errc::unknown_server);
    CHECK(alice.known().empty());
}

TEST_CASE("on first use a stranger is trusted and kept with the day")
{
    visitor alice{"a:1 " + key + "\n"};
    auto const judged = alice.meet(stranger, host_key_policy::accept_new);
    REQUIRE(judged);
    CHECK(*judged == trust_source::first_use);
    CHECK(alice.known() == "a:1 " + key + "\nlocalhost:7678 " + key + " 2025-11-20\n");
    auto const again = alice.meet(stranger, host_key_policy::strict);
    REQUIRE(again);
    CHECK(*again == trust_source::known_server);
}

TEST_CASE("a stranger with the named key is trusted and kept")
{
    visitor alice;
    auto const judged = alice.meet(stranger, host_key_policy::key(key));
    REQUIRE(judged);
    CHECK(*judged == trust_source::fingerprint);
    CHECK(alice.known() == "localhost:7678 " + key + " 2025-11-20\n");
}

TEST_CASE("another key than the named one is refused even if known or vouched for")
{
    auto const known = GENERATE(std::string{}, pinned);
    visitor alice{known};
    check_untrusted(alice.meet(GENERATE(stranger, vouched), host_key_policy::key(other_key)), other_key);
    CHECK(alice.known() == known);
}

TEST_CASE("nobody is trusted while the known servers cannot be understood")
{
    visitor alice{"localhost:7678 SHA256:short\n"};
    host_key_policy const whom = GENERATE(host_key_policy{host_key_policy::strict},
                                          host_key_policy{host_key_policy::accept_new}, host_key_policy::key(key));
    check_untrusted(alice.meet(GENERATE(stranger, vouched), whom), "");
}

TEST_CASE("first use that cannot be kept is no trust but a named key needs no file")
{
    known_servers const nowhere{{}, {}};
    check_untrusted(check_host_key(stranger, nowhere, host_key_policy::accept_new, today, {}), "");
    std::vector<std::string> warnings;
    auto const judged = check_host_key(stranger, nowhere, host_key_policy::key(key), today,
                                       [&](std::string const& line) { warnings.push_back(line); });
    REQUIRE(judged);
    CHECK(*judged == trust_source::fingerprint);
    CHECK(warnings.size() == 1);
}
