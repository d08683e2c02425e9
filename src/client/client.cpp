#include "porter/client.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "client/connection_impl.hpp"

namespace porter {

namespace {

using detail::base::secret;
using detail::client::connection_impl;
using detail::client::expected;
using detail::client::reply;
namespace protocol = detail::protocol;
using link_ptr = std::shared_ptr<connection_impl>;

constexpr std::size_t longest_string = 65'535;                                 // what a `str` can hold
constexpr std::chrono::milliseconds longest_timeout = std::chrono::days{365};  // clock arithmetic stays in range

/// A secret from a string that was handed over; the string is wiped.
secret take(std::string& text)
{
    secret taken{text};
    detail::base::wipe(text);
    return taken;
}

/// Why some text cannot stand in a message's `str`.
std::optional<client_error> unfit(std::initializer_list<std::string_view> texts)
{
    for (auto const text : texts) {
        if (text.size() > longest_string) {
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
secret payload_of(Message const& said, std::size_t size = 0)
{
    std::string payload;
    payload.reserve(size + 64);  // growing would leave copies of a password behind
    protocol::encode(said, payload);
    return take(payload);
}

task<client_result<access_granted>> ask_for_access(link_ptr over, secret payload)
{
    auto said = co_await connection_impl::request(std::move(over), std::move(payload), expected::granted);
    if (!said) co_return unexpected(said.error());
    co_return std::move(std::get<access_granted>(*said));
}

task<client_result<void>> ask_to_do(link_ptr over, secret payload)
{
    auto said = co_await connection_impl::request(std::move(over), std::move(payload), expected::done);
    if (!said) co_return unexpected(said.error());
    co_return client_result<void>{};
}

task<client_result<std::vector<session_info>>> ask_for_sessions(link_ptr over)
{
    auto payload = payload_of(protocol::list_sessions{});
    auto said = co_await connection_impl::request(std::move(over), std::move(payload), expected::sessions);
    if (!said) co_return unexpected(said.error());
    co_return std::move(std::get<std::vector<session_info>>(*said));
}

/// An answer that needs no server.
template <typename T>
task<client_result<T>> fail(client_error why)
{
    co_return unexpected(std::move(why));
}

std::optional<client_error> no_more_access(connection_impl const& over)
{
    if (over.ended()) return *over.ended();
    if (!over.granted()) return std::nullopt;
    return client_error{client_errc::not_sent, {code::not_supported, "access was granted already"}};
}

std::optional<client_error> no_access_yet(connection_impl const& over)
{
    if (over.ended()) return *over.ended();
    if (over.granted()) return std::nullopt;
    return client_error{client_errc::not_sent, {code::unauthorized, "access has not been granted"}};
}

/// Nothing is asked where there are no accounts: the server's answer is known, and could be taken for that to a data
/// message.
std::optional<client_error> no_account(connection_impl const& over)
{
    if (auto failed = no_access_yet(over)) return failed;
    if (over.server().access == access::authenticate) return std::nullopt;
    return client_error{client_errc::denied, {code::not_supported, "this server has no accounts"}};
}

task<client_result<void>> send_message(link_ptr over, message_kind what, std::string body)
{
    if (auto failed = no_access_yet(*over)) return fail<void>(*failed);
    if (what == message_kind::text && !detail::base::valid_utf8(body)) {
        return fail<void>({client_errc::not_sent, {code::invalid_utf8, "the text is not valid UTF-8"}});
    }
    auto const limit = over->server().max_frame;
    if (body.size() + 1 > limit) {
        auto reason = "the server takes messages of at most " + std::to_string(limit - 1) + " bytes";
        return fail<void>({client_errc::not_sent, {code::frame_too_large, std::move(reason)}});
    }
    return connection_impl::send(std::move(over), what, std::move(body));
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
    options.timeout = std::min(options.timeout, longest_timeout);
    auto opened = co_await detail::client::open_stream(std::move(host), port, options);
    if (!opened) co_return unexpected(opened.error());
    auto const made = std::make_shared<connection_impl>(std::move(*opened), std::move(options));
    client connected{made};
    connection_impl::start(made);
    auto welcomed = co_await connection_impl::open(made);
    if (welcomed) co_return std::move(connected);
    co_await connection_impl::close(made);
    co_return unexpected(welcomed.error());
}

client::client(link_ptr underneath) : impl_(std::move(underneath)) {}
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

client_error const* client::refused_data() const noexcept
{
    return impl_->refused_data();
}

task<client_result<access_granted>> client::login(std::string name, std::string password)
{
    auto const secret = take(password);
    if (auto failed = no_more_access(*impl_)) return fail<access_granted>(*failed);
    if (auto failed = unfit({name, secret.view()})) return fail<access_granted>(*failed);
    protocol::login const said{name, secret.view()};
    return ask_for_access(impl_, payload_of(said, name.size() + secret.view().size()));
}

task<client_result<access_granted>> client::register_account(std::string name, std::string password)
{
    auto const secret = take(password);
    if (auto failed = no_more_access(*impl_)) return fail<access_granted>(*failed);
    if (auto failed = unfit({name, secret.view()})) return fail<access_granted>(*failed);
    protocol::register_account const said{name, secret.view()};
    return ask_for_access(impl_, payload_of(said, name.size() + secret.view().size()));
}

task<client_result<access_granted>> client::resume(std::string token)
{
    auto const secret = take(token);
    if (auto failed = no_more_access(*impl_)) return fail<access_granted>(*failed);
    if (auto failed = unfit({secret.view()})) return fail<access_granted>(*failed);
    return ask_for_access(impl_, payload_of(protocol::resume{secret.view()}, secret.view().size()));
}

task<client_result<access_granted>> client::identify(std::string name)
{
    if (impl_->server().access != access::identify) {
        if (auto failed = no_more_access(*impl_)) return fail<access_granted>(*failed);
    }
    if (auto failed = unfit({name})) return fail<access_granted>(*failed);
    return ask_for_access(impl_, payload_of(protocol::identify{name}, name.size()));
}

task<client_result<void>> client::send(std::string text)
{
    return send_message(impl_, message_kind::text, std::move(text));
}

task<client_result<void>> client::send_data(std::string bytes)
{
    return send_message(impl_, message_kind::data, std::move(bytes));
}

task<std::optional<message>> client::receive()
{
    return connection_impl::receive(impl_);
}

message const* client::next()
{
    return impl_->next();
}

task<std::optional<std::string>> client::receive_text()
{
    return connection_impl::receive_text(impl_);
}

task<client_result<std::vector<session_info>>> client::sessions()
{
    if (auto failed = no_account(*impl_)) return fail<std::vector<session_info>>(*failed);
    return ask_for_sessions(impl_);
}

task<client_result<void>> client::revoke(std::uint64_t session_id)
{
    if (auto failed = no_account(*impl_)) return fail<void>(*failed);
    return ask_to_do(impl_, payload_of(protocol::revoke_session{session_id}));
}

task<client_result<void>> client::change_password(std::string current, std::string fresh)
{
    auto const old_secret = take(current);
    auto const new_secret = take(fresh);
    if (auto failed = no_account(*impl_)) return fail<void>(*failed);
    if (auto failed = unfit({old_secret.view(), new_secret.view()})) return fail<void>(*failed);
    protocol::change_password const said{old_secret.view(), new_secret.view()};
    return ask_to_do(impl_, payload_of(said, old_secret.view().size() + new_secret.view().size()));
}

task<client_result<void>> client::logout(logout_scope scope)
{
    if (auto failed = no_account(*impl_)) return fail<void>(*failed);
    return ask_to_do(impl_, payload_of(protocol::logout{static_cast<protocol::logout_scope>(scope)}));
}

task<void> client::close()
{
    return connection_impl::close(impl_);
}

}  // namespace porter
