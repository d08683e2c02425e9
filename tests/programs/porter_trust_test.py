"""Whom porter trusts: known servers, the system's authorities, a first use; and what nobody else gets (commands page)."""
import pathlib
import ssl
import stat
import tempfile
import unittest

from support.case import PASSWORD
from support.peer import Peer, hears_nothing, let_in, see_off
from support.porter import PROMPT
from support.proxy import Proxy, records
from support.server import PORTER, run
from support.terminal import CTRL_D, Terminal
from support.tls import Identity

TOKEN = "prt_" + "c4nary" * 7 + "x"
QUESTION = r"^Trust this server\? \(yes/no\) "


def echoing(connection):
    """Open access, and each text comes back."""
    let_in(connection)
    while (got := connection.receive()) is not None and got.kind == "text":
        connection.send("text", got.text)


def guarded(connection):
    """A server that wants a password, and gives a session for it."""
    connection.expect("hello")
    connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "")
    connection.expect("login", name="Alice", password=PASSWORD)
    connection.send("granted", "login", "Alice", 7, TOKEN, 4_000_000_000, 0, "", 0)
    see_off(connection)


def asks_in_vain(connection):
    """It wants a password or a token, and may not be given any."""
    connection.expect("hello")
    connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "Alice")
    got = connection.receive()
    assert got is None or got.kind == "closing", got


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

    def terminal(self, port, *arguments, authority=None):
        env = {"SSL_CERT_FILE": str(authority or "/nonexistent"), "SSL_CERT_DIR": "/nonexistent"}
        terminal = Terminal(PORTER, "127.0.0.1", port, *arguments, home=self.home, env=env)
        self.addCleanup(terminal.close)
        return terminal

    def assert_refused(self, done, *words, code=77):
        self.assertEqual((done.returncode, done.out), (code, ""), done.err)
        self.assertRegex(done.err, r"(\A|\n)porter: [^\n]+\n\Z")
        for word in words:
            self.assertIn(word, done.err)


