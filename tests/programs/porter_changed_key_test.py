"""What porter gives to a server that is not the right one: no credential, no session, no byte, and nothing in the clear."""
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


def guarded(connection):
    """A server that wants a password, and gives a session for it."""
    connection.expect("hello")
    connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "")
    connection.expect("login", name="Alice", password=PASSWORD)
    connection.send("granted", "login", "Alice", 7, TOKEN, 4_000_000_000, 0, "", 0)
    wait_for_close(connection)


def resumed(connection):
    """A server that knows the token."""
    connection.expect("hello")
    connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "")
    connection.expect("resume", token=TOKEN)
    connection.send("granted", "resume", "Alice", 7, "", 4_000_000_000, 0, "", 0)
    wait_for_close(connection)


def guarded_after_resume(connection):
    """A server that does not know the token any more, and gives a session for the password."""
    connection.expect("hello")
    connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "")
    connection.expect("resume", token=TOKEN)
    connection.send("denied", "invalid_token", 0, "")
    connection.expect("login", name="Alice", password=PASSWORD)
    connection.send("granted", "login", "Alice", 7, TOKEN, 4_000_000_000, 0, "", 0)
    wait_for_close(connection)


def asks_in_vain(connection):
    """It wants a password or a token, and may not be given any."""
    connection.expect("hello")
    connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "Alice")
    got = connection.receive()
    assert got is None or got.kind == "closing", got


class ChangedKey(HostKeyCase):
    """A recording proxy stands between, and leads to the server first and to an impostor then."""

    def proxy(self, target):
        proxy = Proxy(target)
        self.addCleanup(proxy.close)
        return proxy

    def test_it_stops_the_client_and_the_recording_holds_no_credential(self):
        server = self.serve(guarded)
        proxy = self.proxy(server.port)
        credentials = ("--name", "Alice", "--password-file", self.password_file)
        done = self.run_porter(proxy.port, *credentials, "--trust", self.pair.fingerprint)
        self.assertEqual(done.returncode, 0, done.err)
        server.join()
        self.assertIn(TOKEN, self.sessions.read_text())
        kept = self.read_known_servers()

        attempts = ([], ["--trust-first-use"], ["--trust", self.other_pair.fingerprint], ["--register"], ["--tls"])
        impostor = self.serve(*[expect_clean_close] * len(attempts), tls=self.other_pair.context())
        proxy.target = impostor.port
        for more in attempts:
            with self.subTest(more=more):
                done = self.run_porter(proxy.port, *credentials, *more, stdin=b"a secret line\n")
                self.assert_refused(done, self.pair.fingerprint, self.other_pair.fingerprint, str(self.known_servers))
                self.assertEqual(self.read_known_servers(), kept)
        impostor.join()  # it has shaken hands each time, and heard not one byte within

        proxy.close()
        self.assertEqual(len(proxy.recorded), 1 + len(attempts))
        for recorded in proxy.recorded:
            for secret in (PASSWORD, TOKEN, "Alice", "a secret line"):
                self.assertNotIn(secret.encode(), recorded)
        for recorded in proxy.recorded[1:]:
            encrypted = [length for kind, length in tls_records(recorded) if kind == 23]
            self.assertLessEqual(sum(encrypted), 128, "more than the handshake's end and an alert")

    def test_on_a_terminal_it_stops_the_client_without_a_question(self):
        server = self.serve(expect_clean_close)
        self.add_known_server(server.port, self.other_pair)
        terminal = self.terminal(server.port, "--trust-first-use")
        self.assertEqual(terminal.wait(), 77)
        for pair in (self.pair, self.other_pair):
            self.assertIn(pair.fingerprint, terminal.text().replace("\n", ""))
        self.assertNotIn("(yes/no)", terminal.text())
        server.join()

    def test_one_that_comes_while_a_connection_is_made_again_stops_the_client(self):
        def lets_go(connection):
            grant_open_access(connection)
            connection.send("closing", "shutting_down", "scripted")
            wait_for_close(connection)
        both = self.home / "authorities"
        both.write_text(self.pair.certificate.read_text() + self.other_pair.certificate.read_text())
        for authority in (None, both):
            with self.subTest(authority=authority):
                server = self.serve(lets_go, expect_clean_close, tls=[self.pair.context(), self.other_pair.context()])
                if not authority:
                    self.add_known_server(server.port, self.pair, host="localhost")
                terminal = self.terminal(server.port, host="localhost", authority=authority)
                self.assertEqual(terminal.wait(), 77)
                self.assertIn(self.other_pair.fingerprint, terminal.text())
                server.join()


