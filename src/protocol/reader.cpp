#include "protocol/reader.hpp"

#include "base/utf8.hpp"

namespace porter::detail::protocol {

base::bytes_view reader::take(std::size_t size) noexcept
{
    if (size > rest_.size()) {
        fail(code::protocol_error);
        return {};
    }
    auto const bytes = rest_.first(size);
    rest_ = rest_.subspan(size);
    return bytes;
}

std::uint64_t reader::number(std::size_t size) noexcept
{
    std::uint64_t value = 0;
    for (auto const byte : take(size)) value = value << 8 | std::to_integer<std::uint64_t>(byte);
    return value;
}

std::string_view reader::utf8(base::bytes_view bytes) noexcept
{
    auto const text = base::as_text(bytes);
    if (base::valid_utf8(text)) return text;
    fail(code::invalid_utf8);
    return {};
}

}  // namespace porter::detail::protocol
