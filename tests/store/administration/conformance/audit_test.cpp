// The rows that say who changed what, for each store (promise P14).
#include <algorithm>
#include <chrono>

#include "store/administration/conformance/administrator_fixture.hpp"

using namespace porter::testing;
using namespace std::chrono_literals;
namespace store = porter::detail::store;

namespace {

/// "ACTOR ACTION ACCOUNT OBJECT" of each row, of the actor the first word.
std::vector<std::string> lines_of(std::vector<store::audit_row> const& rows)
{
    std::vector<std::string> lines;
    for (auto const& row : rows) {
        if (row.action == "chain_begun") continue;
        lines.push_back(row.actor.substr(0, row.actor.find(' ')) + ' ' + row.action + ' ' + row.account + ' ' +
                        row.object);
    }
    return lines;
}

bool has_line(administrator_fixture& admin, std::string const& line)
{
    auto const lines = lines_of(admin.db().list_audit({}));
    return std::ranges::find(lines, line) != lines.end();
}

/// The report once porterd has sealed every row.
store::audit_report sealed_report(administrator_fixture& admin)
{
    for (;;) {
        auto report = admin.db().verify_audit(admin.store->audit_key());
        if (report.unsealed == 0 && report.sealed > 0) return report;
    }
}

/// The faults of a chain in which this SQL has changed something.
std::vector<std::string> faults_after(administrator_fixture& admin, std::string const& sql)
{
    sealed_report(admin);
    admin.store->unlock_audit();
    admin.store->sql(sql);
    return admin.db().verify_audit(admin.store->audit_key()).faults;
}

}  // namespace

TEST_CASE("a change by an administrator is a row and a login is none")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    auto const before = lines_of(admin.db().list_audit({}));
    REQUIRE(before.size() == 1);
    CHECK(before[0] == "porterctl account_added alice ");
    auto const id = admin.open(1);
    CHECK(lines_of(admin.db().list_audit({})).size() == 1);
    REQUIRE(admin.db().end_session(id));
    CHECK(has_line(admin, "porterctl session_ended alice session " + std::to_string(id)));
    CHECK(admin.db().list_audit({}).back().after.find("revoked_by_administrator") != std::string::npos);
    REQUIRE(admin.db().rename_account(admin.alice.id, "Alicia", "alicia"));
    CHECK(has_line(admin, "porterctl account_renamed Alicia "));
    REQUIRE(admin.db().disable_account(admin.alice.id, at(5)));
    CHECK(has_line(admin, "porterctl account_disabled Alicia "));
    admin.db().set_address("192.0.2.7", "visited", "visited", at(0));
    CHECK(has_line(admin, "porterctl address_added  192.0.2.7"));
    admin.db().add_ban({"192.0.2.0/24"});
    CHECK(has_line(admin, "porterctl ban_added  192.0.2.0/24"));
    admin.db().enable_network("192.0.2.7");
    CHECK(has_line(admin, "porterctl network_enabled  192.0.2.7"));
    REQUIRE(admin.db().delete_account(admin.alice.id));
    CHECK(has_line(admin, "porterctl account_deleted Alicia "));
}

TEST_CASE("what a client asks for is by its user and what porterd decides is by porterd")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    auto const first = admin.run(admin.ports.sessions.open_first(account_of("bob"), session_of({}, 7)));
    REQUIRE(first);
    CHECK(has_line(admin, "user account_added bob "));
    auto const id = std::to_string(admin.open(1));
    REQUIRE(admin.run(admin.ports.sessions.end(admin.alice.id, std::stoll(id), store::end_cause::logout)));
    CHECK(has_line(admin, "user session_ended alice session " + id));
    REQUIRE(admin.run(admin.ports.accounts.rehash(admin.alice.id, admin.alice.password_hash, "other")));
    CHECK(has_line(admin, "porterd password_rehashed alice "));
    for (auto const& row : admin.db().list_audit({})) {
        CHECK(row.after.find("argon2") == std::string::npos);
        CHECK(row.object.find("192.0.2") == std::string::npos);  // where clients were seen is no change
    }
}

