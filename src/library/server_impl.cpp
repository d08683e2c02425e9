#include "library/server_impl.hpp"

#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "auth/argon2id.hpp"
#include "library/descriptor_limit.hpp"
#include "library/options.hpp"
#include "library/second_factor_key.hpp"
#include "library/tls_key.hpp"
#include "porter/version.hpp"
#include "server/acceptor.hpp"

namespace porter {

namespace auth = detail::auth;
namespace base = detail::base;
namespace library = detail::library;

namespace detail::library {

lifetime_log::lifetime_log(log::logger& log) : log_(log)
{
    log_.info("started", {{"version", version}, {"process", ::getpid()}});
}

lifetime_log::~lifetime_log()
{
    log_.info("stopped");
}

}  // namespace detail::library

namespace {

std::unique_ptr<detail::log::file_logger> open_log(server_options const& options, server_parts const& parts)
{
    if (parts.logger != nullptr) return nullptr;
    return std::make_unique<detail::log::file_logger>(options.log_file, options.log_level, options.log_format);
}

std::optional<library::storage> open_storage(server_options const& options, server_parts const& parts,
                                             porter::logger& log, std::vector<std::string>& warnings)
{
    if (parts.store) return std::nullopt;
    auto opened = library::open_storage(options, log);
    warnings.insert(warnings.end(), opened.warnings.begin(), opened.warnings.end());
    return opened;
}

std::unique_ptr<detail::control::control_server> open_control(asio::io_context& io, server_options const& options,
                                                              library::live_connections& connections,
                                                              porter::logger& log)
{
    if (options.control_socket.empty()) return nullptr;
    return std::make_unique<detail::control::control_server>(io, options.control_socket, connections, log);
}

std::vector<base::tcp_acceptor> listen(asio::io_context& io, server_options const& options, server_parts const& parts,
                                       bool is_listening)
{
    if (!is_listening) return {};
    if (!parts.listeners.empty()) return detail::server::take_listeners(io, parts.listeners);
    return detail::server::listen_on(io, options.bind, options.port, options.port_tries);
}

auth::hasher make_hasher(server_options const& options, std::unique_ptr<auth::hash_function> hash, porter::logger& log)
{
    if (hash) return auth::hasher{library::hash_options(options), std::move(hash), log};
    return auth::hasher{library::hash_options(options), log};
}

std::optional<auth::second_factors> make_second_factors(server_options const& options, store::ports const& ports,
                                                        auth::throttle& throttle, porter::clock const& clock,
                                                        porter::logger& log, bool is_stored)
{
    if (ports.second_factors == nullptr) return std::nullopt;
    return std::optional<auth::second_factors>{std::in_place, *ports.second_factors,
                                               throttle,      library::second_factor_box(options, is_stored, log),
                                               clock,         log};
}

service checked(service handler)
{
    if (!handler) throw std::invalid_argument{"porter::server: the handler is empty"};
    return handler;
}

/// Returns make(). Logs a start_error before it leaves: standard error may not be kept.
template <typename Make>
auto with_error_log(porter::logger& log, Make make)
{
    try {
        return make();
    } catch (start_error const& error) {
        log.error("start_failed", {log_field::quoted("why", error.what())});
        throw;
    }
}

}  // namespace

server::impl::impl(asio::io_context& io, server_options checked_options, service handler, server_parts const& parts,
                   library::internal_parts internal)
    : options(std::move(checked_options)),
      clock(parts.clock != nullptr ? *parts.clock : own_clock),
      log_file(open_log(options, parts)),
      logger(parts.logger != nullptr ? *parts.logger : *log_file),
      lifetime(logger),
      tls(with_error_log(logger, [&] { return library::open_tls_acceptor(options, clock, logger, warnings); })),
      storage(with_error_log(logger, [&] { return open_storage(options, parts, logger, warnings); })),
      ports(parts.store ? *parts.store : storage->ports),
      store_clock(ports.clock != nullptr ? *ports.clock : clock),
      acceptors(with_error_log(logger, [&] { return listen(io, options, parts, internal.is_listening); })),
      directory(ports.addresses, store_clock, logger),
      hasher(make_hasher(options, std::move(internal.hash), logger)),
      throttle(ports.attempts, store_clock, logger,
               with_error_log(logger, [&] { return library::name_key_of(options); }),
               options.max_registrations_per_address),
      verifier(ports.accounts, hasher, throttle, store_clock, logger, library::auth_options(options)),
      redeemer(ports.codes, ports.accounts, verifier, throttle, store_clock, logger),
      second_factors(with_error_log(
          logger,
          [&] { return make_second_factors(options, ports, throttle, store_clock, logger, storage.has_value()); })),
      registry(ports.sessions, throttle, tokens, store_clock, logger, library::session_options(options), ports.codes),
      threads(std::max<std::size_t>(options.threads, 1)),
      ctx{directory,
          verifier,
          registry,
          store_clock,
          logger,
          base::published{library::connection_options(library::limited_by_descriptors(options, logger))},
          checked(std::move(handler)),
          tls.get(),
          ports.bans,
          &redeemer,
          second_factors ? &*second_factors : nullptr},
      server(io, threads, ctx),
      connections(server, [this] { return monitored(); }),
      control(with_error_log(logger, [&] { return open_control(io, options, connections, logger); }))
{
    for (auto& each : acceptors) server.add(std::move(each));
    auto const listening = server.local_endpoints();
    for (auto const& each : listening) {
        logger.info("listening", {{"address", each.address().to_string()}, {"port", each.port()}});
    }
    bool const has_chosen = !listening.empty() && parts.listeners.empty();
    if (has_chosen && options.port != 0 && listening.front().port() != options.port) {
        logger.info("port_taken", {{"wanted", options.port}, {"port", listening.front().port()}});
    }
    server.on_failure([this](std::string const& reason) {
        if (control) control->stop();
        if (on_failure) on_failure(reason);
    });
    server.start();
}

library::monitored server::impl::monitored() const noexcept
{
    return {server,         hasher,
            throttle,       registry,
            log_file.get(), storage ? &*storage : nullptr,
            tls.get(),      ctx.options->max_connections,
            started_at,     store_clock};
}

void server::impl::stop()
{
    if (storage && storage->stop) storage->stop();
    if (control) control->stop();
    server.stop();
}

}  // namespace porter
