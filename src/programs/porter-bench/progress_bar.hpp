#pragma once

#include "bench/measurement.hpp"

namespace porter::programs {

/// How far a measurement is, on a terminal's last line; nothing where stderr is none.
class progress_bar {
public:
    explicit progress_bar(bool shown);
    ~progress_bar() { clear(); }
    progress_bar(progress_bar const&) = delete;
    progress_bar& operator=(progress_bar const&) = delete;

    void show(detail::bench::progress const& now);

    /// Leaves the line empty for what is printed next.
    void clear();

private:
    bool shown_;
    bool drawn_ = false;
};

}  // namespace porter::programs
