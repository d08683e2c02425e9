#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "porter/logger.hpp"

namespace porter::testing {

/// A logged event. Numbers and durations are text, as in the log file.
struct recorded_event {
    log_level level;                                          ///< the level that it was logged at
    std::string event;                                        ///< its name
    std::vector<std::pair<std::string, std::string>> fields;  ///< `address` and `connection` are the first, if any

    /// The value of a field, or an empty string.
    std::string field(std::string_view key) const
    {
        auto const found =
            std::find_if(fields.begin(), fields.end(), [&](auto const& each) { return each.first == key; });
        return found == fields.end() ? std::string{} : found->second;
    }
};

/// A logger that keeps every event in memory. All members may be called from any thread.
class recording_log final : public logger {
public:
    recording_log() : logger(log_level::trace) {}

    /// All events so far, in their order.
    std::vector<recorded_event> events() const
    {
        std::lock_guard const lock{mutex_};
        return events_;
    }

    /// The events of this name.
    std::vector<recorded_event> events(std::string_view name) const
    {
        auto found = events();
        std::erase_if(found, [&](auto const& each) { return each.event != name; });
        return found;
    }

    /// The number of events of this name.
    std::size_t count(std::string_view name) const { return events(name).size(); }

    /// Whether any event contains this text.
    bool mentions(std::string_view text) const
    {
        auto const has = [&](std::string const& where) { return where.find(text) != std::string::npos; };
        for (auto const& each : events()) {
            if (has(each.event)) return true;
            for (auto const& [key, value] : each.fields) {
                if (has(key) || has(value)) return true;
            }
        }
        return false;
    }

    /// Called with the name of each event, on the thread that logs it. Set it before anything is logged.
    std::function<void(std::string_view)> on_event;

private:
    void write(log_record const& record) noexcept override
    {
        recorded_event made{record.level, std::string{record.event}, {}};
        for (auto const& each : record.peer) made.fields.emplace_back(each.key, each.value());
        for (auto const& each : record.fields) made.fields.emplace_back(each.key, each.value());
        {
            std::lock_guard const lock{mutex_};
            events_.push_back(std::move(made));
        }
        if (on_event) on_event(record.event);
    }

    mutable std::mutex mutex_;
    std::vector<recorded_event> events_;
};

}  // namespace porter::testing
