"""Base class of the tests of porter's host key check: a home directory with known_servers, and scripted TLS servers."""
import pathlib
import tempfile
import unittest

from .case import PASSWORD
from .key_pair import KeyPair
from .scripted_server import ScriptedServer, grant_open_access
from .server import PORTER, run
from .terminal import Terminal


def echo(connection):
    """A script: grants open access and echoes each text."""
    grant_open_access(connection)
    while (got := connection.receive()) is not None and got.kind == "text":
        connection.send("text", got.text)


class HostKeyCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="porter-test-")))
        cls.pair = KeyPair(cls.folder, "key")
        cls.other_pair = KeyPair(cls.folder, "other")

    def setUp(self):
        self.home = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="porter-test-")))
        self.known_servers = self.home / "porter" / "known_servers"
        self.sessions = self.home / "porter" / "sessions"
        self.password_file = self.home / "password"
        self.password_file.write_text(PASSWORD + "\n")

    def serve(self, *scripts, tls=None):
        return ScriptedServer(*scripts, tls=tls or self.pair.context())

    def read_known_servers(self):
        return self.known_servers.read_text() if self.known_servers.exists() else ""

    def add_known_server(self, port, pair, host="127.0.0.1"):
        self.known_servers.parent.mkdir(exist_ok=True)
        self.known_servers.write_text(f"{host}:{port} {pair.fingerprint} 2026-11-20\n")
        self.known_servers.chmod(0o600)

    def run_porter(self, port, *arguments, stdin=b"", host="127.0.0.1", authority=None, env=None):
        env = {"SSL_CERT_FILE": str(authority or "/nonexistent"), "SSL_CERT_DIR": "/nonexistent", **(env or {})}
        return run(PORTER, host, port, *arguments, stdin=stdin, home=self.home, env=env)

    def terminal(self, port, *arguments, host="127.0.0.1", authority=None):
        env = {"SSL_CERT_FILE": str(authority or "/nonexistent"), "SSL_CERT_DIR": "/nonexistent"}
        terminal = Terminal(PORTER, host, port, *arguments, home=self.home, env=env)
        self.addCleanup(terminal.close)
        return terminal

    def assert_failed(self, done, *words, code=77):
        self.assertEqual((done.returncode, done.out), (code, ""), done.err)
        self.assertRegex(done.err, r"(\A|\n)porter: [^\n]+\n\Z")
        for word in words:
            self.assertIn(word, done.err)
