#include "porter/client.hpp"

namespace porter {

namespace {

std::string retry_text(error const& denial)
{
    auto const seconds = denial.retry_after.count();
    return seconds > 0 ? "; try again in " + std::to_string(seconds) + " s" : "";
}

}  // namespace

std::string describe(client_error const& failure)
{
    auto const text = std::string{name_of(failure.code)} + (failure.reason.empty() ? "" : ": " + failure.reason);
    switch (failure.cause) {
        case client_errc::unreachable:
            return "cannot connect to " + failure.reason;
        case client_errc::timed_out:
            return "timeout: " + failure.reason;
        case client_errc::lost:
            return "connection lost: " + failure.reason;
        case client_errc::closed:
            return "closed: " + text;
        case client_errc::denied:
            return "denied: " + text + retry_text(failure);
        case client_errc::protocol:
            return "protocol error: " + text;
        case client_errc::unknown_server:
        case client_errc::untrusted:
            return "not trusted: " + failure.reason;
        case client_errc::not_sent:
            break;
    }
    return "not sent: " + text;
}

}  // namespace porter
