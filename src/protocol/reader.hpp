#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "porter/error.hpp"

namespace porter::detail::protocol {

/// Reads a body field by field. After the first invalid field all reads return zeros, so a message is read without
/// checks and error() is checked at the end.
class reader {
public:
    explicit reader(base::bytes_view body) noexcept : rest_(body) {}

    std::uint8_t u8() noexcept { return static_cast<std::uint8_t>(number(1)); }
    std::uint16_t u16() noexcept { return static_cast<std::uint16_t>(number(2)); }
    std::uint32_t u32() noexcept { return static_cast<std::uint32_t>(number(4)); }
    std::uint64_t u64() noexcept { return number(8); }

    /// One byte that stands for an enumerator of `Enum` or a bool, at most `last`.
    template <typename Enum>
    Enum one_of(Enum last) noexcept
    {
        auto const value = u8();
        if (value > static_cast<std::uint8_t>(last)) fail(code::protocol_error);
        return error_ ? Enum{} : static_cast<Enum>(value);
    }

    /// A length and as many bytes of UTF-8.
    std::string_view str() noexcept { return utf8(take(u16())); }

    /// All remaining bytes.
    base::bytes_view rest() noexcept { return take(rest_.size()); }
    std::string_view rest_text() noexcept { return utf8(rest()); }

    std::size_t remaining() const noexcept { return rest_.size(); }
    void fail(code error) noexcept
    {
        if (!error_) error_ = error;
        rest_ = {};
    }

    /// The first error; trailing bytes are an error, too. None: the whole body was valid.
    std::optional<code> error() const noexcept
    {
        if (!error_ && !rest_.empty()) return code::protocol_error;
        return error_;
    }

private:
    base::bytes_view take(std::size_t size) noexcept;
    std::uint64_t number(std::size_t size) noexcept;
    std::string_view utf8(base::bytes_view bytes) noexcept;

    base::bytes_view rest_;
    std::optional<code> error_;
};

}  // namespace porter::detail::protocol
