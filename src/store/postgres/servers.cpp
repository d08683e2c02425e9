#include "store/postgres/servers.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>
#include <variant>

#include "base/awaitable_operators.hpp"

namespace porter::detail::store::postgres {

namespace {

using namespace base::awaitable_operators;
using found_start = porter::result<std::string, open_error>;
using std::chrono::steady_clock;

constexpr std::string_view not_tried = "not tried any more";

/// The first version with client_connection_check_interval, as PQserverVersion.
constexpr int oldest_version = 140'000;

/// Settings of a session; the address and the role cannot override them. A lock is waited for shorter than a statement
/// may take, and that shorter than the patience: the server then answers, and the connection stays. Plans are generic,
/// made once, and by index, because one made while a table was empty would read all of it for ever.
constexpr char const* settings =
    "SELECT set_config('search_path', 'porter, pg_temp', false),"
    " set_config('porter.actor', 'porterd', false),"
    " set_config('lock_timeout', '1s', false),"
    " set_config('statement_timeout', '1500ms', false),"
    " set_config('idle_in_transaction_session_timeout', '5s', false),"
    " set_config('client_connection_check_interval', '1s', false),"
    " set_config('plan_cache_mode', 'force_generic_plan', false),"
    " set_config('enable_seqscan', 'off', false),"
    " set_config('jit', 'off', false),"
    " set_config('synchronous_commit', 'on', false),"
    " set_config('default_transaction_isolation', 'read committed', false),"
    " set_config('client_min_messages', 'warning', false),"
    " set_config('DateStyle', 'ISO', false),"
    " set_config('TimeZone', 'UTC', false)";

constexpr char const* state =
    "SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only')::boolean,"
    " pg_postmaster_start_time()::text";

unexpected<open_error> fail(std::string problem, bool is_configuration = false)
{
    return unexpected(open_error{std::move(problem), is_configuration});
}

/// When it was started, or an error unless it is a primary.
found_start start_of(connection const& conn, reply const& answer)
{
    if (conn.server_version() < oldest_version) return fail("PostgreSQL 14 or newer is needed", true);
    if (answer.outcome != outcome::done) return fail(answer.error.message);
    try {
        auto const found = answer.results.at(1)[0];
        if (found.boolean(0)) return fail("it is a standby");
        if (found.boolean(1)) return fail("it is read-only");
        return found.text(2);
    } catch (column_error const& error) {
        return fail(error.what());
    }
}

}  // namespace

task<porter::result<primary, open_error>> servers::connect(connection& conn)
{
    open_error problems;
    auto const hosts = options_.address.hosts();
    for (std::size_t i = 0; i < hosts.size(); ++i) {
        auto const number = (first_ + i) % hosts.size();
        auto const start = co_await connect_to(conn, number);
        if (start) {
            first_ = number;
            co_return primary{number, *start};
        }
        auto const& error = start.error();
        problems.text += (problems.text.empty() ? "" : "; ") + hosts[number].text() + ": " + error.text;
        problems.is_configuration = problems.is_configuration || error.is_configuration;
    }
    co_return unexpected(std::move(problems));
}

task<std::optional<host>> servers::find_other_primary(connection& spare, primary known)
{
    auto const hosts = options_.address.hosts();
    for (std::size_t i = 0; i < hosts.size(); ++i) {
        if (i == known.host) continue;
        auto const start = co_await connect_to(spare, i);
        spare.drop("asked");
        if (start && *start != known.start) co_return hosts[i];
    }
    co_return std::nullopt;
}

std::chrono::milliseconds servers::time_for_one() const noexcept
{
    // There is no other server to go to, and this one may be slow because all connections are opened again.
    if (options_.address.hosts().size() == 1) return std::max(options_.host_timeout, options_.patience);
    return options_.host_timeout;
}

task<servers::found_endpoints> servers::look_up(std::size_t number, steady_clock::time_point deadline)
{
    auto const& server = options_.address.hosts()[number];
    try {
        auto found = co_await look_up_(server.name, server.port, deadline);
        co_return found;
    } catch (std::bad_alloc const&) {  // || would wait for stop()
        co_return unexpected(base::error_code{asio::error::no_memory});
    }
}

task<servers::found_endpoints> servers::addresses_of(std::size_t number)
{
    auto& name = names_[number];
    auto const now = steady_clock::now();
    if (!name.addresses.empty() && now < name.look_up_at) co_return name.addresses;
    auto first = co_await (look_up(number, now + time_for_one()) || stopped_.wait());
    auto* const found = std::get_if<found_endpoints>(&first);
    if (!found) co_return unexpected(base::error_code{asio::error::operation_aborted});
    if (*found) {
        name.addresses = **found;
    } else if (!name.addresses.empty()) {
        name.look_up_at = steady_clock::now() + lookup_pause;
        co_return name.addresses;
    }
    co_return std::move(*found);
}

task<found_start> servers::connect_to(connection& conn, std::size_t number)
{
    if (is_stopped_) co_return fail(std::string{not_tried});
    auto const& server = options_.address.hosts()[number];
    if (server.is_unix_socket()) {
        auto only = co_await try_address(conn, server, std::string{});
        co_return only;
    }
    auto const found = co_await addresses_of(number);
    if (!found) co_return fail("its name cannot be resolved: " + found.error().message());
    found_start last = fail("it has no address");
    for (auto const& each : *found) {
        auto const ip = each.address().to_string();
        auto connected = co_await try_address(conn, server, ip);
        if (connected) co_return connected;
        last = std::move(connected);
    }
    co_return last;
}

task<found_start> servers::try_address(connection& conn, host const& server, std::string ip)
{
    if (is_stopped_) co_return fail(std::string{not_tried});
    auto const deadline = steady_clock::now() + time_for_one();
    auto parameters = options_.address.parameters(server, ip);
    auto const opened = co_await conn.open(std::move(parameters), deadline);
    if (!opened) co_return unexpected(opened.error());
    segment first{segment::effect::reads};
    first.add(settings).add(state);
    auto const answer = co_await conn.exchange(std::move(first), deadline);
    auto start = start_of(conn, answer);
    if (!start) conn.drop(start.error().text);
    co_return start;
}

}  // namespace porter::detail::store::postgres
