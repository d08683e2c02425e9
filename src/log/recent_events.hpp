#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "log/logger.hpp"

namespace porter::detail::log {

/// The last lines of a log, for its status page: those of the events that the .cpp file lists, which report no text of
/// a client but names and addresses. Those of a connection's ordinary life are not among them, and warnings are kept
/// apart, so that what clients cause at will does not displace them. Safe from any thread.
class recent_events {
public:
    /// The number of warnings and errors that are kept, and that of other events.
    static constexpr std::size_t kept = 25;

    struct event {
        std::string time;   ///< as in the log
        std::string level;  ///< likewise
        std::string name;
        std::string text;  ///< the values, in the log's format

        friend bool operator==(event const&, event const&) = default;
    };

    /// `format`: of the lines.
    explicit recent_events(log_format format) : format_(format) {}

    /// Takes over what is listed of these lines, each of which has its line feed. Throws std::bad_alloc; then the rest
    /// of the lines is missing.
    void add(std::string_view lines);

    std::vector<event> newest_first() const;

private:
    struct numbered_event {
        std::uint64_t number = 0;
        recent_events::event event;
    };

    void add_line(std::string_view line);

    log_format format_;
    mutable std::mutex mutex_;
    std::uint64_t count_ = 0;
    std::deque<numbered_event> warnings_;
    std::deque<numbered_event> others_;
};

}  // namespace porter::detail::log
