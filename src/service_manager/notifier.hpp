#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "porter/result.hpp"

namespace porter::detail::service_manager {

/// Tells a service manager the state of this process, by the protocol of sd_notify(3): datagrams to the socket that
/// $NOTIFY_SOCKET names. Without one it does nothing. Safe from any thread.
class notifier {
public:
    /// No service manager.
    notifier() = default;

    /// `address`: the value of NOTIFY_SOCKET, a path or "@" and a name of the abstract namespace. Error: in one line,
    /// why it cannot be used.
    static result<notifier, std::string> open(std::string_view address);

    /// The notifier of this process. Removes NOTIFY_SOCKET from the environment, so that the programs that this process
    /// starts do not notify. Not while other threads use the environment. Error: as above.
    static result<notifier, std::string> of_process();

    bool is_used() const noexcept { return static_cast<bool>(socket_); }

    /// Sends assignments, one a line. Waits for a second at most if the service manager does not take them. Returns 0,
    /// also without a service manager, or the system's error code.
    int send(std::string_view state) const noexcept;

private:
    base::unique_fd socket_;  // connected
};

/// The texts of sd_notify(3). `status` is a line for people.
std::string ready(std::string_view status);
std::string reloading(std::string_view status);  ///< with the time, as Type=notify-reload requires
std::string stopping(std::string_view status);
std::string alive(std::string_view status);  ///< feeds the watchdog

}  // namespace porter::detail::service_manager
