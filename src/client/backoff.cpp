#include "porter/backoff.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace porter {

namespace {

double random_fraction()
{
    thread_local std::minstd_rand engine{std::random_device{}()};
    return std::uniform_real_distribution<double>{0.0, 1.0}(engine);
}

}  // namespace

backoff::backoff(std::function<double()> random) : random_(random ? std::move(random) : random_fraction) {}

std::chrono::milliseconds backoff::next(std::chrono::seconds retry_after)
{
    auto const half = span_ / 2;
    auto const jitter = std::chrono::duration<double, std::milli>(half) * random_();
    auto const pause = half + std::chrono::duration_cast<std::chrono::milliseconds>(jitter);
    span_ = std::min(span_ * 2, longest);
    return std::max<std::chrono::milliseconds>(pause, retry_after);
}

}  // namespace porter
