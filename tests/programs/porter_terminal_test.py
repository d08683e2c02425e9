"""porter on a terminal, up to its prompt: the questions and the greetings (commands page)."""
import re
import threading
import unittest

from support.case import OTHER_PASSWORD, PASSWORD
from support.peer import Peer, see_off
from support.porter import PROMPT, PorterCase
from support.server import PORTER, Server
from support.terminal import CTRL_C, CTRL_D, Terminal
from support.waiting import HANG_GUARD, until
from support.wire import message


class Questions(PorterCase):
    def test_a_newcomer_is_asked_for_everything_and_let_in(self):
        self.assertEqual(self.server.connect(self.fresh_address()).hello().known_as, "")
        terminal = Terminal(PORTER, "--plain", home=self.home)
        self.addCleanup(terminal.close)
        terminal.see(r"^Host \[localhost\]: ")
        terminal.line("127.0.0.1")
        terminal.see(r"^Port \[7678\]: ")
        terminal.line(str(self.server.port))
        terminal.see(r"[Nn]ame.*: ")
        terminal.line("Asked Everything")
        terminal.see(r"New here\? \(yes/no\) ")
        terminal.line("yes")
        for times in (1, 2):
            terminal.see(r"[Pp]assword.*: ", times=times)
            terminal.line(PASSWORD)
        terminal.see(r"Welcome, Asked Everything")
        terminal.see(PROMPT)
        self.assertNotIn(PASSWORD, terminal.raw.decode(), "the password is not shown")
        self.say(terminal, "hello")
        self.leave(terminal)

    def test_what_is_no_port_is_asked_again(self):
        terminal = Terminal(PORTER, "127.0.0.1", "--plain", home=self.home)
        self.addCleanup(terminal.close)
        for asked, answer in enumerate(("abc", "0x10", "65536", "0"), start=1):
            terminal.see(r"^Port \[7678\]: ", times=asked)
            terminal.line(answer)
            terminal.see(rf'^"{answer}" is not a port: a number from 1 to 65535$')
        terminal.see(r"^Port \[7678\]: ", times=5)
        terminal.type(CTRL_D)
        self.assertEqual(terminal.leave(), 0)

    def test_what_is_no_host_is_asked_again(self):
        terminal = Terminal(PORTER, "--plain", home=self.home)
        self.addCleanup(terminal.close)
        for asked, answer in enumerate(("localhost:7678", "a b"), start=1):
            terminal.see(r"^Host \[localhost\]: ", times=asked)
            terminal.line(answer)
            terminal.see(rf'^"{answer}" is not a host: a name or an IP address, without a port$')
        terminal.see(r"^Host \[localhost\]: ", times=3)
        terminal.line("[::1]")
        terminal.see(r"^Port \[7678\]: ")
        terminal.type(CTRL_D)
        self.assertEqual(terminal.leave(), 0)

    def test_ctrl_c_and_ctrl_d_at_a_question_leave_cleanly(self):
        for key in (CTRL_C, CTRL_D):
            terminal = Terminal(PORTER, "--plain", home=self.home)
            self.addCleanup(terminal.close)
            terminal.see(r"^Host \[localhost\]: ")
            terminal.type(key)
            self.assertEqual(terminal.leave(), 0)
            terminal = self.porter("--name", "Nobody", "--register")
            terminal.see(r"[Pp]assword.*: ")
            terminal.type(key)
            self.assertEqual(terminal.leave(), 0)
            self.assertTrue(terminal.echoes(), "the password's question is over")

    def test_two_different_passwords_are_asked_again(self):
        terminal = self.porter("--name", "Mismatch", "--register")
        for times, password in enumerate((PASSWORD, PASSWORD + "x", PASSWORD, PASSWORD), start=1):
            terminal.see(r"^[^\n]*[Pp]assword[^\n]*: ", times=times)
            terminal.line(password)
        terminal.see(r"Welcome, Mismatch")
        self.leave(terminal)

    def test_a_wrong_password_is_told_and_asked_again(self):
        account = self.account("Wrong Once")
        terminal = self.porter("--name", account.name)
        if terminal.see(r"New here\? \(yes/no\) |Password for Wrong Once: ").group().startswith("New"):
            terminal.line("no")
        terminal.see("Password for Wrong Once: ")
        terminal.line(OTHER_PASSWORD)
        terminal.see("Password for Wrong Once: ", times=2)
        terminal.line(account.password)
        terminal.see(r"^Welcome, Wrong Once\.")
        self.leave(terminal)

    def test_a_weak_password_is_told_with_the_rule_and_asked_again(self):
        terminal = self.porter("--name", "Weakling", "--register")
        for times, password in enumerate(("gfhjkm123", "gfhjkm123", PASSWORD, PASSWORD), start=1):
            terminal.see(r"^[^\n]*[Pp]assword[^\n]*: ", times=times)
            terminal.line(password)
        terminal.see(r"^This password is one of the first that somebody would try\.$")
        terminal.see(r"Welcome, Weakling")
        self.leave(terminal)

    def test_the_rule_for_a_new_password_is_told_first_and_what_can_be_is_judged_at_once(self):
        terminal = self.porter("--name", "Rule Follower", "--register")
        terminal.see(r"^Choose a password of at least 8 characters that is not a common one\.\nPassword for Rule Follower: \Z")
        terminal.line("sevenxx")
        terminal.see(r"^A password has at least 8 characters\.\nPassword for Rule Follower: \Z")
        terminal.line("x" * 257)
        terminal.see(r"^A password has at most 256 characters\.\nPassword for Rule Follower: \Z")
        for prompt in ("Password for Rule Follower: ", "Password again: "):
            terminal.see(prompt + r"\Z")
            terminal.line(PASSWORD)
        terminal.see(r"^Welcome, Rule Follower\.")
        self.leave(terminal)
        self.assertEqual(terminal.text().count("Choose a password"), 1)

    def test_however_many_passwords_are_too_weak_one_may_go_on_choosing(self):
        terminal = self.porter("--name", "Weak Six Times", "--register")
        for times in range(1, 8):
            password = "password1" if times < 7 else PASSWORD
            for prompt in ("Password for Weak Six Times: ", "Password again: "):
                terminal.see("^" + prompt, times=times)
                terminal.line(password)
        terminal.see(r"^Welcome, Weak Six Times\.")
        self.assertNotIn("start porter again", terminal.text())
        self.leave(terminal)

    def test_blanks_around_an_answer_do_not_matter(self):
        terminal = self.porter("--plain", "--register", where=False)
        for prompt, answer in ((r"^Host \[localhost\]: ", " 127.0.0.1\t"), (r"^Port \[7678\]: ", f"  {self.server.port} "),
                               (r"^Name.*: ", "  Blank Around ")):
            terminal.see(prompt + r"\Z")
            terminal.line(answer)
        for prompt in ("Password for Blank Around: ", "Password again: "):
            terminal.see("^" + prompt)
            terminal.line(" " + PASSWORD)
        terminal.see(r"^Welcome, Blank Around\.")
        self.leave(terminal)
        self.visitor().enter("login", "Blank Around", " " + PASSWORD)

    def test_who_is_new_after_all_is_asked_again_for_the_same_name(self):
        terminal = self.porter("--name", "New After All")
        terminal.see(r"^New here\? \(yes/no\) ")
        terminal.line(" no ")
        terminal.see(r"^Password for New After All: ")
        terminal.line(PASSWORD)
        terminal.see(r"^New here after all, or somebody else\? An empty answer asks again\.$")
        terminal.see(r"^Password for New After All: ", times=2)
        terminal.line("")
        terminal.see(r"^Name \[New After All\]: ")
        terminal.line("")
        terminal.see(r"^New here\? \(yes/no\) ", times=2)
        terminal.line("yes")
        for prompt, times in ((r"^Password for New After All: ", 3), (r"^Password again: ", 1)):
            terminal.see(prompt, times=times)
            terminal.line(PASSWORD)
        terminal.see(r"^Welcome, New After All\.")
        self.leave(terminal)

    def test_who_is_not_new_after_all_is_asked_again_for_the_same_name(self):
        account = self.account("Not New After All")
        terminal = self.porter("--name", account.name)
        terminal.see(r"^New here\? \(yes/no\) ")
        terminal.line("yes")
        for prompt in (r"^Password for Not New After All: ", r"^Password again: "):
            terminal.see(prompt)
            terminal.line(PASSWORD)
        terminal.see(r"^Name \[Not New After All\]: ")
        terminal.line("")
        terminal.see(r"^New here\? \(yes/no\) ", times=2)
        terminal.line("no")
        terminal.see(r"^Password for Not New After All: ", times=2)
        terminal.line(PASSWORD)
        terminal.see(r"^Welcome, Not New After All\.")
        self.leave(terminal)

    def test_quit_leaves_at_a_question_where_it_can_be_no_answer(self):
        account = self.account("Quitter At Questions")
        for typed in (("/quit",), ("no", "/quit"), ("yes", "/quit "), ("yes", PASSWORD, "/quit")):
            terminal = self.porter("--name", account.name)
            for line in typed:
                terminal.see(r": \Z|\(yes/no\) \Z")
                terminal.line(line)
            self.assertEqual(terminal.leave(), 0)
            self.assertTrue(terminal.echoes())
            self.assertNotIn("wrong", terminal.text())

    def test_nobody_listens(self):
        server = Server("--access", "open")
        server.stop()
        self.addCleanup(server.remove)
        self.assertEqual(self.porter(server=server).leave(), 69)


