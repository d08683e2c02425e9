#include "server/buffer_pool.hpp"

#include <sanitizer/asan_interface.h>
#include <sys/mman.h>

#include <algorithm>
#include <cassert>
#include <new>

namespace porter::detail::server {

buffer_pool::~buffer_pool()
{
    for (int i = 0; i < 2; ++i) shrink();
}

void* buffer_pool::do_allocate(std::size_t bytes, std::size_t alignment)
{
    auto* const upstream = std::pmr::new_delete_resource();
    if (bytes > largest || alignment > page) return upstream->allocate(bytes, alignment);  // a large frame's
    auto const pages = (bytes + page - 1) / page;
    auto& kept = free_lists_[pages];
    if (kept.first == nullptr) {
        void* const fresh = ::mmap(nullptr, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (fresh == MAP_FAILED) throw std::bad_alloc{};
        return fresh;
    }
    auto* const taken = kept.first;
    ASAN_UNPOISON_MEMORY_REGION(taken, pages * page);
    kept.first = taken->next;
    kept.unneeded = std::min(kept.unneeded, --kept.count);
    return taken;
}

void buffer_pool::do_deallocate(void* memory, std::size_t bytes, std::size_t alignment)
{
    auto* const upstream = std::pmr::new_delete_resource();
    if (bytes > largest || alignment > page) return upstream->deallocate(memory, bytes, alignment);
    auto const pages = (bytes + page - 1) / page;
    auto& kept = free_lists_[pages];
    kept.first = ::new (memory) buffer{kept.first};
    ++kept.count;
    ASAN_POISON_MEMORY_REGION(memory, pages * page);
}

void buffer_pool::shrink() noexcept
{
    for (std::size_t pages = 1; pages < free_lists_.size(); ++pages) {
        auto& kept = free_lists_[pages];
        for (; kept.unneeded > 0; --kept.unneeded, --kept.count) {
            auto* const gone = kept.first;
            ASAN_UNPOISON_MEMORY_REGION(gone, pages * page);
            kept.first = gone->next;
            ::munmap(gone, pages * page);
        }
        kept.unneeded = kept.count;
    }
}

}  // namespace porter::detail::server
