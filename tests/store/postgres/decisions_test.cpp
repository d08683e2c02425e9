// SQL decides on attempts as store::decide() does, and as the store in memory does over their lives.
#include <algorithm>
#include <array>
#include <functional>
#include <random>

#include "porter/testing/memory_store.hpp"
#include "store/limits.hpp"
#include "store/postgres/attempts_fixture.hpp"

using namespace porter::testing;
using namespace std::chrono_literals;
using porter::task;
namespace store = porter::detail::store;
using porter::instant;
using porter::timestamp;
using rule = store::decision::rule;

namespace {

constexpr unsigned seed = 20'240'917;
constexpr int states = 4'000;

timestamp in_seconds(instant time)
{
    return std::chrono::floor<std::chrono::seconds>(time);
}

std::int64_t milliseconds_of(instant time)
{
    return time.time_since_epoch().count();
}

std::int64_t seconds_of(instant time)
{
    return in_seconds(time).time_since_epoch().count();
}

/// Rows for one INSERT.
class rows {
public:
    explicit rows(std::string table) : table_(std::move(table)) {}

    void add(std::string const& row)
    {
        text_ += text_.empty() ? "(" : ",\n(";
        text_ += row + ")";
    }
    void insert(sql_session& by)
    {
        if (!text_.empty()) by.run("INSERT INTO " + table_ + " VALUES " + text_);
    }

private:
    std::string table_;
    std::string text_;
};

struct database_rows {
    rows accounts{"accounts (id, name, folded_name, password_hash, last_failed_at) OVERRIDING SYSTEM VALUE"};
    rows networks{"account_networks (account_id, network, first_seen_at, last_seen_at)"};
    rows counters{"failure_counters (account_id, network, failed, last_ms)"};
    rows names{"unknown_failure_counters (digest, failed, last_ms)"};
    rows attempts{"attempts (id, network, at_ms, is_pending, account_id, counter_network, unknown_name)"};
    rows registrations{"registrations (attempt_id, network, site, registered_at)"};

    void insert(sql_session& by)
    {
        for (auto* each : {&accounts, &networks, &counters, &names, &attempts, &registrations}) each->insert(by);
    }
};

/// A state at random, the attempt that is begun in it, and what store::decide() says of it.
class random_state {
public:
    random_state(int number, std::mt19937& engine, database_rows& to) : number_(number), engine_(engine), to_(to)
    {
        choose_rules();
        attempt.id = new_attempt_id();
        attempt.network = network_of(1);
        attempt.at = at(100'000) + std::chrono::milliseconds{below(2'000)};
        choose_target();
        add_attempts();
        if (is_one_of(2)) add_registrations();
        expect();
    }

    store::secret_attempt attempt;
    store::throttle_rules rules = few_attempts;
    store::decision expected;
    bool has_account = false;
    store::attempt_history history;

private:
    enum class target : std::uint8_t { account, name, deleted, none };

    int below(int end) { return std::uniform_int_distribution<int>{0, end - 1}(engine_); }
    bool is_one_of(int count) { return below(count) == 0; }

    /// Networks of one site; each state has its own.
    std::string network_of(int of_site) const
    {
        std::array<char, 40> text{};
        std::snprintf(text.data(), text.size(), "2001:db8:%x:%x::/64", number_ + 1, of_site);
        return text.data();
    }
    std::string site() const
    {
        std::array<char, 40> text{};
        std::snprintf(text.data(), text.size(), "2001:db8:%x::/48", number_ + 1);
        return text.data();
    }
    std::string name_literal() const
    {
        std::array<char, 40> text{};
        std::snprintf(text.data(), text.size(), "'\\x%08x%024x'", static_cast<unsigned>(number_), 0U);
        return text.data();
    }
    static std::string quoted(std::string const& text) { return "'" + text + "'"; }

