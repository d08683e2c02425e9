#include "programs/porterd/reloader.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "config/option_error.hpp"
#include "config/resolve.hpp"

namespace porter::programs {

namespace config = detail::config;

reloader::reloader(config::command_line line, config::environment variables, config::porterd_options running,
                   server& server)
    : line_(std::move(line)), variables_(std::move(variables)), running_(std::move(running)), server_(server)
{}

void reloader::reload()
{
    auto const log_failure = [this](char const* reason) {
        server_.log().error("reload_failed", {log_field::quoted("why", reason)});
    };
    try {
        auto plan = config::plan_reload(running_, config::resolve(line_, variables_));
        apply(plan);
        running_ = std::move(plan.next);
    } catch (config::option_error const& error) {
        log_failure(error.what());
    } catch (start_error const& error) {
        log_failure(error.what());
    }
}

void reloader::apply(config::reload_plan const& plan)
{
    // The lines are written at the lower of the two levels, or a change to a higher one would hide them.
    auto first = plan.next.server;
    first.log_level = std::min(first.log_level, running_.server.log_level);
    if (plan.applies_any()) server_.reload(first);
    log_changes(plan);
    if (first.log_level != plan.next.server.log_level) server_.reload(plan.next.server);
}

void reloader::log_changes(config::reload_plan const& plan)
{
    auto const applied = std::ranges::count_if(plan.changes, &config::option_change::is_applied);
    auto& log = server_.log();
    for (auto const& each : plan.changes) {
        if (each.is_applied) {
            log.info("option_changed", {{"option", each.name}, {"before", each.before}, {"after", each.after}});
        } else {
            log.warn("option_needs_restart", {{"option", each.name}, {"before", each.before}, {"after", each.after}});
        }
    }
    auto const others = static_cast<std::ptrdiff_t>(plan.changes.size()) - applied;
    log.info("reloaded", {{"changed", applied}, {"need_restart", others}});
}

}  // namespace porter::programs
