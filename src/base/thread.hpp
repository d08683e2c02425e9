#pragma once

namespace porter::detail::base {

/// Names the calling thread (at most 15 characters, for top and gdb), and marks it as one that works for others: when
/// it is woken it does not push aside who is running, so that what is asked for meanwhile shares the wake-up.
void set_thread_name(char const* name);

/// Names the calling thread likewise, and lowers its priority by so many steps of nice(2): its work can wait.
void lower_thread_priority(char const* name, int steps);

}  // namespace porter::detail::base
