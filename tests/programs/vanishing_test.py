"""Peers that go away at every possible moment, and what the others notice of it: nothing (promises N3 and N7)."""
import pathlib
import resource
import struct
import threading
import unittest

from support.case import PASSWORD, ServerCase
from support.server import PORTERD, Server
from support.waiting import until
from support.wire import message


class Vanishing(ServerCase):
    def setUp(self):
        self.one, self.other = self.account(), self.account()  # a 17th login ends the first session of its account
        self.script = [message("hello", 1, "t"), message("login", self.one.name, PASSWORD), message("text", "hello"),
                       message("data", b"\x00"), message("ping", b"p"), message("list_sessions")]
        self.answers = ["welcome", "granted", "text", "data", "pong", "sessions"]
        self.stream = b"".join(self.script)
        self.baseline = self.descriptors_at_rest()

    def descriptors_at_rest(self):
        until(lambda: self.server.connections() == 0, "all connections are gone")
        return self.server.descriptors()

    def assert_nothing_is_left(self):
        until(lambda: self.server.connections() == 0 and self.server.descriptors() <= self.baseline,
              f"the server gives its descriptors back: it had {self.baseline}, now it has {self.server.descriptors()}")
        self.resume(self.other).expect_alive()

    def whole_frames(self, count):
        """How many frames are whole within the first count bytes of the script."""
        lengths = [len(each) for each in self.script]
        return sum(sum(lengths[:number + 1]) <= count for number in range(len(lengths)))

    def at_every_byte(self, leave):
        before = len(self.server.log().splitlines())
        for count in range(len(self.stream) + 1):
            with self.subTest(bytes=count):
                client = self.connect(self.one.address)
                client.send_raw(self.stream[:count])
                leave(client, count)
                client.close()
        self.assert_nothing_is_left()
        lines = self.server.log().splitlines()[before:]
        early = sum(len(each) for each in self.script[:2])  # those cut off before their login was whole: one line each
        self.assertLessEqual(len(lines), early + 6 * (len(self.stream) + 1 - early) + 6, "\n".join(lines[-40:]))

    def test_closing_after_every_byte_of_a_login_leaves_nothing_behind(self):
        self.at_every_byte(lambda client, _: client.close())

    def test_a_reset_after_every_byte_of_a_login_leaves_nothing_behind(self):
        self.at_every_byte(lambda client, _: client.reset())

    def test_half_closing_after_every_byte_gets_the_answers_to_every_whole_frame(self):
        def leave(client, count):
            client.half_close()
            kinds = [got.kind for got in client.receive_all()]
            if kinds and kinds[-1] == "closing":
                kinds.pop()
            self.assertEqual(kinds, self.answers[:self.whole_frames(count)])
        self.at_every_byte(leave)

    def test_a_half_closing_peer_gets_the_answers_to_all_that_it_pipelined(self):
        client = self.resume(self.other)
        texts = [str(number) * 50 for number in range(2000)]
        sender = threading.Thread(target=lambda: (client.send_raw(b"".join(message("text", text) for text in texts)),
                                                  client.half_close()))
        sender.start()
        self.assertEqual([client.expect("text").text for _ in texts], texts)
        sender.join()
        client.receive_all()

    def test_a_peer_that_vanishes_while_its_password_is_checked_leaves_nothing_behind(self):
        for number in range(20):
            client = self.connect(self.one.address)
            client.send_raw(b"".join(self.script[:2]))
            client.expect("welcome")
            (client.close if number % 2 else client.reset)()
        self.assert_nothing_is_left()

    def test_a_peer_that_vanishes_with_answers_unread_leaves_nothing_behind(self):
        for number in range(10):
            client = self.resume(self.other)
            client.send_raw(b"".join(message("text", "x" * 50_000) for _ in range(4)))
            client.expect("text")
            (client.close if number % 2 else client.reset)()
        self.assert_nothing_is_left()

    def test_a_frame_cut_off_in_its_middle_leaves_nothing_behind(self):
        for raw in (b"\x00\x10", struct.pack(">I", 1 << 20), struct.pack(">I", 1 << 20) + b"\x40" + b"x" * 70_000):
            client = self.resume(self.other)
            client.send_raw(raw)
            client.close()
        self.assert_nothing_is_left()


