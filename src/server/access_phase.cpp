#include "server/access_phase.hpp"

#include "porter/version.hpp"

namespace porter::detail::server {
namespace {

void note_hello(connection const& conn, server_context const& ctx, protocol::hello const& said)
{
    auto const& from = conn.address();
    ctx.log.debug("hello_received", {{"address", from.text()},
                                     {"connection", from.connection()},
                                     {"version", said.version},
                                     log::quoted("agent", said.agent)});
}

task<bool> receive_hello(connection& conn, server_context const& ctx)
{
    auto const frame = co_await conn.receive();
    if (!frame) co_return false;
    auto const message = protocol::decode_opening(*frame);
    if (message && std::holds_alternative<protocol::hello>(*message)) {
        note_hello(conn, ctx, std::get<protocol::hello>(*message));
    }
    if (!message) {
        conn.end(close_reason::local(message.error()));
    } else if (auto const* hello = std::get_if<protocol::hello>(&*message); hello == nullptr) {
        conn.end(close_reason::peer_closed());
    } else if (hello->version != protocol::version) {
        conn.end(close_reason::local(code::unsupported_version,
                                     "this server speaks version " + std::to_string(protocol::version)));
    }
    co_return !conn.ended();
}

void send_welcome(connection& conn, server_context const& ctx, identity::claim const& claim)
{
    static std::string const server = "porterd/" + std::string{version};
    auto const& options = ctx.options;
    bool const greet = options.access != protocol::access_mode::authenticate || options.greet_by_address;
    conn.send(protocol::welcome{protocol::version, options.access, options.max_frame, server,
                                greet ? std::string_view{claim.name()} : std::string_view{}});
}

bool is_identify(base::bytes_view payload)
{
    return !payload.empty() && static_cast<protocol::kind>(payload.front()) == protocol::kind::identify;
}

/// What both modes share: the next access request. None: the connection has ended.
task<std::optional<protocol::access_request>> receive_request(connection& conn, server_context const& ctx)
{
    auto const frame = co_await conn.receive();
    if (!frame) co_return std::nullopt;
    // Judged before the body: what is not allowed is not read.
    if (ctx.options.access == protocol::access_mode::authenticate && is_identify(*frame)) {
        conn.end(close_reason::local(code::unauthorized, "this server asks for an account"));
        co_return std::nullopt;
    }
    auto const request = protocol::decode_access_request(*frame);
    if (!request) {
        conn.end(close_reason::local(request.error()));
    } else if (std::holds_alternative<protocol::closing>(*request)) {
        conn.end(close_reason::peer_closed());
    }
    if (conn.ended()) co_return std::nullopt;
    co_return *request;
}

/// Identify access: a known address is let in at once, an unknown one says its name.
task<std::optional<authenticated_client>> identify_client(connection& conn, server_context const& ctx,
                                                          identity::claim const& claim)
{
    if (claim.known()) co_return authenticated_client{auth_method::address, claim.name()};
    for (;;) {
        auto const request = co_await receive_request(conn, ctx);
        if (!request) co_return std::nullopt;
        error refused{code::not_supported, "this server asks for a name only: identify"};
        co_await conn.flush_before_wait();
        if (auto const* identify = std::get_if<protocol::identify>(&*request)) {
            auto introduced = co_await ctx.directory.set_name(conn.address(), std::string{identify->name});
            if (introduced) co_return authenticated_client{auth_method::identify, introduced->name()};
            refused = introduced.error();
        }
        conn.deny(refused);
    }
}

/// An open session, and how it came to be.
struct granted_access {
    granted_access(porter::auth_method how, sessions::session opened) : via(how), session(std::move(opened)) {}

