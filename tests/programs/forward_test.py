"""The service forward: bytes between clients and a program behind porterd (docs/PROTOCOL.md, forwarding)."""
import hashlib
import os
import pathlib
import queue
import resource
import socket
import tempfile
import threading
import unittest

from support.administrator import AdministratorCase
from support.case import PASSWORD, ServerCase
from support.server import Server, checks_types_at_run_time, run, PORTERD
from support.upstream import Upstream, chunks, echo, send_until_blocked
from support.waiting import HANG_GUARD, until
from support.wire import MIB, Connection, message

LARGE = 64 * MIB


def send_all(client, total, seed):
    """Sends data of this many bytes in frames of different sizes; returns its digest."""
    block = hashlib.sha256(seed).digest() * (MIB // 32)
    digest, sent, number = hashlib.sha256(), 0, 0
    while sent < total:
        piece = block[:min(total - sent, (1, 1000, 65_531, MIB - 1)[number % 4])]
        client.send("data", piece)
        digest.update(piece)
        sent += len(piece)
        number += 1
    return digest.hexdigest()


def receive_bytes(client, total):
    """The bodies of the next data messages, until this many bytes have come."""
    received = bytearray()
    while len(received) < total:
        received += client.expect("data").data
    assert len(received) == total, "more came than was sent"
    return bytes(received)


def in_thread(function, *arguments):
    """Starts a thread; join() of what is returned gives the function's result."""
    results = queue.Queue()
    thread = threading.Thread(target=lambda: results.put(function(*arguments)))
    thread.start()

    def join():
        result = results.get(timeout=HANG_GUARD)
        thread.join()
        return result
    return join


class UpstreamCase(ServerCase):
    """A server whose upstream program is the handler of make_handler()."""

    path = None  # of the upstream's UNIX socket

    @classmethod
    def setUpClass(cls):
        cls.upstream = Upstream(cls.make_handler(), path=cls.path)
        cls.addClassCleanup(cls.upstream.close)
        cls.options = ("--service", f"forward:{cls.upstream.target}", *cls.options)
        super().setUpClass()

    @classmethod
    def make_handler(cls):
        return echo


class OpenCase(UpstreamCase):
    options = ("--access", "open")

    def tunnel(self, tls=False):
        client = self.connect(tls=tls)
        client.hello()
        client.expect("granted")
        return client


class Echo(OpenCase):
    def test_the_bodies_of_texts_and_data_are_bytes_in_order(self):
        for tls in (False, True):
            with self.subTest(tls=tls):
                client = self.tunnel(tls)
                client.send_raw(b"".join(message("text" if i % 3 else "data", str(i % 10).encode())
                                         for i in range(1000)) + message("data", b"") + message("text", b""))
                self.assertEqual(receive_bytes(client, 1000), b"0123456789" * 100)
                client.expect_alive()

    def test_much_in_both_directions_at_once(self):
        for tls in (False, True):
            with self.subTest(tls=tls):
                client = self.tunnel(tls)
                receive = in_thread(lambda c=client: hashlib.sha256(receive_bytes(c, LARGE)).hexdigest())
                self.assertEqual(send_all(client, LARGE, b"seed"), receive())

    def test_two_hundred_tunnels_at_once(self):
        clients = [self.tunnel(tls=i % 2 == 1) for i in range(200)]
        for number, client in enumerate(clients):
            client.send("data", str(number).encode() * 1000)
        for number, client in enumerate(clients):
            expected = str(number).encode() * 1000
            self.assertEqual(receive_bytes(client, len(expected)), expected)

    def test_a_client_that_closes_ends_its_upstream_connection(self):
        for close in (lambda c: c.send("closing", "normal", ""), Connection.reset, Connection.close):
            before = self.upstream.ended
            client = self.tunnel()
            client.send("data", b"hello")
            receive_bytes(client, 5)
            close(client)
            self.upstream.wait_until_ended(before + 1)

    def test_a_half_close_is_passed_on_and_the_rest_comes_back(self):
        for tls in (False, True):
            with self.subTest(tls=tls):
                client = self.tunnel(tls)
                client.send("data", b"x" * 100_000)
                client.half_close()
                self.assertEqual(receive_bytes(client, 100_000), b"x" * 100_000)
                self.assertEqual(client.expect_closing("normal").reason, "the upstream has closed its side")


class EndsFirst(OpenCase):
    """The upstream says bye, shuts down its sending side and goes on reading."""

    received = queue.Queue()

    @classmethod
    def make_handler(cls):
        def handle(connection):
            connection.sendall(b"bye")
            connection.shutdown(socket.SHUT_WR)
            cls.received.put(b"".join(chunks(connection)))
        return handle

    def test_what_the_client_sends_afterwards_arrives(self):
        for tls in (False, True):
            with self.subTest(tls=tls):
                client = self.tunnel(tls)
                self.assertEqual(receive_bytes(client, 3), b"bye")
                client.expect("closing", code="normal")
                client.expect_end()
                for _ in range(100):
                    client.send("data", b"y" * 10_000)
                client.send("closing", "normal", "")
                self.assertEqual(self.received.get(timeout=HANG_GUARD), b"y" * 1_000_000)


class SmallFrames(OpenCase):
    options = (*OpenCase.options, "--max-frame", "4KiB")

    def test_no_message_is_over_the_limit_of_the_client(self):
        client = self.tunnel()
        sender = in_thread(lambda: [client.send("data", b"z" * 4095) for _ in range(100)])
        received = 0
        while received < 409_500:
            piece = client.expect("data").data
            self.assertLessEqual(len(piece), 4095)
            received += len(piece)
        sender()


class SlowUpstream(OpenCase):
    """The upstream reads nothing until the test lets it."""

    release = threading.Event()
    digests = queue.Queue()

    @classmethod
    def make_handler(cls):
        def handle(connection):
            cls.release.wait(HANG_GUARD)
            digest = hashlib.sha256()
            for some in chunks(connection):
                digest.update(some)
            cls.digests.put(digest.hexdigest())
        return handle

    def setUp(self):
        type(self).digests = queue.Queue()  # without that of a connection of the test before
        self.release.clear()
        self.addCleanup(self.release.set)

    def test_the_client_is_not_read_from_while_the_upstream_is_full(self):
        client = self.tunnel()
        frame = message("data", os.urandom(65_531))
        sent = send_until_blocked(client.socket, frame, LARGE)
        self.assertLess(sent, LARGE)
        self.release.set()
        rest = frame[sent % len(frame):] if sent % len(frame) else b""
        client.send_raw(rest)
        client.half_close()
        digest = hashlib.sha256()
        for _ in range((sent + len(rest)) // len(frame)):
            digest.update(frame[5:])
        self.assertEqual(self.digests.get(timeout=HANG_GUARD), digest.hexdigest())
        client.expect_closing("normal")

    def test_a_reset_is_noticed_while_the_upstream_is_full(self):
        before = self.upstream.ended
        client = self.tunnel()
        send_until_blocked(client.socket, message("data", b"r" * 65_531), LARGE)
        client.reset()
        until(lambda: "connection_lost" in self.server.log(), "the reset is logged")
        self.release.set()
        self.upstream.wait_until_ended(before + 1)


class SlowClient(OpenCase):
    sent = queue.Queue()
    block = os.urandom(100_000)

    @classmethod
    def make_handler(cls):
        def handle(connection):
            cls.sent.put(send_until_blocked(connection, cls.block, LARGE))
        return handle

    def test_the_upstream_is_not_read_from_while_the_client_is_slow(self):
        for tls in (False, True):
            with self.subTest(tls=tls):
                client = self.tunnel(tls)
                sent = self.sent.get(timeout=HANG_GUARD)
                self.assertLess(sent, LARGE)
                expected = (self.block * (sent // len(self.block) + 1))[:sent]
                self.assertTrue(receive_bytes(client, sent) == expected)
                client.expect_closing("normal")


class Accounts(UpstreamCase, AdministratorCase):
    """With accounts; the upstream listens on a UNIX socket."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.path = pathlib.Path(folder.name) / "upstream.sock"
        super().setUpClass()

    def test_a_revoked_session_ends_both_connections(self):
        before = self.upstream.ended
        account = self.account()
        client = self.log_in(account)
        client.send("data", b"hello")
        receive_bytes(client, 5)
        self.ctl("sessions", "revoke", operands=(client.granted.session,))
        client.expect_closing("session_ended")
        self.upstream.wait_until_ended(before + 2)

    def test_requests_are_answered_beside_the_bytes(self):
        client = self.connect()
        client.get_access("register", self.fresh_name(), PASSWORD)
        client.send("data", b"hello")
        self.assertEqual(receive_bytes(client, 5), b"hello")
        self.assertEqual(client.request("list_sessions").kind, "sessions")


class Unavailable(unittest.TestCase):
    def serve(self, target, *options):
        server = Server("--access", "open", "--service", f"forward:{target}", *options)
        self.addCleanup(server.remove)
        return server

    def tunnel(self, server):
        client = server.connect()
        self.addCleanup(client.close)
        client.hello()
        client.expect("granted")
        return client

    def test_an_upstream_that_is_not_there_is_unavailable(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # it does not listen
            for target in (f"127.0.0.1:{taken.getsockname()[1]}", "no-such-host.invalid:80", "unix:/nonexistent/sock"):
                with self.subTest(target=target):
                    server = self.serve(target)
                    closing = self.tunnel(server).expect_closing("unavailable")
                    self.assertIn("upstream", closing.reason)
                    self.assertNotIn(target.rpartition(":")[0], closing.reason)
                    until(lambda s=server: "upstream_unavailable" in s.log(), "it is logged")
                    self.assertIn(target, server.log())
                    server.stop()

    def test_an_upstream_that_is_killed_and_started_again(self):
        first = Upstream(echo)
        self.addCleanup(first.close)
        server = self.serve(first.target)
        client = self.tunnel(server)
        client.send("data", b"hello")
        receive_bytes(client, 5)
        first.kill()
        client.expect_closing("unavailable")
        until(lambda: "upstream_lost" in server.log(), "it is logged")
        self.tunnel(server).expect_closing("unavailable")
        second = Upstream(echo, port=first.port)
        self.addCleanup(second.close)
        client = self.tunnel(server)
        client.send("data", b"again")
        self.assertEqual(receive_bytes(client, 5), b"again")
        server.stop()

    def test_a_stop_ends_both_connections(self):
        upstream = Upstream(echo)
        self.addCleanup(upstream.close)
        server = self.serve(upstream.target)
        client = self.tunnel(server)
        client.send("data", b"hello")
        receive_bytes(client, 5)
        server.stop()
        client.expect_closing("shutting_down")
        upstream.wait_until_ended(1)

    def test_wrong_values_are_rejected(self):
        for service in ("forward", "forward:", "forward:localhost", "forward:localhost:0", "forward:::1:80",
                        "forward:unix:relative", "forward:unix:/" + "x" * 107):
            with self.subTest(service=service):
                done = run(PORTERD, "--check", "--service", service)
                self.assertIn(done.returncode, (64, 78), done.err)
        done = run(PORTERD, "--check", "--forward-identity", "proxy-v2")
        self.assertEqual(done.returncode, 78)
        self.assertIn("--service forward", done.err)


class Descriptors(unittest.TestCase):
    """A tunnel takes two descriptors of porterd: one for the client and one for the upstream (SECURITY.md: N4, N7)."""

    def setUp(self):
        self.upstream = Upstream(echo)
        self.addCleanup(self.upstream.close)

    def serve(self, *options, prefix=()):
        server = Server("--access", "open", "--threads", "1", "--service", f"forward:{self.upstream.target}", *options,
                        prefix=prefix)
        self.addCleanup(server.remove)
        return server

    def connect(self, server, address=None):
        client = server.connect(address)
        self.addCleanup(client.close)
        return client

    def tunnel(self, server, address=None):
        client = self.connect(server, address)
        client.hello()
        client.expect("granted")
        return client

    def assert_is_echoed(self, client, text):
        client.send("data", text)
        self.assertEqual(receive_bytes(client, len(text)), text)

    def test_as_many_tunnels_as_the_descriptors_allow_are_admitted_and_no_more(self):
        server = self.serve(prefix=("sh", "-c", 'ulimit -n 193; exec "$0" "$@"'))
        limited = [line for line in server.log().splitlines() if "connections_limited" in line]
        self.assertEqual(len(limited), 1)
        self.assertRegex(limited[0], "warn.*wanted=20000 connections=31 descriptors=193 needed=40131 .*ulimit -n")
        tunnels = []
        for number in range(1, 32):
            tunnels.append(self.tunnel(server, f"127.0.6.{number}"))
            self.assert_is_echoed(tunnels[-1], str(number).encode())
        self.connect(server, "127.0.6.32").expect_closing("server_full")
        for client in tunnels:
            self.assert_is_echoed(client, b"still there")
        for event in ("accept_failed", "upstream_unavailable"):
            self.assertNotIn(event, server.log())
        server.stop()

    @unittest.skipIf(checks_types_at_run_time(), "UBSan itself needs descriptors; try a release build")
    def test_without_a_free_descriptor_the_client_is_told_and_a_later_one_gets_its_tunnel(self):
        server = self.serve("--log-level", "debug")
        client = self.connect(server)
        until(lambda: "connection_accepted" in server.log(), "the client has its descriptor")
        before = server.set_limit(resource.RLIMIT_NOFILE, 3)  # these are open
        client.hello()
        client.expect("granted")
        closing = client.expect_closing("unavailable")
        self.assertEqual(closing.reason, "the server has no free descriptor: try again later")
        until(lambda: "upstream_unavailable" in server.log(), "the reason is logged")
        server.expect_log('upstream_unavailable .*why="Too many open files"')
        server.set_limit(resource.RLIMIT_NOFILE, before)
        self.assert_is_echoed(self.tunnel(server), b"again")
        server.stop()


if __name__ == "__main__":
    unittest.main()
