"""tools/python/porter.py: its examples, every operation against porterd in plaintext and over TLS, and what it does
when a scripted server breaks the protocol or is not trusted."""
import doctest
import os
import pathlib
import ssl
import sys
import tempfile
import threading
import unittest

from support.case import OTHER_PASSWORD, PASSWORD, ServerCase
from support.key_pair import KeyPair
from support.scripted_server import ScriptedServer, expect_clean_close, grant_open_access, wait_for_close
from support.server import PORTER, Server, run
from support.waiting import HANG_GUARD
from support.wire import CODES, INVALID_LENGTHS, MESSAGES, MIB, NAME, frame, header, message

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "tools" / "python" / "porter.py"
sys.path.insert(0, str(SCRIPT.parent))
import porter  # noqa: E402
from porter import Client, ClosedError, Code, DeniedError, ProtocolError, UntrustedError  # noqa: E402


class Examples(unittest.TestCase):
    def test_the_examples_of_the_docstrings_are_true(self):
        server = Server()
        self.addCleanup(server.remove)
        names = {**vars(porter), "port": server.port, "known_servers": server.folder / "client" / "known_servers"}
        self.assertEqual(doctest.testmod(porter, extraglobs=names, verbose=False).failed, 0)
        server.stop()


class Tables(unittest.TestCase):
    def test_the_kinds_and_codes_are_those_of_the_protocol(self):
        snake_case = {kind: "".join("_" * (letter.isupper()) + letter.lower() for letter in cls.__name__)[1:]
                      for kind, cls in porter.Message.kinds.items()}
        self.assertEqual(snake_case, NAME)
        self.assertEqual({code.value: code.name.lower() for code in Code}, CODES)

    def test_the_fields_are_those_of_the_protocol(self):
        for kind, cls in porter.Message.kinds.items():
            self.assertEqual(len(porter.fields(cls)), len(MESSAGES[NAME[kind]][2].split()), cls)

    def test_secrets_are_not_in_the_representation(self):
        shown = repr([porter.Login("Alice", "canary"), porter.Resume("canary"),
                      porter.ChangePassword("canary", "canary")])
        self.assertNotIn("canary", shown)
        self.assertIn("Alice", shown)


class ClientCase(ServerCase):
    tls = False

    def client(self, address=None):
        trust = porter.first_use(self.server.folder / "client" / "known_servers") if self.tls else None
        client = Client("127.0.0.1", self.server.port, tls=self.tls, trust=trust, timeout=HANG_GUARD,
                        source_address=(address or self.fresh_address(), 0))
        self.addCleanup(client.close)
        return client

    def registered(self):
        """A client with a new account."""
        client = self.client()
        client.register(self.fresh_name(), PASSWORD)
        return client

    def assert_denied(self, code, call, *arguments):
        with self.assertRaises(DeniedError) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.code, code)
        return caught.exception

    def assert_closed(self, code, call, *arguments):
        with self.assertRaises(ClosedError) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.code, code)


