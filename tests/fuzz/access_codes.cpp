// The codes of invitations and resets. Input: a typed code.
#include <string>

#include "base/access_code.hpp"
#include "fuzz/fuzzer.hpp"

namespace porter::fuzzing {

void check(std::string_view typed)
{
    auto const digest = detail::base::digest_of_access_code(typed);
    require(digest.has_value() == is_access_code(typed), "each valid code has a digest, and no other text");
    if (!digest) return;
    std::string bare;
    for (char const letter : typed) {
        if (letter != '-' && letter != ' ' && letter != '\t') bare += letter;
    }
    require(bare.size() == detail::base::access_code_length, "a code has 28 digits and letters");
    require(detail::base::digest_of_access_code(bare) == digest, "separators do not matter");
    for (auto& letter : bare) {
        auto const before = letter;
        letter = before == '0' || before == 'o' || before == 'O' ? '1' : '0';
        require(!is_access_code(bare), "a mistyped digit is found");
        letter = before;
    }
}

}  // namespace porter::fuzzing
