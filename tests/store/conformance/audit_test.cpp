// The chain of the seals of audit: what its check finds, and which row it names (promise P14).
#include "store/audit.hpp"

#include <limits>
#include <vector>

#include "support/catch.hpp"

using namespace porter::detail::store;

namespace {

audit_key const key = porter::detail::base::derive_digest_key("secret", "a label of the tests");
audit_key const other_key = porter::detail::base::derive_digest_key("another", "a label of the tests");

/// Sealed rows with the ids 1 to 5, and their head.
struct chain {
    explicit chain(audit_key const& with = key) : head(new_audit_head(with))
    {
        for (std::int64_t id = 1; id <= 5; ++id) {
            audit_row row;
            row.id = id;
            row.actor = "shell";
            row.action = "account_added";
            row.account = "account " + std::to_string(id);
            seal(row, head, with);
            head.last_id = id;
            rows.push_back(row);
        }
        sign(head, with);
    }

    /// As if porterd had deleted the first rows.
    void prune(std::size_t number)
    {
        head.pruned_number = rows[number - 1].number;
        head.pruned_seal = rows[number - 1].seal;
        rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(number));
        sign(head, key);
    }

    audit_report report() const
    {
        audit_verifier verifier{head, key};
        for (auto const& each : rows) verifier.check(each);
        return verifier.finish();
    }

    /// The one fault; a number of faults if there are more or none.
    std::string fault() const
    {
        auto const found = report().faults;
        return found.size() == 1 ? found.front() : std::to_string(found.size()) + " faults";
    }

    audit_head head;
    std::vector<audit_row> rows;
};

}  // namespace

TEST_CASE("a chain that nothing has changed has no fault and none after rows were pruned")
{
    chain whole;
    CHECK(whole.report().faults.empty());
    CHECK(whole.report().sealed == 5);
    whole.prune(2);
    CHECK(whole.report().faults.empty());
    whole.prune(3);
    CHECK(whole.report().faults.empty());
    CHECK(whole.report().sealed == 0);
}

TEST_CASE("each changed member of a sealed row is found")
{
    auto const change = GENERATE(0, 1, 2, 3, 4, 5, 6, 7);
    chain one;
    auto& row = one.rows[2];
    if (change == 0) row.at += std::chrono::seconds{1};
    if (change == 1) row.actor = "porterd";
    if (change == 2) row.action = "account_deleted";
    if (change == 3) row.account_id = 7;
    if (change == 4) row.account = "other";
    if (change == 5) row.object = "x";
    if (change == 6) row.before = "{}";
    if (change == 7) row.after = "{}";
    CHECK(one.fault() == "row 3 was changed");
}

TEST_CASE("rows that were cut away are found with their neighbours")
{
    chain one;
    one.rows.erase(one.rows.begin() + 1, one.rows.begin() + 3);
    CHECK(one.fault() == "2 rows are missing between row 1 and row 4");

    chain first;
    first.rows.erase(first.rows.begin());
    CHECK(first.fault() == "1 row is missing before row 2");

    chain last;
    last.rows.pop_back();
    CHECK(last.fault() == "1 row is missing at the end, after row 4");

    chain all;
    all.rows.clear();
    CHECK(all.fault() == "5 rows are missing of all that were sealed");
}

TEST_CASE("a chain whose head was set back with its rows is found by the tag of the head")
{
    chain one;
    one.rows.pop_back();
    one.head.last_id = 4;
    one.head.last_number = 4;
    one.head.last_seal = one.rows.back().seal;
    CHECK(one.fault() == "the head of the chain was changed, or is of another key");

    chain none;
    none.head.tag.clear();
    CHECK(none.fault() == "the head of the chain is not signed: it was cut away, or porterd has not begun it");
}

TEST_CASE("rows that were swapped or added are found")
{
    chain swapped;
    std::swap(swapped.rows[1].account, swapped.rows[2].account);
    CHECK(swapped.report().faults == std::vector<std::string>{"row 2 was changed", "row 3 was changed"});

    chain moved;
    std::swap(moved.rows[1], moved.rows[2]);
    CHECK_FALSE(moved.report().faults.empty());

    chain added;
    audit_row row;
    row.id = 3;
    added.rows.insert(added.rows.begin() + 2, row);
    CHECK(added.fault() == "row 3 was added between sealed rows");

    chain twice;
    twice.rows.insert(twice.rows.begin() + 2, twice.rows[1]);
    CHECK_FALSE(twice.report().faults.empty());

    chain behind;
    auto head = behind.head;
    row.id = 6;
    seal(row, head, key);
    behind.rows.push_back(row);
    CHECK(behind.fault() == "row 6 is after the end of the chain");
}

TEST_CASE("numbers that no server gives are found")
{
    using limits = std::numeric_limits<std::int64_t>;
    auto const number = GENERATE(limits::min(), std::int64_t{-1}, std::int64_t{0}, limits::max());
    chain one;
    one.rows[2].number = number;
    CHECK_FALSE(one.report().faults.empty());
    chain other;
    other.head.pruned_number = number;
    other.head.last_number = number;
    CHECK_FALSE(other.report().faults.empty());
}

TEST_CASE("a chain that was made with another key is no chain")
{
    chain const forged{other_key};
    CHECK(forged.report().faults.size() == 6);
}

TEST_CASE("rows that are not sealed yet are counted and no fault")
{
    chain one;
    audit_row row;
    row.id = 6;
    one.rows.push_back(row);
    CHECK(one.report().faults.empty());
    CHECK(one.report().unsealed == 1);
}
