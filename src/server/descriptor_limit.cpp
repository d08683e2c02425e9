#include "server/descriptor_limit.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace porter::detail::server {
namespace {

constexpr std::uint64_t per_thread = 3;      // of an io_context on Linux: epoll, its timer, its wake-up
constexpr std::uint64_t for_the_house = 64;  // standard streams, log, listeners, the store's files and a backup of them
constexpr std::uint64_t fewest_places = 2;

}  // namespace

std::size_t max_connections_within(std::uint64_t descriptors, std::size_t threads, std::size_t wanted)
{
    auto const reserve = for_the_house + max_farewells + per_thread * threads;
    auto const most = std::max(descriptors - std::min(descriptors, reserve), fewest_places);
    return wanted == 0 ? most : std::min(wanted, most);
}

options limited_by_descriptors(options options, std::size_t threads, log::logger& log)
{
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return options;
    auto const wanted = options.max_connections;
    options.max_connections = max_connections_within(files.rlim_cur, threads, wanted);
    if (options.max_connections != wanted) {
        log.warn("connections_limited", {{"wanted", wanted},
                                         {"connections", options.max_connections},
                                         {"descriptors", files.rlim_cur},
                                         {"raise", "the limit of open files: ulimit -n, or LimitNOFILE= of the unit"}});
    }
    return options;
}

}  // namespace porter::detail::server
