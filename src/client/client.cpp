#include "porter/client.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "client/connection_impl.hpp"

namespace porter {

namespace {

using detail::base::secret;
using detail::client::connection_impl;
using detail::client::reply_kind;
namespace protocol = detail::protocol;
using impl_ptr = std::shared_ptr<connection_impl>;
using time_point = connection_impl::time_point;

constexpr std::size_t max_string = 65'535;                                 // the length of a `str` is a u16
constexpr std::chrono::milliseconds max_timeout = std::chrono::days{365};  // clock arithmetic must not overflow

/// A secret from a string, which is wiped.
secret take(std::string& text)
{
    secret taken{text};
    detail::base::wipe(text);
    return taken;
}

/// The error of a text that cannot be a message's `str`.
std::optional<client_error> text_error(std::initializer_list<std::string_view> texts)
{
    for (auto const text : texts) {
        if (text.size() > max_string) {
            return client_error{client_errc::not_sent, {code::frame_too_large, "a text is longer than 65,535 bytes"}};
        }
        if (!detail::base::valid_utf8(text)) {
            return client_error{client_errc::not_sent, {code::invalid_utf8, "a text is not valid UTF-8"}};
        }
    }
    return std::nullopt;
}

/// The payload of a message with at most `size` bytes of texts, in memory that wipes itself.
template <typename Message>
secret payload_of(Message const& message, std::size_t size = 0)
{
    std::string payload;
    payload.reserve(size + 64);  // a reallocation would leave a copy of a password
    protocol::encode(message, payload);
    return take(payload);
}

task<client_result<access_granted>> request_access(impl_ptr impl, secret payload)
{
    auto granted = co_await connection_impl::request(std::move(impl), std::move(payload), reply_kind::granted);
    if (!granted) co_return unexpected(granted.error());
    co_return std::move(std::get<access_granted>(*granted));
}

task<client_result<void>> request_done(impl_ptr impl, secret payload)
{
    auto done = co_await connection_impl::request(std::move(impl), std::move(payload), reply_kind::done);
    if (!done) co_return unexpected(done.error());
    co_return client_result<void>{};
}

task<client_result<std::vector<session_info>>> request_sessions(impl_ptr impl)
{
    auto payload = payload_of(protocol::list_sessions{});
    auto sessions = co_await connection_impl::request(std::move(impl), std::move(payload), reply_kind::sessions);
    if (!sessions) co_return unexpected(sessions.error());
    co_return std::move(std::get<std::vector<session_info>>(*sessions));
}

task<client_result<std::string>> request_uri(impl_ptr impl)
{
    auto payload = payload_of(protocol::second_factor{protocol::factor_action::begin, {}});
    auto issued = co_await connection_impl::request(std::move(impl), std::move(payload), reply_kind::enrolment);
    if (!issued) co_return unexpected(issued.error());
    co_return std::move(std::get<detail::client::second_factor_enrolment>(*issued).uri);
}

task<client_result<std::vector<std::string>>> request_recovery_codes(impl_ptr impl, secret payload)
{
    auto issued = co_await connection_impl::request(std::move(impl), std::move(payload), reply_kind::enrolment);
    if (!issued) co_return unexpected(issued.error());
    co_return std::move(std::get<detail::client::second_factor_enrolment>(*issued).recovery_codes);
}

template <typename T>
task<client_result<T>> fail(client_error error)
{
    co_return unexpected(std::move(error));
}

/// The error of a request for access, which may only be sent before access.
std::optional<client_error> access_request_error(connection_impl const& impl)
{
    if (impl.ended()) return *impl.ended();
    if (!impl.granted()) return std::nullopt;
    return client_error{client_errc::not_sent, {code::not_supported, "access was granted already"}};
}

/// The error of a message, which may only be sent after access.
std::optional<client_error> message_error(connection_impl const& impl)
{
    if (impl.ended()) return *impl.ended();
    if (!impl.granted()) {
        return client_error{client_errc::not_sent, {code::unauthorized, "access has not been granted"}};
    }
    return impl.send_error();
}

/// The error of a request about an account. Without accounts it is not sent: the server's denial could be taken for one
/// of a data message.
std::optional<client_error> account_error(connection_impl const& impl)
{
    if (auto error = message_error(impl)) return error;
    if (impl.server().access == access::authenticate) return std::nullopt;
    return client_error{client_errc::denied, {code::not_supported, "this server has no accounts"}};
}

/// The error of a message that may not be sent.
std::optional<client_error> content_error(message const& outgoing, std::uint32_t limit)
{
    if (outgoing.is_text() && !detail::base::valid_utf8(outgoing.body)) {
        return client_error{client_errc::not_sent, {code::invalid_utf8, "the text is not valid UTF-8"}};
    }
    if (outgoing.body.size() < limit) return std::nullopt;  // the kind is one more byte
    auto reason = "the server takes messages of at most " + std::to_string(limit - 1) + " bytes";
    return client_error{client_errc::not_sent, {code::frame_too_large, std::move(reason)}};
}

time_point deadline_after(std::chrono::nanoseconds limit)
{
    return std::chrono::steady_clock::now() + std::min<std::chrono::nanoseconds>(limit, max_timeout);
}

task<std::optional<message>> receive_message(impl_ptr impl)
{
    auto received = co_await connection_impl::receive(std::move(impl), time_point::max());
    if (!received) co_return std::nullopt;
    co_return *received;
}

task<std::optional<std::string>> receive_next_text(impl_ptr impl)
{
    auto received = co_await connection_impl::receive_text(std::move(impl), time_point::max());
    if (!received) co_return std::nullopt;
    co_return std::move(*received);
}

}  // namespace

task<client_result<client>> client::connect(std::string host, std::uint16_t port)
{
    return connect_to(std::move(host), port, client_options{});
}

task<client_result<client>> client::connect(std::string host, std::uint16_t port, client_options const& options)
{
    return connect_to(std::move(host), port, options);
}

task<client_result<client>> client::connect_to(std::string host, std::uint16_t port, client_options options)
{
    options.timeout = std::min(options.timeout, max_timeout);
    auto opened = co_await detail::client::open_stream(std::move(host), port, options);
    if (!opened) co_return unexpected(opened.error());
    auto const impl = std::make_shared<connection_impl>(std::move(*opened), std::move(options));
    client connected{impl};
    connection_impl::start(impl);
    auto welcomed = co_await connection_impl::open(impl);
    if (welcomed) co_return std::move(connected);
    co_await connection_impl::close(impl);
    co_return unexpected(welcomed.error());
}

client::client(impl_ptr impl) : impl_(std::move(impl)) {}
client::client(client&&) noexcept = default;

client& client::operator=(client&& other) noexcept
{
    if (impl_ && impl_ != other.impl_) impl_->close_socket();
    impl_ = std::move(other.impl_);
    return *this;
}

client::~client()
{
    if (impl_) impl_->close_socket();
}

server_info const& client::server() const noexcept
{
    return impl_->server();
}

bool client::is_remote() const noexcept
{
    return impl_->is_remote();
}

std::string const& client::server_key() const noexcept
{
    return impl_->server_key();
}

std::string const& client::server_authority() const noexcept
{
    return impl_->server_authority();
}

trust_source client::trust_source() const noexcept
{
    return impl_->trust_source();
}

access_granted const* client::granted() const noexcept
{
    return impl_->granted();
}

client_error const* client::ended() const noexcept
{
    return impl_->ended();
}

bool client::receive_ended() const noexcept
{
    return impl_->receive_ended();
}

client_error const* client::refused_data() const noexcept
{
    return impl_->refused_data();
}

task<client_result<access_granted>> client::login(std::string name, std::string password)
{
    auto const secret = take(password);
    if (auto error = access_request_error(*impl_)) return fail<access_granted>(*error);
    if (auto error = text_error({name, secret.view()})) return fail<access_granted>(*error);
    protocol::login const message{name, secret.view()};
    return request_access(impl_, payload_of(message, name.size() + secret.view().size()));
}

task<client_result<access_granted>> client::prove(std::string code)
{
    auto const secret = take(code);
    if (auto error = access_request_error(*impl_)) return fail<access_granted>(*error);
    if (auto error = text_error({secret.view()})) return fail<access_granted>(*error);
    return request_access(impl_, payload_of(protocol::prove{secret.view()}, secret.view().size()));
}

task<client_result<access_granted>> client::register_account(std::string name, std::string password)
{
    auto const secret = take(password);
    if (auto error = access_request_error(*impl_)) return fail<access_granted>(*error);
    if (auto error = text_error({name, secret.view()})) return fail<access_granted>(*error);
    protocol::register_account const message{name, secret.view()};
    return request_access(impl_, payload_of(message, name.size() + secret.view().size()));
}

task<client_result<access_granted>> client::redeem(std::string code, std::string name, std::string password)
{
    auto const redeemed = take(code);
    auto const secret = take(password);
    if (auto error = access_request_error(*impl_)) return fail<access_granted>(*error);
    if (auto error = text_error({redeemed.view(), name, secret.view()})) return fail<access_granted>(*error);
    protocol::redeem const message{redeemed.view(), name, secret.view()};
    return request_access(impl_, payload_of(message, redeemed.view().size() + name.size() + secret.view().size()));
}

task<client_result<access_granted>> client::resume(std::string token)
{
    auto const secret = take(token);
    if (auto error = access_request_error(*impl_)) return fail<access_granted>(*error);
    if (auto error = text_error({secret.view()})) return fail<access_granted>(*error);
    return request_access(impl_, payload_of(protocol::resume{secret.view()}, secret.view().size()));
}

task<client_result<access_granted>> client::identify(std::string name)
{
    if (impl_->server().access != access::identify) {
        if (auto error = access_request_error(*impl_)) return fail<access_granted>(*error);
    }
    if (auto error = text_error({name})) return fail<access_granted>(*error);
    return request_access(impl_, payload_of(protocol::identify{name}, name.size()));
}

client_result<void> client::queue(message const& outgoing)
{
    if (auto const error = message_error(*impl_)) return unexpected(*error);
    if (auto const error = content_error(outgoing, impl_->server().max_frame)) return unexpected(*error);
    impl_->queue(outgoing);
    return {};
}

client_result<void> client::queue(std::string_view text)
{
    return queue(message{message_kind::text, text});
}

client_result<void> client::queue_data(std::string_view bytes)
{
    return queue(message{message_kind::data, bytes});
}

task<client_result<void>> client::flush()
{
    return connection_impl::flush(impl_);
}

// The send calls are plain functions, so the message is queued before anything can suspend.

task<client_result<void>> client::send(message const& outgoing)
{
    auto const queued = queue(outgoing);
    return queued ? flush() : fail<void>(queued.error());
}

task<client_result<void>> client::send(std::string_view text)
{
    return send(message{message_kind::text, text});
}

task<client_result<void>> client::send_data(std::string_view bytes)
{
    return send(message{message_kind::data, bytes});
}

task<client_result<void>> client::shutdown_send()
{
    auto const error = message_error(*impl_);
    if (error && !impl_->send_error()) return fail<void>(*error);
    return connection_impl::shutdown_send(impl_);
}

task<std::optional<message>> client::receive()
{
    return receive_message(impl_);
}

task<result<message, receive_errc>> client::receive_for(std::chrono::nanoseconds limit)
{
    return connection_impl::receive(impl_, deadline_after(limit));
}

message const* client::next()
{
    return impl_->next();
}

task<std::optional<std::string>> client::receive_text()
{
    return receive_next_text(impl_);
}

task<result<std::string, receive_errc>> client::receive_text_for(std::chrono::nanoseconds limit)
{
    return connection_impl::receive_text(impl_, deadline_after(limit));
}

task<void> client::closed()
{
    return connection_impl::wait_until_ended(impl_);
}

task<client_result<std::vector<session_info>>> client::sessions()
{
    if (auto error = account_error(*impl_)) return fail<std::vector<session_info>>(*error);
    return request_sessions(impl_);
}

task<client_result<void>> client::revoke(std::uint64_t session_id)
{
    if (auto error = account_error(*impl_)) return fail<void>(*error);
    return request_done(impl_, payload_of(protocol::revoke_session{session_id}));
}

task<client_result<void>> client::change_password(std::string current, std::string new_password)
{
    auto const old_secret = take(current);
    auto const new_secret = take(new_password);
    if (auto error = account_error(*impl_)) return fail<void>(*error);
    if (auto error = text_error({old_secret.view(), new_secret.view()})) return fail<void>(*error);
    protocol::change_password const message{old_secret.view(), new_secret.view()};
    return request_done(impl_, payload_of(message, old_secret.view().size() + new_secret.view().size()));
}

task<client_result<std::string>> client::begin_second_factor()
{
    if (auto error = account_error(*impl_)) return fail<std::string>(*error);
    return request_uri(impl_);
}

task<client_result<std::vector<std::string>>> client::confirm_second_factor(std::string code)
{
    auto const secret = take(code);
    if (auto error = account_error(*impl_)) return fail<std::vector<std::string>>(*error);
    if (auto error = text_error({secret.view()})) return fail<std::vector<std::string>>(*error);
    protocol::second_factor const message{protocol::factor_action::confirm, secret.view()};
    return request_recovery_codes(impl_, payload_of(message, secret.view().size()));
}

task<client_result<void>> client::remove_second_factor(std::string code)
{
    auto const secret = take(code);
    if (auto error = account_error(*impl_)) return fail<void>(*error);
    if (auto error = text_error({secret.view()})) return fail<void>(*error);
    protocol::second_factor const message{protocol::factor_action::remove, secret.view()};
    return request_done(impl_, payload_of(message, secret.view().size()));
}

task<client_result<void>> client::logout(logout_scope scope)
{
    if (auto error = account_error(*impl_)) return fail<void>(*error);
    return request_done(impl_, payload_of(protocol::logout{static_cast<protocol::logout_scope>(scope)}));
}

task<void> client::close()
{
    return connection_impl::close(impl_);
}

}  // namespace porter
