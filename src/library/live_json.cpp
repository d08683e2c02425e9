#include "library/live_json.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "log/escape.hpp"
#include "server/newest_connections.hpp"

namespace porter::detail::library {
namespace {

/// Of the bans; an administrator sees all of them by porterctl.
constexpr std::size_t max_bans = 50;

/// A JSON object, member by member.
class object {
public:
    object& add(std::string_view name, std::string_view text)
    {
        begin(name);
        log::append_json(text_, text);
        return *this;
    }
    object& add(std::string_view name, std::uint64_t number) { return add_json(name, std::to_string(number)); }
    object& add(std::string_view name, bool value) { return add_json(name, value ? "true" : "false"); }
    /// A time that has passed is 0.
    object& add(std::string_view name, std::chrono::seconds time)
    {
        return add(name, static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0)));
    }
    /// The time until then; null: for ever.
    object& add_rest(std::string_view name, std::optional<base::timestamp> const& until, base::timestamp now)
    {
        return until ? add(name, *until - now) : add_json(name, "null");
    }
    object& add_json(std::string_view name, std::string_view json)
    {
        begin(name);
        text_ += json;
        return *this;
    }
    std::string text() const { return text_ + '}'; }

private:
    void begin(std::string_view name)
    {
        text_ += text_.size() > 1 ? ",\"" : "\"";
        text_.append(name).append("\":");
    }

    std::string text_ = "{";
};

template <typename Items, typename Convert>
std::string list_of(Items const& items, Convert convert)
{
    std::string list;
    for (auto const& each : items) {
        list += list.empty() ? "" : ",";
        list += convert(each);
    }
    return '[' + list + ']';
}

/// The newest first. None: a worker has no sample yet.
std::optional<std::vector<connection_info>> newest_of_all(monitored const& parts)
{
    auto const now = std::chrono::steady_clock::now();
    bool is_complete = true;
    std::vector<connection_info> found;
    for (server::worker* const each : parts.server.all_workers()) {
        auto const rows = each->newest().request(now);  // of each worker, also after one that has none
        if (rows == nullptr) {
            is_complete = false;
        } else {
            found.insert(found.end(), rows->begin(), rows->end());
        }
    }
    if (!is_complete) return std::nullopt;
    std::ranges::sort(found, std::greater{}, &connection_info::id);
    if (found.size() > server::newest_connections::size) found.resize(server::newest_connections::size);
    return found;
}

std::string connections_json(monitored const& parts)
{
    auto const newest = newest_of_all(parts);
    if (!newest) return "null";
    auto const now = parts.clock.now();
    return list_of(*newest, [now](connection_info const& each) {
        return object{}
            .add("id", each.id)
            .add("address", each.address)
            .add("name", each.name)
            .add("phase", name_of(each.phase))
            .add("tls", each.is_tls)
            .add("seconds", now - each.since)
            .add("messages", each.messages_in + each.messages_out)
            .add("bytes", each.bytes_in + each.bytes_out)
            .text();
    });
}

std::string throttled_json(monitored const& parts)
{
    auto const now = parts.clock.now();
    return list_of(parts.throttle.recent().list(now), [now](auth::throttled_source const& each) {
        return object{}
            .add("network", each.network)
            .add("rule", each.rule)
            .add("denied", each.denied)
            .add_rest("retry_after", each.until, now)
            .text();
    });
}

std::string bans_json(monitored const& parts)
{
    auto const bans = parts.server.bans();
    auto const now = parts.clock.now();
    auto const networks = list_of(bans->list(max_bans, now), [now](server::banned_network const& each) {
        return object{}
            .add("network", each.network.text())
            .add("silent", each.is_silent)
            .add_rest("expires_in", each.expires_at, now)
            .text();
    });
    return object{}.add("count", std::uint64_t{bans->size()}).add_json("networks", networks).text();
}

std::string events_json(monitored const& parts)
{
    if (parts.log == nullptr) return "[]";
    return list_of(parts.log->recent().newest_first(), [](log::recent_events::event const& each) {
        return object{}
            .add("time", each.time)
            .add("level", each.level)
            .add("event", each.name)
            .add("text", each.text)
            .text();
    });
}

}  // namespace

std::string live_json(monitored const& parts)
{
    return object{}
        .add_json("connections", connections_json(parts))
        .add_json("throttled", throttled_json(parts))
        .add_json("bans", bans_json(parts))
        .add_json("events", events_json(parts))
        .text();
}

}  // namespace porter::detail::library
