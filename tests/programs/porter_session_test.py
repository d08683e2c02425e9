"""porter on a terminal after access: commands, line editing, and invalid servers."""
import os
import pathlib
import re
import threading
import unittest

from support.case import OTHER_PASSWORD, PASSWORD
from support.porter import PROMPT, PorterCase
from support.scripted_server import ScriptedServer, grant_open_access, wait_for_close
from support.server import PORTER
from support.terminal import CTRL_C, CTRL_D, ENTER, Terminal
from support.waiting import HANG_GUARD


def flags_of_input(process):
    """The status flags of the process's stdin, which it shares with the shell."""
    info = pathlib.Path(f"/proc/{process}/fdinfo/0").read_text(encoding="ascii")
    return int(re.search(r"^flags:\s*(\d+)$", info, re.MULTILINE).group(1), 8)


class Commands(PorterCase):
    def test_help_lists_every_command(self):
        terminal = self.register("Helped")
        terminal.send_line("/help")
        for command in ("/help", "/sessions", "/revoke", "/password", "/logout", "/whoami", "/quit", "//"):
            terminal.expect(rf"^.*{command}(?!.*> ).*\S", times=1)
        self.quit(terminal)

    def test_whoami_shows_the_name(self):
        terminal = self.register("Alice")
        terminal.send_line("/whoami")
        terminal.expect("Alice", times=2)
        self.quit(terminal)

    def test_sessions_are_listed_and_revoke_ends_one(self):
        terminal = self.register("Many Sessions")
        other = self.connect()
        granted = other.get_access("login", "Many Sessions", PASSWORD)
        terminal.send_line("/sessions")
        date, time = r"\d{4}-\d\d-\d\d", r"\d\d:\d\d"
        terminal.expect(rf"^ *{granted.session}  {date} {time}  {date} {time}  {date}  "
                        rf"{re.escape(other.address)}$")
        terminal.send_line(f"/revoke {granted.session}")
        other.expect_closing("session_ended")
        self.expect_echo(terminal, "still here")
        terminal.send_line("/revoke 999999")
        terminal.expect("not_found|[Nn]o such session")
        terminal.send_line("/revoke nonsense")
        self.expect_echo(terminal, "and still here")
        self.quit(terminal)

    def test_two_slashes_send_one(self):
        terminal = self.register("Slashes")
        terminal.send_line("//quit")
        terminal.expect(r"^/quit$")
        self.quit(terminal)

    def test_spaces_around_and_within_a_command_are_ignored(self):
        terminal = self.register("Spacious")
        terminal.send_line("  /revoke \t x ")
        terminal.expect(r'^"x" is not a session\'s ID$')
        self.expect_echo(terminal, " a text keeps its blanks")
        terminal.send_line(" /quit ")
        self.assertEqual(terminal.wait(), 0)

    def test_the_rule_for_a_new_password_is_shown_and_checked_at_once(self):
        terminal = self.register("Rule Reader")
        terminal.send_line("/password")
        terminal.expect("^Current password: ")
        terminal.send_line(PASSWORD)
        terminal.expect(r"^Choose a password of at least 8 characters that is not a common one\.\nNew password: \Z")
        terminal.send_line("short")
        terminal.expect(r"^A password has at least 8 characters\.\nNew password: \Z")
        terminal.send_line("")
        terminal.expect(r"^The password is unchanged\.$")
        self.quit(terminal)

    def test_an_unknown_command_is_not_sent(self):
        terminal = self.register("Typo")
        terminal.send_line("/qiut")
        self.expect_echo(terminal, "next")
        self.assertNotRegex(terminal.text(), r"(?m)^/qiut$")
        self.quit(terminal)

    def test_a_new_password_is_not_shown(self):
        terminal = self.register("Changer")
        before = len(re.findall("assword[^\n]*: ", terminal.text()))
        terminal.send_line("/password")
        for times, password in enumerate((PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD), start=1):
            terminal.expect(r"assword[^\n]*: ", times=before + times)
            terminal.send_line(password)
        terminal.expect(r"^> \Z")
        self.expect_echo(terminal, "after the change")
        self.assertNotIn(OTHER_PASSWORD, terminal.raw.decode())
        self.connect().get_access("login", "Changer", OTHER_PASSWORD)
        self.quit(terminal)

    def test_quit_at_a_password_prompt_exits(self):
        terminal = self.register("Quitter Of Passwords")
        terminal.send_line("/password")
        terminal.expect("^Current password: ")
        terminal.send_line("/quit")
        self.assertEqual(terminal.wait(), 0)
        self.assertTrue(terminal.is_cooked())
        self.assertNotIn("is unchanged", terminal.text())

    def test_a_wrong_current_password_changes_nothing(self):
        terminal = self.register("Forgetful")
        terminal.send_line("/password")
        for prompt in ("Current password: ", "New password: ", "New password again: "):
            terminal.expect("^" + prompt)
            terminal.send_line(OTHER_PASSWORD)
        terminal.expect(r"^The current password is wrong\. The password is unchanged\.$")
        self.connect().get_access("login", "Forgetful", PASSWORD)
        self.quit(terminal)

    def test_a_command_may_be_written_in_capitals(self):
        terminal = self.register("Loud")
        terminal.send_line("/WhoAmI")
        terminal.expect("^Loud, with a new account")
        terminal.send_line("/QUIT")
        self.assertEqual(terminal.wait(), 0)
        self.assertNotIn("takes no argument", terminal.text())

    def test_a_usage_error_of_a_command_is_explained(self):
        terminal = self.register("Learner")
        for line, message in (("/revoke", "/revoke takes the ID of a session"),
                              ("/revoke x", '"x" is not a session\'s ID'),
                           ("/logout everything", "/logout ends this session, /logout all"),
                           ("/quit now", "/quit takes no argument"), ("/HELP me", "/help takes no argument")):
            terminal.send_line(line)
            terminal.expect("^" + re.escape(message))
        self.assertNotIn("There is no", terminal.text())
        self.quit(terminal)

    def test_logout_exits_and_removes_the_saved_session(self):
        terminal = self.register("Leaver")
        terminal.send_line("/logout")
        self.assertEqual(terminal.wait(), 0)
        told = "> /logout\nYou are logged out: your session as Leaver is over.\n"
        self.assertTrue(terminal.text().endswith(told), terminal.text())
        terminal = self.porter("--name", "Leaver")
        terminal.expect(r"^Password for Leaver: |New here")
        terminal.send(CTRL_D)
        self.assertEqual(terminal.wait(), 0)

    def test_logout_all_ends_the_other_sessions(self):
        terminal = self.register("Leaver Of All")
        other = self.connect()
        other.get_access("login", "Leaver Of All", PASSWORD)
        terminal.send_line("/logout all")
        other.expect_closing("session_ended")
        self.assertEqual(terminal.wait(), 0)
        self.assertIn("\nYou are logged out: all sessions of Leaver Of All are over.\n", terminal.text())

    def test_a_throttled_change_of_password_shows_the_seconds_to_wait(self):
        def script(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "Alice")
            connection.expect("login")
            connection.send("granted", "login", "Alice", 7, "prt_x", 4_000_000_000, 0, "", 0)
            connection.expect("change_password")
            connection.send("denied", "throttled", 5, "too many failed tries: wait a little")
            wait_for_close(connection)
        server = ScriptedServer(script)
        terminal = Terminal(PORTER, "127.0.0.1", server.port, "--plain", home=self.home)
        self.addCleanup(terminal.close)
        terminal.expect("^Password for Alice: ")
        terminal.send_line(PASSWORD)
        terminal.expect(PROMPT)
        terminal.send_line("/password")
        for prompt in ("Current password: ", "New password: ", "New password again: "):
            terminal.expect("^" + prompt)
            terminal.send_line(OTHER_PASSWORD)
        terminal.expect(r"^Too many failed tries: wait a little\. Try again in 5 s\.$")
        self.quit(terminal)
        server.join()

    def test_ctrl_c_at_a_prompt_ends_the_line(self):
        terminal = self.register("Interrupter Of Questions")
        terminal.send_line("/password")
        terminal.expect(r"^Current password: \Z")
        terminal.send(CTRL_C)
        self.assertEqual(terminal.wait(), 0)
        self.assertTrue(terminal.text().endswith("\nCurrent password: \n"), terminal.text())
        self.assertTrue(terminal.is_cooked())


