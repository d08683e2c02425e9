"""Those who send much and read nothing: what they cost, and how they end (promise N6)."""
import os
import pathlib
import unittest

from support.case import ServerCase
from support.server import Server
from support.waiting import until
from support.wire import message

KIB = 1024
FLOODS = 40
TEXTS = 100_000
MOST = 320 * KIB  # bytes that such a connection may cost


class NeverReads(ServerCase):
    options = ("--access", "open", "--threads", "1")

    @classmethod
    def setUpClass(cls):
        # ASan keeps what was freed for a while: without that its memory is the server's own.
        keep_nothing = "quarantine_size_mb=0:thread_local_quarantine_size_kb=0:allocator_release_to_os_interval_ms=0"
        sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":" + keep_nothing
        cls.server = Server(*cls.options, env={"ASAN_OPTIONS": sanitizer})
        cls.addClassCleanup(cls.server.remove)

    def memory(self):
        statm = pathlib.Path(f"/proc/{self.server.process.pid}/statm").read_text()
        return int(statm.split()[1]) * 4 * KIB

    def test_the_server_stops_reading_keeps_little_and_closes_in_the_end(self):
        other = self.connect_with_access()
        lazy = [self.connect_with_access() for _ in range(FLOODS)]
        before = self.memory()
        stream = message("text", "x" * 95) * TEXTS
        left = {client: memoryview(stream) for client in lazy}
        for client in lazy:
            client.socket.setblocking(False)

        def push():
            """False while the server still takes something."""
            taken = 0
            for client, rest in left.items():
                try:
                    size = client.socket.send(rest[:1 << 16])
                except BlockingIOError:
                    continue
                left[client] = rest[size:]
                taken += size
            other.expect_alive()
            return taken == 0

        quiet = 0
        while quiet < 50:  # it is taken up for good only when nothing is for a while
            quiet = quiet + 1 if push() else 0
        self.assertTrue(all(left.values()), "the server takes everything although nobody reads")
        self.assertLess((self.memory() - before) / FLOODS, MOST)
        until(lambda: self.server.log().count("code=slow_consumer") == FLOODS, "they are told that they are too slow")
        other.expect_alive()


if __name__ == "__main__":
    unittest.main()
