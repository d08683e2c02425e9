// The UTF-8 validator, compared with utf8proc. Input: bytes.
#include "base/utf8.hpp"

#include <utf8proc.h>

#include "base/text.hpp"
#include "fuzz/fuzzer.hpp"

namespace porter::fuzzing {
namespace {

bool utf8proc_accepts(std::string_view text)
{
    auto const* at = reinterpret_cast<utf8proc_uint8_t const*>(text.data());
    auto remaining = static_cast<utf8proc_ssize_t>(text.size());
    while (remaining > 0) {
        utf8proc_int32_t code_point = -1;
        auto const taken = utf8proc_iterate(at, remaining, &code_point);
        if (taken <= 0) return false;
        at += taken;
        remaining -= taken;
    }
    return true;
}

}  // namespace

void check(std::string_view input)
{
    // After 0 to 7 letters, so that the input begins at each offset within a word.
    for (std::size_t shift = 0; shift < 8; ++shift) {
        auto const text = std::string(shift, 'x') + std::string{input};
        require(detail::base::valid_utf8(text) == utf8proc_accepts(text), "utf8proc gives the same result");
    }
    if (!detail::base::valid_utf8(input) || input.empty()) return;
    auto const whole = detail::base::count_code_points(input);
    require(whole <= input.size() && 4 * whole >= input.size(), "a code point has one to four bytes");
}

}  // namespace porter::fuzzing