class FirstUse(TrustCase):
    def test_on_a_terminal_the_fingerprint_is_shown_and_the_question_asked_once(self):
        peer = self.peer(hears_nothing, echoing, echoing)
        terminal = self.terminal(peer.port)
        terminal.see(QUESTION)
        self.assertIn(self.right.fingerprint, terminal.text())
        terminal.line("maybe")
        terminal.see(QUESTION, times=2)
        terminal.line("yes")
        terminal.see(PROMPT)
        self.assertRegex(self.known(), rf"^127\.0\.0\.1:{peer.port} {self.right.fingerprint.replace('+', '.')} "
                                       r"\d{4}-\d\d-\d\d\n$")
        self.assertEqual(stat.S_IMODE(self.known_servers.stat().st_mode), 0o600)
        terminal.line("/quit")
        self.assertEqual(terminal.leave(), 0)
        again = self.terminal(peer.port)
        again.see(PROMPT)
        self.assertNotIn("Trust", again.text())
        again.line("/quit")
        self.assertEqual(again.leave(), 0)
        peer.join()

    def test_who_answers_no_has_said_nothing_to_the_server_and_keeps_nothing(self):
        for answer, code in (("no\r", 77), (CTRL_D, 0)):
            with self.subTest(answer=answer):
                peer = self.peer(hears_nothing)
                terminal = self.terminal(peer.port)
                terminal.see(QUESTION)
                terminal.type(answer)
                self.assertEqual(terminal.leave(), code)
                self.assertEqual(self.known(), "")
                peer.join()

    def test_where_nobody_can_be_asked_a_stranger_is_refused_and_the_options_named(self):
        peer = self.peer(hears_nothing)
        done = self.run_porter(peer.port, "--name", "Alice", "--password-file", self.password_file, stdin=b"hello\n")
        self.assert_refused(done, self.right.fingerprint, "--trust", "--trust-first-use")
        self.assertEqual(self.known(), "")
        peer.join()

    def test_the_named_fingerprint_is_trusted_and_kept(self):
        peer = self.peer(echoing, echoing)
        for arguments in (["--trust", self.right.fingerprint], []):
            done = self.run_porter(peer.port, *arguments, stdin=b"hello\n")
            self.assertEqual((done.returncode, done.out), (0, "hello\n"), done.err)
            self.assertIn(f"127.0.0.1:{peer.port} {self.right.fingerprint} ", self.known())
        peer.join()

    def test_another_than_the_named_fingerprint_is_refused_with_both_and_told_nothing(self):
        peer = self.peer(hears_nothing)
        done = self.run_porter(peer.port, "--trust", self.other.fingerprint, stdin=b"hello\n")
        self.assert_refused(done, self.right.fingerprint, self.other.fingerprint)
        self.assertEqual(self.known(), "")
        peer.join()

    def test_with_trust_first_use_whoever_comes_first_is_shown_and_kept(self):
        peer = self.peer(echoing)
        done = self.run_porter(peer.port, "--trust-first-use", stdin=b"hello\n")
        self.assertEqual((done.returncode, done.out), (0, "hello\n"), done.err)
        self.assertIn(self.right.fingerprint, done.err)
        self.assertIn(f"127.0.0.1:{peer.port} {self.right.fingerprint} ", self.known())
        peer.join()

    def test_first_use_that_cannot_be_kept_is_refused_and_a_named_key_is_not(self):
        peer = self.peer(hears_nothing, echoing)
        nowhere = {"HOME": "", "XDG_STATE_HOME": ""}
        done = self.run_porter(peer.port, "--trust-first-use", stdin=b"hello\n", env=nowhere)
        self.assert_refused(done, "cannot be kept", self.right.fingerprint)
        done = self.run_porter(peer.port, "--trust", self.right.fingerprint, stdin=b"hello\n", env=nowhere)
        self.assertEqual((done.returncode, done.out), (0, "hello\n"), done.err)
        self.assertIn("cannot be kept", done.err)
        peer.join()

    def test_options_that_contradict_each_other_are_wrong_usage(self):
        key = self.right.fingerprint
        for arguments in (["--tls", "--plain"], ["--trust", "SHA256:short"], ["--trust", ""],
                          ["--trust", key, "--plain"], ["--trust", key, "--trust-first-use"]):
            with self.subTest(arguments=arguments):
                self.assert_refused(self.run_porter(1, *arguments), "--t", code=64)


class Authorities(TrustCase):
    def test_who_an_authority_of_the_system_vouches_for_is_trusted_and_not_kept(self):
        peer = self.peer(echoing)
        done = self.run_porter(peer.port, stdin=b"hello\n", host="localhost", authority=self.right.certificate)
        self.assertEqual((done.returncode, done.out, done.err), (0, "hello\n", "Welcome.\n"))
        self.assertEqual(self.known(), "")
        peer.join()

    def test_an_authority_vouches_for_a_name_and_for_no_other(self):
        peer = self.peer(hears_nothing)
        done = self.run_porter(peer.port, stdin=b"hello\n", host="127.0.0.1", authority=self.right.certificate)
        self.assert_refused(done, self.right.fingerprint)
        peer.join()

    def test_a_known_key_stands_above_the_authorities(self):
        peer = self.peer(hears_nothing)
        self.know(peer.port, self.other, host="localhost")
        done = self.run_porter(peer.port, stdin=b"hello\n", host="localhost", authority=self.right.certificate)
        self.assert_refused(done, self.right.fingerprint, self.other.fingerprint)
        peer.join()


