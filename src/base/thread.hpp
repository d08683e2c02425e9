#pragma once

namespace porter::detail::base {

/// Names the calling thread (at most 15 characters, for top and gdb) and sets SCHED_BATCH: when it is woken it does not
/// preempt the running thread, which can queue more work for the same wake-up.
void set_thread_name(char const* name);

/// Names the calling thread and raises its nice value by `steps`: its work can wait.
void lower_thread_priority(char const* name, int steps);

}  // namespace porter::detail::base
