#include "bench/endpoint.hpp"

#include <arpa/inet.h>
#include <netdb.h>

#include <cstring>
#include <memory>

#include "base/text.hpp"

namespace porter::detail::bench {

namespace {

template <typename Address>
Address as(::sockaddr_storage const& storage) noexcept
{
    Address address;
    std::memcpy(&address, &storage, sizeof address);
    return address;
}

}  // namespace

bool endpoint::is_loopback() const noexcept
{
    if (is_ipv4()) return (ntohl(as<::sockaddr_in>(address).sin_addr.s_addr) >> 24) == 127;
    auto const v6 = as<::sockaddr_in6>(address).sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

result<std::vector<endpoint>, fault> resolve(std::string const& host, std::uint16_t port)
{
    ::addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    ::addrinfo* raw = nullptr;
    auto const error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &raw);
    if (error != 0) {
        return unexpected(fault{fault_kind::unreachable, base::escape(host) + ": " + ::gai_strerror(error)});
    }
    std::unique_ptr<::addrinfo, decltype(&::freeaddrinfo)> const found{raw, &::freeaddrinfo};
    std::vector<endpoint> endpoints;
    for (auto const* entry = raw; entry; entry = entry->ai_next) {
        auto& added = endpoints.emplace_back();
        std::memcpy(&added.address, entry->ai_addr, entry->ai_addrlen);
        added.size = entry->ai_addrlen;
    }
    return endpoints;
}

endpoint loopback_source(std::uint32_t index) noexcept
{
    constexpr std::uint32_t first = 0x7f01'0000;
    constexpr std::uint32_t count = 0x00fe'0000;  // up to 127.254.255.255
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(first + index % count);
    endpoint source;
    std::memcpy(&source.address, &address, sizeof address);
    source.size = sizeof address;
    return source;
}

}  // namespace porter::detail::bench
