#include "client/receive_window.hpp"

#include <algorithm>

namespace porter::detail::client {

receive_window::receive_window(std::size_t receive_buffer, std::size_t max_receive_buffer) noexcept
    : receive_buffer_(receive_buffer), max_receive_buffer_(std::max(receive_buffer, max_receive_buffer))
{}

std::optional<receive_window::time_point> receive_window::end_of_pause(time_point now, bool is_reply_awaited,
                                                                       std::size_t kernel_buffer)
{
    if (is_full()) return time_point::max();
    if (!is_limited() || is_reply_awaited || !pacer_.is_spent(now, kernel_buffer)) return std::nullopt;
    return pacer_.next_period();
}

std::optional<std::string> receive_window::loss_reason(time_point now) const
{
    if (!is_full() && now > explains_until_) return std::nullopt;
    return "the program left " + std::to_string(max_receive_buffer_) +
           " bytes of messages unreceived, so no more were read";
}

}  // namespace porter::detail::client
