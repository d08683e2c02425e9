"""porterd as a child process with its own temporary folder."""
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import tempfile

from .lifetime import ENDS_WITH_TEST
from .waiting import HANG_GUARD, until
from .wire import Connection

PORTERD = os.environ.get("PORTERD", "porterd")
PORTER = os.environ.get("PORTER", "porter")
PORTERCTL = os.environ.get("PORTERCTL", "porterctl")
PORTER_BENCH = os.environ.get("PORTER_BENCH", "porter-bench")
SANITIZER_REPORT = re.compile(r"(Sanitizer|runtime error:|==\d+==ERROR|terminate called|Assertion .* failed)")

os.umask(0o022)  # files of the tests are writable by their owner alone, whatever umask the tester has

# A thousand clients in one test need more than the usual 1,024 descriptors.
_, _hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(_hard_limit, 8192), _hard_limit))


def clean_environment(home, **more):
    """The environment of a program under test, without the settings of the user who runs the tests."""
    kept = {name: value for name, value in os.environ.items()
            if name in ("PATH", "LANG", "LC_ALL", "TZ") or name.endswith("SAN_OPTIONS")}
    kept.setdefault("LANG", "C.UTF-8")
    return {**kept, "HOME": str(home), "XDG_STATE_HOME": str(home), "TERM": "xterm", **more}


def assert_no_report(text):
    found = SANITIZER_REPORT.search(text)
    assert not found, f"a sanitizer or assertion report:\n{text[max(0, found.start() - 200):found.start() + 6000]}"


def checks_types_at_run_time():
    """UBSan checks by a pipe whether an object is readable: without descriptors it reports valid objects."""
    return b"__ubsan_handle_dynamic_type_cache_miss" in pathlib.Path(PORTERD).read_bytes()


def run(*arguments, stdin=b"", env=None, home="/nonexistent", guard=HANG_GUARD, **more):
    """Runs a program with pipes until it exits; fails on a sanitizer report. `more` is for subprocess.run."""
    done = subprocess.run([str(part) for part in arguments], input=stdin, capture_output=True, timeout=guard,
                          env=clean_environment(home, **(env or {})), check=False, **more)
    done.err = done.stderr.decode()
    done.out = done.stdout.decode()
    assert_no_report(done.err)
    return done


class Server:
    """Starts porterd on a free port and waits until it listens. `options` are those of its command line; `prefix` is a
    command that runs it, such as nice."""

    def __init__(self, *options, env=None, port=0, start=True, prefix=(), console=True):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.data = self.folder / "data"
        self.database = self.data / "porter.db"
        self.log_file = self.data / "porterd.log"
        self.port_file = self.folder / "port"
        self.options, self.env, self.prefix = options, env or {}, prefix
        self.has_console = console  # False: its standard output is closed or redirected
        self.process = None
        self.requested_port = port
        if start:
            try:
                self.start()
            except BaseException:
                self.remove()
                raise

    def arguments(self):
        return [*ENDS_WITH_TEST, *self.prefix, PORTERD, "--port", str(self.requested_port),
                "--port-file", str(self.port_file), "--data-dir", str(self.data), *map(str, self.options)]

    def start(self):
        self.port_file.unlink(missing_ok=True)
        with open(self.folder / "stdout", "wb") as out, open(self.folder / "stderr", "wb") as err:
            self.process = subprocess.Popen(self.arguments(), stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                            env=clean_environment(self.folder, **self.env))
        until(lambda: self.port_file.exists() or self.process.poll() is not None, "porterd writes its port file")
        if not self.port_file.exists():
            raise AssertionError(f"porterd exited with {self.process.returncode}: {self.console()}")
        self.port = int(self.port_file.read_text())
        if self.has_console:
            until(lambda: "listening" in self.console() or self.process.poll() is not None,
                  "porterd listens")

    def console(self):
        return (self.folder / "stdout").read_text() + (self.folder / "stderr").read_text()

    def log(self):
        return self.log_file.read_text() if self.log_file.exists() else ""

    def expect_log(self, pattern):
        """The first match of a regular expression in the log, whose lines porterd writes in a thread of its own."""
        return until(lambda: re.search(pattern, self.log()), f"the log has {pattern}")

    def connect(self, source=None, host="127.0.0.1"):
        return Connection(self.port, host, source)

    def set_limit(self, resource_, soft):
        """Sets a resource limit of the running process; returns the previous one."""
        before = resource.prlimit(self.process.pid, resource_)
        resource.prlimit(self.process.pid, resource_, (soft, before[1]))
        return before[0]

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        """Waits for the exit; returns the exit code."""
        return self.process.wait(HANG_GUARD)

    def assert_healthy(self):
        """porterd runs, and no sanitizer has reported an error."""
        assert_no_report((self.folder / "stderr").read_text())
        assert self.process.poll() is None, f"porterd exited with {self.process.returncode}: {self.console()}"

    def stop(self):
        """Sends SIGTERM; porterd must exit with 0 and remove its port file."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        code = self.wait()
        assert_no_report(self.console())
        assert code == 0, f"porterd exited with {code}: {self.console()}"
        assert not self.port_file.exists(), "the port file is still there"

    def kill(self):
        self.process.kill()
        self.wait()

    def restart(self):
        self.stop()
        self.start()

    def remove(self):
        """Kills porterd if it still runs, and removes the folder."""
        if self.process and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def descriptors(self):
        """The number of open descriptors; for users other than root, that of connections(): porterd is not dumpable."""
        try:
            return len(os.listdir(f"/proc/{self.process.pid}/fd"))
        except PermissionError:
            return self.connections()

    def connections(self):
        """The number of TCP connections that the server has open, from /proc/net."""
        rows = []
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            if os.path.exists(table):
                rows += [row.split() for row in pathlib.Path(table).read_text().splitlines()[1:]]
        established, close_wait = "01", "08"
        port = f":{self.port:04X}"  # a client's port may have the same number
        return sum(row[1].endswith(port) and not row[2].endswith(port) and row[3] in (established, close_wait)
                   for row in rows)
