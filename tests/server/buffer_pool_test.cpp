#include "server/buffer_pool.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "support/catch.hpp"

using porter::frame_decoder;
using porter::detail::server::buffer_pool;

namespace {

constexpr std::size_t small = frame_decoder::small_buffer;

/// Whether memory is mapped there.
bool is_mapped(void* at, std::size_t size)
{
    return ::msync(at, size, MS_ASYNC) == 0 || errno != ENOMEM;
}

}  // namespace

TEST_CASE("a freed buffer is the next one of its size")
{
    buffer_pool pool;
    auto* const first = pool.allocate(small);
    std::memset(first, 'x', small);
    pool.deallocate(first, small);
    auto* const larger = pool.allocate(2 * small);
    CHECK(larger != first);
    auto* const again = pool.allocate(small);
    CHECK(again == first);
    pool.deallocate(again, small);
    pool.deallocate(larger, 2 * small);
}

TEST_CASE("shrink unmaps the buffers that were not needed since the last call")
{
    buffer_pool pool;
    auto* const needed = pool.allocate(small);
    auto* const spare = pool.allocate(small);
    pool.deallocate(spare, small);
    pool.deallocate(needed, small);
    pool.shrink();
    CHECK(is_mapped(spare, small));  // both were needed until now
    CHECK(is_mapped(needed, small));

    for (int i = 0; i < 3; ++i) {
        auto* const taken = pool.allocate(small);
        CHECK(taken == needed);
        pool.deallocate(taken, small);
    }
    pool.shrink();
    CHECK(is_mapped(spare, small) != is_mapped(needed, small));  // one of two was enough
    pool.shrink();
    CHECK_FALSE(is_mapped(needed, small));
    CHECK_FALSE(is_mapped(spare, small));
}

TEST_CASE("the buffer of a large frame is freed at once")
{
    buffer_pool pool;
    auto const size = 2 * frame_decoder::usual_buffer;
    auto* const large = pool.allocate(size);
    std::memset(large, 'x', size);
    pool.deallocate(large, size);  // LeakSanitizer reports it if it is not freed
}
