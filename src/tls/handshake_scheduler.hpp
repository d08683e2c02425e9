#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/asio.hpp"

namespace porter::rooms::tls {

/// Shares one I/O thread between TLS handshakes and everything else that runs on it. A step of a handshake computes for
/// some 0.4 ms without a pause, so that steps go one at a time, each after a turn of the event loop in which all that
/// was ready has run. When sessions exchanged messages meanwhile, the next step also begins no sooner than the last one
/// took: under a flood of handshakes, sessions keep half of the thread. Sites take turns, so that a flood from one of
/// them delays the others' handshakes by a step. A client that has answered the server goes before all those whose
/// first message waits: it is no canned ClientHello, and what is left to compute for it is little.
///
/// On its thread alone. It is destroyed when no task waits in it any more, or after the executor's context has stopped.
class handshake_scheduler {
public:
    explicit handshake_scheduler(io_executor executor) : executor_(std::move(executor)), timer_(executor_) {}
    handshake_scheduler(handshake_scheduler const&) = delete;
    handshake_scheduler& operator=(handshake_scheduler const&) = delete;

    /// The right to compute one step, given back at its end, with the time that it took.
    class [[nodiscard]] turn {
    public:
        explicit turn(handshake_scheduler& from) : scheduler_(&from) {}
        turn(turn&& other) noexcept : scheduler_(std::exchange(other.scheduler_, nullptr)), begun_(other.begun_) {}
        turn& operator=(turn&&) = delete;
        ~turn();

    private:
        handshake_scheduler* scheduler_;
        std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
    };

    /// next: the one after a client's ClientHello, once a handshake; else first.
    enum class step : std::uint8_t { first, next };

    /// Waits for the turn of this site (base::site_of). It cannot be cancelled: a turn that is not used costs nothing.
    task<turn> take_turn(std::string const& site, step which);

    /// A session has received a message: it is to have its share of the thread.
    void note_message() noexcept { ++messages_; }

    /// Handshakes that wait for a turn.
    std::size_t waiting() const noexcept { return first_.size() + next_.size(); }

private:
    /// Tasks that wait: a line for each site, and the lines take turns.
    class queue {
    public:
        void push(std::string const& site, base::resumption<> waiter);
        /// Only when it is not empty.
        base::resumption<> pop();
        std::size_t size() const noexcept { return size_; }

    private:
        struct line {
            std::string site;
            std::deque<base::resumption<>> tasks;  // never empty
        };
        using lines = std::list<line>;

        lines lines_;  // in the order of their turns
        std::unordered_map<std::string_view, lines::iterator> by_site_;
        std::size_t size_ = 0;
    };

    void finish(std::chrono::steady_clock::duration took);
    void choose();
    void grant();

    io_executor executor_;
    base::steady_timer timer_;
    queue first_;
    queue next_;
    std::uint64_t messages_ = 0;
    std::uint64_t messages_before_ = 0;  // at the turn before
    std::chrono::steady_clock::time_point not_before_{};
    bool is_taken_ = false;
};

}  // namespace porter::rooms::tls
