// What the reception asks a person, or takes from the command line.

#include <fmt/format.h>

#include <functional>
#include <utility>

#include "base/text.hpp"
#include "programs/porter/login_flow.hpp"
#include "programs/porter/new_password.hpp"
#include "terminal/password_file.hpp"
#include "terminal/sentence.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
using detail::config::exit_code;

unexpected<exit_status> missing(std::string line)
{
    return unexpected(exit_status{exit_code::usage, std::move(line)});
}

unexpected<exit_status> left()
{
    return unexpected(exit_status{});
}

outcome<base::secret> read_password(std::string const& file, std::function<void(std::string const&)> const& warn)
{
    auto password = detail::terminal::read_password_file(file, warn);
    if (!password) return unexpected(exit_status{password.error().exit(), password.error().what()});
    return std::move(*password);
}

bool is_about_name(code what)
{
    return what == code::name_taken || what == code::invalid_name;
}

/// Whether it is a name or password to be chosen that does not do, and no credential that was wrong.
bool is_about_choice(code what)
{
    return is_about_name(what) || what == code::weak_password;
}

/// Whether another answer, or the same one later, may do.
bool may_be_tried_again(client_error const& denied)
{
    if (denied.cause != client_errc::denied) return false;
    switch (denied.code) {
        case code::bad_credentials:
        case code::name_taken:
        case code::invalid_name:
        case code::weak_password:
        case code::busy:
        case code::unavailable:
            return true;
        case code::throttled:
            return denied.retry_after.count() > 0;
        default:
            return false;
    }
}

}  // namespace

/// Asks for the name unless there is one already; `proposal` is what Enter takes.
task<outcome<void>> login_flow::choose_name(std::string proposal)
{
    if (!name_.empty() && proposal.empty()) co_return outcome<void>{};
    if (prompts_ == nullptr) {
        bool const registers = options_.register_account && client_->server().access == access::authenticate;
        auto const* const why = registers ? "an account to be made wants a name: --name NAME"
                                          : "who you are is not known here: --name NAME";
        co_return missing(why);
    }
    auto const prompt = proposal.empty() ? std::string{"Name: "} : fmt::format("Name [{}]: ", base::escape(proposal));
    for (;;) {
        auto typed = co_await prompts_->ask(prompt);
        if (!typed) co_return left();
        if (typed->empty()) *typed = proposal;
        auto name = base::normalise_name(*typed);
        if (name) {
            name_ = std::move(*name);
            co_return outcome<void>{};
        }
        console_.info(detail::terminal::sentence(name.error()));
    }
}

/// Whether the name is the one that the server knows this address by: then nobody has said it, and it may be another's.
bool login_flow::is_greeted_by_address() const
{
    auto const& known_as = client_->server().known_as;
    return !known_as.empty() && base::names_equal(name_, known_as);
}

task<outcome<bool>> login_flow::decide_whether_new()
{
    if (options_.register_account) co_return true;
    if (prompts_ == nullptr || is_greeted_by_address()) co_return false;
    auto const account = std::exchange(ended_session_name_, {});  // the next time is asked: it may have been deleted
    if (!account.empty() && base::names_equal(name_, account)) co_return false;
    auto fresh = co_await prompts_->ask_yes_no("New here? (yes/no) ");
    if (!fresh) co_return left();
    co_return *fresh;
}

task<outcome<base::secret>> login_flow::get_password(bool fresh)
{
    if (!options_.password_file.empty()) {
        auto const warn = [this](std::string const& line) { warn_once(line); };
        co_return read_password(options_.password_file, warn);
    }
    if (prompts_ == nullptr) co_return missing("a password is wanted: --password-file FILE");
    for (;;) {
        auto password = co_await ask_password(fresh);
        if (!password) co_return unexpected(password.error());
        auto fit = base::normalise_password(password->view());
        if (fit) co_return std::move(*password);
        console_.info(detail::terminal::sentence(fit.error()));
    }
}

/// Twice for a new account, until both are the same. Empty: the person pressed Enter alone.
task<outcome<base::secret>> login_flow::ask_password(bool fresh)
{
    if (fresh && !std::exchange(password_rule_shown_, true)) console_.info(rule_for_new_password());
    for (;;) {
        auto password = co_await prompts_->ask_hidden(fmt::format("Password for {}: ", base::escape(name_)));
        if (!password) co_return left();
        if (!fresh || password->empty()) co_return std::move(*password);
        if (auto const broken = broken_rule_of_new_password(*password)) {
            console_.info(*broken);
            continue;
        }
        auto again = co_await prompts_->ask_hidden("Password again: ");
        if (!again) co_return left();
        if (again->view() == password->view()) co_return std::move(*password);
        console_.info("The two are not the same.");
    }
}

/// After a denial: says it, waits as long as the server wants, and asks for what must be different. A reason to leave
/// where nothing can be asked or nothing would help.
task<outcome<void>> login_flow::prepare_next_try(client_error denied)
{
    bool const same_answer = !options_.password_file.empty() && !is_about_name(denied.code);
    if (prompts_ == nullptr) co_return unexpected(exit_status_for(denied));
    if (denied.code == code::too_many_attempts) {
        console_.info(sentence_of(denied));
        co_return unexpected(exit_status{exit_code_of(denied), {}});
    }
    if (same_answer || !may_be_tried_again(denied)) co_return unexpected(exit_status_for(denied));
    console_.info(sentence_of(denied));
    auto const* const ended = client_->ended();
    bool const was_last = ended != nullptr && ended->code == code::too_many_attempts;  // it came with the answer
    if (was_last && !is_about_choice(denied.code)) {
        console_.info(sentence_of(*ended));
        co_return unexpected(exit_status{exit_code_of(*ended), {}});
    }
    if (was_last) {  // nothing was guessed: the person goes on choosing
        auto connected = co_await connect_with_note();
        if (!connected) co_return unexpected(exit_status_for(connected.error()));
    }
    if (denied.code == code::bad_credentials && is_greeted_by_address()) {
        console_.info(fmt::format("Not {}? An empty answer asks for another name.", base::escape(name_)));
    } else if (denied.code == code::bad_credentials) {
        console_.info("New here after all, or somebody else? An empty answer asks again.");
    }
    if (denied.retry_after.count() > 0) co_await prompts_->wait(denied.retry_after);
    if (is_about_name(denied.code)) {
        std::string proposal;
        std::swap(proposal, name_);
        if (denied.code != code::name_taken) proposal.clear();
        auto named = co_await choose_name(std::move(proposal));
        if (!named) co_return unexpected(named.error());
    }
    co_return outcome<void>{};
}

}  // namespace porter::programs