class Texts(PorterCase):
    def test_a_text_is_echoed_and_the_prompt_is_drawn_again(self):
        terminal = self.register("Talker")
        for text in ("hello", "привет", "名前", "a longer line with 'quotes' and \\ backslashes"):
            self.expect_echo(terminal, text)
        terminal.expect(r"^> \Z")
        self.quit(terminal)

    def test_the_history_has_the_previous_line(self):
        terminal = self.register("Repeater")
        self.expect_echo(terminal, "once more")
        terminal.expect(r"^> \Z")
        terminal.send("\x1b[A\r")
        terminal.expect(r"^> once more$", times=2)
        terminal.expect(r"^once more$", times=2)
        self.quit(terminal)

    def test_ctrl_d_exits(self):
        terminal = self.register("Ender")
        terminal.send(CTRL_D)
        self.assertEqual(terminal.wait(), 0)

    def test_quit_is_no_answer_to_a_question(self):
        self.new_home()
        terminal = self.porter("--register")
        terminal.expect(r"^Name.*: \Z")
        terminal.send_line(" /quit ")
        self.assertEqual(terminal.wait(), 0)
        self.assertNotIn("Password", terminal.text())

    def test_every_exit_restores_the_terminal(self):
        for name, keys in (("Interrupter", CTRL_C), ("Quitter", "/quit\r"), ("Hanger Up", CTRL_D)):
            with self.subTest(keys=keys):
                self.new_home()
                terminal = self.register(name)
                terminal.send(keys)
                self.assertIn(terminal.wait(), (0, 130))
                self.assertTrue(terminal.is_cooked())

    def test_ctrl_c_clears_the_line_and_exits_on_an_empty_one(self):
        terminal = self.register("Cleaner")
        terminal.send("half a li")
        terminal.expect(r"^> half a li\Z")
        terminal.send(CTRL_C)
        terminal.expect(r"^> \Z")
        self.expect_echo(terminal, "whole")
        terminal.send(CTRL_C)
        self.assertEqual(terminal.wait(), 0)
        self.assertNotIn("half", terminal.text())

    def test_a_session_that_another_connection_ended_is_reported(self):
        terminal = self.register("Thrown Out")
        other = self.connect()
        other.get_access("login", "Thrown Out", PASSWORD)
        other.request("logout", 1)
        terminal.expect(r"^Your session as Thrown Out was ended .*: log in again\.$")
        terminal.expect("^Password for Thrown Out: ")
        terminal.send(CTRL_D)
        self.assertEqual(terminal.wait(), 0)


