"""--forward-identity proxy-v2: the header that tells the upstream program about the client, read by this test and by
HAProxy (docs/PROTOCOL.md, forwarding)."""
import queue
import shutil
import struct
import unittest

from support.case import PASSWORD, ServerCase
from support.peers import Haproxy
from support.server import Server
from support.upstream import ProxyHeader, Upstream, chunks, echo
from support.waiting import HANG_GUARD

UNIQUE_ID, SSL, NAME, VIA, SESSION = 0x05, 0x20, 0xe0, 0xe1, 0xe2
TLS_1_3 = b"\x01\x00\x00\x00\x01\x21\x00\x07TLSv1.3"  # by TLS, no client certificate, and the version


class IdentityCase(ServerCase):
    """The upstream keeps the header of each connection, and echoes the rest."""

    more_options = ()

    @classmethod
    def setUpClass(cls):
        cls.headers = queue.Queue()

        def handle(connection):
            cls.headers.put(ProxyHeader(connection))
            for some in chunks(connection):
                connection.sendall(some)
        cls.upstream = Upstream(handle)
        cls.addClassCleanup(cls.upstream.close)
        cls.options = ("--service", f"forward:{cls.upstream.target}", "--forward-identity", "proxy-v2",
                       *cls.more_options)
        super().setUpClass()

    def header_of(self, client):
        """The header that the upstream gets, once its connection works."""
        client.send("data", b"hello")
        self.assertEqual(client.expect("data").data, b"hello")
        header = self.headers.get(timeout=HANG_GUARD)
        self.assertEqual(header.command, 0x21)
        return header


class WithAccounts(IdentityCase):
    def test_the_header_has_the_addresses_the_account_and_the_session(self):
        for tls, name in ((False, "Алиса"), (True, "Боб")):
            with self.subTest(tls=tls):
                client = self.connect(tls=tls)
                granted = client.get_access("register", name, PASSWORD)
                header = self.header_of(client)
                self.assertEqual((header.client, header.client_port), client.socket.getsockname())
                self.assertEqual((header.server, header.server_port), client.socket.getpeername())
                self.assertRegex(header.values.pop(UNIQUE_ID), rb"\A[1-9][0-9]*\Z")
                expected = {NAME: name.encode(), VIA: b"\x03", SESSION: struct.pack(">Q", granted.session)}
                self.assertEqual(header.values, {**expected, **({SSL: TLS_1_3} if tls else {})})


class WithoutAccounts(IdentityCase):
    more_options = ("--access", "identify")

    def test_a_name_that_is_only_claimed_is_not_passed_on(self):
        client = self.start_access_phase()
        client.send("identify", "Mallory")
        client.expect("granted")
        header = self.header_of(client)
        self.assertEqual(set(header.values), {UNIQUE_ID, VIA})
        self.assertEqual(header.values[VIA], b"\x02")


class BehindAProxy(IdentityCase):
    more_options = ("--access", "open", "--tls", "off", "--proxy-from", "127.200.0.0/16")

    def test_the_addresses_are_those_of_the_first_header(self):
        client = self.connect("127.200.1.1")
        client.send_raw(b"PROXY TCP6 2001:db8::7 2001:db8::9 55555 443\r\n")
        client.hello()
        client.expect("granted")
        header = self.header_of(client)
        self.assertEqual((header.client, header.client_port), ("2001:db8::7", 55555))
        self.assertEqual((header.server, header.server_port), ("2001:db8::9", 443))


@unittest.skipUnless(shutil.which("haproxy"), "haproxy is missing")
class ThroughHaproxy(unittest.TestCase):
    def test_haproxy_reads_the_header(self):
        upstream = Upstream(echo)
        self.addCleanup(upstream.close)
        haproxy = Haproxy(upstream.target, "id=%[fc_pp_unique_id] from=%[src]:%[src_port] to=%[dst]:%[dst_port].")
        self.addCleanup(haproxy.remove)
        server = Server("--access", "open", "--service", f"forward:{haproxy.target}", "--forward-identity", "proxy-v2")
        self.addCleanup(server.remove)
        client = server.connect("127.1.2.3")
        self.addCleanup(client.close)
        client.hello()
        client.expect("granted")
        client.send("data", b"through haproxy")
        self.assertEqual(client.expect("data").data, b"through haproxy")
        address, client_port = client.socket.getsockname()
        client.send("closing", "normal", "")
        expected = f"id=1 from={address}:{client_port} to=127.0.0.1:{server.port}."
        while expected not in (line := haproxy.log_line()):
            self.assertNotIn("id=1", line)
        server.stop()


if __name__ == "__main__":
    unittest.main()
