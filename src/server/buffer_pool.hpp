#pragma once

#include <array>
#include <cstddef>
#include <memory_resource>

#include "porter/frame.hpp"

namespace porter::detail::server {

/// Where the input buffers of one I/O thread's connections come from, and go back to when a connection is quiet. They
/// are pages of their own: in malloc's memory the coroutine frames that were made meanwhile lie between them, and a
/// crowd that went quiet would keep what it once needed. On one thread.
class buffer_pool final : public std::pmr::memory_resource {
public:
    buffer_pool() = default;
    /// All buffers are back by then.
    ~buffer_pool() override;
    buffer_pool(buffer_pool const&) = delete;
    buffer_pool& operator=(buffer_pool const&) = delete;

    /// Gives the system what nobody needed since the last time. Now and then: it costs a system call a buffer.
    void shrink() noexcept;

private:
    struct buffer {
        buffer* next;
    };
    /// Spare buffers of one size.
    struct free_list {
        buffer* first = nullptr;
        std::size_t count = 0;
        std::size_t unneeded = 0;  // the least that `count` was since the last shrink()
    };

    void* do_allocate(std::size_t bytes, std::size_t alignment) override;
    void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override;
    bool do_is_equal(memory_resource const& other) const noexcept override { return this == &other; }

    static constexpr std::size_t page = 4096;
    static constexpr std::size_t largest = frame_decoder::usual_buffer;

    std::array<free_list, largest / page + 1> free_lists_{};  // by pages
};

}  // namespace porter::detail::server
