#include "control/control_client.hpp"

#include <poll.h>

#include <algorithm>
#include <asio/error.hpp>
#include <cerrno>
#include <system_error>
#include <utility>
#include <variant>

#include "base/file.hpp"
#include "base/text.hpp"
#include "control/codec.hpp"
#include "control/socket_path.hpp"

namespace porter::detail::control {
namespace {

using clock = std::chrono::steady_clock;

/// Asio's category does not compare with std::errc, but its values are those of errno.
std::string connect_error(std::filesystem::path const& path, std::error_code const& error)
{
    auto const name = base::escape(path.string());
    if (error.value() == ENOENT || error.value() == ECONNREFUSED) {
        return "no porterd runs with the data directory " + base::escape(base::folder_of(path).string()) +
               " (--data-dir DIR names another one)";
    }
    if (error.value() == EACCES) {
        return "cannot connect to " + name + ": " + error.message() + " (run porterctl as root or as porterd's user)";
    }
    return "cannot connect to " + name + ": " + error.message();
}

[[noreturn]] void fail_unanswered(std::string const& reason)
{
    throw control_error{control_errc::unreachable, "porterd does not answer: " + reason};
}

bool is_to_be_repeated(base::error_code const& error)
{
    return error == asio::error::would_block || error == asio::error::interrupted;
}

}  // namespace

control_client::control_client(std::filesystem::path const& path, std::chrono::milliseconds time)
    : time_(time), socket_(io_)
{
    try {
        socket_path const where{path};
        socket_.open(asio::local::stream_protocol{});
        socket_.non_blocking(true);  // connect() would wait for a porterd that does not accept
        socket_.connect(where.endpoint());
    } catch (std::system_error const& error) {
        throw control_error{control_errc::unreachable, connect_error(path, error.code())};
    }
    socket_.decoder().limit(default_max_frame);
}

pong control_client::ask(ping const& message)
{
    return exchange_for<pong>(message);
}

page control_client::ask(list_connections const& message)
{
    return exchange_for<page>(message);
}

closed control_client::ask(close_connections const& message)
{
    return exchange_for<closed>(message);
}

overview control_client::ask(get_overview const& message)
{
    return exchange_for<overview>(message);
}

void control_client::begin(request const& message)
{
    send(encode(message), clock::now() + time_);
}

std::optional<reply> control_client::try_finish()
{
    base::error_code error;
    auto const payload = socket_.receive(error);
    if (is_to_be_repeated(error)) return std::nullopt;
    if (error) fail_unanswered(error.message());
    auto answer = decode_reply(payload);
    if (!answer) {
        throw control_error{control_errc::protocol,
                            "porterd sent what this porterctl does not know: use that of the same version"};
    }
    if (auto const* const denial = std::get_if<rejected>(&*answer)) {
        throw control_error{control_errc::rejected, base::escape(denial->reason)};
    }
    return answer;
}

template <typename Reply>
Reply control_client::exchange_for(request const& message)
{
    auto answer = exchange(message);
    auto* const wanted = std::get_if<Reply>(&answer);
    if (wanted == nullptr) throw control_error{control_errc::protocol, "porterd answered something else"};
    return std::move(*wanted);
}

reply control_client::exchange(request const& message)
{
    auto const until = clock::now() + time_;
    send(encode(message), until);
    for (;;) {
        auto answer = try_finish();
        if (answer) return std::move(*answer);
        wait(POLLIN, until);
    }
}

void control_client::send(std::string const& payload, clock::time_point until)
{
    socket_.queue(payload);
    base::error_code error;
    for (;;) {
        socket_.flush(error);
        if (!error) return;
        if (!is_to_be_repeated(error)) fail_unanswered(error.message());
        wait(POLLOUT, until);
    }
}

/// Until the socket is ready or broken.
void control_client::wait(short event, clock::time_point until)
{
    using std::chrono::milliseconds;
    auto const left = std::chrono::ceil<milliseconds>(until - clock::now());
    ::pollfd polled{socket_.native_handle(), event, 0};
    auto const ready = ::poll(&polled, 1, static_cast<int>(std::max(left, milliseconds{0}).count()));
    if (ready == 0) fail_unanswered("it has not within " + std::to_string(time_.count()) + " ms");
    if (ready < 0 && errno != EINTR) fail_unanswered(base::system_message());
}

}  // namespace porter::detail::control
