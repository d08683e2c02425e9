"""A first visit with porter to a server that it does not trust yet, as porterd's log tells of it."""
import re
import unittest

from support.porter import PorterCase
from support.server import PORTER, run
from support.terminal import CTRL_C, CTRL_D, Terminal
from support.waiting import until


QUESTION = r"^Trust this server\? \(yes/no\) "



class ClosedInOrder(PorterCase):
    """Nothing is sent to a server that is not trusted, and the connection ends in order all the same."""

    options = ("--access", "open")

    def connections_of_log(self):
        return re.findall(r"connection_(?:lost|closed) .*", self.server.log())

    def assert_closed_in_order(self, before):
        """Since `before` connections one more has ended, and each in order."""
        until(lambda: len(self.connections_of_log()) > before, "the connection is in the log")
        self.assertRegex(self.connections_of_log()[before], "^connection_closed .*code=half_closed")
        self.assertNotIn("connection_lost", self.server.log())

    def test_the_connection_is_closed_before_the_question_whatever_the_answer(self):
        for answer, code in (("no\r", 77), (CTRL_C, 0), (CTRL_D, 0), ("yes\r", None)):
            with self.subTest(answer=answer):
                before = len(self.connections_of_log())
                terminal = Terminal(PORTER, "127.0.0.1", self.server.port, home=self.home)
                self.addCleanup(terminal.close)
                terminal.expect(QUESTION)
                self.assert_closed_in_order(before)
                terminal.send(answer)
                if code is None:
                    terminal.expect("^> ")
                    self.quit(terminal)
                else:
                    self.assertEqual(terminal.wait(), code)
        self.assertNotIn("connection_lost", self.server.log())

    def test_where_no_person_can_be_asked_it_is_closed_in_order_too(self):
        wrong_key = "SHA256:" + "A" * 43
        for arguments in ([], ["--trust", wrong_key]):
            with self.subTest(arguments=arguments):
                before = len(self.connections_of_log())
                done = run(PORTER, "127.0.0.1", self.server.port, *arguments, home=self.home)
                self.assertEqual(done.returncode, 77, done.err)
                self.assert_closed_in_order(before)


if __name__ == "__main__":
    unittest.main()
