#pragma once

#include <asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "porter/result.hpp"
#include "store/ports.hpp"
#include "store/support/samples.hpp"
#include "support/catch.hpp"
#include "support/run.hpp"

namespace porter::testing {

/// An empty backend and the operations of an administrator.
class subject {
public:
    virtual ~subject() = default;
    virtual detail::store::ports ports() = 0;
    virtual detail::store::result<detail::store::account> add(detail::store::account fresh) = 0;
    virtual void disable(detail::store::account_id id, detail::base::timestamp since) = 0;
    virtual void remove(detail::store::account_id id) = 0;
    virtual void add(detail::store::invitation const& fresh) = 0;
    /// Replaces the reset of the same account.
    virtual void add(detail::store::password_reset const& fresh) = 0;
    /// Replaces all bans, by SQL where there is a database.
    virtual void set_bans(std::vector<detail::store::ban> const& bans) = 0;
};

/// The number in SQL.
inline std::string seconds_of(detail::base::timestamp time)
{
    return std::to_string(time.time_since_epoch().count());
}

/// The digits of a digest.
inline std::string hex(detail::store::code_digest const& digest)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (auto const each : digest) {
        text += digits[std::to_integer<std::size_t>(each >> 4)];
        text += digits[std::to_integer<std::size_t>(each & std::byte{15})];
    }
    return text;
}

/// The statement that adds an invitation; `code` is its digest in SQL.
inline std::string sql_to_add(detail::store::invitation const& fresh, std::string const& code)
{
    return "INSERT INTO invitations (code_digest, name, folded_name, uses, expires_at) VALUES (" + code + ", '" +
           fresh.folded_name + "', '" + fresh.folded_name + "', " + std::to_string(fresh.uses) + ", " +
           seconds_of(fresh.expires_at) + ")";
}

/// The same of a reset, which replaces that of the same account.
inline std::string sql_to_add(detail::store::password_reset const& fresh, std::string const& code)
{
    auto const account = std::to_string(fresh.account);
    return "BEGIN; DELETE FROM password_resets WHERE account_id = " + account +
           "; INSERT INTO password_resets (account_id, code_digest, expires_at) VALUES (" + account + ", " + code +
           ", " + seconds_of(fresh.expires_at) + "); COMMIT";
}

/// The statements that replace all bans in a database; `yes` and `no` are its booleans.
inline std::string sql_to_set(std::vector<detail::store::ban> const& bans, std::string const& yes,
                              std::string const& no)
{
    std::string made = "BEGIN; DELETE FROM bans;";
    for (auto const& each : bans) {
        made += " INSERT INTO bans (network, expires_at, is_silent) VALUES ('" + each.network + "', " +
                (each.expires_at ? seconds_of(*each.expires_at) : "NULL") + ", " + (each.is_silent ? yes : no) + ");";
    }
    return made + " COMMIT";
}

struct backend_kind {
    std::string name;
    std::unique_ptr<subject> (*open)();
};

/// All backends. Each of these tests runs on every one.
std::vector<backend_kind> backends();

/// A store and an io_context to use it from.
class store_fixture {
public:
    explicit store_fixture(backend_kind const& kind) : store_(kind.open()), ports_(store_->ports()) {}

    template <typename T>
    T run(task<T> operation)
    {
        return testing::run(io_, std::move(operation));
    }

    asio::io_context& io() { return io_; }
    subject& administrator() { return *store_; }
    detail::store::accounts& accounts() { return ports_.accounts; }
    detail::store::sessions& sessions() { return ports_.sessions; }
    detail::store::addresses& addresses() { return ports_.addresses; }
    detail::store::attempts& attempts() { return ports_.attempts; }
    detail::store::bans& bans() { return *ports_.bans; }
    detail::store::access_codes& codes() { return *ports_.codes; }
    detail::store::second_factors& factors() { return *ports_.second_factors; }

    detail::store::account add(std::string const& name) { return add(account_of(name)); }

    detail::store::account add(detail::store::account fresh)
    {
        auto added = store_->add(std::move(fresh));
        REQUIRE(added);
        return *added;
    }

    detail::store::session_id open(detail::store::new_session const& fresh)
    {
        auto opened = run(sessions().open(fresh));
        REQUIRE(opened);
        return opened->id;
    }

    detail::store::attempt_result begin(detail::store::secret_attempt attempt)
    {
        auto result = run(attempts().begin(std::move(attempt), few_attempts));
        REQUIRE(result);
        return *result;
    }

    detail::store::attempt_result begin(std::optional<detail::store::account_id> account, std::string network,
                                        int seconds)
    {
        return begin(attempt_at(account, std::move(network), seconds));
    }

    /// Makes an attempt fail if it is allowed.
    detail::store::attempt_result fail(std::optional<detail::store::account_id> account, std::string network,
                                       int seconds)
    {
        return fail(attempt_at(account, std::move(network), seconds));
    }

    detail::store::attempt_result fail(detail::store::secret_attempt attempt)
    {
        auto result = begin(std::move(attempt));
        if (result.decision.allows()) CHECK(run(attempts().fail(result.counted)));
        return result;
    }

    void rollback(detail::store::counted_attempt const& one)
    {
        std::vector<detail::store::counted_attempt> const pending{one};
        CHECK(run(attempts().rollback(pending)));
    }

    bool is_open(int number)
    {
        auto found = run(sessions().find(digest(number)));
        REQUIRE(found);
        return found->has_value();
    }

    detail::store::account account(detail::store::account_id id)
    {
        auto found = run(accounts().find_claimed(id));
        REQUIRE(found);
        REQUIRE(found->account);
        return *found->account;
    }

private:
    asio::io_context io_;  // outlives the store, whose threads resume tasks on it
    std::unique_ptr<subject> store_;
    detail::store::ports ports_;
};

}  // namespace porter::testing
