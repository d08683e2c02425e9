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

/// Frames without I/O (docs/PROTOCOL.md, frames): a payload of 1 byte or more behind its length as a big-endian u32.
namespace porter {

inline constexpr std::size_t frame_header_size = 4;            ///< bytes
inline constexpr std::size_t default_max_frame = 1024 * 1024;  ///< payload bytes

/// Why bytes are no frames. Each is fatal: what follows cannot be told apart from garbage.
enum class frame_errc {
    empty_frame = 1,  ///< a length of 0
    frame_too_large,  ///< a length over the limit in force
    truncated,        ///< the stream ended in the middle of a frame
};

std::error_category const& frame_category() noexcept;

inline std::error_code make_error_code(frame_errc error) noexcept
{
    return {static_cast<int>(error), frame_category()};
}

/// A frame as received: a view into the decoder's buffer.
class frame {
public:
    frame() = default;
    /// `whole`: header and payload.
    explicit frame(std::span<std::byte const> whole) noexcept : whole_(whole) {}

    std::span<std::byte const> payload() const noexcept { return whole_.subspan(frame_header_size); }
    /// With the header: what an encoder passes on without a copy.
    std::span<std::byte const> whole() const noexcept { return whole_; }

private:
    std::span<std::byte const> whole_;
};

/// Bytes in, payloads out. Reads land in the decoder's own buffer and payloads are handed out as views into it:
///
///     auto room = decoder.prepare();
///     decoder.commit(read(fd, room.data(), room.size()));
///     while (auto payload = decoder.next(error)) use(*payload);
///
/// The buffer grows with the bytes that came, never by a declared length; it is none before the first prepare(). After
/// a refused frame the decoder stays failed and keeps nothing of what still comes.
class frame_decoder {
public:
    /// The buffer starts small and grows while reads fill it, so that a busy connection has many frames a read: 64 KiB,
    /// which is about what a socket hands over at once, and room for the rest of a frame that began before.
    static constexpr std::size_t small_buffer = 4 * 1024;
    static constexpr std::size_t usual_buffer = (64 + 16) * 1024;

    /// `limit`: the largest payload, in bytes. `memory`: where the buffer comes from; it outlives the decoder.
    explicit frame_decoder(std::size_t limit = default_max_frame,
                           std::pmr::memory_resource* memory = std::pmr::get_default_resource()) noexcept
        : memory_(memory), limit_(limit)
    {}

    /// What is buffered moves along; the source is as new. Not while a read is under way.
    frame_decoder(frame_decoder&& other) noexcept;
    frame_decoder& operator=(frame_decoder&& other) noexcept;
    ~frame_decoder();

    /// Where the next bytes are to be read to: never empty, not zeroed. Ends the life of all payloads handed out.
    std::span<std::byte> prepare();

    /// What prepare() gave, until commit().
    std::span<std::byte> room() const noexcept
    {
        assert(reading_);
        return {data_ + end_, capacity_ - end_};
    }

    /// Takes `size` bytes, at most those that prepare() gave. Once for each prepare(), with 0 when nothing came.
    void commit(std::size_t size) noexcept;

    /// The next complete frame; none when more bytes are needed, or with `error` set when the frame is refused. Valid
    /// until the next prepare(), trim() or discard().
    std::optional<frame> next_frame(std::error_code& error) noexcept
    {
        if (!ready(error)) return std::nullopt;
        frame const next{{data_ + begin_, frame_header_size + declared(begin_)}};
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

    /// Whether next() would hand out a payload; `error` is set as by next().
    bool ready(std::error_code& error) noexcept
    {
        if (error) error.clear();
        if (size() < frame_header_size && !failed()) return false;
        if (failed() || !acceptable(declared(begin_))) return refuse(error);
        return size() - frame_header_size >= declared(begin_);
    }

    /// The largest payload, in bytes: judged when a frame is taken up, so that it may be changed between two frames
    /// that arrived together.
    void limit(std::size_t payload) noexcept { limit_ = payload; }
    std::size_t limit() const noexcept { return limit_; }

    /// Bytes that are here and not yet taken up, headers included.
    std::size_t size() const noexcept { return end_ - begin_; }
    bool empty() const noexcept { return begin_ == end_; }

    /// What the buffer holds at most, in bytes: the decoder's memory.
    std::size_t capacity() const noexcept { return capacity_; }

    /// Whether the last of the buffered frames is unfinished.
    bool partial() const noexcept { return unfinished() != end_; }

    /// The payload length that an unfinished frame declares; 0 when there is none or its header is not whole.
    std::size_t expected() const noexcept;

    /// Forgets what is buffered, for a stream that is only read to its end from here on.
    void discard() noexcept;

    /// Gives the buffer back when it holds nothing and no read is under way: for connections that are quiet.
    void trim() noexcept;

private:
    bool failed() const noexcept { return failed_ != frame_errc{}; }
    bool acceptable(std::size_t length) const noexcept { return length != 0 && length <= limit_; }
    bool refuse(std::error_code& error) noexcept;
    std::size_t wanted_capacity() const noexcept;
    void move_to_front(std::size_t capacity);
    void release() noexcept;
    void take(frame_decoder& other) noexcept;

    std::size_t unfinished() const noexcept;  // where the last, unfinished frame begins; end_ if there is none

    std::uint32_t declared(std::size_t at) const noexcept
    {
        auto const* const header = data_ + at;
        auto const byte = [&](std::size_t offset) { return std::to_integer<std::uint32_t>(header[offset]); };
        return byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
    }

    std::pmr::memory_resource* memory_;
    std::byte* data_ = nullptr;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;  // the bytes in [begin_, end_) wait to be taken up
    std::size_t end_ = 0;
    std::size_t limit_;
    frame_errc failed_{};   // 0: not
    bool filled_ = false;   // the last read took all the room that there was: more is waiting
    bool reading_ = false;  // between prepare() and commit()
};

/// Payloads in, bytes out: a queue of frames that is written piece by piece.
///
///     encoder.add("hello");
///     while (!encoder.empty()) encoder.consume(write(fd, encoder.pending().data(), encoder.pending().size()));
///
/// Frames may be added at any time: what pending() gave stays where it is until consume(). All additions throw
/// std::system_error (frame_errc::empty_frame, frame_too_large) for a payload that no header can announce, and then
/// add nothing.
class frame_encoder {
public:
    /// Memory up to this many bytes is kept for the next frames when all is written.
    static constexpr std::size_t kept_buffer = 256 * 1024;