class Denials(PorterCase):
    """A person reads sentences, not codes."""

    def against(self, *denials):
        def script(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "Alice")
            for denied in denials:
                connection.expect("login")
                connection.send_raw(denied)
            see_off(connection)
        peer = Peer(script)
        self.addCleanup(peer.join)
        terminal = Terminal(PORTER, "127.0.0.1", peer.port, "--plain", home=self.home)
        self.addCleanup(terminal.close)
        return terminal

    def test_a_denial_is_told_as_a_sentence_with_the_time_to_wait(self):
        wrong = message("denied", "bad_credentials", 0, "unknown name or wrong password")
        throttled = message("denied", "throttled", 1, "too many wrong tries")
        terminal = self.against(wrong, throttled)
        for times in (1, 2):
            terminal.see(r"^Password for Alice: ", times=times)
            terminal.line(OTHER_PASSWORD)
        terminal.see(r"^Unknown name or wrong password\.$")
        terminal.see(r"^Too many wrong tries\.$")
        terminal.see(r"^Waiting 1 s \(Ctrl-C leaves\)\.$")
        terminal.see(r"^Password for Alice: ", times=3)
        self.assertNotRegex(terminal.text(), "denied|bad_credentials|throttled")
        terminal.type(CTRL_D)
        self.assertEqual(terminal.leave(), 0)

    def test_what_is_typed_while_it_waits_is_not_shown_and_answers_nothing(self):
        def script(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "Alice")
            connection.expect("login", password=OTHER_PASSWORD)
            connection.send_raw(message("denied", "throttled", 2, "too many wrong tries"))
            connection.expect("login", password=PASSWORD)
            connection.send("granted", "login", "Alice", 7, "prt_x", 4_000_000_000, 0, "", 0)
            see_off(connection)
        peer = Peer(script)
        terminal = Terminal(PORTER, "127.0.0.1", peer.port, "--plain", home=self.home)
        self.addCleanup(terminal.close)
        terminal.see(r"^Password for Alice: ")
        terminal.line(OTHER_PASSWORD)
        terminal.see(r"^Waiting 2 s \(Ctrl-C leaves\)\.$")
        terminal.line("typed too early")
        terminal.type("and half a line")
        terminal.see(r"Password for Alice: ", times=2)
        terminal.line(PASSWORD)
        terminal.see(PROMPT)
        self.leave(terminal)
        peer.join()
        self.assertNotRegex(terminal.raw.decode(), "early|half")
        self.assertTrue(terminal.echoes())

    def thinking(self, *answers):
        """A server that takes its time: it says that a login came, and answers when it is told to."""
        came, go_on = threading.Semaphore(0), threading.Semaphore(0)

        def script(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "Alice")
            for password, answer in answers:
                connection.expect("login", password=password)
                came.release()
                assert go_on.acquire(timeout=HANG_GUARD)
                connection.send_raw(answer)
            see_off(connection)
        peer = Peer(script)
        self.addCleanup(peer.join)
        self.addCleanup(go_on.release)
        terminal = Terminal(PORTER, "127.0.0.1", peer.port, "--plain", home=self.home)
        self.addCleanup(terminal.close)
        return terminal, came, go_on

    def test_what_is_typed_before_the_server_has_answered_is_not_shown_and_answers_nothing(self):
        wrong = message("denied", "bad_credentials", 0, "unknown name or wrong password")
        granted = message("granted", "login", "Alice", 7, "prt_x", 4_000_000_000, 0, "", 0)
        terminal, came, go_on = self.thinking((OTHER_PASSWORD, wrong), (PASSWORD, granted))
        for times, password in enumerate((OTHER_PASSWORD, PASSWORD), start=1):
            terminal.see(r"^Password for Alice: ", times=times)
            terminal.line(password)
            self.assertTrue(came.acquire(timeout=HANG_GUARD))
            self.assertFalse(terminal.echoes())
            terminal.line("typed too early")
            terminal.type("and half a line")
            go_on.release()
        terminal.see(PROMPT)
        self.leave(terminal)
        self.assertNotRegex(terminal.raw.decode(), "early|half")
        self.assertTrue(terminal.echoes())

    def test_ctrl_c_before_the_server_has_answered_leaves_the_terminal_as_it_was(self):
        terminal, came, _ = self.thinking((OTHER_PASSWORD, b""))
        terminal.see(r"^Password for Alice: ")
        terminal.line(OTHER_PASSWORD)
        self.assertTrue(came.acquire(timeout=HANG_GUARD))
        terminal.type(CTRL_C)
        until(terminal.echoes, "the terminal is as it was before the server says goodbye")
        self.assertEqual(terminal.leave(), 0)

    def test_ctrl_c_leaves_while_it_waits(self):
        terminal = self.against(message("denied", "throttled", 600, "too many wrong tries"))
        terminal.see(r"^Password for Alice: ")
        terminal.line(OTHER_PASSWORD)
        terminal.see(r"^Waiting 600 s ")
        self.assertFalse(terminal.echoes())
        terminal.type("half a line" + CTRL_C)
        self.assertEqual(terminal.leave(), 0)
        self.assertTrue(terminal.echoes(), "the terminal is as it was")

    def test_the_last_denial_of_a_connection_ends_it_with_a_sentence(self):
        wrong = message("denied", "bad_credentials", 0, "unknown name or wrong password")
        last = wrong + message("closing", "too_many_attempts", "five tries are enough")
        terminal = self.against(wrong, wrong, wrong, wrong, last)
        for times in range(1, 6):
            terminal.see(r"^Password for Alice: ", times=times)
            terminal.line(OTHER_PASSWORD)
        terminal.see(r"^Too many wrong tries: start porter again\.$")
        self.assertEqual(terminal.leave(), 75)
        self.assertNotRegex(terminal.text(), "too_many_attempts|closed")
        self.assertEqual(len(re.findall("(?m)^Password for Alice: ", terminal.text())), 5, "no question is left over")

    def test_a_closing_that_comes_while_the_password_is_typed_is_told_as_the_same_sentence(self):
        terminal = self.against(message("closing", "too_many_attempts", "five tries are enough"))
        terminal.see(r"^Password for Alice: ")
        terminal.line(OTHER_PASSWORD)
        terminal.see(r"^Too many wrong tries: start porter again\.$")
        self.assertEqual(terminal.leave(), 75)

    def test_somebody_else_at_a_known_address_is_told_the_way_to_another_name(self):
        self.leave(self.registered("Neighbour", "--no-save"))
        stranger = self.account("Visitor Of Neighbour")
        terminal = self.porter("--no-save")
        terminal.see(r"^Password for ")
        terminal.line(OTHER_PASSWORD)
        terminal.see(r"^Not .*\? An empty answer asks for another name\.$")
        terminal.see(r"^Password for ", times=2)
        terminal.line("")
        terminal.see(r"^Name \[.*\]: ")
        terminal.line(stranger.name)
        terminal.see(r"^New here\? \(yes/no\) ")
        terminal.line("no")
        terminal.see(r"^Password for Visitor Of Neighbour: ")
        terminal.line(stranger.password)
        terminal.see(r"^Welcome, Visitor Of Neighbour\.")
        self.leave(terminal)


