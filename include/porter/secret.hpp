#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace porter {

/// Text that must not outlive its use or reach a log: a password, a token. It wipes its memory when it is destroyed or
/// moved from, is copied by `clone()` only, and has no formatter: print `redacted`. Threads: like a std::string.
class secret {
public:
    static constexpr std::string_view redacted = "[redacted]";  ///< to print in its place

    secret() = default;  ///< empty

    /// A copy; `text` is not wiped. Throws std::bad_alloc, as clone() does.
    explicit secret(std::string_view text) : text_(text.begin(), text.end()) {}
    secret(secret&& other) noexcept;             ///< leaves `other` empty
    secret& operator=(secret&& other) noexcept;  ///< wipes its own text, leaves `other` empty
    secret(secret const&) = delete;
    secret& operator=(secret const&) = delete;
    ~secret();

    secret clone() const { return secret{view()}; }  ///< the only copy

    /// Valid while this object lives and is not assigned to.
    std::string_view view() const noexcept { return {text_.data(), text_.size()}; }
    bool empty() const noexcept { return text_.empty(); }  ///< whether there is no text

private:
    void wipe() noexcept;

    std::vector<char> text_;  // has no small-object buffer, so moving leaves no copy
};

/// Overwrites the bytes of a string, which the compiler may not optimise away, and clears it.
void wipe(std::string& text) noexcept;

}  // namespace porter
