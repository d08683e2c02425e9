"""porter and a server with another key: porter sends no credential, no token, no byte, and nothing in plaintext."""
import ssl
import unittest

from support.case import PASSWORD
from support.host_key import HostKeyCase, echo
from support.key_pair import KeyPair
from support.proxy import Proxy, tls_records
from support.scripted_server import (ScriptedServer, expect_clean_close, expect_disconnect, grant_open_access,
                                     wait_for_close)
from support.server import Server

TOKEN = "prt_" + "c4nary" * 7 + "x"


def grant_login(connection):
    """A script: requires a password, and opens a session."""
    connection.expect("hello")
    connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "")
    connection.expect("login", name="Alice", password=PASSWORD)
    connection.send("granted", "login", "Alice", 7, TOKEN, 4_000_000_000, 0, "", 0)
    wait_for_close(connection)


def grant_resume(connection):
    """A script: resumes the session of the token."""
    connection.expect("hello")
    connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "")
    connection.expect("resume", token=TOKEN)
    connection.send("granted", "resume", "Alice", 7, "", 4_000_000_000, 0, "", 0)
    wait_for_close(connection)


def grant_login_after_resume(connection):
    """A script: denies the token, and opens a session for the password."""
    connection.expect("hello")
    connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "")
    connection.expect("resume", token=TOKEN)
    connection.send("denied", "invalid_token", 0, "")
    connection.expect("login", name="Alice", password=PASSWORD)
    connection.send("granted", "login", "Alice", 7, TOKEN, 4_000_000_000, 0, "", 0)
    wait_for_close(connection)


def expect_no_credential(connection):
    """A script: requires a password or a token, and must receive none."""
    connection.expect("hello")
    connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "Alice")
    got = connection.receive()
    assert got is None or got.kind == "closing", got


class ChangedKey(HostKeyCase):
    """The client connects through a recording proxy, first to the server and then to an impostor."""

    def proxy(self, target):
        proxy = Proxy(target)
        self.addCleanup(proxy.close)
        return proxy

    def test_the_client_exits_and_has_sent_no_credential(self):
        server = self.serve(grant_login)
        proxy = self.proxy(server.port)
        credentials = ("--name", "Alice", "--password-file", self.password_file)
        done = self.run_porter(proxy.port, *credentials, "--trust", self.pair.fingerprint)
        self.assertEqual(done.returncode, 0, done.err)
        server.join()
        self.assertIn(TOKEN, self.sessions.read_text())
        known_servers = self.read_known_servers()

        attempts = ([], ["--trust-first-use"], ["--trust", self.other_pair.fingerprint], ["--register"], ["--tls"])
        impostor = self.serve(*[expect_clean_close] * len(attempts), tls=self.other_pair.context())
        proxy.target = impostor.port
        for more in attempts:
            with self.subTest(more=more):
                done = self.run_porter(proxy.port, *credentials, *more, stdin=b"a secret line\n")
                self.assert_failed(done, self.pair.fingerprint, self.other_pair.fingerprint, str(self.known_servers))
                self.assertEqual(self.read_known_servers(), known_servers)
        impostor.join()  # each handshake has succeeded, and no data has followed

        proxy.close()
        self.assertEqual(len(proxy.recorded), 1 + len(attempts))
        for recorded in proxy.recorded:
            for secret in (PASSWORD, TOKEN, "Alice", "a secret line"):
                self.assertNotIn(secret.encode(), recorded)
        for recorded in proxy.recorded[1:]:
            encrypted = [length for kind, length in tls_records(recorded) if kind == 23]
            self.assertLessEqual(sum(encrypted), 128, "more than the handshake's end and an alert")

    def test_on_a_terminal_the_client_exits_without_a_prompt(self):
        server = self.serve(expect_clean_close)
        self.add_known_server(server.port, self.other_pair)
        terminal = self.terminal(server.port, "--trust-first-use")
        self.assertEqual(terminal.wait(), 77)
        for pair in (self.pair, self.other_pair):
            self.assertIn(pair.fingerprint, terminal.text().replace("\n", ""))
        self.assertNotIn("(yes/no)", terminal.text())
        server.join()

    def test_another_key_at_a_reconnection_stops_the_client(self):
        def close(connection):
            grant_open_access(connection)
            connection.send("closing", "shutting_down", "scripted")
            wait_for_close(connection)
        both = self.home / "authorities"
        both.write_text(self.pair.certificate.read_text() + self.other_pair.certificate.read_text())
        for authority in (None, both):
            with self.subTest(authority=authority):
                server = self.serve(close, expect_clean_close, tls=[self.pair.context(), self.other_pair.context()])
                if not authority:
                    self.add_known_server(server.port, self.pair, host="localhost")
                terminal = self.terminal(server.port, host="localhost", authority=authority)
                self.assertEqual(terminal.wait(), 77)
                self.assertIn(self.other_pair.fingerprint, terminal.text())
                server.join()