class Keys(PorterCase):
    options = ("--access", "open")

    def test_keys_without_a_function_are_ignored(self):
        terminal = self.porter()
        terminal.expect(PROMPT)
        for key in ("\x1b[5~", "\x1bOP", "\x1b[3;5~", "\x1b[15~", "\x1b[1;2P"):
            terminal.send(key)
        terminal.send("one two\x1b[1;5D\x1b[1;5D\x1b[1;5Cand \x1b[Fs")
        terminal.send_line("")
        terminal.expect(r"^oneand  twos$")
        self.quit(terminal)

    def test_combining_marks_and_wide_characters_are_edited_correctly(self):
        terminal = self.porter()
        terminal.expect(PROMPT)
        cafe, names, thumb = "cafe\u0301", "\u540d\u524d", "\U0001f44d"
        terminal.send(f"{cafe} {names}{thumb} x")
        terminal.expect(rf"^> {cafe} {names}{thumb} x\Z")
        terminal.send("\x1b[HZ")
        terminal.expect(rf"^> Z{cafe} {names}{thumb} x\Z")
        terminal.send("\x1b[F" + "\x1b[D" * 3 + "y\x7f\x7f")
        terminal.expect(rf"^> Z{cafe} {names[0]}{thumb} x\Z")
        terminal.send_line("")
        terminal.expect(rf"^Z{cafe} {names[0]}{thumb} x$")
        self.quit(terminal)

    def test_a_wrapped_line_is_edited_at_the_edge(self):
        terminal = Terminal(PORTER, "127.0.0.1", self.server.port, "--plain", home=self.home, columns=20)
        self.addCleanup(terminal.close)
        terminal.expect(PROMPT)
        wide = "\u540d"
        terminal.send("x" * 17 + wide)  # in column 20 of 20 there is no space for a wide character
        terminal.expect(rf"^> x{{17}}{wide}\Z")
        terminal.send("\x1b[Dab")
        terminal.expect(rf"^> x{{17}}ab{wide}\Z|^> x{{17}}a\n?b{wide}\Z")
        terminal.send("\x1b[Fc")
        terminal.send_line("")
        terminal.expect(rf"^x{{17}}ab{wide}c$")
        terminal.send("y" * 18)
        terminal.send("\x7f" * 18)
        terminal.expect(r"^> \Z")
        self.quit(terminal)

    def test_pasted_lines_look_like_typed_ones(self):
        terminal = self.porter()
        terminal.expect(PROMPT)
        pasted = [f"line {number} of the paste" for number in range(1000)]
        sender = threading.Thread(target=terminal.send, args=("".join(line + "\n" for line in pasted),))
        sender.start()
        terminal.expect(rf"^{pasted[-1]}\n> \Z")
        sender.join()
        shown = terminal.text().partition("\nWelcome.\n")[2].splitlines()[:-1]
        self.assertEqual([line for line in shown if line.startswith(">")], ["> " + line for line in pasted])
        self.assertEqual([line for line in shown if not line.startswith(">")], pasted)
        self.quit(terminal)

    def test_tabs_are_sent(self):
        terminal = self.porter("--json")
        terminal.expect(PROMPT)
        terminal.send_line("a\tb")
        terminal.expect(r'^\{"text":"a\\tb"\}$')
        self.quit(terminal)

    def test_stdin_stays_blocking(self):
        terminal = self.porter()
        terminal.expect(PROMPT)
        self.assertFalse(flags_of_input(terminal.process.pid) & os.O_NONBLOCK)
        self.expect_echo(terminal, "hello")
        self.assertFalse(flags_of_input(terminal.process.pid) & os.O_NONBLOCK)
        self.quit(terminal)

    def test_open_access_has_no_commands_for_accounts(self):
        terminal = self.porter()
        terminal.expect(PROMPT)
        terminal.send_line("/help")
        terminal.expect(r"//text")
        self.assertNotRegex(terminal.text(), "/sessions|/revoke|/password|/logout")
        for times, line in enumerate(("/sessions", "/revoke 1", "/password", "/logout"), start=1):
            terminal.send_line(line)
            terminal.expect(r"^This server has no accounts\.$", times=times)
        self.quit(terminal)


