#include "porter/client.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "client/link.hpp"

namespace porter {

namespace {

using rooms::base::secret;
using rooms::client::answer;
using rooms::client::expected;
using rooms::client::link;
namespace protocol = rooms::protocol;
using link_ptr = std::shared_ptr<link>;
using cause = client_failure::cause;

constexpr std::size_t longest_string = 65'535;                                 // what a `str` can hold
constexpr std::chrono::milliseconds longest_timeout = std::chrono::days{365};  // clock arithmetic stays in range

/// A secret from a string that was handed over; the string is wiped.
secret take(std::string& text)
{
    secret taken{text};
    rooms::base::wipe(text);
    return taken;
}

/// Why some text cannot stand in a message's `str`.
std::optional<client_failure> unfit(std::initializer_list<std::string_view> texts)
{
    for (auto const text : texts) {
        if (text.size() > longest_string) {
            return client_failure{cause::not_sent, {code::frame_too_large, "a text is longer than 65,535 bytes"}};
        }
        if (!rooms::base::valid_utf8(text)) {
            return client_failure{cause::not_sent, {code::invalid_utf8, "a text is not valid UTF-8"}};
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

task<client_result<grant>> ask_for_access(link_ptr over, secret payload)
{
    auto said = co_await link::ask(std::move(over), std::move(payload), expected::granted);
    if (!said) co_return refuse(said.error());
    co_return std::move(std::get<grant>(*said));
}

task<client_result<void>> ask_to_do(link_ptr over, secret payload)
{
    auto said = co_await link::ask(std::move(over), std::move(payload), expected::done);
    if (!said) co_return refuse(said.error());
    co_return client_result<void>{};
}

task<client_result<std::vector<session_info>>> ask_for_sessions(link_ptr over)
{
    auto payload = payload_of(protocol::list_sessions{});
    auto said = co_await link::ask(std::move(over), std::move(payload), expected::sessions);
    if (!said) co_return refuse(said.error());
    co_return std::move(std::get<std::vector<session_info>>(*said));
}

/// An answer that needs no server.
template <typename T>
task<client_result<T>> fail(client_failure why)
{
    co_return refuse(std::move(why));
}

std::optional<client_failure> no_more_access(link const& over)
{
    if (over.ended()) return *over.ended();
    if (!over.granted()) return std::nullopt;
    return client_failure{cause::not_sent, {code::not_supported, "access was granted already"}};
}

std::optional<client_failure> no_access_yet(link const& over)
{
    if (over.ended()) return *over.ended();
    if (over.granted()) return std::nullopt;
    return client_failure{cause::not_sent, {code::unauthorized, "access has not been granted"}};
}

/// Nothing is asked where there are no accounts: the server's answer is known, and could be taken for that to a data
/// message.
std::optional<client_failure> no_account(link const& over)
{
    if (auto failed = no_access_yet(over)) return failed;
    if (over.server().access == access::authenticate) return std::nullopt;
    return client_failure{cause::denied, {code::not_supported, "this server has no accounts"}};
}

task<client_result<void>> send_message(link_ptr over, message::kind what, std::string body)
{
    if (auto failed = no_access_yet(*over)) return fail<void>(*failed);
    if (what == message::kind::text && !rooms::base::valid_utf8(body)) {
        return fail<void>({cause::not_sent, {code::invalid_utf8, "the text is not valid UTF-8"}});
    }
    auto const limit = over->server().max_frame;
    if (body.size() + 1 > limit) {
        auto reason = "the server takes messages of at most " + std::to_string(limit - 1) + " bytes";
        return fail<void>({cause::not_sent, {code::frame_too_large, std::move(reason)}});
    }
    return link::send(std::move(over), what, std::move(body));
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
    auto opened = co_await rooms::client::open_stream(std::move(host), port, options);
    if (!opened) co_return refuse(opened.error());
    auto const made = std::make_shared<link>(std::move(*opened), std::move(options));
    client connected{made};
    link::start(made);
    auto welcomed = co_await link::open(made);
    if (welcomed) co_return std::move(connected);
    co_await link::close(made);
    co_return refuse(welcomed.error());
}

client::client(link_ptr underneath) : link_(std::move(underneath)) {}
client::client(client&&) noexcept = default;

client& client::operator=(client&& other) noexcept
{
    if (link_ && link_ != other.link_) link_->cut();
    link_ = std::move(other.link_);
    return *this;
}

client::~client()
{
    if (link_) link_->cut();
}

server_info const& client::server() const noexcept
{
    return link_->server();
}

bool client::is_remote() const noexcept
{
    return link_->is_remote();
}

std::string const& client::server_key() const noexcept
{
    return link_->server_key();
}

std::string const& client::server_authority() const noexcept
{
    return link_->server_authority();
}

trusted_by client::trusted_by() const noexcept
{
    return link_->trusted_by();
}

grant const* client::granted() const noexcept
{
    return link_->granted();
}

client_failure const* client::ended() const noexcept
{
    return link_->ended();
}

client_failure const* client::refused_data() const noexcept
{
    return link_->refused_data();
}

task<client_result<grant>> client::login(std::string name, std::string password)
{
    auto const secret = take(password);
    if (auto failed = no_more_access(*link_)) return fail<grant>(*failed);
    if (auto failed = unfit({name, secret.view()})) return fail<grant>(*failed);
    protocol::login const said{name, secret.view()};
    return ask_for_access(link_, payload_of(said, name.size() + secret.view().size()));
}

task<client_result<grant>> client::register_account(std::string name, std::string password)
{
    auto const secret = take(password);
    if (auto failed = no_more_access(*link_)) return fail<grant>(*failed);
    if (auto failed = unfit({name, secret.view()})) return fail<grant>(*failed);
    protocol::register_account const said{name, secret.view()};
    return ask_for_access(link_, payload_of(said, name.size() + secret.view().size()));
}

task<client_result<grant>> client::resume(std::string token)
{
    auto const secret = take(token);
    if (auto failed = no_more_access(*link_)) return fail<grant>(*failed);
    if (auto failed = unfit({secret.view()})) return fail<grant>(*failed);
    return ask_for_access(link_, payload_of(protocol::resume{secret.view()}, secret.view().size()));
}

task<client_result<grant>> client::identify(std::string name)
{
    if (link_->server().access != access::identify) {
        if (auto failed = no_more_access(*link_)) return fail<grant>(*failed);
    }
    if (auto failed = unfit({name})) return fail<grant>(*failed);
    return ask_for_access(link_, payload_of(protocol::identify{name}, name.size()));
}

task<client_result<void>> client::send(std::string text)
{
    return send_message(link_, message::kind::text, std::move(text));
}

task<client_result<void>> client::send_data(std::string bytes)
{
    return send_message(link_, message::kind::data, std::move(bytes));
}

task<std::optional<message>> client::receive()
{
    return link::receive(link_);
}

message const* client::next()
{
    return link_->next();
}

task<std::optional<std::string>> client::receive_text()
{
    return link::receive_text(link_);
}

task<client_result<std::vector<session_info>>> client::sessions()
{
    if (auto failed = no_account(*link_)) return fail<std::vector<session_info>>(*failed);
    return ask_for_sessions(link_);
}

task<client_result<void>> client::revoke(std::uint64_t session_id)
{
    if (auto failed = no_account(*link_)) return fail<void>(*failed);
    return ask_to_do(link_, payload_of(protocol::revoke_session{session_id}));
}

task<client_result<void>> client::change_password(std::string current, std::string fresh)
{
    auto const old_secret = take(current);
    auto const new_secret = take(fresh);
    if (auto failed = no_account(*link_)) return fail<void>(*failed);
    if (auto failed = unfit({old_secret.view(), new_secret.view()})) return fail<void>(*failed);
    protocol::change_password const said{old_secret.view(), new_secret.view()};
    return ask_to_do(link_, payload_of(said, old_secret.view().size() + new_secret.view().size()));
}

task<client_result<void>> client::logout(logout_scope scope)
{
    if (auto failed = no_account(*link_)) return fail<void>(*failed);
    return ask_to_do(link_, payload_of(protocol::logout{static_cast<protocol::logout_scope>(scope)}));
}

task<void> client::close()
{
    return link::close(link_);
}

}  // namespace porter
