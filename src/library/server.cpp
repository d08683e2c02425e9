#include "porter/server.hpp"

#include <unistd.h>

#include <algorithm>

#include "auth/hasher.hpp"
#include "auth/password_list.hpp"
#include "auth/verifier.hpp"
#include "base/clock.hpp"
#include "identity/directory.hpp"
#include "library/data_dir.hpp"
#include "library/options.hpp"
#include "library/tls_key.hpp"
#include "log/file_logger.hpp"
#include "porter/version.hpp"
#include "server/acceptor.hpp"
#include "server/connection_limiter.hpp"
#include "server/server_context.hpp"
#include "server/tcp_server.hpp"
#include "services/echo.hpp"
#include "sessions/registry.hpp"
#include "sessions/token.hpp"
#include "store/sqlite/backend.hpp"

namespace porter {

namespace auth = detail::auth;
namespace base = detail::base;
namespace identity = detail::identity;
namespace library = detail::library;
namespace log = detail::log;
namespace services = detail::services;
namespace sessions = detail::sessions;
namespace store = detail::store;

namespace {

/// Logs the first and the last line of a server.
class lifetime_log {
public:
    explicit lifetime_log(log::logger& log) : log_(log)
    {
        log_.info("started", {{"version", version}, {"process", ::getpid()}});
    }
    ~lifetime_log() { log_.info("stopped"); }
    lifetime_log(lifetime_log const&) = delete;
    lifetime_log& operator=(lifetime_log const&) = delete;

private:
    log::logger& log_;
};

/// Returns make(). Logs a start_error before it leaves: standard error may not be kept.
template <typename Make>
auto with_error_log(log::logger& log, Make make)
{
    try {
        return make();
    } catch (start_error const& error) {
        log.error("start_failed", {log::quoted("why", error.what())});
        throw;
    }
}

}  // namespace

/// Builds the modules and owns them. Each member uses only those before it.
struct server::impl {
    impl(asio::io_context& io, server_options const& checked_options)
        : options(checked_options),
          logger(options.log_file, options.log_level, options.log_format),
          lifetime(logger),
          tls(with_error_log(logger, [&] { return library::open_tls_acceptor(options, clock, logger, warnings); })),
          database(
              with_error_log(logger, [&] { return store::sqlite::open(library::store_options(options), logger); })),
          acceptors(with_error_log(
              logger, [&] { return detail::server::listen_on(io, options.bind, options.port, options.port_tries); })),
          directory(database->ports().addresses, clock, logger),
          hasher(library::hash_options(options), logger),
          throttle(database->ports().attempts, clock, logger, options.max_registrations_per_address),
          verifier(database->ports().accounts, hasher, throttle, clock, logger, library::auth_options(options)),
          registry(database->ports().sessions, throttle, tokens, clock, logger, library::session_options(options)),
          threads(std::max<std::size_t>(options.threads, 1)),
          ctx{directory,
              verifier,
              registry,
              clock,
              logger,
              detail::server::limited_by_descriptors(library::connection_options(options), threads, logger),
              services::echo,
              tls.get()},
          server(io, threads, ctx)
    {
        for (auto& each : acceptors) server.add(std::move(each));
        for (auto const& each : server.local_endpoints()) {
            logger.info("listening", {{"address", each.address().to_string()}, {"port", each.port()}});
        }
        auto const port = server.local_endpoints().front().port();
        if (options.port != 0 && port != options.port) {
            logger.info("port_taken", {{"wanted", options.port}, {"port", port}});
        }
        server.start();
    }

    server_options options;
    base::system_clock clock;
    sessions::system_token_source tokens;
    log::file_logger logger;
    lifetime_log lifetime;
    std::vector<std::string> warnings;
    std::unique_ptr<detail::server::tls_acceptor> tls;  // none: TLS is off
    std::unique_ptr<store::sqlite::backend> database;
    std::vector<base::tcp_acceptor> acceptors;
    identity::directory directory;
    auth::hasher hasher;
    auth::throttle throttle;
    auth::verifier verifier;
    sessions::registry registry;
    std::size_t threads;  // of I/O
    detail::server::server_context ctx;
    detail::server::tcp_server server;
};

server::server(asio::io_context& io, server_options options)
    : impl_(std::make_unique<impl>(io, library::prepare_data_dir(library::checked(std::move(options)))))
{}

server::~server() = default;

void server::on_connection(service handler)
{
    impl_->ctx.handler = std::move(handler);
}

std::vector<asio::ip::tcp::endpoint> server::local_endpoints() const
{
    return impl_->server.local_endpoints();
}

void server::stop()
{
    impl_->server.stop();
}

void server::reopen_log()
{
    impl_->logger.reopen();
}

void server::reload_certificate()
{
    if (impl_->tls) library::reload(*impl_->tls, impl_->options, impl_->clock, impl_->logger);
}

std::vector<std::string> const& server::warnings() const noexcept
{
    return impl_->warnings;
}

void server::on_failure(std::function<void(std::string const& reason)> handler)
{
    impl_->server.on_failure(std::move(handler));
}

std::string server::key_fingerprint() const
{
    return impl_->tls ? impl_->tls->fingerprint() : std::string{};
}

std::vector<std::string> check(server_options const& options)
{
    auto const resolved = library::with_default_paths(library::checked(options));
    library::check_data_dir(resolved);
    log::file_logger::check(resolved.log_file, resolved.data_dir);
    auto warnings = library::check_tls_key(resolved, base::system_clock{});
    if (!resolved.password_list.empty()) auth::password_list const tried{resolved.password_list};
    store::sqlite::check(library::store_options(resolved), resolved.data_dir);
    return warnings;
}

}  // namespace porter
