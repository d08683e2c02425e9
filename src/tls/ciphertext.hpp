#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.hpp"

namespace porter::detail::tls {

/// The buffers between a socket and OpenSSL: input that is not yet decrypted, and encrypted output that is not yet
/// sent. An empty buffer has no memory, because most connections are idle most of the time.
class ciphertext {
public:
    /// The size of a read: two TLS records of full length.
    static constexpr std::size_t input_size = 32 * 1024;

    /// The limit of unsent output. A write encrypts only when there is none (engine::max_write), so only replies of TLS
    /// itself can exceed it: to a peer that requests key updates and does not read.
    static constexpr std::size_t output_limit = 128 * 1024;

    /// Bytes of memory of both buffers.
    std::size_t capacity() const noexcept { return (input_ ? input_size : 0) + output_.capacity(); }

    // The socket's side.

    /// Space for the next read, after the input that is not yet taken; empty: the input buffer is full.
    std::span<std::byte> free_space();
    /// Appends the `size` bytes that were read into free_space(). If there is no input then, the memory is freed.
    void commit(std::size_t size);
    /// No input will follow.
    void end_input() noexcept { input_ended_ = true; }

    /// The bytes to send; valid until put() or consume().
    base::bytes_view output() const noexcept { return std::span{output_}.subspan(sent_); }
    /// Removes the first `size` bytes of output() after they were sent.
    void consume(std::size_t size);

    // OpenSSL's side.

    /// Moves input to `out`; returns its size.
    std::size_t take(std::span<std::byte> out);
    /// The input that take() would return.
    base::bytes_view input() const noexcept { return {input_.get() + begin_, end_ - begin_}; }
    /// Makes take() return nothing until resume_input().
    void stop_input() noexcept { input_stopped_ = true; }
    void resume_input() noexcept { input_stopped_ = false; }
    bool has_input() const noexcept { return begin_ != end_; }
    /// Whether end_input() was called; input may be left.
    bool has_input_ended() const noexcept { return input_ended_; }
    /// Whether no input is left and none will follow.
    bool is_exhausted() const noexcept { return input_ended_ && !has_input(); }
    /// Takes the memory for `size` more bytes of output at once, if there is so much.
    void reserve_output(std::size_t size) noexcept;
    /// Appends output; false: it would exceed the limit, or memory is short.
    bool put(base::bytes_view bytes) noexcept;

private:
    void release_input() noexcept;

    std::unique_ptr<std::byte[]> input_;  // input_size bytes, never zeroed
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    bool input_ended_ = false;
    bool input_stopped_ = false;
    std::vector<std::byte> output_;
    std::size_t sent_ = 0;  // bytes of output_
};

}  // namespace porter::detail::tls
