#include "config/reload_plan.hpp"

#include <algorithm>

#include "config/option.hpp"

namespace porter::detail::config {
namespace {

/// A command may contain a secret. So may a URL, although not where libpq looks for passwords.
bool may_be_secret(option const& one)
{
    return one.name == "service" || one.name == "database";
}

/// The literal of a TOML file without its quotes and brackets.
std::string shown_value(option const& one, porterd_options const& options)
{
    if (may_be_secret(one)) return "hidden";
    auto const literal = one.show(options);
    if (!literal) return "none";
    std::string bare;
    for (char const letter : *literal) {
        if (letter != '"' && letter != '[' && letter != ']') bare += letter;
    }
    return bare.empty() ? "none" : bare;
}

bool can_apply(option const& one, porterd_options const& running, porterd_options const& wanted)
{
    bool const is_of_tls = one.name == "tls-key" || one.name == "tls-certificate";
    bool const keeps_tls = running.server.tls == wanted.server.tls && running.server.tls != tls_mode::off;
    return one.reload != nullptr && (keeps_tls || !is_of_tls);
}

}  // namespace

bool reload_plan::applies_any() const
{
    return std::ranges::any_of(changes, &option_change::is_applied);
}

reload_plan plan_reload(porterd_options const& running, porterd_options const& wanted)
{
    reload_plan plan{running, {}};
    for (auto const& one : all_options()) {
        if (one.show(running) == one.show(wanted)) continue;
        bool const is_applied = can_apply(one, running, wanted);
        if (is_applied) one.reload(plan.next, wanted);
        plan.changes.push_back({one.name, shown_value(one, running), shown_value(one, wanted), is_applied});
    }
    return plan;
}

}  // namespace porter::detail::config
