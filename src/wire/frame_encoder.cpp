#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "porter/frame.hpp"

namespace porter {
namespace {

void check(std::size_t payload)
{
    if (payload == 0) throw std::system_error(frame_errc::empty_frame);
    if (payload > std::numeric_limits<std::uint32_t>::max()) throw std::system_error(frame_errc::frame_too_large);
}

std::byte* put_length(std::byte* to, std::size_t payload)
{
    for (int shift = 24; shift >= 0; shift -= 8) *to++ = static_cast<std::byte>(payload >> shift);
    return to;
}

}  // namespace

frame_encoder::memory& frame_encoder::memory::operator=(memory&& other) noexcept
{
    memory moved{std::move(other)};
    swap(moved);
    return *this;
}

std::byte* frame_encoder::memory::extend(std::size_t size)
{
    auto const needed = size_ + size;
    if (needed > capacity_) grow(std::max(needed, 2 * capacity_));
    return data_.get() + std::exchange(size_, needed);
}

void frame_encoder::memory::grow(std::size_t capacity)
{
    auto larger = std::make_unique_for_overwrite<std::byte[]>(capacity);
    if (size_ != 0) std::memcpy(larger.get(), data_.get(), size_);
    data_ = std::move(larger);
    capacity_ = capacity;
}

void frame_encoder::memory::swap(memory& other) noexcept
{
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
}

frame_encoder::frame_encoder(frame_encoder&& other) noexcept
    : forwarded_(std::exchange(other.forwarded_, {})),
      buffers_(std::move(other.buffers_)),
      add_index_(other.add_index_),
      written_(std::exchange(other.written_, 0))
{}

frame_encoder& frame_encoder::operator=(frame_encoder&& other) noexcept
{
    forwarded_ = std::exchange(other.forwarded_, {});
    buffers_ = std::move(other.buffers_);
    add_index_ = other.add_index_;
    written_ = std::exchange(other.written_, 0);
    return *this;
}

void frame_encoder::add(std::string_view payload)
{
    add(std::as_bytes(std::span{payload}));
}

void frame_encoder::add(std::span<std::byte const> payload)
{
    add({payload});
}

void frame_encoder::add(std::initializer_list<std::span<std::byte const>> pieces)
{
    std::size_t payload = 0;
    for (auto const& piece : pieces) payload += piece.size();
    check(payload);
    auto* to = put_length(add_buffer().extend(frame_header_size + payload), payload);
    for (auto const& piece : pieces) {
        if (piece.empty()) continue;
        std::memcpy(to, piece.data(), piece.size());
        to += piece.size();
    }
}

bool frame_encoder::forward(std::span<std::byte const> frames) noexcept
{
    if (empty()) {
        forwarded_ = frames;
        return true;
    }
    bool const continues =
        !forwarded_.empty() && size() == forwarded_.size() && forwarded_.data() + forwarded_.size() == frames.data();
    if (continues) forwarded_ = {forwarded_.data(), forwarded_.size() + frames.size()};
    return continues;
}

std::span<std::byte const> frame_encoder::pending() noexcept
{
    if (!forwarded_.empty()) return forwarded_;
    if (write_buffer().empty()) add_index_ = 1 - add_index_;
    return write_buffer().bytes().subspan(written_);
}

void frame_encoder::consume(std::size_t size) noexcept
{
    if (!forwarded_.empty()) {
        assert(size <= forwarded_.size());
        forwarded_ = forwarded_.subspan(size);
        return;
    }
    auto& written = write_buffer();
    assert(size <= written.size() - written_);
    written_ += size;
    if (written_ < written.size()) return;
    written_ = 0;
    written.clear();
    if (written.capacity() > kept_buffer) written = {};
    // Add the next frames to the larger buffer, so that one buffer is enough.
    if (add_buffer().empty() && add_buffer().capacity() < written.capacity()) add_index_ = 1 - add_index_;
}

void frame_encoder::trim() noexcept
{
    if (!empty()) return;
    buffers_ = {};
}

void frame_encoder::swap_memory(memory& spare) noexcept
{
    assert(empty());
    spare.clear();
    add_buffer().swap(spare);
}

}  // namespace porter
