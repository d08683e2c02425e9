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
#include "server/descriptors.hpp"
#include "server/doorman.hpp"
#include "server/house.hpp"
#include "server/listen.hpp"
#include "services/echo.hpp"
#include "sessions/registry.hpp"
#include "sessions/token.hpp"
#include "store/sqlite/open.hpp"

namespace porter {

namespace auth = rooms::auth;
namespace base = rooms::base;
namespace identity = rooms::identity;
namespace library = rooms::library;
namespace log = rooms::log;
namespace services = rooms::services;
namespace sessions = rooms::sessions;
namespace store = rooms::store;

namespace {

/// The first and the last line of a server's log.
class life_in_the_log {
public:
    explicit life_in_the_log(log::logger& log) : log_(log)
    {
        log_.info("started", {{"version", version}, {"process", ::getpid()}});
    }
    ~life_in_the_log() { log_.info("stopped"); }
    life_in_the_log(life_in_the_log const&) = delete;
    life_in_the_log& operator=(life_in_the_log const&) = delete;

private:
    log::logger& log_;
};

/// What `make` makes. Why it could not stands in the log, too: a console may be nobody's.
template <typename Make>
auto or_logged(log::logger& log, Make make)
{
    try {
        return make();
    } catch (start_error const& refused) {
        log.error("start_failed", {log::quoted("why", refused.what())});
        throw;
    }
}

}  // namespace

/// Where the rooms are built and joined, from the ground up: each member uses only those before it, and they end in
/// the opposite order.
struct server::rooms_of_the_house {
    rooms_of_the_house(asio::io_context& io, server_options const& options)
        : settled(options),
          logger(options.log_file, options.log_level, options.log_format),
          life(logger),
          encryption(or_logged(logger, [&] { return library::open_encryption(options, clock, logger, warnings); })),
          database(or_logged(logger, [&] { return store::sqlite::open(library::store_options(options), logger); })),
          acceptors(or_logged(
              logger, [&] { return rooms::server::listen_on(io, options.bind, options.port, options.port_tries); })),
          directory(database->ports().addresses, clock, logger),
          hasher(library::hash_options(options), logger),
          throttle(database->ports().tries, clock, logger, options.max_registrations_per_address),
          verifier(database->ports().accounts, hasher, throttle, clock, logger, library::auth_options(options)),
          registry(database->ports().sessions, throttle, tokens, clock, logger, library::session_options(options)),
          threads(std::max<std::size_t>(options.threads, 1)),
          house{directory,      verifier,
                registry,       clock,
                logger,         rooms::server::held_to_descriptors(library::rules(options), threads, logger),
                services::echo, encryption.get()},
          doorman(io, threads, house)
    {
        for (auto& each : acceptors) doorman.add(std::move(each));
        for (auto const& each : doorman.local_endpoints()) {
            logger.info("listening", {{"address", each.address().to_string()}, {"port", each.port()}});
        }
        auto const got = doorman.local_endpoints().front().port();
        if (options.port != 0 && got != options.port) {
            logger.info("port_taken", {{"wanted", options.port}, {"port", got}});
        }
        doorman.start();
    }

    server_options settled;
    base::system_clock clock;
    sessions::system_token_source tokens;
    log::file_logger logger;
    life_in_the_log life;
    std::vector<std::string> warnings;
    std::unique_ptr<rooms::server::encryption> encryption;  // none: TLS is off
    std::unique_ptr<store::sqlite::backend> database;
    std::vector<base::tcp_acceptor> acceptors;
    identity::directory directory;
    auth::hasher hasher;
    auth::throttle throttle;
    auth::verifier verifier;
    sessions::registry registry;
    std::size_t threads;  // of I/O
    rooms::server::house house;
    rooms::server::doorman doorman;
};

server::server(asio::io_context& io, server_options options)
    : rooms_(std::make_unique<rooms_of_the_house>(io, library::settle_paths(library::checked(std::move(options)))))
{}

server::~server() = default;

void server::on_connection(service talk)
{
    rooms_->house.talk = std::move(talk);
}

std::vector<asio::ip::tcp::endpoint> server::local_endpoints() const
{
    return rooms_->doorman.local_endpoints();
}

void server::stop()
{
    rooms_->doorman.stop();
}

void server::reopen_log()
{
    rooms_->logger.reopen();
}

void server::reload_certificate()
{
    if (rooms_->encryption) library::reload(*rooms_->encryption, rooms_->settled, rooms_->clock, rooms_->logger);
}

std::vector<std::string> const& server::warnings() const noexcept
{
    return rooms_->warnings;
}

void server::on_failure(std::function<void(std::string const& reason)> failed)
{
    rooms_->doorman.on_failure(std::move(failed));
}

std::string server::key_fingerprint() const
{
    return rooms_->encryption ? rooms_->encryption->fingerprint() : std::string{};
}

std::vector<std::string> check(server_options const& options)
{
    auto const settled = library::with_paths(library::checked(options));
    library::check_data_dir(settled);
    log::file_logger::check(settled.log_file, settled.data_dir);
    auto warnings = library::check_tls_key(settled, base::system_clock{});
    if (!settled.password_list.empty()) auth::password_list const tried{settled.password_list};
    store::sqlite::check(library::store_options(settled));
    return warnings;
}

}  // namespace porter