class ChangedKey(TrustCase):
    """A recording proxy stands between, and leads to the server first and to an impostor then."""

    def proxy(self, target):
        proxy = Proxy(target)
        self.addCleanup(proxy.close)
        return proxy

    def test_it_stops_the_client_and_the_recording_holds_no_credential(self):
        server = self.peer(guarded)
        proxy = self.proxy(server.port)
        credentials = ("--name", "Alice", "--password-file", self.password_file)
        done = self.run_porter(proxy.port, *credentials, "--trust", self.right.fingerprint)
        self.assertEqual(done.returncode, 0, done.err)
        server.join()
        self.assertIn(TOKEN, self.sessions.read_text())
        kept = self.known()

        attempts = ([], ["--trust-first-use"], ["--trust", self.other.fingerprint], ["--register"], ["--tls"])
        impostor = self.peer(*[hears_nothing] * len(attempts), tls=self.other.context())
        proxy.target = impostor.port
        for more in attempts:
            with self.subTest(more=more):
                done = self.run_porter(proxy.port, *credentials, *more, stdin=b"a secret line\n")
                self.assert_refused(done, self.right.fingerprint, self.other.fingerprint, str(self.known_servers))
                self.assertEqual(self.known(), kept)
        impostor.join()  # it has shaken hands each time, and heard not one byte within

        proxy.close()
        self.assertEqual(len(proxy.recorded), 1 + len(attempts))
        for recorded in proxy.recorded:
            for secret in (PASSWORD, TOKEN, "Alice", "a secret line"):
                self.assertNotIn(secret.encode(), recorded)
        for recorded in proxy.recorded[1:]:
            encrypted = [length for kind, length in records(recorded) if kind == 23]
            self.assertLessEqual(sum(encrypted), 128, "more than the handshake's end and an alert")

    def test_on_a_terminal_it_stops_the_client_without_a_question(self):
        peer = self.peer(hears_nothing)
        self.know(peer.port, self.other)
        terminal = self.terminal(peer.port, "--trust-first-use")
        self.assertEqual(terminal.leave(), 77)
        for identity in (self.right, self.other):
            self.assertIn(identity.fingerprint, terminal.text().replace("\n", ""))
        self.assertNotIn("(yes/no)", terminal.text())
        peer.join()

    def test_one_that_comes_while_a_connection_is_made_again_stops_the_client(self):
        def lets_go(connection):
            let_in(connection)
            connection.send("closing", "shutting_down", "scripted")
            see_off(connection)
        both = self.home / "authorities"
        both.write_text(self.right.certificate.read_text() + self.other.certificate.read_text())
        for authority in (None, both):
            with self.subTest(authority=authority):
                peer = self.peer(lets_go, hears_nothing, tls=[self.right.context(), self.other.context()])
                self.know(peer.port, self.right)
                terminal = self.terminal(peer.port, authority=authority)
                self.assertEqual(terminal.leave(), 77)
                self.assertIn(self.other.fingerprint, terminal.text())
                peer.join()


