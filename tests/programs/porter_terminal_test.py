"""porter on a terminal up to access: prompts, denials, Ctrl-Z, and greetings."""
import re
import threading
import unittest

from support.case import OTHER_PASSWORD, PASSWORD
from support.porter import PROMPT, PorterCase
from support.scripted_server import ScriptedServer, wait_for_close
from support.server import PORTER, Server
from support.terminal import CTRL_C, CTRL_D, Terminal
from support.waiting import HANG_GUARD, until
from support.wire import message


class Prompts(PorterCase):
    def test_a_registration_prompts_for_everything(self):
        self.assertEqual(self.server.connect(self.fresh_address()).hello().known_as, "")
        terminal = Terminal(PORTER, "--plain", home=self.home)
        self.addCleanup(terminal.close)
        terminal.expect(r"^Host \[localhost\]: ")
        terminal.send_line("127.0.0.1")
        terminal.expect(r"^Port \[7678\]: ")
        terminal.send_line(str(self.server.port))
        terminal.expect(r"[Nn]ame.*: ")
        terminal.send_line("Asked Everything")
        terminal.expect(r"New here\? \(yes/no\) ")
        terminal.send_line("yes")
        for times in (1, 2):
            terminal.expect(r"[Pp]assword.*: ", times=times)
            terminal.send_line(PASSWORD)
        terminal.expect(r"Welcome, Asked Everything")
        terminal.expect(PROMPT)
        self.assertNotIn(PASSWORD, terminal.raw.decode(), "the password is not shown")
        self.expect_echo(terminal, "hello")
        self.quit(terminal)

    def test_an_invalid_port_is_asked_again(self):
        terminal = Terminal(PORTER, "127.0.0.1", "--plain", home=self.home)
        self.addCleanup(terminal.close)
        for asked, answer in enumerate(("abc", "0x10", "65536", "0"), start=1):
            terminal.expect(r"^Port \[7678\]: ", times=asked)
            terminal.send_line(answer)
            terminal.expect(rf'^"{answer}" is not a port: a number from 1 to 65535$')
        terminal.expect(r"^Port \[7678\]: ", times=5)
        terminal.send(CTRL_D)
        self.assertEqual(terminal.wait(), 0)

    def test_an_invalid_host_is_asked_again(self):
        terminal = Terminal(PORTER, "--plain", home=self.home)
        self.addCleanup(terminal.close)
        for asked, answer in enumerate(("localhost:7678", "a b"), start=1):
            terminal.expect(r"^Host \[localhost\]: ", times=asked)
            terminal.send_line(answer)
            terminal.expect(rf'^"{answer}" is not a host: a name or an IP address, without a port$')
        terminal.expect(r"^Host \[localhost\]: ", times=3)
        terminal.send_line("[::1]")
        terminal.expect(r"^Port \[7678\]: ")
        terminal.send(CTRL_D)
        self.assertEqual(terminal.wait(), 0)

    def test_ctrl_c_and_ctrl_d_at_a_prompt_exit_with_0(self):
        for key in (CTRL_C, CTRL_D):
            terminal = Terminal(PORTER, "--plain", home=self.home)
            self.addCleanup(terminal.close)
            terminal.expect(r"^Host \[localhost\]: ")
            terminal.send(key)
            self.assertEqual(terminal.wait(), 0)
            terminal = self.porter("--name", "Alice", "--register")
            terminal.expect(r"[Pp]assword.*: ")
            terminal.send(key)
            self.assertEqual(terminal.wait(), 0)
            self.assertTrue(terminal.is_cooked(), "the echo is on again")

    def test_two_different_passwords_are_asked_again(self):
        terminal = self.porter("--name", "Mismatch", "--register")
        for times, password in enumerate((PASSWORD, PASSWORD + "x", PASSWORD, PASSWORD), start=1):
            terminal.expect(r"^[^\n]*[Pp]assword[^\n]*: ", times=times)
            terminal.send_line(password)
        terminal.expect(r"Welcome, Mismatch")
        self.quit(terminal)

    def test_a_wrong_password_is_asked_again(self):
        account = self.account("Wrong Once")
        terminal = self.porter("--name", account.name)
        if terminal.expect(r"New here\? \(yes/no\) |Password for Wrong Once: ").group().startswith("New"):
            terminal.send_line("no")
        terminal.expect("Password for Wrong Once: ")
        terminal.send_line(OTHER_PASSWORD)
        terminal.expect("Password for Wrong Once: ", times=2)
        terminal.send_line(account.password)
        terminal.expect(r"^Welcome, Wrong Once\.")
        self.quit(terminal)

    def test_a_weak_password_is_asked_again_with_the_rule(self):
        terminal = self.porter("--name", "Weakling", "--register")
        for times, password in enumerate(("gfhjkm123", "gfhjkm123", PASSWORD, PASSWORD), start=1):
            terminal.expect(r"^[^\n]*[Pp]assword[^\n]*: ", times=times)
            terminal.send_line(password)
        terminal.expect(r"^This password is one of the first that an attacker would try\.$")
        terminal.expect(r"Welcome, Weakling")
        self.quit(terminal)

    def test_the_rule_for_a_new_password_is_shown_and_checked_at_once(self):
        terminal = self.porter("--name", "Rule Follower", "--register")
        terminal.expect(r"^Choose a password of at least 8 characters that is not a common one\.\n"
                        r"Password for Rule Follower: \Z")
        terminal.send_line("sevenxx")
        terminal.expect(r"^A password has at least 8 characters\.\nPassword for Rule Follower: \Z")
        terminal.send_line("x" * 257)
        terminal.expect(r"^A password has at most 256 characters\.\nPassword for Rule Follower: \Z")
        for prompt in ("Password for Rule Follower: ", "Password again: "):
            terminal.expect(prompt + r"\Z")
            terminal.send_line(PASSWORD)
        terminal.expect(r"^Welcome, Rule Follower\.")
        self.quit(terminal)
        self.assertEqual(terminal.text().count("Choose a password"), 1)

    def test_weak_passwords_do_not_end_the_registration(self):
        terminal = self.porter("--name", "Weak Six Times", "--register")
        for times in range(1, 8):
            password = "password1" if times < 7 else PASSWORD
            for prompt in ("Password for Weak Six Times: ", "Password again: "):
                terminal.expect("^" + prompt, times=times)
                terminal.send_line(password)
        terminal.expect(r"^Welcome, Weak Six Times\.")
        self.assertNotIn("start porter again", terminal.text())
        self.quit(terminal)

    def test_spaces_around_an_answer_are_ignored(self):
        terminal = self.porter("--plain", "--register", with_address=False)
        for prompt, answer in ((r"^Host \[localhost\]: ", " 127.0.0.1\t"),
                               (r"^Port \[7678\]: ", f"  {self.server.port} "), (r"^Name.*: ", "  Blank Around ")):
            terminal.expect(prompt + r"\Z")
            terminal.send_line(answer)
        for prompt in ("Password for Blank Around: ", "Password again: "):
            terminal.expect("^" + prompt)
            terminal.send_line(" " + PASSWORD)
        terminal.expect(r"^Welcome, Blank Around\.")
        self.quit(terminal)
        self.connect().get_access("login", "Blank Around", " " + PASSWORD)

    def test_an_empty_answer_after_a_failed_login_offers_registration(self):
        terminal = self.porter("--name", "New After All")
        terminal.expect(r"^New here\? \(yes/no\) ")
        terminal.send_line(" no ")
        terminal.expect(r"^Password for New After All: ")
        terminal.send_line(PASSWORD)
        terminal.expect(r"^An empty password asks for the name again, and whether it is a new account\.$")
        terminal.expect(r"^Password for New After All: ", times=2)
        terminal.send_line("")
        terminal.expect(r"^Name \[New After All\]: ")
        terminal.send_line("")
        terminal.expect(r"^New here\? \(yes/no\) ", times=2)
        terminal.send_line("yes")
        for prompt, times in ((r"^Password for New After All: ", 3), (r"^Password again: ", 1)):
            terminal.expect(prompt, times=times)
            terminal.send_line(PASSWORD)
        terminal.expect(r"^Welcome, New After All\.")
        self.quit(terminal)

    def test_after_a_taken_name_the_user_can_log_in(self):
        account = self.account("Not New After All")
        terminal = self.porter("--name", account.name)
        terminal.expect(r"^New here\? \(yes/no\) ")
        terminal.send_line("yes")
        for prompt in (r"^Password for Not New After All: ", r"^Password again: "):
            terminal.expect(prompt)
            terminal.send_line(PASSWORD)
        terminal.expect(r"^Name \[Not New After All\]: ")
        terminal.send_line("")
        terminal.expect(r"^New here\? \(yes/no\) ", times=2)
        terminal.send_line("no")
        terminal.expect(r"^Password for Not New After All: ", times=2)
        terminal.send_line(PASSWORD)
        terminal.expect(r"^Welcome, Not New After All\.")
        self.quit(terminal)

    def test_quit_exits_at_prompts_where_it_is_no_answer(self):
        account = self.account("Quitter At Questions")
        for lines in (("/quit",), ("no", "/quit"), ("yes", "/quit "), ("yes", PASSWORD, "/quit")):
            terminal = self.porter("--name", account.name)
            for line in lines:
                terminal.expect(r": \Z|\(yes/no\) \Z")
                terminal.send_line(line)
            self.assertEqual(terminal.wait(), 0)
            self.assertTrue(terminal.is_cooked())
            self.assertNotIn("wrong", terminal.text())

    def test_a_refused_connection_is_an_error(self):
        server = Server("--access", "open")
        server.stop()
        self.addCleanup(server.remove)
        self.assertEqual(self.porter(server=server).wait(), 69)


