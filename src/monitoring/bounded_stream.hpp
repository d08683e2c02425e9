#pragma once

#include <httplib.h>

#include <sys/types.h>
#include <array>
#include <chrono>
#include <cstddef>
#include <string>

namespace porter::detail::monitoring {

/// The socket of one scraper, for cpp-httplib: a request has a largest size, and the exchange ends at a fixed time. The
/// library itself limits neither the number of headers nor the time of all of them together.
class bounded_stream final : public httplib::Stream {
public:
    /// Bytes of a request. A scraper sends some 400; the library's regular expressions need a stack by the length.
    static constexpr std::size_t max_request = 4096;

    using time = std::chrono::steady_clock::time_point;

    /// A socket that does not block. When `stop` becomes readable, reads and writes fail. The descriptors outlive this.
    bounded_stream(int socket, int stop, time end) noexcept : socket_(socket), stop_(stop), end_(end) {}

    bool is_readable() const override { return true; }
    bool is_writable() const override { return true; }
    /// -1: the end of the input or of the time, an error, or max_request was received.
    ssize_t read(char* to, size_t size) override;
    /// -1: an error, or the end of the time.
    ssize_t write(char const* from, size_t size) override;
    using httplib::Stream::write;
    // A page does not depend on who reads it.
    void get_remote_ip_and_port(std::string& ip, int& port) const override { forget(ip, port); }
    void get_local_ip_and_port(std::string& ip, int& port) const override { forget(ip, port); }
    socket_t socket() const override { return socket_; }

    /// Shuts down the sending side and discards input until the peer ends its own, or the time: closing a socket with
    /// unread input would destroy the response on its way.
    void finish();

private:
    static void forget(std::string& ip, int& port)
    {
        ip.clear();
        port = 0;
    }
    bool wait(short events) const;
    ssize_t receive();

    int socket_;
    int stop_;
    time end_;
    std::size_t received_ = 0;
    std::array<char, 1024> buffer_;
    std::size_t begin_ = 0;  // of the unread bytes in buffer_
    std::size_t size_ = 0;   // of them
};

}  // namespace porter::detail::monitoring
