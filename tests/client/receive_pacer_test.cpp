#include "client/receive_pacer.hpp"

#include "support/catch.hpp"

using porter::detail::client::receive_pacer;
using namespace std::chrono_literals;

namespace {

constexpr receive_pacer::time_point start{1h};

}  // namespace

TEST_CASE("a period has its share of reads")
{
    receive_pacer pacer;
    CHECK_FALSE(pacer.is_spent(start, 0));
    CHECK(pacer.next_period() == start + receive_pacer::period);
    pacer.add(receive_pacer::least - 1);
    CHECK_FALSE(pacer.is_spent(start + 1s, 0));
    pacer.add(64 * 1024);
    CHECK(pacer.is_spent(start + 1s, 0));
    CHECK(pacer.is_spent(start + receive_pacer::period - 1ms, 0));
    CHECK_FALSE(pacer.is_spent(start + receive_pacer::period, 0));
}

TEST_CASE("the share is an eighth of a large kernel buffer")
{
    receive_pacer pacer;
    constexpr std::size_t kernel_buffer = 32 * 1024 * 1024;
    CHECK_FALSE(pacer.is_spent(start, kernel_buffer));
    pacer.add(kernel_buffer / 8 - 1);
    CHECK_FALSE(pacer.is_spent(start, kernel_buffer));
    pacer.add(1);
    CHECK(pacer.is_spent(start, kernel_buffer));
}

TEST_CASE("the slowest pace is above what a server demands")
{
    constexpr std::size_t demanded = 64 * 1024;  // bytes a second
    CHECK(receive_pacer::least / static_cast<std::size_t>(receive_pacer::period.count()) > demanded);
    CHECK(2 * receive_pacer::period < 10s);
}
