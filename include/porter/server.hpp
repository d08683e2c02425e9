#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "porter/access.hpp"
#include "porter/connection.hpp"
#include "porter/log_level.hpp"
#include "porter/start_error.hpp"
#include "porter/tls_mode.hpp"

namespace porter {

/// What a server is told before it starts. The defaults are those of porterd.
struct server_options {
    std::vector<std::string> bind{"127.0.0.1"};  ///< IP addresses; "::" serves IPv6 and IPv4
    std::uint16_t port = 7678;                   ///< 0: any free port
    std::uint16_t port_tries = 1;                ///< how many ports to try, upwards from `port`, while they are in use

    std::filesystem::path data_dir{};  ///< made with mode 0700 when it is not there; holds what follows
    std::filesystem::path database{};  ///< empty: porter.db in data_dir
    std::filesystem::path log_file{};  ///< empty: porterd.log in data_dir; "-": standard output
    porter::log_level log_level = porter::log_level::info;
    porter::log_format log_format = porter::log_format::text;

    tls_mode tls = tls_mode::automatic;
    std::filesystem::path tls_key{};  ///< PEM, for its owner alone; empty: tls-key.pem in data_dir, made if need be
    std::filesystem::path tls_certificate{};  ///< PEM, its chain behind it; given if and only if tls_key is

    porter::access access = porter::access::authenticate;
    bool registration_open = true;
    bool greet_by_address = true;  ///< false: welcome names nobody in authenticate access

    std::chrono::seconds session_ttl = std::chrono::days{30};      ///< absolute life of a session
    std::chrono::seconds session_idle_ttl = std::chrono::days{7};  ///< sliding life of a session
    std::uint32_t max_sessions_per_account = 16;                   ///< one more ends the oldest
    std::uint32_t max_registrations_per_address = 120;             ///< an hour, per IPv4 address or /64; 0: no limit
    std::size_t min_password_length = 8;                           ///< code points, 8 to 256
    std::filesystem::path password_list{};  ///< sorted SHA-1 sums of passwords that are refused; empty: none

    std::chrono::milliseconds login_grace = std::chrono::seconds{30};  ///< for the whole opening and access
    std::chrono::milliseconds idle_timeout{};                          ///< 0: never

    std::size_t max_connections = 20'000;  ///< 0, or more than there are descriptors for: as many as those allow
    std::size_t max_connections_per_address = 1024;  ///< per IPv4 address or IPv6 /64; 0: no limit
    std::size_t max_connections_per_account = 1024;  ///< with access; 0: no limit
    std::uint32_t max_frame = 1024 * 1024;           ///< payload bytes, 4 KiB to 16 MiB

    /// Networks in CIDR notation: who comes from there is a proxy and must begin with a PROXY protocol header (v1 or
    /// v2), which says where the visitor is. A proxy is not limited by its own address.
    std::vector<std::string> proxy_from{};

    std::size_t threads = 1;       ///< I/O threads: the caller's, which runs the io_context, and threads - 1 more
    std::size_t hash_threads = 0;  ///< 0: the machine's cores - 1, at least 1
    /// Bytes of memory for one Argon2id hash: 19 MiB (OWASP) to 4 GiB; times hash_ops at most 16 GiB.
    std::size_t hash_memory = 19 * 1024 * 1024;
    std::uint32_t hash_ops = 2;  ///< passes of Argon2id: 2 (OWASP) to 1000
};

/// A door on a TCP port: accepts, admits and serves until it is stopped. It listens when the constructor returns and
/// accepts when the io_context runs. All members are called on the thread that runs the io_context, or before it
/// runs; on_connection is called before it runs.
class server {
public:
    /// Opens the database (migrating it), the log, the TLS key, the password list and the port. Throws start_error.
    /// `io` outlives the server.
    server(asio::io_context& io, server_options options);
    ~server();
    server(server const&) = delete;
    server& operator=(server const&) = delete;

    /// What visitors talk to; without it they are echoed to.
    void on_connection(service talk);

    /// Where it listens, read back from the sockets: never empty.
    std::vector<asio::ip::tcp::endpoint> local_endpoints() const;
    asio::ip::tcp::endpoint local_endpoint() const { return local_endpoints().front(); }

    /// No new connections; closing(shutting_down) to all, cut off after 5 s. Then the io_context has no work of the
    /// server left. May be called more than once.
    void stop();

    /// Goes on in the log file as it is now named on disk: after a log rotation.
    void reopen_log();

    /// Takes the TLS key and certificate as they are on disk now, for those who connect from now on: after a renewal.
    /// If they cannot be used, says so in the log and goes on with those that it has.
    void reload_certificate();

    /// `failed` is called, on the thread that runs the io_context, when the server stops by itself, with the reason in
    /// a sentence: the database's files were removed or replaced, or have another version. Everybody is told
    /// closing(shutting_down) then, as by stop(). Without it only the log tells.
    void on_failure(std::function<void(std::string const& reason)> failed);

    /// What a person compares to know this server by, "SHA256:" and base64; empty when TLS is off.
    std::string key_fingerprint() const;

    /// What a person should be told although the server started, a line each: such as a TLS certificate that has
    /// expired. They are in the log, too.
    std::vector<std::string> const& warnings() const noexcept;

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

/// Whether a server could start with these options, without listening or changing anything: the values, the password
/// list, and the database and the TLS key if they are there. Returns the warnings that it would have. Throws
/// start_error otherwise.
std::vector<std::string> check(server_options const& options);

}  // namespace porter