class Stopped(PorterCase):
    """Ctrl-Z and fg at a question."""

    def test_a_password_is_not_shown_after_the_program_was_stopped(self):
        terminal = self.porter("--name", "Stopped Once", "--register")
        for prompt in ("Password for Stopped Once: ", "Password again: "):
            terminal.see(prompt + r"\Z")
            terminal.type("half a pass")
            terminal.stop()
            self.assertTrue(terminal.echoes(), "the shell needs it")
            terminal.go_on()
            until(lambda: not terminal.echoes(), "typing is hidden again")
            terminal.see(prompt + r".*" + prompt + r"\Z")
            terminal.line(PASSWORD)
        terminal.see(r"^Welcome, Stopped Once\.")
        self.leave(terminal)
        self.assertNotIn(PASSWORD, terminal.raw.decode())
        self.assertTrue(terminal.echoes())

    def test_a_question_that_shows_what_is_typed_is_asked_again(self):
        terminal = self.porter(where=False)
        terminal.see(r"^Host \[localhost\]: \Z")
        terminal.stop()
        terminal.go_on()
        terminal.see(r"Host \[localhost\]: .*Host \[localhost\]: \Z")
        self.assertTrue(terminal.echoes())
        terminal.type(CTRL_D)
        self.assertEqual(terminal.leave(), 0)

    def test_a_change_of_password_is_hidden_after_the_program_was_stopped(self):
        terminal = self.registered("Stopped Changer")
        terminal.line("/password")
        terminal.see("^Current password: ")
        terminal.stop()
        self.assertTrue(terminal.echoes())
        terminal.go_on()
        until(lambda: not terminal.echoes(), "typing is hidden again")
        terminal.see("Current password: .*Current password: ")
        terminal.line("/quit")
        self.assertEqual(terminal.leave(), 0)
        self.assertTrue(terminal.echoes())

    def test_a_half_typed_line_is_there_again_after_the_program_was_stopped(self):
        terminal = self.registered("Stopped Talker")
        terminal.type("half a ")
        terminal.see("^> half a ")
        terminal.stop()
        self.assertTrue(terminal.echoes())
        terminal.go_on()
        until(lambda: not terminal.echoes(), "the line is edited again")
        terminal.line("line")
        terminal.see(r"^half a line$")
        self.leave(terminal)


