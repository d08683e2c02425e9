#pragma once

namespace porter::rooms::terminal {

/// What must be so before anything is opened: files are for their owner only, a reader that went away or a disk
/// quota is an error code and no death, secrets do not end in a core file, there may be as many open files
/// (connections) as the machine allows this user, and 0, 1 and 2 are taken, so that no database is ever opened where
/// messages are printed.
void prepare_process();

}  // namespace porter::rooms::terminal
