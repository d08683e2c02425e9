#pragma once

#include <algorithm>
#include <asio/async_result.hpp>
#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "porter/task.hpp"

namespace porter::testing {

/// An Asio stream that reads scripted input and writes into a string. Operations complete by a post, never at once. A
/// write copies its buffer only then, so that ASan finds a buffer that was moved before.
class scripted_stream {
public:
    using executor_type = io_executor;

    explicit scripted_stream(asio::io_context& io) : executor_(io.get_executor()), state_(std::make_unique<state>()) {}

    executor_type get_executor() const noexcept { return executor_; }

    /// The next read returns these bytes, or as many as its buffer takes; later reads return the rest.
    void add_input(std::string bytes) { state_->reads.push_back({std::move(bytes), {}}); }
    /// The read after the input so far fails. Reads beyond the script return asio::error::eof.
    void add_read_error(asio::error_code error) { state_->reads.push_back({{}, error}); }
    /// Each write takes at most this many bytes.
    void limit_writes(std::size_t most) { state_->most = most; }
    /// Writes fail after this many bytes in all.
    void fail_writes_after(std::size_t bytes, asio::error_code error)
    {
        state_->fails_at = bytes;
        state_->write_error = error;
    }
    /// Writes succeed again.
    void clear_write_error() { state_->write_error.clear(); }

    std::string const& written() const noexcept { return state_->written; }
    std::size_t writes() const noexcept { return state_->writes; }
    std::size_t reads() const noexcept { return state_->read_count; }

    template <typename Buffers, typename Token>
    auto async_read_some(Buffers const& buffers, Token&& token)
    {
        return start(token, [state = state_.get(), buffers] { return state->read(buffers); });
    }

    template <typename Buffers, typename Token>
    auto async_write_some(Buffers const& buffers, Token&& token)
    {
        return start(token, [state = state_.get(), buffers] { return state->write(buffers); });
    }

private:
    using outcome = std::pair<asio::error_code, std::size_t>;

    struct step {
        std::string bytes;
        asio::error_code error;
    };

    struct state {
        template <typename Buffers>
        outcome read(Buffers const& buffers)
        {
            ++read_count;
            if (reads.empty()) return {asio::error::eof, 0};
            auto& now = reads.front();
            auto const error = now.error;
            auto const size = asio::buffer_copy(buffers, asio::buffer(now.bytes));
            now.bytes.erase(0, size);
            if (now.bytes.empty()) reads.pop_front();
            return {error, size};
        }

        template <typename Buffers>
        outcome write(Buffers const& buffers)
        {
            ++writes;
            if (write_error && written.size() >= fails_at) return {write_error, 0};
            auto size = std::min(asio::buffer_size(buffers), most);
            if (write_error) size = std::min(size, fails_at - written.size());
            auto const before = written.size();
            written.resize(before + size);
            return {{}, asio::buffer_copy(asio::buffer(written.data() + before, size), buffers)};
        }

        std::deque<step> reads;
        std::string written;
        std::size_t most = static_cast<std::size_t>(-1);
        std::size_t fails_at = 0;
        asio::error_code write_error;
        std::size_t writes = 0;
        std::size_t read_count = 0;
    };

    template <typename Token, typename Work>
    auto start(Token& token, Work work)
    {
        auto initiate = [executor = executor_](auto handler, Work now) {
            auto finish = [handler = std::move(handler), now = std::move(now)]() mutable {
                auto const [error, size] = now();
                std::move(handler)(error, size);
            };
            asio::post(executor, std::move(finish));
        };
        return asio::async_initiate<Token, void(asio::error_code, std::size_t)>(std::move(initiate), token,
                                                                                std::move(work));
    }

    executor_type executor_;
    std::unique_ptr<state> state_;  // keeps its address when the stream is moved
};

}  // namespace porter::testing
