#pragma once

#include <cstdint>
#include <string>

namespace porter::detail::terminal {

/// One line at the bottom of a terminal that says how far something is, and goes when this does. Where `output` is no
/// terminal, nothing is shown.
class progress_bar {
public:
    progress_bar(int output, std::string what);
    ~progress_bar();
    progress_bar(progress_bar const&) = delete;
    progress_bar& operator=(progress_bar const&) = delete;

    /// In bytes. Draws only when there is something new to see.
    void show(std::uint64_t done, std::uint64_t total);

private:
    int output_;
    std::string what_;
    bool visible_;
    std::string drawn_;
};

/// The line of a bar: "backup  [######....]  60 %  1.2 of 2.0 MiB".
std::string progress_line(std::string const& what, std::uint64_t done, std::uint64_t total);

/// A size for people: "512 bytes", "36.0 KiB", "1.2 GiB".
std::string rounded_size(std::uint64_t bytes);

}  // namespace porter::detail::terminal
