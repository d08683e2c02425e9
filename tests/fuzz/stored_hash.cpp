// A stored password hash, which may have been edited by hand or made by another program. It is parsed and not computed.
// Input: the hash.
#include "auth/stored_hash.hpp"
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

/// One that accounts are imported with.
void check_foreign(std::string_view text)
{
    namespace auth = detail::auth;
    require(!auth::argon2id::is_readable(text) || auth::stored_hash::is_readable(text),
            "a hash of our own is readable");
    auto const read = auth::read_imported_hash(text, {8, 1});
    if (!read) return;
    if (read->kind == auth::foreign_hash::kind::whole) {
        require(auth::stored_hash::is_readable(read->text), "what is stored as it is can be read");
        return;
    }
    require(read->digest.size() == auth::digest_length(read->function), "a digest has the length of its function");
    if (auth::is_weak(read->function)) {
        auto const again = auth::read_function(auth::text_of(read->function));
        require(again == read->function, "the text of a weak function leads back to it");
    } else {
        require(auth::stored_hash::is_readable(read->text), "what is stored as it is can be read");
    }
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
    check_foreign(stored);
}

}  // namespace porter::fuzzing
