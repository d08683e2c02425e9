"""The examples do what the README says that they do."""
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


class AnExample(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="porter-test-"))

    def start(self, name, *arguments):
        """Starts an example that listens; returns it with the port that it says."""
        process = subprocess.Popen([EXAMPLES / f"example_{name}", *arguments], stdout=subprocess.PIPE, text=True,
                                   stderr=subprocess.PIPE, env=clean_environment(self.folder))
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        said = process.stdout.readline()
        self.assertRegex(said, r"^listening on 127\.0\.0\.1:\d+$")
        return process, said.strip().rpartition(":")[2]

    def run_to_the_end(self, name, *arguments):
        done = subprocess.run([EXAMPLES / f"example_{name}", *arguments], capture_output=True, text=True,
                              timeout=HANG_GUARD, env=clean_environment(self.folder), check=False)
        assert_no_report(done.stderr)
        return done

    def test_a_visitor_registers_at_the_authenticated_echo_and_hears_what_it_says(self):
        door, port = self.start("authenticated_echo", "0", os.path.join(self.folder, "door"))
        done = self.run_to_the_end("client_session", port, "Alice", "four quiet lanterns")
        self.assertEqual((done.stdout, done.stderr), ("Alice sent hello and received hello\n", ""))
        again = self.run_to_the_end("client_session", port, "ALICE", "five quiet lanterns")
        self.assertRegex(again.stderr, r"name_taken")
        door.terminate()
        self.assertEqual(door.wait(HANG_GUARD), 0)
        assert_no_report(door.stderr.read())

    def test_the_framed_echo_returns_each_message_as_it_was(self):
        door, port = self.start("framed_echo")
        client = Connection(int(port))
        self.addCleanup(client.close)
        messages = b"".join(frame(payload) for payload in (b"x", b"\x00\xff", "привет".encode(), b"y" * 300_000))
        client.send_raw(messages)
        came = b""
        while len(came) < len(messages):
            some = client.socket.recv(1 << 18)
            self.assertTrue(some, "it went away")
            came += some
        self.assertEqual(came, messages)
        self.assertIsNone(door.poll())

    def test_every_example_is_run_here(self):
        source = pathlib.Path(__file__).read_text(encoding="utf-8")
        for example in pathlib.Path(__file__).parents[1].glob("examples/*.cpp"):
            self.assertTrue(re.search(rf'\("{example.stem}"', source), f"{example.name} is never run")


if __name__ == "__main__":
    unittest.main()
