#pragma once

#include "bench/measurement.hpp"

namespace porter::programs {

/// The progress of a measurement, on a terminal's last line; nothing if stderr is no terminal.
class progress_bar {
public:
    explicit progress_bar(bool shown);
    ~progress_bar() { clear(); }
    progress_bar(progress_bar const&) = delete;
    progress_bar& operator=(progress_bar const&) = delete;

    void show(detail::bench::progress const& progress);

    /// Clears the line for further output.
    void clear();

private:
    bool shown_;
    bool drawn_ = false;
};

}  // namespace porter::programs
