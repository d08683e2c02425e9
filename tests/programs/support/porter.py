"""Base class of the tests of porter on a terminal."""
import re

from .case import PASSWORD, ServerCase
from .server import PORTER
from .terminal import Terminal

PROMPT = r"^> "


class PorterCase(ServerCase):
    def setUp(self):
        self.homes = 0
        self.new_home()

    def new_home(self):
        """A new home directory, without saved sessions."""
        self.homes += 1
        self.home = self.server.folder / f"{self.id()}-{self.homes}"
        self.home.mkdir()

    def porter(self, *arguments, server=None, with_address=True):
        address = ("127.0.0.1", (server or self.server).port) if with_address else ()
        terminal = Terminal(PORTER, *address, "--trust-first-use", *arguments, home=self.home)
        self.addCleanup(terminal.close)
        return terminal

    def expect_echo(self, terminal, text):
        """Sends a line and waits for the server's echo; the line is then twice on the screen, once after the prompt."""
        terminal.send_line(text)
        terminal.expect(rf"^> {re.escape(text)}$")
        terminal.expect(rf"^{re.escape(text)}$")

    def quit(self, terminal):
        terminal.send_line("/quit")
        self.assertEqual(terminal.wait(), 0, terminal.text())

    def register(self, name, *arguments):
        """Registers an account; returns the terminal at the prompt."""
        terminal = self.porter("--name", name, "--register", *arguments)
        for times in (1, 2):
            terminal.expect(r"[Pp]assword.*: ", times=times)
            terminal.send_line(PASSWORD)
        terminal.expect(rf"Welcome, {name}")
        terminal.expect(PROMPT)
        return terminal
