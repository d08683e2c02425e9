#include "porter/client.hpp"

namespace porter {

namespace {

std::string when_again(failure const& denied)
{
    auto const seconds = denied.retry_after.count();
    return seconds > 0 ? "; try again in " + std::to_string(seconds) + " s" : "";
}

}  // namespace

std::string describe(client_failure const& failed)
{
    auto const said = std::string{name_of(failed.what)} + (failed.reason.empty() ? "" : ": " + failed.reason);
    switch (failed.why) {
        case client_failure::cause::unreachable:
            return "cannot connect to " + failed.reason;
        case client_failure::cause::timed_out:
            return "timeout: " + failed.reason;
        case client_failure::cause::lost:
            return "connection lost: " + failed.reason;
        case client_failure::cause::closed:
            return "closed: " + said;
        case client_failure::cause::denied:
            return "denied: " + said + when_again(failed);
        case client_failure::cause::protocol:
            return "protocol error: " + said;
        case client_failure::cause::unknown_server:
        case client_failure::cause::untrusted:
            return "not trusted: " + failed.reason;
        case client_failure::cause::not_sent:
            break;
    }
    return "not sent: " + said;
}

}  // namespace porter