class WithAccounts(ClientCase):
    def test_register_opens_a_session_that_resume_continues(self):
        client = self.client()
        self.assertEqual(client.welcome.access, porter.Access.AUTHENTICATE)
        name = self.fresh_name()
        granted = client.register(name, PASSWORD)
        self.assertEqual((granted.via, granted.name, granted.last_login_at), (porter.Via.REGISTER, name, 0))
        self.assertRegex(granted.token, r"\Aprt_[\w-]{43}\Z")
        client.close()
        resumed = self.client().resume(granted.token)
        self.assertEqual((resumed.via, resumed.session, resumed.token), (porter.Via.RESUME, granted.session, ""))

    def test_login_tells_of_the_previous_login(self):
        first = self.registered()
        self.assert_denied(Code.BAD_CREDENTIALS, self.client().login, first.granted.name, OTHER_PASSWORD)
        granted = self.client().login(first.granted.name, PASSWORD)
        self.assertEqual((granted.via, granted.failed_since), (porter.Via.LOGIN, 1))
        self.assertGreater(granted.last_login_at, 0)

    def test_texts_and_data_come_back_in_order(self):
        client = self.registered()
        sent = ["привет", b"\x00\xff", "", b"", "x" * (client.welcome.max_frame - 1)]
        for each in sent:
            client.send(each)
        self.assertEqual([client.receive() for _ in sent], sent)

    def test_many_messages_are_one_piece(self):
        client = self.registered()
        client.send_all(map(str, range(1000)))
        self.assertEqual([client.receive() for _ in range(1000)], [str(number) for number in range(1000)])

    def test_what_arrives_during_a_request_is_received_after_it(self):
        client = self.registered()
        client.send_all(["one", "two"])
        client.ping(b"p" * porter.PING_LIMIT)
        self.assertEqual([client.receive(0), client.receive(0)], ["one", "two"])
        with self.assertRaises(TimeoutError):
            client.receive(0)
        client.send("three")
        self.assertEqual(client.receive(), "three")

    def test_sessions_are_listed_and_revoked(self):
        client = self.registered()
        other = self.client()
        other.login(client.granted.name, PASSWORD)
        listed = client.list_sessions()
        self.assertEqual([(each.session, each.current) for each in listed],
                         [(client.granted.session, True), (other.granted.session, False)])
        client.revoke_session(other.granted.session)
        self.assert_closed(Code.SESSION_ENDED, other.receive)
        self.assert_closed(Code.SESSION_ENDED, other.send, "again: the reason stays")
        self.assert_denied(Code.NOT_FOUND, client.revoke_session, other.granted.session)

    def test_an_unknown_code_is_denied(self):
        client = self.client()
        self.assert_denied(Code.INVALID_CODE, client.redeem, "0000-0000", "Alice", PASSWORD)
        self.assertEqual(client.register("Without A Code", PASSWORD).name, "Without A Code")

    def test_a_changed_password_ends_other_sessions(self):
        client, other = self.registered(), self.client()
        other.login(client.granted.name, PASSWORD)
        self.assert_denied(Code.WEAK_PASSWORD, client.change_password, PASSWORD, "password1")
        client.change_password(PASSWORD, OTHER_PASSWORD)
        self.assert_closed(Code.SESSION_ENDED, other.receive)
        self.client().login(client.granted.name, OTHER_PASSWORD)

    def test_logout_ends_the_session_and_the_iteration(self):
        client = self.registered()
        client.send("last")
        client.logout()
        self.assertEqual(list(client), ["last"])
        self.assert_denied(Code.INVALID_TOKEN, self.client().resume, client.granted.token)

    def test_logout_of_every_session_closes_the_others(self):
        client, other = self.registered(), self.client()
        other.login(client.granted.name, PASSWORD)
        client.logout(every_session=True)
        self.assert_closed(Code.SESSION_ENDED, other.receive)

    def test_the_fifth_denial_closes(self):
        client = self.client()
        for _ in range(5):
            self.assert_denied(Code.INVALID_TOKEN, client.resume, "prt_" + "A" * 43)
        self.assert_closed(Code.TOO_MANY_ATTEMPTS, client.receive)

    def test_what_is_too_long_is_not_sent(self):
        client = self.client()
        self.assertRaises(ValueError, client.login, "Alice", "x" * porter.OPENING_LIMIT)
        self.assertRaises(ValueError, client.login, "Alice", "x" * 70000)
        client.register(self.fresh_name(), PASSWORD)
        self.assertRaises(ValueError, client.send, "x" * client.welcome.max_frame)
        client.ping()

    def test_a_closed_client_says_so(self):
        client = self.registered()
        client.close()
        client.close()
        self.assertRaises(ValueError, client.send, "late")
        self.assertRaises(ValueError, client.receive)

    def test_a_ping_that_is_too_long_closes(self):
        self.assert_closed(Code.PROTOCOL_ERROR, self.registered().ping, b"p" * (porter.PING_LIMIT + 1))


class WithAccountsOverTls(WithAccounts):
    tls = True

    def test_the_transport_is_tls_1_3_with_the_servers_key(self):
        client = self.client()
        self.assertEqual(client.socket.version(), "TLSv1.3")
        self.assertEqual(client.fingerprint, KeyPair.fingerprint_of(self.server.data / "tls-certificate.pem"))


