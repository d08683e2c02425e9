#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.hpp"

namespace porter::detail::tls {

/// Encrypted bytes between a socket and OpenSSL: what came and is not yet decrypted, what is encrypted and not yet
/// sent. Both take memory only while there is something in them, for most connections are quiet most of the time.
class ciphertext {
public:
    /// As much as is read at a time: two TLS records of full length.
    static constexpr std::size_t input_size = 32 * 1024;

    /// What may wait to be sent. A write encrypts only when nothing waits (engine::most_at_once), so more than that
    /// comes from a peer that makes TLS itself answer, by key updates, and does not read.
    static constexpr std::size_t output_limit = 128 * 1024;

    /// Bytes of memory that both take now.
    std::size_t capacity() const noexcept { return (input_ ? input_size : 0) + output_.capacity(); }

    // The socket's side.

    /// Where the next input goes, behind what is not yet taken; empty: that fills all of input_size.
    std::span<std::byte> room();
    /// So many bytes were put there. Without any input the memory is released.
    void commit(std::size_t size);
    /// Nothing more will come.
    void input_ended() noexcept { input_ended_ = true; }

    /// What is to be sent; valid until put() or sent().
    base::bytes_view output() const noexcept { return std::span{output_}.subspan(sent_); }
    void sent(std::size_t size);

    // OpenSSL's side.

    /// Copies input and forgets it; how much that was.
    std::size_t take(std::span<std::byte> into);
    /// What take() would give.
    base::bytes_view input() const noexcept { return {input_.get() + begin_, end_ - begin_}; }
    /// From now on take() gives nothing.
    void stop_input() noexcept { input_stopped_ = true; }
    /// From now on it gives what is here again.
    void resume_input() noexcept { input_stopped_ = false; }
    bool has_input() const noexcept { return begin_ != end_; }
    /// Whether the peer has said all that it will; some of it may still be here.
    bool is_input_over() const noexcept { return input_ended_; }
    bool has_ended() const noexcept { return input_ended_ && !has_input(); }
    /// Adds output; false: it would be more than the limit, or there is no memory for it.
    bool put(base::bytes_view bytes) noexcept;

private:
    void release_input() noexcept;

    std::unique_ptr<std::byte[]> input_;  // of input_size bytes, never zeroed
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    bool input_ended_ = false;
    bool input_stopped_ = false;
    std::vector<std::byte> output_;
    std::size_t sent_ = 0;  // of output_
};

}  // namespace porter::detail::tls
