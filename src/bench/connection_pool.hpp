#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/bench_client.hpp"
#include "bench/config.hpp"
#include "bench/fault.hpp"
#include "bench/pattern.hpp"
#include "bench/poller.hpp"
#include "bench/recorder.hpp"
#include "bench/target.hpp"

namespace porter::detail::bench {

/// The connections of one load thread. Either they stay, and enter() brings them in before measure() lets them talk; or
/// they are visits, of which each place makes one after another during measure(). One that meets a fault is counted and
/// does not come back.
class connection_pool {
public:
    /// Which share of the load this is: every `lanes`th connection, message or visit, from number `lane` on.
    struct share {
        unsigned lane = 0;
        unsigned lanes = 1;
        unsigned endpoints = 1;       ///< connections of this thread
        std::uint64_t first_run = 0;  ///< numbers below it were used before
    };

    /// The plan and the scene outlive it. Throws std::system_error when the machine has no descriptors left.
    connection_pool(config const& wanted, target const& door, share of);

    /// Brings those that stay in, a part of them at a time. In the idle mode each of them sends one message.
    void start_login();

    /// Makes the load until the window ends, then waits for what is under way, at most the plan's timeout.
    void measure(window when, recorder& into);

    /// Faults by their reason, with their kind and number. After measure().
    struct counted {
        fault::kind code = fault::kind::protocol;
        std::uint64_t count = 0;
    };
    std::map<std::string, counted> const& faults() const noexcept { return faults_; }

    /// The visits that were begun, so that their numbers are not used again.
    std::uint64_t runs() const noexcept { return runs_; }

private:
    using slot_number = std::uint32_t;

    moment run_once(moment until);
    void on_ready(slot_number at, bool ended);
    void read(slot_number at, bool ended);
    void on_granted(slot_number at, moment now);
    void on_reply(slot_number at, std::uint64_t answers, moment now);

    void start_visit(slot_number at, moment began);
    void end_run(slot_number at, moment now);
    void start_due(moment now);
    void start_due_runs(std::uint64_t due);
    void send_due_messages(std::uint64_t due);
    void open_window(bench_client& one, moment now);
    void send(slot_number at);

    void send_closing(slot_number at, fault why);
    void fail_timed_out(moment now);
    bool is_any_waiting() const;
    moment next_moment(moment limit) const;

    config const& config_;
    target const& target_;
    share share_;
    pattern messages_;
    poller poller_;
    std::vector<std::byte> buffer_;  // what is read lands here, for all
    std::vector<std::optional<bench_client>> endpoints_;
    std::vector<slot_number> free_;  // where the next visits begin
    std::map<std::string, counted> faults_;
    std::uint64_t runs_ = 0;
    std::size_t alive_;           // places whose visitors met no fault
    std::size_t logging_in_ = 0;  // those on their way in
    std::optional<schedule> schedule_;
    std::uint64_t begun_ = 0;  // messages or visits of the schedule
    recorder* recorder_ = nullptr;
    bool running_ = false;
    moment checked_{};
};

}  // namespace porter::detail::bench
