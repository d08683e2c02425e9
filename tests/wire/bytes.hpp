#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "porter/frame.hpp"

namespace porter::testing {

/// A frame header alone, with any length.
inline std::string header(std::uint32_t length)
{
    return {static_cast<char>(length >> 24), static_cast<char>(length >> 16), static_cast<char>(length >> 8),
            static_cast<char>(length)};
}

inline std::string framed(std::string_view payload)
{
    return header(static_cast<std::uint32_t>(payload.size())).append(payload);
}

inline std::string text_of(std::span<std::byte const> bytes)
{
    return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

inline std::span<std::byte const> bytes_of(std::string_view text)
{
    return std::as_bytes(std::span{text});
}

/// A payload that differs from those of other seeds and from itself shifted.
inline std::string pattern(std::size_t size, unsigned seed = 0)
{
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 131 + i / 251 + seed * 17) & 0xff);
    return bytes;
}

}  // namespace porter::testing
