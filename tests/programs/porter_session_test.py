"""porter on a terminal, once let in: its commands, the conversation, and a server that goes away (commands page)."""
import os
import pathlib
import re
import threading
import unittest

from support.case import OTHER_PASSWORD, PASSWORD
from support.peer import Peer, let_in, see_off
from support.porter import PROMPT, PorterCase
from support.server import PORTER, Server
from support.terminal import CTRL_C, CTRL_D, ENTER, Terminal
from support.waiting import HANG_GUARD, until


def flags_of_input(process):
    """The status flags of its stdin, which it shares with the shell that started it."""
    info = pathlib.Path(f"/proc/{process}/fdinfo/0").read_text(encoding="ascii")
    return int(re.search(r"^flags:\s*(\d+)$", info, re.MULTILINE).group(1), 8)


class Commands(PorterCase):
    def test_help_tells_of_every_command(self):
        terminal = self.registered("Helped")
        terminal.line("/help")
        for command in ("/help", "/sessions", "/revoke", "/password", "/logout", "/whoami", "/quit", "//"):
            terminal.see(rf"^.*{command}(?!.*> ).*\S", times=1)
        self.leave(terminal)

    def test_whoami_tells_the_name(self):
        terminal = self.registered("Somebody")
        terminal.line("/whoami")
        terminal.see("Somebody", times=2)
        self.leave(terminal)

    def test_sessions_lists_them_with_id_and_address_and_revoke_ends_one(self):
        terminal = self.registered("Many Sessions")
        other = self.visitor()
        granted = other.enter("login", "Many Sessions", PASSWORD)
        terminal.line("/sessions")
        terminal.see(rf"^ *{granted.session}  \d{{4}}-\d\d-\d\d \d\d:\d\d  \d{{4}}-\d\d-\d\d \d\d:\d\d  \d{{4}}-\d\d-\d\d  "
                     rf"{re.escape(other.address)}$")
        terminal.line(f"/revoke {granted.session}")
        other.expect_closing("session_ended")
        self.say(terminal, "still here")
        terminal.line("/revoke 999999")
        terminal.see("not_found|[Nn]o such session")
        terminal.line("/revoke nonsense")
        self.say(terminal, "and still here")
        self.leave(terminal)

    def test_two_slashes_send_one(self):
        terminal = self.registered("Slashes")
        terminal.line("//quit")
        terminal.see(r"^/quit$")
        self.leave(terminal)

    def test_blanks_around_a_command_and_in_it_do_not_matter(self):
        terminal = self.registered("Spacious")
        terminal.line("  /revoke \t x ")
        terminal.see(r'^"x" is not a session\'s ID$')
        self.say(terminal, " a text keeps its blanks")
        terminal.line(" /quit ")
        self.assertEqual(terminal.leave(), 0)

    def test_a_new_password_is_judged_at_once_after_its_rule_was_told(self):
        terminal = self.registered("Rule Reader")
        terminal.line("/password")
        terminal.see("^Current password: ")
        terminal.line(PASSWORD)
        terminal.see(r"^Choose a password of at least 8 characters that is not a common one\.\nNew password: \Z")
        terminal.line("short")
        terminal.see(r"^A password has at least 8 characters\.\nNew password: \Z")
        terminal.line("")
        terminal.see(r"^The password stays as it is\.$")
        self.leave(terminal)

    def test_an_unknown_command_is_not_sent(self):
        terminal = self.registered("Typo")
        terminal.line("/qiut")
        self.say(terminal, "next")
        self.assertNotRegex(terminal.text(), r"(?m)^/qiut$")
        self.leave(terminal)

    def test_the_password_is_changed_without_being_shown(self):
        terminal = self.registered("Changer")
        before = len(re.findall("assword[^\n]*: ", terminal.text()))
        terminal.line("/password")
        for times, password in enumerate((PASSWORD, OTHER_PASSWORD, OTHER_PASSWORD), start=1):
            terminal.see(r"assword[^\n]*: ", times=before + times)
            terminal.line(password)
        terminal.see(r"^> \Z")
        self.say(terminal, "after the change")
        self.assertNotIn(OTHER_PASSWORD, terminal.raw.decode())
        self.visitor().enter("login", "Changer", OTHER_PASSWORD)
        self.leave(terminal)

    def test_quit_at_a_question_for_a_password_leaves(self):
        terminal = self.registered("Quitter Of Passwords")
        terminal.line("/password")
        terminal.see("^Current password: ")
        terminal.line("/quit")
        self.assertEqual(terminal.leave(), 0)
        self.assertTrue(terminal.echoes())
        self.assertNotIn("stays as it is", terminal.text())

    def test_a_wrong_current_password_is_told_as_such_and_changes_nothing(self):
        terminal = self.registered("Forgetful")
        terminal.line("/password")
        for prompt in ("Current password: ", "New password: ", "New password again: "):
            terminal.see("^" + prompt)
            terminal.line(OTHER_PASSWORD)
        terminal.see(r"^The current password is wrong\. The password stays as it is\.$")
        self.visitor().enter("login", "Forgetful", PASSWORD)
        self.leave(terminal)

    def test_a_command_may_be_written_in_capitals(self):
        terminal = self.registered("Loud")
        terminal.line("/WhoAmI")
        terminal.see("^Loud, with a new account")
        terminal.line("/QUIT")
        self.assertEqual(terminal.leave(), 0)
        self.assertNotIn("stands alone", terminal.text())

    def test_a_command_that_is_used_wrongly_is_explained(self):
        terminal = self.registered("Learner")
        for line, told in (("/revoke", "/revoke takes the ID of a session"), ("/revoke x", '"x" is not a session\'s ID'),
                           ("/logout everything", "/logout ends this session, /logout all"),
                           ("/quit now", "/quit stands alone"), ("/HELP me", "/help stands alone")):
            terminal.line(line)
            terminal.see("^" + re.escape(told))
        self.assertNotIn("There is no", terminal.text())
        self.leave(terminal)

    def test_logging_out_leaves_and_forgets_the_session(self):
        terminal = self.registered("Leaver")
        terminal.line("/logout")
        self.assertEqual(terminal.leave(), 0)
        told = "> /logout\nYou are logged out: your session as Leaver is over.\n"
        self.assertTrue(terminal.text().endswith(told), terminal.text())
        terminal = self.porter("--name", "Leaver")
        terminal.see(r"^Password for Leaver: |New here")
        terminal.type(CTRL_D)
        self.assertEqual(terminal.leave(), 0)

    def test_logging_out_everywhere_ends_the_other_sessions(self):
        terminal = self.registered("Leaver Of All")
        other = self.visitor()
        other.enter("login", "Leaver Of All", PASSWORD)
        terminal.line("/logout all")
        other.expect_closing("session_ended")
        self.assertEqual(terminal.leave(), 0)
        self.assertIn("\nYou are logged out: all sessions of Leaver Of All are over.\n", terminal.text())

    def test_who_is_throttled_at_a_change_of_password_is_told_the_seconds(self):
        def script(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "Alice")
            connection.expect("login")
            connection.send("granted", "login", "Alice", 7, "prt_x", 4_000_000_000, 0, "", 0)
            connection.expect("change_password")
            connection.send("denied", "throttled", 5, "too many failed tries: wait a little")
            see_off(connection)
        peer = Peer(script)
        terminal = Terminal(PORTER, "127.0.0.1", peer.port, "--plain", home=self.home)
        self.addCleanup(terminal.close)
        terminal.see("^Password for Alice: ")
        terminal.line(PASSWORD)
        terminal.see(PROMPT)
        terminal.line("/password")
        for prompt in ("Current password: ", "New password: ", "New password again: "):
            terminal.see("^" + prompt)
            terminal.line(OTHER_PASSWORD)
        terminal.see(r"^Too many failed tries: wait a little\. Try again in 5 s\.$")
        self.leave(terminal)
        peer.join()

    def test_ctrl_c_at_a_question_ends_the_line(self):
        terminal = self.registered("Interrupter Of Questions")
        terminal.line("/password")
        terminal.see(r"^Current password: \Z")
        terminal.type(CTRL_C)
        self.assertEqual(terminal.leave(), 0)
        self.assertTrue(terminal.text().endswith("\nCurrent password: \n"), terminal.text())
        self.assertTrue(terminal.echoes())


