#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace porter::fuzzing {

/// What a fuzzer is: one decoder or parser with properties that hold for every input. An input that breaks one ends the
/// process, by require() or by a sanitizer. Throws nothing.
void check(std::string_view input);

/// Ends the process when a property does not hold; `property` says what should have been.
inline void require(bool holds, char const* property)
{
    if (holds) return;
    std::fprintf(stderr, "property broken: %s\n", property);
    std::abort();
}

/// Takes an input apart: first what the fuzzer chooses by it, then the bytes to be parsed. Past its end all is 0.
class chooser {
public:
    explicit chooser(std::string_view input) : rest_(input) {}

    /// A number from 0 to 255.
    std::uint8_t byte()
    {
        if (rest_.empty()) return 0;
        auto const first = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return first;
    }

    /// A number from 0 to 65,535.
    std::uint16_t word()
    {
        auto const high = byte();
        return static_cast<std::uint16_t>(high << 8 | byte());
    }

    /// Up to `most` bytes, without the rest of the input where there are fewer.
    std::string_view take(std::size_t most)
    {
        auto const taken = rest_.substr(0, most);
        rest_.remove_prefix(taken.size());
        return taken;
    }

    std::string_view rest() const { return rest_; }
    bool empty() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

/// The parts between line feeds. "a\n" has two, of which the second is empty.
inline std::vector<std::string> lines_of(std::string_view text)
{
    std::vector<std::string> lines;
    for (;;) {
        auto const end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        if (end == text.size()) return lines;
        text.remove_prefix(end + 1);
    }
}

}  // namespace porter::fuzzing
