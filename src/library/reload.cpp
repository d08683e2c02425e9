#include <optional>
#include <utility>

#include "auth/password_list.hpp"
#include "library/descriptor_limit.hpp"
#include "library/options.hpp"
#include "library/server_impl.hpp"
#include "library/tls_key.hpp"

namespace porter {

namespace auth = detail::auth;
namespace library = detail::library;

namespace {

/// The options of a running server with those of the others that it can apply.
server_options merged(server_options running, server_options const& changed)
{
    running.log_level = changed.log_level;
    running.registration = changed.registration;
    running.greet_by_address = changed.greet_by_address;
    running.session_ttl = changed.session_ttl;
    running.session_idle_ttl = changed.session_idle_ttl;
    running.max_sessions_per_account = changed.max_sessions_per_account;
    running.max_registrations_per_address = changed.max_registrations_per_address;
    running.min_password_length = changed.min_password_length;
    running.password_list = changed.password_list;
    running.login_grace = changed.login_grace;
    running.idle_timeout = changed.idle_timeout;
    running.partition_grace = changed.partition_grace;
    running.max_connections = changed.max_connections;
    running.max_connections_per_address = changed.max_connections_per_address;
    running.max_connections_per_account = changed.max_connections_per_account;
    running.proxy_from = changed.proxy_from;
    running.tls_key = changed.tls_key;
    running.tls_certificate = changed.tls_certificate;
    return running;
}

/// Whether reload_certificate() would read other files.
bool names_other_keys(server_options const& a, server_options const& b)
{
    return a.tls_key != b.tls_key || a.tls_certificate != b.tls_certificate;
}

}  // namespace

void server::impl::reload(server_options const& changed)
{
    // Whatever may fail comes first.
    auto next = library::checked(merged(options, changed));
    auto of_each = library::connection_options(next);
    if (tls && names_other_keys(options, next)) library::check_tls_key(next, clock);
    std::optional<auth::password_list> list;
    bool const has_other_list = next.password_list != options.password_list;
    if (has_other_list && !next.password_list.empty()) list.emplace(next.password_list);

    bool const has_other_limit = next.max_connections != options.max_connections;
    of_each.max_connections =
        has_other_limit ? library::limited_by_descriptors(next, logger).max_connections : ctx.options->max_connections;
    ctx.options.publish(std::move(of_each));
    server.on_options_changed();
    verifier.set_options(library::auth_options(next));
    registry.set_options(library::session_options(next));
    throttle.set_max_registrations(next.max_registrations_per_address);
    if (has_other_list) hasher.set_password_list(std::move(list));
    if (log_file) log_file->set_threshold(next.log_level);
    options = std::move(next);
}

}  // namespace porter
