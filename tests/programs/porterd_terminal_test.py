"""porterd on a terminal: the prompt for the port, and messages."""
import pathlib
import re
import shutil
import signal
import socket
import tempfile
import unittest

from support.server import PORTERD
from support.terminal import CTRL_C, CTRL_D, Terminal
from support.wire import Connection

QUESTION = r"Port \[7678\]: "
LISTENING = r"^porterd \d+\.\d+\.\d+ listening on 127\.0\.0\.1:(\d+)"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class PorterdOnTerminal(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def terminal(self, *options):
        terminal = Terminal(PORTERD, "--data-dir", self.folder / "data", *options, home=self.folder)
        self.addCleanup(terminal.close)
        return terminal

    def wait_until_listening(self, terminal):
        return int(terminal.expect(LISTENING)[1])

    def stop(self, terminal):
        terminal.process.send_signal(signal.SIGTERM)
        self.assertEqual(terminal.wait(), 0)

    def test_porterd_listens_on_the_port_that_is_entered(self):
        terminal = self.terminal("--access", "open")
        terminal.expect(QUESTION)
        port = free_port()
        terminal.send_line(str(port))
        self.assertEqual(self.wait_until_listening(terminal), port)
        client = Connection(port)
        client.hello()
        client.expect("granted")
        client.close()
        self.stop(terminal)

    def test_an_empty_answer_is_the_default_port_or_the_next_free_one(self):
        terminal = self.terminal()
        terminal.expect(QUESTION)
        terminal.send_line("")
        self.assertIn(self.wait_until_listening(terminal), range(7678, 7779))
        self.stop(terminal)

    def test_an_invalid_port_is_explained_in_one_line_and_asked_again(self):
        terminal = self.terminal()
        answers = ["abc", "65536", "-1", "99999999999999999999999", "7678x", "76 78", "0x1e", "7.5", "+", "порт",
                   "\x1b[A", "7678;", "1e3", " ", "１２３４"]
        for asked, answer in enumerate(answers, start=1):
            terminal.expect(QUESTION, times=asked)
            terminal.send_line(answer)
            screen = terminal.expect(QUESTION, times=asked + 1).string
            between = screen[:screen.rindex("Port [7678]: ")].split("Port [7678]: ")[-1]
            lines = between.rstrip("\n").split("\n")
            self.assertEqual(len(lines), 2, f"{answer!r}: what was typed, then one line: {between!r}")
            self.assertTrue(lines[1].strip())
        terminal.send_line("0")
        self.wait_until_listening(terminal)
        self.stop(terminal)

    def test_control_characters_are_not_echoed_back_raw(self):
        terminal = self.terminal()
        terminal.expect(QUESTION)
        terminal.send("1\x01\x16\x1b[2J2\x07\r")
        terminal.expect(QUESTION, times=2)
        self.assertNotIn(b"\x1b[2J", terminal.raw)
        terminal.send(CTRL_D)
        self.assertEqual(terminal.wait(), 0)

    def test_a_very_long_answer_is_an_invalid_port(self):
        terminal = self.terminal()
        terminal.expect(QUESTION)
        terminal.send_line("9" * 3000)
        terminal.expect(QUESTION, times=2)
        terminal.send(CTRL_D)
        self.assertEqual(terminal.wait(), 0)

    def test_the_end_of_input_exits_with_0(self):
        terminal = self.terminal()
        terminal.expect(QUESTION)
        terminal.send(CTRL_D)
        self.assertEqual(terminal.wait(), 0)
        self.assertFalse((self.folder / "data").exists(), "nothing was created")

    def test_a_sighup_at_the_prompt_is_ignored(self):
        terminal = self.terminal()
        terminal.expect(QUESTION)
        terminal.process.send_signal(signal.SIGHUP)
        terminal.send_line("0")
        self.wait_until_listening(terminal)
        self.stop(terminal)

    def test_ctrl_c_at_the_prompt_exits_with_0(self):
        terminal = self.terminal()
        terminal.expect(QUESTION)
        terminal.send(CTRL_C)
        self.assertEqual(terminal.wait(), 0)

    def test_after_the_prompt_the_equivalent_command_is_printed(self):
        terminal = self.terminal("--access", "open")
        terminal.expect(QUESTION)
        port = free_port()
        terminal.send_line(str(port))
        self.wait_until_listening(terminal)
        command = terminal.expect(rf"porterd\b.*--port[ =]{port}\b.*").group()
        for word in ("--data-dir", "--access"):
            self.assertIn(word, command)
        self.stop(terminal)

    def test_with_a_port_there_is_no_prompt(self):
        terminal = self.terminal("--port", "0")
        self.wait_until_listening(terminal)
        self.assertNotRegex(terminal.text(), QUESTION)
        self.stop(terminal)

    def test_with_no_input_there_is_no_prompt(self):
        terminal = self.terminal("--no-input")
        self.wait_until_listening(terminal)
        self.assertNotRegex(terminal.text(), QUESTION)
        self.stop(terminal)

    def test_ctrl_c_stops_a_listening_server(self):
        terminal = self.terminal("--port", "0")
        self.wait_until_listening(terminal)
        terminal.send(CTRL_C)
        self.assertEqual(terminal.wait(), 0)

    def test_the_option_bind_is_mentioned(self):
        terminal = self.terminal("--port", "0")
        self.wait_until_listening(terminal)
        terminal.expect(r"--bind")
        self.stop(terminal)

    def test_errors_are_one_line(self):
        terminal = self.terminal("--access", "everybody")
        self.assertEqual(terminal.wait(), 64)
        self.assertTrue(re.fullmatch(r"porterd: [^\n]+\n", terminal.text()), terminal.text())


if __name__ == "__main__":
    unittest.main()
