#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace porter::detail::base {

/// Text that must not outlive its use or reach a log: a password, a token. It wipes its memory when it ends or is
/// moved from, cannot be copied by accident (say `clone()`), and has no formatter: print `redacted`.
class secret {
public:
    static constexpr std::string_view redacted = "[redacted]";

    secret() = default;
    explicit secret(std::string_view text) : text_(text.begin(), text.end()) {}
    secret(secret&& other) noexcept;
    secret& operator=(secret&& other) noexcept;
    secret(secret const&) = delete;
    secret& operator=(secret const&) = delete;
    ~secret();

    secret clone() const { return secret{view()}; }

    /// The text itself; valid while this object lives and is not assigned to.
    std::string_view view() const noexcept { return {text_.data(), text_.size()}; }
    bool empty() const noexcept { return text_.empty(); }

private:
    void wipe() noexcept;

    std::vector<char> text_;  // no small-object buffer: moving leaves no copy behind
};

/// Overwrites the bytes of a string in a way that the compiler may not leave out, then empties it.
void wipe(std::string& text) noexcept;

}  // namespace porter::detail::base
