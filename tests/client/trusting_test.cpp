#include "client/trusting.hpp"

#include "support/catch.hpp"
#include "support/state_folder.hpp"

using namespace porter;
using porter::rooms::base::timestamp;
using porter::rooms::client::judge;
using porter::rooms::client::known_servers;
using porter::rooms::client::shown_key;
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

    client_result<trusted_by> meet(shown_key const& shown, trust const& whom)
    {
        known_servers::warning const warn = [this](std::string const& line) { warnings.push_back(line); };
        return judge(shown, known_servers{file("known_servers"), warn}, whom, today, warn);
    }

    std::string known() const { return read("known_servers"); }

    std::vector<std::string> warnings;
};

shown_key const stranger{"localhost:7678", key, false};
shown_key const vouched{"localhost:7678", key, true};
auto const pinned = "localhost:7678 " + key + " 2025-01-01\n";
auto const pinned_to_another = "a:1 " + key + "\nlocalhost:7678 " + other_key + " 2025-01-01\n";

void check_untrusted(client_result<trusted_by> const& judged, std::string const& known_key,
                     client_failure::cause why = client_failure::cause::untrusted)
{
    REQUIRE_FALSE(judged);
    CHECK(judged.error().why == why);
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
    trust const whom = GENERATE(trust{trust::known}, trust{trust::first_use}, trust::key(key));
    auto const judged = alice.meet(shown, whom);
    REQUIRE(judged);
    CHECK(*judged == trusted_by::known_server);
    CHECK(alice.known() == pinned);
}

TEST_CASE("a changed key is refused with both fingerprints whatever else is said")
{
    visitor alice{pinned_to_another};
    auto const shown = GENERATE(stranger, vouched);
    trust const whom = GENERATE(trust{trust::known}, trust{trust::first_use}, trust::key(key), trust::key(other_key));
    auto const judged = alice.meet(shown, whom);
    check_untrusted(judged, other_key);
    CHECK(judged.error().reason.find("line 2 of " + alice.file("known_servers").string()) != std::string::npos);
    CHECK(alice.known() == pinned_to_another);
}

TEST_CASE("any of several known keys will do")
{
    visitor alice{pinned_to_another + pinned};
    CHECK(alice.meet(stranger, trust::known));
}

TEST_CASE("a key that an authority vouches for is trusted and not kept")
{
    visitor alice;
    trust const whom = GENERATE(trust{trust::known}, trust{trust::first_use}, trust::key(key));
    auto const judged = alice.meet(vouched, whom);
    REQUIRE(judged);
    CHECK(*judged == trusted_by::authority);
    CHECK(alice.known().empty());
}

TEST_CASE("a stranger is not trusted and the failure names the key")
{
    visitor alice;
    check_untrusted(alice.meet(stranger, trust::known), "", client_failure::cause::unknown_server);
    CHECK(alice.known().empty());
}

TEST_CASE("on first use a stranger is trusted and kept with the day")
{
    visitor alice{"a:1 " + key + "\n"};
    auto const judged = alice.meet(stranger, trust::first_use);
    REQUIRE(judged);
    CHECK(*judged == trusted_by::first_use);
    CHECK(alice.known() == "a:1 " + key + "\nlocalhost:7678 " + key + " 2025-11-20\n");
    auto const again = alice.meet(stranger, trust::known);
    REQUIRE(again);
    CHECK(*again == trusted_by::known_server);
}

TEST_CASE("a stranger with the named key is trusted and kept")
{
    visitor alice;
    auto const judged = alice.meet(stranger, trust::key(key));
    REQUIRE(judged);
    CHECK(*judged == trusted_by::fingerprint);
    CHECK(alice.known() == "localhost:7678 " + key + " 2025-11-20\n");
}

TEST_CASE("another key than the named one is refused even if known or vouched for")
{
    auto const known = GENERATE(std::string{}, pinned);
    visitor alice{known};
    check_untrusted(alice.meet(GENERATE(stranger, vouched), trust::key(other_key)), other_key);
    CHECK(alice.known() == known);
}

TEST_CASE("nobody is trusted while the known servers cannot be understood")
{
    visitor alice{"localhost:7678 SHA256:short\n"};
    trust const whom = GENERATE(trust{trust::known}, trust{trust::first_use}, trust::key(key));
    check_untrusted(alice.meet(GENERATE(stranger, vouched), whom), "");
}

TEST_CASE("first use that cannot be kept is no trust but a named key needs no file")
{
    known_servers const nowhere{{}, {}};
    check_untrusted(judge(stranger, nowhere, trust::first_use, today, {}), "");
    std::vector<std::string> warnings;
    auto const judged =
        judge(stranger, nowhere, trust::key(key), today, [&](std::string const& line) { warnings.push_back(line); });
    REQUIRE(judged);
    CHECK(*judged == trusted_by::fingerprint);
    CHECK(warnings.size() == 1);
}
