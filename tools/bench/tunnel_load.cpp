// tunnel_load [options] PORT: load on a TLS server of 127.0.0.1 that connects each client with an upstream program,
// which echoes bytes. It is the same for porterd with the service forward and for any other such server, so
// tools/bench/tunnels can compare them.
//
// Every connection sends one payload after the other and compares every byte that comes back. With --access FILE the
// server is porterd: the connection first sends the bytes of FILE, which ask for access, and each payload is a data
// message. Other servers get the payloads alone. Only bytes of payloads count. The result is one line of JSON; after
// any error there is none, because figures with errors are not valid.
#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/file.hpp"
#include "base/number.hpp"
#include "bench/poller.hpp"
#include "bench/server_process.hpp"
#include "protocol/messages.hpp"

namespace {

namespace bench = porter::detail::bench;
using porter::detail::base::unique_fd;
using porter::detail::protocol::kind;
using std::chrono::milliseconds;

constexpr std::size_t frame_header = 5;                // the length and the kind
constexpr std::size_t read_size = 64 * 1024;           // bytes of plaintext
constexpr std::size_t ciphertext_buffer = 128 * 1024;  // of each connection: one recv takes several records

constexpr std::chrono::seconds start_guard{30};

/// Of connections that stay open: a slow server must answer all of them before its limit for a handshake.
constexpr std::size_t max_starting = 16;

struct options {
    std::uint16_t port = 0;
    std::size_t connections = 64;
    std::size_t depth = 1;  // payloads of a connection that have not come back
    std::size_t payload = 64 * 1024;
    milliseconds warm_up{300};
    milliseconds duration{1000};
    ::pid_t server = 0;
    bool is_short = false;  // connections of one payload
    std::string access;     // empty: not porterd
};

[[noreturn]] void fail(std::string const& message)
{
    throw std::runtime_error(message);
}

[[noreturn]] void fail_by_errno(char const* action)
{
    throw std::system_error(errno, std::generic_category(), action);
}

struct ssl_deleter {
    void operator()(SSL* session) const noexcept { SSL_free(session); }
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};

std::uint64_t tickets_received = 0;

int count_ticket(SSL*, SSL_SESSION*)
{
    ++tickets_received;
    return 0;  // not kept
}

/// One suite and one group, so that every server uses the same. Any key is accepted: nothing secret is sent.
std::unique_ptr<SSL_CTX, ssl_deleter> make_context(bool is_porterd)
{
    std::unique_ptr<SSL_CTX, ssl_deleter> owned{SSL_CTX_new(TLS_client_method())};
    auto* const context = owned.get();
    static constexpr unsigned char protocol[] = "\x08porter/1";
    if (!context || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") != 1 ||
        SSL_CTX_set1_groups_list(context, "X25519") != 1 ||
        (is_porterd && SSL_CTX_set_alpn_protos(context, protocol, sizeof protocol - 1) != 0)) {
        fail("OpenSSL cannot be configured");
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, ciphertext_buffer);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, count_ticket);
    return owned;
}

/// What every connection sends: the same payload, in a data message for porterd.
class message {
public:
    message(std::size_t payload, bool is_framed) : bytes_(is_framed ? frame_header : 0, '\0')
    {
        if (is_framed) {
            auto const length = htonl(static_cast<std::uint32_t>(payload + 1));
            std::memcpy(bytes_.data(), &length, sizeof length);
            bytes_[frame_header - 1] = static_cast<char>(kind::data);
        }
        payload_at_ = bytes_.size();
        std::uint32_t random = 1;
        while (bytes_.size() < payload_at_ + payload) {
            random = random * 1'664'525 + 1'013'904'223;
            bytes_ += static_cast<char>(random >> 24);
        }
    }

    std::string_view bytes() const noexcept { return bytes_; }
    std::string_view payload() const noexcept { return std::string_view{bytes_}.substr(payload_at_); }

private:
    std::string bytes_;
    std::size_t payload_at_;
};

/// Finds the payloads in the messages of porterd.
class message_reader {
public:
    /// Removes bytes from the front of `input`; returns those of a payload. Empty: `input` is, too.
    std::string_view next(std::string_view& input)
    {
        while (!input.empty()) {
            if (header_size_ < frame_header) {
                header_[header_size_++] = input.front();
                input.remove_prefix(1);
                if (header_size_ == frame_header) begin_body();
            }
            auto const body = input.substr(0, body_left_);
            input.remove_prefix(body.size());
            body_left_ -= body.size();
            auto const is_payload = current_kind() == kind::data;
            if (header_size_ == frame_header && body_left_ == 0) header_size_ = 0;
            if (is_payload && !body.empty()) return body;
        }
        return {};
    }

    bool is_granted() const noexcept { return granted_; }

private:
    kind current_kind() const noexcept { return static_cast<kind>(header_[frame_header - 1]); }

