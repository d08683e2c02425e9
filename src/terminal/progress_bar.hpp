#pragma once

#include <cstdint>
#include <string>

namespace porter::detail::terminal {

/// A line on a terminal that shows the progress of an operation; the destructor erases it. Shows nothing if `output` is
/// not a terminal.
class progress_bar {
public:
    progress_bar(int output, std::string label);
    ~progress_bar();
    progress_bar(progress_bar const&) = delete;
    progress_bar& operator=(progress_bar const&) = delete;

    /// In bytes. Writes only if the line has changed.
    void show(std::uint64_t done, std::uint64_t total);

private:
    int output_;
    std::string label_;
    bool visible_;
    std::string drawn_;
};

/// The line of a bar: "backup  [######....]  60 %  1.2 MiB of 2.0 MiB".
std::string progress_line(std::string const& label, std::uint64_t done, std::uint64_t total);

/// A size for people: "512 bytes", "36.0 KiB", "1.2 GiB".
std::string rounded_size(std::uint64_t bytes);

}  // namespace porter::detail::terminal
