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

/// Carries what one engine has to say to the other; true: there was something.
bool carry(tls::engine& from, tls::engine& to)
{
    auto const output = from.bytes().output();
    if (output.empty() || to.bytes().has_input()) return false;
    auto const room = to.bytes().room();
    auto const size = std::min(room.size(), output.size());
    std::copy_n(output.begin(), size, room.begin());
    to.bytes().commit(size);
    from.bytes().sent(size);
    return true;
}

struct both {
    contexts made;
    tls::engine server{made.server};
    tls::engine client{made.client, "localhost"};

    void shake_hands()
    {
        do {
            client.handshake();
            server.handshake();
        } while (carry(client, server) || carry(server, client));
    }
};

/// All that the engine has to say in the clear now.
std::string read_all(tls::engine& from)
{
    std::string all;
    std::string room(1000, '\0');
    std::size_t size = 0;
    while (from.read(std::as_writable_bytes(std::span{room}), size) == progress::done) all.append(room, 0, size);
    return all;
}

std::size_t write(tls::engine& to, std::string const& text)
{
    std::size_t size = 0;
    CHECK(to.write(as_bytes(text), size) == progress::done);
    return size;
}

}  // namespace

TEST_CASE("two engines agree without a socket and hold nothing back")
{
    both ends;
    CHECK_FALSE(ends.server.is_established());
    ends.shake_hands();
    CHECK(ends.server.is_established());
    CHECK(ends.client.is_established());
    CHECK(ends.server.bytes().output().empty());
    CHECK(ends.client.bytes().output().empty());
}

TEST_CASE("a client learns whom it talks to before it says anything")
{
    both ends;
    ends.shake_hands();
    auto const server = ends.client.peer();
    CHECK(server.fingerprint == ends.made.key.fingerprint());
    CHECK_FALSE(server.system_verified);
    CHECK(server.authority.empty());
}

TEST_CASE("what is written on one side is read on the other")
{
    both ends;
    ends.shake_hands();
    CHECK(write(ends.client, "hello") == 5);
    CHECK(write(ends.client, ", world") == 7);
    CHECK(carry(ends.client, ends.server));
    CHECK(read_all(ends.server) == "hello, world");
    CHECK(write(ends.server, "and back") == 8);
    CHECK(carry(ends.server, ends.client));
    CHECK(read_all(ends.client) == "and back");
}

TEST_CASE("a long text is encrypted in parts and comes out whole")
{
    both ends;
    ends.shake_hands();
    std::string sent(300'000, '\0');
    for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>('a' + i % 26);
    std::string received;
    for (std::size_t done = 0; done < sent.size();) {
        auto const part = write(ends.client, sent.substr(done));
        CHECK(part <= tls::engine::most_at_once);
        done += part;
        while (carry(ends.client, ends.server)) received += read_all(ends.server);
    }
    CHECK(received == sent);
}

TEST_CASE("without input an engine wants some and keeps no buffer for it")
{
    both ends;
    ends.shake_hands();
    std::size_t size = 1;
    std::string room(100, '\0');
    CHECK(ends.server.read(std::as_writable_bytes(std::span{room}), size) == progress::wants_input);
    CHECK(size == 0);
    CHECK_FALSE(ends.server.bytes().has_input());
}

TEST_CASE("a close_notify ends one direction and leaves the other open")
{
    both ends;
    ends.shake_hands();
    write(ends.client, "last");
    ends.client.close();
    carry(ends.client, ends.server);
    CHECK(read_all(ends.server) == "last");
    std::size_t size = 0;
    std::string room(100, '\0');
    CHECK(ends.server.read(std::as_writable_bytes(std::span{room}), size) == progress::ended);
    write(ends.server, "answer");
    carry(ends.server, ends.client);
    CHECK(read_all(ends.client) == "answer");
}

TEST_CASE("bytes that end without close_notify are truncated and no end")
{
    both ends;
    ends.shake_hands();
    write(ends.client, "all");
    carry(ends.client, ends.server);
    ends.server.bytes().input_ended();
    CHECK(read_all(ends.server) == "all");
    std::size_t size = 0;
    std::string room(100, '\0');
    CHECK(ends.server.read(std::as_writable_bytes(std::span{room}), size) == progress::failed);
    CHECK(ends.server.error() == tls::errc::truncated);
}

TEST_CASE("a record that was changed on its way fails for good and is answered by an alert")
{
    both ends;
    ends.shake_hands();
    write(ends.client, "secret");
    auto const output = ends.client.bytes().output();
    std::string changed(reinterpret_cast<char const*>(output.data()), output.size());
    changed.back() = static_cast<char>(changed.back() ^ 1);
    auto const room = ends.server.bytes().room();
    std::ranges::copy(as_bytes(changed), room.begin());
    ends.server.bytes().commit(changed.size());
    std::size_t size = 0;
    std::string into(100, '\0');
    CHECK(ends.server.read(std::as_writable_bytes(std::span{into}), size) == progress::failed);
    CHECK(ends.server.error().message().find("bad record mac") != std::string::npos);
    CHECK_FALSE(ends.server.bytes().output().empty());
    CHECK(ends.server.write(as_bytes("more"), size) == progress::failed);
}

TEST_CASE("garbage in place of a handshake fails with a reason")
{
    both ends;
    auto const room = ends.server.bytes().room();
    std::ranges::fill(room.first(100), std::byte{0x16});
    ends.server.bytes().commit(100);
    CHECK(ends.server.handshake() == progress::failed);
    CHECK_FALSE(ends.server.error().message().empty());
    CHECK_FALSE(ends.server.is_established());
}

TEST_CASE("more output than the limit is refused and not kept")
{
    tls::ciphertext bytes;
    std::string const half(tls::ciphertext::output_limit / 2, 'x');
    CHECK(bytes.put(as_bytes(half)));
    CHECK(bytes.put(as_bytes(half)));
    CHECK_FALSE(bytes.put(as_bytes("x")));
    bytes.sent(1);
    CHECK(bytes.put(as_bytes("x")));
    CHECK(bytes.output().size() == tls::ciphertext::output_limit);
}
