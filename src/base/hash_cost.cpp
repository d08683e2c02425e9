#include "base/hash_cost.hpp"

#include <charconv>

namespace porter::store {
namespace {

bool skip(std::string_view& text, std::string_view expected) noexcept
{
    if (!text.starts_with(expected)) return false;
    text.remove_prefix(expected.size());
    return true;
}

/// Rejects leading zeros, so that each cost has one spelling.
bool read(std::string_view& text, std::uint32_t& number) noexcept
{
    if (text.starts_with('0')) return false;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

}  // namespace

bool is_computable(hash_cost const& cost) noexcept
{
    bool const is_enough = cost.memory_kib >= least_hash_memory_kib && cost.passes >= least_hash_passes;
    bool const is_bounded =
        cost.memory_kib <= most_hash_memory_kib && cost.passes <= most_hash_passes && cost.work() <= most_hash_work_kib;
    return is_enough && is_bounded;
}

std::optional<hash_cost> hash_cost_of(std::string_view encoded) noexcept
{
    hash_cost cost;
    bool const has_cost = skip(encoded, "$argon2id$v=19$m=") && read(encoded, cost.memory_kib) &&
                          skip(encoded, ",t=") && read(encoded, cost.passes) && skip(encoded, ",p=1$");
    if (!has_cost || encoded.size() != salt_and_hash_length) return std::nullopt;
    return cost;
}

}  // namespace porter::store
