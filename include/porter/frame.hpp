#pragma once

#include <array>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

/// Frames without I/O (docs/PROTOCOL.md, frames): a payload of at least 1 byte after its length as a big-endian u32.
namespace porter {

inline constexpr std::size_t frame_header_size = 4;            ///< bytes
inline constexpr std::size_t default_max_frame = 1024 * 1024;  ///< payload bytes

/// Framing errors. Each is fatal: the stream cannot be resynchronised.
enum class frame_errc {
    empty_frame = 1,  ///< a length of 0
    frame_too_large,  ///< a length over the limit in force
    truncated,        ///< the stream ended in the middle of a frame
};

/// The category of frame_errc, named "porter.frame".
std::error_category const& frame_category() noexcept;

/// Makes a frame_errc convertible to std::error_code.
inline std::error_code make_error_code(frame_errc error) noexcept
{
    return {static_cast<int>(error), frame_category()};
}

/// A frame as received: a view into the decoder's buffer.
class frame {
public:
    frame() = default;  ///< an empty one, to assign to
    /// `whole`: header and payload.
    explicit frame(std::span<std::byte const> whole) noexcept : whole_(whole) {}

    /// The message. Not for an empty frame.
    std::span<std::byte const> payload() const noexcept { return whole_.subspan(frame_header_size); }
    /// With the header: what an encoder passes on without a copy.
    std::span<std::byte const> whole() const noexcept { return whole_; }

private:
    std::span<std::byte const> whole_;
};

/// Splits a byte stream into payloads. Reads go into the decoder's own buffer, and payloads are views into it:
///
///     auto space = decoder.prepare();
///     decoder.commit(read(fd, space.data(), space.size()));
///     while (auto payload = decoder.next(error)) use(*payload);
///
/// The buffer grows with the bytes received, never by a declared length; none is allocated before the first prepare().
/// After an invalid frame the decoder stays failed and discards all further input. Use an object on one thread at a
/// time.
class frame_decoder {
public:
    /// The buffer starts small and grows while reads fill it, so that one read of a busy connection holds many frames:
    /// 64 KiB, about what a socket returns at once, and space for the rest of a frame that began before.
    static constexpr std::size_t small_buffer = 4 * 1024;
    static constexpr std::size_t usual_buffer = (64 + 16) * 1024;  ///< the size that it grows to, see small_buffer

    /// `limit`: the largest payload, in bytes. `memory`: allocates the buffer; it must outlive the decoder.
    explicit frame_decoder(std::size_t limit = default_max_frame,
                           std::pmr::memory_resource* memory = std::pmr::get_default_resource()) noexcept
        : memory_(memory), limit_(limit)
    {}

    /// Moves the buffer; the source is as newly constructed. Not between prepare() and commit().
    frame_decoder(frame_decoder&& other) noexcept;
    frame_decoder& operator=(frame_decoder&& other) noexcept;  ///< the same; frees its own buffer
    ~frame_decoder();

    /// Space for the next read: never empty, not zeroed. Invalidates all payloads that next() returned.
    std::span<std::byte> prepare();

    /// The span that prepare() returned, until commit().
    std::span<std::byte> free_space() const noexcept
    {
        assert(reading_);
        return {data_ + end_, capacity_ - end_};
    }

    /// Appends the `size` bytes that were read into free_space(). Once for each prepare(), with 0 when nothing was
    /// read.
    void commit(std::size_t size) noexcept;

    /// The next complete frame; none when more bytes are needed, or with `error` set when the frame is invalid. Valid
    /// until the next prepare(), trim() or discard().
    std::optional<frame> next_frame(std::error_code& error) noexcept
    {
        if (!ready(error)) return std::nullopt;
        frame const next{{data_ + begin_, frame_header_size + declared_length(begin_)}};
        begin_ += next.whole().size();
        return next;
    }

    /// The payload of the next frame.
    std::optional<std::span<std::byte const>> next(std::error_code& error) noexcept
    {
        auto const received = next_frame(error);
        if (!received) return std::nullopt;
        return received->payload();
    }

    /// Whether next() would return a payload; `error` is set as by next().
    bool ready(std::error_code& error) noexcept
    {
        if (error) error.clear();
        if (size() < frame_header_size && !failed()) return false;
        if (failed() || !acceptable(declared_length(begin_))) return fail(error);
        return size() - frame_header_size >= declared_length(begin_);
    }

    /// The largest payload, in bytes. It is checked by ready() and next(), so it may change between two frames that
    /// arrived together.
    void limit(std::size_t payload) noexcept { limit_ = payload; }
    std::size_t limit() const noexcept { return limit_; }  ///< the limit in force, in bytes

    /// Buffered bytes that next() has not returned, headers included.
    std::size_t size() const noexcept { return end_ - begin_; }
    bool empty() const noexcept { return begin_ == end_; }  ///< whether size() is 0

    /// The size of the buffer, in bytes.
    std::size_t capacity() const noexcept { return capacity_; }

    /// Whether the last of the buffered frames is incomplete.
    bool partial() const noexcept { return partial_frame() != end_; }

    /// The payload length that an incomplete frame declares; 0 when there is none or its header is incomplete.
    std::size_t expected() const noexcept;

    /// Drops all buffered bytes, when the stream is only drained from now on.
    void discard() noexcept;

