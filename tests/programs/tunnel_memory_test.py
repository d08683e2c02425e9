"""A reader that pauses at either end of a tunnel: what porter and porterd keep for it has a bound."""
import hashlib
import threading
import unittest

from support.memory import ENVIRONMENT, MIB, resident
from support.server import Server
from support.tunnel import TunnelCase
from support.upstream import Upstream, chunks, send_until_blocked
from support.waiting import until

BLOCK = bytes(range(256)) * 4096
MUCH = 1024 * MIB
BUFFERED = 8 * MIB  # client_options::receive_buffer: up to here porter reads freely
SLACK = 32 * MIB
KERNEL = 64 * MIB  # what the sockets between the two ends may keep


class Pauses(TunnelCase):
    """The upstream is handle()."""

    options = ()

    def start(self, handle):
        upstream = Upstream(handle)
        self.addCleanup(upstream.close)
        self.tunnel_server = Server("--service", f"forward:{upstream.target}", env=ENVIRONMENT)
        self.addCleanup(self.tunnel_server.remove)
        self.log_in("Slow", self.tunnel_server)
        self.listener = self.listen(server=self.tunnel_server, env=ENVIRONMENT)
        self.before = self.memory()
        return upstream

    def memory(self):
        return resident(self.tunnel_server.process), resident(self.listener.process)

    def assert_bounds(self, porterd, porter):
        after = self.memory()
        growth = [end - begin for begin, end in zip(self.before, after)]
        self.assertLess(growth[0], porterd, "of porterd")
        self.assertLess(growth[1], porter, "of porter")

    def test_a_program_that_does_not_read(self):
        sent = []

        def send(connection):
            for _ in range(MUCH // len(BLOCK)):
                connection.sendall(BLOCK)
                sent.append(len(BLOCK))
        upstream = self.start(send)
        with self.listener.connect():
            until(lambda: sum(sent) >= BUFFERED, "porter has read what it reads freely")
            self.assertLess(sum(sent), BUFFERED + KERNEL)
            self.assert_bounds(SLACK, BUFFERED + SLACK)
        upstream.wait_until_ended(1)
        self.listener.stop()
        self.tunnel_server.stop()

    def test_an_upstream_that_does_not_read(self):
        reads, digests = threading.Event(), []

        def receive(connection):
            reads.wait()
            digest = hashlib.sha256()
            for some in chunks(connection):
                digest.update(some)
            digests.append(digest.hexdigest())
        self.start(receive)
        self.addCleanup(reads.set)
        with self.listener.connect() as local:
            sent = send_until_blocked(local, BLOCK, MUCH)
            self.assertLess(sent, KERNEL)
            self.assert_bounds(SLACK, SLACK)
            reads.set()
        expected = hashlib.sha256((BLOCK * (sent // len(BLOCK) + 1))[:sent]).hexdigest()
        until(lambda: expected in digests, "the upstream has read all")  # beside the connection of porter's first check
        self.listener.stop()
        self.tunnel_server.stop()


if __name__ == "__main__":
    unittest.main()