class NoWayBack(HostKeyCase):
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
                server = ScriptedServer(script)
                proxy = Proxy(server.port)
                self.addCleanup(proxy.close)
                done = self.run_porter(proxy.port, "--trust-first-use", "--timeout", "20s", stdin=b"hello\n")
                server.join()
                self.assertEqual((done.returncode, done.out), (76 if said else 69, ""), done.err)
                self.assertIn("TLS", done.err)
                self.assertNotIn("--plain", done.err)  # it may be somebody on the way
                self.assertEqual(len(proxy.recorded), 1)
                self.assertTrue(all(kind in (20, 21, 22) for kind, _ in tls_records(proxy.recorded[0])))

    def test_a_server_that_is_full_or_stopping_turns_away_in_the_clear_and_is_tried_later(self):
        """What it says there, nobody vouches for: it is neither shown nor a reason to go on in the clear."""
        for what in ("server_full", "shutting_down", "timeout"):
            with self.subTest(what=what):
                def script(connection, what=what):
                    connection.send("closing", what, "please use --plain")
                    connection.half_close()
                    while connection.socket.recv(1 << 16):
                        pass
                server = ScriptedServer(script)
                done = self.run_porter(server.port, "--trust-first-use", stdin=b"hello\n")
                self.assert_refused(done, "before TLS began", "try again later", code=75)
                self.assertNotIn("--plain", done.err)
                server.join()

    def test_a_terminal_comes_back_to_a_server_that_had_no_place_for_a_while(self):
        def lets_go(connection):
            grant_open_access(connection)
            connection.send("closing", "shutting_down", "scripted")
            wait_for_close(connection)

        def turns_away(connection):
            connection.send("closing", "server_full", "")
            connection.half_close()
            while connection.socket.recv(1 << 16):
                pass
        secure = self.pair.context()
        server = self.serve(lets_go, turns_away, echo, tls=[secure, None, secure])
        self.add_known_server(server.port, self.pair)
        terminal = self.terminal(server.port)
        terminal.expect("Connected again")
        terminal.send_line("/quit")
        self.assertEqual(terminal.wait(), 0)
        server.join()

    def test_an_older_tls_and_another_protocol_are_refused(self):
        for context in (self.pair.context(newest=ssl.TLSVersion.TLSv1_2), self.pair.context(protocols=()),
                        self.pair.context(protocols=("http/1.1",))):
            server = self.serve(expect_disconnect, tls=context)
            self.add_known_server(server.port, self.pair)
            self.assert_refused(self.run_porter(server.port, stdin=b"hello\n"), "TLS", code=76)
            server.join()

    def test_a_server_that_wants_tls_is_told_of_with_what_to_do(self):
        def script(connection):
            connection.expect("hello")
            connection.send("closing", "tls_required", "")
            wait_for_close(connection)
        server = ScriptedServer(script)
        self.assert_refused(self.run_porter(server.port, "--plain"), "tls_required", "leave out --plain")
        server.join()


class SavedSessions(HostKeyCase):
    """A session's token is offered to the server with that key, over TLS, and to nobody else."""

    def setUp(self):
        super().setUp()
        self.proxy = Proxy(0)  # so that every server below has the same port
        self.addCleanup(self.proxy.close)
        server = self.serve(guarded)
        done = self.to(server, "--trust-first-use", "--password-file", self.password_file)
        self.assertEqual(done.returncode, 0, done.err)
        server.join()

    def to(self, server, *arguments):
        self.proxy.target = server.port
        return self.run_porter(self.proxy.port, "--name", "Alice", *arguments)

    def test_its_line_names_transport_and_key(self):
        self.assertRegex(self.sessions.read_text(),
                         rf"^127\.0\.0\.1 {self.proxy.port} tls {self.pair.fingerprint.replace('+', '.')} \d+ {TOKEN} Alice\n$")

    def test_it_is_resumed_over_tls_with_the_same_key(self):
        server = self.serve(resumed)
        self.assertEqual(self.to(server).returncode, 0)
        server.join()

    def test_it_is_not_offered_to_another_key_even_if_that_is_trusted(self):
        self.known_servers.unlink()
        server = self.serve(asks_in_vain, tls=self.other_pair.context())
        self.assert_refused(self.to(server, "--trust-first-use"), "password", code=64)
        server.join()

    def test_it_is_not_offered_in_the_clear(self):
        server = ScriptedServer(asks_in_vain)
        self.assert_refused(self.to(server, "--plain"), "password", code=64)
        server.join()
        self.proxy.close()
        self.assertNotIn(TOKEN.encode(), b"".join(self.proxy.recorded))


