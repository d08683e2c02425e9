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
    : buffers_(std::exchange(other.buffers_, {})), added_(other.added_), written_(std::exchange(other.written_, 0))
{}

frame_encoder& frame_encoder::operator=(frame_encoder&& other) noexcept
{
    buffers_ = std::exchange(other.buffers_, {});
    added_ = other.added_;
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
    static constexpr char header[frame_header_size] = {};  // close() fills it in
    auto const start = added().size();
    added().append(header, sizeof header);
    return start;
}

void frame_encoder::close(std::size_t start)
{
    auto const payload = added().size() - start - frame_header_size;
    check(payload);
    auto* const header = added().data() + start;
    header[0] = static_cast<char>(payload >> 24);
    header[1] = static_cast<char>(payload >> 16);
    header[2] = static_cast<char>(payload >> 8);
    header[3] = static_cast<char>(payload);
}

std::span<std::byte const> frame_encoder::pending() noexcept
{
    if (leaving().empty()) added_ = 1 - added_;
    return std::as_bytes(std::span{leaving()}.subspan(written_));
}

void frame_encoder::consume(std::size_t size) noexcept
{
    auto& written = leaving();
    assert(size <= written.size() - written_);
    written_ += size;
    if (written_ < written.size()) return;
    written_ = 0;
    written.clear();
    if (written.capacity() > kept_buffer) release(written);
    // The next frames are added where there is memory already: one buffer is enough then.
    if (added().empty() && added().capacity() < written.capacity()) added_ = 1 - added_;
}

void frame_encoder::trim() noexcept
{
    if (!empty()) return;
    for (auto& each : buffers_) release(each);
}

void frame_encoder::swap_memory(std::string& spare) noexcept
{
    assert(empty());
    spare.clear();
    added().swap(spare);
}

}  // namespace porter