    /// A time near one at which `duration` ends, long ago, or in the future.
    instant time_near_end_of(std::chrono::milliseconds duration)
    {
        std::array const boundaries{0ms, duration, -duration, -60'000ms};
        std::array const distances{-1000ms, -1ms, 0ms, 1ms, 999ms, 1000ms};
        if (is_one_of(3)) return attempt.at - boundaries[static_cast<std::size_t>(below(4))];
        if (is_one_of(2)) {
            return attempt.at - boundaries[static_cast<std::size_t>(below(4))] -
                   distances[static_cast<std::size_t>(below(6))];
        }
        auto const most = static_cast<int>(duration.count()) + 1'000;
        return attempt.at - std::chrono::milliseconds{below(most) - (is_one_of(4) ? most : 0)};
    }

    void choose_rules()
    {
        if (is_one_of(2)) return;
        rules.free_failures = 1 + static_cast<std::uint32_t>(below(4));
        rules.locked_after = rules.free_failures + static_cast<std::uint32_t>(below(6));
        rules.failures_per_network = 1 + static_cast<std::uint32_t>(below(5));
        rules.network_window = std::chrono::seconds{1 + below(100)};
        for (auto& each : rules.pauses) each = std::chrono::seconds{below(30)};
    }

    void choose_target()
    {
        kind_ = static_cast<target>(std::min(below(6), 5) % 4);
        auto const id = std::to_string(number_ + 1);
        if (kind_ == target::none) return;
        if (kind_ == target::deleted) {
            attempt.account = 1'000'000 + number_;
            return;
        }
        if (!is_one_of(5)) {
            history.failures.failures = 1 + static_cast<std::uint32_t>(below(static_cast<int>(rules.locked_after) + 1));
            history.failures.last_failed_at = time_near_end_of(rules.pauses[static_cast<std::size_t>(below(4))]);
        }
        auto const counter = std::to_string(history.failures.failures) + "," +
                             std::to_string(milliseconds_of(history.failures.last_failed_at));
        if (kind_ == target::name) {
            attempt.unknown_name.emplace();
            for (std::size_t i = 0; i < 4; ++i) {
                (*attempt.unknown_name)[i] = static_cast<std::byte>(number_ >> (24 - 8 * i) & 0xff);
            }
            if (history.failures.failures > 0) to_.names.add(name_literal() + "," + counter);
            return;
        }
        has_account = true;
        attempt.account = number_ + 1;
        to_.accounts.add(id + ",'a" + id + "','a" + id + "','-'," + std::to_string(number_));
        history.is_known_network = is_one_of(2);
        if (history.is_known_network) {
            to_.networks.add(id + "," + quoted(attempt.network) + ",0,0");
            if (is_one_of(2)) to_.counters.add(id + ",'',5,1700000000000");  // does not count
        }
        if (history.failures.failures > 0) to_.counters.add(id + "," + quoted(counter_network()) + "," + counter);
    }

    std::string counter_network() const { return history.is_known_network ? attempt.network : std::string{}; }

    /// Adds an attempt, decided or pending, of this or another target.
    store::attempt_id add_attempt(std::string const& network, instant when, bool is_pending)
    {
        auto const id = new_attempt_id();
        std::string counter = "NULL,'',NULL";
        bool const is_of_target = is_one_of(2);
        if (is_of_target && has_account && (!history.is_known_network || network == attempt.network)) {
            counter = std::to_string(number_ + 1) + "," + quoted(counter_network()) + ",NULL";
            is_target_pending_ |= is_pending && is_in_window(when);
        } else if (is_of_target && kind_ == target::name) {
            counter = "NULL,''," + name_literal();
            is_target_pending_ |= is_pending && is_in_window(when);
        } else if (has_account && history.is_known_network) {
            counter = std::to_string(number_ + 1) + ",'',NULL";  // of another counter of the account
        }
        to_.attempts.add(std::to_string(id) + "," + quoted(network) + "," + std::to_string(milliseconds_of(when)) +
                         (is_pending ? ",true," : ",false,") + counter);
        if (network == attempt.network) {
            times_.push_back(in_seconds(when));
            is_network_pending_ |= is_pending && is_in_window(when);
        }
        return id;
    }

    bool is_in_window(instant when) const { return in_seconds(when) > in_seconds(attempt.at) - rules.network_window; }

    void add_attempts()
    {
        int const count = below(static_cast<int>(rules.failures_per_network) + 2);
        for (int i = 0; i < count; ++i) {
            add_attempt(attempt.network, time_near_end_of(rules.network_window), is_one_of(3));
        }
        for (int i = below(3); i > 0; --i) {
            add_attempt(network_of(2), time_near_end_of(rules.network_window), is_one_of(2));
        }
    }

    void add_registrations()
    {
        attempt.max_registrations = 1 + static_cast<std::uint32_t>(below(3));
        auto const of_network = static_cast<int>(attempt.max_registrations);
        auto const of_site = static_cast<int>(store::networks_per_site) * of_network;
        std::vector<timestamp> of_both;
        auto& own = registrations_;
        auto const add = [&](std::string const& network, std::vector<timestamp>& times) {
            auto const when = time_near_end_of(store::registration_window);
            auto id = new_attempt_id();
            if (is_one_of(6)) {
                bool const is_pending = is_one_of(2);
                auto const begun = time_near_end_of(rules.network_window);
                id = add_attempt(network, begun, is_pending);
                is_registration_pending_ |= is_pending && is_in_window(begun);
            }
            to_.registrations.add(std::to_string(id) + "," + quoted(network) + "," + quoted(site()) + "," +
                                  std::to_string(seconds_of(when)));
            times.push_back(in_seconds(when));
        };
        for (int i = below(of_network + 2); i > 0; --i) add(attempt.network, own);
        of_both = own;
        if (is_one_of(2)) {
            for (int i = of_site - below(4); i > 0; --i) add(network_of(3), of_both);
        }
        history.registrations_full_since = std::max(full_since(own, of_network, store::registration_window),
                                                    full_since(of_both, of_site, store::registration_window));
    }

    /// The oldest of the newest `most` times that are not far in the future.
    std::optional<timestamp> full_since(std::vector<timestamp> times, int most, std::chrono::seconds window) const
    {
        std::erase_if(times, [&](auto time) { return time >= in_seconds(attempt.at) + window; });
        std::ranges::sort(times, std::greater{});
        if (static_cast<int>(times.size()) < most) return std::nullopt;
        return times[static_cast<std::size_t>(most - 1)];
    }

    void expect()
    {
        history.network_full_since =
            full_since(times_, static_cast<int>(rules.failures_per_network), rules.network_window);
        expected = decide(history, rules, attempt.at);
        bool const is_pending = expected.by == rule::registrations_used_up ? is_registration_pending_
                                : expected.by == rule::network_throttled   ? is_network_pending_
                                                                           : is_target_pending_;
        if (!expected.allows() && is_pending) expected = store::decision::not_yet();
    }

    int number_;
    std::mt19937& engine_;
    database_rows& to_;
    target kind_ = target::none;
    std::vector<timestamp> times_;          // of the attempts of the network
    std::vector<timestamp> registrations_;  // of the network
    bool is_target_pending_ = false;
    bool is_network_pending_ = false;
    bool is_registration_pending_ = false;
};

task<void> begin_all(store::attempts& port, std::vector<random_state> const& all, std::size_t& next,
                     std::vector<std::optional<store::attempt_result>>& results)
{
    while (next < all.size()) {
        auto const number = next++;
        auto attempt = all[number].attempt;
        auto const result = co_await port.begin(std::move(attempt), all[number].rules);
        if (result) results[number] = *result;
    }
}

void check_counted(random_state const& state, store::counted_attempt const& counted)
{
    CHECK(counted.id == state.attempt.id);
    CHECK(counted.account.has_value() == state.has_account);
    if (counted.account) CHECK(counted.account == state.attempt.account);
    CHECK(counted.unknown_name == state.attempt.unknown_name);
    CHECK(counted.network == state.attempt.network);
    CHECK(counted.is_known_network == state.history.is_known_network);
    CHECK((counted.registration != 0) == (state.attempt.max_registrations > 0));
    CHECK(counted.at == state.attempt.at);
    CHECK(counted.last_before == state.history.failures.last_failed_at);
    CHECK(counted.last_failed_at_before.has_value() == state.has_account);
}

/// The same attempts on PostgreSQL and in memory, whose accounts 1 to 3 know the network 192.0.2.1 each.
class two_stores {
public:
    explicit two_stores(std::mt19937& engine) : engine_(engine)
    {
        auto administrator = database_.administrator();
        for (int i = 1; i <= accounts; ++i) {
            auto const name = "account " + std::to_string(i);
            auto const added = memory_.add(account_of(name));
            REQUIRE(added);
            CHECK(added->id == i);
            CHECK(add_account(database_, name) == i);
            auto& addresses = memory_.ports().addresses;
            CHECK(server_.run(addresses.record(known_network, known_network, name, i, at(0))));
        }
        administrator.run("INSERT INTO account_networks SELECT id, '192.0.2.1', 0, 0 FROM accounts");
    }