class OpenAccess(ClientCase):
    options = ("--access", "open")

    def test_access_is_granted_at_once(self):
        client = self.client()
        self.assertEqual((client.granted.via, client.granted.name, client.granted.session), (porter.Via.OPEN, "", 0))
        self.assert_denied(Code.NOT_SUPPORTED, client.list_sessions)
        client.ping()


class IdentifyAccess(ClientCase):
    options = ("--access", "identify")

    def test_a_name_gives_access_and_the_address_is_known_next_time(self):
        address = self.fresh_address()
        client = self.client(address)
        self.assertIsNone(client.granted)
        self.assert_denied(Code.INVALID_NAME, client.identify, " ")
        self.assertEqual(client.identify("Alice").via, porter.Via.IDENTIFY)
        client.close()
        again = self.client(address)
        self.assertEqual((again.granted.via, again.granted.name), (porter.Via.ADDRESS, "Alice"))
        self.assertEqual(again.identify("Bob").name, "Bob")


class ServerThatStops(ClientCase):
    options = ("--access", "open")

    def test_the_reason_is_told(self):
        client = self.client()
        self.server.restart()
        self.assert_closed(Code.SHUTTING_DOWN, client.receive)


OPEN_GRANTED = message("granted", "open", "", 0, "", 0, 0, "", 0)
OPEN = message("welcome", 1, "open", MIB, "porterd/0.1.0", "") + OPEN_GRANTED


