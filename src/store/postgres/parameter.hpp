#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "store/records.hpp"

namespace porter::detail::store::postgres {

/// The numbers of PostgreSQL's built-in types (pg_type.oid), which never change.
enum class type : std::uint32_t {
    boolean = 16,
    bytea = 17,
    name = 19,
    bigint = 20,
    smallint = 21,
    integer = 23,
    text = 25,
    varchar = 1043,
    bytea_array = 1001,
    text_array = 1009,
    bigint_array = 1016,
};

/// The value of a parameter of a statement, in PostgreSQL's binary format, with its type: the server infers none.
class parameter {
public:
    /// bigint.
    template <std::signed_integral Number>
    parameter(Number number) : parameter(type::bigint, big_endian(number))
    {}
    /// boolean. (Not a pointer, which would convert.)
    template <std::same_as<bool> Bool>
    parameter(Bool value) : parameter(type::boolean, std::string(1, value ? '\1' : '\0'))
    {}
    ///@{
    /// text, valid UTF-8: the server rejects any other.
    parameter(std::string text) : parameter(type::text, std::move(text)) {}
    parameter(std::string_view text) : parameter(type::text, std::string{text}) {}
    parameter(char const* text) : parameter(type::text, std::string{text}) {}
    ///@}
    /// bytea.
    parameter(base::bytes_view bytes) : parameter(type::bytea, std::string{base::as_text(bytes)}) {}
    /// bigint: seconds since 1970.
    parameter(base::timestamp time) : parameter(std::int64_t{time.time_since_epoch().count()}) {}
    /// bigint: milliseconds since 1970.
    parameter(base::instant time) : parameter(std::int64_t{time.time_since_epoch().count()}) {}
    /// bigint[].
    parameter(std::span<std::int64_t const> numbers);
    /// bigint[]; an element without a value is NULL.
    parameter(std::span<std::optional<std::int64_t> const> numbers);
    /// text[].
    parameter(std::span<std::string const> texts);
    /// bytea[].
    parameter(std::span<token_digest const> digests);
    /// NULL of this type if there is no value.
    template <typename Value>
    parameter(std::optional<Value> const& value) : parameter(value ? parameter{*value} : null_of(parameter{Value{}}))
    {}

    postgres::type type() const noexcept { return type_; }
    bool is_null() const noexcept { return is_null_; }
    std::string const& bytes() const noexcept { return bytes_; }

private:
    parameter(postgres::type of, std::string bytes) : type_(of), bytes_(std::move(bytes)) {}

    static parameter null_of(parameter like);
    static std::string big_endian(std::int64_t number);

    postgres::type type_;
    bool is_null_ = false;
    std::string bytes_;
};

}  // namespace porter::detail::store::postgres
