#include "client/receive_window.hpp"

#include "support/catch.hpp"

using namespace porter;
using namespace std::chrono_literals;
using porter::detail::client::receive_pacer;
using porter::detail::client::receive_window;
using time_point = receive_window::time_point;

namespace {

constexpr time_point start{1h};
constexpr std::size_t kernel_buffer = 0;  // then a period reads receive_pacer::least

/// A window that is limited by one message and full by two.
struct small_window : receive_window {
    small_window() : receive_window(1000, 2000) {}

    void push_one() { push(message_kind::text, std::string(1000, 'x')); }
    bool pop_resumes(time_point now = start)
    {
        return pop([&] { return now; }).resumes_reading;
    }
    std::optional<time_point> end_of_pause_at(time_point now, bool is_reply_awaited = false)
    {
        return end_of_pause(now, is_reply_awaited, kernel_buffer);
    }
};

}  // namespace

TEST_CASE("messages leave the window in their order and free their memory")
{
    receive_window window{1000, 2000};
    CHECK(window.empty());
    window.push(message_kind::text, "one");
    window.push(message_kind::data, "two");
    CHECK(window.size() > 6);
    auto const now = [] { return start; };
    auto const first = window.pop(now);
    CHECK(first.oldest.is_text());
    CHECK(first.oldest.body == "one");
    CHECK_FALSE(first.resumes_reading);
    auto const second = window.pop(now);
    CHECK_FALSE(second.oldest.is_text());
    CHECK(second.oldest.body == "two");
    CHECK(window.empty());
    CHECK(window.size() == 0);
}

TEST_CASE("reads of a window that is not limited are neither paced nor counted")
{
    small_window window;
    CHECK_FALSE(window.is_limited());
    window.on_read(receive_pacer::least, false);
    CHECK_FALSE(window.end_of_pause_at(start));
    window.push_one();
    CHECK(window.is_limited());
    CHECK_FALSE(window.end_of_pause_at(start));
}

TEST_CASE("a limited window reads a share and pauses until the next period")
{
    small_window window;
    window.push_one();
    CHECK_FALSE(window.end_of_pause_at(start));
    window.on_read(receive_pacer::least, false);
    CHECK(window.end_of_pause_at(start + 1s) == start + receive_pacer::period);
    CHECK_FALSE(window.end_of_pause_at(start + receive_pacer::period));
}

TEST_CASE("while a reply is awaited a limited window is not paced")
{
    small_window window;
    window.push_one();
    CHECK_FALSE(window.end_of_pause_at(start));
    window.on_read(receive_pacer::least, true);
    CHECK_FALSE(window.end_of_pause_at(start));  // the read did not count
    window.on_read(receive_pacer::least, false);
    CHECK_FALSE(window.end_of_pause_at(start, true));
    CHECK(window.end_of_pause_at(start));
}

TEST_CASE("a full window reads nothing even while a reply is awaited")
{
    small_window window;
    window.push_one();
    CHECK_FALSE(window.is_full());
    window.push_one();
    CHECK(window.is_full());
    CHECK(window.end_of_pause_at(start) == time_point::max());
    CHECK(window.end_of_pause_at(start, true) == time_point::max());
}

TEST_CASE("reading resumes when a window is less than full and again when it is not limited")
{
    small_window window;
    for (int i = 0; i < 3; ++i) window.push_one();
    CHECK_FALSE(window.pop_resumes());  // still full
    CHECK(window.pop_resumes());
    CHECK_FALSE(window.is_full());
    CHECK(window.pop_resumes());
    CHECK_FALSE(window.is_limited());
    window.push(message_kind::text, "short");
    CHECK_FALSE(window.pop_resumes());
}

TEST_CASE("a maximum below the limit is the limit")
{
    receive_window window{2000, 1000};
    window.push(message_kind::text, std::string(1500, 'x'));
    CHECK_FALSE(window.is_full());
    window.push(message_kind::text, std::string(500, 'x'));
    CHECK(window.is_full());
}

TEST_CASE("a full window explains a lost connection and does so for a minute more")
{
    small_window window;
    window.push_one();
    CHECK_FALSE(window.loss_reason(start));
    window.push_one();
    auto const reason = window.loss_reason(start);
    REQUIRE(reason);
    CHECK(reason->find("2000 bytes") != std::string::npos);
    window.pop_resumes(start + 1h);
    CHECK(window.loss_reason(start + 1h + receive_window::fullness_time));
    CHECK_FALSE(window.loss_reason(start + 1h + receive_window::fullness_time + 1ms));
}
