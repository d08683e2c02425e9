#pragma once

#include "porter/detail/asio_config.hpp"

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "porter/access.hpp"
#include "porter/clock.hpp"
#include "porter/connection.hpp"
#include "porter/connection_info.hpp"
#include "porter/log_level.hpp"
#include "porter/logger.hpp"
#include "porter/start_error.hpp"
#include "porter/store/ports.hpp"
#include "porter/task.hpp"
#include "porter/tls_mode.hpp"

namespace porter {

/// The options of a server. The defaults are those of porterd.
struct server_options {
    std::vector<std::string> bind{"127.0.0.1"};  ///< IP addresses; "::" serves IPv6 and IPv4
    std::uint16_t port = 7678;                   ///< 0: any free port
    std::uint16_t port_tries = 1;                ///< how many ports to try, upwards from `port`, while they are in use

    std::filesystem::path data_dir{};  ///< created with mode 0700 if missing; default directory of the next files
    /// The path of a SQLite file, or a PostgreSQL database that servers share: `postgresql://NODE@HOST/DATABASE`,
    /// without a password. The latter needs a tls_key that they share, also with TLS off, and that its schema was
    /// migrated (docs/deploy.md). Empty: porter.db in data_dir.
    std::string database{};
    std::filesystem::path log_file{};                          ///< empty: porterd.log in data_dir; "-": standard output
    porter::log_level log_level = porter::log_level::info;     ///< events below it are not logged
    porter::log_format log_format = porter::log_format::text;  ///< of each line

    tls_mode tls = tls_mode::automatic;  ///< which clients must use TLS
    std::filesystem::path tls_key{};  ///< PEM, for its owner only; empty: tls-key.pem in data_dir, created if missing
    std::filesystem::path tls_certificate{};  ///< PEM, followed by its chain; set if tls_key is, unless TLS is off

    porter::access access = porter::access::authenticate;              ///< what is required of a client
    porter::registration_mode registration = registration_mode::open;  ///< which clients may register an account
    bool greet_by_address = true;  ///< false: in authenticate access, the welcome contains no name

    std::chrono::seconds session_ttl = std::chrono::days{30};      ///< absolute lifetime of a session
    std::chrono::seconds session_idle_ttl = std::chrono::days{7};  ///< lifetime of a session that is not used
    std::uint32_t max_sessions_per_account = 16;                   ///< the limit; opening another ends the oldest
    std::uint32_t max_registrations_per_address = 120;             ///< an hour, per IPv4 address or /64; 0: no limit
    std::size_t min_password_length = 8;                           ///< code points, 8 to 256
    std::filesystem::path password_list{};  ///< sorted SHA-1 sums of passwords that are rejected; empty: none

    std::chrono::milliseconds login_grace = std::chrono::seconds{30};  ///< from accept until access is granted
    std::chrono::milliseconds idle_timeout{};                          ///< 0: never

    /// How long connections with access are kept while a store that several servers share has lost contact with them
    /// (session_watch::on_partitioned): sessions may have ended elsewhere. No access is granted in this time. Then the
    /// connections are closed as `unavailable`. 0: at once. Open access is not affected.
    std::chrono::milliseconds partition_grace = std::chrono::seconds{30};

    std::size_t max_connections = 20'000;  ///< lowered to what the descriptor limit allows; 0: that limit alone
    std::size_t max_connections_per_address = 1024;  ///< per IPv4 address or IPv6 /64; 0: no limit
    std::size_t max_connections_per_account = 1024;  ///< with access; 0: no limit
    /// Descriptors that the service opens for a connection, besides that of the connection itself: sockets, files,
    /// pipes; at most 65,536. The server does not enforce it: it lowers max_connections so that there are enough.
    std::size_t service_descriptors = 0;
    /// Descriptors that the service opens for all connections together, at most; 0: service_descriptors for each.
    std::size_t max_service_descriptors = 0;
    std::uint32_t max_frame = 1024 * 1024;  ///< payload bytes, 4 KiB to 16 MiB
    /// Of one connection: bytes of posted messages that wait, 64 more for each; 4 KiB to 1 GiB. While nothing waits,
    /// one message of any size is accepted.
    std::size_t max_outbox = 1024 * 1024;

