#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace porter::detail::protocol {

/// Appends fields to a payload, in the format that `reader` reads.
class writer {
public:
    /// `out` outlives this.
    explicit writer(std::string& out) noexcept : out_(out) {}

    writer& u8(std::uint8_t value) { return number(value, 1); }
    writer& u16(std::uint16_t value) { return number(value, 2); }
    writer& u32(std::uint32_t value) { return number(value, 4); }
    writer& u64(std::uint64_t value) { return number(value, 8); }

    template <typename Enum>
    writer& one_of(Enum value)
    {
        return u8(static_cast<std::uint8_t>(value));
    }

    /// A length and the bytes; of more than 65,535 bytes the first, up to the end of a code point.
    writer& str(std::string_view value)
    {
        value = truncated(value);
        u16(static_cast<std::uint16_t>(value.size()));
        return rest(value);
    }

    writer& rest(std::string_view bytes)
    {
        out_.append(bytes);
        return *this;
    }

    writer& rest(base::bytes_view bytes) { return rest(base::as_text(bytes)); }

private:
    /// At most as long as a u16 length can declare, cut at the end of a code point.
    static std::string_view truncated(std::string_view value)
    {
        constexpr std::size_t max_length = std::numeric_limits<std::uint16_t>::max();
        if (value.size() <= max_length) return value;
        auto end = max_length;
        while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xc0) == 0x80) --end;
        return value.substr(0, end);
    }

    writer& number(std::uint64_t value, int size)
    {
        for (int shift = 8 * (size - 1); shift >= 0; shift -= 8)
            out_.push_back(static_cast<char>(value >> shift & 0xff));
        return *this;
    }

    std::string& out_;
};

}  // namespace porter::detail::protocol
