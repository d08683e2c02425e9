"""The PROXY protocol: required of the addresses of --proxy-from, rejected from others (SECURITY.md: N10)."""
import contextlib
import socket
import struct
import unittest

from support.case import PASSWORD, ServerCase
from support.waiting import until
from support.wire import message

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def version_1(address):
    return f"PROXY TCP4 {address} 198.51.100.9 55555 7678\r\n".encode()


def version_2(address, command=0x21, extensions=b"", length_error=0):
    family = 0x21 if ":" in address else 0x11
    addresses = b"".join(socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, each)
                         for each in (address, "2001:db8::9" if ":" in address else "198.51.100.9"))
    body = addresses + struct.pack(">HH", 55555, 7678) + extensions
    return SIGNATURE + struct.pack(">BBH", command, family, len(body) + length_error) + body


class WithoutProxies(ServerCase):
    def test_a_header_where_no_proxy_is_expected_is_a_protocol_error(self):
        for header in (version_1("192.0.2.1"), version_2("192.0.2.1"), version_2("2001:db8::1"), SIGNATURE):
            with self.subTest(header=header):
                client = self.connect()
                client.send_raw(header + message("hello", 1, "t"))
                client.expect_closing("protocol_error")
        until(lambda: self.server.log().count("connection_closed") == 4, "each close is logged")
        self.assertNotIn("192.0.2.1", self.server.log())


class BehindProxies(ServerCase):
    """127.200.0.0/16 and 127.201.2.2 are proxies. TLS is off, as it would be required of clients on other machines.
    A test that reads the log has a proxy of its own: the closes of other tests are logged whenever they happen."""

    options = ("--tls", "off", "--proxy-from", "127.200.0.0/16", "--proxy-from", "127.201.2.2",
               "--max-connections-per-address", "4")
    def connect_behind(self, header, proxy="127.200.1.1"):
        client = self.connect(proxy)
        client.send_raw(header)
        return client

    def test_both_versions_carry_the_address_of_the_client(self):
        headers = {"192.0.2.1": version_1("192.0.2.1"), "192.0.2.2": version_2("192.0.2.2"),
                   "2001:db8::3": version_2("2001:db8::3"), "192.0.2.4": version_2("::ffff:192.0.2.4")}
        proxies = ("127.200.2.2", "127.201.2.2")
        for number, (address, header) in enumerate(headers.items()):
            for proxy in proxies:
                with self.subTest(address=address, proxy=proxy):
                    client = self.connect_behind(header, proxy)
                    client.get_access("register", f"Behind {number} {proxy}", PASSWORD)
                    self.assertEqual(client.request("list_sessions").sessions[0].address, address)
                    client.close()
                    self.server.expect_log(f"connection_closed address={address} ")
        for proxy in proxies:
            self.assertNotIn(f"address={proxy} ", self.server.log())

    def test_a_header_is_required_of_a_proxy(self):
        client = self.connect_behind(message("hello", 1, "t"))
        client.expect_closing("protocol_error")

    def test_a_header_from_another_address_is_a_protocol_error(self):
        self.connect().hello()
        client = self.connect()
        client.send_raw(version_1("192.0.2.1"))
        client.expect_closing("protocol_error")

    def test_a_malformed_header_is_a_protocol_error(self):
        for header in (b"PROXY TCP4 192.0.2.1\r\n", b"PROXY UNKNOWN " + b"x" * 94,
                       version_2("192.0.2.1", length_error=-1), version_2("192.0.2.1", length_error=5000),
                       version_2("192.0.2.1", command=0x31)):
            with self.subTest(header=header[:40]):
                self.connect_behind(header).expect_closing("protocol_error")

    def test_a_tls_handshake_without_a_header_is_closed_silently(self):
        with contextlib.suppress(ConnectionResetError):
            self.assertIsNone(self.connect_behind(b"\x16\x03\x01", "127.200.3.3").receive())
        self.server.expect_log("connection_closed address=127.200.3.3 .*code=protocol_error")

    def test_a_header_that_is_too_long_consumes_no_frame_of_another_connection(self):
        client = self.connect_behind(version_2("192.0.2.9", length_error=9) + message("hello", 1, "t"))
        other = self.connect_behind(version_2("192.0.2.10"))
        other.hello()
        client.send_raw(message("hello", 1, "t"))  # the first hello was read as the rest of the header
        client.expect("welcome")

    def test_extensions_are_skipped(self):
        self.connect_behind(version_2("192.0.2.1", extensions=b"\x04\x00\x03abc" * 50)).hello()

    def test_a_health_check_has_the_address_of_the_proxy(self):
        client = self.connect_behind(SIGNATURE + b"\x20\x00\x00\x00", "127.200.4.4")
        client.hello()
        client.close()
        self.server.expect_log("connection_closed address=127.200.4.4 ")

    def test_clients_are_limited_by_their_address_and_the_proxy_is_not(self):
        clients = [self.connect_behind(version_1(f"203.0.113.{number}")) for number in range(20)]
        for client in clients:
            client.hello()
        same = []
        for _ in range(3):  # half of four may be without access; in order, as each I/O thread has its own pace
            same.append(self.connect_behind(version_1("203.0.113.100")))
            same[-1].hello()
        same[0].expect_closing("server_full")


class TlsBehindProxies(ServerCase):
    """Whether TLS is required depends on the address of the client, as its bytes crossed a network."""

    options = ("--proxy-from", "127.200.0.0/16")

    def connect_behind(self, address):
        client = self.connect("127.200.1.1")
        client.send_raw(version_2(address))
        return client

    def test_a_client_on_another_machine_must_speak_tls(self):
        client = self.connect_behind("192.0.2.1")
        client.send("hello", 1, "t")
        client.expect_closing("tls_required")

    def test_a_handshake_may_follow_the_header(self):
        client = self.connect_behind("192.0.2.1").start_tls()
        client.get_access("register", self.fresh_name(), PASSWORD)
        self.assertEqual(client.request("list_sessions").sessions[0].address, "192.0.2.1")


if __name__ == "__main__":
    unittest.main()
