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

/// The rules for a new password beside the built-in ones.
struct password_rules {
    detail::auth::password_policy policy;
    std::optional<detail::auth::password_list> list;
};

/// Throws start_error if --password-list is no list, before the question.
password_rules rules_of(context const& ctx)
{
    auto const& server = ctx.configuration.server;
    password_rules rules{.policy = detail::auth::password_policy{server.min_password_length}, .list = {}};
    if (!server.password_list.empty()) rules.list.emplace(server.password_list);
    return rules;
}

/// Throws config::option_error if the list cannot be searched: unlike porterd, the administrator can correct that now.
bool is_listed(password_rules const& rules, base::secret const& password)
{
    if (!rules.list) return false;
    auto const found = rules.list->contains(password);
    if (!found) throw config::option_error{config::exit_code::io, "the password list: " + found.error()};
    return *found;
}

/// The normalised password, or the rule that it breaks.
result<base::secret, std::string> check(password_rules const& rules, base::secret const& typed, std::string const& name)
{
    auto checked = rules.policy.check(typed);
    if (!checked) return unexpected(checked.error().reason);
    if (auto error = detail::auth::strength_error(*checked, name)) return unexpected(std::move(*error));
    if (is_listed(rules, *checked)) return unexpected(std::string{detail::auth::listed_password});
    return std::move(*checked);
}

std::optional<base::secret> ask_for_password(password_rules const& rules, std::string const& name)
{
    auto const print = [](std::string const& line) { terminal::write_all(STDERR_FILENO, line + '\n'); };
    for (;;) {
        auto const typed =
            terminal::ask_hidden(STDERR_FILENO, fmt::format("New password for {}: ", base::escape(name)));
        if (!typed) return std::nullopt;
        auto checked = check(rules, *typed, name);
        if (!checked) {
            print(terminal::sentence(checked.error()));
            continue;
        }
        auto const again = terminal::ask_hidden(STDERR_FILENO, "Password again: ");
        if (!again) return std::nullopt;
        if (again->view() == typed->view()) return std::move(*checked);
        print("The two passwords are not the same.");
    }
}

base::secret read_password(context const& ctx, password_rules const& rules, std::string const& name)
{
    auto const read = ctx.password ? result<base::secret, config::option_error>{base::secret{ctx.password->view()}}
                                   : terminal::read_password_from_input();
    if (!read) throw read.error();
    auto checked = check(rules, *read, name);
    if (!checked) throw config::option_error{config::exit_code::bad_data, checked.error()};
    return std::move(*checked);
}

}  // namespace

std::optional<std::string> hash_of_new_password(context const& ctx, std::string const& name)
{
    auto const& server = ctx.configuration.server;
    detail::auth::argon2id function{server.hash_memory, server.hash_ops};
    auto const rules = rules_of(ctx);
    bool const interactive = !ctx.password && terminal::is_terminal(STDIN_FILENO);
    if (interactive && !terminal::can_ask(STDERR_FILENO)) {  // typing would be visible
        throw config::option_error{config::exit_code::usage,
                                   "the question would not be visible: use --password-file FILE"};
    }
    auto const password = interactive ? ask_for_password(rules, name) : std::optional{read_password(ctx, rules, name)};
    if (!password) return std::nullopt;
    auto hash = function.make(password->view());
    if (!hash)
        throw config::option_error{config::exit_code::temporary_failure, "not enough memory to hash the password"};
    return hash;
}

}  // namespace porter::programs