class Denials(PorterCase):
    """On a terminal a denial is shown as a sentence, without its code."""

    def connect_to_denials(self, *denials):
        def script(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "Alice")
            for denied in denials:
                connection.expect("login")
                connection.send_raw(denied)
            wait_for_close(connection)
        server = ScriptedServer(script)
        self.addCleanup(server.join)
        terminal = Terminal(PORTER, "127.0.0.1", server.port, "--plain", home=self.home)
        self.addCleanup(terminal.close)
        return terminal

    def test_a_denial_is_a_sentence_with_the_seconds_to_wait(self):
        wrong = message("denied", "bad_credentials", 0, "unknown name or wrong password")
        throttled = message("denied", "throttled", 1, "too many wrong tries")
        terminal = self.connect_to_denials(wrong, throttled)
        for times in (1, 2):
            terminal.expect(r"^Password for Alice: ", times=times)
            terminal.send_line(OTHER_PASSWORD)
        terminal.expect(r"^Unknown name or wrong password\.$")
        terminal.expect(r"^Too many wrong tries\.$")
        terminal.expect(r"^Waiting 1 s \(Ctrl-C quits\)\.$")
        terminal.expect(r"^Password for Alice: ", times=3)
        self.assertNotRegex(terminal.text(), "denied|bad_credentials|throttled")
        terminal.send(CTRL_D)
        self.assertEqual(terminal.wait(), 0)

    def test_input_during_a_wait_is_hidden_and_discarded(self):
        def script(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "Alice")
            connection.expect("login", password=OTHER_PASSWORD)
            connection.send_raw(message("denied", "throttled", 2, "too many wrong tries"))
            connection.expect("login", password=PASSWORD)
            connection.send("granted", "login", "Alice", 7, "prt_x", 4_000_000_000, 0, "", 0)
            wait_for_close(connection)
        server = ScriptedServer(script)
        terminal = Terminal(PORTER, "127.0.0.1", server.port, "--plain", home=self.home)
        self.addCleanup(terminal.close)
        terminal.expect(r"^Password for Alice: ")
        terminal.send_line(OTHER_PASSWORD)
        terminal.expect(r"^Waiting 2 s \(Ctrl-C quits\)\.$")
        terminal.send_line("typed too early")
        terminal.send("and half a line")
        terminal.expect(r"Password for Alice: ", times=2)
        terminal.send_line(PASSWORD)
        terminal.expect(PROMPT)
        self.quit(terminal)
        server.join()
        self.assertNotRegex(terminal.raw.decode(), "early|half")
        self.assertTrue(terminal.is_cooked())

    def connect_to_slow_server(self, *answers):
        """A server that signals each login by `received`, and answers after `proceed`."""
        received, proceed = threading.Semaphore(0), threading.Semaphore(0)

        def script(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "Alice")
            for password, answer in answers:
                connection.expect("login", password=password)
                received.release()
                assert proceed.acquire(timeout=HANG_GUARD)
                connection.send_raw(answer)
            wait_for_close(connection)
        server = ScriptedServer(script)
        self.addCleanup(server.join)
        self.addCleanup(proceed.release)
        terminal = Terminal(PORTER, "127.0.0.1", server.port, "--plain", home=self.home)
        self.addCleanup(terminal.close)
        return terminal, received, proceed

    def test_input_before_the_answer_is_hidden_and_discarded(self):
        wrong = message("denied", "bad_credentials", 0, "unknown name or wrong password")
        granted = message("granted", "login", "Alice", 7, "prt_x", 4_000_000_000, 0, "", 0)
        terminal, received, proceed = self.connect_to_slow_server((OTHER_PASSWORD, wrong), (PASSWORD, granted))
        for times, password in enumerate((OTHER_PASSWORD, PASSWORD), start=1):
            terminal.expect(r"^Password for Alice: ", times=times)
            terminal.send_line(password)
            self.assertTrue(received.acquire(timeout=HANG_GUARD))
            self.assertFalse(terminal.is_cooked())
            terminal.send_line("typed too early")
            terminal.send("and half a line")
            proceed.release()
        terminal.expect(PROMPT)
        self.quit(terminal)
        self.assertNotRegex(terminal.raw.decode(), "early|half")
        self.assertTrue(terminal.is_cooked())

    def test_ctrl_c_before_the_answer_restores_the_terminal(self):
        terminal, received, _ = self.connect_to_slow_server((OTHER_PASSWORD, b""))
        terminal.expect(r"^Password for Alice: ")
        terminal.send_line(OTHER_PASSWORD)
        self.assertTrue(received.acquire(timeout=HANG_GUARD))
        terminal.send(CTRL_C)
        until(terminal.is_cooked, "the terminal is restored before the server closes")
        self.assertEqual(terminal.wait(), 0)

    def test_ctrl_c_during_a_wait_exits(self):
        terminal = self.connect_to_denials(message("denied", "throttled", 600, "too many wrong tries"))
        terminal.expect(r"^Password for Alice: ")
        terminal.send_line(OTHER_PASSWORD)
        terminal.expect(r"^Waiting 600 s ")
        self.assertFalse(terminal.is_cooked())
        terminal.send("half a line" + CTRL_C)
        self.assertEqual(terminal.wait(), 0)
        self.assertTrue(terminal.is_cooked(), "the terminal is restored")

    def test_after_the_last_denial_porter_exits_with_a_sentence(self):
        wrong = message("denied", "bad_credentials", 0, "unknown name or wrong password")
        last = wrong + message("closing", "too_many_attempts", "five tries are enough")
        terminal = self.connect_to_denials(wrong, wrong, wrong, wrong, last)
        for times in range(1, 6):
            terminal.expect(r"^Password for Alice: ", times=times)
            terminal.send_line(OTHER_PASSWORD)
        terminal.expect(r"^Too many wrong tries: start porter again\.$")
        self.assertEqual(terminal.wait(), 75)
        self.assertNotRegex(terminal.text(), "too_many_attempts|closed")
        self.assertEqual(len(re.findall("(?m)^Password for Alice: ", terminal.text())), 5, "there is no other prompt")

    def test_a_closing_during_the_password_prompt_is_the_same_sentence(self):
        terminal = self.connect_to_denials(message("closing", "too_many_attempts", "five tries are enough"))
        terminal.expect(r"^Password for Alice: ")
        terminal.send_line(OTHER_PASSWORD)
        terminal.expect(r"^Too many wrong tries: start porter again\.$")
        self.assertEqual(terminal.wait(), 75)

    def test_an_empty_answer_at_a_known_address_prompts_for_another_name(self):
        self.quit(self.register("Neighbour", "--no-save"))
        account = self.account("Another User")
        terminal = self.porter("--no-save")
        terminal.expect(r"^Password for ")
        terminal.send_line(OTHER_PASSWORD)
        terminal.expect(r"^Not .*\? An empty password asks for another name\.$")
        terminal.expect(r"^Password for ", times=2)
        terminal.send_line("")
        terminal.expect(r"^Name \[.*\]: ")
        terminal.send_line(account.name)
        terminal.expect(r"^New here\? \(yes/no\) ")
        terminal.send_line("no")
        terminal.expect(r"^Password for Another User: ")
        terminal.send_line(account.password)
        terminal.expect(r"^Welcome, Another User\.")
        self.quit(terminal)


