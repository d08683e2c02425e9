#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "log/logger.hpp"

namespace porter::testing {

/// A logged event; numbers as text, durations in milliseconds.
struct recorded_event {
    detail::log::level severity;
    std::string event;
    std::vector<std::pair<std::string, std::string>> fields;

    /// The value of a field, or an empty string.
    std::string field(std::string_view key) const
    {
        auto const found =
            std::find_if(fields.begin(), fields.end(), [&](auto const& each) { return each.first == key; });
        return found == fields.end() ? std::string{} : found->second;
    }
};

/// A logger that keeps every event. Safe from any thread.
class recording_log final : public detail::log::logger {
public:
    recording_log() : logger(detail::log::level::trace) {}

    std::vector<recorded_event> events() const
    {
        std::lock_guard const lock{mutex_};
        return events_;
    }

    std::function<void(std::string_view)> on_event;  ///< called with the name of each event, on the logging thread

    /// The events of this name, in their order.
    std::vector<recorded_event> events(std::string_view name) const
    {
        auto found = events();
        std::erase_if(found, [&](auto const& each) { return each.event != name; });
        return found;
    }

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

private:
    void write(detail::log::level severity, std::string_view event, std::span<detail::log::field const> peer,
               std::initializer_list<detail::log::field> fields) override
    {
        recorded_event made{severity, std::string{event}, {}};
        std::vector<detail::log::field> all{peer.begin(), peer.end()};
        all.insert(all.end(), fields.begin(), fields.end());
        for (auto const& each : all) {
            using style = detail::log::field::style;
            bool const is_number = each.style_ == style::number || each.style_ == style::seconds;
            made.fields.emplace_back(each.key, is_number ? std::to_string(each.number) : std::string{each.text});
        }
        {
            std::lock_guard const lock{mutex_};
            events_.push_back(std::move(made));
        }
        if (on_event) on_event(event);
    }

    mutable std::mutex mutex_;
    std::vector<recorded_event> events_;
};

}  // namespace porter::testing
