"""The base of the tests that sit at porter's terminal."""
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
        """Another person's folder: no saved sessions."""
        self.homes += 1
        self.home = self.server.folder / f"{self.id()}-{self.homes}"
        self.home.mkdir()

    def porter(self, *arguments, server=None, where=True):
        place = ("127.0.0.1", (server or self.server).port) if where else ()
        terminal = Terminal(PORTER, *place, "--trust-first-use", *arguments, home=self.home)
        self.addCleanup(terminal.close)
        return terminal

    def say(self, terminal, text):
        """Types a line and waits for its echo: the line stands on the screen twice, once behind the prompt."""
        terminal.line(text)
        terminal.see(rf"^> {re.escape(text)}$")
        terminal.see(rf"^{re.escape(text)}$")

    def leave(self, terminal):
        terminal.line("/quit")
        self.assertEqual(terminal.leave(), 0, terminal.text())

    def registered(self, name, *arguments):
        """A newcomer, up to the prompt."""
        terminal = self.porter("--name", name, "--register", *arguments)
        for times in (1, 2):
            terminal.see(r"[Pp]assword.*: ", times=times)
            terminal.line(PASSWORD)
        terminal.see(rf"Welcome, {name}")
        terminal.see(PROMPT)
        return terminal
