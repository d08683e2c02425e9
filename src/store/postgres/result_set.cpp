#include "store/postgres/result_set.hpp"

#include <libpq-fe.h>

#include "base/number.hpp"

namespace porter::detail::store::postgres {

namespace {

constexpr int binary_format = 1;

[[noreturn]] void reject(int column, char const* problem)
{
    throw column_error{"column " + std::to_string(column) + " " + problem};
}

std::int64_t from_big_endian(std::string_view bytes)
{
    auto const is_negative = !bytes.empty() && static_cast<signed char>(bytes.front()) < 0;
    std::uint64_t number = is_negative ? ~std::uint64_t{0} : 0;
    for (auto const byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
    return static_cast<std::int64_t>(number);
}

}  // namespace

void clear_result::operator()(pg_result* result) const noexcept
{
    PQclear(result);
}

bool row::is_null(int column) const
{
    type_of(column);
    return PQgetisnull(result_, number_, column) != 0;
}

type row::type_of(int column) const
{
    if (column < 0 || column >= PQnfields(result_)) reject(column, "is absent");
    if (PQfformat(result_, column) != binary_format) reject(column, "is not binary");
    return static_cast<postgres::type>(PQftype(result_, column));
}

std::string_view row::value(int column) const
{
    if (PQgetisnull(result_, number_, column) != 0) reject(column, "is NULL");
    return {PQgetvalue(result_, number_, column), static_cast<std::size_t>(PQgetlength(result_, number_, column))};
}

std::int64_t row::integer(int column) const
{
    auto const found = type_of(column);
    if (found != type::bigint && found != type::integer && found != type::smallint) reject(column, "is no integer");
    return from_big_endian(value(column));
}

bool row::boolean(int column) const
{
    if (type_of(column) != type::boolean) reject(column, "is no boolean");
    return value(column) != std::string_view{"\0", 1};
}

std::string row::text(int column) const
{
    auto const found = type_of(column);
    if (found != type::text && found != type::varchar && found != type::name) reject(column, "is no text");
    return std::string{value(column)};
}

std::string row::bytes(int column) const
{
    if (type_of(column) != type::bytea) reject(column, "is no bytea");
    return std::string{value(column)};
}

base::timestamp row::time(int column) const
{
    return base::timestamp{std::chrono::seconds{integer(column)}};
}

base::instant row::instant(int column) const
{
    return base::instant{std::chrono::milliseconds{integer(column)}};
}

std::optional<std::int64_t> row::optional_integer(int column) const
{
    if (is_null(column)) return std::nullopt;
    return integer(column);
}

std::optional<base::timestamp> row::optional_time(int column) const
{
    if (is_null(column)) return std::nullopt;
    return time(column);
}

std::size_t result_set::size() const noexcept
{
    return static_cast<std::size_t>(PQntuples(result_.get()));
}

row result_set::operator[](std::size_t number) const
{
    if (number >= size()) throw column_error{"row " + std::to_string(number) + " is absent"};
    return {*result_, static_cast<int>(number)};
}

std::size_t result_set::affected() const noexcept
{
    return base::parse_number<std::size_t>(PQcmdTuples(result_.get())).value_or(0);
}

}  // namespace porter::detail::store::postgres