class Crowd(ServerCase):
    def test_of_twenty_visitors_half_vanish_and_the_others_notice_nothing(self):
        account, faults = self.account(), []

        def stay(client):
            for number in range(200):
                client.send("text", f"message {number}")
                client.expect("text", text=f"message {number}")

        def vanish(client, number):
            for round_ in range(10):
                client.send_raw(message("text", "x" * 20_000) * 3 + message("text", "cut off here")[:round_ + 2])
                (client.close if (number + round_) % 2 else client.reset)()
                client = self.resume(account)

        def live(client, number):
            try:
                stay(client) if number % 2 else vanish(client, number)
            except Exception as fault:  # pylint: disable=broad-except; a thread's failure must reach the test
                faults.append(f"{number}: {fault!r}")

        clients = [self.resume(account) for _ in range(20)]
        threads = [threading.Thread(target=live, args=(client, number)) for number, client in enumerate(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(faults, [])


class SlowConsumer(ServerCase):
    options = ("--access", "open")

    def test_who_never_reads_is_cut_off_and_the_others_notice_nothing(self):
        lazy, other = self.connect(), self.connect()
        for client in (lazy, other):
            client.hello()
            client.expect("granted")
        flood = message("text", "x" * 60_000) * 20

        def drown():
            try:
                while True:
                    lazy.send_raw(flood)
            except OSError:
                pass  # the server has had enough

        thread = threading.Thread(target=drown)
        thread.start()
        until(lambda: (other.expect_alive() or not thread.is_alive()), "the server cuts off who takes no output")
        thread.join()
        other.expect_alive()
        until(lambda: "slow_consumer" in self.server.log(), "the log says why")


def checks_types_at_run_time():
    """UBSan asks by a pipe whether an object may be read: without descriptors it takes good objects for bad ones."""
    return b"__ubsan_handle_dynamic_type_cache_miss" in pathlib.Path(PORTERD).read_bytes()


@unittest.skipIf(checks_types_at_run_time(), "UBSan itself needs descriptors; try a release build")
class OutOfDescriptors(unittest.TestCase):
    def test_with_no_descriptor_left_those_inside_go_on_and_newcomers_get_in_later(self):
        server = Server("--access", "open", "--threads", "2")
        self.addCleanup(server.remove)
        server.set_limit(resource.RLIMIT_NOFILE, 256)  # fewer than it counted on when it started
        inside = server.connect()
        self.addCleanup(inside.close)
        inside.hello()
        inside.expect("granted")
        lines = len(server.log().splitlines())
        crowd = [server.connect() for _ in range(400)]
        until(lambda: "accept_failed" in server.log(), "it has as many as it may")
        for _ in range(100):
            inside.expect_alive()
        for client in crowd:
            client.close()
        start_access_phase = server.connect()
        self.addCleanup(start_access_phase.close)
        start_access_phase.hello()
        start_access_phase.expect("granted")
        self.assertLess(len(server.log().splitlines()) - lines, 2 * len(crowd), "it does not log each failed accept")
        server.stop()


class FewDescriptors(unittest.TestCase):
    """The part of promise N4 that is about a machine which gives porterd fewer descriptors than it has places."""

    def test_a_silent_crowd_larger_than_the_descriptors_keeps_nobody_out(self):
        server = Server("--threads", "2", prefix=("sh", "-c", 'ulimit -n 300; exec "$0" "$@"'))
        self.addCleanup(server.remove)
        limited = [line for line in server.log().splitlines() if "connections_limited" in line]
        self.assertEqual(len(limited), 1)
        self.assertRegex(limited[0], r"warn.*wanted=20000 connections=166 descriptors=300 .*ulimit -n")

        def come(address):
            client = server.connect(address)
            self.addCleanup(client.close)
            return client

        owner = come("127.0.0.3")
        for silent in range(1, 421):
            come("127.0.5.5")
            if silent % 20 == 0:  # as fast as it sends them off: what it has accepted and not seen yet needs some, too
                until(lambda: server.log().count("code=server_full") >= silent - 83, "half of 166 places are silent")
        owner.hello()
        owner.send("register", "Alice", PASSWORD)
        owner.expect("granted")
        client = come("127.0.0.4")
        client.hello()
        client.send("login", "Alice", PASSWORD)
        client.expect("granted")
        self.assertNotIn("code=timeout", server.log(), "the visitor did not wait until the crowd's time was over")
        server.stop()


if __name__ == "__main__":
    unittest.main()
