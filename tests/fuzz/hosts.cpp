// Hosts, addresses and networks as people write them, with inet_pton as the second opinion. Input: a text.
#include "config/host.hpp"

#include <arpa/inet.h>

#include <array>

#include "base/network.hpp"
#include "base/text.hpp"
#include "config/bind.hpp"
#include "fuzz/fuzzer.hpp"
#include "identity/address.hpp"

namespace porter::fuzzing {
namespace {

namespace base = detail::base;
namespace config = detail::config;
using detail::identity::address;

bool system_knows(std::string_view text)
{
    std::array<unsigned char, 16> bytes{};
    std::string const ended{text};
    if (text.find('\0') != std::string_view::npos) return false;
    return ::inet_pton(AF_INET, ended.c_str(), bytes.data()) == 1 ||
           ::inet_pton(AF_INET6, ended.c_str(), bytes.data()) == 1;
}

void check_host(std::string_view text)
{
    auto const host = config::parse_host(text);
    auto const both = config::split_host_and_port(text);
    require(!host || !both, "a text is a host or a host with a port");
    if (host) {
        auto const again = config::parse_host(*host);
        require(again && *again == *host, "a host is one once more");
        require(base::escape(*host) == *host, "a host can be printed");
    } else {
        require(base::escape(host.error()) == host.error(), "a refusal can be printed");
    }
    if (!both) return;
    bool const colons = both->host.find(':') != std::string::npos;
    auto const joined = (colons ? '[' + both->host + ']' : both->host) + ':' + std::to_string(both->port);
    auto const again = config::split_host_and_port(joined);
    require(again && again->host == both->host && again->port == both->port, "host and port can be joined again");
}

void check_address(std::string_view text)
{
    auto const one = address::parse(text);
    require(one.has_value() || !system_knows(text), "what the system takes for an address is one");
    bool const is_zoned = text.find('%') != std::string_view::npos;
    require(!one || is_zoned || system_knows(text), "and nothing else is");
    require(one.has_value() == config::is_address(text), "a listener takes the same addresses");
    if (!one) return;
    auto const again = address::parse(one->text());
    require(again && *again == *one && again->ip() == one->ip(), "an address has one form");
    auto const network = base::network::parse(one->network());
    require(network && network->contains(one->ip()), "an address is in its own network");
    require(config::is_loopback(one->text()) == one->is_loopback(), "both know loopback");
    require(config::conflict_among({std::string{one->text()}, one->text()}).has_value(),
            "an address is not free twice");
}

void check_network(std::string_view text)
{
    auto const network = base::network::parse(text);
    auto const first = address::parse(text.substr(0, text.find('/')));
    if (network) require(first && network->contains(first->ip()), "a network has its first address");
    bool const is_bare = text.find('/') == std::string_view::npos && text.find('%') == std::string_view::npos;
    if (is_bare) require(network.has_value() == first.has_value(), "a bare address is a network of one");
}

}  // namespace

void check(std::string_view text)
{
    check_host(text);
    check_address(text);
    check_network(text);
}

}  // namespace porter::fuzzing
