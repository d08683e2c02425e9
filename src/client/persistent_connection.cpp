#include "client/persistent_connection.hpp"

#include <algorithm>
#include <utility>

#include <asio/co_spawn.hpp>

#include "base/text.hpp"
#include "client/connection_impl.hpp"
#include "client/receive_guard.hpp"
#include "porter/state_files.hpp"

namespace porter::detail::client {

namespace {

constexpr std::size_t unreceived_limit = 1024 * 1024;  // bytes above which no new connection is made

/// No file: the sessions are only in memory.
std::filesystem::path sessions_file(persistent_client_options const& options)
{
    if (!options.save_session) return {};
    return options.sessions_file.empty() ? saved_sessions_file() : options.sessions_file;
}

task<void> wait_for(std::chrono::milliseconds pause)
{
    auto const executor = co_await asio::this_coro::executor;
    base::steady_timer timer{executor, pause};
    co_await timer.async_wait(base::use_tuple);
}

persistent_environment with_defaults(persistent_environment environment)
{
    if (!environment.pause) environment.pause = wait_for;
    if (!environment.steady) environment.steady = std::chrono::steady_clock::now;
    return environment;
}

/// Marks that run() has begun and its frame exists. An io_context that is destroyed destroys the frame, and then a
/// cancellation would reach a timer or socket that is gone.
class running_guard {
public:
    explicit running_guard(bool& running) : running_(running) { running = true; }
    ~running_guard() { running_ = false; }
    running_guard(running_guard const&) = delete;
    running_guard& operator=(running_guard const&) = delete;

private:
    bool& running_;
};

client_error closed_normally()
{
    return {client_errc::closed, {code::normal, {}}};
}

}  // namespace

persistent_connection::persistent_connection(io_executor executor, std::string host, std::uint16_t port,
                                             persistent_client_options options, persistent_environment environment)
    : executor_(executor),
      host_(std::move(host)),
      port_(port),
      options_(std::move(options)),
      password_(options_.password),
      environment_(with_defaults(std::move(environment))),
      backoff_(environment_.random),
      sessions_(sessions_file(options_), options_.connection.warn, environment_.now),
      changed_(executor),
      receivable_(executor),
      drained_(executor)
{
    base::wipe(options_.password);
    options_.connection.half_close = false;  // closing(normal) ends it
}

persistent_client persistent_connection::start(std::shared_ptr<persistent_connection> const& self, client_ptr first)
{
    self->first_ = std::move(first);
    auto const finished = [self](std::exception_ptr const& thrown) {
        if (self->closing_) return self->stop(closed_normally());
        if (thrown) self->stop({client_errc::lost, {code::internal, "internal error of the client"}});
    };
    auto const slot = self->cancellation_.slot();
    asio::co_spawn(self->executor_, run(self), asio::bind_cancellation_slot(slot, finished));
    return persistent_client{self};
}

// Connecting.

task<void> persistent_connection::run(std::shared_ptr<persistent_connection> self)
{
    auto& me = *self;
    running_guard const guard{me.running_};
    while (!me.ended_ && !me.closing_) {
        if (!me.first_) {
            me.state_.phase = client_phase::connecting;
            me.state_.pause = {};
            me.change_state();
        }
        auto error = co_await run_connection(self);
        me.current_.reset();
        if (me.closing_) co_return;
        if (me.is_end(error)) co_return me.stop(std::move(error));
        auto const pause = me.backoff_.next(error.retry_after);
        me.state_.phase = client_phase::waiting;
        me.state_.pause = pause;
        me.state_.error = std::move(error);
        me.change_state();
        co_await me.environment_.pause(pause);
        co_await wait_until_received(self);
    }
}

/// From connecting to the end of the connection. Returns why it could not be made or has ended.
task<client_error> persistent_connection::run_connection(std::shared_ptr<persistent_connection> self)
{
    auto& me = *self;
    auto connection = std::exchange(me.first_, nullptr);
    if (!connection) {
        auto connected = co_await connect(self);
        if (!connected) co_return connected.error();
        connection = *connected;
    }
    me.begin_connection(connection);
    auto const begin = me.environment_.steady();
    co_await connection->closed();
    if (me.environment_.steady() - begin >= backoff::longest) me.backoff_.reset();
    me.end_connection(*connection);
    co_return *connection->ended();
}

/// Makes a connection with access.
auto persistent_connection::connect(std::shared_ptr<persistent_connection> self) -> task<client_result<client_ptr>>
{
    auto& me = *self;
    auto connected = co_await porter::client::connect(me.host_, me.port_, me.options_.connection);
    if (!connected) co_return unexpected(connected.error());
    auto connection = std::make_shared<porter::client>(std::move(*connected));
    auto access = co_await get_access(self, connection);
    if (access) co_return connection;
    co_await connection->close();  // a denial leaves it open
    co_return unexpected(access.error());
}

task<client_result<void>> persistent_connection::get_access(std::shared_ptr<persistent_connection> self,
                                                            client_ptr connection)
{
    auto& me = *self;
    if (me.options_.get_access) {
        auto access = co_await me.options_.get_access(*connection);
        if (!access || connection->granted() != nullptr) co_return access;
        co_return unexpected(client_error{client_errc::not_sent, {code::unauthorized, "get_access got no access"}});
    }
    if (connection->granted() != nullptr && !me.is_renaming(*connection)) co_return client_result<void>{};
    if (connection->server().access != access::identify) {
        auto authenticated = co_await authenticate(self, connection);
        co_return authenticated;
    }
    auto named = co_await connection->identify(me.options_.name);
    if (!named) co_return unexpected(named.error());
    co_return client_result<void>{};
}

/// Whether the server knows this address by another name than the options'.
bool persistent_connection::is_renaming(porter::client const& connection) const
{
    auto const& access = *connection.granted();
    if (access.auth_method != auth_method::address || options_.name.empty()) return false;
    return !names_equal(access.name, options_.name);
}

task<client_result<void>> persistent_connection::authenticate(std::shared_ptr<persistent_connection> self,
                                                              client_ptr connection)
{
    auto& me = *self;
    auto const server = identity_of(*connection, me.host_, me.port_);
    if (me.find_session(server)) {
        std::string token{me.session_->token.view()};
        auto resumed = co_await connection->resume(std::move(token));
        if (resumed) co_return client_result<void>{};
        bool const is_invalid = resumed.error().code == code::invalid_token;
        if (is_invalid) me.forget_session();
        if (!is_invalid || me.password_.empty()) co_return unexpected(resumed.error());
    }
    if (me.password_.empty()) {
        co_return unexpected(client_error{client_errc::not_sent,
                                          {code::unauthorized, "there is no session to resume, and no password"}});
    }
    auto access = co_await log_in(self, connection);
    if (!access) co_return unexpected(access.error());
    me.keep_session(*access, server);
    co_return client_result<void>{};
}

task<client_result<access_granted>> persistent_connection::log_in(std::shared_ptr<persistent_connection> self,
                                                                  client_ptr connection)
{
    auto& me = *self;
    std::string password{me.password_.view()};
    auto logged_in = co_await connection->login(me.options_.name, std::move(password));
    bool const may_be_new = !logged_in && logged_in.error().code == code::bad_credentials;
    if (!may_be_new || !me.options_.register_account) co_return logged_in;
    password = me.password_.view();
    auto registered = co_await connection->register_account(me.options_.name, std::move(password));
    bool const exists = !registered && registered.error().code == code::name_taken;
    if (exists) co_return logged_in;  // so the password is wrong
    co_return registered;
}

// The session.

/// Whether there is a session that can be resumed at the server.
bool persistent_connection::find_session(server_identity const& server)
{
    auto const now = environment_.now ? environment_.now() : base::system_clock{}.now();
    if (session_ && can_resume_at(session_->server, server) && session_->expires_at > now) return true;
    auto saved = sessions_.find(server, options_.name);
    if (!saved) return false;
    session_ = std::move(saved);
    if (options_.name.empty()) options_.name = session_->name;  // from now on it is this account
    is_session_unsaved_ = false;
    return true;
}

void persistent_connection::keep_session(access_granted& access, server_identity server)
{
    session_.emplace();
    session_->server = std::move(server);
    session_->name = access.name;
    session_->expires_at = access.expires_at;
    session_->token = secret{access.token};
    base::wipe(access.token);
    is_session_unsaved_ = !options_.save_session || !sessions_.save(*session_);
}

void persistent_connection::forget_session()
{
    if (!session_) return;
    if (!is_session_unsaved_) sessions_.forget(session_->server, session_->name);
    session_.reset();
    is_session_unsaved_ = false;
}

// The state.

void persistent_connection::begin_connection(client_ptr const& connection)
{
    std::erase_if(connections_, [](auto const& old) { return old.client->impl_->unreceived() == 0; });
    ++state_.connection;
    state_.phase = client_phase::connected;
    state_.resumed = connection->granted()->auth_method == auth_method::resume;
    state_.error.reset();
    current_ = connection;
    connections_.push_back({connection, state_.connection});
    receivable_.notify();
    change_state();
}

/// Its messages stay if they will be received.
void persistent_connection::end_connection(porter::client const& connection)
{
    if (!has_receiver_) connections_.clear();
    auto const& error = *connection.ended();
    if (error.cause == client_errc::closed && error.code == code::session_ended) forget_session();
}

/// Whether the client must not connect again.
bool persistent_connection::is_end(client_error const& error) const noexcept
{
    bool const is_closed = error.cause == client_errc::closed;
    if (is_closed && error.code == code::session_ended)
        return password_.empty() && !options_.get_access;  // otherwise it logs in again
    return error.is_final() || (is_closed && error.code == code::normal);
}

void persistent_connection::stop(client_error error)
{
    if (ended_) return;
    current_.reset();
    ended_ = error;
    state_.phase = client_phase::stopped;
    state_.pause = {};
    state_.error = std::move(error);
    receivable_.notify();
    change_state();
}

void persistent_connection::change_state()
{
    changed_.notify();
    if (options_.on_state && !dropped_) options_.on_state(state_);
}

task<void> persistent_connection::wait_until_received(std::shared_ptr<persistent_connection> self)
{
    while (self->unreceived() > unreceived_limit) co_await self->drained_.wait();
}

std::size_t persistent_connection::unreceived() const
{
    std::size_t size = 0;
    for (auto const& connection : connections_) size += connection.client->impl_->unreceived();
    return size;
}

// Operations.

auto persistent_connection::connected(std::shared_ptr<persistent_connection> self) -> task<client_ptr>
{
    auto& me = *self;
    for (;;) {
        if (me.ended_) co_return nullptr;
        if (me.current_ && me.current_->ended() == nullptr) co_return me.current_;
        co_await me.changed_.wait();
    }
}

task<client_result<std::uint64_t>> persistent_connection::send(std::shared_ptr<persistent_connection> self,
                                                               message_kind kind, std::string body)
{
    auto& me = *self;
    for (;;) {
        auto connection = co_await connected(self);
        if (!connection) co_return unexpected(*me.ended_);
        auto const number = me.state_.connection;
        auto const queued = connection->queue(message{kind, body});
        if (!queued) co_return unexpected(queued.error());
        auto written = co_await connection->flush();
        if (!written) co_return unexpected(written.error());
        co_return number;
    }
}

auto persistent_connection::receive(std::shared_ptr<persistent_connection> self, time_point deadline)
    -> task<result<message, receive_errc>>
{
    auto& me = *self;
    receive_guard const guard{me.receiving_};
    me.has_receiver_ = true;
    for (;;) {
        while (me.connections_.empty()) {
            if (me.ended_) co_return unexpected(receive_errc::ended);
            if (deadline <= std::chrono::steady_clock::now()) co_return unexpected(receive_errc::timed_out);
            co_await me.receivable_.wait_until(deadline);
        }
        auto const oldest = me.connections_.front();
        auto received = co_await connection_impl::receive(oldest.client->impl_, deadline);
        if (me.unreceived() <= unreceived_limit) me.drained_.notify();
        if (received) {
            me.received_from_ = oldest.client;
            me.received_on_ = oldest.number;
            co_return received;
        }
        if (received.error() == receive_errc::timed_out) co_return received;
        std::erase_if(me.connections_, [&](auto const& old) { return old.number == oldest.number; });
    }
}

auto persistent_connection::receive_text(std::shared_ptr<persistent_connection> self, time_point deadline)
    -> task<result<std::string, receive_errc>>
{
    for (;;) {
        auto received = co_await receive(self, deadline);
        if (!received) co_return unexpected(received.error());
        if (received->is_text()) co_return std::string{received->body};
    }
}

task<void> persistent_connection::wait_until_ended(std::shared_ptr<persistent_connection> self)
{
    while (!self->ended_) co_await self->changed_.wait();
}

// Stopping.

task<void> persistent_connection::close(std::shared_ptr<persistent_connection> self)
{
    auto& me = *self;
    me.closing_ = true;
    auto const connection = me.current_;
    if (connection) {
        if (std::exchange(me.is_session_unsaved_, false)) {
            [[maybe_unused]] auto const logged_out = co_await connection->logout();  // at worst the session expires
        }
        co_await connection->close();
    }
    if (me.running_) me.cancellation_.emit(asio::cancellation_type::terminal);
    while (!me.ended_) co_await me.changed_.wait();
}

void persistent_connection::drop()
{
    dropped_ = true;
    auto const connections = std::move(connections_);
    connections_.clear();
    stop({client_errc::lost, {code::normal, "the client was destroyed"}});
    for (auto const& connection : connections) connection.client->impl_->close_socket();
    if (running_) cancellation_.emit(asio::cancellation_type::terminal);
}

}  // namespace porter::detail::client
