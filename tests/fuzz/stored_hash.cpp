// A stored password hash, which may have been edited by hand. It is parsed and not computed. Input: the hash.
#include "auth/argon2id.hpp"
#include "base/hash_cost.hpp"
#include "fuzz/fuzzer.hpp"

namespace porter::fuzzing {
namespace {

/// Removes characters for which the predicate holds from the front; returns their number.
template <typename Kind>
std::size_t skip_all(std::string_view& text, Kind is_of_kind)
{
    auto const end = std::find_if_not(text.begin(), text.end(), is_of_kind) - text.begin();
    text.remove_prefix(static_cast<std::size_t>(end));
    return static_cast<std::size_t>(end);
}

bool skip(std::string_view& text, std::string_view expected)
{
    if (!text.starts_with(expected)) return false;
    text.remove_prefix(expected.size());
    return true;
}

/// The PHC string format with any numbers, 16 bytes of salt and 32 of hash in base64.
bool is_phc_string(std::string_view text)
{
    auto const digit = [](char c) { return c >= '0' && c <= '9'; };
    auto const base64 = [&](char c) {
        return digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '+' || c == '/';
    };
    return skip(text, "$argon2id$v=19$m=") && skip_all(text, digit) > 0 && skip(text, ",t=") &&
           skip_all(text, digit) > 0 && skip(text, ",p=1$") && skip_all(text, base64) == 22 && skip(text, "$") &&
           skip_all(text, base64) == 43 && text.empty();
}

}  // namespace

void check(std::string_view stored)
{
    static detail::auth::argon2id const function{8 * 1024 * 1024, 1};
    bool const readable = detail::auth::argon2id::is_readable(stored);
    require(!readable || is_phc_string(stored), "a readable hash is a PHC string");
    auto const cost = detail::base::hash_cost_of(stored);
    require(!readable || (cost && detail::base::is_computable(*cost)), "a readable hash has a computable cost");
    bool const stale = function.is_stale(std::string{stored});
    bool const current = stored.starts_with("$argon2id$v=19$m=8192,t=1,p=1$");
    require(!readable || stale == !current, "a hash is stale unless it has the current cost");
}

}  // namespace porter::fuzzing
