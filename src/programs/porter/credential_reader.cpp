#include "programs/porter/credential_reader.hpp"

#include <fmt/format.h>

#include <functional>
#include <utility>

#include "porter/access_code.hpp"
#include "porter/text.hpp"
#include "programs/porter/password_rules.hpp"
#include "terminal/password_file.hpp"
#include "terminal/sentence.hpp"

namespace porter::programs {

namespace {

using detail::config::exit_code;

unexpected<exit_status> missing(std::string line)
{
    return unexpected(exit_status{exit_code::usage, std::move(line)});
}

/// The user quit at a prompt.
unexpected<exit_status> quit()
{
    return unexpected(exit_status{});
}

outcome<secret> password_in(std::string const& file, std::function<void(std::string const&)> const& warn)
{
    auto password = detail::terminal::read_password_file(file, warn);
    if (!password) return unexpected(exit_status{password.error().exit(), password.error().what()});
    return std::move(*password);
}

outcome<secret> code_in(std::string const& file, std::function<void(std::string const&)> const& warn)
{
    auto code = detail::terminal::read_code_file(file, warn);
    if (!code) return unexpected(exit_status{code.error().exit(), code.error().what()});
    if (is_access_code(code->view())) return std::move(*code);
    return unexpected(exit_status{exit_code::bad_data, "the code file " + escape(file) +
                                                           " has no code: 28 letters and digits, of which none is "
                                                           "mistyped"});
}

}  // namespace

credential_reader::credential_reader(porter_options const& options, connector& connection, console& console,
                                     prompts* prompts)
    : options_(options), connector_(connection), console_(console), prompts_(prompts)
{}

task<outcome<std::string>> credential_reader::read_name(std::string proposal, bool is_registration)
{
    if (prompts_ == nullptr) {
        if (options_.redeem) co_return missing("a code is redeemed for a name: --name NAME");
        co_return missing(is_registration ? "a new account needs a name: --name NAME"
                                          : "the server does not know this address: --name NAME");
    }
    auto const prompt = proposal.empty() ? std::string{"Name: "} : fmt::format("Name [{}]: ", escape(proposal));
    for (;;) {
        auto typed = co_await prompts_->ask(prompt);
        if (!typed) co_return quit();
        if (typed->empty()) *typed = proposal;
        auto name = normalise_name(*typed);
        if (name) co_return std::move(*name);
        console_.info(detail::terminal::sentence(name.error()));
    }
}

task<outcome<bool>> credential_reader::ask_registration()
{
    auto is_new = co_await prompts_->ask_yes_no("New here? (yes/no) ");
    if (!is_new) co_return quit();
    co_return *is_new;
}

task<outcome<secret>> credential_reader::read_code()
{
    if (!options_.code_file.empty()) {
        auto const warn = [this](std::string const& line) { connector_.warn_once(line); };
        co_return code_in(options_.code_file, warn);
    }
    if (prompts_ == nullptr) co_return missing("a code is required: --code-file FILE");
    auto code = co_await ask_code("Code: ");
    if (code && code->empty()) co_return quit();
    co_return std::move(code);
}

task<outcome<secret>> credential_reader::ask_code(std::string prompt)
{
    for (;;) {
        auto typed = co_await prompts_->ask(prompt);
        if (!typed) co_return quit();
        if (typed->empty()) co_return secret{};
        secret code;
        if (is_access_code(*typed)) code = secret{*typed};
        wipe(*typed);
        if (!code.empty()) co_return std::move(code);
        console_.info("This is no code, or one that is mistyped: it has 28 letters and digits. Enter alone leaves.");
    }
}

task<outcome<secret>> credential_reader::read_password(std::string name, bool is_registration)
{
    if (!options_.password_file.empty()) {
        auto const warn = [this](std::string const& line) { connector_.warn_once(line); };
        co_return password_in(options_.password_file, warn);
    }
    if (prompts_ == nullptr) co_return missing("a password is required: --password-file FILE");
    for (;;) {
        auto password = co_await ask_password(name, is_registration);
        if (!password) co_return unexpected(password.error());
        auto normalised = normalise_password(password->view());
        if (normalised) co_return std::move(*password);
        console_.info(detail::terminal::sentence(normalised.error()));
    }
}

/// Asks twice for a new password, until both are the same. Empty: the answer was empty.
task<outcome<secret>> credential_reader::ask_password(std::string name, bool is_registration)
{
    if (is_registration && !std::exchange(password_rule_shown_, true)) console_.info(new_password_rule());
    for (;;) {
        auto password = co_await prompts_->ask_hidden(fmt::format("Password for {}: ", escape(name)));
        if (!password) co_return quit();
        if (!is_registration || password->empty()) co_return std::move(*password);
        if (auto const error = new_password_error(*password)) {
            console_.info(*error);
            continue;
        }
        auto repeated = co_await prompts_->ask_hidden("Password again: ");
        if (!repeated) co_return quit();
        if (repeated->view() == password->view()) co_return std::move(*password);
        console_.info("The two are not the same.");
    }
}

}  // namespace porter::programs
