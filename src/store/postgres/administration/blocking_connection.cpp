#include "store/postgres/administration/blocking_connection.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <thread>

#include "store/postgres/reconnect_pause.hpp"

namespace porter::detail::store::postgres::administration {

namespace {

using std::chrono::steady_clock;

/// A person waits longer than a server: for a lock as long as on a file, and for the answer until statement_timeout,
/// which is shorter than the patience. Tables are read whole, so plans are those of the planner.
constexpr char const* settings =
    "SELECT set_config('application_name', 'porterctl', false),"
    " set_config('porter.actor', 'porterctl', false),"
    " set_config('lock_timeout', '5s', false),"
    " set_config('statement_timeout', '30s', false),"
    " set_config('idle_in_transaction_session_timeout', '30s', false),"
    " set_config('plan_cache_mode', 'auto', false),"
    " set_config('enable_seqscan', 'on', false)";

constexpr std::string_view unique_violation = "23505";
constexpr std::string_view no_privilege = "42501";
constexpr std::string_view read_only_transaction = "25006";
constexpr std::string_view statement_timeout = "57014";
constexpr std::string_view lock_not_available = "55P03";

/// Deadlocks with porterd in a row; each is a transaction that was rolled back.
constexpr int most_deadlocks = 5;

bool is_deadlock(server_error const& error)
{
    return error.code.starts_with("40") && error.code != "40003";
}

administration_errc code_of(server_error const& error)
{
    std::string_view const code = error.code;
    // 42: no such table or column; 22: a value; XX: damaged pages.
    if ((code.starts_with("42") && code != no_privilege) || code.starts_with("22") || code.starts_with("XX")) {
        return administration_errc::bad_data;
    }
    bool const passes = code.empty() || code.starts_with("08") || code.starts_with("40") || code.starts_with("57") ||
                        code.starts_with("55") || code == "53300" || code == read_only_transaction;
    return passes ? administration_errc::unavailable : administration_errc::io;
}

}  // namespace

bool is_about_content(server_error const& error) noexcept
{
    // A feature that the server lacks; values; constraints; objects that depend on others; names, syntax and
    // privileges; limits of a row or statement; what a trigger or script raises.
    constexpr std::array<std::string_view, 7> classes{"0A", "22", "23", "2B", "42", "54", "P0"};
    return error.severity == server_error::severity_type::error &&
           std::ranges::any_of(classes, [&](std::string_view one) { return error.code.starts_with(one); });
}

blocking_connection::blocking_connection(postgres::options options)
    : options_(std::move(options)), servers_(io_.get_executor(), options_), conn_(io_.get_executor(), answer_patience)
{
    auto const connected = connect();
    if (!connected) throw connected.error();
}

template <typename Value>
Value blocking_connection::run(task<Value> work)
{
    std::optional<Value> value;
    std::exception_ptr thrown;
    asio::co_spawn(io_, std::move(work), [&](std::exception_ptr error, Value result) {
        thrown = error;
        value.emplace(std::move(result));
    });
    io_.restart();
    io_.run();
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*value);
}

porter::result<void, start_error> blocking_connection::connect()
{
    auto const unreachable = [](open_error const& error) {
        auto const code = error.is_configuration ? start_errc::configuration : start_errc::unavailable;
        return unexpected(start_error{code, "cannot reach the database: " + error.text});
    };
    auto const connected = run(servers_.connect(conn_));
    if (!connected) return unreachable(connected.error());
    connection spare{io_.get_executor(), answer_patience};
    if (auto const other = run(servers_.find_other_primary(spare, *connected))) {
        conn_.drop("there are two primaries");
        return unexpected(start_error{start_errc::unavailable,
                                      primary().text() + " and " + other->text() +
                                          " both say that they are the primary of the database (split brain): stop the "
                                          "wrong one, or name the right one alone in the URL"});
    }
    segment first{segment::effect::reads};
    first.add(settings);
    auto const answer = run(conn_.exchange(std::move(first), steady_clock::now() + options_.patience));
    if (answer.outcome == outcome::done) return {};
    conn_.drop(answer.error.message);
    return unreachable({.text = answer.error.message});
}