class Suspended(PorterCase):
    """Ctrl-Z and fg at a prompt."""

    def test_a_password_is_hidden_after_a_suspension(self):
        terminal = self.porter("--name", "Stopped Once", "--register")
        for prompt in ("Password for Stopped Once: ", "Password again: "):
            terminal.expect(prompt + r"\Z")
            terminal.send("half a pass")
            terminal.suspend()
            self.assertTrue(terminal.is_cooked(), "the shell needs a cooked terminal")
            terminal.resume()
            until(lambda: not terminal.is_cooked(), "the input is hidden again")
            terminal.expect(prompt + r".*" + prompt + r"\Z")
            terminal.send_line(PASSWORD)
        terminal.expect(r"^Welcome, Stopped Once\.")
        self.quit(terminal)
        self.assertNotIn(PASSWORD, terminal.raw.decode())
        self.assertTrue(terminal.is_cooked())

    def test_a_prompt_with_echo_is_shown_again_after_a_suspension(self):
        terminal = self.porter(with_address=False)
        terminal.expect(r"^Host \[localhost\]: \Z")
        terminal.suspend()
        terminal.resume()
        terminal.expect(r"Host \[localhost\]: .*Host \[localhost\]: \Z")
        self.assertTrue(terminal.is_cooked())
        terminal.send(CTRL_D)
        self.assertEqual(terminal.wait(), 0)

    def test_a_change_of_password_is_hidden_after_a_suspension(self):
        terminal = self.register("Stopped Changer")
        terminal.send_line("/password")
        terminal.expect("^Current password: ")
        terminal.suspend()
        self.assertTrue(terminal.is_cooked())
        terminal.resume()
        until(lambda: not terminal.is_cooked(), "the input is hidden again")
        terminal.expect("Current password: .*Current password: ")
        terminal.send_line("/quit")
        self.assertEqual(terminal.wait(), 0)
        self.assertTrue(terminal.is_cooked())

    def test_an_edited_line_is_shown_again_after_a_suspension(self):
        terminal = self.register("Stopped Talker")
        terminal.send("half a ")
        terminal.expect("^> half a ")
        terminal.suspend()
        self.assertTrue(terminal.is_cooked())
        terminal.resume()
        until(lambda: not terminal.is_cooked(), "the line is edited again")
        terminal.send_line("line")
        terminal.expect(r"^half a line$")
        self.quit(terminal)


