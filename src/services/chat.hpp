#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "porter/connection.hpp"

namespace porter::detail::services {

/// A chat of all connections of a server: each text goes to every other member as `NAME: text`. A name joins with its
/// first connection and leaves with its last one; both are told to the others. Without accounts a member is `guest N`.
///
/// A member that does not take its lines is closed as slow_consumer, and slows down no other. Data is denied.
///
/// Threads: serve() runs on the thread of its connection, stop() on any. It outlives the connections.
class chat {
public:
    task<void> serve(connection& client);

    /// The server is about to stop: from now on no departure is told. May be called more than once.
    void stop();

private:
    struct member {
        std::string name;
        porter::outbox outbox;
    };
    using members = std::list<member>;

    class membership;

    members::iterator join(connection& client);
    void remove(members::iterator which) noexcept;
    void say(member const& sender, std::string_view text);
    void announce(member const& about, std::string_view event) const noexcept;
    void tell_others(member const& sender, std::string line) const;
    std::string list_others(std::string const& name) const;

    std::mutex mutex_;  // of all that follows
    members members_;
    std::map<std::string, std::size_t, std::less<>> names_;  // how many connections each has
    std::uint64_t unnamed_ = 0;                              // members so far
    bool is_stopping_ = false;
};

}  // namespace porter::detail::services
