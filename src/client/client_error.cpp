#include "porter/client.hpp"

namespace porter {

namespace {

std::string retry_text(error const& denial)
{
    auto const seconds = denial.retry_after.count();
    return seconds > 0 ? "; try again in " + std::to_string(seconds) + " s" : "";
}

std::string_view sentence(client_errc cause) noexcept
{
    switch (cause) {
        case client_errc::unreachable:
            return "the server cannot be reached";
        case client_errc::timed_out:
            return "the server did not answer in time";
        case client_errc::lost:
            return "the connection was lost";
        case client_errc::closed:
            return "the server closed the connection";
        case client_errc::denied:
            return "the server denied the request";
        case client_errc::protocol:
            return "the server violated the protocol";
        case client_errc::not_sent:
            return "the request was not sent";
        case client_errc::unknown_server:
            return "the server is unknown";
        case client_errc::untrusted:
            return "the server is not trusted";
    }
    return "an unknown error";
}

class client_category_type final : public std::error_category {
public:
    char const* name() const noexcept override { return "porter.client"; }
    std::string message(int value) const override { return std::string{sentence(static_cast<client_errc>(value))}; }
};

}  // namespace

std::error_category const& client_category() noexcept
{
    static client_category_type const category;
    return category;
}

bool client_error::is_final() const noexcept
{
    switch (cause) {
        case client_errc::unreachable:
        case client_errc::timed_out:
        case client_errc::lost:
            return false;
        case client_errc::closed:
        case client_errc::denied:
            return porter::is_final(code);
        case client_errc::protocol:
        case client_errc::not_sent:
        case client_errc::unknown_server:
        case client_errc::untrusted:
            break;
    }
    return true;
}

std::string describe(client_error const& error)
{
    auto const text = std::string{name_of(error.code)} + (error.reason.empty() ? "" : ": " + error.reason);
    switch (error.cause) {
        case client_errc::unreachable:
            return "cannot connect to " + error.reason;
        case client_errc::timed_out:
            return "timeout: " + error.reason;
        case client_errc::lost:
            return "connection lost: " + error.reason;
        case client_errc::closed:
            return "closed: " + text;
        case client_errc::denied:
            return "denied: " + text + retry_text(error);
        case client_errc::protocol:
            return "protocol error: " + text;
        case client_errc::unknown_server:
        case client_errc::untrusted:
            return "not trusted: " + error.reason;
        case client_errc::not_sent:
            break;
    }
    return "not sent: " + text;
}

}  // namespace porter
