#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "identity/address.hpp"
#include "log/logger.hpp"
#include "porter/frame.hpp"

namespace porter::detail::server {

/// Counts the frames of a connection, and logs the kind and length of each at the level trace, never its content. On
/// the connection's thread.
class traffic {
public:
    struct direction {
        std::uint64_t messages = 0;
        std::uint64_t bytes = 0;  ///< of the frames, headers included
    };

    explicit traffic(log::logger& log) : traces_(log.writes(log::level::trace)), log_(log) {}

    /// `payload`: bytes.
    void received(identity::address const& from, std::byte kind, std::size_t payload)
    {
        count(in_, payload);
        if (traces_) [[unlikely]]
            trace("message_received", from, kind, payload);
    }
    /// When it is queued.
    void sent(identity::address const& to, std::byte kind, std::size_t payload)
    {
        count(out_, payload);
        if (traces_) [[unlikely]]
            trace("message_sent", to, kind, payload);
    }

    direction const& in() const noexcept { return in_; }
    direction const& out() const noexcept { return out_; }
    log::logger& log() const noexcept { return log_; }

private:
    static void count(direction& counted, std::size_t payload) noexcept
    {
        ++counted.messages;
        counted.bytes += frame_header_size + payload;
    }
    void trace(std::string_view event, identity::address const& peer, std::byte kind, std::size_t payload) const;

    direction in_;
    direction out_;
    bool const traces_;
    log::logger& log_;
};

}  // namespace porter::detail::server
