#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/clock.hpp"
#include "store/postgres/parameter.hpp"

struct pg_result;

namespace porter::detail::store::postgres {

/// A column is absent, NULL or of another type than its reader expects: the schema is not the one of this program.
class column_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct clear_result {
    void operator()(pg_result* result) const noexcept;
};
using result_handle = std::unique_ptr<pg_result, clear_result>;

/// One row of a result_set, which outlives it. Columns are numbered from 0. Every member may throw column_error.
class row {
public:
    row(pg_result const& result, int number) noexcept : result_(&result), number_(number) {}

    bool is_null(int column) const;
    std::int64_t integer(int column) const;  ///< smallint, integer, bigint
    bool boolean(int column) const;
    std::string text(int column) const;       ///< text, varchar, name; valid UTF-8, as the server ensures
    std::string bytes(int column) const;      ///< bytea
    base::timestamp time(int column) const;   ///< bigint: seconds since 1970
    base::instant instant(int column) const;  ///< bigint: milliseconds since 1970
    std::optional<std::int64_t> optional_integer(int column) const;
    std::optional<base::timestamp> optional_time(int column) const;

private:
    postgres::type type_of(int column) const;
    std::string_view value(int column) const;

    pg_result const* result_;
    int number_;
};

/// What one statement returned, in PostgreSQL's binary format.
class result_set {
public:
    explicit result_set(result_handle result) noexcept : result_(std::move(result)) {}

    std::size_t size() const noexcept;
    bool empty() const noexcept { return size() == 0; }
    /// The row with this number, from 0. Throws column_error if there is none.
    row operator[](std::size_t number) const;
    /// The number of rows that the statement inserted, updated, deleted or selected.
    std::size_t affected() const noexcept;

private:
    result_handle result_;
};

}  // namespace porter::detail::store::postgres
