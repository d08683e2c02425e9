#include "identity/address.hpp"

#include <algorithm>

#include "base/network.hpp"

namespace porter::detail::identity {

address::address(asio::ip::address const& raw) : text_(base::canonical(raw).to_string()), ip_(base::canonical(raw)) {}

std::string address::network() const
{
    if (ip_.is_v4()) return text_;
    auto bytes = ip_.to_v6().to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
    return asio::ip::address_v6{bytes}.to_string() + "/64";
}

address address::with_connection(std::uint64_t connection) const
{
    auto copy = *this;
    copy.connection_ = connection;
    return copy;
}

std::optional<address> address::parse(std::string_view text)
{
    if (text.find('\0') != std::string_view::npos) return std::nullopt;  // Asio would stop at it
    asio::error_code error;
    auto const raw = asio::ip::make_address(std::string{text}, error);
    if (error) return std::nullopt;
    return address{raw};
}

}  // namespace porter::detail::identity
