"""The examples of the library run as README.md and docs/embedding.md describe them."""
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import threading
import unittest

from support.server import PORTERD, assert_no_report, clean_environment
from support.waiting import HANG_GUARD
from support.wire import Connection, frame

EXAMPLES = pathlib.Path(PORTERD).parents[1] / "tests" / "examples"


class Examples(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="porter-test-"))

    def start(self, name, *arguments):
        """Starts an example that listens; returns the process and the port that it prints."""
        process = subprocess.Popen([EXAMPLES / f"example_{name}", *arguments], stdout=subprocess.PIPE, text=True,
                                   stderr=subprocess.PIPE, env=clean_environment(self.folder))
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        line = process.stdout.readline()
        self.assertRegex(line, r"^listening on 127\.0\.0\.1:\d+$")
        return process, line.strip().rpartition(":")[2]

    def start_server(self, name, *arguments):
        """Starts an example with accounts; it must end in order when the test has ended."""
        server, port = self.start(name, "0", os.path.join(self.folder, "data"), *arguments)

        def stop():
            server.terminate()
            self.assertEqual(server.wait(HANG_GUARD), 0)
            assert_no_report(server.stderr.read())

        self.addCleanup(stop)
        return int(port)

    def client(self, port, name):
        """A client with a new account, over plain TCP."""
        client = Connection(port)
        self.addCleanup(client.close)
        client.get_access("register", name, "four quiet lanterns")
        return client

    def run_to_the_end(self, name, *arguments):
        done = subprocess.run([EXAMPLES / f"example_{name}", *arguments], capture_output=True, text=True,
                              timeout=HANG_GUARD, env=clean_environment(self.folder), check=False)
        assert_no_report(done.stderr)
        return done

    def test_a_client_registers_with_the_authenticated_echo_and_gets_its_text_back(self):
        server, port = self.start("authenticated_echo", "0", os.path.join(self.folder, "data"))
        done = self.run_to_the_end("client_session", port, "Alice", "four quiet lanterns")
        self.assertEqual((done.stdout, done.stderr), ("Alice sent hello and received hello\n", ""))
        again = self.run_to_the_end("client_session", port, "ALICE", "five quiet lanterns")
        self.assertRegex(again.stderr, r"name_taken")
        server.terminate()
        self.assertEqual(server.wait(HANG_GUARD), 0)
        assert_no_report(server.stderr.read())

    def test_the_framed_echo_returns_each_message_unchanged(self):
        server, port = self.start("framed_echo")
        client = Connection(int(port))
        self.addCleanup(client.close)
        messages = b"".join(frame(payload) for payload in (b"x", b"\x00\xff", "привет".encode(), b"y" * 300_000))
        client.send_raw(messages)
        received = b""
        while len(received) < len(messages):
            some = client.socket.recv(1 << 18)
            self.assertTrue(some, "the server closed the connection")
            received += some
        self.assertEqual(received, messages)
        self.assertIsNone(server.poll())

    def test_the_greeter_greets_by_name(self):
        client = self.client(self.start_server("greeter"), "Ann")
        client.expect("text", text="Welcome, Ann!")
        client.send("text", "good morning")
        client.expect("text", text="You said: good morning")

    def test_a_text_in_the_chat_goes_to_the_other_members(self):
        port = self.start_server("chat")
        ann, bob = self.client(port, "Ann"), self.client(port, "Bob")
        ann.expect("text", text="* Bob has arrived")
        ann.send("text", "hello")
        bob.expect("text", text="Ann: hello")
        bob.send("text", "/who")
        bob.expect("text", text="* here: Ann Bob")
        bob.close()
        ann.expect("text", text="* Bob has left")

    def test_the_chat_closes_a_member_that_does_not_read_and_the_others_go_on(self):
        port = self.start_server("chat")
        ann, bob = self.client(port, "Ann"), self.client(port, "Bob")
        ann.expect("text", text="* Bob has arrived")
        slow = self.client(port, "Slow")
        for member in (ann, bob):
            member.expect("text", text="* Slow has arrived")
        line = "x" * 60_000
        for _ in range(2000):
            ann.send("text", line)
            text = bob.receive().text
            if text != f"Ann: {line}":
                break
        self.assertEqual(text, "* Slow has left")
        received = slow.receive_all()
        self.assertEqual(received[0].text, f"Ann: {line}")
        self.assertEqual((received[-1].kind, received[-1].code), ("closing", "slow_consumer"))

    def test_the_json_service_answers_requests_and_ticks(self):
        client = self.client(self.start_server("json_service"), "Ann")

        def receive(key):
            while key not in (message := json.loads(client.receive().text)):
                self.assertEqual(list(message), ["tick"])
            return message[key]

        client.send("text", '{"op": "add", "a": 1, "b": 2.5}')
        self.assertEqual(receive("result"), 3.5)
        client.send("text", '{"op": "sing"}')
        self.assertEqual(receive("error"), "unknown op")
        client.send("text", "nonsense")
        self.assertRegex(receive("error"), "type_error")
        tick = receive("tick")
        self.assertEqual(receive("tick"), tick + 1)

    def test_the_json_service_closes_a_client_that_asks_nothing(self):
        client = self.client(self.start_server("json_service", "2"), "Ann")
        client.send("text", '{"op": "add", "a": 1, "b": 2}')
        received = client.receive_all()
        self.assertIn("tick", received[-2].text)
        self.assertEqual((received[-1].kind, received[-1].code), ("closing", "idle"))

    def test_the_forwarder_carries_bytes_both_ways_and_either_side_ends_its_direction(self):
        upstream = self.enterContext(socket.create_server(("127.0.0.1", 0)))

        def echo():
            peer, _ = upstream.accept()
            with peer:
                while some := peer.recv(1 << 16):
                    peer.sendall(some)
                peer.sendall(b"end")

        client = self.client(self.start_server("forwarder", str(upstream.getsockname()[1])), "Ann")
        sent = os.urandom(10_000_000)

        def send():
            for begin in range(0, len(sent), 50_000):
                client.send("data", sent[begin:begin + 50_000])
            client.half_close()

        threads = [threading.Thread(target=target, daemon=True) for target in (echo, send)]
        for thread in threads:
            thread.start()
        *data, closing = client.receive_all()
        self.assertEqual(closing.code, "normal")
        self.assertTrue(b"".join(message.data for message in data) == sent + b"end", "the bytes are not those sent")
        for thread in threads:
            thread.join(HANG_GUARD)

    def test_the_forwarder_says_that_upstream_cannot_be_reached(self):
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        self.client(self.start_server("forwarder", str(port)), "Ann").expect_closing("unavailable")

    def test_the_bot_greets_and_comes_back_after_a_restart_of_the_chat(self):
        data = os.path.join(self.folder, "data")
        chat, port = self.start("chat", "0", data)
        ann = self.client(int(port), "Ann")
        bot = subprocess.Popen([EXAMPLES / "example_bot", port, "Robo", "five quiet lanterns"], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment(self.folder))
        self.addCleanup(bot.communicate)
        self.addCleanup(bot.kill)
        ann.expect("text", text="* Robo has arrived")
        self.client(int(port), "Bob")
        ann.expect("text", text="* Bob has arrived")
        ann.expect("text", text="Robo: Welcome, Bob!")
        chat.terminate()
        self.assertEqual(chat.wait(HANG_GUARD), 0)

        self.start("chat", port, data)
        ann = Connection(int(port))
        self.addCleanup(ann.close)
        ann.get_access("login", "Ann", "four quiet lanterns")
        self.assertIn(ann.receive().text, ("* Robo has arrived", "Robo: Welcome, Ann!"))
        self.assertEqual([bot.stdout.readline() for _ in range(2)], ["connection 1\n", "connection 2\n"])
        bot.terminate()
        printed, errors = bot.communicate(timeout=HANG_GUARD)
        assert_no_report(errors)
        self.assertEqual(bot.returncode, 0, errors)
        self.assertRegex(printed, r"^closed: normal")
        ann.expect("text", text="* Robo has left")

    def test_the_unit_test_passes(self):
        done = self.run_to_the_end("unit_test")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "all tests passed\n", ""))

    def test_the_test_of_the_greeter_passes(self):
        done = self.run_to_the_end("greeter_test")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "Welcome, Ann!\nYou said: hello\n", ""))

    def test_every_example_has_a_test(self):
        source = pathlib.Path(__file__).read_text(encoding="utf-8")
        for example in pathlib.Path(__file__).parents[1].glob("examples/*.cpp"):
            self.assertRegex(source, rf'"(?:example_)?{example.stem}"', f"{example.name} has no test")


if __name__ == "__main__":
    unittest.main()
