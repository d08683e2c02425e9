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
    memory taken{std::move(other)};
    swap(taken);
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
    : passed_on_(std::exchange(other.passed_on_, {})),
      buffers_(std::move(other.buffers_)),
      added_(other.added_),
      written_(std::exchange(other.written_, 0))
{}

frame_encoder& frame_encoder::operator=(frame_encoder&& other) noexcept
{
    passed_on_ = std::exchange(other.passed_on_, {});
    buffers_ = std::move(other.buffers_);
    added_ = other.added_;
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
    auto* to = put_length(added().extend(frame_header_size + payload), payload);
    for (auto const& piece : pieces) {
        if (piece.empty()) continue;
        std::memcpy(to, piece.data(), piece.size());
        to += piece.size();
    }
}

bool frame_encoder::pass_on(std::span<std::byte const> frames) noexcept
{
    if (empty()) {
        passed_on_ = frames;
        return true;
    }
    bool const continues =
        !passed_on_.empty() && size() == passed_on_.size() && passed_on_.data() + passed_on_.size() == frames.data();
    if (continues) passed_on_ = {passed_on_.data(), passed_on_.size() + frames.size()};
    return continues;
}

std::span<std::byte const> frame_encoder::pending() noexcept
{
    if (!passed_on_.empty()) return passed_on_;
    if (leaving().empty()) added_ = 1 - added_;
    return leaving().bytes().subspan(written_);
}

void frame_encoder::consume(std::size_t size) noexcept
{
    if (!passed_on_.empty()) {
        assert(size <= passed_on_.size());
        passed_on_ = passed_on_.subspan(size);
        return;
    }
    auto& written = leaving();
    assert(size <= written.size() - written_);
    written_ += size;
    if (written_ < written.size()) return;
    written_ = 0;
    written.clear();
    if (written.capacity() > kept_buffer) written = {};
    // The next frames are added where there is memory already: one buffer is enough then.
    if (added().empty() && added().capacity() < written.capacity()) added_ = 1 - added_;
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
    added().swap(spare);
}

}  // namespace porter
