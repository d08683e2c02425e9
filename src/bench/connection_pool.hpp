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

/// The connections of one load thread. In a mode with persistent connections, start_login() connects them before
/// measure(). Otherwise measure() makes short connections, one after another in each slot. A connection with a fault is
/// counted and not replaced.
class connection_pool {
public:
    /// This thread's share of the load: every `lanes`th connection or message, from number `lane` on.
    struct lane_share {
        unsigned lane = 0;
        unsigned lanes = 1;
        unsigned connections = 1;        ///< of this thread
        std::uint64_t first_number = 0;  ///< the first unused connection number
    };

    /// `config` and `target` must outlive it. Throws std::system_error if no descriptor is left.
    connection_pool(bench::config const& config, bench::target const& target, lane_share share);

    /// Connects the persistent connections, in batches. In the idle mode each sends one message.
    void start_login();

    /// Generates the load until the window ends, then waits for pending replies, at most for the timeout.
    void measure(bench::window window, bench::recorder& recorder);

    struct fault_tally {
        fault_kind kind = fault_kind::protocol;
        std::uint64_t count = 0;
    };

    /// The faults by their reason. After measure().
    std::map<std::string, fault_tally> const& faults() const noexcept { return faults_; }

    /// The number of connections that were started.
    std::uint64_t started() const noexcept { return started_; }

private:
    using slot_number = std::uint32_t;

    moment run_once(moment until);
    void on_ready(slot_number slot, bool ended);
    void read(slot_number slot, bool ended);
    void on_granted(slot_number slot, moment now);
    void on_reply(slot_number slot, std::uint64_t replies, moment now);

    void start_connection(slot_number slot, moment scheduled);
    void finish_connection(slot_number slot, moment now);
    void start_due(moment now);
    void start_due_connections(std::uint64_t due);
    void send_due_messages(std::uint64_t due);
    void fill_depth(bench_client& client, moment now);
    void send(slot_number slot);

    void drop(slot_number slot, fault fault);
    void fail_timed_out(moment now);
    bool has_pending() const;
    moment next_wakeup(moment limit) const;

    bench::config const& config_;
    bench::target const& target_;
    lane_share share_;
    pattern messages_;
    poller poller_;
    std::vector<std::byte> buffer_;                     // shared input buffer
    std::vector<std::optional<bench_client>> clients_;  // by slot
    std::vector<slot_number> free_;
    std::map<std::string, fault_tally> faults_;
    std::uint64_t started_ = 0;
    std::size_t alive_;           // slots without a fault
    std::size_t logging_in_ = 0;  // connections without access yet
    std::optional<schedule> schedule_;
    std::uint64_t scheduled_ = 0;  // messages or connections of the schedule that were started
    bench::recorder* recorder_ = nullptr;
    bool running_ = false;
    moment checked_at_{};
};

}  // namespace porter::detail::bench