class SlowAnswers(PorterCase):
    options = ("--login-grace", "5s")

    def test_who_types_longer_than_the_server_waits_is_let_in_all_the_same(self):
        account = self.account("Slow Typist")
        terminal = self.porter("--name", account.name)
        if terminal.see(r"New here\? \(yes/no\) |^Password for Slow Typist: ").group().startswith("New"):
            terminal.line("no")
            terminal.see(r"^Password for Slow Typist: ")
        until(lambda: self.server.connections() == 0, "the server has lost its patience")
        terminal.line(PASSWORD)
        terminal.see(r"^Welcome, Slow Typist\.")
        terminal.see(PROMPT)
        self.leave(terminal)


class QuestionsOfIdentify(PorterCase):
    options = ("--access", "identify")

    def test_a_stranger_is_asked_for_the_name_once_and_greeted_from_then_on(self):
        terminal = self.porter()
        for asked, name in enumerate(("  ", "Al\u202eice", "Alice"), start=1):
            terminal.see(r"^[^\n]*[Nn]ame[^\n]*: ", times=asked)
            terminal.line(name)
        terminal.see("Alice")
        terminal.see(PROMPT)
        self.say(terminal, "hello")
        self.leave(terminal)
        self.new_home()
        terminal = self.porter()
        terminal.see(r"^Hello, Alice! The server knows you by your address\.$")
        terminal.see(PROMPT)
        self.assertNotRegex(terminal.text(), "[Nn]ame.*: |assword")
        self.say(terminal, "hello again")
        self.leave(terminal)