    porter::auth_method via;
    sessions::session session;
};

/// Of a connection that take_access() has ended: nobody is told this any more.
error server_full_error()
{
    return {code::server_full, "the server is full"};
}

task<result<granted_access>> register_account(connection& conn, server_context const& ctx,
                                              protocol::register_account const& asked)
{
    std::string name{asked.name};
    base::secret password{asked.password};
    auto accepted = co_await ctx.verifier.register_account(std::move(name), std::move(password), conn.address());
    if (!accepted) co_return unexpected(accepted.error());
    if (!conn.commit_access(0)) {
        co_await ctx.verifier.roll_back(*accepted);
        co_return unexpected(server_full_error());
    }
    auto opened = co_await ctx.registry.open(*accepted, conn.address(), conn.transport());
    if (!opened) {
        conn.uncommit_access();
        co_return unexpected(opened.error());
    }
    conn.set_account(opened->account());
    co_return granted_access{auth_method::register_account, std::move(*opened)};
}

task<result<granted_access>> log_in(connection& conn, server_context const& ctx, protocol::login const& asked)
{
    std::string name{asked.name};
    base::secret password{asked.password};
    auto proved = co_await ctx.verifier.login(std::move(name), std::move(password), conn.address());
    if (!proved) co_return unexpected(proved.error());
    // The place comes before the session: one that nobody gets the token of would end an older one of the account.
    if (!conn.commit_access(proved->account())) {
        co_await ctx.verifier.roll_back(*proved);
        co_return unexpected(server_full_error());
    }
    auto opened = co_await ctx.registry.open(*proved, conn.address(), conn.transport());
    if (!opened) {
        conn.uncommit_access();
        co_return unexpected(opened.error());
    }
    co_return granted_access{auth_method::login, std::move(*opened)};
}

task<result<granted_access>> resume_session(connection& conn, server_context const& ctx, protocol::resume const& asked)
{
    base::secret token{asked.token};
    auto opened = co_await ctx.registry.resume(std::move(token), conn.address(), conn.transport());
    if (!opened) co_return unexpected(opened.error());
    if (!conn.commit_access(opened->account())) co_return unexpected(server_full_error());
    co_return granted_access{auth_method::resume, std::move(*opened)};
}

task<result<granted_access>> try_access(connection& conn, server_context const& ctx,
                                        protocol::access_request const& request)
{
    if (auto const* asked = std::get_if<protocol::register_account>(&request)) {
        auto tried = co_await register_account(conn, ctx, *asked);
        co_return tried;
    }
    if (auto const* asked = std::get_if<protocol::login>(&request)) {
        auto tried = co_await log_in(conn, ctx, *asked);
        co_return tried;
    }
    auto tried = co_await resume_session(conn, ctx, std::get<protocol::resume>(request));
    co_return tried;
}

/// Makes the visitor findable by its session first and asks for endings afterwards, so that none slips between.
std::optional<error> attach_session(connection& conn, server_context const& ctx, sessions::session const& session)
{
    conn.set_session(session.id(), session.expires_at());
    if (!ctx.registry.has_ended(session.id())) return std::nullopt;
    conn.set_session(0, {});
    conn.uncommit_access();
    return error{code::invalid_token, "the session has just ended: log in again"};
}

void grant(connection& conn, protocol::granted const& answer)
{
    conn.send(answer);
    conn.on_access_granted();
}

void grant(connection& conn, granted_access const& by)
{
    auto const& session = by.session;
    auto const& before = session.history();
    protocol::granted answer;
    answer.auth_method = static_cast<protocol::via>(by.via);
    answer.name = session.name();
    answer.session_id = static_cast<std::uint64_t>(session.id());
    answer.token = session.token().view();
    answer.expires_at = base::seconds_since_epoch(session.expires_at());
    if (before.last_login_at) answer.last_login_at = base::seconds_since_epoch(*before.last_login_at);
    answer.last_address = before.last_address;
    answer.failed_since = before.failed_since;
    grant(conn, answer);
}

/// Authenticate access: register, login or resume, until one of them succeeds.
task<std::optional<authenticated_client>> authenticate_client(connection& conn, server_context const& ctx,
                                                              identity::claim const& claim)
{
    for (;;) {
        auto const request = co_await receive_request(conn, ctx);
        if (!request) co_return std::nullopt;
        co_await conn.flush_before_wait();
        auto tried = co_await try_access(conn, ctx, *request);
        std::optional<error> refused;
        if (!tried) {
            refused = tried.error();
        } else {
            refused = attach_session(conn, ctx, tried->session);
        }
        if (!refused) {
            auto const& session = tried->session;
            // A new session is in the book of addresses already. A resume writes no more than it must: where the book
            // says the same already, it is left as it is.
            if (tried->via == auth_method::resume && claim.name() != session.name()) {
                co_await ctx.directory.record_login(conn.address(), session.name(), session.account());
            }
        }
        // What was cut short by the end of the connection says nothing about the try, and nobody waits for a grant.
        if (conn.ended()) co_return std::nullopt;
        if (!refused) {
            grant(conn, *tried);
            co_return authenticated_client{tried->via, tried->session};
        }
        conn.deny(*refused);
    }
}

std::string_view name_of(auth_method how)
{
    if (how == auth_method::open) return "open";
    return how == auth_method::address ? "address" : "identify";
}

/// Without an account: by a name at most.
void grant(connection& conn, server_context const& ctx, authenticated_client const& client)
{
    protocol::granted answer;
    answer.auth_method = static_cast<protocol::via>(client.auth_method);
    answer.name = client.name;
    grant(conn, answer);
    auto const& from = conn.address();
    ctx.log.info("admitted", {{"address", from.text()},
                              {"connection", from.connection()},
                              {"via", name_of(client.auth_method)},
                              log::quoted("name", client.name)});
}

}  // namespace

task<std::optional<authenticated_client>> run_access_phase(connection& conn, server_context const& ctx)
{
    bool const opened = co_await receive_hello(conn, ctx);
    if (!opened) co_return std::nullopt;
    auto const claim = co_await ctx.directory.lookup(conn.address());
    send_welcome(conn, ctx, claim);
    if (ctx.options.access == protocol::access_mode::authenticate) {
        auto admitted = co_await authenticate_client(conn, ctx, claim);
        co_return admitted;
    }
    std::optional<authenticated_client> admitted{authenticated_client{auth_method::open, std::string{}}};
    if (ctx.options.access == protocol::access_mode::identify) {
        admitted = co_await identify_client(conn, ctx, claim);
    }
    if (!admitted || !conn.commit_access(0)) co_return std::nullopt;
    grant(conn, ctx, *admitted);
    co_return admitted;
}

}  // namespace porter::detail::server
