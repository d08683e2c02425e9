"""The resident memory of a program under test."""
import os
import pathlib
import re

MIB = 1 << 20

# ASan keeps freed memory in a quarantine, which would count as the program's.
_NO_QUARANTINE = "quarantine_size_mb=0:thread_local_quarantine_size_kb=0:allocator_release_to_os_interval_ms=0"
ENVIRONMENT = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":" + _NO_QUARANTINE}


def resident(process):
    """The resident memory of a child process, in bytes."""
    pages = int(pathlib.Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def peak(process):
    """The most resident memory that a child process has had, in bytes."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024
