#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "identity/address.hpp"
#include "log/logger.hpp"
#include "porter/frame.hpp"

namespace porter::detail::server {

/// Counts what a connection exchanges in whole frames, and logs each at the level trace: its kind and length, never its
/// content. Plain numbers, for the connection's own thread.
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
    /// Of one that is queued.
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
    static void count(direction& way, std::size_t payload) noexcept;
    void trace(std::string_view event, identity::address const& peer, std::byte kind, std::size_t payload) const;

    direction in_;
    direction out_;
    bool const traces_;
    log::logger& log_;
};

inline void traffic::count(direction& way, std::size_t payload) noexcept
{
    ++way.messages;
    way.bytes += frame_header_size + payload;
}

}  // namespace porter::detail::server
