#include "store/postgres/backend.hpp"

#include <chrono>
#include <optional>
#include <utility>

#include "porter/start_error.hpp"
#include "store/postgres/access_codes.hpp"
#include "store/postgres/accounts.hpp"
#include "store/postgres/addresses.hpp"
#include "store/postgres/attempts.hpp"
#include "store/postgres/attempts_upkeep.hpp"
#include "store/postgres/audit_upkeep.hpp"
#include "store/postgres/bans.hpp"
#include "store/postgres/pool.hpp"
#include "store/postgres/resolving.hpp"
#include "store/postgres/schema.hpp"
#include "store/postgres/second_factors.hpp"
#include "store/postgres/sessions.hpp"
#include "store/postgres/watch.hpp"

namespace porter::detail::store::postgres {

struct backend::parts {
    parts(options const& options, log::logger& log)
        : connections(options, log),
          resolving(connections, options, log),
          watch(options, log, connections.executor(),
                {[this, &log] { on_lost(log); },
                 [this](std::optional<primary> proved) { connections.set_primary(std::move(proved)); },
                 [this](std::chrono::steady_clock::time_point sent) {
                     connections.statistics().journal_read_at = sent;
                 }}),
          attempts(resolving, options.patience)
    {
        start_attempts_upkeep(connections, log);
        if (options.audit_key) start_audit_upkeep(connections, log, *options.audit_key, options.audit_keep);
    }

    void on_lost(log::logger& log)
    {
        if (resolving.reject_all()) log.error("database_lost", {{"state", "newer"}});
    }

    pool connections;
    resolver resolving;
    postgres::watch watch;
    postgres::accounts accounts{resolving};
    postgres::attempts attempts;
    postgres::sessions sessions{resolving, watch};
    postgres::addresses addresses{resolving};
    postgres::bans bans{watch};
    postgres::access_codes codes{resolving};
    postgres::second_factors second_factors{resolving};
};

backend::backend(options const& options, log::logger& log) : parts_(std::make_unique<parts>(options, log)) {}

backend::~backend() = default;

store::ports backend::ports() noexcept
{
    store::ports all{parts_->accounts, parts_->sessions, parts_->addresses, parts_->attempts, &parts_->watch.clock()};
    all.bans = &parts_->bans;
    all.codes = &parts_->codes;
    all.second_factors = &parts_->second_factors;
    return all;
}

store::statistics const& backend::statistics() const noexcept
{
    return parts_->connections.statistics();
}

void backend::wait_for_contact(std::chrono::milliseconds patience)
{
    if (parts_->watch.wait_for_contact(patience)) return;
    throw start_error{start_errc::unavailable,
                      "the database commits nothing: its log and store_failed in that of porterd say why"};
}

void backend::stop_repeating() noexcept
{
    parts_->resolving.stop_repeating();
}

std::unique_ptr<backend> open(options const& options, log::logger& log)
{
    auto const found = check(options);
    auto opened = std::make_unique<backend>(options, log);
    opened->wait_for_contact(options.resolve_patience);
    opened->warnings_ = warnings_of(found.condition);
    for (auto const& each : opened->warnings_) {
        log.warn("database_warning", {log::quoted("server", found.server), log::quoted("why", each)});
    }
    return opened;
}

}  // namespace porter::detail::store::postgres
