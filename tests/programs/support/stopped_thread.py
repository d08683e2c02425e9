"""Stops one thread of a running program, as a disk that hangs stops it: by ptrace, which needs root."""
import ctypes
import errno
import os

from .service_manager import wait_stopped

PTRACE_ATTACH, PTRACE_DETACH = 16, 17
WALL = 0x40000000  # waitpid for a thread that is no child

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.restype = ctypes.c_long
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def _ptrace(request, thread):
    if _libc.ptrace(request, thread, None, None) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


class StoppedThread:
    """with StoppedThread(pid, thread): the thread does not run, all others do. Raises PermissionError where the system
    does not allow it."""

    def __init__(self, pid, thread):
        self.pid, self.thread = pid, thread

    def __enter__(self):
        _ptrace(PTRACE_ATTACH, self.thread)
        os.waitpid(self.thread, WALL)
        wait_stopped(self.pid, self.thread)
        return self

    def __exit__(self, *_):
        try:
            _ptrace(PTRACE_DETACH, self.thread)
        except OSError as error:
            if error.errno != errno.ESRCH:  # the program has ended
                raise


def allows_tracing(pid):
    """Whether this process may stop threads of that one."""
    try:
        with StoppedThread(pid, pid):
            return True
    except PermissionError:
        return False
