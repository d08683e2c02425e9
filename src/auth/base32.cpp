#include "auth/base32.hpp"

#include <cstdint>

namespace porter::detail::auth {

std::string encode_base32(std::string_view bytes)
{
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string text;
    text.reserve((bytes.size() * 8 + 4) / 5);
    std::uint32_t pending = 0;
    unsigned bits = 0;
    for (auto const byte : bytes) {
        pending = (pending << 8U) | static_cast<unsigned char>(byte);
        for (bits += 8; bits >= 5; bits -= 5) text.push_back(alphabet[(pending >> (bits - 5)) & 0x1fU]);
        pending &= 0xffU;
    }
    if (bits > 0) text.push_back(alphabet[(pending << (5 - bits)) & 0x1fU]);
    return text;
}

}  // namespace porter::detail::auth
