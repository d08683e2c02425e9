#include "programs/porter/tunnel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <asio/error.hpp>
#include <memory>

namespace porter::programs {

namespace {

using detail::config::exit_code;

constexpr std::size_t piece_size = 64 * 1024;           // of a data message, and of a write to the program
constexpr std::size_t flush_size = 2 * piece_size;      // queued without waiting for the server
constexpr std::chrono::seconds denial_check_period{1};  // a denial of data wakes no receive up

/// Whether the server has ended its direction and nothing failed.
bool is_in_order(client_error const* ended)
{
    return ended == nullptr || (ended->cause == client_errc::closed && ended->code == code::normal);
}

}  // namespace

tunnel::tunnel(io_executor executor, std::shared_ptr<client>& connection, local_stream& local)
    : client_(connection),
      local_(local),
      changed_(executor),
      directions_(executor, changed_, [this](exit_status status) { end(std::move(status)); })
{}

task<exit_status> tunnel::run()
{
    directions_.start(send_input());
    directions_.start(receive_output());
    while (!end_ && !is_complete()) co_await changed_.wait();
    end({});
    local_.cancel();
    co_return *end_;
}

void tunnel::stop()
{
    end({});
}

task<void> tunnel::join()
{
    co_await directions_.join();
}

/// The first end counts.
void tunnel::end(exit_status status)
{
    if (!end_) end_ = std::move(status);
    changed_.notify();
}

/// A connection that is lost after access is a temporary failure: the program may connect again.
void tunnel::fail(client_error const& error)
{
    auto status = exit_status_for(error);
    if (error.cause == client_errc::lost) status.code = exit_code::temporary_failure;
    end(std::move(status));
}

/// A program that has closed needs no message.
void tunnel::fail_local(std::error_code error, std::string_view operation)
{
    if (end_) return;
    bool const is_closed = error == std::errc::broken_pipe || error == std::errc::connection_reset ||
                           error == asio::error::broken_pipe || error == asio::error::connection_reset;
    if (is_closed) return end({});
    end({exit_code::io, fmt::format("cannot {} the local program: {}", operation, error.message())});
}

task<void> tunnel::send_input()
{
    auto const size = std::min<std::size_t>(piece_size, client_->server().max_frame - 1);
    auto const buffer = std::make_unique_for_overwrite<char[]>(size);
    std::size_t unflushed = 0;
    for (;;) {
        std::error_code error;
        auto const count = co_await local_.read(asio::buffer(buffer.get(), size), error);
        if (end_) co_return;
        if (error) co_return fail_local(error, "read from");
        if (count == 0) break;
        auto const queued = client_->queue_data({buffer.get(), count});
        if (!queued) co_return fail(queued.error());
        unflushed += count;
        if (unflushed < flush_size) continue;
        unflushed = 0;
        auto const flushed = co_await client_->flush();
        if (end_) co_return;
        if (!flushed) co_return fail(flushed.error());
    }
    if (!client_->receive_ended()) {
        auto const shut_down = co_await client_->shutdown_send();
        if (end_) co_return;
        if (!shut_down) co_return fail(shut_down.error());
    }
    input_ended_ = true;
    changed_.notify();
}

task<void> tunnel::receive_output()
{
    for (;;) {
        auto const received = co_await client_->receive_for(denial_check_period);
        if (end_) co_return;
        auto const* const denial = client_->refused_data();
        if (denial != nullptr) co_return fail(*denial);
        if (!received && received.error() == receive_errc::timed_out) continue;
        if (!received) break;
        auto const is_written = co_await write_received(*received);
        if (!is_written) co_return;
    }
    if (is_in_order(client_->ended())) {
        local_.end_output();
        output_ended_ = true;
        changed_.notify();
        co_await client_->closed();
        if (end_ || is_in_order(client_->ended())) co_return;
    }
    fail(*client_->ended());
}

/// Small messages that have arrived together are written together.
task<bool> tunnel::write_received(message const& first)
{
    std::error_code error;
    if (first.body.size() >= piece_size / 2) {
        co_await local_.write(asio::buffer(first.body), error);
    } else {
        output_ = first.body;
        while (output_.size() < piece_size) {
            auto const* const next = client_->next();
            if (next == nullptr) break;
            output_ += next->body;
        }
        co_await local_.write(asio::buffer(output_), error);
    }
    if (end_) co_return false;
    if (error) fail_local(error, "write to");
    co_return !error;
}

}  // namespace porter::programs
