"""Clients that disconnect at any moment, which other clients do not notice (SECURITY.md: N3, N4, N7)."""
import resource
import struct
import threading
import unittest

from support.case import PASSWORD, ServerCase
from support.server import Server, checks_types_at_run_time
from support.waiting import until
from support.wire import message


class Disconnects(ServerCase):
    def setUp(self):
        self.one, self.other = self.account(), self.account()  # two, as the 17th login of one ends its first session
        self.script = [message("hello", 1, "t"), message("login", self.one.name, PASSWORD), message("text", "hello"),
                       message("data", b"\x00"), message("ping", b"p"), message("list_sessions")]
        self.answers = ["welcome", "granted", "text", "data", "pong", "sessions"]
        self.stream = b"".join(self.script)
        self.baseline = self.idle_descriptors()

    def idle_descriptors(self):
        until(lambda: self.server.connections() == 0, "all connections are closed")
        return self.server.descriptors()

    def assert_all_is_released(self):
        until(lambda: self.server.connections() == 0 and self.server.descriptors() <= self.baseline,
              f"the server releases its descriptors: it had {self.baseline}, now it has {self.server.descriptors()}")
        self.resume(self.other).expect_alive()

    def complete_frames(self, count):
        """The number of complete frames in the first `count` bytes of the script."""
        lengths = [len(each) for each in self.script]
        return sum(sum(lengths[:number + 1]) <= count for number in range(len(lengths)))

    def at_every_byte(self, disconnect):
        before = len(self.server.log().splitlines())
        for count in range(len(self.stream) + 1):
            with self.subTest(bytes=count):
                client = self.connect(self.one.address)
                client.send_raw(self.stream[:count])
                disconnect(client, count)
                client.close()
        self.assert_all_is_released()
        lines = self.server.log().splitlines()[before:]
        early = sum(len(each) for each in self.script[:2])  # before the login is complete there is one line each
        self.assertLessEqual(len(lines), early + 6 * (len(self.stream) + 1 - early) + 6, "\n".join(lines[-40:]))

    def test_a_close_after_any_byte_of_a_login_releases_everything(self):
        self.at_every_byte(lambda client, _: client.close())

    def test_a_reset_after_any_byte_of_a_login_releases_everything(self):
        self.at_every_byte(lambda client, _: client.reset())

    def test_a_half_close_after_any_byte_gets_the_answers_to_the_complete_frames(self):
        def half_close(client, count):
            client.half_close()
            kinds = [got.kind for got in client.receive_all()]
            if kinds and kinds[-1] == "closing":
                kinds.pop()
            self.assertEqual(kinds, self.answers[:self.complete_frames(count)])
        self.at_every_byte(half_close)

    def test_after_a_half_close_all_pipelined_messages_are_answered(self):
        client = self.resume(self.other)
        texts = [str(number) * 50 for number in range(2000)]
        sender = threading.Thread(target=lambda: (client.send_raw(b"".join(message("text", text) for text in texts)),
                                                  client.half_close()))
        sender.start()
        self.assertEqual([client.expect("text").text for _ in texts], texts)
        sender.join()
        client.receive_all()

    def test_a_disconnect_during_the_password_check_releases_everything(self):
        for number in range(20):
            client = self.connect(self.one.address)
            client.send_raw(b"".join(self.script[:2]))
            client.expect("welcome")
            (client.close if number % 2 else client.reset)()
        self.assert_all_is_released()

    def test_a_disconnect_with_unread_answers_releases_everything(self):
        for number in range(10):
            client = self.resume(self.other)
            client.send_raw(b"".join(message("text", "x" * 50_000) for _ in range(4)))
            client.expect("text")
            (client.close if number % 2 else client.reset)()
        self.assert_all_is_released()

    def test_a_close_inside_a_frame_releases_everything(self):
        for raw in (b"\x00\x10", struct.pack(">I", 1 << 20), struct.pack(">I", 1 << 20) + b"\x40" + b"x" * 70_000):
            client = self.resume(self.other)
            client.send_raw(raw)
            client.close()
        self.assert_all_is_released()