class ScriptedServers(PorterCase):
    """Messages that porterd does not send."""

    def connect_to(self, *scripts, arguments=()):
        server = ScriptedServer(*scripts)
        terminal = Terminal(PORTER, "127.0.0.1", server.port, "--plain", *arguments, home=self.home)
        self.addCleanup(terminal.close)
        return server, terminal

    def test_pings_are_answered_during_a_password_prompt_and_no_key_is_lost(self):
        prompted, answered = threading.Semaphore(0), threading.Semaphore(0)

        def script(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "")
            connection.expect("login")
            connection.send("granted", "login", "Alice", 7, "prt_x", 4_000_000_000, 0, "", 0)
            for _ in range(3):
                assert prompted.acquire(timeout=HANG_GUARD)
                connection.send("ping", b"still there?")
                connection.expect("pong", data=b"still there?")
                answered.release()
            connection.expect("change_password", current=PASSWORD, new=OTHER_PASSWORD)
            connection.send("done")
            wait_for_close(connection)
        server, terminal = self.connect_to(script, arguments=("--name", "Alice"))
        terminal.expect(r"^New here\? ")
        terminal.send_line("no")
        terminal.expect(r"^Password for Alice: ")
        terminal.send_line(PASSWORD)
        terminal.expect(PROMPT)
        terminal.send("/password")
        terminal.expect(r"^> /password$")
        terminal.send(ENTER)  # alone, as typed by a user: it wakes both the line editor and the prompt
        for prompt, typed in (("Current password: ", PASSWORD), ("New password: ", OTHER_PASSWORD),
                              ("New password again: ", OTHER_PASSWORD)):
            terminal.expect("^" + prompt)
            prompted.release()
            self.assertTrue(answered.acquire(timeout=HANG_GUARD), "the client does not read from the server")
            terminal.send_line(typed)
        terminal.expect(r"^The password is changed\.")
        self.quit(terminal)
        server.join()

    def test_a_server_that_stays_unavailable_is_reported_once(self):
        def log_in(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "Alice")
            connection.expect("login")
            connection.send("granted", "login", "Alice", 7, "prt_x", 4_000_000_000, 0, "", 0)

        def unavailable(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "Alice")
            connection.expect("resume")
            connection.send("denied", "unavailable", 1, "the user database cannot be reached just now")
            connection.expect("closing", code="normal")
        server, terminal = self.connect_to(log_in, unavailable, unavailable, unavailable)
        terminal.expect("^Password for Alice: ")
        terminal.send_line(PASSWORD)
        terminal.expect(r"^Still not connected \(the user database cannot be reached just now\): "
                        r"next try in \d+ s, /quit quits\.$")
        self.quit(terminal)
        server.join()

    def test_control_characters_in_a_text_are_escaped(self):
        def script(connection):
            grant_open_access(connection, server="porterd/\x1b]0;owned\x07")
            connection.send("text", "before\x1b[2J\x1b]0;title\x07\rover\b\x9b31m\u202eafter\nsecond line")
            wait_for_close(connection)
        server, terminal = self.connect_to(script)
        terminal.expect("before.*over.*after")
        for raw in (b"\x1b[2J", b"\x1b]0;", b"\x07\r", "\x9b".encode(), "\u202e".encode()):
            self.assertNotIn(raw, terminal.raw)
        self.quit(terminal)
        server.join()

    def test_control_characters_in_known_as_and_a_reason_are_escaped(self):
        def script(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0", "Ev\x1b[31mil")
            connection.expect("login")
            connection.send("closing", "protocol_error", "because\x1b[2J of me\r\nporter: fine")
            wait_for_close(connection)
        server, terminal = self.connect_to(script)
        terminal.expect("^Password for ")
        terminal.send_line(PASSWORD)
        terminal.expect("does not understand")
        self.assertEqual(terminal.wait(), 76)
        self.assertNotIn(b"\x1b[2J", terminal.raw)
        self.assertNotIn(b"\x1b[31mil", terminal.raw)
        self.assertNotRegex(terminal.text(), "(?m)^porter: fine")
        server.join()


if __name__ == "__main__":
    unittest.main()
