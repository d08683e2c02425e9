#include "client/backoff.hpp"

#include <algorithm>
#include <random>

namespace porter::detail::client {

std::chrono::milliseconds backoff::next(std::chrono::seconds retry_after)
{
    auto const half = span_ / 2;
    auto const jitter = std::chrono::duration<double, std::milli>(half) * random_();
    auto const pause = half + std::chrono::duration_cast<std::chrono::milliseconds>(jitter);
    span_ = std::min(span_ * 2, longest);
    return std::max<std::chrono::milliseconds>(pause, retry_after);
}

double random_fraction()
{
    thread_local std::minstd_rand engine{std::random_device{}()};
    return std::uniform_real_distribution<double>{0.0, 1.0}(engine);
}

bool is_worth_retrying(client_error const& ended) noexcept
{
    switch (ended.cause) {
        case client_errc::unreachable:
        case client_errc::timed_out:
        case client_errc::lost:
            return true;
        case client_errc::protocol:
        case client_errc::not_sent:
        case client_errc::unknown_server:
        case client_errc::untrusted:
            return false;
        case client_errc::closed:
        case client_errc::denied:
            break;
    }
    switch (ended.code) {
        case code::timeout:
        case code::shutting_down:
        case code::server_full:
        case code::slow_consumer:
        case code::internal:
        case code::throttled:
        case code::busy:
        case code::unavailable:
            return true;
        default:
            return false;
    }
}

}  // namespace porter::detail::client
