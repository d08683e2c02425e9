#include <algorithm>
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

/// Assigning an empty string would keep the memory.
void release(std::string& drained) noexcept
{
    std::string{}.swap(drained);
}

}  // namespace

frame_encoder::frame_encoder(frame_encoder&& other) noexcept
    : added_(std::exchange(other.added_, {})),
      leaving_(std::exchange(other.leaving_, {})),
      written_(std::exchange(other.written_, 0))
{}

frame_encoder& frame_encoder::operator=(frame_encoder&& other) noexcept
{
    added_ = std::exchange(other.added_, {});
    leaving_ = std::exchange(other.leaving_, {});
    written_ = std::exchange(other.written_, 0);
    return *this;
}

void frame_encoder::add(std::string_view payload)
{
    compose([&](std::string& out) { out.append(payload); });
}

void frame_encoder::add(std::span<std::byte const> payload)
{
    add(std::string_view{reinterpret_cast<char const*>(payload.data()), payload.size()});
}

void frame_encoder::add(std::initializer_list<std::span<std::byte const>> pieces)
{
    compose([&](std::string& out) {
        for (auto const& piece : pieces) out.append(reinterpret_cast<char const*>(piece.data()), piece.size());
    });
}

std::size_t frame_encoder::open()
{
    auto const start = added_.size();
    added_.append(frame_header_size, '\0');
    return start;
}

void frame_encoder::close(std::size_t start)
{
    auto const payload = added_.size() - start - frame_header_size;
    check(payload);
    for (std::size_t i = 0; i < frame_header_size; ++i) {
        added_[start + i] = static_cast<char>(payload >> (8 * (frame_header_size - 1 - i)) & 0xff);
    }
}

std::span<std::byte const> frame_encoder::pending() noexcept
{
    if (leaving_.empty()) std::swap(added_, leaving_);
    return std::as_bytes(std::span{leaving_}.subspan(written_));
}

void frame_encoder::consume(std::size_t size) noexcept
{
    assert(size <= leaving_.size() - written_);
    written_ += size;
    if (written_ < leaving_.size()) return;
    written_ = 0;
    leaving_.clear();
    if (leaving_.capacity() > kept_buffer) release(leaving_);
    if (added_.empty() && added_.capacity() < leaving_.capacity()) std::swap(added_, leaving_);  // one is enough then
}

void frame_encoder::trim() noexcept
{
    if (!empty()) return;
    release(added_);
    release(leaving_);
}

}  // namespace porter
