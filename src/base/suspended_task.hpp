#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "base/asio.hpp"

namespace porter::detail::base {

/// Hands out one block that was allocated before with new std::byte[Size], and frees it. For one object.
template <typename T, std::size_t Size>
class block_allocator {
public:
    using value_type = T;
    template <typename U>
    struct rebind {
        using other = block_allocator<U, Size>;
    };

    explicit block_allocator(std::byte* block) noexcept : block_(block) {}
    template <typename U>
    block_allocator(block_allocator<U, Size> const& other) noexcept : block_(other.block())
    {}

    T* allocate(std::size_t) const noexcept
    {
        static_assert(sizeof(T) <= Size && alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
        return reinterpret_cast<T*>(block_);
    }
    void deallocate(T*, std::size_t) const noexcept { delete[] block_; }

    std::byte* block() const noexcept { return block_; }
    bool operator==(block_allocator const&) const = default;

private:
    std::byte* block_;
};

/// A task that is suspended until some thread has the value that it waits for. The memory to resume it is allocated
/// with this object, because that thread could not handle std::bad_alloc. Nor can an initiation: Asio calls it from a
/// function that is noexcept. So a task makes this object before it suspends.
///
/// One thread at a time. The io_context outlives the task and is kept running until it has resumed.
template <typename Value>
class suspended_task {
public:
    /// `executor`: the task's own. Throws std::bad_alloc.
    explicit suspended_task(io_executor const& executor) : guard_(executor), block_(new std::byte[block_size]) {}

    /// Stores what resumes the task. In the initiation of the task's operation.
    void suspend(resume_handler<Value> handler) noexcept { handler_.emplace(std::move(handler)); }

    /// Resumes the task on its own thread, where a cancellation handler that was assigned is removed first. Once, after
    /// suspend().
    void resume(Value value) noexcept
    {
        auto const executor = guard_.get_executor();
        // The guard moves along and is released on the task's thread: here the context may be gone by then.
        contents moved{std::move(guard_), std::move(*handler_), std::move(value)};
        asio::post(executor, completion{std::move(moved), block_.release()});
    }

private:
    struct contents {
        asio::executor_work_guard<io_executor> guard;
        resume_handler<Value> handler;
        Value value;
    };

    /// What Asio adds to the contents when it posts them: some 48 bytes. block_allocator checks it.
    static constexpr std::size_t max_overhead = 128;
    static constexpr std::size_t block_size = sizeof(contents) + max_overhead;

    struct completion {
        using allocator_type = block_allocator<std::byte, block_size>;
        allocator_type get_allocator() const noexcept { return allocator_type{block}; }

        void operator()()
        {
            // A later cancellation applies to what the task does next.
            asio::get_associated_cancellation_slot(posted.handler).clear();
            std::move(posted.handler)(std::move(posted.value));
        }

        contents posted;
        std::byte* block;
    };

    asio::executor_work_guard<io_executor> guard_;
    std::unique_ptr<std::byte[]> block_;
    std::optional<resume_handler<Value>> handler_;
};

}  // namespace porter::detail::base
