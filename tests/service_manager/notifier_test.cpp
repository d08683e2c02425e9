// The protocol of sd_notify(3), with a socket of the test in the place of the service manager's.
#include "service_manager/notifier.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <regex>
#include <string>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace porter::detail::service_manager;
using porter::detail::base::unique_fd;

namespace {

/// A socket for datagrams at this address.
class manager {
public:
    explicit manager(std::string const& address) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        std::ranges::copy(address, std::begin(at.sun_path));
        if (address.front() == '@') at.sun_path[0] = '\0';
        auto const length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
        REQUIRE(::bind(socket_.get(), reinterpret_cast<sockaddr const*>(&at), length) == 0);
    }

    /// The next datagram; empty: there is none.
    std::string received()
    {
        std::array<char, 512> text{};
        auto const size = ::recv(socket_.get(), text.data(), text.size(), MSG_DONTWAIT);
        return size < 0 ? std::string{} : std::string{text.data(), static_cast<std::size_t>(size)};
    }

private:
    unique_fd socket_;
};

}  // namespace

TEST_CASE("a notifier sends a datagram to the path of the socket")
{
    porter::testing::temporary_folder const folder;
    auto const path = (folder.path() / "notify").string();
    manager manager{path};
    auto const notifier = notifier::open(path);
    REQUIRE(notifier);
    CHECK(notifier->is_used());
    CHECK(notifier->send(ready("12 connections")) == 0);
    CHECK(manager.received() == "READY=1\nSTATUS=12 connections");
    CHECK(notifier->send(stopping("closing")) == 0);
    CHECK(manager.received() == "STOPPING=1\nSTATUS=closing");
    CHECK(notifier->send(alive("well")) == 0);
    CHECK(manager.received() == "WATCHDOG=1\nSTATUS=well");
    CHECK(std::regex_match(reloading("soon"), std::regex{"RELOADING=1\nMONOTONIC_USEC=[0-9]+\nSTATUS=soon"}));
}

TEST_CASE("a notifier sends to a socket of the abstract namespace")
{
    porter::testing::temporary_folder const folder;  // its name is unique
    auto const address = "@" + folder.path().string();
    manager manager{address};
    auto const notifier = notifier::open(address);
    REQUIRE(notifier);
    CHECK(notifier->send("READY=1") == 0);
    CHECK(manager.received() == "READY=1");
}

TEST_CASE("without NOTIFY_SOCKET nothing is sent")
{
    ::unsetenv("NOTIFY_SOCKET");
    auto const notifier = notifier::of_process();
    REQUIRE(notifier);
    CHECK_FALSE(notifier->is_used());
    CHECK(notifier->send("READY=1") == 0);
}

TEST_CASE("NOTIFY_SOCKET is taken out of the environment")
{
    porter::testing::temporary_folder const folder;
    auto const path = (folder.path() / "notify").string();
    manager manager{path};
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    auto const notifier = notifier::of_process();
    CHECK(std::getenv("NOTIFY_SOCKET") == nullptr);
    REQUIRE(notifier);
    CHECK(notifier->send("READY=1") == 0);
    CHECK(manager.received() == "READY=1");
}

TEST_CASE("an address that is no socket's is an error with the reason")
{
    CHECK(notifier::open("relative").error() ==
          "NOTIFY_SOCKET: \"relative\": no path of a socket, and no \"@\" and a name");
    CHECK(notifier::open("/" + std::string(200, 'x')).error().ends_with("it is too long"));
    CHECK(notifier::open("/nonexistent/notify").error().ends_with("No such file or directory"));
}