    /// Frees the buffer if it is empty and no read is pending: for idle connections.
    void trim() noexcept;

private:
    bool failed() const noexcept { return failed_ != frame_errc{}; }
    bool acceptable(std::size_t length) const noexcept { return length != 0 && length <= limit_; }
    bool fail(std::error_code& error) noexcept;
    std::size_t target_capacity() const noexcept;
    void move_to_front(std::size_t capacity);
    void release() noexcept;
    void move_from(frame_decoder& other) noexcept;

    std::size_t partial_frame() const noexcept;  // the offset of the incomplete last frame; end_ if there is none

    std::uint32_t declared_length(std::size_t at) const noexcept
    {
        auto const* const header = data_ + at;
        auto const byte = [&](std::size_t offset) { return std::to_integer<std::uint32_t>(header[offset]); };
        return byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
    }

    std::pmr::memory_resource* memory_;
    std::byte* data_ = nullptr;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;  // [begin_, end_) are the bytes that next() has not returned
    std::size_t end_ = 0;
    std::size_t limit_;
    frame_errc failed_{};   // 0: no error
    bool filled_ = false;   // the last read filled the buffer: more is waiting
    bool reading_ = false;  // between prepare() and commit()
};

/// A queue of frames, made from payloads and written piece by piece.
///
///     encoder.add("hello");
///     while (!encoder.empty()) encoder.consume(write(fd, encoder.pending().data(), encoder.pending().size()));
///
/// Frames may be added at any time: the span that pending() returned does not move until consume(). Every add() throws
/// std::system_error (frame_errc::empty_frame, frame_too_large) for a payload that a header cannot declare, and then
/// adds nothing. Use an object on one thread at a time.
class frame_encoder {
public:
    /// When all is written, a buffer of up to this many bytes is kept for the next frames.
    static constexpr std::size_t kept_buffer = 256 * 1024;

    /// A growing byte buffer that is never zeroed and keeps its memory when it is cleared.
    class memory {
    public:
        memory() = default;                               ///< allocates nothing
        memory(memory&& other) noexcept { swap(other); }  ///< leaves `other` empty
        memory& operator=(memory&& other) noexcept;       ///< leaves `other` empty
        ~memory() = default;

        /// Appends `size` bytes, which the caller fills in. May move the bytes before them.
        std::byte* extend(std::size_t size);
        void clear() noexcept { size_ = 0; }  ///< keeps the memory
        void swap(memory& other) noexcept;    ///< exchanges the memory and its content

        /// What was appended. Valid until the next extend().
        std::span<std::byte const> bytes() const noexcept { return {data_.get(), size_}; }
        std::size_t size() const noexcept { return size_; }          ///< bytes
        bool empty() const noexcept { return size_ == 0; }           ///< whether size() is 0
        std::size_t capacity() const noexcept { return capacity_; }  ///< bytes of memory

    private:
        void grow(std::size_t capacity);

        std::unique_ptr<std::byte[]> data_;
        std::size_t size_ = 0;
        std::size_t capacity_ = 0;
    };

    frame_encoder() = default;  ///< an empty queue, without memory
    /// Moves the queue; the source is empty afterwards. Not while a write is pending.
    frame_encoder(frame_encoder&& other) noexcept;
    frame_encoder& operator=(frame_encoder&& other) noexcept;  ///< the same; drops its own queue
    ~frame_encoder() = default;

    ///@{
    /// Adds one frame. The payload is copied.
    void add(std::string_view payload);
    void add(std::span<std::byte const> payload);
    ///@}
    /// The same for a payload in pieces, some of which may be empty.
    void add(std::initializer_list<std::span<std::byte const>> pieces);

    /// Adds complete frames, headers included, without a copy: the caller keeps them in place until they are written.
    /// Possible only if the queue is empty or holds only forwarded frames that end where these begin. False: nothing
    /// was added.
    bool forward(std::span<std::byte const> frames) noexcept;

    /// Adds one frame. `write` appends its payload to the string that it is called with.
    template <std::invocable<std::string&> Write>
    void compose(Write&& write)
    {
        std::string payload;
        write(payload);
        add(payload);
    }

    /// Whether forwarded frames are unwritten: their bytes must stay where they are.
    bool has_forwarded() const noexcept { return !forwarded_.empty(); }

    /// The bytes to write next; empty when all is written. Valid until consume() or trim().
    std::span<std::byte const> pending() noexcept;

    /// Removes the first `size` bytes of pending() after they were written.
    void consume(std::size_t size) noexcept;

    /// Unwritten bytes, headers included.
    std::size_t size() const noexcept { return forwarded_.size() + buffers_[0].size() + buffers_[1].size() - written_; }
    bool empty() const noexcept { return size() == 0; }  ///< whether size() is 0

    /// The size of the buffers, in bytes.
    std::size_t capacity() const noexcept { return buffers_[0].capacity() + buffers_[1].capacity(); }

    /// Frees the buffers if all is written: for idle connections.
    void trim() noexcept;

    /// Exchanges the buffer for the next frames with `spare`, whose content is dropped; all must be written. So
    /// encoders that write one after another can share memory that is still in the processor's cache.
    void swap_memory(memory& spare) noexcept;

private:
    memory& add_buffer() noexcept { return buffers_[add_index_]; }
    memory& write_buffer() noexcept { return buffers_[1 - add_index_]; }  // add() does not touch it

    std::span<std::byte const> forwarded_;  // written before the buffers
    std::array<memory, 2> buffers_;
    std::size_t add_index_ = 0;  // of add_buffer()
    std::size_t written_ = 0;    // bytes of write_buffer()
};

}  // namespace porter

template <>
struct std::is_error_code_enum<porter::frame_errc> : std::true_type {};
