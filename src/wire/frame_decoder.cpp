#include <algorithm>
#include <cstring>
#include <utility>

#include "porter/frame.hpp"

namespace porter {

frame_decoder::frame_decoder(frame_decoder&& other) noexcept : memory_(other.memory_), limit_(other.limit_)
{
    move_from(other);
}

frame_decoder& frame_decoder::operator=(frame_decoder&& other) noexcept
{
    if (this != &other) {
        release();
        memory_ = other.memory_;
        limit_ = other.limit_;
        move_from(other);
    }
    return *this;
}

frame_decoder::~frame_decoder()
{
    release();
}

void frame_decoder::move_from(frame_decoder& other) noexcept
{
    assert(!other.reading_);
    data_ = std::exchange(other.data_, nullptr);
    capacity_ = std::exchange(other.capacity_, 0);
    begin_ = std::exchange(other.begin_, 0);
    end_ = std::exchange(other.end_, 0);
    failed_ = std::exchange(other.failed_, {});
    filled_ = std::exchange(other.filled_, false);
}

std::span<std::byte> frame_decoder::prepare()
{
    assert(!reading_);
    auto const target = target_capacity();
    if (target != capacity_ || begin_ != 0) move_to_front(target);
    reading_ = true;
    return free_space();
}

void frame_decoder::commit(std::size_t size) noexcept
{
    assert(reading_ && size <= capacity_ - end_);
    reading_ = false;
    filled_ = size == capacity_ - end_;
    if (!failed()) end_ += size;
}

bool frame_decoder::fail(std::error_code& error) noexcept
{
    if (!failed()) failed_ = declared_length(begin_) == 0 ? frame_errc::empty_frame : frame_errc::frame_too_large;
    error = failed_;
    discard();
    return false;
}

std::size_t frame_decoder::target_capacity() const noexcept
{
    if (capacity_ == 0) return small_buffer;
    if (capacity_ > usual_buffer && size() <= usual_buffer / 2) return usual_buffer;  // after a large frame
    if (capacity_ < usual_buffer && filled_) return std::min(capacity_ * 2, usual_buffer);
    if (size() < capacity_) return capacity_;

    // Full: double, so that copying stays proportional to the input, but not beyond what the first frame needs.
    auto const frame = frame_header_size + declared_length(begin_);
    return frame > capacity_ ? std::min(frame, capacity_ * 2) : capacity_ * 2;
}

void frame_decoder::move_to_front(std::size_t capacity)
{
    auto const buffered = size();
    if (capacity == capacity_) {
        std::memmove(data_, data_ + begin_, buffered);
    } else {
        auto* const memory = static_cast<std::byte*>(memory_->allocate(capacity));
        if (buffered != 0) std::memcpy(memory, data_ + begin_, buffered);
        release();
        data_ = memory;
        capacity_ = capacity;
    }
    begin_ = 0;
    end_ = buffered;
}

std::size_t frame_decoder::partial_frame() const noexcept
{
    auto at = begin_;
    while (end_ - at >= frame_header_size && end_ - at - frame_header_size >= declared_length(at)) {
        at += frame_header_size + declared_length(at);
    }
    return at;
}

std::size_t frame_decoder::expected() const noexcept
{
    auto const at = partial_frame();
    return end_ - at >= frame_header_size ? declared_length(at) : 0;
}

void frame_decoder::discard() noexcept
{
    begin_ = end_;  // not 0: a read after end_ may be pending
}

void frame_decoder::trim() noexcept
{
    if (!reading_ && empty()) release();
}

void frame_decoder::release() noexcept
{
    if (data_ != nullptr) memory_->deallocate(data_, capacity_);
    data_ = nullptr;
    capacity_ = 0;
    begin_ = end_ = 0;
}

}  // namespace porter
