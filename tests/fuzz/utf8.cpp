// UTF-8 against utf8proc. Input: bytes.
#include "base/utf8.hpp"

#include <utf8proc.h>

#include "base/text.hpp"
#include "fuzz/fuzzer.hpp"

namespace porter::fuzzing {
namespace {

bool utf8proc_takes(std::string_view text)
{
    auto const* at = reinterpret_cast<utf8proc_uint8_t const*>(text.data());
    auto left = static_cast<utf8proc_ssize_t>(text.size());
    while (left > 0) {
        utf8proc_int32_t code_point = -1;
        auto const taken = utf8proc_iterate(at, left, &code_point);
        if (taken <= 0) return false;
        at += taken;
        left -= taken;
    }
    return true;
}

}  // namespace

void check(std::string_view input)
{
    // Behind letters in number, so that each of the eight places in a word is the first.
    for (std::size_t shift = 0; shift < 8; ++shift) {
        auto const text = std::string(shift, 'x') + std::string{input};
        require(detail::base::valid_utf8(text) == utf8proc_takes(text), "utf8proc is of the same opinion");
    }
    if (!detail::base::valid_utf8(input) || input.empty()) return;
    auto const whole = detail::base::count_code_points(input);
    require(whole <= input.size() && 4 * whole >= input.size(), "a code point has one to four bytes");
}

}  // namespace porter::fuzzing