class ManyClients(ServerCase):
    def test_disconnects_of_ten_clients_do_not_affect_ten_others(self):
        account, errors = self.account(), []

        def echo(client):
            for number in range(200):
                client.send("text", f"message {number}")
                client.expect("text", text=f"message {number}")

        def disconnect(client, number):
            for round_ in range(10):
                client.send_raw(message("text", "x" * 20_000) * 3 + message("text", "cut off here")[:round_ + 2])
                (client.close if (number + round_) % 2 else client.reset)()
                client = self.resume(account)

        def run(client, number):
            try:
                echo(client) if number % 2 else disconnect(client, number)
            except Exception as error:  # pylint: disable=broad-except; a thread's failure must reach the test
                errors.append(f"{number}: {error!r}")

        clients = [self.resume(account) for _ in range(20)]
        threads = [threading.Thread(target=run, args=(client, number)) for number, client in enumerate(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])


class SlowConsumer(ServerCase):
    options = ("--access", "open")

    def test_a_slow_consumer_is_closed_and_others_do_not_notice(self):
        slow, other = self.connect(), self.connect()
        for client in (slow, other):
            client.hello()
            client.expect("granted")
        flood = message("text", "x" * 60_000) * 20

        def send_flood():
            try:
                while True:
                    slow.send_raw(flood)
            except OSError:
                pass  # the server has closed the connection

        thread = threading.Thread(target=send_flood)
        thread.start()
        until(lambda: (other.expect_alive() or not thread.is_alive()), "the server closes the slow consumer")
        thread.join()
        other.expect_alive()
        until(lambda: "slow_consumer" in self.server.log(), "the reason is logged")


@unittest.skipIf(checks_types_at_run_time(), "UBSan itself needs descriptors; try a release build")
class OutOfDescriptors(unittest.TestCase):
    def test_without_descriptors_connections_continue_and_new_ones_are_accepted_later(self):
        server = Server("--access", "open", "--threads", "2")
        self.addCleanup(server.remove)
        server.set_limit(resource.RLIMIT_NOFILE, 256)  # fewer than at its start
        first = server.connect()
        self.addCleanup(first.close)
        first.hello()
        first.expect("granted")
        lines = len(server.log().splitlines())
        others = [server.connect() for _ in range(400)]
        until(lambda: "accept_failed" in server.log(), "the server has no descriptor left")
        for _ in range(100):
            first.expect_alive()
        for client in others:
            client.close()
        start_access_phase = server.connect()
        self.addCleanup(start_access_phase.close)
        start_access_phase.hello()
        start_access_phase.expect("granted")
        self.assertLess(len(server.log().splitlines()) - lines, 2 * len(others), "not every failed accept is logged")
        server.stop()


class FewDescriptors(unittest.TestCase):
    """Fewer descriptors than --max-connections (SECURITY.md: N4)."""

    def test_more_silent_connections_than_descriptors_lock_no_client_out(self):
        server = Server("--threads", "2", prefix=("sh", "-c", 'ulimit -n 300; exec "$0" "$@"'))
        self.addCleanup(server.remove)
        limited = [line for line in server.log().splitlines() if "connections_limited" in line]
        self.assertEqual(len(limited), 1)
        self.assertRegex(limited[0], r"warn.*wanted=20000 connections=166 descriptors=300 .*ulimit -n")

        def connect(address):
            client = server.connect(address)
            self.addCleanup(client.close)
            return client

        owner = connect("127.0.0.3")
        for silent in range(1, 421):
            connect("127.0.5.5")
            if silent % 20 == 0:  # not faster than the server rejects them, as a rejected one has a descriptor, too
                until(lambda: server.log().count("code=server_full") >= silent - 83,
                      "half of 166 slots are taken by silent connections")
        owner.hello()
        owner.send("register", "Alice", PASSWORD)
        owner.expect("granted")
        client = connect("127.0.0.4")
        client.hello()
        client.send("login", "Alice", PASSWORD)
        client.expect("granted")
        self.assertNotIn("code=timeout", server.log(), "the client did not wait for the timeout of the others")
        server.stop()


if __name__ == "__main__":
    unittest.main()
