#include "services/forward.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/awaitable_operators.hpp"
#include "services/proxy_header_writer.hpp"

namespace porter::detail::services {
namespace {

using namespace base::awaitable_operators;

/// Bytes of a frame for a client: three whole TLS records, and less than the output at which a connection stops
/// reading, so that a client that sends while it does not read is still read from.
constexpr std::size_t piece_frame = 48 * 1024;
constexpr std::size_t piece_header = 5;

/// After this number of pieces in a row a tunnel lets the other connections of its thread run.
constexpr int pieces_in_a_row = 8;

/// The number of bodies that one write takes at most: Asio's limit.
constexpr std::size_t max_bodies = 64;

/// The memory of a piece. A tunnel has it only while it has bytes to pass on; one is kept for the next tunnel of the
/// thread.
class piece_buffer {
public:
    explicit piece_buffer(std::size_t size)
    {
        auto& kept = spare();
        if (kept && kept->body().size() == size) {
            buffer_ = std::move(*kept);
            kept.reset();
        } else {
            buffer_ = data_buffer{size};
        }
    }
    ~piece_buffer()
    {
        if (!buffer_.body().empty()) spare() = std::move(buffer_);
    }
    piece_buffer(piece_buffer const&) = delete;
    piece_buffer& operator=(piece_buffer const&) = delete;

    data_buffer& get() noexcept { return buffer_; }

private:
    static std::optional<data_buffer>& spare()
    {
        thread_local std::optional<data_buffer> kept;
        return kept;
    }

    data_buffer buffer_{0};
};

/// What a client is told without an upstream connection.
std::string reason_for(base::error_code const& error)
{
    if (error == asio::error::timed_out) return "the upstream did not answer in time";
    base::error_code const none_in_system{ENFILE, asio::error::get_system_category()};
    if (error == asio::error::no_descriptors || error == none_in_system) {
        return "the server has no free descriptor: try again later";
    }
    return "the upstream is down";
}

/// One client and its upstream connection. Each direction is a coroutine.
class tunnel {
public:
    tunnel(connection& client, upstream_socket upstream, std::string upstream_name)
        : client_(client),
          upstream_(std::move(upstream)),
          upstream_name_(std::move(upstream_name)),
          piece_size_(std::min(client.max_body(), piece_frame - piece_header))
    {}

    /// Until both directions have ended. `header` goes upstream first.
    task<void> run(std::string header);

private:
    using bodies = std::vector<asio::const_buffer>;

    task<void> upload();
    task<bool> write_batch(batch messages);
    task<bool> write(bodies& pending);
    base::error_code try_write(bodies& pending);
    void end_upload();

    task<void> download();
    task<base::error_code> pass_available();
    task<void> end_download(base::error_code error);