TEST_CASE("invitations and resets are rows without their codes")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    auto const added = admin.db().add_invitation({digest(100), {}, {}, 2, 1h});
    REQUIRE(added);
    auto const invitation = "invitation " + std::to_string(added->id);
    CHECK(has_line(admin, "porterctl invitation_added  " + invitation));
    REQUIRE(admin.run(admin.ports.codes->register_invited(digest(100), account_of("bob"), session_of({}, 7))));
    CHECK(has_line(admin, "user invitation_used  " + invitation));
    REQUIRE(admin.db().remove_invitation(added->id));
    CHECK(has_line(admin, "porterctl invitation_removed  " + invitation));
    REQUIRE(admin.db().add_reset(admin.alice.id, digest(101), 1h));
    CHECK(has_line(admin, "porterctl reset_added alice "));
    REQUIRE(admin.run(admin.ports.codes->reset_password(digest(101), "new hash", session_of(admin.alice, 8))));
    CHECK(has_line(admin, "user password_changed alice "));
    CHECK(has_line(admin, "user reset_removed alice "));
    REQUIRE(admin.db().add_reset(admin.alice.id, digest(102), 1h));
    admin.store->sql("DELETE FROM password_resets");
    CHECK(has_line(admin, "shell reset_removed alice "));
    CHECK(sealed_report(admin).faults.empty());
}

TEST_CASE("a second factor is a row and the uses of its codes are none")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    store::new_second_factor record;
    record.account = admin.alice.id;
    record.sealed_secret = "sealed";
    record.recovery_codes = {digest(1), digest(2)};
    auto& factors = *admin.ports.second_factors;
    REQUIRE(admin.run(factors.add(record)));
    CHECK(has_line(admin, "user second_factor_added alice "));
    auto const count = admin.db().list_audit({}).size();
    REQUIRE(admin.run(factors.use_step(admin.alice.id, 7, 1)));
    REQUIRE(admin.run(factors.use_recovery_code(admin.alice.id, digest(2), 2, at(1))));
    CHECK(admin.db().list_audit({}).size() == count);
    admin.store->sql("UPDATE second_factors SET last_step = 0");
    CHECK(has_line(admin, "shell second_factor_changed alice "));
    admin.store->sql("UPDATE recovery_codes SET used_by = NULL, used_at = NULL");
    CHECK(has_line(admin, "shell recovery_code_changed alice "));
    admin.store->sql("DELETE FROM recovery_codes");
    CHECK(has_line(admin, "shell recovery_code_removed alice "));
    REQUIRE(admin.db().remove_second_factor(admin.alice.id));
    CHECK(has_line(admin, "porterctl second_factor_removed alice "));
    for (auto const& line : lines_of(admin.db().list_audit({}))) {
        CHECK(line.find("recovery_code_added") == std::string::npos);
    }
    CHECK(sealed_report(admin).faults.empty());
}

TEST_CASE("a change that is typed as SQL is a row of the shell")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    auto const id = std::to_string(admin.open(1));
    admin.store->sql("UPDATE sessions SET credential_version = 7");
    CHECK(has_line(admin, "shell session_kept alice session " + id));
    admin.store->sql("UPDATE accounts SET password_hash = 'typed' WHERE name = 'alice'");
    CHECK(has_line(admin, "shell password_changed alice "));
    CHECK(has_line(admin, "shell session_ended alice session " + id));
    admin.store->sql("UPDATE accounts SET disabled_at = 1 WHERE name = 'alice'");
    CHECK(has_line(admin, "shell account_disabled alice "));
    admin.store->sql("INSERT INTO bans (network) VALUES ('192.0.2.9/32')");
    admin.store->sql("DELETE FROM bans");
    CHECK(has_line(admin, "shell ban_removed  192.0.2.9/32"));
    CHECK(sealed_report(admin).faults.empty());
}

