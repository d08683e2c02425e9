#pragma once

#include <string>
#include <utility>

#include "porter/error.hpp"

namespace porter::rooms::server {

/// Why a connection ends, and therefore how it takes its leave.
class ending {
public:
    enum class how : std::uint8_t {
        closed_by_us,    ///< we say `closing` first
        closed_by_peer,  ///< it said `closing`: what is queued is still written, nothing is added
        half_closed,     ///< it ended its side without a word, between two frames: the same
        cut_off,         ///< it ended its side in the middle of a frame: the same
        lost             ///< reset or worse: there is nobody left to tell
    };

    static ending by_us(code what, std::string reason = {}) { return {how::closed_by_us, what, std::move(reason)}; }
    static ending by_peer() { return {how::closed_by_peer, code::normal, {}}; }
    static ending half_closed() { return {how::half_closed, code::normal, {}}; }
    static ending cut_off() { return {how::cut_off, code::normal, {}}; }
    static ending lost(std::string reason) { return {how::lost, code::normal, std::move(reason)}; }

    how way() const noexcept { return way_; }
    code what() const noexcept { return what_; }
    std::string const& reason() const noexcept { return reason_; }

private:
    ending(how way, code what, std::string reason) : way_(way), what_(what), reason_(std::move(reason)) {}

    how way_;
    code what_;
    std::string reason_;
};

}  // namespace porter::rooms::server
