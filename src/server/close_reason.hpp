#pragma once

#include <cstdint>
#include <new>
#include <string>
#include <string_view>

#include "porter/error.hpp"

namespace porter::detail::server {

/// Why a connection ends, which decides how it is closed. Making one does not throw, because it may be the lack of
/// memory that ends the connection: then the message is left out.
class close_reason {
public:
    enum class kind_type : std::uint8_t {
        local,        ///< by the server, which sends `closing` first
        silent,       ///< by the server, at once and without a message
        peer_closed,  ///< the peer sent `closing`: queued output is still written, nothing is added
        half_closed,  ///< the peer ended its side between two frames: the same
        truncated,    ///< the peer ended its side within a frame: the same
        lost          ///< a reset or another error: nothing can be sent
    };

    static close_reason local(code code, std::string_view message = {}) noexcept
    {
        return {kind_type::local, code, message};
    }
    /// By a ban of the client's network.
    static close_reason banned(bool is_silent) noexcept
    {
        if (is_silent) return {kind_type::silent, code::banned, {}};
        return local(code::banned, "this network is banned");
    }
    static close_reason peer_closed() noexcept { return {kind_type::peer_closed, code::normal, {}}; }
    static close_reason half_closed() noexcept { return {kind_type::half_closed, code::normal, {}}; }
    static close_reason truncated() noexcept { return {kind_type::truncated, code::normal, {}}; }
    static close_reason lost(std::string_view message) noexcept { return {kind_type::lost, code::normal, message}; }

    kind_type kind() const noexcept { return kind_; }
    code close_code() const noexcept { return code_; }
    std::string const& message() const noexcept { return message_; }

private:
    close_reason(kind_type kind, porter::code code, std::string_view message) noexcept : kind_(kind), code_(code)
    {
        try {
            message_ = message;
        } catch (std::bad_alloc const&) {
        }
    }

    kind_type kind_;
    code code_;
    std::string message_;
};

}  // namespace porter::detail::server
