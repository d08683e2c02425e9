#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "base/url.hpp"
#include "config/exit_code.hpp"
#include "config/porterd_options.hpp"
#include "programs/porterctl/output.hpp"

namespace porter::programs {

/// The input of a command.
struct context {
    std::vector<std::string> arguments;
    std::string account;                           ///< from --account; empty: not given
    std::string address;                           ///< from --address; empty: not given
    std::optional<detail::base::secret> password;  ///< from --password-file
    std::string to;                                ///< from --to; empty: not given
    bool yes = false;
    bool remove = false;  ///< --remove
    bool dry_run = false;
    bool with_password_hashes = false;
    std::optional<std::string> since;               ///< from --since, as typed
    std::optional<std::string> duration;            ///< from --for, as typed
    std::string tls_key;                            ///< from --tls-key; empty: not given
    std::optional<std::string> reason;              ///< from --reason
    std::optional<std::string> uses;                ///< from --uses, as typed
    std::optional<std::string> name;                ///< from --name
    bool silent = false;                            ///< --silent
    std::optional<std::string> interval;            ///< from --interval, as typed
    detail::config::porterd_options configuration;  ///< porterd's: the database, the rules for passwords
    output& out;
    std::string user;  ///< who calls porterctl, for rows of audit

    /// The database as it was given: a file, or the URL of a PostgreSQL database.
    std::string database() const { return std::filesystem::path{configuration.server.database}.string(); }
    /// The database that is a file.
    std::filesystem::path file() const { return configuration.server.database; }
};

/// Whether a database is given by the URL of a server.
inline bool is_database_url(std::string_view database) noexcept
{
    return detail::base::is_postgresql_url(database);
}

/// A command: a row of the table behind the command line and --help.
struct command {
    std::string_view noun;
    std::string_view verb;       ///< empty: the noun is the whole command
    std::string_view arguments;  ///< as --help shows them: "OLD NEW", "[NAME]"
    std::size_t min_arguments;
    std::size_t max_arguments;
    std::string_view options;  ///< the names of its own options, separated by spaces
    std::string_view summary;
    std::string_view details;  ///< lines of --help, each with its line feed
    std::string_view examples;
    detail::config::exit_code (*run)(context&);
    bool is_of_server = false;  ///< asks a running porterd, and does not open the database
};

/// "accounts add"
std::string name_of(command const& entry);

/// The commands of each noun, in the order of --help.
std::span<command const> accounts_commands();
std::span<command const> sessions_commands();
std::span<command const> addresses_commands();
std::span<command const> audit_commands();
std::span<command const> bans_commands();
std::span<command const> invitations_commands();
std::span<command const> connections_commands();
std::span<command const> ping_commands();
std::span<command const> top_commands();
std::span<command const> explain_commands();
std::span<command const> db_commands();

std::vector<command const*> all_commands();

}  // namespace porter::programs
