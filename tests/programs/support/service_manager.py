"""The part of a service manager in a test: the socket for notifications, and sockets that a server inherits."""
import os
import pathlib
import socket
import subprocess

from .lifetime import ENDS_WITH_TEST
from .server import PORTERD, clean_environment
from .waiting import HANG_GUARD, until

# Gives a command the variables of sd_listen_fds(3), which name its own process, and the sockets from descriptor 3 on.
ACTIVATE = """
import os, sys
given = [int(part) for part in sys.argv[1].split(",") if part]
parked = [os.dup2(each, 100 + i, inheritable=False) for i, each in enumerate(given)]
for each in given:
    os.close(each)
for i, each in enumerate(parked):
    os.dup2(each, 3 + i)
os.environ["LISTEN_PID"] = str(os.getpid())
os.environ["LISTEN_FDS"] = str(len(given))
os.execvp(sys.argv[2], sys.argv[2:])
"""


class NotifySocket:
    """The socket that NOTIFY_SOCKET names. Each datagram becomes a dictionary of its assignments."""

    def __init__(self, address):
        self.address = str(address)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.address.replace("@", "\0", 1) if self.address.startswith("@") else self.address)

    def close(self):
        self.socket.close()

    def receive(self, guard=HANG_GUARD):
        """The next datagram; None after `guard` seconds without one."""
        self.socket.settimeout(guard)
        try:
            text = self.socket.recv(4096).decode()
        except (TimeoutError, BlockingIOError):
            return None
        return dict(line.split("=", 1) for line in text.split("\n"))

    def expect(self, name):
        """The next datagram that is not for the watchdog, which must have this variable."""
        while True:
            received = self.receive()
            assert received is not None, f"timed out waiting for {name}"
            if "WATCHDOG" not in received:
                assert name in received, f"expected {name}, received {received}"
                return received

    def expect_alive(self):
        received = self.receive()
        assert received and received.get("WATCHDOG") == "1", f"expected WATCHDOG=1, received {received}"
        return received

    def drain(self):
        """Drops the datagrams that have arrived already."""
        self.socket.settimeout(0)
        try:
            while True:
                self.socket.recv(4096)
        except BlockingIOError:
            pass


def listening_socket(host="127.0.0.1"):
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    made.bind((host, 0))
    made.listen(128)
    return made


class ActivatedServer:
    """A porterd that inherits sockets. It exits when the test ends."""

    def __init__(self, folder, sockets, *options, env=None):
        self.folder = pathlib.Path(folder)
        descriptors = [each if isinstance(each, int) else each.fileno() for each in sockets]
        self.log_file = self.folder / "data" / "porterd.log"
        command = [*ENDS_WITH_TEST, "python3", "-c", ACTIVATE, ",".join(map(str, descriptors)), PORTERD, "--data-dir",
                   str(self.folder / "data"), *map(str, options)]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, pass_fds=descriptors,
                                        env=clean_environment(self.folder, **(env or {})))

    def log(self):
        return self.log_file.read_text() if self.log_file.exists() else ""

    def wait(self):
        """Waits for the exit; returns the exit code and what was printed to stdout and stderr."""
        out, err = self.process.communicate(timeout=HANG_GUARD)
        return self.process.returncode, out.decode(), err.decode()

    def remove(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def threads_of(pid):
    """Thread id -> name."""
    names = {}
    for each in os.listdir(f"/proc/{pid}/task"):
        names[int(each)] = pathlib.Path(f"/proc/{pid}/task/{each}/comm").read_text().strip()
    return names


def wait_stopped(pid, thread):
    """Waits until a thread that ptrace has stopped does not run any more."""
    stat = pathlib.Path(f"/proc/{pid}/task/{thread}/stat")
    until(lambda: stat.read_text().rpartition(")")[2].split()[0] in "tT", "the thread is stopped")