class Conversation(PorterCase):
    def test_what_is_said_comes_back_and_the_prompt_is_drawn_again(self):
        terminal = self.registered("Talker")
        for text in ("hello", "привет", "名前", "a longer line with 'quotes' and \\ backslashes"):
            self.say(terminal, text)
        terminal.see(r"^> \Z")
        self.leave(terminal)

    def test_history_gives_the_line_before_back(self):
        terminal = self.registered("Repeater")
        self.say(terminal, "once more")
        terminal.see(r"^> \Z")
        terminal.type("\x1b[A\r")
        terminal.see(r"^> once more$", times=2)
        terminal.see(r"^once more$", times=2)
        self.leave(terminal)

    def test_ctrl_d_leaves(self):
        terminal = self.registered("Ender")
        terminal.type(CTRL_D)
        self.assertEqual(terminal.leave(), 0)

    def test_however_it_leaves_the_terminal_echoes_again(self):
        for name, keys in (("Interrupter", CTRL_C), ("Quitter", "/quit\r"), ("Hanger Up", CTRL_D)):
            with self.subTest(keys=keys):
                self.new_home()
                terminal = self.registered(name)
                terminal.type(keys)
                self.assertIn(terminal.leave(), (0, 130))
                self.assertTrue(terminal.echoes())

    def test_ctrl_c_clears_a_half_typed_line_and_leaves_on_an_empty_one(self):
        terminal = self.registered("Cleaner")
        terminal.type("half a li")
        terminal.see(r"^> half a li\Z")
        terminal.type(CTRL_C)
        terminal.see(r"^> \Z")
        self.say(terminal, "whole")
        terminal.type(CTRL_C)
        self.assertEqual(terminal.leave(), 0)
        self.assertNotIn("half", terminal.text())

    def test_a_session_ended_elsewhere_is_told(self):
        terminal = self.registered("Thrown Out")
        other = self.visitor()
        other.enter("login", "Thrown Out", PASSWORD)
        other.ask("logout", 1)
        terminal.see(r"^Your session as Thrown Out was ended .*\. Start porter again to log in\.$")
        self.assertEqual(terminal.leave(), 77)


