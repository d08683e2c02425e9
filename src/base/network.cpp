#include "base/network.hpp"

#include <algorithm>
#include <span>

#include "base/number.hpp"

namespace porter::detail::base {
namespace {

using asio::ip::address;

/// The bytes of an address in network order: 4 or 16.
class address_bytes {
public:
    explicit address_bytes(address const& source)
    {
        if (source.is_v4()) {
            v4_ = source.to_v4().to_bytes();
            bytes_ = v4_;
        } else {
            v6_ = source.to_v6().to_bytes();
            bytes_ = v6_;
        }
    }
    address_bytes(address_bytes const&) = delete;
    address_bytes& operator=(address_bytes const&) = delete;

    unsigned bits() const { return static_cast<unsigned>(bytes_.size()) * 8; }
    bool bit(unsigned number) const { return (bytes_[number / 8] >> (7 - number % 8) & 1) != 0; }

private:
    asio::ip::address_v4::bytes_type v4_{};
    asio::ip::address_v6::bytes_type v6_{};
    std::span<unsigned char const> bytes_;
};

}  // namespace

std::string site_of(std::string_view network)
{
    constexpr std::string_view suffix = "/64";
    asio::error_code error;
    if (!network.ends_with(suffix)) return std::string{network};
    auto const raw = asio::ip::make_address_v6(std::string{network.substr(0, network.size() - suffix.size())}, error);
    if (error) return std::string{network};
    auto bytes = raw.to_bytes();
    std::fill(bytes.begin() + 6, bytes.end(), static_cast<unsigned char>(0));
    return asio::ip::address_v6{bytes}.to_string() + "/48";
}

address canonical(address const& raw)
{
    if (raw.is_v4()) return raw;
    auto const v6 = raw.to_v6();
    if (v6.is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, v6);
    return asio::ip::address_v6{v6.to_bytes()};
}

network::network(address const& member, unsigned prefix) : prefix_(prefix)
{
    auto const clear = [prefix](auto bytes) {
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            auto const kept = prefix > i * 8 ? std::min<std::size_t>(prefix - i * 8, 8) : 0;
            bytes[i] &= static_cast<unsigned char>(0xff00U >> kept);
        }
        return bytes;
    };
    if (member.is_v4()) {
        first_ = asio::ip::address_v4{clear(member.to_v4().to_bytes())};
    } else {
        first_ = asio::ip::address_v6{clear(member.to_v6().to_bytes())};
    }
}

std::string network::text() const
{
    unsigned const bits = first_.is_v4() ? 32 : 128;
    return prefix_ == bits ? first_.to_string() : first_.to_string() + '/' + std::to_string(prefix_);
}

std::optional<network> network::parse(std::string_view text)
{
    return parse(text, true);
}

std::optional<network> network::parse_enclosing(std::string_view text)
{
    return parse(text, false);
}

std::optional<network> network::parse(std::string_view text, bool is_exact)
{
    auto const slash = text.find('/');
    std::string const host{text.substr(0, slash)};
    if (host.find('\0') != std::string::npos || host.find('%') != std::string::npos) return std::nullopt;
    asio::error_code error;
    auto const first = asio::ip::make_address(host, error);
    if (error) return std::nullopt;

    address_bytes const bytes{first};
    unsigned prefix = bytes.bits();
    if (slash != std::string_view::npos) {
        auto const parsed = parse_number<unsigned>(text.substr(slash + 1));
        if (!parsed || *parsed > bytes.bits()) return std::nullopt;
        prefix = *parsed;
    }
    for (auto bit = prefix; is_exact && bit < bytes.bits(); ++bit) {
        if (bytes.bit(bit)) return std::nullopt;
    }
    constexpr unsigned mapped_prefix = 96;  // RFC 4291, 2.5.5.2
    if (first.is_v6() && first.to_v6().is_v4_mapped() && prefix >= mapped_prefix) {
        return network{canonical(first), prefix - mapped_prefix};
    }
    return network{first, prefix};
}

bool network::contains(address const& candidate) const
{
    auto const plain = canonical(candidate);
    if (plain.is_v4() != first_.is_v4()) return false;
    address_bytes const own_bytes{first_};
    address_bytes const candidate_bytes{plain};
    for (unsigned bit = 0; bit < prefix_; ++bit) {
        if (own_bytes.bit(bit) != candidate_bytes.bit(bit)) return false;
    }
    return true;
}

}  // namespace porter::detail::base
