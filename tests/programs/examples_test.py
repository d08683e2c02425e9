"""The examples of the library run as README.md describes them."""
import os
import pathlib
import re
import subprocess
import tempfile
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

    def test_every_example_has_a_test(self):
        source = pathlib.Path(__file__).read_text(encoding="utf-8")
        for example in pathlib.Path(__file__).parents[1].glob("examples/*.cpp"):
            self.assertTrue(re.search(rf'\("{example.stem}"', source), f"{example.name} has no test")


if __name__ == "__main__":
    unittest.main()