class NoFallback(HostKeyCase):
    """The client does not fall back to plaintext."""

    def test_a_server_without_tls_gets_one_handshake_and_nothing_else(self):
        answers = (b"\0\0\0\5\x81\1\0\0\1", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\7\x44\0\1\0\0\0\0", b"")
        for answer in answers:
            with self.subTest(answer=answer):
                def script(connection, answer=answer):
                    assert connection.socket.recv(1, 2) == b"\x16"  # MSG_PEEK
                    connection.send_raw(answer)
                    connection.half_close()
                    while connection.socket.recv(1 << 16):
                        pass
                server = ScriptedServer(script)
                proxy = Proxy(server.port)
                self.addCleanup(proxy.close)
                done = self.run_porter(proxy.port, "--trust-first-use", "--timeout", "20s", stdin=b"hello\n")
                server.join()
                self.assertEqual((done.returncode, done.out), (76 if answer else 69, ""), done.err)
                self.assertIn("TLS", done.err)
                self.assertNotIn("--plain", done.err)  # the answer may come from an attacker
                self.assertEqual(len(proxy.recorded), 1)
                self.assertTrue(all(kind in (20, 21, 22) for kind, _ in tls_records(proxy.recorded[0])))

    def test_a_closing_before_tls_is_a_temporary_error(self):
        """It is not authenticated: its reason is not shown, and the client does not continue in plaintext."""
        for code in ("server_full", "shutting_down", "timeout"):
            with self.subTest(code=code):
                def script(connection, code=code):
                    connection.send("closing", code, "please use --plain")
                    connection.half_close()
                    while connection.socket.recv(1 << 16):
                        pass
                server = ScriptedServer(script)
                done = self.run_porter(server.port, "--trust-first-use", stdin=b"hello\n")
                self.assert_failed(done, "before TLS began", "try again later", code=75)
                self.assertNotIn("--plain", done.err)
                server.join()

    def test_a_terminal_reconnects_to_a_server_that_was_full(self):
        def close(connection):
            grant_open_access(connection)
            connection.send("closing", "shutting_down", "scripted")
            wait_for_close(connection)

        def reject(connection):
            connection.send("closing", "server_full", "")
            connection.half_close()
            while connection.socket.recv(1 << 16):
                pass
        context = self.pair.context()
        server = self.serve(close, reject, echo, tls=[context, None, context])
        self.add_known_server(server.port, self.pair)
        terminal = self.terminal(server.port)
        terminal.expect("Connected again")
        terminal.send_line("/quit")
        self.assertEqual(terminal.wait(), 0)
        server.join()

    def test_an_older_tls_and_another_protocol_are_rejected(self):
        for context in (self.pair.context(newest=ssl.TLSVersion.TLSv1_2), self.pair.context(protocols=()),
                        self.pair.context(protocols=("http/1.1",))):
            server = self.serve(expect_disconnect, tls=context)
            self.add_known_server(server.port, self.pair)
            self.assert_failed(self.run_porter(server.port, stdin=b"hello\n"), "TLS", code=76)
            server.join()

    def test_tls_required_names_the_option_to_leave_out(self):
        def script(connection):
            connection.expect("hello")
            connection.send("closing", "tls_required", "")
            wait_for_close(connection)
        server = ScriptedServer(script)
        self.assert_failed(self.run_porter(server.port, "--plain"), "tls_required", "leave out --plain")
        server.join()


class SavedSessions(HostKeyCase):
    """A token is sent only to the server with the key of its session, over TLS."""

    def setUp(self):
        super().setUp()
        self.proxy = Proxy(0)  # so that every server below has the same port
        self.addCleanup(self.proxy.close)
        server = self.serve(grant_login)
        done = self.run_against(server, "--trust-first-use", "--password-file", self.password_file)
        self.assertEqual(done.returncode, 0, done.err)
        server.join()

    def run_against(self, server, *arguments):
        self.proxy.target = server.port
        return self.run_porter(self.proxy.port, "--name", "Alice", *arguments)

    def test_the_saved_session_has_transport_and_key(self):
        fingerprint = self.pair.fingerprint.replace("+", ".")
        self.assertRegex(self.sessions.read_text(),
                         rf"^127\.0\.0\.1 {self.proxy.port} tls {fingerprint} \d+ {TOKEN} Alice\n$")

    def test_a_session_is_resumed_over_tls_with_the_same_key(self):
        server = self.serve(grant_resume)
        self.assertEqual(self.run_against(server).returncode, 0)
        server.join()

    def test_a_token_is_not_sent_to_another_trusted_key(self):
        self.known_servers.unlink()
        server = self.serve(expect_no_credential, tls=self.other_pair.context())
        self.assert_failed(self.run_against(server, "--trust-first-use"), "password", code=64)
        server.join()

    def test_a_token_is_not_sent_in_plaintext(self):
        server = ScriptedServer(expect_no_credential)
        self.assert_failed(self.run_against(server, "--plain"), "password", code=64)
        server.join()
        self.proxy.close()
        self.assertNotIn(TOKEN.encode(), b"".join(self.proxy.recorded))


class RenewedKeys(HostKeyCase):
    """Only a session of a server that an authority has certified survives a change of the server's key."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = KeyPair(cls.folder, "authority")
        cls.before = KeyPair.signed_by(cls.authority, cls.folder, "before")
        cls.renewed = KeyPair.signed_by(cls.authority, cls.folder, "renewed")
        cls.of_another = KeyPair.signed_by(cls.other_pair, cls.folder, "of-another")
        cls.both = cls.folder / "both"
        cls.both.write_text(cls.authority.certificate.read_text() + cls.other_pair.certificate.read_text())

    def setUp(self):
        super().setUp()
        self.proxy = Proxy(0)  # so that every server below has the same port
        self.addCleanup(self.proxy.close)

    def run_against(self, script, pair, *arguments):
        server = self.serve(script, tls=pair.context())
        self.proxy.target = server.port
        done = self.run_porter(self.proxy.port, "--name", "Alice", *arguments, host="localhost", authority=self.both)
        server.join()
        return done

    def save_session(self, *arguments):
        done = self.run_against(grant_login, self.before, "--password-file", self.password_file, *arguments)
        self.assertEqual(done.returncode, 0, done.err)
        self.assertIn(TOKEN, self.sessions.read_text())

    def assert_token_not_sent(self, pair):
        self.assert_failed(self.run_against(expect_no_credential, pair), "password", code=64)

    def test_a_token_is_sent_to_a_new_key_certified_by_the_same_authority(self):
        self.save_session()
        self.assertIn(f" {self.before.fingerprint},authority={self.authority.fingerprint} ", self.sessions.read_text())
        for pair in (self.renewed, self.before):
            done = self.run_against(grant_resume, pair)
            self.assertEqual(done.returncode, 0, done.err)

    def test_a_token_is_not_sent_to_a_key_certified_by_another_authority(self):
        self.save_session()
        self.assert_token_not_sent(self.of_another)

    def test_a_token_is_not_sent_to_another_key_without_an_authority(self):
        self.save_session()
        done = self.run_against(expect_no_credential, self.pair, "--trust-first-use")
        self.assert_failed(done, "password", code=64)

    def test_a_token_of_a_known_key_is_not_sent_to_a_certified_key(self):
        self.add_known_server(self.proxy.port, self.before, host="localhost")
        self.save_session()
        self.assertNotIn("authority", self.sessions.read_text())
        self.known_servers.unlink()
        self.assert_token_not_sent(self.renewed)

    def test_a_token_of_a_key_given_by_trust_is_not_sent_to_a_certified_key(self):
        self.save_session("--trust", self.before.fingerprint)
        self.assertNotIn("authority", self.sessions.read_text())
        self.assert_token_not_sent(self.renewed)

    def test_a_token_of_a_certified_key_is_not_sent_to_a_known_key(self):
        self.save_session()
        self.add_known_server(self.proxy.port, self.renewed, host="localhost")
        self.assert_token_not_sent(self.renewed)

    def test_a_new_session_of_the_same_name_replaces_the_saved_one(self):
        self.save_session()
        done = self.run_against(grant_login_after_resume, self.renewed, "--password-file", self.password_file)
        self.assertEqual(done.returncode, 0, done.err)
        lines = self.sessions.read_text().splitlines()
        self.assertEqual(len(lines), 1, lines)
        self.assertIn(self.renewed.fingerprint, lines[0])


class WithPorterd(HostKeyCase):
    """The same against porterd instead of a script."""

    def setUp(self):
        super().setUp()
        self.server = Server("--strict-port")
        self.addCleanup(self.server.remove)

    def restart(self):
        self.server.stop()
        self.server.requested_port = self.server.port
        self.server.start()

    def connect(self, *arguments, stdin=b"hello\n"):
        return self.run_porter(self.server.port, *arguments, stdin=stdin, host="localhost")

    def test_the_key_of_porterd_is_trusted_once_and_the_session_survives_a_restart(self):
        certificate = next(self.server.data.glob("*certificate*"))
        fingerprint = KeyPair.fingerprint_of(certificate)
        done = self.connect("--trust", fingerprint, "--register", "--name", "Alice", "--password-file",
                            self.password_file)
        self.assertEqual((done.returncode, done.out), (0, "hello\n"), done.err)
        self.restart()
        lines = b"".join(b"line %d \xd0\xb6\n" % number for number in range(20_000))
        done = self.connect(stdin=lines)
        self.assertEqual(done.returncode, 0, done.err)
        self.assertTrue(done.stdout == lines, "the output differs from the input")
        self.server.stop()

    def test_a_porterd_with_another_key_is_rejected_until_the_file_is_edited(self):
        done = self.connect("--trust-first-use", "--register", "--name", "Alice", "--password-file", self.password_file)
        self.assertEqual(done.returncode, 0, done.err)
        for path in self.server.data.glob("tls*"):
            path.unlink()
        self.restart()
        before = len(self.server.log())
        self.assert_failed(self.connect("--trust-first-use"), "line 1 of " + str(self.known_servers))
        self.assertNotIn("Alice", self.server.log()[before:])
        self.known_servers.write_text("")
        self.assert_failed(self.connect("--trust-first-use"), "password", code=64)
        done = self.connect("--name", "Alice", "--password-file", self.password_file)
        self.assertEqual((done.returncode, done.out), (0, "hello\n"), done.err)
        self.server.stop()


if __name__ == "__main__":
    unittest.main()
