"""Connections that send much and read nothing: their memory, and their end (SECURITY.md: N6)."""
import unittest

from support.case import ServerCase
from support.memory import ENVIRONMENT, resident
from support.waiting import until
from support.wire import message

KIB = 1024
CONNECTIONS = 40
TEXTS = 100_000
MEMORY_LIMIT = 320 * KIB  # for each connection


class NeverReads(ServerCase):
    options = ("--access", "open", "--threads", "1")
    environment = ENVIRONMENT

    def memory(self):
        return resident(self.server.process)

    def test_the_server_stops_reading_and_closes_the_slow_consumers(self):
        other = self.connect_with_access()
        slow = [self.connect_with_access() for _ in range(CONNECTIONS)]
        before = self.memory()
        stream = message("text", "x" * 95) * TEXTS
        unsent = {client: memoryview(stream) for client in slow}
        for client in slow:
            client.socket.setblocking(False)

        def push():
            """Sends what the server accepts; returns True if that is nothing."""
            sent = 0
            for client, rest in unsent.items():
                try:
                    size = client.socket.send(rest[:1 << 16])
                except BlockingIOError:
                    continue
                unsent[client] = rest[size:]
                sent += size
            other.expect_alive()
            return sent == 0

        idle_rounds = 0
        while idle_rounds < 50:  # the server may read again after a pause
            idle_rounds = idle_rounds + 1 if push() else 0
        self.assertTrue(all(unsent.values()), "the server reads on although its output is not read")
        self.assertLess((self.memory() - before) / CONNECTIONS, MEMORY_LIMIT)
        until(lambda: self.server.log().count("code=slow_consumer") == CONNECTIONS, "all are closed as slow consumers")
        other.expect_alive()


if __name__ == "__main__":
    unittest.main()
