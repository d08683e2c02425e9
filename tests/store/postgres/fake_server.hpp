#pragma once

#include <asio/basic_socket_acceptor.hpp>
#include <asio/basic_stream_socket.hpp>
#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/asio.hpp"
#include "porter/task.hpp"
#include "store/postgres/options.hpp"
#include "support/temporary_folder.hpp"

/// A server that speaks PostgreSQL's protocol and answers as a test says.
namespace porter::testing::fake {

inline std::string big_endian(std::uint32_t number, int bytes)
{
    std::string out;
    for (int shift = 8 * bytes - 8; shift >= 0; shift -= 8) out += static_cast<char>((number >> shift) & 0xff);
    return out;
}

inline std::string message(char kind, std::string const& body = {})
{
    return kind + big_endian(static_cast<std::uint32_t>(body.size() + 4), 4) + body;
}

inline std::string text(std::string const& value)
{
    return value + '\0';
}

inline std::string ready()
{
    return message('Z', "I");
}

/// An ErrorResponse ('E') or a NoticeResponse ('N').
inline std::string report(char kind, std::string const& severity, std::string const& code, std::string const& problem)
{
    return message(kind, text("S" + severity) + text("V" + severity) + text("C" + code) + text("M" + problem) + '\0');
}

/// What an INSERT, UPDATE or DELETE returns.
inline std::string command(std::string const& tag = "INSERT 0 1")
{
    return message('n') + message('C', text(tag));
}

/// One row of binary columns: the number of the type, and the value.
inline std::string row(std::vector<std::pair<std::uint32_t, std::string>> const& columns)
{
    auto description = big_endian(static_cast<std::uint32_t>(columns.size()), 2);
    auto data = description;
    for (auto const& [type, value] : columns) {
        description += text("column") + big_endian(0, 4) + big_endian(0, 2) + big_endian(type, 4) +
                       big_endian(static_cast<std::uint32_t>(value.size()), 2) + big_endian(0, 4) + big_endian(1, 2);
        data += big_endian(static_cast<std::uint32_t>(value.size()), 4) + value;
    }
    return message('T', description) + message('D', data) + message('C', text("SELECT 1"));
}

inline std::string boolean(bool value)
{
    return std::string(1, value ? '\1' : '\0');
}

struct received {
    char kind;
    std::string body;
};
/// The messages of a segment, without those that end it.
using received_segment = std::vector<received>;

inline int count_of(received_segment const& segment, char kind)
{
    int count = 0;
    for (auto const& each : segment) count += each.kind == kind ? 1 : 0;
    return count;
}

/// One connection of a client.
class session {
public:
    using socket_type = asio::basic_stream_socket<asio::local::stream_protocol, io_executor>;

    explicit session(socket_type socket) : socket_(std::move(socket)) {}

    task<void> send(std::string bytes) { co_await asio::async_write(socket_, asio::buffer(bytes), use_task); }

    /// Reads the client's greeting and accepts it.
    task<void> greet()
    {
        co_await read_body();
        auto const status = [](std::string const& name, std::string const& value) {
            return message('S', text(name) + text(value));
        };
        auto const reply = message('R', big_endian(0, 4)) + status("server_version", "15.4") +
                           status("server_encoding", "UTF8") + status("client_encoding", "UTF8") +
                           status("standard_conforming_strings", "on") +
                           message('K', big_endian(1, 4) + big_endian(2, 4)) + ready();
        co_await send(reply);
    }

    /// Reads the messages up to Sync.
    task<received_segment> read_segment()
    {
        received_segment segment;
        for (;;) {
            std::string kind(1, '\0');
            co_await asio::async_read(socket_, asio::buffer(kind), use_task);
            auto body = co_await read_body();
            if (kind.front() == 'S') co_return segment;
            segment.push_back({kind.front(), std::move(body)});
        }
    }

    /// Answers a segment: `results` has the bytes for each of its statements.
    task<void> answer(received_segment segment, std::vector<std::string> results)
    {
        std::string out = begin(segment, results) + ready();
        co_await send(out);
    }

    /// The same without the end, at which the server commits.
    static std::string begin(received_segment const& segment, std::vector<std::string> const& results)
    {
        std::string out;
        std::size_t next = 0;
        for (auto const& each : segment) {
            if (each.kind == 'P') out += message('1');
            if (each.kind == 'B') out += message('2');
            if (each.kind == 'E') out += results.at(next++);
        }
        return out;
    }

    /// Greets the client and answers its first segment, as a primary that can be written does unless told otherwise.
    /// `start`: when it was started, by which a server is recognised.
    task<void> open(bool is_in_recovery = false, bool is_read_only = false, std::string start = "1")
    {
        co_await greet();
        auto segment = co_await read_segment();
        std::vector<std::string> results;
        results.push_back(row({{25, "settings"}}));
        results.push_back(row({{16, boolean(is_in_recovery)}, {16, boolean(is_read_only)}, {25, start}}));
        co_await answer(std::move(segment), std::move(results));
    }

    void close() { socket_.close(); }

    /// Waits until the client has closed the connection.
    task<void> wait_for_end()
    {
        std::string rest(4096, '\0');
        for (;;) {
            auto const [failed, size] = co_await socket_.async_read_some(asio::buffer(rest), detail::base::use_tuple);
            if (failed) co_return;
        }
    }

private:
    task<std::string> read_body()
    {
        std::string head(4, '\0');
        co_await asio::async_read(socket_, asio::buffer(head), use_task);
        std::size_t size = 0;
        for (auto const byte : head) size = size << 8 | static_cast<unsigned char>(byte);
        std::string body(size - 4, '\0');
        co_await asio::async_read(socket_, asio::buffer(body), use_task);
        co_return body;
    }

    socket_type socket_;
};

/// A Unix socket at which clients connect.
class server {
public:
    explicit server(asio::io_context& io) : acceptor_(io)
    {
        acceptor_.open();
        acceptor_.bind(asio::local::stream_protocol::endpoint{(folder_.path() / ".s.PGSQL.5432").string()});
        acceptor_.listen();
    }

    std::string folder() const { return folder_.path().string(); }

    task<session> accept()
    {
        auto socket = co_await acceptor_.async_accept(use_task);
        co_return session{std::move(socket)};
    }

    /// Whether a client waits for accept().
    bool is_connected_to()
    {
        acceptor_.non_blocking(true);
        detail::base::error_code failed;
        acceptor_.accept(failed);
        return !failed;
    }

    /// Accepts no more.
    void close() { acceptor_.close(); }

private:
    temporary_folder folder_;
    asio::basic_socket_acceptor<asio::local::stream_protocol, io_executor> acceptor_;
};

/// The options of a client of these servers, in this order.
/// A timeout that does not expire on a busy machine.
inline constexpr std::chrono::seconds unhurried{60};

inline detail::store::postgres::options options_of(std::vector<server const*> const& servers)
{
    std::string folders;
    for (auto const* each : servers) folders += (folders.empty() ? "" : ",") + each->folder();
    return {.address = detail::store::postgres::address::parse("postgresql:///porter?user=node&host=" + folders),
            .patience = unhurried,
            .host_timeout = unhurried};
}

}  // namespace porter::testing::fake