class SlowAnswers(PorterCase):
    options = ("--login-grace", "5s")

    def test_a_password_typed_after_the_login_grace_is_accepted(self):
        account = self.account("Slow Typist")
        terminal = self.porter("--name", account.name)
        if terminal.expect(r"New here\? \(yes/no\) |^Password for Slow Typist: ").group().startswith("New"):
            terminal.send_line("no")
            terminal.expect(r"^Password for Slow Typist: ")
        until(lambda: self.server.connections() == 0, "the server has closed the connection")
        terminal.send_line(PASSWORD)
        terminal.expect(r"^Welcome, Slow Typist\.")
        terminal.expect(PROMPT)
        self.quit(terminal)


class IdentifyPrompts(PorterCase):
    options = ("--access", "identify")

    def test_an_unknown_address_is_asked_for_a_name_once(self):
        terminal = self.porter()
        for asked, name in enumerate(("  ", "Al\u202eice", "Alice"), start=1):
            terminal.expect(r"^[^\n]*[Nn]ame[^\n]*: ", times=asked)
            terminal.send_line(name)
        terminal.expect("Alice")
        terminal.expect(PROMPT)
        self.expect_echo(terminal, "hello")
        self.quit(terminal)
        self.new_home()
        terminal = self.porter()
        terminal.expect(r"^Hello, Alice! The server knows you by your address\.$")
        terminal.expect(PROMPT)
        self.assertNotRegex(terminal.text(), "[Nn]ame.*: |assword")
        self.expect_echo(terminal, "hello again")
        self.quit(terminal)


