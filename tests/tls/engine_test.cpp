#include "tls/engine.hpp"

#include <algorithm>
#include <string>

#include "support/catch.hpp"
#include "tls/contexts.hpp"
#include "tls/error.hpp"

using namespace porter::testing;
using porter::detail::base::as_bytes;
using progress = tls::engine::progress;

namespace {

/// Moves the output of one engine to the input of the other; false: there was none.
bool transfer(tls::engine& source, tls::engine& target)
{
    auto const output = source.bytes().output();
    if (output.empty() || target.bytes().has_input()) return false;
    auto const space = target.bytes().free_space();
    auto const size = std::min(space.size(), output.size());
    std::copy_n(output.begin(), size, space.begin());
    target.bytes().commit(size);
    source.bytes().consume(size);
    return true;
}

struct engine_pair {
    contexts sides;
    tls::engine server{sides.server};
    tls::engine client{sides.client, "localhost"};

    void handshake()
    {
        do {
            client.handshake();
            server.handshake();
        } while (transfer(client, server) || transfer(server, client));
    }
};

/// All plaintext that is available.
std::string read_all(tls::engine& source)
{
    std::string all;
    std::string buffer(1000, '\0');
    std::size_t size = 0;
    while (source.read(std::as_writable_bytes(std::span{buffer}), size) == progress::done) all.append(buffer, 0, size);
    return all;
}

std::size_t write(tls::engine& target, std::string const& text)
{
    std::size_t size = 0;
    CHECK(target.write(as_bytes(text), size) == progress::done);
    return size;
}

}  // namespace

TEST_CASE("two engines complete a handshake without a socket and leave no output")
{
    engine_pair ends;
    CHECK_FALSE(ends.server.is_established());
    ends.handshake();
    CHECK(ends.server.is_established());
    CHECK(ends.client.is_established());
    CHECK(ends.server.bytes().output().empty());
    CHECK(ends.client.bytes().output().empty());
}

TEST_CASE("a client knows the server's fingerprint after the handshake")
{
    engine_pair ends;
    ends.handshake();
    auto const server = ends.client.peer();
    CHECK(server.fingerprint == ends.sides.key.fingerprint());
    CHECK_FALSE(server.system_verified);
    CHECK(server.authority.empty());
}

TEST_CASE("text written on one side is read on the other")
{
    engine_pair ends;
    ends.handshake();
    CHECK(write(ends.client, "hello") == 5);
    CHECK(write(ends.client, ", world") == 7);
    CHECK(transfer(ends.client, ends.server));
    CHECK(read_all(ends.server) == "hello, world");
    CHECK(write(ends.server, "and back") == 8);
    CHECK(transfer(ends.server, ends.client));
    CHECK(read_all(ends.client) == "and back");
}

TEST_CASE("a long text is encrypted in parts and received whole")
{
    engine_pair ends;
    ends.handshake();
    std::string sent(300'000, '\0');
    for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>('a' + i % 26);
    std::string received;
    for (std::size_t done = 0; done < sent.size();) {
        auto const part = write(ends.client, sent.substr(done));
        CHECK(part <= tls::engine::max_write);
        done += part;
        while (transfer(ends.client, ends.server)) received += read_all(ends.server);
    }
    CHECK(received == sent);
}

TEST_CASE("a read without input asks for input and keeps no buffer")
{
    engine_pair ends;
    ends.handshake();
    std::size_t size = 1;
    std::string buffer(100, '\0');
    CHECK(ends.server.read(std::as_writable_bytes(std::span{buffer}), size) == progress::wants_input);
    CHECK(size == 0);
    CHECK_FALSE(ends.server.bytes().has_input());
}

TEST_CASE("a close_notify ends one direction and leaves the other open")
{
    engine_pair ends;
    ends.handshake();
    write(ends.client, "last");
    ends.client.close();
    transfer(ends.client, ends.server);
    CHECK(read_all(ends.server) == "last");
    std::size_t size = 0;
    std::string buffer(100, '\0');
    CHECK(ends.server.read(std::as_writable_bytes(std::span{buffer}), size) == progress::ended);
    write(ends.server, "answer");
    transfer(ends.server, ends.client);
    CHECK(read_all(ends.client) == "answer");
}

TEST_CASE("an end without close_notify is the error truncated")
{
    engine_pair ends;
    ends.handshake();
    write(ends.client, "all");
    transfer(ends.client, ends.server);
    ends.server.bytes().end_input();
    CHECK(read_all(ends.server) == "all");
    std::size_t size = 0;
    std::string buffer(100, '\0');
    CHECK(ends.server.read(std::as_writable_bytes(std::span{buffer}), size) == progress::failed);
    CHECK(ends.server.error() == tls::errc::truncated);
}

TEST_CASE("a modified record is a permanent error and is answered by an alert")
{
    engine_pair ends;
    ends.handshake();
    write(ends.client, "secret");
    auto const output = ends.client.bytes().output();
    std::string changed(reinterpret_cast<char const*>(output.data()), output.size());
    changed.back() = static_cast<char>(changed.back() ^ 1);
    auto const space = ends.server.bytes().free_space();
    std::ranges::copy(as_bytes(changed), space.begin());
    ends.server.bytes().commit(changed.size());
    std::size_t size = 0;
    std::string buffer(100, '\0');
    CHECK(ends.server.read(std::as_writable_bytes(std::span{buffer}), size) == progress::failed);
    CHECK(ends.server.error().message().find("bad record mac") != std::string::npos);
    CHECK_FALSE(ends.server.bytes().output().empty());
    CHECK(ends.server.write(as_bytes("more"), size) == progress::failed);
}

TEST_CASE("garbage instead of a handshake is an error with a message")
{
    engine_pair ends;
    auto const space = ends.server.bytes().free_space();
    std::ranges::fill(space.first(100), std::byte{0x16});
    ends.server.bytes().commit(100);
    CHECK(ends.server.handshake() == progress::failed);
    CHECK_FALSE(ends.server.error().message().empty());
    CHECK_FALSE(ends.server.is_established());
}

TEST_CASE("output beyond the limit is rejected and not kept")
{
    tls::ciphertext bytes;
    std::string const half(tls::ciphertext::output_limit / 2, 'x');
    CHECK(bytes.put(as_bytes(half)));
    CHECK(bytes.put(as_bytes(half)));
    CHECK_FALSE(bytes.put(as_bytes("x")));
    bytes.consume(1);
    CHECK(bytes.put(as_bytes("x")));
    CHECK(bytes.output().size() == tls::ciphertext::output_limit);
}