    connection& client_;
    upstream_socket upstream_;
    std::string upstream_name_;
    std::size_t piece_size_;
    base::error_code write_error_;     // of the upstream connection
    bool has_upstream_ended_ = false;  // its sending side, in order
};

task<void> tunnel::run(std::string header)
{
    bodies first;
    if (!header.empty()) first.push_back(asio::buffer(header));
    auto const is_open = co_await write(first);
    if (is_open) {
        auto both = upload() && download();
        co_await std::move(both);
    } else {
        co_await end_download(write_error_);
    }
    if (has_upstream_ended_) client_.close(code::normal, "the upstream has closed its side");
}

task<void> tunnel::upload()
{
    for (;;) {
        auto messages = co_await client_.receive_some();
        if (!messages) break;
        auto const is_written = co_await write_batch(*messages);
        if (!is_written) co_return;  // download() finds out how the upstream has ended
    }
    end_upload();
}

task<bool> tunnel::write_batch(batch messages)
{
    bodies pending;
    for (auto const& each : messages) {
        if (!each.body.empty()) pending.push_back(asio::buffer(each.body));
        if (pending.size() < max_bodies) continue;
        auto const is_written = co_await write(pending);
        if (!is_written) co_return false;
    }
    auto const is_written = co_await write(pending);
    co_return is_written;
}

/// Writes all of it. False: the upstream connection has failed.
task<bool> tunnel::write(bodies& pending)
{
    for (;;) {
        auto error = try_write(pending);
        if (!error) co_return true;
        if (error == asio::error::would_block) {
            co_await upstream_.async_wait(upstream_socket::wait_write, base::into(error));
            if (!error) continue;
        }
        write_error_ = error;
        co_return false;
    }
}

/// Writes what the socket takes without waiting, and removes it.
base::error_code tunnel::try_write(bodies& pending)
{
    base::error_code error;
    while (!pending.empty() && !error) {
        auto size = upstream_.write_some(pending, error);
        auto first = pending.begin();
        while (first != pending.end() && size >= first->size()) size -= (first++)->size();
        if (first != pending.end()) *first += size;
        pending.erase(pending.begin(), first);
    }
    return error;
}

/// The client has ended, or only its sending side.
void tunnel::end_upload()
{
    base::error_code ignored;  // the upstream has ended, too
    if (client_.is_open()) {
        upstream_.shutdown(upstream_socket::shutdown_send, ignored);
    } else {
        upstream_.close(ignored);
    }
}

task<void> tunnel::download()
{
    base::error_code error;
    while (!error) {
        co_await upstream_.async_wait(upstream_socket::wait_read, base::into(error));
        if (error) break;
        error = co_await pass_available();
    }
    co_await end_download(error);
}

/// Passes on what has arrived. The error is that of the upstream connection, or operation_aborted: the client has
/// ended.
task<base::error_code> tunnel::pass_available()
{
    piece_buffer piece{piece_size_};
    for (int i = 0; i < pieces_in_a_row; ++i) {
        auto const space = piece.get().asio_buffer();
        base::error_code error;
        auto const size = upstream_.read_some(space, error);
        if (error == asio::error::would_block) break;
        if (error) co_return error;
        auto const is_open = co_await client_.send(piece.get(), size);
        if (!is_open) co_return asio::error::operation_aborted;
        if (size < space.size()) break;  // nothing is left
    }
    co_return base::error_code{};
}

task<void> tunnel::end_download(base::error_code error)
{
    if (!client_.is_open()) {
        base::error_code ignored;
        upstream_.close(ignored);  // upload() may be waiting for it
    }
    if (!client_.is_open() || error == asio::error::operation_aborted) co_return;
    if (error == asio::error::eof && write_error_) error = write_error_;  // a reset is reported only once
    if (error == asio::error::eof) {
        has_upstream_ended_ = true;
        co_await client_.shutdown_send(code::normal, "the upstream has closed its side");
        co_return;
    }
    client_.log().info("upstream_lost", {{"upstream", upstream_name_}, log_field::quoted("why", error.message())});
    client_.close(code::unavailable, "the upstream connection was lost");
}

}  // namespace

task<void> forward::operator()(connection& client) const
{
    client.end_on_reset();
    auto const is_open = co_await client.flush();  // the client learns of its access before the upstream answers
    if (!is_open) co_return;
    auto const deadline = std::chrono::steady_clock::now() + options_.connect_time;
    auto upstream = co_await connect_upstream(options_.upstream, deadline);
    auto name = options_.upstream.text();
    if (!upstream) {
        auto const error = upstream.error();
        client.log().warn("upstream_unavailable", {{"upstream", name}, log_field::quoted("why", error.message())});
        client.close(code::unavailable, reason_for(error));
        co_return;
    }
    client.log().debug("upstream_connected", {{"upstream", name}});
    tunnel both{client, std::move(*upstream), std::move(name)};
    auto header = options_.sends_proxy_header ? proxy_header(identity_of(client)) : std::string{};
    co_await both.run(std::move(header));
}

}  // namespace porter::detail::services
