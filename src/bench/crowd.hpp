#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/fault.hpp"
#include "bench/pattern.hpp"
#include "bench/plan.hpp"
#include "bench/poller.hpp"
#include "bench/recorder.hpp"
#include "bench/scene.hpp"
#include "bench/visitor.hpp"

namespace porter::rooms::bench {

/// The connections of one load thread. Either they stay, and enter() brings them in before measure() lets them talk; or
/// they are visits, of which each place makes one after another during measure(). One that meets a fault is counted and
/// does not come back.
class crowd {
public:
    /// Which share of the load this is: every `lanes`th connection, message or visit, from number `lane` on.
    struct share {
        unsigned lane = 0;
        unsigned lanes = 1;
        unsigned places = 1;            ///< connections of this thread
        std::uint64_t first_visit = 0;  ///< numbers below it were used before
    };

    /// The plan and the scene outlive it. Throws std::system_error when the machine has no descriptors left.
    crowd(plan const& wanted, scene const& door, share of);

    /// Brings those that stay in, a part of them at a time. In the idle mode each of them sends one message.
    void enter();

    /// Makes the load until the window ends, then waits for what is under way, at most the plan's timeout.
    void measure(window when, recorder& into);

    /// Faults by their reason, with their kind and number. After measure().
    struct counted {
        fault::kind what = fault::kind::protocol;
        std::uint64_t count = 0;
    };
    std::map<std::string, counted> const& faults() const noexcept { return faults_; }

    /// The visits that were begun, so that their numbers are not used again.
    std::uint64_t visits() const noexcept { return visits_; }

private:
    using place_number = std::uint32_t;

    moment turn(moment until);
    void on_ready(place_number at, bool ended);
    void listen(place_number at, bool ended);
    void admitted(place_number at, moment now);
    void answered(place_number at, std::uint64_t answers, moment now);

    void begin_visit(place_number at, moment began);
    void end_visit(place_number at, moment now);
    void begin_due(moment now);
    void begin_due_visits(std::uint64_t due);
    void send_due_messages(std::uint64_t due);
    void open_window(visitor& one, moment now);
    void send(place_number at);

    void say_goodbye(place_number at, fault why);
    void give_up_on_the_silent(moment now);
    bool anybody_waits() const;
    moment next_moment(moment limit) const;

    plan const& plan_;
    scene const& door_;
    share share_;
    pattern messages_;
    poller poller_;
    std::vector<std::byte> room_;  // what is read lands here, for all
    std::vector<std::optional<visitor>> places_;
    std::vector<place_number> free_;  // where the next visits begin
    std::map<std::string, counted> faults_;
    std::uint64_t visits_ = 0;
    std::size_t alive_;         // places whose visitors met no fault
    std::size_t entering_ = 0;  // those on their way in
    std::optional<schedule> schedule_;
    std::uint64_t begun_ = 0;  // messages or visits of the schedule
    recorder* recorder_ = nullptr;
    bool running_ = false;
    moment looked_{};
};

}  // namespace porter::rooms::bench
