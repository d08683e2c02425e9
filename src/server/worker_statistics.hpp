#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "metrics/counter.hpp"
#include "porter/access.hpp"
#include "porter/error.hpp"
#include "server/close_reason.hpp"

namespace porter::detail::server {

/// What the connections of one worker have done. Written on its thread alone, read by any.
class worker_statistics {
public:
    /// Codes by their number, and space for those that a later version adds.
    static constexpr std::size_t code_count = 40;
    static constexpr std::size_t method_count = 7;

    using by_code = std::array<metrics::counter, code_count>;

    ///@{
    /// Set once a tick, and by worker::sample().
    metrics::gauge messages_in;
    metrics::gauge messages_out;
    metrics::gauge bytes_in;
    metrics::gauge bytes_out;
    metrics::gauge before_access;  ///< connections that access is not granted to yet
    metrics::gauge with_access;
    metrics::gauge closing;  ///< connections that have a close_reason, also those that are rejected
    ///@}

    by_code denied;                   ///< answers `denied`
    by_code closed;                   ///< connections that the server has closed with a code, told or not
    metrics::counter closed_by_peer;  ///< connections whose peer has sent `closing`
    metrics::counter half_closed;     ///< those whose peer ended its side between two frames
    metrics::counter cut_off;         ///< those whose peer ended its side within a frame
    metrics::counter lost;            ///< those that a reset or another error has ended
    std::array<metrics::counter, method_count> granted;  ///< by auth_method
    std::array<by_code, method_count> access_denied;     ///< by auth_method and code

    void count_closed(close_reason const& reason) noexcept
    {
        switch (reason.kind()) {
            case close_reason::kind_type::local:
            case close_reason::kind_type::silent:
                return closed[index_of(reason.close_code())].add();
            case close_reason::kind_type::peer_closed:
                return closed_by_peer.add();
            case close_reason::kind_type::half_closed:
                return half_closed.add();
            case close_reason::kind_type::truncated:
                return cut_off.add();
            case close_reason::kind_type::lost:
                return lost.add();
        }
    }
    void count_denied(code reason) noexcept { denied[index_of(reason)].add(); }
    void count_granted(auth_method by) noexcept { granted[index_of(by)].add(); }
    void count_access_denied(auth_method by, code reason) noexcept
    {
        access_denied[index_of(by)][index_of(reason)].add();
    }

    static std::size_t index_of(code value) noexcept
    {
        return std::min(static_cast<std::size_t>(value), code_count - 1);
    }
    static std::size_t index_of(auth_method value) noexcept
    {
        return std::min(static_cast<std::size_t>(value), method_count - 1);
    }
};

}  // namespace porter::detail::server
