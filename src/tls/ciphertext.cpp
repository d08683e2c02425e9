#include "tls/ciphertext.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>

namespace porter::detail::tls {

std::span<std::byte> ciphertext::free_space()
{
    if (!input_) input_ = std::make_unique_for_overwrite<std::byte[]>(input_size);
    if (!has_input()) begin_ = end_ = 0;
    return {input_.get() + end_, input_size - end_};
}

void ciphertext::commit(std::size_t size)
{
    assert(size <= input_size - end_);
    end_ += size;
    if (!has_input()) release_input();
}

void ciphertext::consume(std::size_t size)
{
    sent_ += size;
    assert(sent_ <= output_.size());
    if (sent_ < output_.size()) return;
    sent_ = 0;
    std::vector<std::byte>{}.swap(output_);
}

std::size_t ciphertext::take(std::span<std::byte> out)
{
    auto const size = std::min(out.size(), end_ - begin_);
    if (size == 0 || input_stopped_) return 0;
    std::memcpy(out.data(), input_.get() + begin_, size);
    begin_ += size;
    if (!has_input()) release_input();
    return size;
}

void ciphertext::release_input() noexcept
{
    begin_ = end_ = 0;
    input_.reset();
}

void ciphertext::reserve_output(std::size_t size) noexcept
{
    try {
        output_.reserve(output_.size() + size);
    } catch (std::bad_alloc const&) {  // put() may still succeed, or reports it
    }
}

bool ciphertext::put(base::bytes_view bytes) noexcept
{
    if (output_.size() - sent_ + bytes.size() > output_limit) return false;
    try {
        output_.insert(output_.end(), bytes.begin(), bytes.end());
    } catch (std::bad_alloc const&) {
        return false;  // an exception must not pass through OpenSSL, which calls this
    }
    return true;
}

}  // namespace porter::detail::tls
