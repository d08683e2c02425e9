#include "library/descriptor_limit.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

#include "server/connection_limiter.hpp"

namespace porter::detail::library {
namespace {

constexpr std::uint64_t per_thread = 3;        // an io_context on Linux: epoll, its timer, its wake-up
constexpr std::uint64_t for_the_process = 64;  // standard streams, log, listeners, the store's files, a backup
constexpr std::uint64_t min_connections = 2;

/// The descriptors that no connection with a slot gets.
std::uint64_t reserve(server_options const& options)
{
    return for_the_process + server::max_rejects + per_thread * std::max<std::size_t>(options.threads, 1);
}

/// The descriptors of the services of all connections together, at most.
std::uint64_t service_limit(server_options const& options)
{
    return options.max_service_descriptors == 0 ? std::numeric_limits<std::uint64_t>::max()
                                                : options.max_service_descriptors;
}

/// The descriptors that this many connections need.
std::uint64_t descriptors_for(std::size_t connections, server_options const& options)
{
    std::uint64_t const services = connections * options.service_descriptors;
    return reserve(options) + connections + std::min(services, service_limit(options));
}

/// The soft limit; none: there is no limit.
std::optional<std::uint64_t> limit_of_process()
{
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return std::nullopt;
    return files.rlim_cur;
}

}  // namespace

std::size_t connections_within(std::uint64_t descriptors, server_options const& options)
{
    auto const available = descriptors - std::min(descriptors, reserve(options));
    auto const if_each_has_its_own = available / (1 + options.service_descriptors);
    auto const beside_all_services = available - std::min(available, service_limit(options));
    return std::max({if_each_has_its_own, beside_all_services, min_connections});
}

std::optional<std::size_t> connections_within_limit(server_options const& options)
{
    auto const descriptors = limit_of_process();
    if (!descriptors) return std::nullopt;
    return connections_within(*descriptors, options);
}

server_options limited_by_descriptors(server_options options, logger& log)
{
    auto const descriptors = limit_of_process();
    if (!descriptors) return options;
    auto const wanted = options.max_connections;
    auto const most = connections_within(*descriptors, options);
    if (wanted == 0) {
        log.info("connections_limited", {{"wanted", wanted}, {"connections", most}, {"descriptors", *descriptors}});
    } else if (most < wanted) {
        log.warn("connections_limited", {{"wanted", wanted},
                                         {"connections", most},
                                         {"descriptors", *descriptors},
                                         {"needed", descriptors_for(wanted, options)},
                                         {"raise", "the limit of open files: ulimit -n, or LimitNOFILE= of the unit"}});
    }
    options.max_connections = wanted == 0 ? most : std::min(wanted, most);
    return options;
}

}  // namespace porter::detail::library
