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

/// Each fuzzer defines this function: it runs a decoder or parser and checks properties that hold for every input. If
/// one does not hold, require() or a sanitizer ends the process. Throws nothing.
void check(std::string_view input);

/// Ends the process if a property does not hold.
inline void require(bool holds, char const* property)
{
    if (holds) return;
    std::fprintf(stderr, "property broken: %s\n", property);
    std::abort();
}

/// Reads parameters from the beginning of an input; the rest is the text to parse. After its end all numbers are 0.
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

    /// Up to `size` bytes, fewer at the end of the input.
    std::string_view take(std::size_t size)
    {
        auto const bytes = rest_.substr(0, size);
        rest_.remove_prefix(bytes.size());
        return bytes;
    }

    std::string_view rest() const { return rest_; }
    bool empty() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

/// The parts between line feeds. "a\n" has two, the second of which is empty.
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
