#include "auth/stored_hash.hpp"

#include <sodium/utils.h>

#include <algorithm>
#include <new>
#include <utility>

#include "auth/argon2_text.hpp"
#include "auth/foreign_function.hpp"

namespace porter::detail::auth {
namespace {

using verify_result = hash_function::verify_result;

constexpr std::string_view wrapped_prefix = "$wrapped";
constexpr std::uint32_t most_imported_memory_kib = 256 * 1024;
constexpr std::uint64_t most_imported_work_kib = 1024 * 1024;

/// The two parts of a wrapped hash.
struct wrapped_hash {
    std::string_view argon2id;
    std::string_view function;
};

/// Only finds the parts: they are not checked.
std::optional<wrapped_hash> split_wrapped(std::string_view stored) noexcept
{
    constexpr std::string_view last_parameter = ",p=1$";
    if (!stored.starts_with(wrapped_prefix)) return std::nullopt;
    stored.remove_prefix(wrapped_prefix.size());
    auto const parameters = stored.find(last_parameter);
    if (parameters == std::string_view::npos) return std::nullopt;
    auto const length = parameters + last_parameter.size() + base::salt_and_hash_length;
    if (stored.size() <= length || stored[length] != '$') return std::nullopt;
    return wrapped_hash{stored.substr(0, length), stored.substr(length + 1)};
}

/// The function in a wrapped hash that verify() computes.
std::optional<foreign_function> function_of(wrapped_hash const& parts)
{
    if (!argon2id::is_readable(parts.argon2id)) return std::nullopt;
    return read_function(parts.function);
}

bool is_computable_argon2(std::string_view stored) noexcept
{
    auto const cost = argon2_cost_of(stored);
    return cost && base::is_computable(*cost);
}

/// A hash as another program made it, with its digest.
std::optional<foreign_hash> read_kept(std::string_view stored)
{
    auto read = read_foreign_hash(stored);
    // The prefix of a scheme is not stored, and weak ones are wrapped.
    if (!read || read->kind != foreign_hash::kind::parts || read->text != stored || is_weak(read->function))
        return std::nullopt;
    return std::move(*read);
}

bool is_same(std::string_view one, std::string_view other) noexcept
{
    return one.size() == other.size() && sodium_memcmp(one.data(), other.data(), one.size()) == 0;
}

verify_result verify_kept(foreign_hash const& hash, std::string_view password)
{
    auto const computed = compute(hash.function, password);
    if (!computed) return verify_result::failed;
    return is_same(*computed, hash.digest) ? verify_result::match : verify_result::mismatch;
}

verify_result verify_wrapped(argon2id& own, wrapped_hash const& parts, std::string_view password)
{
    auto const function = function_of(parts);
    if (!function) return verify_result::unreadable;
    auto const digest = compute(*function, password);
    if (!digest) return verify_result::failed;
    auto const result = own.verify(std::string{parts.argon2id}, *digest);
    // An empty digest stands for a password that the function does not take.
    return digest->empty() && result == verify_result::match ? verify_result::mismatch : result;
}

verify_result verify_foreign(argon2id& own, std::string const& stored, std::string_view password)
{
    if (auto const parts = split_wrapped(stored)) return verify_wrapped(own, *parts, password);
    if (is_computable_argon2(stored)) return verify_argon2(stored, password);
    auto const kept = read_kept(stored);
    return kept ? verify_kept(*kept, password) : verify_result::unreadable;
}

bool is_affordable(base::hash_cost const& cost, base::hash_cost const& most) noexcept
{
    return base::is_computable(cost) && cost.memory_kib <= std::max(most_imported_memory_kib, most.memory_kib) &&
           cost.work() <= std::max(most_imported_work_kib, most.work());
}

}  // namespace

verify_result stored_hash::verify(std::string const& stored, std::string_view password) noexcept
{
    if (argon2id::is_readable(stored)) return own_.verify(stored, password);
    try {
        return verify_foreign(own_, stored, password);
    } catch (std::bad_alloc const&) {
        return verify_result::failed;
    }
}

std::optional<base::hash_cost> stored_hash::cost_of(std::string_view stored) const noexcept
{
    auto const parts = split_wrapped(stored);
    return own_.cost_of(parts ? parts->argon2id : stored);
}

bool stored_hash::is_stale(std::string_view stored) const noexcept
{
    return !argon2id::is_readable(stored) || own_.is_stale(stored);
}

bool stored_hash::is_readable(std::string_view stored)
{
    if (argon2id::is_readable(stored) || is_computable_argon2(stored)) return true;
    auto const parts = split_wrapped(stored);
    return parts ? function_of(*parts).has_value() : read_kept(stored).has_value();
}

std::optional<std::string> stored_hash::adopt(foreign_hash const& hash)
{
    if (hash.kind == foreign_hash::kind::whole || !is_weak(hash.function)) return hash.text;
    auto const argon2id = own_.make(hash.digest);
    if (!argon2id) return std::nullopt;
    return std::string{wrapped_prefix} + *argon2id + '$' + text_of(hash.function);
}

result<foreign_hash, std::string_view> read_imported_hash(std::string_view text, base::hash_cost const& most)
{
    constexpr std::string_view damaged = "the hash is damaged";
    constexpr std::string_view too_costly = "the Argon2 hash costs more than 256 MiB, or 1 GiB in all passes";
    auto const parts = split_wrapped(text);
    if (!parts && text.starts_with(wrapped_prefix)) return unexpected(damaged);
    auto read = parts ? result<foreign_hash, std::string_view>{foreign_hash{}} : read_foreign_hash(text);
    if (!read) return unexpected(read.error());
    if (parts) {
        if (!function_of(*parts)) return unexpected(damaged);
        read->kind = foreign_hash::kind::whole;
        read->text = text;
    }
    if (read->kind == foreign_hash::kind::parts) return read;
    auto const cost = argon2_cost_of(parts ? parts->argon2id : std::string_view{read->text});
    if (!cost) return unexpected(damaged);
    if (!is_affordable(*cost, most)) return unexpected(too_costly);
    return read;
}

}  // namespace porter::detail::auth
