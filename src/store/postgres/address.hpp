#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace porter::detail::store::postgres {

/// One server of a database address.
struct host {
    std::string name;  ///< a name, an IP address or the folder of a Unix socket; empty: libpq's default folder
    std::uint16_t port = 0;

    bool is_unix_socket() const noexcept;
    /// An IP address of the loopback interface, or localhost: never looked up elsewhere.
    bool is_loopback() const;
    /// Such as db1.example:5432, for messages.
    std::string text() const;
};

/// The parameters of one connection, as pairs of libpq's keywords and their values.
using connection_parameters = std::vector<std::pair<std::string, std::string>>;

/// Where the database is: postgresql://[USER@]HOST[:PORT][,HOST[:PORT]...]/DATABASE[?PARAMETER=VALUE&...].
///
/// It contains no password: libpq takes that from PGPASSFILE or the service file, or a client certificate replaces it,
/// which sslcert or PGSSLCERT names. Without one another machine must bind the channel (SCRAM-SHA-256-PLUS, RFC 5802).
/// What the address leaves out comes from libpq's environment (PGUSER, PGSERVICE, PGSSLMODE, ...).
class address {
public:
    /// Whether a text is meant to be an address, and not a file. It may also begin with postgres://, as for libpq.
    static bool is_address(std::string_view text) noexcept;

    /// Throws start_error (configuration): it is malformed, has a password, a parameter that Porter sets, or a server
    /// on another machine without sslmode=verify-full. The message has no values of the text, which may be secret.
    static address parse(std::string const& text);

    /// In the order of the text; at least one.
    std::span<host const> hosts() const noexcept { return hosts_; }

    /// Such as postgresql://porterctl@db1:5432,db2:5432/porter, for messages: without the other parameters.
    std::string text() const;

    /// For a connection to one of the hosts. `ip`: its IP address, so that libpq does not look the name up, for which
    /// it would block; empty for a Unix socket.
    connection_parameters parameters(host const& server, std::string const& ip) const;

private:
    address() = default;

    connection_parameters given_;
    std::vector<host> hosts_;
    bool binds_channel_ = true;  // to another machine: it proves that it knows the password's verifier on this channel
};

}  // namespace porter::detail::store::postgres
