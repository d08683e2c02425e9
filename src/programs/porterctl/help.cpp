#include "programs/porterctl/help.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace porter::programs {

namespace {

struct option_help {
    std::string_view option;
    std::string_view argument;
    std::string_view description;
};

constexpr option_help options[] = {
    {"account", "NAME", "only those of this account"},
    {"address", "NETWORK", "only those from this address or network: 192.0.2.7, 2001:db8::/32"},
    {"to", "URL", "the PostgreSQL database: postgresql://[USER@]HOST[,HOST...]/DATABASE"},
    {"since", "TIME", "only later ones: 2026-11-30, 2026-11-30T18:02:00Z, or 7d: a week ago"},
    {"tls-key", "FILE", "the TLS key of the servers of a PostgreSQL database, as of porterd"},
    {"for", "TIME", "how long: 12h, 7d (bans: until removed; invitations: 7d; reset: 1d)"},
    {"interval", "TIME", "between two looks, 100ms to 1h (1s)"},
    {"uses", "N", "accounts that the code registers, 1 to 1000000 (1)"},
    {"name", "NAME", "the only account that the code registers (any)"},
    {"reason", "TEXT", "a note for administrators; remove: only a ban that has this note"},
    {"remove", "", "remove the second factor; required"},
    {"silent", "", "close connections without a message, before TLS"},
    {"yes", "", "do not ask for confirmation"},
    {"dry-run", "", "change nothing: count what would be imported, and what is refused"},
    {"with-password-hashes", "", "also the hashes, which are secrets: in the form that import reads"},
    {"password-file", "FILE", "the new password, in a file of one line"},
    {"min-password-length", "N", "in characters, as of porterd (8)"},
    {"password-list", "FILE", "SHA-1 sums of rejected passwords, as of porterd (none)"},
    {"hash-memory", "SIZE", "memory for the Argon2id hash, 19MiB to 4GiB, as of porterd (19MiB)"},
    {"hash-ops", "N", "passes of Argon2id, 2 to 1000, as of porterd (2)"},
    {"access", "MODE", "open, identify or authenticate, as of porterd (authenticate)"},
    {"max-registrations-per-address", "N", "new accounts an hour from a network, as of porterd (120)"},
    {"session-idle-ttl", "TIME", "life of an unused session, as of porterd (7d)"},
};

constexpr std::string_view common_options =
    R"(  --data-dir DIR             where porter.db is (default: as of porterd)
  --database FILE            the database, if not porter.db in the data dir, or the URL of a
                             PostgreSQL database: postgresql://[USER@]HOST[,HOST...]/DATABASE
  --config FILE              porterd's configuration file
  --json                     JSON, for programs
  -h, --help                 this text, or that of the command before it
  --version                  the version
)";

constexpr std::string_view introduction =
    R"(usage: porterctl NOUN VERB [ARGUMENTS] [options]

The administrator's tool: works on the database of a data dir, whether porterd runs or not, and on
a PostgreSQL database from any machine that reaches it. A running porterd applies each change within
a second. The commands connections and ping ask the porterd that runs with the data dir.

)";

constexpr std::string_view epilogue = R"(
porterctl prints tables on a terminal; elsewhere lines of tab-separated values without a heading,
times as 2026-11-22T18:02:00Z; with --json objects and arrays. It asks for passwords, or reads them
from --password-file FILE or standard input, never from the command line; that of a PostgreSQL role
comes from PGPASSFILE, and never from the URL. It uses porterd's environment (PORTERD_DATA_DIR) and,
with --config, its file.

exit codes: 0 ok, 64 usage, 65 bad data (also a name that is taken, a weak password), 66 no such
account, session, connection, address, ban, invitation or file, 69 no porterd runs or it does not
answer, 73 cannot create a file, or the database is not empty, 74 cannot read or write, 75 the
database is locked or cannot be reached: try again, 76 porterd has another version, 78
configuration.

examples:
  porterctl accounts list
  porterctl accounts add Alice --password-file pw --data-dir /var/lib/porter
  porterctl why Alice 192.0.2.7            why does her login fail?
  porterctl sessions list --json
  porterctl audit list --since 24h
  porterctl bans add 198.51.100.0/24 --for 7d
  porterctl db backup porter-backup.db
)";

std::string call_of(command const& entry)
{
    return name_of(entry) + (entry.arguments.empty() ? "" : " ") + std::string{entry.arguments};
}

std::string row(std::string_view left, std::string_view right)
{
    return fmt::format("  {:<35} {}\n", left, right);
}

std::string own_options(command const& entry)
{
    std::string text;
    for (auto const& known : options) {
        if (fmt::format(" {} ", entry.options).find(fmt::format(" {} ", known.option)) == std::string::npos) continue;
        auto const name = fmt::format("--{}{}{}", known.option, known.argument.empty() ? "" : " ", known.argument);
        text += fmt::format("  {:<26} {}\n", name, known.description);
    }
    return text;
}

}  // namespace

std::string usage_of(command const& entry)
{
    auto const arguments = entry.arguments.empty() ? std::string_view{"no arguments"} : entry.arguments;
    return fmt::format("{} takes {} (--help)", name_of(entry), arguments);
}

std::string help_of(command const& entry)
{
    return fmt::format("usage: porterctl {} [options]\n\n{}\n{}\noptions:\n{}{}\nexamples:\n{}", call_of(entry),
                       entry.summary, entry.details, own_options(entry), common_options, entry.examples);
}

std::string help_of_noun(std::string_view noun)
{
    auto text = fmt::format("usage: porterctl {} VERB [ARGUMENTS] [options]\n\n", noun);
    std::string examples;
    for (auto const* one : all_commands()) {
        if (one->noun != noun) continue;
        text += row(call_of(*one), one->summary);
        examples += one->examples;
    }
    return text + "\noptions:\n" + std::string{common_options} + "\nexamples:\n" + examples;
}

std::string help_of_all()
{
    auto text = std::string{introduction};
    for (auto const* one : all_commands()) text += row(call_of(*one), one->summary);
    return text + "\noptions:\n" + std::string{common_options} + std::string{epilogue};
}

}  // namespace porter::programs