class Keys(PorterCase):
    options = ("--access", "open")

    def test_keys_without_a_meaning_leave_nothing_in_the_line(self):
        terminal = self.porter()
        terminal.see(PROMPT)
        for key in ("\x1b[5~", "\x1bOP", "\x1b[3;5~", "\x1b[15~", "\x1b[1;2P"):
            terminal.type(key)
        terminal.type("one two\x1b[1;5D\x1b[1;5D\x1b[1;5Cand \x1b[Fs")
        terminal.line("")
        terminal.see(r"^oneand  twos$")
        self.leave(terminal)

    def test_combining_marks_and_wide_letters_stand_right_while_a_line_is_edited(self):
        terminal = self.porter()
        terminal.see(PROMPT)
        cafe, names, thumb = "cafe\u0301", "\u540d\u524d", "\U0001f44d"
        terminal.type(f"{cafe} {names}{thumb} x")
        terminal.see(rf"^> {cafe} {names}{thumb} x\Z")
        terminal.type("\x1b[HZ")
        terminal.see(rf"^> Z{cafe} {names}{thumb} x\Z")
        terminal.type("\x1b[F" + "\x1b[D" * 3 + "y\x7f\x7f")
        terminal.see(rf"^> Z{cafe} {names[0]}{thumb} x\Z")
        terminal.line("")
        terminal.see(rf"^Z{cafe} {names[0]}{thumb} x$")
        self.leave(terminal)

    def test_a_line_that_goes_on_in_the_next_row_is_edited_at_the_edge(self):
        terminal = Terminal(PORTER, "127.0.0.1", self.server.port, "--plain", home=self.home, columns=20)
        self.addCleanup(terminal.close)
        terminal.see(PROMPT)
        wide = "\u540d"
        terminal.type("x" * 17 + wide)  # 19 columns are taken: the wide one has no room in this row
        terminal.see(rf"^> x{{17}}{wide}\Z")
        terminal.type("\x1b[Dab")
        terminal.see(rf"^> x{{17}}ab{wide}\Z|^> x{{17}}a\n?b{wide}\Z")
        terminal.type("\x1b[Fc")
        terminal.line("")
        terminal.see(rf"^x{{17}}ab{wide}c$")
        terminal.type("y" * 18)
        terminal.type("\x7f" * 18)
        terminal.see(r"^> \Z")
        self.leave(terminal)

    def test_pasted_lines_stand_on_the_screen_as_if_they_were_typed(self):
        terminal = self.porter()
        terminal.see(PROMPT)
        pasted = [f"line {number} of the paste" for number in range(1000)]
        typist = threading.Thread(target=terminal.type, args=("".join(line + "\n" for line in pasted),))
        typist.start()
        terminal.see(rf"^{pasted[-1]}\n> \Z")
        typist.join()
        shown = terminal.text().partition("\nWelcome.\n")[2].splitlines()[:-1]
        self.assertEqual([line for line in shown if line.startswith(">")], ["> " + line for line in pasted])
        self.assertEqual([line for line in shown if not line.startswith(">")], pasted)
        self.leave(terminal)

    def test_tabs_are_sent(self):
        terminal = self.porter("--json")
        terminal.see(PROMPT)
        terminal.line("a\tb")
        terminal.see(r'^\{"text":"a\\tb"\}$')
        self.leave(terminal)

    def test_the_next_program_on_the_terminal_finds_it_blocking(self):
        terminal = self.porter()
        terminal.see(PROMPT)
        self.assertFalse(flags_of_input(terminal.process.pid) & os.O_NONBLOCK)
        self.say(terminal, "hello")
        self.assertFalse(flags_of_input(terminal.process.pid) & os.O_NONBLOCK)
        self.leave(terminal)

    def test_commands_for_accounts_are_not_there(self):
        terminal = self.porter()
        terminal.see(PROMPT)
        terminal.line("/help")
        terminal.see(r"//text")
        self.assertNotRegex(terminal.text(), "/sessions|/revoke|/password|/logout")
        for times, line in enumerate(("/sessions", "/revoke 1", "/password", "/logout"), start=1):
            terminal.line(line)
            terminal.see(r"^This server has no accounts\.$", times=times)
        self.leave(terminal)


