#include "store/sqlite/statement.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "base/utf8.hpp"
#include "store/sqlite/sqlite_error.hpp"

namespace porter::detail::store::sqlite {

statement::~statement()
{
    sqlite3_reset(handle_);  // returns the error of the last step, which was thrown
    sqlite3_clear_bindings(handle_);
}

bool statement::step()
{
    int const result = sqlite3_step(handle_);
    if (result == SQLITE_ROW) return true;
    if (result != SQLITE_DONE) database_.fail(result);
    return false;
}

void statement::run()
{
    while (step()) {
    }
}

std::int64_t statement::integer(int column) const noexcept
{
    return sqlite3_column_int64(handle_, column);
}

std::uint32_t statement::count(int column) const noexcept
{
    constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(integer(column), 0, most));
}

std::string statement::text(int column) const
{
    auto found = bytes(column);
    if (!base::valid_utf8(found)) {
        // An is_rejection() code, so that it fails only the request that reads it.
        throw error{SQLITE_MISMATCH, "a text is damaged: it is not valid UTF-8 (porterctl db check names it)"};
    }
    return found;
}

std::string statement::bytes(int column) const
{
    auto const* bytes = reinterpret_cast<char const*>(sqlite3_column_text(handle_, column));
    auto const size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
    return bytes ? std::string{bytes, size} : std::string{};
}

base::timestamp statement::time(int column) const noexcept
{
    return base::timestamp{std::chrono::seconds{integer(column)}};
}

std::optional<base::timestamp> statement::optional_time(int column) const noexcept
{
    if (sqlite3_column_type(handle_, column) == SQLITE_NULL) return std::nullopt;
    return time(column);
}

void statement::bind(int parameter, std::int64_t value)
{
    check(sqlite3_bind_int64(handle_, parameter, value));
}

void statement::bind(int parameter, std::string_view value)
{
    // A null pointer would bind NULL instead of an empty text.
    char const* bytes = value.empty() ? "" : value.data();
    check(sqlite3_bind_text64(handle_, parameter, bytes, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void statement::bind(int parameter, base::bytes_view value)
{
    check(sqlite3_bind_blob64(handle_, parameter, value.data(), value.size(), SQLITE_TRANSIENT));
}

void statement::bind(int parameter, base::timestamp value)
{
    bind(parameter, std::int64_t{value.time_since_epoch().count()});
}

void statement::check(int result) const
{
    if (result != SQLITE_OK) database_.fail(result);
}

}  // namespace porter::detail::store::sqlite
