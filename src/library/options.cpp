#include "library/options.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "base/hash_cost.hpp"
#include "base/url.hpp"
#include "store/audit_key.hpp"

namespace porter::detail::library {
namespace {

void require(bool holds, char const* rule)
{
    if (!holds) throw start_error{start_errc::configuration, rule};
}

bool is_computable(server_options const& options)
{
    auto const memory_kib = options.hash_memory / 1024;
    if (memory_kib > base::most_hash_memory_kib) return false;
    return base::is_computable({static_cast<std::uint32_t>(memory_kib), options.hash_ops});
}

/// What a database that servers share requires, and what TLS does.
void check_keys(server_options const& options)
{
    bool const is_shared = base::is_url(options.database);
    require(!is_shared || base::is_postgresql_url(options.database), "database must be a file or postgresql://...");
    require(!is_shared || !options.tls_key.empty(),
            "servers that share a database must share a TLS key, which clients know them by: give tls_key and "
            "tls_certificate (with tls off: tls_key)");
    bool const is_off = options.tls == tls_mode::off;
    bool const needs_both = !(is_shared && is_off);
    require(!needs_both || options.tls_key.empty() == options.tls_certificate.empty(),
            "tls_key and tls_certificate must be given together");
    require(!is_off || is_shared || options.tls_key.empty(), "tls_key is of no use with tls off");
}

}  // namespace

server_options checked(server_options options)
{
    using std::chrono::seconds;
    require(options.max_frame >= 4 * 1024 && options.max_frame <= 16 * 1024 * 1024,
            "max_frame must be 4 KiB to 16 MiB");
    require(options.max_outbox >= 4 * 1024 && options.max_outbox <= 1024 * 1024 * 1024,
            "max_outbox must be 4 KiB to 1 GiB");
    check_keys(options);
    require(options.hash_memory >= 19 * 1024 * 1024, "hash_memory must be at least 19 MiB");
    require(options.hash_ops >= 2, "hash_ops must be at least 2");
    require(is_computable(options), "hash_memory must be at most 4 GiB, hash_ops 1000 and their product 16 GiB");
    require(options.min_password_length >= 8 && options.min_password_length <= 256,
            "min_password_length must be 8 to 256");
    require(options.session_ttl > seconds{0} && options.session_idle_ttl > seconds{0},
            "session_ttl and session_idle_ttl must be at least a second");
    require(options.max_sessions_per_account >= 1, "max_sessions_per_account must be at least 1");
    require(options.login_grace > seconds{0}, "login_grace must be longer than 0");
    require(options.idle_timeout >= seconds{0}, "idle_timeout must not be negative");
    require(options.partition_grace >= seconds{0}, "partition_grace must not be negative");
    require(options.audit_keep == seconds{0} || options.audit_keep >= std::chrono::days{1},
            "audit_keep must be at least a day, or 0 (for ever)");
    require(options.service_descriptors <= 65'536, "service_descriptors must be at most 65,536");
    require(options.port_tries >= 1, "port_tries must be at least 1");
    return options;
}

store::sqlite::options store_options(server_options const& options)
{
    store::sqlite::options converted;
    converted.path = options.database;
    auto const folder = options.data_dir.empty() ? base::folder_of(converted.path) : options.data_dir;
    converted.audit_key_file = folder / store::audit_key_name;
    converted.audit_keep = options.audit_keep;
    return converted;
}

auth::hash_options hash_options(server_options const& options)
{
    auth::hash_options converted;
    converted.threads = options.hash_threads;
    converted.memory = options.hash_memory;
    converted.ops = options.hash_ops;
    converted.password_list = options.password_list;
    return converted;
}

auth::options auth_options(server_options const& options)
{
    return {.registration = options.registration, .min_password_length = options.min_password_length};
}

sessions::options session_options(server_options const& options)
{
    return {.ttl = options.session_ttl,
            .idle_ttl = options.session_idle_ttl,
            .max_per_account = options.max_sessions_per_account};
}

server::options connection_options(server_options const& options)
{
    using std::chrono::milliseconds;
    using std::chrono::seconds;
    server::options converted;
    converted.access = static_cast<protocol::access_mode>(options.access);
    converted.greet_by_address = options.greet_by_address;
    converted.login_grace = options.login_grace;
    converted.idle_timeout = options.idle_timeout;
    converted.partition_grace = options.partition_grace;
    converted.max_connections = options.max_connections;
    converted.max_connections_per_address = options.max_connections_per_address;
    converted.max_connections_per_account = options.max_connections_per_account;
    converted.max_frame = options.max_frame;
    converted.max_outbox = options.max_outbox;
    for (auto const& text : options.proxy_from) {
        auto const network = base::network::parse(text);
        if (!network) throw start_error{start_errc::configuration, "proxy_from: not a network: " + text};
        converted.proxies.push_back(*network);
    }
    // A session in use must not reach its idle lifetime between two writes of its last use.
    converted.activity_write_period =
        std::clamp<milliseconds>(options.session_idle_ttl / 4, milliseconds{250}, seconds{60});
    return converted;
}

}  // namespace porter::detail::library