    /// One operation at random. Attempts do not stay pending beyond the window, where the stores may differ.
    void step()
    {
        now_ += std::chrono::milliseconds{below(3) == 0 ? below(3'000) : 0};
        if (!pending_.empty() && (below(2) == 0 || now_ - pending_.front().at > 50s)) {
            end_oldest();
        } else {
            begin();
        }
    }

    int allowed() const noexcept { return allowed_; }

private:
    static constexpr int accounts = 3;
    static inline std::string const known_network = "192.0.2.1";

    int below(int end) { return std::uniform_int_distribution<int>{0, end - 1}(engine_); }

    template <typename T>
    static void check_both(T const& stored, T const& in_memory)
    {
        REQUIRE(stored);
        REQUIRE(in_memory);
    }

    void begin()
    {
        auto const network = "192.0.2." + std::to_string(1 + below(4));
        auto attempt = attempt_at(1 + below(accounts), network, 0);
        if (below(3) == 0) attempt = attempt_at(name_digest(below(3)), network, 0);
        if (below(4) == 0) attempt = attempt_at(std::nullopt, network, 0);
        if (!attempt.account && !attempt.unknown_name && below(2) == 0) attempt.max_registrations = 2;
        attempt.at = now_;
        auto rules = few_attempts;
        rules.failures_per_network = 8;
        for (int times = 1 + below(2); times > 0; --times) {
            auto const stored = server_.run(server_.port().begin(attempt, rules));
            auto const in_memory = server_.run(memory_.ports().attempts.begin(attempt, rules));
            check_both(stored, in_memory);
            check_same(*stored, *in_memory);
            if (times > 1 || !stored->decision.allows()) continue;
            pending_.push_back(stored->counted);
            in_memory_.push_back(in_memory->counted);
            ++allowed_;
        }
    }

    static void check_same(store::attempt_result const& stored, store::attempt_result const& in_memory)
    {
        CHECK(static_cast<int>(stored.decision.by) == static_cast<int>(in_memory.decision.by));
        CHECK(stored.decision.retry_after == in_memory.decision.retry_after);
        CHECK(stored.counted.id == in_memory.counted.id);
        CHECK(stored.counted.account == in_memory.counted.account);
        CHECK(stored.counted.is_known_network == in_memory.counted.is_known_network);
        CHECK(stored.counted.at == in_memory.counted.at);
        CHECK(stored.counted.last_before == in_memory.counted.last_before);
        CHECK((stored.counted.registration != 0) == (in_memory.counted.registration != 0));
    }

    /// Ends the oldest attempts, or all of them, the newest first.
    void end_oldest()
    {
        std::size_t const count = below(4) == 0 ? pending_.size() : 1;
        if (below(2) == 0) {
            for (std::size_t i = 0; i < count; ++i) {
                auto const stored = server_.run(server_.port().fail(pending_[i]));
                auto const in_memory = server_.run(memory_.ports().attempts.fail(in_memory_[i]));
                check_both(stored, in_memory);
            }
        } else {
            auto const stored = server_.run(server_.port().rollback(first_of(pending_, count)));
            auto const in_memory = server_.run(memory_.ports().attempts.rollback(first_of(in_memory_, count)));
            check_both(stored, in_memory);
        }
        auto const end = static_cast<std::ptrdiff_t>(count);
        pending_.erase(pending_.begin(), pending_.begin() + end);
        in_memory_.erase(in_memory_.begin(), in_memory_.begin() + end);
    }

    static std::vector<store::counted_attempt> first_of(std::vector<store::counted_attempt> const& all,
                                                        std::size_t count)
    {
        std::vector<store::counted_attempt> first(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
        std::ranges::reverse(first);
        return first;
    }

    std::mt19937& engine_;
    postgres_fixture database_;
    attempts_server server_{database_, 1};
    memory_store memory_;
    instant now_ = at(0);
    std::vector<store::counted_attempt> pending_;    // on PostgreSQL, oldest first
    std::vector<store::counted_attempt> in_memory_;  // the same
    int allowed_ = 0;
};

}  // namespace

TEST_CASE("SQL decides on an attempt as the function does")
{
    NEEDS_POSTGRESQL();
    postgres_fixture database;
    std::mt19937 engine{seed};
    std::vector<random_state> all;
    {
        auto administrator = database.administrator();
        database_rows rows;
        for (int i = 0; i < states; ++i) all.emplace_back(i, engine, rows);
        rows.insert(administrator);
    }
    attempts_server server{database, 8};
    std::size_t next = 0;
    std::vector<std::optional<store::attempt_result>> results(all.size());
    for (int i = 0; i < 32; ++i) server.start(begin_all(server.port(), all, next, results));
    server.run_all();

    std::array<int, 6> by_rule{};
    int allowed_at_counter = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto const& state = all[i];
        INFO("seed " << seed << ", state " << i << ", failures " << state.history.failures.failures << ", rule "
                     << static_cast<int>(state.expected.by));
        REQUIRE(results[i]);
        auto const& decision = results[i]->decision;
        CHECK(static_cast<int>(decision.by) == static_cast<int>(state.expected.by));
        CHECK(decision.retry_after == state.expected.retry_after);
        ++by_rule[static_cast<std::size_t>(state.expected.by)];
        if (!decision.allows()) continue;
        check_counted(state, results[i]->counted);
        if (state.has_account || state.attempt.unknown_name) ++allowed_at_counter;
    }
    for (auto const count : by_rule) CHECK(count > 20);
    CHECK(allowed_at_counter > 20);
}

TEST_CASE("attempts go on as in the store in memory")
{
    NEEDS_POSTGRESQL();
    std::mt19937 engine{seed};
    for (int life = 0; life < 4; ++life) {
        two_stores stores{engine};
        for (int i = 0; i < 600; ++i) {
            INFO("seed " << seed << ", life " << life << ", step " << i);
            stores.step();
        }
        CHECK(stores.allowed() > 50);
    }
}
