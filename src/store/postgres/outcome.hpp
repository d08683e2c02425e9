#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/postgres/result_set.hpp"

namespace porter::detail::store::postgres {

/// What became of a segment.
enum class outcome : std::uint8_t {
    done,         ///< committed
    refused,      ///< nothing was changed: the data violate a constraint or a trigger
    again,        ///< nothing was changed: other transactions were in the way, or another server is the primary now
    unknown,      ///< it was sent, and may have been committed or not
    unavailable,  ///< nothing was changed: it was not sent, or the server cannot do it
};

/// An error that the server reported, or a lost connection.
struct server_error {
    enum class severity_type : std::uint8_t {
        none,   ///< no error
        error,  ///< the transaction was rolled back, the connection goes on
        fatal,  ///< the server ends the connection
        lost,   ///< the connection was lost; no code
    };

    severity_type severity = severity_type::none;
    std::string code;     ///< SQLSTATE, five characters
    std::string message;  ///< one line
};

/// What a segment with this error became, if it had been sent.
outcome outcome_of(server_error const& error) noexcept;

/// Whether further segments would have the same error on this connection.
bool ends_connection(server_error const& error) noexcept;

/// Whether a warning during a commit leaves its outcome open: the server stopped waiting for the standby, and reports
/// the commit as done although a failover would lose it.
bool puts_commit_in_doubt(std::string_view code) noexcept;

/// The answer to a segment.
struct reply {
    postgres::outcome outcome = outcome::unavailable;
    server_error error;               ///< unless it is done
    std::vector<result_set> results;  ///< one for each statement, if it is done
};

}  // namespace porter::detail::store::postgres
