#include "service_manager/notifier.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <utility>

#include "base/text.hpp"

namespace porter::detail::service_manager {
namespace {

constexpr timeval longest_wait{.tv_sec = 1, .tv_usec = 0};

unexpected<std::string> unusable(std::string_view address, std::string_view reason)
{
    std::string text = "NOTIFY_SOCKET: \"";
    text.append(base::escape(address)).append("\": ").append(reason);
    return unexpected(std::move(text));
}

std::string with_status(std::string state, std::string_view status)
{
    state.append("\nSTATUS=").append(status);
    return state;
}

}  // namespace

result<notifier, std::string> notifier::open(std::string_view address)
{
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    bool const is_known = address.starts_with('/') || address.starts_with('@');
    if (!is_known) return unusable(address, "no path of a socket, and no \"@\" and a name");
    if (address.size() >= sizeof to.sun_path) return unusable(address, "it is too long");
    std::ranges::copy(address, std::begin(to.sun_path));
    if (address.front() == '@') to.sun_path[0] = '\0';

    notifier made;
    made.socket_ = base::unique_fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    auto const length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    if (!made.socket_ || ::connect(made.socket_.get(), reinterpret_cast<sockaddr const*>(&to), length) != 0) {
        return unusable(address, base::system_message());
    }
    ::setsockopt(made.socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &longest_wait, sizeof longest_wait);
    return made;
}

result<notifier, std::string> notifier::of_process()
{
    char const* const value = std::getenv("NOTIFY_SOCKET");
    std::string const address = value == nullptr ? "" : value;
    ::unsetenv("NOTIFY_SOCKET");
    if (address.empty()) return notifier{};
    return open(address);
}

int notifier::send(std::string_view state) const noexcept
{
    if (!socket_) return 0;
    ssize_t sent = -1;
    do {
        sent = ::send(socket_.get(), state.data(), state.size(), MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? errno : 0;
}

std::string ready(std::string_view status)
{
    return with_status("READY=1", status);
}

std::string reloading(std::string_view status)
{
    using namespace std::chrono;
    // The steady clock of this library is CLOCK_MONOTONIC, which the service manager compares with.
    auto const now = duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
    return with_status("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now), status);
}

std::string stopping(std::string_view status)
{
    return with_status("STOPPING=1", status);
}

std::string alive(std::string_view status)
{
    return with_status("WATCHDOG=1", status);
}

}  // namespace porter::detail::service_manager
