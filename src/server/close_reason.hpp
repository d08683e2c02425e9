#pragma once

#include <string>
#include <utility>

#include "porter/error.hpp"

namespace porter::detail::server {

/// Why a connection ends, and therefore how it takes its leave.
class close_reason {
public:
    enum class kind_type : std::uint8_t {
        local,        ///< we say `closing` first
        peer_closed,  ///< it said `closing`: what is queued is still written, nothing is added
        half_closed,  ///< it ended its side without a word, between two frames: the same
        truncated,    ///< it ended its side in the middle of a frame: the same
        lost          ///< reset or worse: there is nobody left to tell
    };

    static close_reason local(code what, std::string reason = {})
    {
        return {kind_type::local, what, std::move(reason)};
    }
    static close_reason peer_closed() { return {kind_type::peer_closed, code::normal, {}}; }
    static close_reason half_closed() { return {kind_type::half_closed, code::normal, {}}; }
    static close_reason truncated() { return {kind_type::truncated, code::normal, {}}; }
    static close_reason lost(std::string reason) { return {kind_type::lost, code::normal, std::move(reason)}; }

    kind_type kind() const noexcept { return kind_; }
    code close_code() const noexcept { return code_; }
    std::string const& message() const noexcept { return message_; }

private:
    close_reason(kind_type way, code what, std::string reason) : kind_(way), code_(what), message_(std::move(reason)) {}

    kind_type kind_;
    code code_;
    std::string message_;
};

}  // namespace porter::detail::server
