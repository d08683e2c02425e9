#include "server/output_rate.hpp"

#include <linux/sockios.h>
#include <linux/tcp.h>  // has tcpi_bytes_acked; not together with <netinet/tcp.h>, which Asio includes
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace porter::detail::server {

std::chrono::milliseconds time_at(std::uint32_t rate, std::size_t bytes) noexcept
{
    return std::chrono::milliseconds{std::uint64_t{bytes} * 1000 / rate};
}

output_position output_position::of(int socket) noexcept
{
    output_position found;
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) == 0) found.acknowledged = info.tcpi_bytes_acked;
    int buffered = 0;
    if (::ioctl(socket, SIOCOUTQ, &buffered) == 0 && buffered > 0) found.buffered = static_cast<std::size_t>(buffered);
    return found;
}

output_rate::output_rate(time_point now, std::size_t queued, output_position position, std::chrono::milliseconds time,
                         std::uint32_t slowest_rate)
    : time_(time), slowest_rate_(slowest_rate), acknowledged_(position.acknowledged), progress_at_(now)
{
    start_piece(now, queued, position);
}

void output_rate::update(time_point now, std::size_t queued, output_position position)
{
    if (position.acknowledged != acknowledged_) progress_at_ = now;
    acknowledged_ = position.acknowledged;
    if (acknowledged_ >= piece_end_) start_piece(now, queued, position);
}

void output_rate::start_piece(time_point now, std::size_t queued, output_position position)
{
    auto const size = position.buffered + queued;
    piece_end_ = position.acknowledged + size;
    started_at_ = now;
    due_ = now + time_ + time_at(slowest_rate_, size);
}

}  // namespace porter::detail::server