class Scripted(unittest.TestCase):
    def connect(self, *scripts, **options):
        server = ScriptedServer(*scripts)
        client = Client("127.0.0.1", server.port, tls=False, timeout=HANG_GUARD, **options)
        self.addCleanup(client.close)
        return server, client

    def assert_rejected(self, code, raw, greeting=OPEN):
        """The client rejects these bytes, and tells the server the code."""
        def script(connection):
            connection.expect("hello")
            connection.send_raw(greeting + raw)
            connection.expect_closing(code)

        server = ScriptedServer(script)
        with self.assertRaises(ProtocolError) as caught:
            Client("127.0.0.1", server.port, tls=False).receive()
        self.assertEqual(caught.exception.code.name.lower(), code)
        server.join()

    def test_malformed_frames_are_rejected(self):
        self.assert_rejected("protocol_error", header(0))
        for length in (MIB + 1025, *INVALID_LENGTHS):
            self.assert_rejected("frame_too_large", header(length))
        for payload in (b"\x00", b"\x86", b"\xff", message("hello", 1, "t")[4:], b"\x84", b"\x44\x00",
                        b"\x44\x00\x00\x00", b"\x44\x00\x00\x00\x05abc", b"\x44\x00\x00\x00\x00+",
                        b"\x42" + b"p" * 126):
            self.assert_rejected("protocol_error", frame(payload))
        for payload in (b"\x40\xff", b"\x44\x00\x00\x00\x01\xff", b"\x40\xed\xa0\x80"):
            self.assert_rejected("invalid_utf8", frame(payload))

    def test_a_malformed_welcome_is_rejected(self):
        self.assert_rejected("protocol_error", frame(b"\x81\x01\x07\x00\x10\x00\x00\x00\x00\x00\x00"), greeting=b"")
        self.assert_rejected("protocol_error", message("text", "early"), greeting=b"")
        self.assert_rejected("frame_too_large", header(4096 + 1025), greeting=b"")

    def test_the_largest_frame_of_a_server_is_received(self):
        def script(connection):
            grant_open_access(connection)
            connection.send("text", "x" * (MIB + 1023))
            wait_for_close(connection)

        server, client = self.connect(script)
        self.assertEqual(len(client.receive()), MIB + 1023)
        client.close()
        server.join()

    def test_pings_are_answered_and_unrequested_pongs_ignored(self):
        def script(connection):
            grant_open_access(connection)
            connection.send("pong", b"unrequested")
            connection.send("ping", b"alive?")
            connection.send("text", "after")
            connection.expect("pong", data=b"alive?")
            wait_for_close(connection)

        server, client = self.connect(script)
        self.assertEqual(client.receive(), "after")
        client.close()
        server.join()

    def test_a_receive_that_times_out_loses_nothing(self):
        timed_out = threading.Event()

        def script(connection):
            grant_open_access(connection)
            raw = message("text", "in two parts")
            connection.send_raw(raw[:7])
            self.assertTrue(timed_out.wait(HANG_GUARD))
            connection.send_raw(raw[7:])
            wait_for_close(connection)

        server, client = self.connect(script)
        self.assertRaises(TimeoutError, client.receive, 0.05)
        timed_out.set()
        self.assertEqual(client.receive(), "in two parts")
        client.close()
        server.join()

    def test_a_code_of_a_newer_server_is_a_number(self):
        def script(connection):
            grant_open_access(connection)
            connection.send_raw(frame(b"\x44\x03\xe8\x00\x03new"))

        server, client = self.connect(script)
        with self.assertRaises(ClosedError) as caught:
            client.receive()
        self.assertEqual((caught.exception.code, caught.exception.code.name), (1000, "CODE_1000"))
        self.assertEqual(str(caught.exception), "code_1000: new")
        server.join()

    def test_a_denial_says_when_to_retry_and_leaves_the_connection_open(self):
        def script(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", MIB, "porterd/0.1.0", "")
            connection.expect("login", name="Alice", password=PASSWORD)
            connection.send("denied", "throttled", 7, "too many failures")
            connection.expect("resume", token="prt_")
            connection.send_raw(OPEN_GRANTED)
            wait_for_close(connection)

        server, client = self.connect(script)
        with self.assertRaises(DeniedError) as caught:
            client.login("Alice", PASSWORD)
        denied = caught.exception
        self.assertEqual((denied.code, denied.retry_after, denied.reason), (Code.THROTTLED, 7, "too many failures"))
        client.resume("prt_")
        client.close()
        server.join()

    def test_a_stream_that_ends_without_closing_is_an_error(self):
        for raw in (b"", header(5), header(5) + b"\x40ab"):
            def script(connection, raw=raw):
                grant_open_access(connection)
                connection.send_raw(raw)

            server, client = self.connect(script)
            self.assertRaises(ConnectionError, client.receive)
            self.assertRaises(ConnectionError, client.send, "again: the error stays")
            server.join()

    def test_the_reason_is_found_when_sending_fails(self):
        closed = threading.Event()

        def script(connection):
            grant_open_access(connection)
            connection.send("text", "before")
            connection.send("closing", "idle", "bye")
            connection.close()
            closed.set()

        server, client = self.connect(script)
        self.assertTrue(closed.wait(HANG_GUARD))
        with self.assertRaises(ClosedError) as caught:
            for _ in range(100):  # the first one makes the server's system answer with a reset
                client.send("x" * 1000)
        self.assertEqual(caught.exception.code, Code.IDLE)
        self.assertEqual(client.receive(), "before")
        server.join()

    def test_a_reply_that_does_not_come_times_out(self):
        server = ScriptedServer(wait_for_close)
        self.assertRaises(TimeoutError, Client, "127.0.0.1", server.port, tls=False, timeout=0.05)
        server.join()

    def test_a_reply_that_comes_late_is_not_that_of_the_next_request(self):
        def script(connection):
            grant_open_access(connection)
            connection.expect("list_sessions")
            wait_for_close(connection)

        server, client = self.connect(script)
        client.timeout = 0.05
        self.assertRaises(TimeoutError, client.list_sessions)
        self.assertRaises(TimeoutError, client.list_sessions)
        server.join()


def echo(connection):
    grant_open_access(connection)
    while (got := connection.receive()) is not None and got.kind == "text":
        connection.send("text", got.text)


class Trust(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="porter-test-")))
        cls.pair, cls.other_pair = KeyPair(cls.folder, "key"), KeyPair(cls.folder, "other")
        cls.named = KeyPair(cls.folder, "named", "DNS:localhost,IP:127.0.0.1")
        cls.nameless = KeyPair.signed_by(cls.pair, cls.folder, "nameless", hosts="")

    def setUp(self):
        self.home = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="porter-test-")))
        self.known_servers = self.home / "porter" / "known_servers"

    def serve(self, script, pair=None, **options):
        self.server = ScriptedServer(script, tls=(pair or self.pair).context(**options))
        return self.server.port

    def assert_echoes(self, port, host="127.0.0.1", **options):
        with Client(host, port, timeout=HANG_GUARD, **options) as client:
            client.send("hello")
            self.assertEqual(client.receive(), "hello")
        self.server.join()

    def assert_untrusted(self, words, pair=None, **options):
        """The server gets no data, but close_notify and the end of the stream."""
        port = self.serve(expect_clean_close, pair)
        with self.assertRaisesRegex(UntrustedError, words):
            Client("127.0.0.1", port, timeout=HANG_GUARD, **options)
        self.server.join()

    def test_the_fingerprint_is_that_of_openssl(self):
        for pair in (self.pair, self.other_pair, self.nameless):
            certificate = ssl.PEM_cert_to_DER_cert(pair.certificate.read_text())
            self.assertEqual(porter.fingerprint_of(certificate), pair.fingerprint)
        rsa = self.folder / "rsa.pem"
        KeyPair._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", os.devnull, "-out", rsa,
                         "-subj", "/CN=" + "long name " * 5, "-addext", "subjectAltName=DNS:" + "a" * 60 + ".example")
        self.assertEqual(porter.fingerprint_of(ssl.PEM_cert_to_DER_cert(rsa.read_text())), KeyPair.fingerprint_of(rsa))

    def test_a_pinned_key_is_accepted_and_no_other(self):
        self.assert_echoes(self.serve(echo), trust=porter.pinned(self.pair.fingerprint))
        self.assert_untrusted("instead of SHA256:", self.other_pair, trust=porter.pinned(self.pair.fingerprint))

    def test_the_first_key_is_stored_and_another_one_rejected(self):
        port = self.serve(echo)
        self.assert_echoes(port, trust=porter.first_use(self.known_servers))
        stored = self.known_servers.read_text()
        self.assertRegex(stored, rf"\A127\.0\.0\.1:{port} SHA256:[\w+/]{{43}} \d{{4}}-\d\d-\d\d\n\Z")
        self.assertEqual(self.known_servers.stat().st_mode & 0o777, 0o600)
        check = porter.first_use(self.known_servers)
        check(f"127.0.0.1:{port}", self.pair.fingerprint)
        self.assertRaises(UntrustedError, check, f"127.0.0.1:{port}", self.other_pair.fingerprint)
        check("[::1]:7678", self.other_pair.fingerprint)
        self.assertEqual(self.known_servers.read_text().splitlines()[1].split()[0], "[::1]:7678")

    def test_an_untrusted_server_receives_nothing(self):
        self.known_servers.parent.mkdir(mode=0o700)
        text = "\n".join(f"127.0.0.1:{port} {self.pair.fingerprint}" for port in range(1024, 65536))
        self.known_servers.write_text(text)
        self.known_servers.chmod(0o600)
        self.assert_untrusted("instead of SHA256:", self.other_pair, trust=porter.first_use(self.known_servers))
        self.assertEqual(self.known_servers.read_text(), text)

    def test_lines_by_hand_are_understood_and_invalid_ones_an_error(self):
        self.known_servers.parent.mkdir(mode=0o700)
        self.known_servers.write_text(f"# mine\n\n  [LocalHost]:7678\t{self.pair.fingerprint}  a note\n"
                                      f"localhost:7678 {self.other_pair.fingerprint}")
        check = porter.first_use(self.known_servers)
        check("localhost:7678", self.pair.fingerprint)
        check("localhost:7678", self.other_pair.fingerprint)
        check("localhost:7679", self.pair.fingerprint)
        self.assertTrue(self.known_servers.read_text().splitlines()[4].startswith("localhost:7679 "))
        for line in ("localhost:7678", "localhost SHA256:" + "A" * 43, "localhost:7678 SHA256:short"):
            self.known_servers.write_text(line + "\n")
            with self.assertRaisesRegex(UntrustedError, "known_servers:1 is invalid"):
                check("other:7678", self.pair.fingerprint)

    def test_porter_and_the_python_client_share_known_servers(self):
        porterd = Server("--access", "open")
        self.addCleanup(porterd.remove)
        for client, other in ((PORTER, SCRIPT), (SCRIPT, PORTER)):
            home = self.home / pathlib.Path(client).name
            home.mkdir()
            for program in (client, other):
                command = [program] if program == PORTER else [sys.executable, "-B", program]
                done = run(*command, "127.0.0.1", porterd.port, "--trust-first-use", stdin=b"hello\n", home=home)
                self.assertEqual((done.returncode, done.out), (0, "hello\n"), done.err)
            self.assertEqual(len((home / "porter" / "known_servers").read_text().splitlines()), 1)
        porterd.stop()

    def test_an_authority_certifies_the_host(self):
        self.assert_echoes(self.serve(echo, self.named), authorities=self.named.certificate)
        self.assert_echoes(self.serve(echo, self.named), host="localhost", authorities=self.named.certificate)

    def test_a_certificate_of_an_unknown_authority_or_for_another_host_is_rejected(self):
        for pair, authority, host in ((self.named, self.other_pair, "127.0.0.1"), (self.pair, self.pair, "127.0.0.1"),
                                      (self.nameless, self.pair, "localhost")):
            port = self.serve(echo, pair)
            self.assertRaises(ssl.SSLCertVerificationError, Client, host, port, authorities=authority.certificate)
            self.server.join()

    def test_tls_1_2_and_another_alpn_are_rejected(self):
        trust = porter.pinned(self.pair.fingerprint)
        port = self.serve(echo, newest=ssl.TLSVersion.TLSv1_2)
        self.assertRaises(ssl.SSLError, Client, "127.0.0.1", port, trust=trust)
        self.server.join()
        port = self.serve(lambda connection: None, protocols=())
        self.assertRaises(ProtocolError, Client, "127.0.0.1", port, trust=trust)

    def test_a_stream_that_ends_without_close_notify_is_an_error(self):
        port = self.serve(grant_open_access)
        client = Client("127.0.0.1", port, trust=porter.pinned(self.pair.fingerprint))
        self.addCleanup(client.close)
        self.assertRaises(ssl.SSLEOFError, client.receive)
        self.server.join()


