#pragma once

namespace porter::rooms::base {

/// Names the calling thread (at most 15 characters, for top and gdb), and marks it as one that works for others: when
/// it is woken it does not push aside who is running, so that what is asked for meanwhile shares the wake-up.
void serve_as(char const* name);

/// Names the calling thread likewise, and lowers its priority by so many steps of nice(2): its work can wait.
void stand_back(char const* name, int steps);

}  // namespace porter::rooms::base
