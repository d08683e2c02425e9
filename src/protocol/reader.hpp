#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "porter/error.hpp"

namespace porter::detail::protocol {

/// Takes a body apart, field by field. The first field that does not fit decides; all reads after it give zeros, so
/// that a message is read in one go and asked for its fault at the end.
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
        return fault_ ? Enum{} : static_cast<Enum>(value);
    }

    /// A length and that many bytes of UTF-8.
    std::string_view str() noexcept { return utf8(take(u16())); }

    /// All that is left.
    base::bytes_view rest() noexcept { return take(rest_.size()); }
    std::string_view rest_text() noexcept { return utf8(rest()); }

    std::size_t left() const noexcept { return rest_.size(); }
    void fail(code why) noexcept
    {
        if (!fault_) fault_ = why;
        rest_ = {};
    }

    /// What is wrong with the body: trailing bytes are, too. None: it was read exactly.
    std::optional<code> fault() const noexcept
    {
        if (!fault_ && !rest_.empty()) return code::protocol_error;
        return fault_;
    }

private:
    base::bytes_view take(std::size_t size) noexcept;
    std::uint64_t number(std::size_t size) noexcept;
    std::string_view utf8(base::bytes_view bytes) noexcept;

    base::bytes_view rest_;
    std::optional<code> fault_;
};

}  // namespace porter::detail::protocol