class ReturningServer(PorterCase):
    def test_a_restarted_server_is_joined_again_without_a_question(self):
        server = Server()
        self.addCleanup(server.remove)
        terminal = self.porter("--name", "Patient", "--register", server=server)
        for times in (1, 2):
            terminal.see(r"[Pp]assword.*: ", times=times)
            terminal.line(PASSWORD)
        terminal.see(PROMPT)
        self.say(terminal, "before")
        asked = len(re.findall("assword", terminal.text()))
        server.stop()
        server.wanted_port, server.options = server.port, ("--strict-port",)
        server.start()
        until(lambda: server.connections() == 1, "the client comes back")
        until(lambda: "resume" in server.log(), "the server let it in")
        self.say(terminal, "after")
        self.assertEqual(len(re.findall("assword", terminal.text())), asked)
        self.leave(terminal)
        server.stop()


    def test_what_is_typed_while_the_server_is_away_is_told_to_be_unsent(self):
        server = Server()
        self.addCleanup(server.remove)
        terminal = self.porter("--name", "Eager", "--register", server=server)
        for times in (1, 2):
            terminal.see(r"[Pp]assword.*: ", times=times)
            terminal.line(PASSWORD)
        terminal.see(PROMPT)
        server.stop()
        terminal.see("connecting again")
        terminal.line("lost?")
        terminal.see(r"^Not sent: not connected; connecting again\.$")
        for times, line in enumerate(("/sessions", "/whoami", "/password"), start=1):
            terminal.line(line)
            terminal.see(r"^Not connected: connecting again\.$", times=times)
        terminal.see(r"^Still not connected \(Connection refused\): next try in \d+ s, /quit leaves\.$")
        self.leave(terminal)