class NoWayBack(TrustCase):
    """A client never falls back to plain by itself."""

    def test_what_speaks_no_tls_hears_a_handshake_once_and_nothing_else(self):
        answers = (b"\0\0\0\5\x81\1\0\0\1", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\7\x44\0\1\0\0\0\0", b"")
        for said in answers:
            with self.subTest(said=said):
                def script(connection, said=said):
                    assert connection.socket.recv(1, 2) == b"\x16"  # MSG_PEEK
                    connection.send_raw(said)
                    connection.half_close()
                    while connection.socket.recv(1 << 16):
                        pass
                peer = Peer(script)
                proxy = Proxy(peer.port)
                self.addCleanup(proxy.close)
                done = self.run_porter(proxy.port, "--trust-first-use", "--timeout", "20s", stdin=b"hello\n")
                peer.join()
                self.assertEqual((done.returncode, done.out), (76 if said else 69, ""), done.err)
                self.assertIn("TLS", done.err)
                self.assertEqual(len(proxy.recorded), 1)
                self.assertTrue(all(kind in (20, 21, 22) for kind, _ in records(proxy.recorded[0])))

    def test_an_older_tls_and_another_protocol_are_refused(self):
        for context in (self.right.context(newest=ssl.TLSVersion.TLSv1_2), self.right.context(protocols=()),
                        self.right.context(protocols=("http/1.1",))):
            peer = self.peer(hears_nothing, tls=context)
            self.know(peer.port, self.right)
            self.assert_refused(self.run_porter(peer.port, stdin=b"hello\n"), "TLS", code=76)
            peer.join()

    def test_a_server_that_wants_tls_is_told_of_with_what_to_do(self):
        def script(connection):
            connection.expect("hello")
            connection.send("closing", "tls_required", "")
            see_off(connection)
        peer = Peer(script)
        self.assert_refused(self.run_porter(peer.port, "--plain"), "tls_required", "leave out --plain")
        peer.join()


class SavedSessions(TrustCase):
    """A session's token is offered to the server with that key, over TLS, and to nobody else."""

    def setUp(self):
        super().setUp()
        self.proxy = Proxy(0)  # so that every server below has the same port
        self.addCleanup(self.proxy.close)
        server = self.peer(guarded)
        done = self.to(server, "--trust-first-use", "--password-file", self.password_file)
        self.assertEqual(done.returncode, 0, done.err)
        server.join()

    def to(self, peer, *arguments):
        self.proxy.target = peer.port
        return self.run_porter(self.proxy.port, "--name", "Alice", *arguments)

    def test_its_line_names_transport_and_key(self):
        self.assertRegex(self.sessions.read_text(),
                         rf"^127\.0\.0\.1 {self.proxy.port} tls {self.right.fingerprint.replace('+', '.')} \d+ {TOKEN} Alice\n$")

    def test_it_is_resumed_over_tls_with_the_same_key(self):
        def script(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "")
            connection.expect("resume", token=TOKEN)
            connection.send("granted", "resume", "Alice", 7, "", 4_000_000_000, 0, "", 0)
            see_off(connection)
        server = self.peer(script)
        self.assertEqual(self.to(server).returncode, 0)
        server.join()

    def test_it_is_not_offered_to_another_key_even_if_that_is_trusted(self):
        self.known_servers.unlink()
        server = self.peer(asks_in_vain, tls=self.other.context())
        self.assert_refused(self.to(server, "--trust-first-use"), "password", code=64)
        server.join()

    def test_it_is_not_offered_in_the_clear(self):
        server = Peer(asks_in_vain)
        self.assert_refused(self.to(server, "--plain"), "password", code=64)
        server.join()
        self.proxy.close()
        self.assertNotIn(TOKEN.encode(), b"".join(self.proxy.recorded))


class KnownServers(TrustCase):
    def test_bad_lines_are_told_with_their_number_and_stay(self):
        self.known_servers.parent.mkdir()
        self.known_servers.write_bytes(b"# mine\n\xff\xfe\x1b[2J\nexample.org:1 SHA256:short\n")
        peer = self.peer(echoing)
        done = self.run_porter(peer.port, "--trust-first-use", stdin=b"hello\n")
        self.assertEqual((done.returncode, done.out), (0, "hello\n"), done.err)
        for number in (2, 3):
            self.assertIn(f"known_servers:{number} ", done.err)
        self.assertTrue(self.known_servers.read_bytes().startswith(b"# mine\n\xff\xfe\x1b[2J\nexample.org:1 SHA256:short\n127"))
        peer.join()

    def test_a_bad_line_about_the_server_itself_stops_the_client(self):
        peer = self.peer(hears_nothing)
        self.known_servers.parent.mkdir()
        self.known_servers.write_text(f"127.0.0.1:{peer.port} {self.right.fingerprint[:-1]}\n")
        self.assert_refused(self.run_porter(peer.port, "--trust-first-use", stdin=b"hello\n"), "known_servers:1 ")
        peer.join()


if __name__ == "__main__":
    unittest.main()
