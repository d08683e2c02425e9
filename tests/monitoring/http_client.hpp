#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "support/catch.hpp"

namespace porter::testing {

/// A connection to a port of this machine.
class http_client {
public:
    explicit http_client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(socket_.get(), reinterpret_cast<sockaddr const*>(&to), sizeof to) == 0);
    }

    void send(std::string_view text)
    {
        while (!text.empty()) {
            auto const sent = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;  // the server has closed it
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    /// All that the server sends until it closes.
    std::string receive()
    {
        std::string all;
        std::array<char, 4096> block;
        for (;;) {
            auto const got = ::recv(socket_.get(), block.data(), block.size(), 0);
            if (got <= 0) return all;
            all.append(block.data(), static_cast<std::size_t>(got));
        }
    }

private:
    detail::base::unique_fd socket_;
};

/// The response to a whole request.
inline std::string request(std::uint16_t port, std::string_view text)
{
    http_client client{port};
    client.send(text);
    return client.receive();
}

inline std::string get(std::uint16_t port, std::string const& path, std::string const& headers = {})
{
    return request(port, "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n");
}

}  // namespace porter::testing
