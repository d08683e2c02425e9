#pragma once

#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <string_view>

#include "porter/start_error.hpp"
#include "store/administration_error.hpp"
#include "store/postgres/administration/database_administration.hpp"
#include "store/postgres/cluster.hpp"

namespace porter::testing {

namespace administration = detail::store::postgres::administration;
using administration::database_administration;

/// The error of the start of an operation that has to fail.
template <typename Operation>
start_error start_error_of(Operation const& operation)
{
    try {
        operation();
    } catch (start_error const& refused) {
        return refused;
    }
    FAIL("it succeeded");
    return {start_errc::io, ""};
}

template <typename Operation>
detail::store::administration_error error_of(Operation const& operation)
{
    try {
        operation();
    } catch (detail::store::administration_error const& problem) {
        return problem;
    }
    FAIL("it succeeded");
    return {detail::store::administration_errc::io, ""};
}

inline bool mentions(std::exception const& error, std::string_view part)
{
    return std::string_view{error.what()}.find(part) != std::string_view::npos;
}

/// Runs an operation on another thread until its session waits for the lock, which `locking` has, and ends the session.
/// Returns what the operation returned.
template <typename Operation>
auto end_session_during(Operation const& operation, sql_session& locking)
{
    auto running = std::async(std::launch::async, operation);
    while (running.wait_for(std::chrono::seconds{0}) != std::future_status::ready &&
           locking.run("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                       " WHERE datname = current_database() AND wait_event = 'advisory'") == "0") {
    }
    return running.get();
}

/// The statements that end with this SQLSTATE, as the body of a function in PL/pgSQL.
inline std::string raising(std::string const& sqlstate)
{
    return " LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'of the test' USING ERRCODE = '" + sqlstate + "'; END $$";
}

}  // namespace porter::testing