class OpenPrompts(PorterCase):
    options = ("--access", "open")

    def test_open_access_has_no_prompts(self):
        terminal = self.porter()
        terminal.expect(PROMPT)
        self.assertNotRegex(terminal.text(), "[Nn]ame|assword|New here")
        self.expect_echo(terminal, "hello")
        self.quit(terminal)


class Greetings(PorterCase):
    def test_a_saved_session_is_resumed_without_a_prompt(self):
        self.quit(self.register("Returning"))
        terminal = self.porter()
        terminal.expect(r"^Welcome, Returning\. Last login \d{4}-\d\d-\d\d \d\d:\d\d from 127\.0\.0\.1\. "
                        r"Your session is kept until \d{4}-\d\d-\d\d\.$")
        terminal.expect(PROMPT)
        self.assertNotRegex(terminal.text(), "[Pp]assword|New here")
        self.expect_echo(terminal, "back again")
        self.quit(terminal)

    def test_a_known_address_is_greeted_and_asked_only_for_the_password(self):
        self.quit(self.register("Neighbour", "--no-save"))
        terminal = self.porter("--no-save")
        terminal.expect(r"^Hello, Neighbour! The server knows you by your address\.$")
        prompt = terminal.expect(r"[Nn]ame \[Neighbour\]: |^Password for Neighbour: ")
        if "ame" in prompt.group():
            terminal.send_line("")
        terminal.expect(r"^Password for Neighbour: ")
        terminal.send_line(PASSWORD)
        terminal.expect(r"^Welcome, Neighbour\. Last login ")
        self.assertNotRegex(terminal.text(), "New here")
        self.quit(terminal)

    def test_failed_attempts_are_shown(self):
        account = self.account("Probed")
        client = self.start_access_phase()
        client.request("login", account.name, OTHER_PASSWORD)
        terminal = self.porter("--name", "Probed")
        if terminal.expect(r"New here\? \(yes/no\) |Password for Probed: ").group().startswith("New"):
            terminal.send_line("no")
        terminal.expect(r"^Password for Probed: ")
        terminal.send_line(PASSWORD)
        terminal.expect(rf"^Welcome, Probed\. Last login .* from {re.escape(account.address)}\.")
        terminal.expect(r"\b(1|one|One)\b.*(failed|wrong)|(failed|wrong).*\b(1|one)\b")
        self.quit(terminal)

    def test_a_denied_token_is_removed_and_the_password_asked(self):
        self.quit(self.register("Forgotten"))
        client = self.connect()
        client.get_access("login", "Forgotten", PASSWORD)
        client.request("logout", 1)
        for _ in range(2):
            terminal = self.porter("--name", "Forgotten", "--no-save")
            terminal.expect(r"^Password for Forgotten: ")
            terminal.send(CTRL_D)
            self.assertEqual(terminal.wait(), 0)


if __name__ == "__main__":
    unittest.main()
