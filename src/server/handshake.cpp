#include "server/handshake.hpp"

#include "porter/version.hpp"

namespace porter::rooms::server {
namespace {

void note_hello(peer const& visitor, house const& house, protocol::hello const& said)
{
    auto const& from = visitor.address();
    house.log.debug("hello_received", {{"address", from.text()},
                                       {"connection", from.connection()},
                                       {"version", said.version},
                                       log::quoted("agent", said.agent)});
}

task<bool> open(peer& visitor, house const& house)
{
    auto const frame = co_await visitor.receive();
    if (!frame) co_return false;
    auto const message = protocol::decode_opening(*frame);
    if (message && std::holds_alternative<protocol::hello>(*message)) {
        note_hello(visitor, house, std::get<protocol::hello>(*message));
    }
    if (!message) {
        visitor.end(ending::by_us(message.error()));
    } else if (auto const* hello = std::get_if<protocol::hello>(&*message); hello == nullptr) {
        visitor.end(ending::by_peer());
    } else if (hello->version != protocol::version) {
        visitor.end(ending::by_us(code::unsupported_version,
                                  "this server speaks version " + std::to_string(protocol::version)));
    }
    co_return !visitor.ended();
}

void welcome(peer& visitor, house const& house, identity::claim const& claim)
{
    static std::string const server = "porterd/" + std::string{version};
    auto const& rules = house.rules;
    bool const greet = rules.access != protocol::access_mode::authenticate || rules.greet_by_address;
    visitor.say(protocol::welcome{protocol::version, rules.access, rules.max_frame, server,
                                  greet ? std::string_view{claim.name()} : std::string_view{}});
}

bool is_identify(base::bytes_view payload)
{
    return !payload.empty() && static_cast<protocol::kind>(payload.front()) == protocol::kind::identify;
}

/// What both modes share: the next access request. None: the connection has ended.
task<std::optional<protocol::access_request>> receive_request(peer& visitor, house const& house)
{
    auto const frame = co_await visitor.receive();
    if (!frame) co_return std::nullopt;
    // Judged before the body: what is not allowed is not read.
    if (house.rules.access == protocol::access_mode::authenticate && is_identify(*frame)) {
        visitor.end(ending::by_us(code::unauthorized, "this server asks for an account"));
        co_return std::nullopt;
    }
    auto const request = protocol::decode_access_request(*frame);
    if (!request) {
        visitor.end(ending::by_us(request.error()));
    } else if (std::holds_alternative<protocol::closing>(*request)) {
        visitor.end(ending::by_peer());
    }
    if (visitor.ended()) co_return std::nullopt;
    co_return *request;
}

/// Identify access: a known address is let in at once, an unknown one says its name.
task<std::optional<guest>> identified(peer& visitor, house const& house, identity::claim const& claim)
{
    if (claim.known()) co_return guest{via::address, claim.name()};
    for (;;) {
        auto const request = co_await receive_request(visitor, house);
        if (!request) co_return std::nullopt;
        failure refused{code::not_supported, "this server asks for a name only: identify"};
        co_await visitor.flush_before_wait();
        if (auto const* identify = std::get_if<protocol::identify>(&*request)) {
            auto introduced = co_await house.directory.introduce(visitor.address(), std::string{identify->name});
            if (introduced) co_return guest{via::identify, introduced->name()};
            refused = introduced.error();
        }
        visitor.deny(refused);
    }
}

/// An open session, and how it came to be.
struct entrance {
    entrance(porter::via how, sessions::session opened) : via(how), session(std::move(opened)) {}

