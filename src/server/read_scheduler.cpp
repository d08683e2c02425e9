#include "server/read_scheduler.hpp"

#include <utility>

#include "server/connection.hpp"

namespace porter::detail::server {
namespace {

constexpr std::size_t worth_trying = 4;  // peers in a round

}  // namespace

void read_scheduler::queue::push(connection& conn) noexcept
{
    ++size;
    conn.next_scheduled_ = nullptr;
    (first == nullptr ? first : last->next_scheduled_) = &conn;
    last = &conn;
}

void read_scheduler::schedule(connection& conn)
{
    // Of a peer that has ended no read begins: nothing would cancel it.
    bool const is_alone = last_ == &conn && waiting_.first == nullptr && conn.ended() == nullptr;
    last_ = &conn;
    if (is_alone) return conn.start_read();
    if (waiting_.first == nullptr) asio::post(executor_, [this] { run_round(); });
    waiting_.push(conn);
}

/// First all read and then all go on: each is a lot of code, here and in the kernel, which so stays in the processor's
/// cache for a whole round.
void read_scheduler::run_round() noexcept
{
    auto const round = std::exchange(waiting_, {});
    // A round of few is soon over, so that they would mostly read in vain, and an operation that begins tries by
    // itself.
    bool const at_once = round.size >= worth_trying;
    queue ready;
    for (auto* each = round.first; each != nullptr;) {
        auto& conn = *std::exchange(each, each->next_scheduled_);
        if (conn.try_read(at_once)) ready.push(conn);
    }
    for (auto* each = ready.first; each != nullptr;) {
        auto& conn = *std::exchange(each, each->next_scheduled_);  // who goes on may wait again, or be gone
        conn.resume();
    }
}

}  // namespace porter::detail::server
