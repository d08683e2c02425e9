#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "store/sqlite/database.hpp"

namespace porter::detail::store::sqlite {

/// One use of an SQL statement, which the connection keeps prepared: the same text must not be in use twice at once.
/// Parameters are ?1, ?2, ... in the order given. Every member may throw error.
///
///     statement found{db, "SELECT name FROM accounts WHERE id = ?1", id};
///     while (found.step()) use(found.text(0));
class statement {
public:
    template <typename... Values>
    statement(database& on, std::string_view sql, Values const&... values) : database_(on), handle_(on.prepared(sql))
    {
        [[maybe_unused]] int parameter = 0;
        (bind(++parameter, values), ...);
    }
    /// Resets the statement and releases its locks.
    ~statement();
    statement(statement const&) = delete;
    statement& operator=(statement const&) = delete;

    /// Moves to the next row, at first to the first one. False: there is none.
    bool step();
    /// Runs a statement that has no rows.
    void run();

    // The columns of the row, from 0. NULL reads as 0, empty or none.
    std::int64_t integer(int column) const noexcept;
    std::uint32_t count(int column) const noexcept;
    /// Throws error when it is not valid UTF-8: the file is damaged, and the protocol requires valid text.
    std::string text(int column) const;
    /// The text as it is stored.
    std::string bytes(int column) const;
    base::timestamp time(int column) const noexcept;
    std::optional<base::timestamp> optional_time(int column) const noexcept;

private:
    void bind(int parameter, std::int64_t value);
    void bind(int parameter, std::string_view value);
    void bind(int parameter, base::bytes_view value);
    void bind(int parameter, base::timestamp value);
    template <typename Value>
    void bind(int parameter, std::optional<Value> const& value)
    {
        if (value) bind(parameter, *value);  // otherwise it stays NULL
    }
    void check(int result) const;

    database& database_;
    sqlite3_stmt* handle_;
};

}  // namespace porter::detail::store::sqlite