    porter::via via;
    sessions::session session;
};

/// Of a connection that take_access() has ended: nobody is told this any more.
failure no_place()
{
    return {code::server_full, "the server is full"};
}

task<result<entrance>> registered(peer& visitor, house const& house, protocol::register_account const& asked)
{
    std::string name{asked.name};
    base::secret password{asked.password};
    auto accepted = co_await house.verifier.register_account(std::move(name), std::move(password), visitor.address());
    if (!accepted) co_return refuse(accepted.error());
    if (!visitor.take_access(0)) {
        co_await house.verifier.roll_back(*accepted);
        co_return refuse(no_place());
    }
    auto opened = co_await house.registry.open(*accepted, visitor.address(), visitor.transport());
    if (!opened) {
        visitor.give_up_access();
        co_return refuse(opened.error());
    }
    visitor.set_account(opened->account());
    co_return entrance{via::register_account, std::move(*opened)};
}

task<result<entrance>> logged_in(peer& visitor, house const& house, protocol::login const& asked)
{
    std::string name{asked.name};
    base::secret password{asked.password};
    auto proved = co_await house.verifier.login(std::move(name), std::move(password), visitor.address());
    if (!proved) co_return refuse(proved.error());
    // The place comes before the session: one that nobody gets the token of would end an older one of the account.
    if (!visitor.take_access(proved->account())) {
        co_await house.verifier.roll_back(*proved);
        co_return refuse(no_place());
    }
    auto opened = co_await house.registry.open(*proved, visitor.address(), visitor.transport());
    if (!opened) {
        visitor.give_up_access();
        co_return refuse(opened.error());
    }
    co_return entrance{via::login, std::move(*opened)};
}

task<result<entrance>> resumed(peer& visitor, house const& house, protocol::resume const& asked)
{
    base::secret token{asked.token};
    auto opened = co_await house.registry.resume(std::move(token), visitor.address(), visitor.transport());
    if (!opened) co_return refuse(opened.error());
    if (!visitor.take_access(opened->account())) co_return refuse(no_place());
    co_return entrance{via::resume, std::move(*opened)};
}

task<result<entrance>> try_access(peer& visitor, house const& house, protocol::access_request const& request)
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
    visitor.give_up_access();
    return failure{code::invalid_token, "the session has just ended: log in again"};
}

void grant(peer& visitor, protocol::granted const& answer)
{
    visitor.say(answer);
    visitor.admitted();
}

void grant(peer& visitor, entrance const& by)
{
    auto const& session = by.session;
    auto const& before = session.before();
    protocol::granted answer;
    answer.via = static_cast<protocol::via>(by.via);
    answer.name = session.name();
    answer.session_id = static_cast<std::uint64_t>(session.id());
    answer.token = session.token().view();
    answer.expires_at = base::seconds_since_epoch(session.expires_at());
    if (before.last_login_at) answer.last_login_at = base::seconds_since_epoch(*before.last_login_at);
    answer.last_address = before.last_address;
    answer.failed_since = before.failed_since;
    grant(visitor, answer);
}

/// Authenticate access: register, login or resume, until one of them succeeds.
task<std::optional<guest>> authenticated(peer& visitor, house const& house, identity::claim const& claim)
{
    for (;;) {
        auto const request = co_await receive_request(visitor, house);
        if (!request) co_return std::nullopt;
        co_await visitor.flush_before_wait();
        auto tried = co_await try_access(visitor, house, *request);
        std::optional<failure> refused;
        if (!tried) {
            refused = tried.error();
        } else {
            refused = take_seat(visitor, house, tried->session);
        }
        if (!refused) {
            auto const& session = tried->session;
            // A new session is in the book of addresses already. A resume writes no more than it must: where the book
            // says the same already, it is left as it is.
            if (tried->via == via::resume && claim.name() != session.name()) {
                co_await house.directory.remember(visitor.address(), session.name(), session.account());
            }
        }
        // What was cut short by the end of the connection says nothing about the try, and nobody waits for a grant.
        if (visitor.ended()) co_return std::nullopt;
        if (!refused) {
            grant(visitor, *tried);
            co_return guest{tried->via, tried->session};
        }
        visitor.deny(*refused);
    }
}

std::string_view name_of(via how)
{
    if (how == via::open) return "open";
    return how == via::address ? "address" : "identify";
}

/// Without an account: by a name at most.
void grant(peer& visitor, house const& house, guest const& who)
{
    protocol::granted answer;
    answer.via = static_cast<protocol::via>(who.via);
    answer.name = who.name;
    grant(visitor, answer);
    auto const& from = visitor.address();
    house.log.info("admitted", {{"address", from.text()},
                                {"connection", from.connection()},
                                {"via", name_of(who.via)},
                                log::quoted("name", who.name)});
}

}  // namespace

task<std::optional<guest>> handshake(peer& visitor, house const& house)
{
    bool const opened = co_await open(visitor, house);
    if (!opened) co_return std::nullopt;
    auto const claim = co_await house.directory.recall(visitor.address());
    welcome(visitor, house, claim);
    if (house.rules.access == protocol::access_mode::authenticate) {
        auto admitted = co_await authenticated(visitor, house, claim);
        co_return admitted;
    }
    std::optional<guest> admitted{guest{via::open, std::string{}}};
    if (house.rules.access == protocol::access_mode::identify) {
        admitted = co_await identified(visitor, house, claim);
    }
    if (!admitted || !visitor.take_access(0)) co_return std::nullopt;
    grant(visitor, house, *admitted);
    co_return admitted;
}

}  // namespace porter::rooms::server