    /// How long the rows of audit are kept, which say who changed what: at least a day; 0: for ever.
    std::chrono::seconds audit_keep = std::chrono::days{365};

    /// A Unix socket that is created in its folder with mode 0600, by which `porterctl connections` and `porterctl
    /// ping` reach the server: as root or as the user of this process. One server may use the folder for that; the path
    /// may be longer than that of other sockets. Empty: none. porterd's is porterd.sock in its data_dir.
    std::filesystem::path control_socket{};

    /// Networks of proxies, in CIDR notation. A connection from them must begin with a PROXY protocol header (v1 or
    /// v2), which states the client's address. A proxy is not limited by its own address.
    std::vector<std::string> proxy_from{};

    std::size_t threads = 1;       ///< I/O threads: the caller's, which runs the io_context, and threads - 1 more
    std::size_t hash_threads = 0;  ///< threads that compute password hashes; 0: cores - 1, at least 1
    /// Bytes of memory for one Argon2id hash: 19 MiB (OWASP) to 4 GiB; times hash_ops at most 16 GiB.
    std::size_t hash_memory = 19 * 1024 * 1024;
    std::uint32_t hash_ops = 2;  ///< passes of Argon2id: 2 (OWASP) to 1000
};

/// Replacements for parts of a server: `{.logger = &log, .store = store.ports()}`. The logger, clock and store must
/// outlive the server. With a logger, a store and without TLS (or with a key of your own) a server needs no data_dir.
struct server_parts {
    porter::logger* logger = nullptr;      ///< null: server_options::log_file, log_level and log_format
    porter::clock const* clock = nullptr;  ///< null: the system's; of a store with a clock: see store::ports::clock
    std::optional<store::ports> store{};   ///< none: server_options::database
    /// Descriptors of listening TCP sockets, such as those of a service manager (LISTEN_FDS), to accept on instead of
    /// opening `bind` and `port`. The server takes them over once it has been constructed, and closes them at its end.
    /// start_errc::configuration: one of them is no such socket.
    std::vector<int> listeners{};
};

/// A TCP server: accepts connections, grants access and runs the service until it is stopped. It listens when the
/// constructor returns and accepts once the io_context runs.
///
/// Threads: call the members on the thread that runs the io_context, or before it runs, except where they say more.
///
/// Errors: the constructor throws start_error. From then on nothing throws except reload(), and std::bad_alloc:
/// problems are logged.
///
/// Cancellation: connections() can be cancelled. The services are cancelled by stop().
///
/// Lifetime: the io_context outlives the server. Destroying the server stops it, see stop(), and runs the io_context
/// until every service has returned. A service that does not return blocks the destructor.
class server {
public:
    /// A server of `handler`, which is called for each connection with access. Opens the database (migrating a file),
    /// the log, the TLS key, the password list and the port. Throws start_error, and std::invalid_argument if the
    /// handler is empty. `io` outlives the server.
    server(asio::io_context& io, server_options options, service handler, server_parts parts = {});

    /// A server that echoes.
    server(asio::io_context& io, server_options options);

    ~server();
    server(server const&) = delete;
    server& operator=(server const&) = delete;

    /// The log, for the lines of a service. From any thread, as long as the server lives.
    porter::logger& log() const noexcept;

    /// The number of connections: those that access is not granted to yet, and those that are being closed, included.
    /// From any thread, as long as the server lives.
    std::size_t connection_count() const;

    /// These connections, in the order in which they were accepted. They are collected from each I/O thread in turn and
    /// in pieces, so the list is not of one moment. Await it on the thread that runs the io_context, or in a service on
    /// any I/O thread, while the server lives.
    task<std::vector<connection_info>> connections();

