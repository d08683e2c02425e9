#include "programs/porter/login_flow.hpp"

#include <fmt/format.h>

#include <asio/co_spawn.hpp>
#include <utility>

#include "base/asio.hpp"
#include "base/text.hpp"
#include "porter/version.hpp"
#include "programs/porter/greeting.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;

constexpr std::chrono::seconds longest_ending{2};  // as long as the server is heard out when a connection is closed

/// Whether the connection, and not the answer given on it, is why this failed: a person thought for longer than the
/// server waits, or than the connection held.
bool wants_new_connection(client_error const& failed)
{
    return failed.cause == client_errc::lost || (failed.cause == client_errc::closed && failed.code == code::timeout);
}

}  // namespace

login_flow::login_flow(io_executor executor, porter_options const& options, detail::client::server_identity at,
                       std::optional<client>& door, console& says, prompts* ask)
    : options_(options),
      at_(std::move(at)),
      client_(door),
      console_(says),
      prompts_(ask),
      sessions_(detail::client::saved_sessions::default_file(),
                [&says](std::string const& warning) { says.error(base::escape(warning)); }),
      host_key_policy_(options.host_key_policy),
      name_(options.name),
      ending_(executor, base::steady_timer::time_point::max())
{
    at_.transport = options_.plain ? "plain" : "tls";
}

task<outcome<void>> login_flow::log_in()
{
    auto connected = co_await connect_first();
    if (!connected) co_return connected;
    if (client_->granted() != nullptr) {
        auto entered = co_await rename_if_wanted();
        co_return entered;
    }
    if (client_->server().access == access::identify) {
        auto entered = co_await identify();
        co_return entered;
    }
    auto entered = co_await authenticate();
    co_return entered;
}

task<client_result<void>> login_flow::log_in_again()
{
    auto connected = co_await connect();
    if (!connected) co_return unexpected(connected.error());
    if (client_->granted() != nullptr) co_return client_result<void>{};
    if (client_->server().access == access::identify) {
        auto named = co_await client_->identify(name_);
        if (!named) co_return unexpected(named.error());
        co_return client_result<void>{};
    }
    std::string token{token_.view()};
    auto resumed = co_await client_->resume(std::move(token));
    if (resumed) co_return client_result<void>{};
    if (resumed.error().code == code::invalid_token) forget_session();
    co_return unexpected(resumed.error());
}

task<client_result<void>> login_flow::connect()
{
    client_options options;
    options.transport = options_.plain ? transport::plain : transport::tls;
    options.host_key_policy = host_key_policy_;
    options.warn = [this](std::string const& line) { warn_once(line); };
    options.timeout = options_.timeout;
    options.agent = "porter/" + std::string{version};
    auto connected = co_await client::connect(at_.host, at_.port, options);
    if (!connected) co_return unexpected(connected.error());
    client_.emplace(std::move(*connected));
    if (options_.plain) co_return client_result<void>{};
    at_.key = client_->server_key();
    // A key that was named by --trust is a pin, whatever authority vouches for it.
    at_.authority = options_.host_key_policy.only_key().empty() ? client_->server_authority() : std::string{};
    host_key_policy_ =
        host_key_policy::key(at_.key);  // the session is this server's: the next connection goes to no other
    co_return client_result<void>{};
}

/// Without accounts: the server knows this address or knows nobody.
task<outcome<void>> login_flow::rename_if_wanted()
{
    auto const known = *client_->granted();
    if (known.auth_method == auth_method::address && !name_.empty() && !base::names_equal(name_, known.name)) {
        auto entered = co_await identify();
        co_return entered;
    }
    name_ = known.name;
    console_.print(known.auth_method == auth_method::address ? hello_line(name_) : welcome_line(known, false));
    co_return outcome<void>{};
}

task<outcome<void>> login_flow::identify()
{
    for (;;) {
        auto named = co_await choose_name({});
        if (!named) co_return unexpected(named.error());
        auto access = co_await client_->identify(name_);
        if (access) {
            name_ = access->name;
            console_.print(welcome_line(*access, false));
            co_return outcome<void>{};
        }
        auto again = co_await prepare_next_try(access.error());
        if (!again) co_return unexpected(again.error());
    }
}

task<outcome<void>> login_flow::authenticate()
{
    if (!options_.register_account) {
        auto resumed = co_await resume_saved();
        if (resumed && *resumed) {
            if (!options_.password_file.empty()) {
                console_.print(fmt::format("The session that was kept for {} is used, and not the password file.",
                                           base::escape(name_)));
            }
            console_.print(welcome_line(**resumed, true));
            co_return outcome<void>{};
        }
        bool const refused_token = resumed && resumed->error().code == code::invalid_token;
        bool const can_prove = prompts_ != nullptr || !options_.password_file.empty();
        if (refused_token) console_.print(fmt::format("Your session as {} is over.", base::escape(name_)));
        if (resumed && !(refused_token && can_prove)) co_return unexpected(exit_status_for(resumed->error()));
    }
    auto proved = co_await prove();
    co_return proved;
}

