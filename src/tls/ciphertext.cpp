#include "tls/ciphertext.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace porter::rooms::tls {

std::span<std::byte> ciphertext::room()
{
    assert(!has_input());
    if (!input_) input_ = std::make_unique_for_overwrite<std::byte[]>(input_size);
    return {input_.get(), input_size};
}

void ciphertext::came(std::size_t size)
{
    assert(size <= input_size);
    begin_ = 0;
    end_ = size;
    if (size == 0) input_.reset();
}

void ciphertext::sent(std::size_t size)
{
    sent_ += size;
    assert(sent_ <= output_.size());
    if (sent_ < output_.size()) return;
    sent_ = 0;
    std::vector<std::byte>{}.swap(output_);
}

std::size_t ciphertext::take(std::span<std::byte> into)
{
    auto const size = std::min(into.size(), end_ - begin_);
    if (size == 0) return 0;
    std::memcpy(into.data(), input_.get() + begin_, size);
    begin_ += size;
    if (!has_input()) came(0);
    return size;
}

bool ciphertext::put(base::bytes_view bytes)
{
    if (output_.size() - sent_ + bytes.size() > output_limit) return false;
    output_.insert(output_.end(), bytes.begin(), bytes.end());
    return true;
}

}  // namespace porter::rooms::tls
