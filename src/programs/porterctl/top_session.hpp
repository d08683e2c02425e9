#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "control/control_client.hpp"
#include "programs/porterctl/top_display.hpp"
#include "terminal/full_screen.hpp"

namespace porter::programs {

/// `porterctl top` on a terminal, until it is left. Nothing in it waits for porterd: each request has its own
/// connection, which is polled with the keyboard and the signals.
class top_session {
public:
    /// `path`: the control socket. `first`: an overview, so that a server that does not run is an error before the
    /// terminal is taken over. Throws std::system_error.
    top_session(std::filesystem::path path, std::chrono::milliseconds interval, bool has_styles,
                detail::control::overview first);

    /// Returns the signal that has ended it, or 0. Then destroy this before the signal is raised again.
    int run();

private:
    using clock = std::chrono::steady_clock;

    bool is_due() const;
    void begin_request();
    void receive();
    void on_reply(detail::control::reply const& answer);
    void fail(detail::control::control_error const& error);
    bool read_keys();
    void draw();
    std::chrono::milliseconds time_to_wait() const;

    std::filesystem::path path_;
    std::chrono::milliseconds interval_;
    top_display display_;
    std::optional<detail::control::control_client> client_;  // of the request that is not answered
    clock::time_point deadline_{};                           // of its answer
    clock::time_point next_;                                 // when to ask again
    std::uint64_t to_close_ = 0;                             // the connection to close next; 0: none
    std::uint64_t closed_ = 0;                               // the connection of the request to close
    bool is_wanted_ = false;                                 // an overview, before next_
    bool is_left_ = false;
    detail::terminal::full_screen screen_;
};

}  // namespace porter::programs