/// The answer to the saved token, if there is one for this server and name. A token that the server does not know is
/// forgotten.
task<std::optional<client_result<access_granted>>> login_flow::resume_saved()
{
    std::vector<std::string> other_names;
    auto saved = sessions_.find(at_, options_.name, base::system_clock{}.now(), &other_names);
    if (!saved) co_return std::nullopt;
    if (options_.name.empty() && !other_names.empty()) console_.print(chosen_session_line(saved->name, other_names));
    std::string token{saved->token.view()};
    auto answer = co_await client_->resume(std::move(token));
    if (answer) {
        name_ = answer->name;
        token_ = std::move(saved->token);
    } else if (answer.error().code == code::invalid_token) {
        sessions_.forget(at_, saved->name);
        if (name_.empty()) name_ = saved->name;
        ended_session_name_ = saved->name;
    }
    co_return answer;
}

task<outcome<void>> login_flow::prove()
{
    std::string const known_as = client_->server().known_as;
    std::string proposal;
    if (name_.empty()) (options_.register_account ? proposal : name_) = known_as;
    if (is_greeted_by_address() && !options_.register_account) console_.print(hello_line(known_as));
    auto named = co_await choose_name(std::move(proposal));
    if (!named) co_return unexpected(named.error());
    credentials given;
    auto fresh = co_await decide_whether_new();
    if (!fresh) co_return unexpected(fresh.error());
    given.is_new = *fresh;
    for (;;) {
        auto password = co_await get_password(given.is_new);
        if (!password) co_return unexpected(password.error());
        if (password->empty()) {  // somebody else, then
            auto other = co_await choose_name(name_);
            if (!other) co_return unexpected(other.error());
            fresh = co_await decide_whether_new();
            if (!fresh) co_return unexpected(fresh.error());
            given.is_new = *fresh;
            continue;
        }
        given.password = std::move(*password);
        auto const before = name_;
        auto access = co_await try_password(given);
        if (prompts_ != nullptr) prompts_->drop_unseen();
        if (access) {
            admit(*access);
            co_return outcome<void>{};
        }
        auto again = co_await prepare_next_try(access.error());
        if (!again) co_return unexpected(again.error());
        if (access.error().code != code::name_taken || !base::names_equal(name_, before)) continue;
        fresh = co_await decide_whether_new();  // the name is right: then it is the account that was there before
        if (!fresh) co_return unexpected(fresh.error());
        given.is_new = *fresh;
    }
}

task<client_result<access_granted>> login_flow::try_password(credentials const& given)
{
    auto tried = co_await attempt(given);
    bool const chose_for_long = given.is_new && !tried && tried.error().cause == client_errc::closed &&
                                tried.error().code == code::too_many_attempts;
    if (tried || !(chose_for_long || wants_new_connection(tried.error()))) co_return tried;
    auto connected = co_await connect_with_note();
    if (!connected) co_return unexpected(connected.error());
    auto again = co_await attempt(given);
    co_return again;
}

task<client_result<access_granted>> login_flow::attempt(credentials const& given)
{
    std::string password{given.password.view()};
    if (given.is_new) {
        auto made = co_await client_->register_account(name_, std::move(password));
        co_return made;
    }
    auto proved = co_await client_->login(name_, std::move(password));
    co_return proved;
}

void login_flow::admit(access_granted const& access)
{
    name_ = access.name;
    token_ = base::secret{access.token};
    owns_session_ = !options_.save && !access.token.empty();
    bool kept = options_.save && !access.token.empty();
    if (kept) {
        detail::client::saved_session session;
        session.server = at_;
        session.name = access.name;
        session.expires_at = access.expires_at;
        session.token = token_.clone();
        kept = sessions_.save(session, base::system_clock{}.now());
    }
    console_.print(welcome_line(access, kept));
}

task<void> login_flow::close()
{
    co_await end_session();
    co_await client_->close();
}

/// A second caller, which a signal is, waits for the first one.
task<void> login_flow::end_session()
{
    if (!std::exchange(owns_session_, false) || client_->ended() != nullptr) {
        while (is_ending_) co_await ending_.async_wait(base::use_tuple);
        co_return;
    }
    is_ending_ = true;
    auto const executor = co_await asio::this_coro::executor;
    base::steady_timer patience{executor, longest_ending};
    auto const nothing = [](std::exception_ptr const&) {};
    patience.async_wait([&client = client_, executor, nothing](base::error_code cancelled) {
        if (!cancelled) asio::co_spawn(executor, client->close(), nothing);
    });
    auto const ended = co_await client_->logout();
    patience.cancel();
    if (!ended && ended.error().cause == client_errc::denied) {
        warn_once(fmt::format("the session as {} is not ended: {}", name_,
                              console_.on_terminal() ? clause_of(ended.error()) : describe(ended.error())));
    }
    is_ending_ = false;
    ending_.cancel();
}

void login_flow::forget_session()
{
    token_ = {};
    owns_session_ = false;
    sessions_.forget(at_, name_);
}

}  // namespace porter::programs
