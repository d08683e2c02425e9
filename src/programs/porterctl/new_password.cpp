#include "programs/porterctl/new_password.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "auth/argon2id.hpp"
#include "auth/password.hpp"
#include "auth/password_list.hpp"
#include "auth/strength.hpp"
#include "base/text.hpp"
#include "config/option_error.hpp"
#include "terminal/password_file.hpp"
#include "terminal/prompts.hpp"
#include "terminal/sentence.hpp"
#include "terminal/write.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace config = detail::config;
namespace terminal = detail::terminal;

/// What a new password is judged by, beside the built-in rules.
struct password_rules {
    detail::auth::password_policy policy;
    std::optional<detail::auth::password_list> list;
};

/// Throws start_error when --password-list is none: before anything is asked.
password_rules rules_of(context const& given)
{
    auto const& server = given.configuration.server;
    password_rules made{.policy = detail::auth::password_policy{server.min_password_length}, .list = {}};
    if (!server.password_list.empty()) made.list.emplace(server.password_list);
    return made;
}

/// Throws config::option_error when the list cannot be searched: the administrator named it, and is here to mend it.
bool is_listed(password_rules const& rules, base::secret const& password)
{
    if (!rules.list) return false;
    auto const found = rules.list->contains(password);
    if (!found) throw config::option_error{config::exit_code::io, "the password list: " + found.error()};
    return *found;
}

/// The password in the form that is hashed, or the rule that it breaks.
result<base::secret, std::string> judge(password_rules const& rules, base::secret const& typed, std::string const& name)
{
    auto good = rules.policy.check(typed);
    if (!good) return unexpected(good.error().reason);
    if (auto why = detail::auth::strength_error(*good, name)) return unexpected(std::move(*why));
    if (is_listed(rules, *good)) return unexpected(std::string{detail::auth::listed_password});
    return std::move(*good);
}

std::optional<base::secret> ask_for_password(password_rules const& rules, std::string const& name)
{
    auto const tell = [](std::string const& line) { terminal::write_all(STDERR_FILENO, line + '\n'); };
    for (;;) {
        auto const typed =
            terminal::ask_hidden(STDERR_FILENO, fmt::format("New password for {}: ", base::escape(name)));
        if (!typed) return std::nullopt;
        auto good = judge(rules, *typed, name);
        if (!good) {
            tell(terminal::sentence(good.error()));
            continue;
        }
        auto const again = terminal::ask_hidden(STDERR_FILENO, "Password again: ");
        if (!again) return std::nullopt;
        if (again->view() == typed->view()) return std::move(*good);
        tell("The two are not the same.");
    }
}

base::secret read_password(context const& given, password_rules const& rules, std::string const& name)
{
    auto const read = given.password ? result<base::secret, config::option_error>{base::secret{given.password->view()}}
                                     : terminal::read_password_from_input();
    if (!read) throw read.error();
    auto good = judge(rules, *read, name);
    if (!good) throw config::option_error{config::exit_code::bad_data, good.error()};
    return std::move(*good);
}

}  // namespace

std::optional<std::string> hash_of_new_password(context const& given, std::string const& name)
{
    auto const& server = given.configuration.server;
    detail::auth::argon2id function{server.hash_memory, server.hash_ops};
    auto const rules = rules_of(given);
    bool const ask = !given.password && terminal::is_terminal(STDIN_FILENO);
    if (ask && !terminal::can_ask(STDERR_FILENO)) {  // it would be typed in the open
        throw config::option_error{config::exit_code::usage, "the question would not be seen: --password-file FILE"};
    }
    auto const password = ask ? ask_for_password(rules, name) : std::optional{read_password(given, rules, name)};
    if (!password) return std::nullopt;
    auto hash = function.make(password->view());
    if (!hash)
        throw config::option_error{config::exit_code::temporary_failure,
                                   "there is no memory for the hash of the password"};
    return hash;
}

}  // namespace porter::programs
