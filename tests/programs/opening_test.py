"""The opening: the first byte, hello, the limits and timeouts before access (docs/PROTOCOL.md; SECURITY.md: N1)."""
import unittest

from support.case import ServerCase
from support.wire import INVALID_LENGTHS, KIND, OPENING_LIMIT, frame, header, message


class Hello(ServerCase):
    def test_the_welcome_has_version_access_limit_and_server(self):
        welcome = self.connect().hello()
        self.assertEqual((welcome.access, welcome.max_frame, welcome.known_as), ("authenticate", 1 << 20, ""))
        self.assertRegex(welcome.server, r"^porterd/\d+\.\d+\.\d+$")

    def test_a_minimal_hello_is_answered_with_welcome(self):
        client = self.connect()
        client.send_raw(bytes.fromhex("00000005 01 01 0001 74"))
        client.expect("welcome", version=1)

    def test_another_version_is_rejected_with_the_supported_versions(self):
        for version in (0, 2, 255):
            with self.subTest(version=version):
                client = self.connect()
                client.send("hello", version, "from the future")
                self.assertRegex(client.expect_closing("unsupported_version").reason, r"\b1\b")

    def test_a_hello_of_another_version_is_not_decoded_further(self):
        for rest in (b"", b"\xff" * 3, b"x" * 4000):
            with self.subTest(rest=rest[:4]):
                client = self.connect()
                client.send_raw(frame(bytes([KIND["hello"], 9]) + rest))
                client.expect_closing("unsupported_version")

    def test_a_hello_without_a_version_is_a_protocol_error(self):
        client = self.connect()
        client.send_raw(frame(bytes([KIND["hello"]])))
        client.expect_closing("protocol_error")

    def test_the_agent_may_be_empty(self):
        self.connect().hello(agent="")


class FirstByte(ServerCase):
    def test_a_first_byte_of_neither_tls_nor_a_frame_is_a_protocol_error(self):
        for first in range(256):
            if first not in (0x00, 0x16):
                with self.subTest(first=hex(first)):
                    client = self.connect()
                    client.send_raw(bytes([first]))
                    client.expect_closing("protocol_error")
                    client.close()

    def test_another_protocol_is_a_protocol_error(self):
        for opening in (b"GET / HTTP/1.1\r\nHost: porter\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n",
                        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", b"\r\n\r\n\x00\r\nQUIT\n"):
            with self.subTest(opening=opening):
                client = self.connect()
                client.send_raw(opening)
                client.expect_closing("protocol_error")

    def test_a_garbled_tls_hello_closes_only_its_connection(self):
        client, other = self.connect(), self.connect()
        client.send_raw(b"\x16\x03\x01\x00\x05hello" + b"\x16" * 200)
        client.half_close()
        while client.socket.recv(4096):
            pass
        other.hello()


class BeforeAccess(ServerCase):
    def test_a_hello_of_exactly_the_opening_limit_is_accepted(self):
        agent = "a" * (OPENING_LIMIT - 4)
        client = self.connect()
        client.send("hello", 1, agent)
        client.expect("welcome")

    def test_a_frame_over_the_opening_limit_is_too_large(self):
        first, second = self.connect(), self.connect()
        first.send_raw(header(OPENING_LIMIT + 1))
        first.expect_closing("frame_too_large")
        second.hello()
        second.send_raw(header(OPENING_LIMIT + 1))
        second.expect_closing("frame_too_large")

    def test_a_length_of_0_is_a_protocol_error(self):
        first, second = self.connect(), self.connect()
        first.send_raw(header(0))
        first.expect_closing("protocol_error")
        second.hello()
        second.send_raw(header(0))
        second.expect_closing("protocol_error")

    def test_invalid_lengths_after_hello_are_too_large(self):
        for length in INVALID_LENGTHS:
            with self.subTest(length=hex(length)):
                client = self.start_access_phase()
                client.send_raw(header(length) + b"\x04")
                client.expect_closing("frame_too_large")

    def test_invalid_lengths_before_hello_are_a_protocol_error(self):
        for length in INVALID_LENGTHS:
            with self.subTest(length=hex(length)):
                client = self.connect()
                client.send_raw(header(length) + b"\x01")
                client.expect_closing("protocol_error")

    def test_a_string_longer_than_its_body_is_a_protocol_error(self):
        for body in (b"\x01", b"\x01\x00", b"\x01\x00\x05abcd", b"\x01\xff\xff"):
            with self.subTest(body=body):
                client = self.connect()
                client.send_raw(frame(b"\x01" + body))
                client.expect_closing("protocol_error")

    def test_trailing_bytes_are_a_protocol_error(self):
        for raw in (b"\x05\x00\x01t!", b"\x04\x00\x01n\x00\x01p!"):
            with self.subTest(raw=raw):
                client = self.start_access_phase()
                client.send_raw(frame(raw))
                client.expect_closing("protocol_error")

    def test_a_string_that_is_not_utf_8_is_invalid_utf8(self):
        client = self.start_access_phase()
        client.send("login", b"\xff\xfe", "password")
        client.expect_closing("invalid_utf8")
        client = self.connect()
        client.send("hello", 1, b"\xff")
        client.expect_closing("invalid_utf8")


class LoginGrace(ServerCase):
    options = ("--login-grace", "300ms")

    def test_a_silent_connection_times_out(self):
        self.connect().expect_closing("timeout")

    def test_a_connection_that_sends_only_hello_times_out(self):
        client = self.connect()
        client.send("hello", 1, "t")
        client.expect("welcome")
        client.expect_closing("timeout")

    def test_half_a_frame_does_not_extend_the_timeout(self):
        client = self.connect()
        client.send_raw(message("hello", 1, "t")[:6])
        client.expect_closing("timeout")


class IdleTimeout(ServerCase):
    options = ("--access", "open", "--idle-timeout", "300ms")

    def test_a_silent_connection_with_access_is_closed_as_idle(self):
        client = self.connect_with_access()
        client.expect_closing("idle")


class LoginGraceAfterAccess(ServerCase):
    options = ("--access", "open", "--login-grace", "1s")

    def test_the_login_grace_ends_with_access(self):
        client, silent = self.connect_with_access(), self.connect()
        silent.expect_closing("timeout")  # so the login grace of the first connection is over, too
        client.expect_alive()


class Full(ServerCase):
    options = ("--access", "open", "--max-connections", "6", "--max-connections-per-address", "2")

    def close_all(self, clients):
        for client in clients:
            client.send("closing", "normal", "")
            client.expect_end()
            client.close()

    def test_a_connection_over_the_limit_is_rejected_with_server_full(self):
        clients = [self.connect_with_access() for _ in range(6)]
        self.connect().expect_closing("server_full")
        self.close_all(clients)
        self.close_all([self.connect_when_free(None)])

    def test_a_connection_over_the_limit_of_its_address_is_rejected_and_others_are_not(self):
        address = self.fresh_address()
        clients = [self.connect_with_access(address) for _ in range(2)]
        self.connect(address).expect_closing("server_full")
        clients.append(self.connect_with_access())
        self.close_all(clients)
        self.close_all([self.connect_when_free(address)])

    def connect_when_free(self, address):
        """Connects until the server has released a slot."""
        while True:
            client = self.connect(address)
            try:
                client.send("hello", 1, "t")
                first = client.receive()
            except ConnectionError:
                continue
            if first.kind == "welcome":
                client.expect("granted")
                return client
            self.assertEqual((first.kind, first.code), ("closing", "server_full"))
            client.close()


if __name__ == "__main__":
    unittest.main()
