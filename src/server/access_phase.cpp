#include "server/access_phase.hpp"

#include "porter/version.hpp"
#include "store/unavailable.hpp"

namespace porter::detail::server {
namespace {

void log_hello(connection const& conn, log::logger& log, protocol::hello const& hello)
{
    log.with(conn.address()).debug("hello_received", {{"version", hello.version}, log::quoted("agent", hello.agent)});
}

task<bool> receive_hello(connection& conn, server_context const& ctx)
{
    auto const received = co_await conn.receive();
    if (!received) co_return false;
    auto const message = protocol::decode_opening(received->payload());
    if (message && std::holds_alternative<protocol::hello>(*message)) {
        log_hello(conn, ctx.log, std::get<protocol::hello>(*message));
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
    auto const& options = *ctx.options;
    bool const greet = options.access != protocol::access_mode::authenticate || options.greet_by_address;
    conn.queue(protocol::welcome{protocol::version, options.access, options.max_frame, server,
                                 greet ? std::string_view{claim.name()} : std::string_view{}});
}

bool is_identify(base::bytes_view payload)
{
    return !payload.empty() && static_cast<protocol::kind>(payload.front()) == protocol::kind::identify;
}

/// The next access request. None: the connection has ended.
task<std::optional<protocol::access_request>> receive_request(connection& conn, server_context const& ctx)
{
    auto const received = co_await conn.receive();
    if (!received) co_return std::nullopt;
    // Decided by the kind alone: a body that is not allowed is not decoded.
    if (ctx.options->access == protocol::access_mode::authenticate && is_identify(received->payload())) {
        conn.end(close_reason::local(code::unauthorized, "this server asks for an account"));
        co_return std::nullopt;
    }
    auto const request = protocol::decode_access_request(received->payload());
    if (!request) {
        conn.end(close_reason::local(request.error()));
    } else if (std::holds_alternative<protocol::closing>(*request)) {
        conn.end(close_reason::peer_closed());
    }
    if (conn.ended()) co_return std::nullopt;
    co_return *request;
}

/// The name last recorded for the client's address. A store without contact would let the client wait for it.
task<identity::claim> find_claim(connection& conn, server_context const& ctx)
{
    if (ctx.registry.is_partitioned()) co_return identity::directory::unnamed(conn.address());
    auto found = co_await ctx.directory.lookup(conn.address());
    co_return found;
}

/// Identify access: a known address gets access at once, any other after an identify request.
task<std::optional<authenticated_client>> identify_client(connection& conn, server_context const& ctx,
                                                          identity::claim const& claim)
{
    bool const is_known = claim.known() && !ctx.registry.is_partitioned();
    if (is_known) co_return authenticated_client{auth_method::address, claim.name()};
    for (;;) {
        auto const request = co_await receive_request(conn, ctx);
        if (!request) co_return std::nullopt;
        error denial{code::not_supported, "this server asks for a name only: identify"};
        co_await conn.flush_before_wait();
        auto const* identify = std::get_if<protocol::identify>(&*request);
        if (identify && ctx.registry.is_partitioned()) {
            denial = store::unavailable();
        } else if (identify) {
            auto named = co_await ctx.directory.set_name(conn.address(), std::string{identify->name});
            if (named) co_return authenticated_client{auth_method::identify, named->name()};
            denial = named.error();
        }
        conn.statistics().count_access_denied(auth_method::identify, denial.code);
        conn.deny(denial);
    }
}

/// A session, and the method by which it was opened or resumed.
struct granted_access {
    granted_access(porter::auth_method method_, sessions::session session_)
        : method(method_), session(std::move(session_))
    {}

    porter::auth_method method;
    sessions::session session;
};

/// The error after commit_access() has ended the connection; it is not sent.
error server_full_error()
{
    return {code::server_full, "the server is full"};
}

task<result<granted_access>> register_account(connection& conn, server_context const& ctx,
                                              protocol::register_account const& request)
{
    std::string name{request.name};
    base::secret password{request.password};
    auto pending = co_await ctx.verifier.register_account(std::move(name), std::move(password), conn.address());
    if (!pending) co_return unexpected(pending.error());
    if (!conn.commit_access(0)) {
        co_await ctx.verifier.rollback(*pending);
        co_return unexpected(server_full_error());
    }
    auto opened = co_await ctx.registry.open(*pending, conn.address(), conn.transport());
    if (!opened) {
        conn.uncommit_access();
        co_return unexpected(opened.error());
    }
    conn.set_account(opened->account());
    co_return granted_access{auth_method::register_account, std::move(*opened)};
}

task<result<granted_access>> open_session(connection& conn, server_context const& ctx, auth::principal principal)
{
    // The slot is committed first: a session whose token is never received would replace an older one.
    if (!conn.commit_access(principal.account())) {
        co_await ctx.verifier.rollback(principal);
        co_return unexpected(server_full_error());
    }
    auto opened = co_await ctx.registry.open(principal, conn.address(), conn.transport());
    if (!opened) {
        conn.uncommit_access();
        co_return unexpected(opened.error());
    }
    co_return granted_access{auth_method::login, std::move(*opened)};
}

/// What lacks only the second factor: the last login or redeem of a connection.
struct pending_access {
    std::optional<auth::password_proof> login;
    std::optional<auth::pending_reset> reset;
};

/// `pending` is set if the password is right and a `prove` must follow.
task<result<granted_access>> log_in(connection& conn, server_context const& ctx, protocol::login const& request,
                                    pending_access& pending)
{
    pending = {};
    std::string name{request.name};
    base::secret password{request.password};
    auto principal = co_await ctx.verifier.login(std::move(name), std::move(password), conn.address(), &pending.login);
    if (!principal) co_return unexpected(principal.error());
    auto granted = co_await open_session(conn, ctx, std::move(*principal));
    co_return granted;
}

task<result<granted_access>> spend_code(connection& conn, server_context const& ctx, auth::redemption redeemed)
{
    if (!conn.commit_access(redeemed.account().id)) {
        co_await ctx.redeemer->rollback(redeemed);
        co_return unexpected(server_full_error());
    }
    auto opened = co_await ctx.registry.open(redeemed, conn.address(), conn.transport());
    if (!opened) {
        conn.uncommit_access();
        co_return unexpected(opened.error());
    }
    if (!redeemed.is_reset()) conn.set_account(opened->account());
    co_return granted_access{auth_method::redeem, std::move(*opened)};
}

/// `pending` is set if a reset is valid and a `prove` must follow.
task<result<granted_access>> redeem_code(connection& conn, server_context const& ctx, protocol::redeem const& request,
                                         pending_access& pending)
{
    pending = {};
    if (ctx.redeemer == nullptr) co_return unexpected(error{code::not_supported, "this server keeps no codes"});
    base::secret code{request.code};
    std::string name{request.name};
    base::secret password{request.password};
    auto redeemed = co_await ctx.redeemer->redeem(std::move(code), std::move(name), std::move(password), conn.address(),
                                                  &pending.reset);
    if (!redeemed) co_return unexpected(redeemed.error());
    auto granted = co_await spend_code(conn, ctx, std::move(*redeemed));
    co_return granted;
}

task<result<granted_access>> prove(connection& conn, server_context const& ctx, protocol::prove const& request,
                                   pending_access const& pending)
{
    bool const is_pending = pending.login || pending.reset;
    if (!is_pending || ctx.second_factors == nullptr) {
        co_return unexpected(error{code::bad_credentials, "log in with the password, or redeem a code, first"});
    }
    base::secret code{request.code};
    if (pending.reset) {
        auto redeemed = co_await ctx.second_factors->prove(*pending.reset, std::move(code), conn.address());
        if (!redeemed) co_return unexpected(redeemed.error());
        auto granted = co_await spend_code(conn, ctx, std::move(*redeemed));
        co_return granted;
    }
    auto principal = co_await ctx.second_factors->prove(*pending.login, std::move(code), conn.address());
    if (!principal) co_return unexpected(principal.error());
    auto granted = co_await open_session(conn, ctx, std::move(*principal));
    co_return granted;
}

task<result<granted_access>> resume_session(connection& conn, server_context const& ctx,
                                            protocol::resume const& request)
{
    base::secret token{request.token};
    auto opened = co_await ctx.registry.resume(std::move(token), conn.address(), conn.transport());
    if (!opened) co_return unexpected(opened.error());
    if (!conn.commit_access(opened->account())) co_return unexpected(server_full_error());
    co_return granted_access{auth_method::resume, std::move(*opened)};
}

/// The method by which a request of authenticate access asks for it. A `prove` belongs to the redeem that is pending,
/// or to a login, also if nothing is pending.
auth_method method_of(protocol::access_request const& request, pending_access const& pending)
{
    if (std::holds_alternative<protocol::register_account>(request)) return auth_method::register_account;
    if (std::holds_alternative<protocol::redeem>(request)) return auth_method::redeem;
    if (std::holds_alternative<protocol::resume>(request)) return auth_method::resume;
    bool const proves_reset = std::holds_alternative<protocol::prove>(request) && pending.reset;
    return proves_reset ? auth_method::redeem : auth_method::login;
}

/// The log event of a request that is denied before a module is asked.
std::string_view denied_event(auth_method method)
{
    if (method == auth_method::register_account) return "register_denied";
    return method == auth_method::redeem ? "redeem_denied" : "login_denied";
}

task<result<granted_access>> try_access(connection& conn, server_context const& ctx,
                                        protocol::access_request const& request, pending_access& pending)
{
    bool const is_resumed = std::holds_alternative<protocol::resume>(request);
    if (!is_resumed && ctx.registry.is_partitioned()) {  // before a password is hashed; the registry decides again
        auto denial = store::unavailable();
        ctx.log.with(conn.address()).info(denied_event(method_of(request, pending)), {{"code", name_of(denial.code)}});
        co_return unexpected(std::move(denial));
    }
    if (auto const* registration = std::get_if<protocol::register_account>(&request)) {
        auto granted = co_await register_account(conn, ctx, *registration);
        co_return granted;
    }
    if (auto const* login = std::get_if<protocol::login>(&request)) {
        auto granted = co_await log_in(conn, ctx, *login, pending);
        co_return granted;
    }
    if (auto const* code = std::get_if<protocol::prove>(&request)) {
        auto granted = co_await prove(conn, ctx, *code, pending);
        co_return granted;
    }
    if (auto const* redeem = std::get_if<protocol::redeem>(&request)) {
        auto granted = co_await redeem_code(conn, ctx, *redeem, pending);
        co_return granted;
    }
    auto granted = co_await resume_session(conn, ctx, std::get<protocol::resume>(request));
    co_return granted;
}

/// Sets the connection's session first and checks afterwards whether it has ended, so that no end is missed.
std::optional<error> attach_session(connection& conn, server_context const& ctx, sessions::session const& session)
{
    conn.set_session(session.id(), session.expires_at());
    if (!ctx.registry.has_ended(session.id())) return std::nullopt;
    conn.set_session(0, {});
    conn.uncommit_access();
    return error{code::invalid_token, "the session has just ended: log in again"};
}

void grant(connection& conn, protocol::granted const& granted)
{
    conn.statistics().count_granted(static_cast<auth_method>(granted.auth_method));
    conn.queue(granted);
    conn.on_access_granted();
}

void grant(connection& conn, granted_access const& access)
{
    auto const& session = access.session;
    auto const& history = session.history();
    protocol::granted granted;
    granted.auth_method = static_cast<protocol::auth_method>(access.method);
    granted.name = session.name();
    granted.session_id = static_cast<std::uint64_t>(session.id());
    granted.token = session.token().view();
    granted.expires_at = base::seconds_since_epoch(session.expires_at());
    if (history.last_login_at) granted.last_login_at = base::seconds_since_epoch(*history.last_login_at);
    granted.last_address = history.last_address;
    granted.failed_since = history.failed_since;
    grant(conn, granted);
}

/// Authenticate access: register, resume, or login or redeem and possibly prove, until one of them succeeds.
task<std::optional<authenticated_client>> authenticate_client(connection& conn, server_context const& ctx,
                                                              identity::claim const& claim)
{
    pending_access pending;
    for (;;) {
        auto const request = co_await receive_request(conn, ctx);
        if (!request) co_return std::nullopt;
        co_await conn.flush_before_wait();
        auto granted = co_await try_access(conn, ctx, *request, pending);
        std::optional<error> denial;
        if (!granted) {
            // What a partitioned server knows may be out of date, also if it has become one only now.
            denial = ctx.registry.is_partitioned() ? store::unavailable() : granted.error();
        } else {
            denial = attach_session(conn, ctx, granted->session);
        }
        if (!denial) {
            auto const& session = granted->session;
            // Opening a session has recorded the address; resuming one records it only if the name has changed.
            if (granted->method == auth_method::resume && claim.name() != session.name()) {
                co_await ctx.directory.record_login(conn.address(), session.name(), session.account());
            }
        }
        // A connection that has ended gets no grant, whatever the attempt's result.
        if (conn.ended()) co_return std::nullopt;
        if (!denial) {
            grant(conn, *granted);
            co_return authenticated_client{granted->method, granted->session};
        }
        conn.statistics().count_access_denied(method_of(*request, pending), denial->code);
        conn.deny(*denial);
    }
}

std::string_view name_of(auth_method method)
{
    if (method == auth_method::open) return "open";
    return method == auth_method::address ? "address" : "identify";
}

/// Access without an account.
void grant(connection& conn, server_context const& ctx, authenticated_client const& client)
{
    protocol::granted granted;
    granted.auth_method = static_cast<protocol::auth_method>(client.auth_method);
    granted.name = client.name;
    grant(conn, granted);
    ctx.log.with(conn.address())
        .info("admitted", {{"via", name_of(client.auth_method)}, log::quoted("name", client.name)});
}

}  // namespace

task<std::optional<authenticated_client>> run_access_phase(connection& conn, server_context const& ctx)
{
    bool const opened = co_await receive_hello(conn, ctx);
    if (!opened) co_return std::nullopt;
    auto const claim = co_await find_claim(conn, ctx);
    send_welcome(conn, ctx, claim);
    if (ctx.options->access == protocol::access_mode::authenticate) {
        auto client = co_await authenticate_client(conn, ctx, claim);
        co_return client;
    }
    std::optional<authenticated_client> client{authenticated_client{auth_method::open, std::string{}}};
    if (ctx.options->access == protocol::access_mode::identify) {
        client = co_await identify_client(conn, ctx, claim);
    }
    if (!client || !conn.commit_access(0)) co_return std::nullopt;
    grant(conn, ctx, *client);
    co_return client;
}

}  // namespace porter::detail::server
