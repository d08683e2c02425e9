#include "programs/porter/access_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "porter/state_files.hpp"
#include "porter/text.hpp"
#include "porter/version.hpp"
#include "terminal/password_file.hpp"

namespace porter::programs {

namespace {

constexpr std::chrono::seconds logout_timeout{2};

/// The key that the first connection trusted by --trust-first-use may not be saved.
host_key_policy policy_of(porter_options const& options, client const& connection)
{
    bool const is_new = connection.trust_source() == trust_source::first_use;
    return is_new ? host_key_policy::key(connection.server_key()) : options.host_key_policy;
}

client_result<void> without_value(client_result<access_granted> const& access)
{
    if (!access) return unexpected(access.error());
    return {};
}

}  // namespace

access_source::access_source(io_executor executor, porter_options const& options, login_flow const& login,
                             client const& connection, console& console)
    : options_(options),
      console_(console),
      host_key_policy_(policy_of(options, connection)),
      name_(login.name()),
      sessions_(saved_sessions_file(), [this](std::string const& line) { warn_once(line); }),
      owns_session_(login.owns_session()),
      logged_in_(executor)
{
    session_.server = login.server();
    session_.name = name_;
    session_.token = login.token().clone();
}

task<client_result<client>> access_source::open()
{
    if (rejection_) co_return unexpected(*rejection_);
    if (delay_ && clock::now() < delay_end_) co_return unexpected(*delay_);
    auto connected = co_await connect();
    if (!connected) {
        delay_after(connected.error());
        co_return unexpected(connected.error());
    }
    auto access = co_await get_access(*connected);
    if (access) co_return std::move(*connected);
    delay_after(access.error());
    co_await connected->close();
    co_return unexpected(access.error());
}

task<client_result<client>> access_source::connect() const
{
    client_options connection;
    connection.transport = options_.plain ? transport::plain : transport::tls;
    connection.host_key_policy = host_key_policy_;
    connection.timeout = options_.timeout;
    connection.agent = "porter/" + std::string{version};
    connection.half_close = true;
    auto connected = co_await client::connect(session_.server.host, session_.server.port, connection);
    co_return connected;
}

task<client_result<void>> access_source::get_access(client& connection)
{
    if (connection.granted() != nullptr) co_return client_result<void>{};
    if (connection.server().access == access::identify) {
        auto const named = co_await connection.identify(name_);
        co_return without_value(named);
    }
    auto authenticated = co_await authenticate(connection);
    co_return authenticated;
}

/// Of many connections that find the session over, one logs in, and the others wait for its session.
task<client_result<void>> access_source::authenticate(client& connection)
{
    auto const server = identity_of(connection, session_.server.host, session_.server.port);
    while (is_logging_in_) co_await logged_in_.wait();
    if (session_.token.empty()) load_session(server);
    bool const may_resume = !session_.token.empty() && can_resume_at(session_.server, server);
    if (may_resume) {
        auto resumed = co_await resume(connection);
        bool const is_over = !resumed && resumed.error().code == code::invalid_token;
        if (!is_over) co_return resumed;
        while (is_logging_in_) co_await logged_in_.wait();
        if (!session_.token.empty()) {  // another connection has logged in
            auto again = co_await resume(connection);
            co_return again;
        }
    }
    if (rejection_) co_return unexpected(*rejection_);
    if (options_.password_file.empty()) co_return unexpected(session_over());
    is_logging_in_ = true;
    auto logged_in = co_await log_in(connection);
    is_logging_in_ = false;
    logged_in_.notify();
    co_return logged_in;
}

/// Forgets a session that the server rejects as invalid.
task<client_result<void>> access_source::resume(client& connection)
{
    std::string token{session_.token.view()};
    auto const used = session_.token.clone();
    auto const resumed = co_await connection.resume(std::move(token));
    bool const is_over = !resumed && resumed.error().code == code::invalid_token;
    if (is_over && session_.token.view() == used.view()) {
        sessions_.forget(session_.server, session_.name);
        session_.token = {};
        owns_session_ = false;
    }
    co_return without_value(resumed);
}

task<client_result<void>> access_source::log_in(client& connection)
{
    auto const warn = [this](std::string const& line) { warn_once(line); };
    auto read = detail::terminal::read_password_file(options_.password_file, warn);
    if (!read) {
        co_return unexpected(client_error{client_errc::not_sent, {code::bad_credentials, read.error().what()}});
    }
    std::string password{read->view()};
    auto const access = co_await connection.login(name_, std::move(password));
    if (access) {
        save_session(identity_of(connection, session_.server.host, session_.server.port), *access);
    } else if (access.error().cause == client_errc::denied && access.error().is_final()) {
        rejection_ = access.error();
    }
    co_return without_value(access);
}

/// Another run of the program may have saved a session.
void access_source::load_session(server_identity const& server)
{
    auto saved = sessions_.find(server, name_);
    if (saved) session_ = std::move(*saved);
}

void access_source::save_session(server_identity const& server, access_granted const& access)
{
    bool const is_pinned = !options_.host_key_policy.only_key().empty();
    session_.server = server;
    if (is_pinned) session_.server.authority.clear();
    session_.name = access.name;
    session_.expires_at = access.expires_at;
    session_.token = secret{access.token};
    owns_session_ = !options_.save;
    if (options_.save) sessions_.save(session_);
}

client_error access_source::session_over() const
{
    auto reason = fmt::format("the session as {} is over; log in by: porter {} {}", name_, session_.server.host,
                              session_.server.port);
    return {client_errc::denied, {code::invalid_token, std::move(reason)}};
}

void access_source::delay_after(client_error const& error)
{
    if (error.retry_after.count() == 0) return;
    delay_ = error;
    delay_end_ = clock::now() + error.retry_after;
}

task<void> access_source::end_session()
{
    if (!owns_session_ || session_.token.empty()) co_return;
    auto const executor = co_await asio::this_coro::executor;
    client_options connection;
    connection.transport = options_.plain ? transport::plain : transport::tls;
    connection.host_key_policy = host_key_policy_;
    connection.timeout = logout_timeout;
    auto opened = co_await client::connect(session_.server.host, session_.server.port, connection);
    if (!opened) co_return;
    auto const server = identity_of(*opened, session_.server.host, session_.server.port);
    if (can_resume_at(session_.server, server)) {
        auto const resumed = co_await resume(*opened);
        if (resumed) {
            // A session that could not be ended ends by its age.
            [[maybe_unused]] auto const ended = co_await opened->logout();
        }
    }
    co_await opened->close();
}

void access_source::warn_once(std::string const& line)
{
    if (std::ranges::find(warned_, line) != warned_.end()) return;
    warned_.push_back(line);
    console_.error(fmt::format("warning: {}", escape(line)));
}

}  // namespace porter::programs