    void begin_body()
    {
        std::uint32_t length = 0;
        std::memcpy(&length, header_.data(), sizeof length);
        body_left_ = ntohl(length) - 1;
        auto const expected = granted_ ? kind::data : kind::welcome;
        if (current_kind() == kind::granted)
            granted_ = true;
        else if (current_kind() != expected)
            fail("porterd denied access or closed a connection");
    }

    std::array<char, frame_header> header_{};
    std::size_t header_size_ = 0;
    std::size_t body_left_ = 0;
    bool granted_ = false;
};

unique_fd connect_to(std::uint16_t port)
{
    unique_fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!socket) fail_by_errno("socket");
    int const on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket.get(), reinterpret_cast<::sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) {
        fail_by_errno("connect");
    }
    return socket;
}

/// A connection over TLS, which sends payloads and compares what comes back.
class connection {
public:
    connection(SSL_CTX* context, options const& settings, message const& sent)
        : settings_(settings), message_(sent), socket_(connect_to(settings.port)), session_(SSL_new(context))
    {
        if (!session_ || SSL_set_fd(session_.get(), socket_.get()) != 1) fail("SSL_new failed");
        SSL_set_connect_state(session_.get());
    }

    int number() const noexcept { return socket_.get(); }
    std::uint64_t received() const noexcept { return received_; }

    /// Continues as far as possible; call it when the socket is ready. With `once` it sends no second payload.
    void advance(bool once)
    {
        if (!SSL_is_init_finished(session_.get()) && !succeeds(SSL_do_handshake(session_.get()))) return;
        if (access_sent_ < settings_.access.size()) {
            access_sent_ += write(std::string_view{settings_.access}.substr(access_sent_));
        }
        receive();
        if (settings_.access.empty() || messages_.is_granted()) send(once);
    }

    /// Ends it in order.
    void close() { SSL_shutdown(session_.get()); }

private:
    /// False: it must wait for the socket.
    bool succeeds(int outcome)
    {
        if (outcome == 1) return true;
        auto const error = SSL_get_error(session_.get(), outcome);
        if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return false;
        if (error == SSL_ERROR_ZERO_RETURN) fail("the server ended a connection");
        auto const* const reason = ERR_reason_error_string(ERR_peek_error());
        fail(std::string{"a connection failed: "} + (reason ? reason : std::strerror(errno)));
    }

    std::size_t write(std::string_view bytes)
    {
        std::size_t written = 0;
        return succeeds(SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &written)) ? written : 0;
    }

    void send(bool once)
    {
        auto const size = message_.bytes().size();
        auto const allowed = once ? 1 : received_ / settings_.payload + settings_.depth;
        while (sent_ / size < allowed) {
            auto const written = write(message_.bytes().substr(sent_ % size));
            if (written == 0) return;
            sent_ += written;
        }
    }

    void receive()
    {
        static std::array<char, read_size> buffer;
        std::size_t size = 0;
        while (succeeds(SSL_read_ex(session_.get(), buffer.data(), buffer.size(), &size))) {
            std::string_view input{buffer.data(), size};
            if (settings_.access.empty()) {
                compare(input);
                continue;
            }
            while (!input.empty()) compare(messages_.next(input));
        }
    }

    void compare(std::string_view bytes)
    {
        while (!bytes.empty()) {
            auto const expected = message_.payload().substr(received_ % settings_.payload, bytes.size());
            if (!bytes.starts_with(expected)) fail("a byte came back that was not sent");
            received_ += expected.size();
            bytes.remove_prefix(expected.size());
        }
    }

    options const& settings_;
    message const& message_;
    unique_fd socket_;
    std::unique_ptr<SSL, ssl_deleter> session_;
    message_reader messages_;
    std::size_t access_sent_ = 0;
    std::uint64_t sent_ = 0;      // bytes, with headers
    std::uint64_t received_ = 0;  // bytes of payloads
};

/// All connections, on one thread.
class load {
public:
    explicit load(options const& settings)
        : settings_(settings),
          context_(make_context(!settings.access.empty())),
          message_(settings.payload, !settings.access.empty()),
          connections_(settings.connections)
    {
        auto const count = settings.is_short ? connections_.size() : std::min(connections_.size(), max_starting);
        while (next_ < count) start(next_++);
    }

    struct totals {
        bench::moment time;
        std::uint64_t bytes = 0;        // of payloads that came back
        std::uint64_t connections = 0;  // short ones that have ended
        std::uint64_t tickets = 0;
        bench::usage server;
    };

    /// Until the first bytes have come back on each connection that stays open. All begin to send more then.
    void start_all()
    {
        if (settings_.is_short) return;
        auto const end = std::chrono::steady_clock::now() + start_guard;
        while (started_ < connections_.size()) {
            if (std::chrono::steady_clock::now() > end) fail("connections are not served");
            for (auto const& event : poller_.wait(end)) advance(event.tag);
        }
        once_ = false;
        for (std::uint32_t slot = 0; slot < connections_.size(); ++slot) advance(slot);
    }

