// Hosts, addresses and networks as text, compared with inet_pton. Input: a text.
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

bool is_system_address(std::string_view text)
{
    std::array<unsigned char, 16> bytes{};
    std::string const terminated{text};
    if (text.find('\0') != std::string_view::npos) return false;
    return ::inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1 ||
           ::inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1;
}

void check_host(std::string_view text)
{
    auto const host = config::parse_host(text);
    auto const both = config::split_host_and_port(text);
    require(!host || !both, "a text is a host or a host with a port");
    if (host) {
        auto const again = config::parse_host(*host);
        require(again && *again == *host, "a parsed host parses to itself");
        require(base::escape(*host) == *host, "a host can be printed");
    } else {
        require(base::escape(host.error()) == host.error(), "an error can be printed");
    }
    if (!both) return;
    bool const has_colon = both->host.find(':') != std::string::npos;
    auto const joined = (has_colon ? '[' + both->host + ']' : both->host) + ':' + std::to_string(both->port);
    auto const again = config::split_host_and_port(joined);
    require(again && again->host == both->host && again->port == both->port, "host and port can be joined again");
}

void check_address(std::string_view text)
{
    auto const parsed = address::parse(text);
    require(parsed.has_value() || !is_system_address(text), "every address of the system is accepted");
    bool const is_zoned = text.find('%') != std::string_view::npos;
    require(!parsed || is_zoned || is_system_address(text), "no other address is accepted");
    require(parsed.has_value() == config::is_address(text), "a listener accepts the same addresses");
    if (!parsed) return;
    auto const again = address::parse(parsed->text());
    require(again && *again == *parsed && again->ip() == parsed->ip(), "an address has one form");
    auto const network = base::network::parse(parsed->network());
    require(network && network->contains(parsed->ip()), "an address is in its own network");
    require(config::is_loopback(parsed->text()) == parsed->is_loopback(), "both functions agree about loopback");
    require(config::conflict_among({std::string{parsed->text()}, parsed->text()}).has_value(),
            "an address conflicts with itself");
}

void check_network(std::string_view text)
{
    auto const network = base::network::parse(text);
    auto const first = address::parse(text.substr(0, text.find('/')));
    if (network) require(first && network->contains(first->ip()), "a network contains its first address");
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
