#pragma once

#include <algorithm>
#include <chrono>

namespace porter::detail::store::postgres {

/// When this server was last in contact with the primary: it has read the journal and committed a heartbeat. An old
/// primary that is cut off from its standby still answers the first, and never the second. For one thread.
class contact {
public:
    using time = std::chrono::steady_clock::time_point;

    /// Without contact for longer than this, a server is partitioned: sessions may have ended without its knowledge.
    static constexpr std::chrono::seconds limit{1};

    explicit contact(time now) noexcept : looked_at_(now), beat_at_(now) {}

    ///@{
    /// Both by the moment of the request: what was acknowledged elsewhere after that is not in its answer.
    void on_look(time sent) noexcept { looked_at_ = sent; }
    void on_beat(time sent) noexcept { beat_at_ = sent; }
    ///@}

    /// From when on it is partitioned, unless there is contact again.
    time expires_at() const noexcept { return std::min(looked_at_, beat_at_) + limit; }
    bool is_expired(time now) const noexcept { return now >= expires_at(); }

private:
    time looked_at_;
    time beat_at_;
};

}  // namespace porter::detail::store::postgres
