"""The first connection of porter to a server with an unknown key, as porterd logs it."""
import re
import unittest

from support.porter import PorterCase
from support.server import PORTER, run
from support.terminal import CTRL_C, CTRL_D, Terminal
from support.waiting import until


QUESTION = r"^Trust this server\? \(yes/no\) "


class CleanClose(PorterCase):
    """The client sends nothing to a server that is not trusted, and closes the connection cleanly."""

    options = ("--access", "open")

    def logged_closes(self):
        return re.findall(r"connection_(?:lost|closed) .*", self.server.log())

    def assert_closed_cleanly(self, before):
        """One more connection than `before` is closed, and all of them cleanly."""
        until(lambda: len(self.logged_closes()) > before, "the close is logged")
        self.assertRegex(self.logged_closes()[before], "^connection_closed .*code=half_closed")
        self.assertNotIn("connection_lost", self.server.log())

    def test_the_connection_is_closed_before_the_prompt(self):
        for answer, code in (("no\r", 77), (CTRL_C, 0), (CTRL_D, 0), ("yes\r", None)):
            with self.subTest(answer=answer):
                before = len(self.logged_closes())
                terminal = Terminal(PORTER, "127.0.0.1", self.server.port, home=self.home)
                self.addCleanup(terminal.close)
                terminal.expect(QUESTION)
                self.assert_closed_cleanly(before)
                terminal.send(answer)
                if code is None:
                    terminal.expect("^> ")
                    self.quit(terminal)
                else:
                    self.assertEqual(terminal.wait(), code)
        self.assertNotIn("connection_lost", self.server.log())

    def test_the_connection_is_closed_cleanly_without_a_terminal(self):
        wrong_key = "SHA256:" + "A" * 43
        for arguments in ([], ["--trust", wrong_key]):
            with self.subTest(arguments=arguments):
                before = len(self.logged_closes())
                done = run(PORTER, "127.0.0.1", self.server.port, *arguments, home=self.home)
                self.assertEqual(done.returncode, 77, done.err)
                self.assert_closed_cleanly(before)


if __name__ == "__main__":
    unittest.main()
