"""The service chat over real sockets, on two I/O threads."""
import signal
import unittest

from support.case import PASSWORD, ServerCase
from support.server import Server
from support.waiting import until
from support.wire import message


class Chat(ServerCase):
    options = ("--access", "authenticate", "--service", "chat", "--threads", "2", "--hash-threads", "1")

    def test_texts_and_arrivals_reach_the_others(self):
        ann = self.connect()
        ann.get_access("register", "Ann", PASSWORD)
        ann.expect_alive()  # alone, without a line
        bob = self.connect()
        bob.get_access("register", "Bob", PASSWORD)
        bob.expect("text", text="* here: Ann")
        ann.expect("text", text="* Bob has joined")
        cleo = self.connect()
        cleo.get_access("register", "Cleo", PASSWORD)
        cleo.expect("text", text="* here: Ann, Bob")
        for other in (ann, bob):
            other.expect("text", text="* Cleo has joined")
        for count in range(100):
            ann.send("text", f"line {count}\nof Ann")
        for other in (bob, cleo):
            for count in range(100):
                other.expect("text", text=f"Ann: line {count} of Ann")
        bob.send("data", b"x")
        bob.expect("denied", code="not_supported")
        cleo.send("closing", "normal", "")
        for other in (ann, bob):
            other.expect("text", text="* Cleo has left")
        ann.expect_alive()
        bob.reset()
        ann.expect("text", text="* Bob has left")
        ann.send("closing", "normal", "")
        ann.expect_end()


class OpenChat(ServerCase):
    options = ("--access", "open", "--service", "chat", "--threads", "2", "--max-frame", "64KiB")

    def test_clients_without_a_name_are_numbered(self):
        one = self.connect_with_access()
        one.expect_alive()
        two = self.connect_with_access()
        one.expect("text", text="* guest 2 has joined")
        two.expect("text", text="* here: guest 1")
        two.send("text", "hi")
        one.expect("text", text="guest 2: hi")
        one.send("closing", "normal", "")
        two.expect("text", text="* guest 1 has left")
        self.check_a_slow_reader(two)

    def check_a_slow_reader(self, two):
        slow = self.connect_with_access()
        two.expect("text", text="* guest 3 has joined")
        four = self.connect_with_access()
        two.expect("text", text="* guest 4 has joined")
        four.expect("text", text="* here: guest 2, guest 3")
        text = "x" * 60_000
        for _ in range(2000):
            two.send_raw(message("text", text))
            got = four.receive()
            if got.text == "* guest 3 has left":
                break
            self.assertEqual(got.text, "guest 2: " + text)
        else:
            self.fail("the client that does not read is still a member")
        two.expect("text", text="* guest 3 has left")
        until(lambda: "code=slow_consumer" in self.server.log(), "the slow client is closed")
        slow.close()


class Stop(unittest.TestCase):
    def test_a_stop_tells_no_departures(self):
        server = Server("--access", "open", "--service", "chat", "--threads", "2")
        self.addCleanup(server.remove)
        members = []
        for _ in range(30):
            client = server.connect()
            self.addCleanup(client.close)
            client.hello()
            client.expect("granted")
            members.append(client)
            client.send("ping", b"")
            until(lambda: client.receive().kind == "pong", "it has joined")  # after the list of the others
        server.signal(signal.SIGTERM)
        for client in members:
            got = client.receive_all()
            self.assertFalse([one for one in got if one.kind == "text" and one.text.endswith("has left")])
            self.assertEqual((got[-1].kind, got[-1].code), ("closing", "shutting_down"))
            client.close()
        self.assertEqual(server.wait(), 0)


if __name__ == "__main__":
    unittest.main()
