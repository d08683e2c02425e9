#include "log/recent_events.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace porter::detail::log {
namespace {

/// Sorted. Not listed are the events of each connection, which are counted, those below `info`, `command_stderr`, whose
/// text is the command's, and those of services, which this program does not know.
constexpr std::array<std::string_view, 71> listed{
    "accept_failed",
    "address_lookup_failed",
    "address_not_recorded",
    "audit_chain_begun",
    "audit_not_sealed",
    "audit_pruned",
    "ban_rejected",
    "bans_changed",
    "command_failed",
    "command_refused",
    "connections_closed",
    "connections_limited",
    "control_refused",
    "database_log_set_aside",
    "database_lost",
    "database_made_private",
    "database_warning",
    "defect",
    "hash_costs_uncovered",
    "identified",
    "invitation_redeemed",
    "listening",
    "login",
    "login_denied",
    "login_failed",
    "metrics_exposed",
    "metrics_listening",
    "option_changed",
    "option_needs_restart",
    "partitioned",
    "password_change_denied",
    "password_changed",
    "password_hash_unreadable",
    "password_list_failed",
    "password_list_works",
    "password_reset",
    "port_taken",
    "redeem_denied",
    "register_denied",
    "registered",
    "rehash_failed",
    "rejoined",
    "reload_failed",
    "reloaded",
    "resume_denied",
    "second_factor_added",
    "second_factor_key_made",
    "second_factor_removed",
    "second_factor_unreadable",
    "service_manager_unreachable",
    "session_ended",
    "session_not_ended",
    "session_uses_not_written",
    "sessions_ended",
    "sessions_not_looked_at",
    "sessions_not_pruned",
    "silent_connections",
    "start_failed",
    "started",
    "stopping",
    "store_connected",
    "store_disconnected",
    "store_failed",
    "store_migrated",
    "suppressed",
    "throttled",
    "tls_certificate_warning",
    "tls_key",
    "tls_key_not_reloaded",
    "tls_key_reloaded",
    "upstream_unavailable",
};
static_assert(std::ranges::is_sorted(listed));

/// What comes before `end`, which is removed, too; all of it without one.
std::string_view take(std::string_view& from, std::string_view end)
{
    auto const at = from.find(end);
    auto const taken = from.substr(0, at);
    from.remove_prefix(at == std::string_view::npos ? from.size() : at + end.size());
    return taken;
}

struct parts {
    std::string_view time;
    std::string_view level;
    std::string_view name;
    std::string_view text;
};

/// The beginning of a line has no text of a client, and needs no unescaping (format_line()).
parts split(log_format format, std::string_view line)
{
    parts found;
    if (format == log_format::json) {
        take(line, R"("time":")");
        found.time = take(line, R"(","level":")");
        found.level = take(line, R"(","event":")");
        found.name = take(line, "\"");
        if (line.starts_with(',')) line.remove_prefix(1);
        if (line.ends_with('}')) line.remove_suffix(1);
    } else {
        found.time = take(line, " ");
        found.level = take(line, " ");
        found.name = take(line, " ");
    }
    found.text = line;
    return found;
}

}  // namespace

void recent_events::add(std::string_view lines)
{
    while (!lines.empty()) add_line(take(lines, "\n"));
}

void recent_events::add_line(std::string_view line)
{
    auto const found = split(format_, line);
    if (!std::ranges::binary_search(listed, found.name)) return;
    event made{std::string{found.time}, std::string{found.level}, std::string{found.name}, std::string{found.text}};
    bool const is_warning = found.level == name_of(level::warn) || found.level == name_of(level::error);
    std::lock_guard const lock{mutex_};
    auto& events = is_warning ? warnings_ : others_;
    if (events.size() == kept) events.pop_front();
    events.push_back({++count_, std::move(made)});
}

std::vector<recent_events::event> recent_events::newest_first() const
{
    std::vector<numbered_event> merged;
    {
        std::lock_guard const lock{mutex_};
        std::ranges::merge(warnings_, others_, std::back_inserter(merged), {}, &numbered_event::number,
                           &numbered_event::number);
    }
    std::vector<event> found;
    for (auto each = merged.rbegin(); each != merged.rend(); ++each) found.push_back(std::move(each->event));
    return found;
}

}  // namespace porter::detail::log
