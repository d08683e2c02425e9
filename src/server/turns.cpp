#include "server/turns.hpp"

#include <utility>

#include "server/peer.hpp"

namespace porter::rooms::server {
namespace {

constexpr std::size_t worth_trying = 4;  // peers in a round

}  // namespace

void turns::queue::push(peer& who) noexcept
{
    ++size;
    who.next_ = nullptr;
    (first == nullptr ? first : last->next_) = &who;
    last = &who;
}

void turns::wait(peer& who)
{
    // Of a peer that has ended no read begins: nothing would cancel it.
    bool const is_alone = latest_ == &who && waiting_.first == nullptr && who.ended() == nullptr;
    latest_ = &who;
    if (is_alone) return who.begin_reading();
    if (waiting_.first == nullptr) asio::post(executor_, [this] { take(); });
    waiting_.push(who);
}

/// First all read and then all go on: each is a lot of code, here and in the kernel, which so stays in the processor's
/// cache for a whole round.
void turns::take() noexcept
{
    auto const round = std::exchange(waiting_, {});
    // A round of few is soon over, so that they would mostly read in vain, and an operation that begins tries by
    // itself.
    bool const at_once = round.size >= worth_trying;
    queue ready;
    for (auto* each = round.first; each != nullptr;) {
        auto& who = *std::exchange(each, each->next_);
        if (who.reads(at_once)) ready.push(who);
    }
    for (auto* each = ready.first; each != nullptr;) {
        auto& who = *std::exchange(each, each->next_);  // who goes on may wait again, or be gone
        who.wake();
    }
}

}  // namespace porter::rooms::server
