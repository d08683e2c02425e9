#include "programs/porter/login_flow.hpp"

#include <fmt/format.h>

#include <asio/co_spawn.hpp>
#include <functional>
#include <utility>

#include "porter/state_files.hpp"
#include "porter/text.hpp"
#include "programs/porter/code_prompt.hpp"
#include "programs/porter/session_text.hpp"
#include "terminal/delayed_call.hpp"

namespace porter::programs {

namespace {

constexpr std::chrono::seconds logout_timeout{2};  // the same as for closing a connection

/// Whether the connection failed and not the request: the user took longer to answer than the server waits, or the
/// connection was lost.
bool needs_new_connection(client_error const& error)
{
    return error.cause == client_errc::lost || (error.cause == client_errc::closed && error.code == code::timeout);
}

bool rejects_name(code denial)
{
    return denial == code::name_taken || denial == code::invalid_name;
}

/// Whether a chosen name or password is not allowed, as against a wrong credential.
bool rejects_choice(code denial)
{
    return rejects_name(denial) || denial == code::weak_password;
}

}  // namespace

login_flow::login_flow(io_executor executor, porter_options const& options, server_identity server,
                       std::shared_ptr<client>& connection, console& console, prompts* prompts)
    : executor_(executor),
      options_(options),
      connector_(options, std::move(server), connection, console, prompts),
      client_(connection),
      console_(console),
      prompts_(prompts),
      credential_reader_(options, connector_, console, prompts),
      sessions_(saved_sessions_file(), [&console](std::string const& warning) { console.error(escape(warning)); }),
      name_(options.name),
      session_ended_(executor)
{}

task<outcome<void>> login_flow::log_in()
{
    auto connected = co_await connector_.connect_first();
    if (!connected) co_return connected;
    if (client_->granted() != nullptr) {
        auto entered = co_await use_granted_access();
        co_return entered;
    }
    if (client_->server().access == access::identify) {
        auto entered = co_await identify();
        co_return entered;
    }
    auto entered = co_await authenticate();
    co_return entered;
}

persistent_client login_flow::stay_connected(std::function<task<client_result<void>>(client&)> get_access,
                                             std::function<void(client_state const&)> on_state)
{
    persistent_client_options options;
    options.connection = connector_.connection_options();
    options.get_access = std::move(get_access);
    options.on_state = std::move(on_state);
    auto const& server = connector_.server();
    return {executor_, client_, server.host, server.port, std::move(options)};
}

task<client_result<void>> login_flow::resume_access(client& connection)
{
    if (connection.granted() != nullptr && !is_renaming(connection)) co_return client_result<void>{};
    if (connection.server().access == access::identify) {
        auto named = co_await connection.identify(name_);
        if (!named) co_return unexpected(named.error());
        co_return client_result<void>{};
    }
    std::string token{token_.view()};
    if (token.empty()) {  // needs_password(), or the server had no accounts before
        co_return unexpected(client_error{client_errc::denied, {code::unauthorized, "the server requires an account"}});
    }
    auto resumed = co_await connection.resume(std::move(token));
    if (resumed) co_return client_result<void>{};
    if (resumed.error().code == code::invalid_token) forget_session();
    co_return unexpected(resumed.error());
}

task<outcome<client_result<void>>> login_flow::log_in_again(client& connection)
{
    for (;;) {
        if (password_.view().empty()) {
            auto entered = co_await credential_reader_.read_password(name_, false);
            if (!entered) co_return unexpected(entered.error());
            if (entered->empty()) continue;
            password_ = std::move(*entered);
        }
        std::string password{password_.view()};
        auto access = co_await connection.login(name_, std::move(password));
        bool const is_wrong = !access && access.error().code == code::bad_credentials;
        if (needs_code(access)) {
            auto proved = co_await prove_by_prompt(connection, console_, prompts_);
            if (!proved) co_return unexpected(proved.error());
            access = std::move(*proved);
        }
        if (access || is_wrong) password_ = {};
        if (prompts_ != nullptr) prompts_->discard_hidden();
        if (access) {
            start_session(*access);
            co_return client_result<void>{};
        }
        bool const may_ask = prompts_ != nullptr && options_.password_file.empty();
        if (!is_wrong || !may_ask) co_return client_result<void>{unexpected(access.error())};
        console_.info(sentence_of(access.error()));
        if (connection.ended() != nullptr) co_return client_result<void>{unexpected(*connection.ended())};
    }
}

// Access.

/// In open access, and in identify access if the server knows the address.
task<outcome<void>> login_flow::use_granted_access()
{
    auto const granted = *client_->granted();
    if (is_renaming(*client_)) {
        auto renamed = co_await identify();
        co_return renamed;
    }
    name_ = granted.name;
    bool const by_address = granted.auth_method == auth_method::address;
    console_.print(by_address ? hello_line(name_) : welcome_line(granted, false));
    co_return outcome<void>{};
}

/// Whether the server knows this address by another name than the user's.
bool login_flow::is_renaming(client const& connection) const
{
    auto const& granted = *connection.granted();
    return granted.auth_method == auth_method::address && !name_.empty() && !names_equal(name_, granted.name);
}

task<outcome<void>> login_flow::identify()
{
    for (;;) {
        auto chosen = co_await choose_name({});
        if (!chosen) co_return unexpected(chosen.error());
        auto access = co_await client_->identify(name_);
        if (access) {
            name_ = access->name;
            console_.print(welcome_line(*access, false));
            co_return outcome<void>{};
        }
        auto retry = co_await prepare_retry(access.error());
        if (!retry) co_return unexpected(retry.error());
    }
}

task<outcome<void>> login_flow::authenticate()
{
    if (!options_.register_account && !options_.redeem) {
        auto resumed = co_await resume_saved();
        if (resumed && *resumed) {
            if (!options_.password_file.empty()) {
                console_.print(fmt::format("The saved session of {} is used, not the password file.", escape(name_)));
            }
            console_.print(welcome_line(**resumed, true));
            co_return outcome<void>{};
        }
        bool const is_invalid = resumed && resumed->error().code == code::invalid_token;
        bool const has_password = prompts_ != nullptr || !options_.password_file.empty();
        if (is_invalid) console_.print(fmt::format("Your session as {} is over.", escape(name_)));
        if (resumed && !(is_invalid && has_password)) co_return unexpected(exit_status_for(resumed->error()));
    }
    auto authenticated = co_await authenticate_by_password();
    co_return authenticated;
}

/// None: there is no saved session for this server and name. Deletes a session that the server rejects as invalid.
task<std::optional<client_result<access_granted>>> login_flow::resume_saved()
{
    std::vector<std::string> other_names;
    auto saved = sessions_.find(connector_.server(), options_.name, &other_names);
    if (!saved) co_return std::nullopt;
    if (options_.name.empty() && !other_names.empty()) console_.print(chosen_session_line(saved->name, other_names));
    std::string token{saved->token.view()};
    auto access = co_await client_->resume(std::move(token));
    if (access) {
        name_ = access->name;
        token_ = std::move(saved->token);
    } else if (access.error().code == code::invalid_token) {
        sessions_.forget(connector_.server(), saved->name);
        if (name_.empty()) name_ = saved->name;
        ended_session_name_ = saved->name;
    }
    co_return access;
}

task<outcome<void>> login_flow::authenticate_by_password()
{
    std::string const known_as = client_->server().known_as;
    bool const chooses_name = options_.register_account || options_.redeem;
    std::string proposal;
    if (name_.empty()) (chooses_name ? proposal : name_) = known_as;
    if (is_name_of_address() && !chooses_name) console_.print(hello_line(known_as));
    if (options_.redeem) {
        auto code = co_await credential_reader_.read_code();
        if (!code) co_return unexpected(code.error());
        code_ = std::move(*code);
    }
    auto chosen = co_await choose_name(std::move(proposal));
    if (!chosen) co_return unexpected(chosen.error());
    credentials entered;
    auto registration = co_await choose_registration();
    if (!registration) co_return unexpected(registration.error());
    entered.is_registration = *registration;
    for (;;) {
        auto password = co_await credential_reader_.read_password(name_, entered.is_registration);
        if (!password) co_return unexpected(password.error());
        if (password->empty()) {  // the user wants another name
            auto renamed = co_await choose_name(name_);
            if (!renamed) co_return unexpected(renamed.error());
            registration = co_await choose_registration();
            if (!registration) co_return unexpected(registration.error());
            entered.is_registration = *registration;
            continue;
        }
        entered.password = std::move(*password);
        auto const previous_name = name_;
        auto attempted = co_await attempt_with_code(entered);
        if (!attempted) co_return unexpected(attempted.error());
        auto& access = *attempted;
        if (needs_code(access)) {
            auto const connection = client_;
            auto proved = co_await prove_by_prompt(*connection, console_, prompts_);
            if (!proved) co_return unexpected(proved.error());
            access = std::move(*proved);
            if (!access && needs_new_connection(access.error())) {
                console_.info("The code took too long: log in again.");
                continue;
            }
            if (prompts_ != nullptr) prompts_->discard_hidden();
        }
        if (access) {
            start_session(*access);
            co_return outcome<void>{};
        }
        auto retry = co_await prepare_retry(access.error());
        if (!retry) co_return unexpected(retry.error());
        if (access.error().code != code::name_taken || !names_equal(name_, previous_name)) continue;
        registration = co_await choose_registration();  // the user insists on the name: it may be an existing account
        if (!registration) co_return unexpected(registration.error());
        entered.is_registration = *registration;
    }
}

/// Asks the user for a code, and tries again with it, while the server takes new accounts by invitation only, or
/// rejects the code. Without an answer the denial is the result.
task<outcome<client_result<access_granted>>> login_flow::attempt_with_code(credentials const& entered)
{
    for (;;) {
        auto access = co_await attempt_on_open_connection(entered);
        if (prompts_ != nullptr) prompts_->discard_hidden();
        if (access || !may_ask_code(access.error())) co_return access;
        console_.info(sentence_of(access.error()));
        auto const* const prompt = options_.redeem ? "Code: " : "Invitation code: ";
        auto code = co_await credential_reader_.ask_code(prompt);
        if (!code) co_return unexpected(code.error());
        if (code->empty()) co_return unexpected(exit_status{exit_code_of(access.error()), {}});
        code_ = std::move(*code);
    }
}

bool login_flow::may_ask_code(client_error const& denial) const
{
    bool const is_about_codes = denial.code == code::registration_closed || denial.code == code::invalid_code;
    return is_about_codes && denial.cause == client_errc::denied && prompts_ != nullptr && options_.code_file.empty();
}

/// Reconnects once if the connection ended while the user answered.
task<client_result<access_granted>> login_flow::attempt_on_open_connection(credentials const& entered)
{
    auto first = co_await attempt(entered);
    bool const is_out_of_attempts = entered.is_registration && !first && first.error().cause == client_errc::closed &&
                                    first.error().code == code::too_many_attempts;
    if (first || !(is_out_of_attempts || needs_new_connection(first.error()))) co_return first;
    auto connected = co_await connector_.connect_with_note();
    if (!connected) co_return unexpected(connected.error());
    auto second = co_await attempt(entered);
    co_return second;
}

task<client_result<access_granted>> login_flow::attempt(credentials const& entered)
{
    std::string password{entered.password.view()};
    if (!code_.empty()) {
        std::string code{code_.view()};
        auto redeemed = co_await client_->redeem(std::move(code), name_, std::move(password));
        co_return redeemed;
    }
    if (entered.is_registration) {
        auto registered = co_await client_->register_account(name_, std::move(password));
        co_return registered;
    }
    auto logged_in = co_await client_->login(name_, std::move(password));
    co_return logged_in;
}

/// After a denial: prints it, waits as long as the server asks, and asks for another name if the name was rejected.
/// Fails if there is no terminal or another attempt cannot succeed.
task<outcome<void>> login_flow::prepare_retry(client_error denial)
{
    bool const is_same_password = !options_.password_file.empty() && !rejects_name(denial.code);
    if (prompts_ == nullptr) co_return unexpected(exit_status_for(denial));
    if (denial.code == code::too_many_attempts) {
        console_.info(sentence_of(denial));
        co_return unexpected(exit_status{exit_code_of(denial), {}});
    }
    if (is_same_password || !may_retry(denial)) co_return unexpected(exit_status_for(denial));
    console_.info(sentence_of(denial));
    auto const* const ended = client_->ended();
    bool const was_last = ended != nullptr && ended->code == code::too_many_attempts;  // it came with the denial
    if (was_last && !rejects_choice(denial.code)) {
        console_.info(sentence_of(*ended));
        co_return unexpected(exit_status{exit_code_of(*ended), {}});
    }
    if (was_last) {  // no credential was guessed, so the user may go on with a new connection
        auto connected = co_await connector_.connect_with_note();
        if (!connected) co_return unexpected(exit_status_for(connected.error()));
    }
    if (denial.code == code::bad_credentials && is_name_of_address()) {
        console_.info(fmt::format("Not {}? An empty password asks for another name.", escape(name_)));
    } else if (denial.code == code::bad_credentials) {
        console_.info("An empty password asks for the name again, and whether it is a new account.");
    }
    if (denial.retry_after.count() > 0) co_await prompts_->wait(denial.retry_after);
    if (rejects_name(denial.code)) {
        std::string proposal;
        std::swap(proposal, name_);
        if (denial.code != code::name_taken) proposal.clear();
        auto chosen = co_await choose_name(std::move(proposal));
        if (!chosen) co_return unexpected(chosen.error());
    }
    co_return outcome<void>{};
}

// Credentials.

/// Asks for the name unless there is one and no proposal.
task<outcome<void>> login_flow::choose_name(std::string proposal)
{
    if (!name_.empty() && proposal.empty()) co_return outcome<void>{};
    bool const registers = options_.register_account && client_->server().access == access::authenticate;
    auto name = co_await credential_reader_.read_name(std::move(proposal), registers);
    if (!name) co_return unexpected(name.error());
    name_ = std::move(*name);
    co_return outcome<void>{};
}

/// Whether the name is the one that the server sent for this address: it may be another user's.
bool login_flow::is_name_of_address() const
{
    auto const& known_as = client_->server().known_as;
    return !known_as.empty() && names_equal(name_, known_as);
}

task<outcome<bool>> login_flow::choose_registration()
{
    if (options_.register_account || !code_.empty()) co_return true;
    if (prompts_ == nullptr || is_name_of_address()) co_return false;
    auto const account = std::exchange(ended_session_name_, {});  // asked the next time: it may have been deleted
    if (!account.empty() && names_equal(name_, account)) co_return false;
    auto is_new = co_await credential_reader_.ask_registration();
    co_return is_new;
}

// The session.

void login_flow::start_session(access_granted const& access)
{
    name_ = access.name;
    token_ = secret{access.token};
    needs_password_ = false;
    owns_session_ = !options_.save && !access.token.empty();
    bool is_saved = options_.save && !access.token.empty();
    if (is_saved) {
        saved_session session;
        session.server = connector_.server();
        session.name = access.name;
        session.expires_at = access.expires_at;
        session.token = token_.clone();
        is_saved = sessions_.save(session);
    }
    console_.print(welcome_line(access, is_saved));
}

task<void> login_flow::close()
{
    auto const connection = client_;  // a new one may replace it
    co_await end_session();
    co_await connection->close();
}

/// A second caller, such as the signal handler, waits for the first.
task<void> login_flow::end_session()
{
    if (!std::exchange(owns_session_, false) || client_->ended() != nullptr) {
        while (is_logging_out_) co_await session_ended_.wait();
        co_return;
    }
    is_logging_out_ = true;
    auto const executor = co_await asio::this_coro::executor;
    auto const ignored = [](std::exception_ptr const&) {};
    auto const connection = client_;
    auto const close_client = [connection, executor, ignored] {
        asio::co_spawn(executor, connection->close(), ignored);
    };
    std::optional<detail::terminal::delayed_call> limit{std::in_place, executor, logout_timeout, close_client};
    auto const ended = co_await connection->logout();
    limit.reset();
    if (!ended && ended.error().cause == client_errc::denied) {
        connector_.warn_once(fmt::format("the session as {} is not ended: {}", name_,
                                         console_.on_terminal() ? clause_of(ended.error()) : describe(ended.error())));
    }
    is_logging_out_ = false;
    session_ended_.notify();
}

void login_flow::forget_session()
{
    token_ = {};
    needs_password_ = true;
    owns_session_ = false;
    sessions_.forget(connector_.server(), name_);
}

}  // namespace porter::programs
