#include "log/line_budget.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <optional>
#include <random>
#include <utility>

namespace porter::detail::log {
namespace {

/// Slots that are probed for a network. Few networks find no slot while a table is up to three quarters full.
constexpr std::size_t probes = 16;

std::uint64_t random_seed()
{
    std::random_device random;
    return (std::uint64_t{random()} << 32) | random();
}

/// The finaliser of splitmix64. With the seed, peers cannot choose prefixes that collide.
std::uint64_t mix(std::uint64_t value) noexcept
{
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
    return value ^ (value >> 31);
}

std::uint64_t big_endian(unsigned char const* bytes, std::size_t count) noexcept
{
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value = (value << 8) | bytes[i];
    return value;
}

struct network_prefix {
    bool is_v6 = false;
    std::uint64_t prefix = 0;  ///< the whole IPv4 address, or the first half of the IPv6 address
};

/// Parses an address in its canonical form; allocates nothing.
std::optional<network_prefix> parse(std::string_view text) noexcept
{
    std::array<char, INET6_ADDRSTRLEN> copy{};
    if (text.empty() || text.size() >= copy.size()) return std::nullopt;
    std::memcpy(copy.data(), text.data(), text.size());
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    if (::inet_pton(AF_INET, copy.data(), bytes.data()) == 1) return network_prefix{false, big_endian(bytes.data(), 4)};
    if (::inet_pton(AF_INET6, copy.data(), bytes.data()) == 1) return network_prefix{true, big_endian(bytes.data(), 8)};
    return std::nullopt;
}

std::string ipv4_text(std::uint64_t prefix)
{
    in_addr const raw{htonl(static_cast<std::uint32_t>(prefix))};
    std::array<char, INET_ADDRSTRLEN> text{};
    return ::inet_ntop(AF_INET, &raw, text.data(), text.size());
}

std::string ipv6_text(std::uint64_t prefix, std::string_view length)
{
    in6_addr raw{};
    for (std::size_t i = 0; i < 8; ++i) raw.s6_addr[i] = static_cast<unsigned char>(prefix >> (56 - 8 * i));
    std::array<char, INET6_ADDRSTRLEN> text{};
    return std::string{::inet_ntop(AF_INET6, &raw, text.data(), text.size())}.append(length);
}

}  // namespace

line_budget::line_budget(time now) : seed_(random_seed()), started_at_(now)
{
    for (auto* const each : {&ipv4_, &ipv6_64_, &ipv6_48_}) each->buckets.resize(slots);
}

line_budget::decision line_budget::admit(std::string_view address, level severity, std::size_t bytes, time now)
{
    auto const network = parse(address);
    std::lock_guard const lock{mutex_};
    if (now - started_at_ >= window) begin_window(now);
    bool admitted = true;
    if (network && network->is_v6) {
        // The /48 first: once its budget is used up, its /64s need no slots.
        auto& site = find_or_others(ipv6_48_, network->prefix & ~std::uint64_t{0xffff});
        auto const site_limit = &site == &ipv6_48_.others ? bytes_of_others : bytes_per_site;
        admitted = charge(site, site_limit, severity, bytes);
        auto* const own = admitted ? find(ipv6_64_, network->prefix) : nullptr;
        if (own && !charge(*own, bytes_per_network, severity, bytes)) {
            site.bytes -= static_cast<std::uint32_t>(bytes);
            admitted = false;
        }
    } else if (network) {
        auto& own = find_or_others(ipv4_, network->prefix);
        admitted = charge(own, &own == &ipv4_.others ? bytes_of_others : bytes_per_network, severity, bytes);
    }
    return {admitted, !finished_.empty()};
}

std::vector<line_budget::suppression> line_budget::take_finished(time now)
{
    std::lock_guard const lock{mutex_};
    if (now - started_at_ >= window) begin_window(now);
    return std::exchange(finished_, {});
}

std::vector<line_budget::suppression> line_budget::take_all(time now)
{
    std::lock_guard const lock{mutex_};
    begin_window(now);
    return std::exchange(finished_, {});
}

line_budget::bucket* line_budget::find(table& networks, std::uint64_t prefix)
{
    auto const first = mix(prefix ^ seed_);
    bucket* free = nullptr;
    for (std::size_t probe = 0; probe < probes; ++probe) {
        auto& slot = networks.buckets[(first + probe) & (slots - 1)];
        if (slot.window != window_) {
            // Within a window no slot becomes free, so the network has no slot after the first free one.
            free = &slot;
            break;
        }
        if (slot.prefix == prefix) return &slot;
    }
    if (free != nullptr) *free = {prefix, window_, 0, 0, false};
    return free;
}

line_budget::bucket& line_budget::find_or_others(table& networks, std::uint64_t prefix)
{
    auto* const own = find(networks, prefix);
    return own != nullptr ? *own : networks.others;
}

bool line_budget::charge(bucket& target, std::uint64_t limit, level severity, std::size_t bytes)
{
    bool const is_error = severity == level::error;
    if (target.bytes + bytes <= limit + (is_error ? bytes_for_errors : 0)) {
        target.bytes += static_cast<std::uint32_t>(bytes);
        return true;
    }
    ++target.suppressed;
    target.has_errors = target.has_errors || is_error;
    has_suppressed_ = true;
    return false;
}

void line_budget::begin_window(time now)
{
    if (has_suppressed_) finish_window(now);
    has_suppressed_ = false;
    started_at_ = now;
    ++window_;
    for (auto* const each : {&ipv4_, &ipv6_64_, &ipv6_48_}) each->others = {};
}

void line_budget::finish_window(time now)
{
    auto const length = std::chrono::ceil<std::chrono::seconds>(std::min<time::duration>(now - started_at_, window));
    std::vector<suppression> all;
    collect(ipv4_, kind::ipv4, length, all);
    collect(ipv6_64_, kind::ipv6_64, length, all);
    collect(ipv6_48_, kind::ipv6_48, length, all);
    finished_.insert(finished_.end(), std::make_move_iterator(all.begin()), std::make_move_iterator(all.end()));
}

void line_budget::collect(table const& networks, kind network_kind, std::chrono::seconds length,
                          std::vector<suppression>& out) const
{
    auto const add = [&](std::string network, bucket const& counts) {
        out.push_back({std::move(network), counts.suppressed, counts.has_errors, length});
    };
    for (auto const& each : networks.buckets) {
        if (each.window != window_ || each.suppressed == 0) continue;
        if (network_kind == kind::ipv4) {
            add(ipv4_text(each.prefix), each);
        } else {
            add(ipv6_text(each.prefix, network_kind == kind::ipv6_64 ? "/64" : "/48"), each);
        }
    }
    if (networks.others.suppressed > 0) add("others", networks.others);
}

}  // namespace porter::detail::log
