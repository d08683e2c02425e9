#pragma once

#include <string>
#include <utility>

#include "porter/error.hpp"

namespace porter::detail::server {

/// Why a connection ends, which decides how it is closed.
class close_reason {
public:
    enum class kind_type : std::uint8_t {
        local,        ///< by the server, which sends `closing` first
        peer_closed,  ///< the peer sent `closing`: queued output is still written, nothing is added
        half_closed,  ///< the peer ended its side between two frames: the same
        truncated,    ///< the peer ended its side within a frame: the same
        lost          ///< a reset or another error: nothing can be sent
    };

    static close_reason local(code code, std::string message = {})
    {
        return {kind_type::local, code, std::move(message)};
    }
    static close_reason peer_closed() { return {kind_type::peer_closed, code::normal, {}}; }
    static close_reason half_closed() { return {kind_type::half_closed, code::normal, {}}; }
    static close_reason truncated() { return {kind_type::truncated, code::normal, {}}; }
    static close_reason lost(std::string message) { return {kind_type::lost, code::normal, std::move(message)}; }

    kind_type kind() const noexcept { return kind_; }
    code close_code() const noexcept { return code_; }
    std::string const& message() const noexcept { return message_; }

private:
    close_reason(kind_type kind, porter::code code, std::string message)
        : kind_(kind), code_(code), message_(std::move(message))
    {}

    kind_type kind_;
    code code_;
    std::string message_;
};

}  // namespace porter::detail::server
