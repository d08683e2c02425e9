#include "store/postgres/outcome.hpp"

namespace porter::detail::store::postgres {

namespace {

constexpr std::string_view read_only_transaction = "25006";
constexpr std::string_view unknown_statement = "26000";
constexpr std::string_view serialization_failed = "40001";
constexpr std::string_view completion_unknown = "40003";
constexpr std::string_view deadlock = "40P01";
constexpr std::string_view lock_not_available = "55P03";
constexpr std::string_view raised_by_trigger = "P0001";

bool is_shutdown(std::string_view code) noexcept
{
    return code.starts_with("57P") || code.starts_with("08");
}

}  // namespace

outcome outcome_of(server_error const& error) noexcept
{
    std::string_view const code = error.code;
    switch (error.severity) {
        case server_error::severity_type::none:
            return outcome::done;
        case server_error::severity_type::fatal:
        case server_error::severity_type::lost:
            return outcome::unknown;
        case server_error::severity_type::error:
            break;
    }
    if (is_shutdown(code) || code == completion_unknown) return outcome::unknown;
    if (code.starts_with("23") || code == raised_by_trigger) return outcome::refused;
    if (code == serialization_failed || code == deadlock || code == lock_not_available) return outcome::again;
    // 26000: a statement was to be prepared by an earlier segment, which failed before that.
    if (code == read_only_transaction || code == unknown_statement) return outcome::again;
    return outcome::unavailable;
}

bool ends_connection(server_error const& error) noexcept
{
    if (error.severity == server_error::severity_type::none) return false;
    if (error.severity != server_error::severity_type::error) return true;
    return is_shutdown(error.code) || error.code == completion_unknown || error.code == read_only_transaction;
}

bool puts_commit_in_doubt(std::string_view code) noexcept
{
    return code.starts_with("01") || is_shutdown(code);
}

}  // namespace porter::detail::store::postgres