    /// The endpoints it listens on, as the sockets report them: never empty.
    std::vector<asio::ip::tcp::endpoint> local_endpoints() const;
    asio::ip::tcp::endpoint local_endpoint() const { return local_endpoints().front(); }  ///< the first of them

    ///@{
    /// For the monitoring of a program, as porterd has it (docs/operating.md). From any thread, as long as the server
    /// lives; they take some 0.1 ms and may read the free space of a disk, so not on an I/O thread.

    /// The metrics in the text format of Prometheus, version 0.0.4.
    std::string metrics() const;
    /// A JSON object with the most important ones, and a line feed.
    std::string status() const;
    /// The same, and in its member `live` the newest connections, the throttled and the banned networks, and the last
    /// events of the server's own log: names and addresses of clients, for those alone who may read the log. The first
    /// call only asks for the connections: the I/O threads add them within a second, so call it again.
    std::string live_status() const;
    /// Why the server does not serve as it should at the moment, such as `store: changes fail: database is locked`, a
    /// line each; empty: it is healthy.
    std::vector<std::string> problems() const;
    ///@}

    /// Stops accepting, sends closing(shutting_down) on every connection and cancels what the services await; closes
    /// the remaining sockets after 5 s. Once every service has returned, the io_context has no work of the server left.
    /// A service that does not return, such as one that awaits a thread pool, keeps the io_context running. May be
    /// called more than once.
    void stop();

    /// Reopens the log file by its path, after a log rotation. Does nothing if the logger was replaced.
    void reopen_log();

    /// Changes options while the server runs. Applied are log_level (of the server's own log), registration,
    /// greet_by_address, session_ttl, session_idle_ttl, max_sessions_per_account, max_registrations_per_address,
    /// min_password_length, password_list, login_grace, idle_timeout, partition_grace, max_connections,
    /// max_connections_per_address, max_connections_per_account, proxy_from, and tls_key and tls_certificate for the
    /// next reload_certificate(); the other members are ignored. New values hold for what happens from now on: also
    /// for existing connections, but these keep their slot, and their login_grace. Reads the files that the changed
    /// options name. Throws start_error if a value or a file is invalid; then nothing has changed.
    void reload(server_options const& changed);

    /// Completes when each I/O thread and the store have answered, for a watchdog: a thread that hangs or a store that
    /// does not return keeps it from completing. An error of the store is an answer. Await it on the thread that runs
    /// the io_context, while the server lives. Cannot be cancelled.
    task<void> probe();

    /// Reads the TLS key and certificate again, after a renewal; new connections use them. If they cannot be used, logs
    /// an error and keeps the current ones.
    void reload_certificate();

    /// Sets a handler that is called, on the thread that runs the io_context, when the server stops by itself because
    /// the database's files were removed or replaced, or its schema has another version; `reason` is a sentence. The
    /// server then stops as by stop(). Without a handler the reason is only logged.
    void on_failure(std::function<void(std::string const& reason)> handler);

    /// The fingerprint of the server's key, "SHA256:" and base64; empty when TLS is off.
    std::string key_fingerprint() const;

    /// Problems that did not prevent the start, a line each for a person, such as an expired TLS certificate. They are
    /// logged, too.
    std::vector<std::string> const& warnings() const noexcept;

protected:
    struct impl;
    ///@{
    /// For the servers of porter/testing.hpp.
    explicit server(std::unique_ptr<impl> made);
    impl& get() noexcept { return *impl_; }
    ///@}

private:
    std::unique_ptr<impl> impl_;
};

/// Checks whether a server could start with these options, without listening or changing anything: the values, the
/// password list, and the database and the TLS key if they exist; it connects to PostgreSQL. Returns the warnings that
/// the server would have. Throws start_error if it could not start.
std::vector<std::string> check(server_options const& options);

}  // namespace porter
