#include "programs/porter/reception.hpp"

#include <fmt/format.h>

#include <asio/co_spawn.hpp>
#include <utility>

#include "base/asio.hpp"
#include "base/text.hpp"
#include "porter/version.hpp"
#include "programs/porter/greeting.hpp"

namespace porter::programs {

namespace {

namespace base = rooms::base;
using cause = client_failure::cause;

constexpr std::chrono::seconds longest_ending{2};  // as long as the server is heard out when a connection is closed

/// Whether the connection, and not the answer given on it, is why this failed: a person thought for longer than the
/// server waits, or than the connection held.
bool wants_new_connection(client_failure const& failed)
{
    return failed.why == cause::lost || (failed.why == cause::closed && failed.what == code::timeout);
}

}  // namespace

reception::reception(io_executor executor, porter_options const& options, rooms::client::place at,
                     std::optional<client>& door, talk& says, questions* ask)
    : options_(options),
      at_(std::move(at)),
      door_(door),
      talk_(says),
      ask_(ask),
      sessions_(rooms::client::saved_sessions::default_file(),
                [&says](std::string const& warning) { says.complain(base::escape(warning)); }),
      trust_(options.trust),
      name_(options.name),
      ending_(executor, base::steady_timer::time_point::max())
{
    at_.transport = options_.plain ? "plain" : "tls";
}

task<outcome<void>> reception::enter()
{
    auto connected = co_await connect_first();
    if (!connected) co_return connected;
    if (door_->granted() != nullptr) {
        auto entered = co_await rename_if_wanted();
        co_return entered;
    }
    if (door_->server().access == access::identify) {
        auto entered = co_await introduce();
        co_return entered;
    }
    auto entered = co_await authenticate();
    co_return entered;
}

task<client_result<void>> reception::enter_again()
{
    auto connected = co_await connect();
    if (!connected) co_return refuse(connected.error());
    if (door_->granted() != nullptr) co_return client_result<void>{};
    if (door_->server().access == access::identify) {
        auto named = co_await door_->identify(name_);
        if (!named) co_return refuse(named.error());
        co_return client_result<void>{};
    }
    std::string token{token_.view()};
    auto resumed = co_await door_->resume(std::move(token));
    if (resumed) co_return client_result<void>{};
    if (resumed.error().what == code::invalid_token) forget_session();
    co_return refuse(resumed.error());
}

task<client_result<void>> reception::connect()
{
    client_options options;
    options.transport = options_.plain ? transport::plain : transport::tls;
    options.trust = trust_;
    options.warn = [this](std::string const& line) { warn_once(line); };
    options.timeout = options_.timeout;
    options.agent = "porter/" + std::string{version};
    auto connected = co_await client::connect(at_.host, at_.port, options);
    if (!connected) co_return refuse(connected.error());
    door_.emplace(std::move(*connected));
    if (options_.plain) co_return client_result<void>{};
    at_.key = door_->server_key();
    // A key that was named by --trust is a pin, whatever authority vouches for it.
    at_.authority = options_.trust.only_key().empty() ? door_->server_authority() : std::string{};
    trust_ = trust::key(at_.key);  // the session is this server's: the next connection goes to no other
    co_return client_result<void>{};
}

/// Without accounts: the server knows this address or knows nobody.
task<outcome<void>> reception::rename_if_wanted()
{
    auto const known = *door_->granted();
    if (known.via == via::address && !name_.empty() && !base::same_name(name_, known.name)) {
        auto entered = co_await introduce();
        co_return entered;
    }
    name_ = known.name;
    talk_.say(known.via == via::address ? hello_line(name_) : welcome_line(known, false));
    co_return outcome<void>{};
}

task<outcome<void>> reception::introduce()
{
    for (;;) {
        auto named = co_await choose_name({});
        if (!named) co_return refuse(named.error());
        auto access = co_await door_->identify(name_);
        if (access) {
            name_ = access->name;
            talk_.say(welcome_line(*access, false));
            co_return outcome<void>{};
        }
        auto again = co_await prepare_next_try(access.error());
        if (!again) co_return refuse(again.error());
    }
}

task<outcome<void>> reception::authenticate()
{
    if (!options_.register_account) {
        auto resumed = co_await resume_saved();
        if (resumed && *resumed) {
            if (!options_.password_file.empty()) {
                talk_.say(fmt::format("The session that was kept for {} is used, and not the password file.",
                                      base::escape(name_)));
            }
            talk_.say(welcome_line(**resumed, true));
            co_return outcome<void>{};
        }
        bool const refused_token = resumed && resumed->error().what == code::invalid_token;
        bool const can_prove = ask_ != nullptr || !options_.password_file.empty();
        if (resumed && !(refused_token && can_prove)) co_return refuse(leaving_for(resumed->error()));
        if (resumed) talk_.say("The session that was kept is over.");
    }
    auto proved = co_await prove();
    co_return proved;
}

/// The answer to the saved token, if there is one for this server and name. A token that the server does not know is
/// forgotten.
task<std::optional<client_result<grant>>> reception::resume_saved()
{
    auto saved = sessions_.find(at_, options_.name, base::system_clock{}.now());
    if (!saved) co_return std::nullopt;
    std::string token{saved->token.view()};
    auto answer = co_await door_->resume(std::move(token));
    if (answer) {
        name_ = answer->name;
        token_ = std::move(saved->token);
    } else if (answer.error().what == code::invalid_token) {
        sessions_.forget(at_, saved->name);
        if (name_.empty()) name_ = saved->name;
    }
    co_return answer;
}

task<outcome<void>> reception::prove()
{
    std::string const known_as = door_->server().known_as;
    std::string proposal;
    if (name_.empty()) (options_.register_account ? proposal : name_) = known_as;
    if (is_greeted_by_address() && !options_.register_account) talk_.say(hello_line(known_as));
    auto named = co_await choose_name(std::move(proposal));
    if (!named) co_return refuse(named.error());
    credentials given;
    auto fresh = co_await decide_whether_new();
    if (!fresh) co_return refuse(fresh.error());
    given.fresh = *fresh;
    for (;;) {
        auto password = co_await get_password(given.fresh);
        if (!password) co_return refuse(password.error());
        if (password->empty()) {  // somebody else, then
            auto other = co_await choose_name(name_);
            if (!other) co_return refuse(other.error());
            fresh = co_await decide_whether_new();
            if (!fresh) co_return refuse(fresh.error());
            given.fresh = *fresh;
            continue;
        }
        given.password = std::move(*password);
        auto const before = name_;
        auto access = co_await try_password(given);
        if (ask_ != nullptr) ask_->drop_unseen();
        if (access) {
            admit(*access);
            co_return outcome<void>{};
        }
        auto again = co_await prepare_next_try(access.error());
        if (!again) co_return refuse(again.error());
        if (access.error().what != code::name_taken || !base::same_name(name_, before)) continue;
        fresh = co_await decide_whether_new();  // the name is right: then it is the account that was there before
        if (!fresh) co_return refuse(fresh.error());
        given.fresh = *fresh;
    }
}

task<client_result<grant>> reception::try_password(credentials const& given)
{
    auto tried = co_await try_once(given);
    bool const chose_for_long =
        given.fresh && !tried && tried.error().why == cause::closed && tried.error().what == code::too_many_attempts;
    if (tried || !(chose_for_long || wants_new_connection(tried.error()))) co_return tried;
    auto connected = co_await connect();
    if (!connected) co_return refuse(connected.error());
    auto again = co_await try_once(given);
    co_return again;
}

task<client_result<grant>> reception::try_once(credentials const& given)
{
    std::string password{given.password.view()};
    if (given.fresh) {
        auto made = co_await door_->register_account(name_, std::move(password));
        co_return made;
    }
    auto proved = co_await door_->login(name_, std::move(password));
    co_return proved;
}

void reception::admit(grant const& access)
{
    name_ = access.name;
    token_ = base::secret{access.token};
    session_is_ours_ = !options_.save && !access.token.empty();
    bool kept = options_.save && !access.token.empty();
    if (kept) {
        rooms::client::saved_session session;
        session.at = at_;
        session.name = access.name;
        session.expires_at = access.expires_at;
        session.token = token_.clone();
        kept = sessions_.keep(session, base::system_clock{}.now());
    }
    talk_.say(welcome_line(access, kept));
}

task<void> reception::close()
{
    co_await end_session();
    co_await door_->close();
}

/// A second caller, which a signal is, waits for the first one.
task<void> reception::end_session()
{
    if (!std::exchange(session_is_ours_, false) || door_->ended() != nullptr) {
        while (is_ending_) co_await ending_.async_wait(base::use_tuple);
        co_return;
    }
    is_ending_ = true;
    auto const executor = co_await asio::this_coro::executor;
    base::steady_timer patience{executor, longest_ending};
    auto const nothing = [](std::exception_ptr const&) {};
    patience.async_wait([&door = door_, executor, nothing](base::error_code cancelled) {
        if (!cancelled) asio::co_spawn(executor, door->close(), nothing);
    });
    auto const ended = co_await door_->logout();
    patience.cancel();
    if (!ended && ended.error().why == cause::denied) warn_once("the session is not ended: " + describe(ended.error()));
    is_ending_ = false;
    ending_.cancel();
}

void reception::forget_session()
{
    token_ = {};
    session_is_ours_ = false;
    sessions_.forget(at_, name_);
}

}  // namespace porter::programs
