#include "porter/client.hpp"

namespace porter {

namespace {

std::string when_again(error const& denied)
{
    auto const seconds = denied.retry_after.count();
    return seconds > 0 ? "; try again in " + std::to_string(seconds) + " s" : "";
}

}  // namespace

std::string describe(client_error const& failed)
{
    auto const said = std::string{name_of(failed.code)} + (failed.reason.empty() ? "" : ": " + failed.reason);
    switch (failed.cause) {
        case client_errc::unreachable:
            return "cannot connect to " + failed.reason;
        case client_errc::timed_out:
            return "timeout: " + failed.reason;
        case client_errc::lost:
            return "connection lost: " + failed.reason;
        case client_errc::closed:
            return "closed: " + said;
        case client_errc::denied:
            return "denied: " + said + when_again(failed);
        case client_errc::protocol:
            return "protocol error: " + said;
        case client_errc::unknown_server:
        case client_errc::untrusted:
            return "not trusted: " + failed.reason;
        case client_errc::not_sent:
            break;
    }
    return "not sent: " + said;
}

}  // namespace porter
