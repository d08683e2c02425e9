#include "server/read_scheduler.hpp"

#include <utility>

#include "server/connection.hpp"

namespace porter::detail::server {
namespace {

/// In a smaller round the reads would mostly find nothing, and starting an operation tries to read anyway.
constexpr std::size_t min_round_to_expect_input = 4;

}  // namespace

template <typename T>
struct read_scheduler::round_allocator {
    using value_type = T;

    explicit round_allocator(read_scheduler& from) noexcept : owner(&from) {}
    template <typename U>
    round_allocator(round_allocator<U> const& other) noexcept : owner(other.owner)
    {}

    T* allocate(std::size_t) const noexcept
    {
        static_assert(sizeof(T) <= sizeof(memory_) && alignof(T) <= alignof(std::max_align_t));
        return reinterpret_cast<T*>(owner->memory_.data());
    }
    void deallocate(T*, std::size_t) const noexcept {}
    bool operator==(round_allocator const&) const = default;

    read_scheduler* owner;
};

struct read_scheduler::posted_round {
    using allocator_type = round_allocator<std::byte>;
    allocator_type get_allocator() const noexcept { return allocator_type{owner}; }
    void operator()() const noexcept { owner.run_round(); }

    read_scheduler& owner;
};

void read_scheduler::queue::push(socket_reader& reader) noexcept
{
    ++size;
    reader.next_scheduled_ = nullptr;
    (first == nullptr ? first : last->next_scheduled_) = &reader;
    last = &reader;
}

void read_scheduler::schedule(socket_reader& reader)
{
    // A connection that has ended starts no read: nothing would cancel it.
    bool const is_alone = last_ == &reader && scheduled_.first == nullptr && reader.conn_.ended() == nullptr;
    last_ = &reader;
    if (is_alone && reader.start_read()) return;
    if (scheduled_.first == nullptr) asio::post(executor_, posted_round{*this});
    scheduled_.push(reader);
}

/// All connections read first and resume afterwards: each half is much code, here and in the kernel, which then stays
/// in the processor's cache.
void read_scheduler::run_round() noexcept
{
    auto const round = std::exchange(scheduled_, {});
    bool const expect_input = round.size >= min_round_to_expect_input;
    queue ready;
    for (auto* each = round.first; each != nullptr;) {
        auto& reader = *std::exchange(each, each->next_scheduled_);
        if (reader.try_read(expect_input)) ready.push(reader);
    }
    for (auto* each = ready.first; each != nullptr;) {
        auto& reader = *std::exchange(each, each->next_scheduled_);  // resuming may schedule or destroy it
        reader.resume();
    }
}

}  // namespace porter::detail::server
