// What the reception asks a person, or takes from the command line.

#include <fmt/format.h>

#include <functional>
#include <utility>

#include "base/text.hpp"
#include "programs/porter/new_password.hpp"
#include "programs/porter/reception.hpp"
#include "terminal/password_file.hpp"
#include "terminal/sentence.hpp"

namespace porter::programs {

namespace {

namespace base = rooms::base;
using rooms::config::exit_code;

refusal<leaving> missing(std::string line)
{
    return refuse(leaving{exit_code::usage, std::move(line)});
}

refusal<leaving> left()
{
    return refuse(leaving{});
}

outcome<base::secret> read_password(std::string const& file, std::function<void(std::string const&)> const& warn)
{
    auto password = rooms::terminal::read_password_file(file, warn);
    if (!password) return refuse(leaving{password.error().exit(), password.error().what()});
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
bool may_be_tried_again(client_failure const& denied)
{
    if (denied.why != client_failure::cause::denied) return false;
    switch (denied.what) {
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
task<outcome<void>> reception::choose_name(std::string proposal)
{
    if (!name_.empty() && proposal.empty()) co_return outcome<void>{};
    if (ask_ == nullptr) {
        bool const registers = options_.register_account && door_->server().access == access::authenticate;
        auto const* const why = registers ? "an account to be made wants a name: --name NAME"
                                          : "who you are is not known here: --name NAME";
        co_return missing(why);
    }
    auto const prompt = proposal.empty() ? std::string{"Name: "} : fmt::format("Name [{}]: ", base::escape(proposal));
    for (;;) {
        auto typed = co_await ask_->ask(prompt);
        if (!typed) co_return left();
        if (typed->empty()) *typed = proposal;
        auto name = base::normalise_name(*typed);
        if (name) {
            name_ = std::move(*name);
            co_return outcome<void>{};
        }
        talk_.tell(rooms::terminal::sentence(name.error()));
    }
}

/// Whether the name is the one that the server knows this address by: then nobody has said it, and it may be another's.
bool reception::is_greeted_by_address() const
{
    auto const& known_as = door_->server().known_as;
    return !known_as.empty() && base::same_name(name_, known_as);
}

task<outcome<bool>> reception::decide_whether_new()
{
    if (options_.register_account) co_return true;
    if (ask_ == nullptr || is_greeted_by_address()) co_return false;
    auto fresh = co_await ask_->ask_yes_no("New here? (yes/no) ");
    if (!fresh) co_return left();
    co_return *fresh;
}

task<outcome<base::secret>> reception::get_password(bool fresh)
{
    if (!options_.password_file.empty()) {
        auto const warn = [this](std::string const& line) { warn_once(line); };
        co_return read_password(options_.password_file, warn);
    }
    if (ask_ == nullptr) co_return missing("a password is wanted: --password-file FILE");
    for (;;) {
        auto password = co_await ask_password(fresh);
        if (!password) co_return refuse(password.error());
        auto fit = base::normalise_password(password->view());
        if (fit) co_return std::move(*password);
        talk_.tell(rooms::terminal::sentence(fit.error()));
    }
}

/// Twice for a new account, until both are the same. Empty: the person pressed Enter alone.
task<outcome<base::secret>> reception::ask_password(bool fresh)
{
    if (fresh && !std::exchange(rule_is_told_, true)) talk_.tell(rule_for_new_password());
    for (;;) {
        auto password = co_await ask_->ask_hidden(fmt::format("Password for {}: ", base::escape(name_)));
        if (!password) co_return left();
        if (!fresh || password->empty()) co_return std::move(*password);
        if (auto const broken = broken_rule_of_new_password(*password)) {
            talk_.tell(*broken);
            continue;
        }
        auto again = co_await ask_->ask_hidden("Password again: ");
        if (!again) co_return left();
        if (again->view() == password->view()) co_return std::move(*password);
        talk_.tell("The two are not the same.");
    }
}

/// After a denial: says it, waits as long as the server wants, and asks for what must be different. A reason to leave
/// where nothing can be asked or nothing would help.
task<outcome<void>> reception::prepare_next_try(client_failure denied)
{
    bool const same_answer = !options_.password_file.empty() && !is_about_name(denied.what);
    if (ask_ == nullptr) co_return refuse(leaving_for(denied));
    if (denied.what == code::too_many_attempts) {
        talk_.tell(sentence_of(denied));
        co_return refuse(leaving{exit_code_of(denied), {}});
    }
    if (same_answer || !may_be_tried_again(denied)) co_return refuse(leaving_for(denied));
    talk_.tell(sentence_of(denied));
    auto const* const ended = door_->ended();
    bool const was_last = ended != nullptr && ended->what == code::too_many_attempts;  // it came with the answer
    if (was_last && !is_about_choice(denied.what)) {
        talk_.tell(sentence_of(*ended));
        co_return refuse(leaving{exit_code_of(*ended), {}});
    }
    if (was_last) {  // nothing was guessed: the person goes on choosing
        auto connected = co_await connect();
        if (!connected) co_return refuse(leaving_for(connected.error()));
    }
    if (denied.what == code::bad_credentials && is_greeted_by_address()) {
        talk_.tell(fmt::format("Not {}? An empty answer asks for another name.", base::escape(name_)));
    } else if (denied.what == code::bad_credentials) {
        talk_.tell("New here after all, or somebody else? An empty answer asks again.");
    }
    if (denied.retry_after.count() > 0) co_await ask_->wait(denied.retry_after);
    if (is_about_name(denied.what)) {
        std::string proposal;
        std::swap(proposal, name_);
        if (denied.what != code::name_taken) proposal.clear();
        auto named = co_await choose_name(std::move(proposal));
        if (!named) co_return refuse(named.error());
    }
    co_return outcome<void>{};
}

}  // namespace porter::programs