class OtherServers(PorterCase):
    """What only a server of bad manners says."""

    def against(self, *scripts, arguments=()):
        peer = Peer(*scripts)
        terminal = Terminal(PORTER, "127.0.0.1", peer.port, "--plain", *arguments, home=self.home)
        self.addCleanup(terminal.close)
        return peer, terminal

    def test_pings_are_answered_while_a_password_is_typed_and_no_key_is_lost(self):
        asked, answered = threading.Semaphore(0), threading.Semaphore(0)

        def script(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "")
            connection.expect("login")
            connection.send("granted", "login", "Alice", 7, "prt_x", 4_000_000_000, 0, "", 0)
            for _ in range(3):
                assert asked.acquire(timeout=HANG_GUARD)
                connection.send("ping", b"still there?")
                connection.expect("pong", data=b"still there?")
                answered.release()
            connection.expect("change_password", current=PASSWORD, new=OTHER_PASSWORD)
            connection.send("done")
            see_off(connection)
        peer, terminal = self.against(script, arguments=("--name", "Alice"))
        terminal.see(r"^New here\? ")
        terminal.line("no")
        terminal.see(r"^Password for Alice: ")
        terminal.line(PASSWORD)
        terminal.see(PROMPT)
        terminal.type("/password")
        terminal.see(r"^> /password$")
        terminal.type(ENTER)  # alone, as a person's: it wakes both who edits the line and who asks
        for prompt, typed in (("Current password: ", PASSWORD), ("New password: ", OTHER_PASSWORD),
                              ("New password again: ", OTHER_PASSWORD)):
            terminal.see("^" + prompt)
            asked.release()
            self.assertTrue(answered.acquire(timeout=HANG_GUARD), "it only waits for the terminal")
            terminal.line(typed)
        terminal.see(r"^The password is changed\.")
        self.leave(terminal)
        peer.join()

    def test_a_server_that_is_busy_for_long_is_told_of_with_one_time_to_wait(self):
        def let_in_once(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "Alice")
            connection.expect("login")
            connection.send("granted", "login", "Alice", 7, "prt_x", 4_000_000_000, 0, "", 0)

        def busy(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "Alice")
            connection.expect("resume")
            connection.send("denied", "unavailable", 1, "the user database cannot be reached just now")
            connection.expect("closing", code="normal")
        peer, terminal = self.against(let_in_once, busy, busy, busy)
        terminal.see("^Password for Alice: ")
        terminal.line(PASSWORD)
        terminal.see(r"^Still not connected \(the user database cannot be reached just now\): next try in \d+ s, /quit leaves\.$")
        self.leave(terminal)
        peer.join()

    def test_control_characters_in_a_text_are_shown_escaped(self):
        def script(connection):
            let_in(connection, server="porterd/\x1b]0;owned\x07")
            connection.send("text", "before\x1b[2J\x1b]0;title\x07\rover\b\x9b31m\u202eafter\nsecond line")
            see_off(connection)
        peer, terminal = self.against(script)
        terminal.see("before.*over.*after")
        for raw in (b"\x1b[2J", b"\x1b]0;", b"\x07\r", "\x9b".encode(), "\u202e".encode()):
            self.assertNotIn(raw, terminal.raw)
        self.leave(terminal)
        peer.join()

    def test_control_characters_in_a_greeting_and_a_reason_are_shown_escaped(self):
        def script(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0", "Ev\x1b[31mil")
            connection.expect("login")
            connection.send("closing", "protocol_error", "because\x1b[2J of me\r\nporter: fine")
            see_off(connection)
        peer, terminal = self.against(script)
        terminal.see("^Password for ")
        terminal.line(PASSWORD)
        terminal.see("does not understand")
        self.assertEqual(terminal.leave(), 76)
        self.assertNotIn(b"\x1b[2J", terminal.raw)
        self.assertNotIn(b"\x1b[31mil", terminal.raw)
        self.assertNotRegex(terminal.text(), "(?m)^porter: fine")
        peer.join()


if __name__ == "__main__":
    unittest.main()
