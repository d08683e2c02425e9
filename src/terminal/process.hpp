#pragma once

namespace porter::detail::terminal {

/// What must be so before anything is opened: files are for their owner only, a reader that went away or a disk
/// quota is an error code and no death, secrets do not end in a core file, there may be as many open files
/// (connections) as the machine allows this user, and 0, 1 and 2 are taken, so that no database is ever opened where
/// messages are printed.
void prepare_process();

/// The part of it that keeps passwords and tokens in this memory: no core file, and no other process of the same user
/// may read the memory or trace the process (prctl(2), PR_SET_DUMPABLE).
void protect_memory();

}  // namespace porter::detail::terminal
