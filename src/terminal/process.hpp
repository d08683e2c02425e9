#pragma once

namespace porter::detail::terminal {

/// Prepares the process before it opens a file: opens /dev/null as 0, 1 and 2 where they are closed, so that messages
/// are never printed into a database; creates files for their owner only; ignores SIGPIPE and SIGXFSZ, so that a closed
/// pipe and a disk quota are error codes; raises the limit of open files to the hard limit; protects the memory.
void prepare_process();

/// Protects passwords and tokens in memory: no core file, and no other process of the user may read the memory or trace
/// the process (prctl(2), PR_SET_DUMPABLE).
void protect_memory();

}  // namespace porter::detail::terminal