    /// Bytes one behind another in memory that grows, is never zeroed, and is kept when they are dropped.
    class memory {
    public:
        memory() = default;
        memory(memory&& other) noexcept { swap(other); }
        memory& operator=(memory&& other) noexcept;
        ~memory() = default;

        /// Room for `size` more bytes, which the caller fills in. May move what is there.
        std::byte* extend(std::size_t size);
        void clear() noexcept { size_ = 0; }
        void swap(memory& other) noexcept;

        std::span<std::byte const> bytes() const noexcept { return {data_.get(), size_}; }
        std::size_t size() const noexcept { return size_; }
        bool empty() const noexcept { return size_ == 0; }
        std::size_t capacity() const noexcept { return capacity_; }

    private:
        void grow(std::size_t capacity);

        std::unique_ptr<std::byte[]> data_;
        std::size_t size_ = 0;
        std::size_t capacity_ = 0;
    };

    frame_encoder() = default;
    /// What is queued moves along; the source is empty then. Not while a write is under way.
    frame_encoder(frame_encoder&& other) noexcept;
    frame_encoder& operator=(frame_encoder&& other) noexcept;
    ~frame_encoder() = default;

    /// Adds one frame. The payload is copied.
    void add(std::string_view payload);
    void add(std::span<std::byte const> payload);
    /// The same for a payload in pieces, of which some may be empty.
    void add(std::initializer_list<std::span<std::byte const>> pieces);

    /// Adds whole frames, headers included, without copying them: they stay where they are until they are written. Only
    /// where nothing is queued, or nothing but frames that are passed on and end where these begin. False: nothing
    /// was added.
    bool pass_on(std::span<std::byte const> frames) noexcept;

    /// Adds one frame whose payload `write` appends to the string that it is called with.
    template <std::invocable<std::string&> Write>
    void compose(Write&& write)
    {
        std::string payload;
        write(payload);
        add(payload);
    }

    /// What is to be written first; empty when all is written. Valid until consume() or trim().
    std::span<std::byte const> pending() noexcept;

    /// Drops the first `size` bytes of pending(): they are written.
    void consume(std::size_t size) noexcept;

    /// Bytes that are not yet written, headers included.
    std::size_t size() const noexcept { return passed_on_.size() + buffers_[0].size() + buffers_[1].size() - written_; }
    bool empty() const noexcept { return size() == 0; }

    /// What fits without more memory, in bytes: about the encoder's memory.
    std::size_t capacity() const noexcept { return buffers_[0].capacity() + buffers_[1].capacity(); }

    /// Gives the memory back when all is written: for connections that are quiet.
    void trim() noexcept;

    /// When all is written: the memory of the next frames for that of `spare`, whose content is dropped. So encoders
    /// that write one after another can share memory that is still in the processor's cache.
    void swap_memory(memory& spare) noexcept;

private:
    memory& added() noexcept { return buffers_[added_]; }        // where frames are added
    memory& leaving() noexcept { return buffers_[1 - added_]; }  // what pending() gave: it does not move

    std::span<std::byte const> passed_on_;  // goes before what is in the buffers
    std::array<memory, 2> buffers_;
    std::size_t added_ = 0;  // which of them
    std::size_t written_ = 0;
};

}  // namespace porter

template <>
struct std::is_error_code_enum<porter::frame_errc> : std::true_type {};