class Program(ServerCase):
    def porter(self, *arguments, stdin=b""):
        return run(sys.executable, "-B", SCRIPT, "127.0.0.1", self.server.port, *arguments, stdin=stdin,
                   home=self.server.folder)

    def test_a_pipe_is_echoed(self):
        password = self.server.folder / "password"
        password.write_text(PASSWORD + "\n")
        name = self.fresh_name()
        login = ("--trust-first-use", "--name", name, "--password-file", password)
        lines = "".join(f"строка {number}\n" for number in range(2000))
        done = self.porter(*login, "--register", stdin=lines.encode())
        self.assertEqual((done.returncode, done.err, done.out), (0, "", lines))
        done = self.porter(*login, stdin=b"\nwithout a line feed")
        self.assertEqual((done.returncode, done.err, done.out), (0, "", "\nwithout a line feed\n"))
        password.write_text(OTHER_PASSWORD)
        done = self.porter(*login)
        self.assertEqual((done.returncode, done.err),
                         (1, "porter.py: bad_credentials: the name or the password is wrong\n"))

    def test_what_is_missing_is_named(self):
        for words, arguments in (("authenticate access needs", ["--plain"]), ("certificate verify failed", []),
                                 ("authenticate access needs", ["--plain", "--name", "Alice"])):
            done = self.porter(*arguments)
            self.assertEqual((done.returncode, done.out, done.err.count("\n")), (1, "", 1), done.err)
            self.assertIn(words, done.err)


if __name__ == "__main__":
    unittest.main()
