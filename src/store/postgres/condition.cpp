#include "store/postgres/condition.hpp"

#include <utility>

#include "base/clock.hpp"

namespace porter::detail::store::postgres {

namespace {

using found_condition = porter::result<condition, std::string>;
using std::chrono::milliseconds;

// A role without privileges can read these.
constexpr char const* settings_and_clock = R"(
SELECT current_setting('server_version'),
       coalesce((SELECT version || ' ' || cipher FROM pg_catalog.pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl), ''),
       current_setting('synchronous_standby_names'),
       current_setting('fsync')::boolean,
       current_setting('full_page_writes')::boolean,
       floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)";

base::instant now()
{
    return base::system_clock{}.now_precise();
}

/// "15.20" of "15.20 (Debian 15.20-0+deb12u1)".
std::string first_word(std::string const& text)
{
    return text.substr(0, text.find(' '));
}

}  // namespace

task<porter::result<condition, std::string>> read_condition(connection& conn, connection::time deadline)
{
    segment work{segment::effect::reads};
    work.add(settings_and_clock);
    auto const sent = now();
    auto const answer = co_await conn.exchange(std::move(work), deadline);
    auto const received = now();
    if (answer.outcome != outcome::done) co_return unexpected(answer.error.message);
    try {
        auto const row = answer.results.at(0)[0];
        condition found;
        found.version = first_word(row.text(0));
        found.tls = row.text(1);
        found.synchronous_standbys = row.text(2);
        found.syncs = row.boolean(3);
        found.writes_full_pages = row.boolean(4);
        auto const half = (received - sent) / 2;
        found.clock_offset = std::chrono::duration_cast<milliseconds>(row.instant(5) - (sent + half));
        found.clock_error = half + milliseconds{1};
        co_return found;
    } catch (column_error const& error) {
        co_return unexpected(std::string{error.what()});
    }
}

std::vector<std::string> warnings_of(condition const& found)
{
    std::vector<std::string> warnings;
    if (found.synchronous_standbys.empty()) {
        warnings.emplace_back(
            "the database has no synchronous standby (synchronous_standby_names is empty): a failover may lose what "
            "clients were told is stored");
    }
    if (!found.syncs) warnings.emplace_back("the database has fsync = off: a crash may lose or damage all data");
    if (!found.writes_full_pages) {
        warnings.emplace_back("the database has full_page_writes = off: a crash may damage data");
    }
    return warnings;
}

std::vector<std::string> lines_of(condition const& found)
{
    auto const offset = found.clock_offset.count();
    auto const behind = std::to_string(offset < 0 ? -offset : offset) + (offset < 0 ? " ms behind" : " ms ahead of");
    auto const standbys = found.synchronous_standbys.empty() ? "none" : found.synchronous_standbys;
    return {
        "PostgreSQL " + found.version,
        "TLS: " + (found.tls.empty() ? "none" : found.tls),
        "synchronous standby: " + standbys,
        "clock: " + behind + " this machine's, within " + std::to_string(found.clock_error.count()) + " ms",
    };
}

}  // namespace porter::detail::store::postgres