void blocking_connection::connect_again()
{
    if (conn_.is_open()) return;
    auto const connected = connect();
    if (connected) return;
    throw administration_error{administration_errc::unavailable, connected.error().what()};
}

reply blocking_connection::send(segment work, std::chrono::seconds patience)
{
    return run(conn_.exchange(std::move(work), steady_clock::now() + patience));
}

void blocking_connection::fail(reply const& answer) const
{
    auto const& error = answer.error;
    auto const name = display_name();
    if (error.code == lock_not_available || is_deadlock(error)) {
        throw administration_error{administration_errc::unavailable, name + " is locked by another program: try again"};
    }
    if (error.code == statement_timeout) {
        throw administration_error{administration_errc::unavailable, name + " does not answer in time: try again"};
    }
    throw administration_error{code_of(error), "cannot use " + name + ": " + error.message};
}

results blocking_connection::look_up(segment work)
{
    connect_again();
    auto answer = send(work);
    if (answer.outcome == outcome::unknown || answer.error.code == read_only_transaction) {
        connect_again();
        answer = send(std::move(work));
    }
    if (answer.outcome != outcome::done) fail(answer);
    return std::move(answer.results);
}

std::optional<change_answer> blocking_connection::send_change(segment const& work, bool may_be_taken)
{
    connect_again();
    auto const deadline = steady_clock::now() + options_.resolve_patience;
    reconnect_pause pause{options_.shortest_pause, options_.longest_pause};
    change_answer done;
    for (int deadlocks = 0;;) {
        auto answer = conn_.is_open() || connect() ? send(work) : reply{};
        if (answer.outcome == outcome::done) {
            done.results = std::move(answer.results);
            return done;
        }
        if (may_be_taken && answer.outcome == outcome::refused && answer.error.code == unique_violation) {
            return std::nullopt;
        }
        if (answer.outcome == outcome::unknown) done.is_repeated = true;
        bool const is_repeatable = done.is_repeated || answer.error.code == read_only_transaction ||
                                   (is_deadlock(answer.error) && ++deadlocks < most_deadlocks);
        if (!is_repeatable) fail(answer);
        if (steady_clock::now() >= deadline) {
            if (!done.is_repeated) fail(answer);
            throw administration_error{
                administration_errc::unavailable,
                "the connection to " + display_name() + " was lost: it is not known whether the change was made"};
        }
        std::this_thread::sleep_for(pause.next());
    }
}

change_answer blocking_connection::change(segment work)
{
    return std::move(*send_change(work, false));
}

std::optional<change_answer> blocking_connection::change_unless_taken(segment work)
{
    return send_change(work, true);
}

schema blocking_connection::read_schema(program_role wanted)
{
    connect_again();
    auto found = run(postgres::read_schema(conn_, steady_clock::now() + answer_patience, wanted));
    if (found) return std::move(*found);
    throw start_error{found.error().code, "cannot use " + display_name() + ": " + found.error().text};
}

transaction::transaction(blocking_connection& on, char const* begin) : on_(on)
{
    on.connect_again();
    segment first{segment::effect::writes};
    first.add(begin);
    run(std::move(first));
}

transaction::~transaction()
{
    if (is_open_) on_.conn_.drop("rolled back");
}

reply transaction::attempt(segment work, std::chrono::seconds patience)
{
    auto answer = on_.send(std::move(work), patience);
    if (answer.outcome == outcome::done) return answer;
    is_open_ = false;
    on_.conn_.drop("rolled back");
    return answer;
}

results transaction::run(segment work)
{
    auto answer = attempt(std::move(work));
    if (answer.outcome != outcome::done) on_.fail(answer);
    return std::move(answer.results);
}

void transaction::commit()
{
    segment last{segment::effect::writes};
    last.add("COMMIT");
    auto const answer = attempt(std::move(last));
    is_open_ = false;
    if (answer.outcome == outcome::done) return;
    if (answer.outcome != outcome::unknown) on_.fail(answer);
    throw administration_error{
        administration_errc::unavailable,
        "the connection to " + on_.display_name() + " was lost: porterctl db status shows whether the change was made"};
}

}  // namespace porter::detail::store::postgres::administration
