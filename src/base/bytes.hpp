#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace porter::detail::base {

using bytes_view = std::span<std::byte const>;

/// Bytes as text, and text as bytes; nothing is copied or checked.
inline std::string_view as_text(bytes_view bytes) noexcept
{
    return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

inline bytes_view as_bytes(std::string_view text) noexcept
{
    return std::as_bytes(std::span{text.data(), text.size()});
}

}  // namespace porter::detail::base
