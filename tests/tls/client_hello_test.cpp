// Promise N12 of SECURITY.md: a ClientHello costs no memory beyond its own bytes.
#include "tls/client_hello.hpp"

#include <algorithm>
#include <string>

#include "support/catch.hpp"

using porter::detail::base::as_bytes;
using porter::detail::tls::find_client_hello;
using porter::detail::tls::max_client_hello;
using enum porter::detail::tls::client_hello_state;

namespace {

std::string number(std::size_t value, int bytes)
{
    std::string encoded;
    for (int i = bytes - 1; i >= 0; --i) encoded.push_back(static_cast<char>(value >> 8 * i));
    return encoded;
}

std::string record(char type, std::string const& payload)
{
    return type + std::string{"\x03\x01"} + number(payload.size(), 2) + payload;
}

/// A ClientHello message that declares a body of one size and has another.
std::string hello(std::size_t declared, std::size_t actual)
{
    return "\x01" + number(declared, 3) + std::string(actual, 'x');
}

std::string in_records_of(std::size_t size, std::string const& message)
{
    std::string records;
    for (std::size_t at = 0; at < message.size(); at += size) records += record(22, message.substr(at, size));
    return records;
}

auto find(std::string const& flight)
{
    return find_client_hello(as_bytes(flight));
}

}  // namespace

TEST_CASE("a ClientHello is complete with its last byte in records of any size")
{
    for (std::size_t const size : {1U, 2U, 3U, 4U, 5U, 16U, 54U}) {
        auto const flight = in_records_of(size, hello(50, 50));
        CHECK(find(flight) == complete);
        auto const all_but_last = std::count_if(flight.begin(), flight.end(), [&, at = 0U](char) mutable {
            return find(flight.substr(0, at++)) == partial;
        });
        CHECK(static_cast<std::size_t>(all_but_last) == flight.size());
    }
}

TEST_CASE("a ClientHello that declares too much is too large as soon as its length is received")
{
    for (std::size_t const size : {1U, 4U, 100U}) {
        auto const largest = in_records_of(size, hello(max_client_hello - 4, 0));
        CHECK(find(largest) == partial);
        auto const larger = in_records_of(size, hello(max_client_hello - 3, 0));
        CHECK(find(larger) == too_large);
        CHECK(find(larger.substr(0, larger.size() - 1)) == partial);
    }
    CHECK(find(record(22, hello(0xffffff, 0))) == too_large);
}

TEST_CASE("a ClientHello in too many records is too large")
{
    using porter::detail::tls::max_client_hello_records;
    auto const largest = in_records_of(1, hello(max_client_hello_records - 4, max_client_hello_records - 4));
    CHECK(find(largest) == complete);
    auto const larger = in_records_of(1, hello(max_client_hello_records, max_client_hello_records - 3));
    CHECK(find(larger) == too_large);
    std::string flight;
    for (std::size_t i = 0; i < max_client_hello_records; ++i) flight += record(20, "\x01");
    CHECK(find(flight) == partial);
    CHECK(find(flight + record(20, "\x01")) == too_large);
}

TEST_CASE("a second ClientHello may follow a change_cipher_spec")
{
    auto const flight = record(20, "\x01") + record(22, hello(50, 50));
    CHECK(find(flight) == complete);
    CHECK(find(flight.substr(0, flight.size() - 1)) == partial);
    CHECK(find(record(20, "\x01")) == partial);
    CHECK(find(record(20, "\x01") + record(22, hello(0xffff, 9))) == too_large);
}

TEST_CASE("a message that is not a ClientHello is left to OpenSSL")
{
    for (char const type : {'\x15', '\x17', '\x00', 'G'}) CHECK(find(record(type, "four")) == complete);
    CHECK(find(record(22, "\x14 Finished")) == complete);
    CHECK(find(record(22, "\x01") + record(23, "data")) == complete);
    CHECK(find("GET / HTTP/1.1") == complete);
    CHECK(find("") == partial);
    CHECK(find("\x16\x03\x01") == partial);
}
