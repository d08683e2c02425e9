#include "client/back_off.hpp"

#include <algorithm>
#include <random>

namespace porter::rooms::client {

std::chrono::milliseconds back_off::next(std::chrono::seconds retry_after)
{
    auto const half = span_ / 2;
    auto const drawn = std::chrono::duration<double, std::milli>(half) * chance_();
    auto const pause = half + std::chrono::duration_cast<std::chrono::milliseconds>(drawn);
    span_ = std::min(span_ * 2, longest);
    return std::max<std::chrono::milliseconds>(pause, retry_after);
}

double system_chance()
{
    thread_local std::minstd_rand engine{std::random_device{}()};
    return std::uniform_real_distribution<double>{0.0, 1.0}(engine);
}

bool worth_another_try(client_failure const& ended) noexcept
{
    switch (ended.why) {
        case client_failure::cause::unreachable:
        case client_failure::cause::timed_out:
        case client_failure::cause::lost:
            return true;
        case client_failure::cause::protocol:
        case client_failure::cause::not_sent:
        case client_failure::cause::unknown_server:
        case client_failure::cause::untrusted:
            return false;
        case client_failure::cause::closed:
        case client_failure::cause::denied:
            break;
    }
    switch (ended.what) {
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

}  // namespace porter::rooms::client
