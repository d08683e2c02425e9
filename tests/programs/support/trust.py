"""The base of the tests about whom porter trusts: a home with known servers, and servers with keys of their own."""
import pathlib
import tempfile
import unittest

from .case import PASSWORD
from .peer import Peer, let_in
from .server import PORTER, run
from .terminal import Terminal
from .tls import Identity


def echoing(connection):
    """Open access, and each text comes back."""
    let_in(connection)
    while (got := connection.receive()) is not None and got.kind == "text":
        connection.send("text", got.text)


class TrustCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="porter-test-")))
        cls.right = Identity(cls.folder, "right")
        cls.other = Identity(cls.folder, "other")

    def setUp(self):
        self.home = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="porter-test-")))
        self.known_servers = self.home / "porter" / "known_servers"
        self.sessions = self.home / "porter" / "sessions"
        self.password_file = self.home / "password"
        self.password_file.write_text(PASSWORD + "\n")

    def peer(self, *scripts, tls=None):
        return Peer(*scripts, tls=tls or self.right.context())

    def known(self):
        return self.known_servers.read_text() if self.known_servers.exists() else ""

    def know(self, port, identity, host="127.0.0.1"):
        self.known_servers.parent.mkdir(exist_ok=True)
        self.known_servers.write_text(f"{host}:{port} {identity.fingerprint} 2026-11-20\n")
        self.known_servers.chmod(0o600)

    def run_porter(self, port, *arguments, stdin=b"", host="127.0.0.1", authority=None, env=None):
        env = {"SSL_CERT_FILE": str(authority or "/nonexistent"), "SSL_CERT_DIR": "/nonexistent", **(env or {})}
        return run(PORTER, host, port, *arguments, stdin=stdin, home=self.home, env=env)

    def terminal(self, port, *arguments, host="127.0.0.1", authority=None):
        env = {"SSL_CERT_FILE": str(authority or "/nonexistent"), "SSL_CERT_DIR": "/nonexistent"}
        terminal = Terminal(PORTER, host, port, *arguments, home=self.home, env=env)
        self.addCleanup(terminal.close)
        return terminal

    def assert_refused(self, done, *words, code=77):
        self.assertEqual((done.returncode, done.out), (code, ""), done.err)
        self.assertRegex(done.err, r"(\A|\n)porter: [^\n]+\n\Z")
        for word in words:
            self.assertIn(word, done.err)