    totals run_until(bench::moment end)
    {
        while (std::chrono::steady_clock::now() < end) {
            for (auto const& event : poller_.wait(end)) advance(event.tag);
        }
        auto const server = bench::usage_of(settings_.server);
        if (!server) fail("there is no process with the number of --server-pid");
        return {std::chrono::steady_clock::now(), bytes_, done_, tickets_received, *server};
    }

private:
    void start(std::uint32_t slot)
    {
        connections_[slot] = std::make_unique<connection>(context_.get(), settings_, message_);
        if (!poller_.watch(connections_[slot]->number(), slot)) fail_by_errno("epoll_ctl");
    }

    void advance(std::uint32_t slot)
    {
        auto& current = *connections_[slot];
        auto const before = current.received();
        current.advance(once_);
        bytes_ += current.received() - before;
        if (before == 0 && current.received() > 0) {
            ++started_;
            if (next_ < connections_.size()) start(next_++);
        }
        if (!settings_.is_short || current.received() < settings_.payload) return;
        current.close();
        ++done_;
        start(slot);
    }

    options const& settings_;
    std::unique_ptr<SSL_CTX, ssl_deleter> context_;
    message message_;
    bench::poller poller_;
    std::vector<std::unique_ptr<connection>> connections_;
    bool once_ = true;           // a connection sends one payload: it is short, or others have not started
    std::uint32_t next_ = 0;     // the first slot without a connection
    std::uint64_t started_ = 0;  // connections on which bytes have come back
    std::uint64_t bytes_ = 0;
    std::uint64_t done_ = 0;
};

std::string content_of(char const* path)
{
    std::ifstream in{path, std::ios::binary};
    std::string content{std::istreambuf_iterator<char>{in}, {}};
    if (content.empty()) fail(std::string{"cannot read "} + path);
    return content;
}

template <typename Number>
Number number_of(char const* text)
{
    auto const number = porter::detail::base::parse_number<Number>(text);
    if (!number || *number <= 0) fail(std::string{text} + " is not a number");
    return *number;
}

options parse(int argc, char** argv)
{
    static constexpr ::option names[] = {
        {"connections", required_argument, nullptr, 'c'},
        {"depth", required_argument, nullptr, 'd'},
        {"payload", required_argument, nullptr, 's'},
        {"warm-up", required_argument, nullptr, 'w'},
        {"duration", required_argument, nullptr, 't'},
        {"server-pid", required_argument, nullptr, 'p'},
        {"access", required_argument, nullptr, 'a'},
        {"short", no_argument, nullptr, 'o'},
        {nullptr, 0, nullptr, 0},
    };
    options read;
    for (int name = 0; (name = ::getopt_long(argc, argv, "", names, nullptr)) != -1;) {
        if (name == 'c') read.connections = number_of<std::uint32_t>(optarg);
        if (name == 'd') read.depth = number_of<std::size_t>(optarg);
        if (name == 's') read.payload = number_of<std::uint32_t>(optarg);
        if (name == 'w') read.warm_up = milliseconds{number_of<std::int64_t>(optarg)};
        if (name == 't') read.duration = milliseconds{number_of<std::int64_t>(optarg)};
        if (name == 'p') read.server = number_of<::pid_t>(optarg);
        if (name == 'a') read.access = content_of(optarg);
        if (name == 'o') read.is_short = true;
        if (name == '?') fail("unknown option");
    }
    if (optind + 1 != argc || read.server == 0) {
        fail(
            "usage: tunnel_load [--connections N] [--depth N] [--payload BYTES] [--warm-up MS] [--duration MS] "
            "[--access FILE] [--short] --server-pid PID PORT");
    }
    read.port = number_of<std::uint16_t>(argv[optind]);
    return read;
}

void print(load::totals const& first, load::totals const& last)
{
    using seconds = std::chrono::duration<double>;
    std::printf(
        "{\"seconds\": %.6f, \"bytes\": %llu, \"connections\": %llu, \"tickets\": %llu, \"server_cpu\": %.6f}\n",
        seconds{last.time - first.time}.count(), static_cast<unsigned long long>(last.bytes - first.bytes),
        static_cast<unsigned long long>(last.connections - first.connections),
        static_cast<unsigned long long>(last.tickets - first.tickets),
        seconds{last.server.cpu - first.server.cpu}.count());
}

}  // namespace

int main(int argc, char** argv)
{
    std::signal(SIGPIPE, SIG_IGN);  // an error of the write
    try {
        auto const settings = parse(argc, argv);
        load connections{settings};
        connections.start_all();
        auto const start = std::chrono::steady_clock::now() + settings.warm_up;
        auto const first = connections.run_until(start);
        auto const last = connections.run_until(first.time + settings.duration);
        print(first, last);
    } catch (std::exception const& error) {
        std::fprintf(stderr, "tunnel_load: %s\n", error.what());
        return 1;
    }
}