class RenewedKeys(HostKeyCase):
    """A session of a server for which an authority vouches outlives the server's key, and no other session does."""

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

    def visit(self, script, pair, *arguments):
        server = self.serve(script, tls=pair.context())
        self.proxy.target = server.port
        done = self.run_porter(self.proxy.port, "--name", "Alice", *arguments, host="localhost", authority=self.both)
        server.join()
        return done

    def keep_session(self, *arguments):
        done = self.visit(guarded, self.before, "--password-file", self.password_file, *arguments)
        self.assertEqual(done.returncode, 0, done.err)
        self.assertIn(TOKEN, self.sessions.read_text())

    def assert_not_offered(self, pair):
        self.assert_refused(self.visit(asks_in_vain, pair), "password", code=64)

    def test_it_is_offered_to_a_new_key_for_which_the_same_authority_vouches(self):
        self.keep_session()
        self.assertIn(f" {self.before.fingerprint},authority={self.authority.fingerprint} ", self.sessions.read_text())
        for pair in (self.renewed, self.before):
            done = self.visit(resumed, pair)
            self.assertEqual(done.returncode, 0, done.err)

    def test_it_is_not_offered_where_another_authority_vouches(self):
        self.keep_session()
        self.assert_not_offered(self.of_another)

    def test_it_is_not_offered_where_nobody_vouches_and_the_key_is_another(self):
        self.keep_session()
        done = self.visit(asks_in_vain, self.pair, "--trust-first-use")
        self.assert_refused(done, "password", code=64)

    def test_a_session_of_a_pinned_key_is_not_offered_because_an_authority_vouches(self):
        self.add_known_server(self.proxy.port, self.before, host="localhost")
        self.keep_session()
        self.assertNotIn("authority", self.sessions.read_text())
        self.known_servers.unlink()
        self.assert_not_offered(self.renewed)

    def test_a_session_of_a_key_that_trust_named_is_not_offered_either(self):
        self.keep_session("--trust", self.before.fingerprint)
        self.assertNotIn("authority", self.sessions.read_text())
        self.assert_not_offered(self.renewed)

    def test_it_is_not_offered_to_a_key_that_is_trusted_by_its_pin(self):
        self.keep_session()
        self.add_known_server(self.proxy.port, self.renewed, host="localhost")
        self.assert_not_offered(self.renewed)

    def test_a_new_session_of_that_name_takes_its_place(self):
        self.keep_session()
        done = self.visit(guarded_after_resume, self.renewed, "--password-file", self.password_file)
        self.assertEqual(done.returncode, 0, done.err)
        lines = self.sessions.read_text().splitlines()
        self.assertEqual(len(lines), 1, lines)
        self.assertIn(self.renewed.fingerprint, lines[0])


class WithPorterd(HostKeyCase):
    """The other tests' server is a script; this is the real one."""

    def setUp(self):
        super().setUp()
        self.server = Server("--strict-port")
        self.addCleanup(self.server.remove)

    def restart(self):
        self.server.stop()
        self.server.requested_port = self.server.port
        self.server.start()

    def to_server(self, *arguments, stdin=b"hello\n"):
        return self.run_porter(self.server.port, *arguments, stdin=stdin, host="localhost")

    def test_the_key_that_porterd_made_is_trusted_once_and_the_session_outlives_a_restart(self):
        certificate = next(self.server.data.glob("*certificate*"))
        fingerprint = KeyPair.fingerprint_of(certificate)
        done = self.to_server("--trust", fingerprint, "--register", "--name", "Alice", "--password-file", self.password_file)
        self.assertEqual((done.returncode, done.out), (0, "hello\n"), done.err)
        self.restart()
        lines = b"".join(b"line %d \xd0\xb6\n" % number for number in range(20_000))
        done = self.to_server(stdin=lines)
        self.assertEqual(done.returncode, 0, done.err)
        self.assertTrue(done.stdout == lines, "what came back is not what went in")
        self.server.stop()

    def test_a_porterd_with_another_key_is_refused_until_somebody_edits_the_file(self):
        done = self.to_server("--trust-first-use", "--register", "--name", "Alice", "--password-file", self.password_file)
        self.assertEqual(done.returncode, 0, done.err)
        for path in self.server.data.glob("tls*"):
            path.unlink()
        self.restart()
        before = len(self.server.log())
        self.assert_refused(self.to_server("--trust-first-use"), "line 1 of " + str(self.known_servers))
        self.assertNotIn("Alice", self.server.log()[before:])
        self.known_servers.write_text("")
        self.assert_refused(self.to_server("--trust-first-use"), "password", code=64)
        done = self.to_server("--name", "Alice", "--password-file", self.password_file)
        self.assertEqual((done.returncode, done.out), (0, "hello\n"), done.err)
        self.server.stop()


if __name__ == "__main__":
    unittest.main()
