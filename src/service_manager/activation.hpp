#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "porter/result.hpp"

/// What a service manager passes to a process in its environment, by the protocol of sd_listen_fds(3) and
/// sd_watchdog_enabled(3). Variables that are for another process are ignored.
namespace porter::detail::service_manager {

/// The variables of one process; none: not set.
struct variables {
    std::optional<std::string> listen_pid{};
    std::optional<std::string> listen_fds{};
    std::optional<std::string> watchdog_pid{};
    std::optional<std::string> watchdog_usec{};
};

/// Takes them out of the environment, so that the programs that this process starts do not see them. Not while other
/// threads use the environment.
variables take_variables();

/// The descriptors of the sockets that were opened for the process `self`: 3 and those after it. Empty: none. Error: in
/// one line, what is wrong with the variables.
result<std::vector<int>, std::string> inherited_descriptors(variables const& given, pid_t self);

/// Within which time the process `self` must report that it is alive. Zero: never. Error: as above.
result<std::chrono::microseconds, std::string> watchdog_time(variables const& given, pid_t self);

}  // namespace porter::detail::service_manager