TEST_CASE("many ends of sessions within an hour do not hide a new password")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    admin.store->sql(
        "INSERT INTO audit (actor, action, account_id)"
        " WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120)"
        " SELECT 'porterd', 'session_ended', id FROM accounts CROSS JOIN n");
    auto const id = std::to_string(admin.open(1));
    REQUIRE(admin.run(admin.ports.sessions.end(admin.alice.id, std::stoll(id), store::end_cause::logout)));
    CHECK_FALSE(has_line(admin, "user session_ended alice session " + id));
    REQUIRE(admin.db().add_reset(admin.alice.id, digest(101), 1h));
    REQUIRE(admin.run(admin.ports.codes->reset_password(digest(101), "new hash", session_of(admin.alice, 8))));
    CHECK(has_line(admin, "user password_changed alice "));
}

TEST_CASE("a failure counter that locks an account is a row and its other steps are none")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    admin.store->add_counter(admin.alice.id, "", 99, at(0));
    CHECK(lines_of(admin.db().list_audit({})).size() == 1);
    REQUIRE(admin.db().enable_account(admin.alice.id));
    CHECK(lines_of(admin.db().list_audit({})).size() == 1);
    admin.store->add_counter(admin.alice.id, "", 100, at(0));
    REQUIRE(admin.db().enable_account(admin.alice.id));
    CHECK(has_line(admin, "porterctl account_unlocked alice unknown networks"));
}

TEST_CASE("the audit of one account has the rows before it was renamed and those of a deleted one")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    REQUIRE(admin.db().rename_account(admin.alice.id, "Alicia", "alicia"));
    admin.db().add_ban({"192.0.2.0/24"});
    store::audit_filter filter;
    filter.account_id = admin.alice.id;
    filter.account = "Alicia";
    CHECK(lines_of(admin.db().list_audit(filter)).size() == 2);
    REQUIRE(admin.db().delete_account(admin.alice.id));
    filter.account_id.reset();
    CHECK(lines_of(admin.db().list_audit(filter)).size() == 2);
    filter = {};
    filter.since = admin.db().list_audit({}).back().at + std::chrono::hours{1};
    CHECK(admin.db().list_audit(filter).empty());
}

TEST_CASE("a row that was changed or cut away is found")
{
    administrator_fixture admin{GENERATE(from_range(administered_stores()))};
    for (auto const* name : {"bob", "carol", "dave"}) {
        REQUIRE(admin.db().add_account(name, name, "$argon2id$v=19$m=19456,t=2,p=1$salt$hash", at(0)));
    }
    CHECK(sealed_report(admin).faults.empty());
    auto const rows = admin.db().list_audit({});
    auto const bob = std::to_string(rows[rows.size() - 3].id);
    auto const carol = std::to_string(rows[rows.size() - 2].id);
    auto const dave = std::to_string(rows[rows.size() - 1].id);

    SECTION("changed")
    {
        CHECK(faults_after(admin, "UPDATE audit SET actor = 'user' WHERE id = " + carol) ==
              std::vector<std::string>{"row " + carol + " was changed"});
    }
    SECTION("cut in the middle")
    {
        CHECK(faults_after(admin, "DELETE FROM audit WHERE id = " + carol) ==
              std::vector<std::string>{"1 row is missing between row " + bob + " and row " + dave});
    }
    SECTION("cut at the end")
    {
        CHECK(faults_after(admin, "DELETE FROM audit WHERE id >= " + carol) ==
              std::vector<std::string>{"2 rows are missing at the end, after row " + bob});
    }
    SECTION("seals taken away")
    {
        CHECK_FALSE(faults_after(admin, "UPDATE audit SET number = NULL, seal = NULL WHERE id = " + dave).empty());
    }
    SECTION("another key")
    {
        auto key = admin.store->audit_key();
        key[0] ^= std::byte{1};
        CHECK_FALSE(admin.db().verify_audit(key).faults.empty());
    }
}
