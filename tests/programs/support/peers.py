"""Servers of other projects, from Debian's packages, that a tunnel leads to. Each runs on an address and in a folder of
its own, and needs neither the service of its package nor the configuration in /etc."""
import getpass
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile

from .lifetime import ENDS_WITH_TEST
from .waiting import HANG_GUARD, until


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def is_listening(port, host="127.0.0.1"):
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


class Peer:
    """A child process that is started again and killed at will. Its output is in a file."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-peer-"))
        self.output = self.folder / "output"
        self.process = None

    def run(self, command, is_ready):
        with open(self.output, "ab") as output:
            self.process = subprocess.Popen([*ENDS_WITH_TEST, *map(str, command)], stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=output, cwd=self.folder)
        try:
            until(lambda: is_ready() or self.process.poll() is not None, f"{command[0]} is ready")
            assert self.process.poll() is None, f"{command[0]} ended: {self.output.read_text()}"
        except BaseException:
            self.remove()
            raise

    def kill(self):
        self.process.kill()
        self.process.wait(HANG_GUARD)

    def remove(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(HANG_GUARD)
        shutil.rmtree(self.folder, ignore_errors=True)


class Redis(Peer):
    """redis-server on a unix socket, without files of its own."""

    def __init__(self):
        super().__init__()
        self.socket = self.folder / "redis.sock"
        self.target = f"unix:{self.socket}"
        self.start()

    def start(self):
        self.run(["redis-server", "--port", 0, "--unixsocket", self.socket, "--save", "", "--appendonly", "no",
                  "--daemonize", "no", "--dir", self.folder], self._answers)

    def _answers(self):
        if not self.socket.exists():
            return False
        done = subprocess.run(["redis-cli", "-s", self.socket, "PING"], capture_output=True, check=False)
        return done.stdout == b"PONG\n"

    def ask(self, *words, stdin=b""):
        """The answer to a command on a connection without a tunnel."""
        return subprocess.run(["redis-cli", "-s", self.socket, *map(str, words)], input=stdin, capture_output=True,
                              check=True, timeout=HANG_GUARD).stdout.decode().strip()

    def connected_clients(self):
        """The connections beside that of the question."""
        return int(re.search(r"connected_clients:(\d+)", self.ask("INFO", "clients"))[1]) - 1


class Sshd(Peer):
    """sshd on a port of 127.0.0.1, for the user that runs the tests, with keys of its own."""

    program = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")  # it runs itself again, so needs its path

    def __init__(self):
        super().__init__()
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)  # as Debian's service does: sshd insists on it
        self.port = free_port()
        self.target = f"127.0.0.1:{self.port}"
        for name in ("host_key", "user_key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / name], check=True)
        configuration = self.folder / "sshd_config"
        configuration.write_text("\n".join([
            f"ListenAddress {self.target}", f"HostKey {self.folder}/host_key", f"PidFile {self.folder}/pid",
            f"AuthorizedKeysFile {self.folder}/user_key.pub", "StrictModes no", "UsePAM no", "AllowTcpForwarding no",
            "PermitRootLogin prohibit-password", "PasswordAuthentication no", ""]))
        key = " ".join((self.folder / "host_key.pub").read_text().split()[:2])
        self.known_hosts = self.folder / "known_hosts"
        self.known_hosts.write_text(f"inside {key}\n")
        self.run([self.program, "-D", "-e", "-f", configuration], lambda: is_listening(self.port))

    def client_options(self):
        """The lines of a client's configuration that log in here."""
        return (f"    User {getpass.getuser()}\n    IdentityFile {self.folder}/user_key\n    IdentitiesOnly yes\n"
                f"    UserKnownHostsFile {self.known_hosts}\n    GlobalKnownHostsFile /dev/null\n    BatchMode yes\n")


class Haproxy(Peer):
    """HAProxy that accepts PROXY protocol headers, passes on to `server`, and logs each connection in `log_format`."""

    configuration = """
global
    log {folder}/log format raw local0
defaults
    mode tcp
    timeout client 1m
    timeout server 1m
    timeout connect 10s
frontend porter
    bind 127.0.0.1:{port} accept-proxy
    log global
    log-format "{log_format}"
    default_backend program
backend program
    server program {server}
"""

    def __init__(self, server, log_format):
        super().__init__()
        self.log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.log.settimeout(HANG_GUARD)
        self.log.bind(f"{self.folder}/log")
        self.port = free_port()
        self.target = f"127.0.0.1:{self.port}"
        file = self.folder / "haproxy.cfg"
        file.write_text(self.configuration.format(folder=self.folder, port=self.port, server=server,
                                                  log_format=log_format))
        self.run(["haproxy", "-db", "-q", "-f", file], lambda: is_listening(self.port))

    def log_line(self):
        """The next line of the log, with the end of a connection."""
        return self.log.recv(4096).decode()

    @staticmethod
    def version():
        done = subprocess.run(["haproxy", "-v"], capture_output=True, text=True, check=True)
        return tuple(map(int, re.search(r"version (\d+)\.(\d+)", done.stdout).groups()))

    def remove(self):
        self.log.close()
        super().remove()