class QuestionsOfOpen(PorterCase):
    options = ("--access", "open")

    def test_nothing_is_asked(self):
        terminal = self.porter()
        terminal.see(PROMPT)
        self.assertNotRegex(terminal.text(), "[Nn]ame|assword|New here")
        self.say(terminal, "hello")
        self.leave(terminal)


class Greetings(PorterCase):
    def test_a_returning_visitor_is_resumed_without_a_question(self):
        self.leave(self.registered("Returning"))
        terminal = self.porter()
        terminal.see(r"^Welcome, Returning\. Last login \d{4}-\d\d-\d\d \d\d:\d\d from 127\.0\.0\.1\. "
                     r"Your session is kept until \d{4}-\d\d-\d\d\.$")
        terminal.see(PROMPT)
        self.assertNotRegex(terminal.text(), "[Pp]assword|New here")
        self.say(terminal, "back again")
        self.leave(terminal)

    def test_who_is_known_by_the_address_is_greeted_and_asked_for_the_password_alone(self):
        self.leave(self.registered("Neighbour", "--no-save"))
        terminal = self.porter("--no-save")
        terminal.see(r"^Hello, Neighbour! The server knows you by your address\.$")
        question = terminal.see(r"[Nn]ame \[Neighbour\]: |^Password for Neighbour: ")
        if "ame" in question.group():
            terminal.line("")
        terminal.see(r"^Password for Neighbour: ")
        terminal.line(PASSWORD)
        terminal.see(r"^Welcome, Neighbour\. Last login ")
        self.assertNotRegex(terminal.text(), "New here")
        self.leave(terminal)

    def test_failed_tries_are_told(self):
        account = self.account("Probed")
        visitor = self.visitor()
        visitor.hello()
        visitor.ask("login", account.name, OTHER_PASSWORD)
        terminal = self.porter("--name", "Probed")
        if terminal.see(r"New here\? \(yes/no\) |Password for Probed: ").group().startswith("New"):
            terminal.line("no")
        terminal.see(r"^Password for Probed: ")
        terminal.line(PASSWORD)
        terminal.see(rf"^Welcome, Probed\. Last login .* from {re.escape(account.address)}\.")
        terminal.see(r"\b(1|one|One)\b.*(failed|wrong)|(failed|wrong).*\b(1|one)\b")
        self.leave(terminal)

    def test_a_refused_token_is_forgotten_and_the_password_asked(self):
        self.leave(self.registered("Forgotten"))
        visitor = self.visitor()
        visitor.enter("login", "Forgotten", PASSWORD)
        visitor.ask("logout", 1)
        for _ in range(2):
            terminal = self.porter("--name", "Forgotten", "--no-save")
            terminal.see(r"^Password for Forgotten: ")
            terminal.type(CTRL_D)
            self.assertEqual(terminal.leave(), 0)


if __name__ == "__main__":
    unittest.main()
