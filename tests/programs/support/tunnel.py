"""porter --listen and --stdio as child processes."""
import contextlib
import shutil
import socket
import subprocess
import unittest

from .case import PASSWORD, ServerCase
from .server import PORTER, assert_no_report, clean_environment, run
from .waiting import HANG_GUARD, until


def receive_all(local):
    """All bytes until the end of the stream."""
    received = bytearray()
    while some := local.recv(1 << 16):
        received += some
    return bytes(received)


def write_password(home):
    """A file for --password-file."""
    file = home / "password"
    file.write_text(PASSWORD + "\n")
    file.chmod(0o600)
    return file


def save_session(home, server_port, name, password_file):
    """Registers an account, whose session is saved for porter, over TLS."""
    done = run(PORTER, "127.0.0.1", server_port, "--name", name, "--register", "--password-file", password_file,
               "--trust-first-use", home=home)
    assert done.returncode == 0, done.err


class Listener:
    """porter --listen, from when it listens. `where` is the value of the option; port 0 is read from a port file."""

    def __init__(self, home, server_port, *options, where="0", env=None):
        self.where, self.port_file, self.errors = where, home / "listen.port", home / "listen.err"
        self.port_file.unlink(missing_ok=True)
        port_file = () if where.startswith("unix:") else ("--port-file", self.port_file)
        command = [PORTER, "--listen", where, *port_file, "127.0.0.1", server_port, *options]
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stderr=errors,
                                            env=clean_environment(home, **(env or {})))
        until(lambda: "listening" in self.log() or self.process.poll() is not None, "porter listens")
        assert self.process.poll() is None, self.log()

    @property
    def port(self):
        return int(self.port_file.read_text())

    def log(self):
        return self.errors.read_text()

    def connect(self):
        """A local program. porter may have closed it before this returns: then its first read has the end."""
        is_local = self.where.startswith("unix:")
        local = socket.socket(socket.AF_UNIX if is_local else socket.AF_INET)
        local.settimeout(HANG_GUARD)
        with contextlib.suppress(ConnectionResetError):
            local.connect(self.where.removeprefix("unix:") if is_local else ("127.0.0.1", self.port))
        return local

    def expect(self, words):
        until(lambda: words in self.log() or self.process.poll() is not None, f"porter prints {words!r}")
        assert words in self.log(), self.log()

    def stop(self):
        """Sends SIGTERM; porter must exit with 0."""
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(HANG_GUARD)
        assert_no_report(self.log())
        assert code == 0, f"porter exited with {code}: {self.log()}"

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(HANG_GUARD)


class TunnelCase(ServerCase):
    @classmethod
    def forward_to(cls, peer):
        """Makes a peer (peers.py) the upstream program of the class's server; returns the peer. Call it before
        setUpClass() of the base class."""
        cls.addClassCleanup(peer.remove)
        cls.options = ("--service", f"forward:{peer.target}", *cls.options)
        return peer

    def setUp(self):
        self.home = self.server.folder / self.id()
        self.home.mkdir()
        self.password = write_password(self.home)

    def log_in(self, name, server=None):
        """Registers an account, whose session is saved for porter, over TLS."""
        save_session(self.home, (server or self.server).port, name, self.password)

    def listen(self, *options, where="0", server=None, env=None):
        listener = Listener(self.home, (server or self.server).port, *options, where=where, env=env)
        self.addCleanup(listener.kill)
        return listener

    def porter(self, *arguments, **more):
        return run(PORTER, *arguments, home=self.home, **more)


def need(*programs):
    """Skips a test unless the programs are installed."""
    missing = [program for program in programs if not shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")]
    return unittest.skipIf(missing, f"not installed: {', '.join(missing)}")
