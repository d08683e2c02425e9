#include "server/handshake.hpp"

#include "porter/version.hpp"

namespace porter::rooms::server {
namespace {

using admitted = result<guest, ending>;

task<result<void, ending>> open(peer& visitor)
{
    auto frame = co_await visitor.receive();
    if (!frame) co_return refuse(frame.error());
    auto message = protocol::decode_opening(*frame);
    if (!message) co_return refuse(ending::by_us(message.error()));
    auto const* hello = std::get_if<protocol::hello>(&*message);
    if (hello == nullptr) co_return refuse(ending::by_peer());
    if (hello->version != protocol::version) {
        co_return refuse(ending::by_us(code::unsupported_version,
                                       "this server speaks version " + std::to_string(protocol::version)));
    }
    co_return result<void, ending>{};
}

void welcome(peer& visitor, house const& house, identity::claim const& claim)
{
    static std::string const server = "porterd/" + std::string{version};
    auto const& rules = house.rules;
    bool const greet = rules.access != protocol::access_mode::authenticate || rules.greet_by_address;
    visitor.say(protocol::welcome{protocol::version, rules.access, rules.max_frame, server,
                                  greet ? std::string_view{claim.name()} : std::string_view{}});
}

/// Says `denied`; the denial that is one too many ends the connection.
class denials {
public:
    std::optional<ending> say(peer& visitor, failure const& why)
    {
        visitor.deny(why);
        bool const our_fault = why.what == code::unavailable || why.what == code::busy;
        if (!our_fault) ++count_;
        if (++answers_ < max_access_requests && count_ < max_denials) return std::nullopt;
        return ending::by_us(code::too_many_attempts, "too many attempts on this connection");
    }

private:
    int count_ = 0;
    int answers_ = 0;
};

/// What both modes share: the next access request, or how the connection ends.
task<result<protocol::access_request, ending>> receive_request(peer& visitor)
{
    auto frame = co_await visitor.receive();
    if (!frame) co_return refuse(frame.error());
    auto request = protocol::decode_access_request(*frame);
    if (!request) co_return refuse(ending::by_us(request.error()));
    if (std::holds_alternative<protocol::closing>(*request)) co_return refuse(ending::by_peer());
    co_return *request;
}

/// Identify access: a known address is let in at once, an unknown one says its name.
task<admitted> identified(peer& visitor, house const& house, identity::claim const& claim)
{
    if (claim.known()) co_return guest{via::address, claim.name()};
    denials denied;
    for (;;) {
        auto request = co_await receive_request(visitor);
        if (!request) co_return refuse(request.error());
        failure refused{code::not_supported, "this server asks for a name only: identify"};
        if (auto const* identify = std::get_if<protocol::identify>(&*request)) {
            auto introduced = co_await house.directory.introduce(visitor.address(), std::string{identify->name});
            if (introduced) co_return guest{via::identify, introduced->name()};
            refused = introduced.error();
        }
        if (auto last = denied.say(visitor, refused)) co_return refuse(*last);
    }
}

task<result<guest>> registered(peer& visitor, house const& house, protocol::register_account const& asked)
{
    std::string name{asked.name};
    base::secret password{asked.password};
    auto accepted = co_await house.verifier.register_account(std::move(name), std::move(password), visitor.address());
    if (!accepted) co_return refuse(accepted.error());
    auto opened = co_await house.registry.open(*accepted, visitor.address(), visitor.transport());
    if (!opened) co_return refuse(opened.error());
    co_return guest{via::register_account, std::move(*opened)};
}

task<result<guest>> logged_in(peer& visitor, house const& house, protocol::login const& asked)
{
    std::string name{asked.name};
    base::secret password{asked.password};
    auto proved = co_await house.verifier.login(std::move(name), std::move(password), visitor.address());
    if (!proved) co_return refuse(proved.error());
    auto opened = co_await house.registry.open(*proved, visitor.address(), visitor.transport());
    if (!opened) co_return refuse(opened.error());
    co_return guest{via::login, std::move(*opened)};
}

task<result<guest>> resumed(peer& visitor, house const& house, protocol::resume const& asked)
{
    base::secret token{asked.token};
    auto opened = co_await house.registry.resume(std::move(token), visitor.address(), visitor.transport());
    if (!opened) co_return refuse(opened.error());
    co_return guest{via::resume, std::move(*opened)};
}

task<result<guest>> try_access(peer& visitor, house const& house, protocol::access_request const& request)
{
    if (auto const* asked = std::get_if<protocol::register_account>(&request)) {
        auto tried = co_await registered(visitor, house, *asked);
        co_return tried;
    }
    if (auto const* asked = std::get_if<protocol::login>(&request)) {
        auto tried = co_await logged_in(visitor, house, *asked);
        co_return tried;
    }
    auto tried = co_await resumed(visitor, house, std::get<protocol::resume>(request));
    co_return tried;
}

/// Makes the visitor findable by its session first and asks for endings afterwards, so that none slips between.
std::optional<failure> take_seat(peer& visitor, house const& house, sessions::session const& session)
{
    visitor.belongs_to(session.id(), session.expires_at());
    if (!house.registry.has_ended(session.id())) return std::nullopt;
    visitor.belongs_to(0, {});
    return failure{code::invalid_token, "the session has just ended: log in again"};
}

/// Authenticate access: register, login or resume, until one of them succeeds.
task<admitted> authenticated(peer& visitor, house const& house, identity::claim const& claim)
{
    denials denied;
    for (;;) {
        auto request = co_await receive_request(visitor);
        if (!request) co_return refuse(request.error());
        if (std::holds_alternative<protocol::identify>(*request)) {
            co_return refuse(ending::by_us(code::unauthorized, "this server asks for an account"));
        }
        auto tried = co_await try_access(visitor, house, *request);
        std::optional<failure> refused;
        if (!tried) {
            refused = tried.error();
        } else {
            refused = take_seat(visitor, house, *tried->session);
        }
        if (!refused) {
            auto const& session = *tried->session;
            // A new session is in the book of addresses already. A resume writes no more than it must: where the book
            // says the same already, it is left as it is.
            if (tried->via == via::resume && claim.name() != session.name()) {
                co_await house.directory.remember(visitor.address(), session.name(), session.account());
            }
        }
        // What was cut short by the end of the connection says nothing about the try, and nobody waits for a grant.
        if (visitor.interrupted()) co_return refuse(*visitor.interrupted());
        if (!refused) co_return std::move(*tried);
        if (auto last = denied.say(visitor, *refused)) co_return refuse(*last);
    }
}

std::string_view name_of(via how)
{
    if (how == via::open) return "open";
    return how == via::address ? "address" : "identify";
}

void grant(peer& visitor, guest const& who)
{
    protocol::granted answer;
    answer.via = static_cast<protocol::via>(who.via);
    answer.name = who.name;
    if (who.session) {
        auto const& session = *who.session;
        auto const& before = session.before();
        answer.session_id = static_cast<std::uint64_t>(session.id());
        answer.token = session.token().view();
        answer.expires_at = base::seconds_since_epoch(session.expires_at());
        if (before.last_login_at) answer.last_login_at = base::seconds_since_epoch(*before.last_login_at);
        answer.last_address = before.last_address;
        answer.failed_since = before.failed_since;
    }
    visitor.say(answer);
    visitor.admitted();
}

}  // namespace

task<admitted> handshake(peer& visitor, house const& house)
{
    auto opened = co_await open(visitor);
    if (!opened) co_return refuse(opened.error());
    auto const claim = co_await house.directory.recall(visitor.address());
    welcome(visitor, house, claim);

    admitted outcome{guest{via::open, std::string{}}};
    if (house.rules.access == protocol::access_mode::identify) {
        outcome = co_await identified(visitor, house, claim);
    } else if (house.rules.access == protocol::access_mode::authenticate) {
        outcome = co_await authenticated(visitor, house, claim);
    }
    if (outcome) grant(visitor, *outcome);
    if (outcome && !outcome->session) {
        auto const& from = visitor.address();
        house.log.info("admitted", {{"address", from.text()},
                                    {"connection", from.connection()},
                                    {"via", name_of(outcome->via)},
                                    log::quoted("name", outcome->name)});
    }
    co_return outcome;
}

}  // namespace porter::rooms::server
