"""porter when its connection is lost: on a terminal it stays connected and loses no line, in a pipe it counts."""
import pathlib
import re
import subprocess
import unittest

from support.case import OTHER_PASSWORD, PASSWORD
from support.porter import PROMPT, PorterCase
from support.scripted_server import ScriptedServer, grant_open_access, wait_for_close
from support.server import PORTER, Server, clean_environment, run
from support.terminal import CTRL_C, CTRL_D, ENTER, Terminal
from support.waiting import HANG_GUARD, until

NOT_CONNECTED = r"^not connected> "


def welcome(connection, known_as="Alice"):
    connection.expect("hello")
    connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", known_as)


def grant(connection, kind, token="prt_x"):
    """Expects a login or a resume, and grants it."""
    request = connection.expect(kind)
    connection.send("granted", kind, "Alice", 7, token if kind == "login" else "", 4_000_000_000, 0, "", 0)
    return request


def log_in(connection):
    welcome(connection)
    grant(connection, "login")


def log_in_and_stay(connection):
    log_in(connection)
    wait_for_close(connection)


def log_in_and_end_session(connection):
    log_in(connection)
    connection.send("closing", "session_ended", "")
    wait_for_close(connection)


class LostConnection(PorterCase):
    """porterd is killed under a client, and started again on the same port."""

    def start_server(self):
        server = Server()
        self.addCleanup(server.remove)
        server.requested_port, server.options = server.port, ("--strict-port",)
        return server

    def register_at(self, server, name, *arguments):
        terminal = self.porter("--name", name, "--register", *arguments, server=server)
        for times in (1, 2):
            terminal.expect(r"[Pp]assword.*: ", times=times)
            terminal.send_line(PASSWORD)
        terminal.expect(PROMPT)
        return terminal

    def test_a_half_typed_line_and_its_cursor_survive_a_killed_server(self):
        server = self.start_server()
        terminal = self.register_at(server, "Patient")
        self.expect_echo(terminal, "before")
        prompts = terminal.text().count("assword")
        terminal.send("half a lne" + "\x1b[D" * 2)
        terminal.expect(r"^> half a lne\Z")
        server.kill()
        terminal.expect(r"^porter: connection lost: .*; connecting again\nnot connected> half a lne\Z")
        server.start()
        terminal.expect(r"^Connected again\.\n> half a lne\Z")
        until(lambda: "resume" in server.log(), "the session is resumed")
        terminal.send("i" + ENTER)
        terminal.expect(r"^half a line$")
        self.assertEqual(terminal.text().count("assword"), prompts)
        self.assertNotIn("may not have arrived", terminal.text())
        self.quit(terminal)
        server.stop()

    def test_lines_entered_while_not_connected_are_sent_in_order(self):
        server = self.start_server()
        terminal = self.register_at(server, "Eager")
        server.kill()
        terminal.expect(NOT_CONNECTED)
        terminal.send("one\ntwo\n//three\n")
        note = r"^Not connected: the lines that you enter are kept, and sent once connected again\.$"
        terminal.expect(note)
        terminal.expect(NOT_CONNECTED + "//three$")
        for times, line in enumerate(("/sessions", "/whoami", "/password"), start=1):
            terminal.send_line(line)
            terminal.expect(r"^Not connected: connecting again\.$", times=times)
        terminal.send_line("/help")
        terminal.expect(r"^  /quit ")
        self.assertEqual(len(re.findall(note, terminal.text(), re.MULTILINE)), 1)
        server.start()
        terminal.expect(r"^Connected again; 3 lines are sent\.$")
        terminal.expect(r"^one\ntwo\n/three\n> \Z")
        self.quit(terminal)
        server.stop()

    def test_quitting_while_not_connected_tells_of_the_lines_that_were_not_sent(self):
        for keys in ("/quit" + ENTER, CTRL_D, CTRL_C):
            with self.subTest(keys=keys):
                self.new_home()
                server = self.start_server()
                terminal = self.register_at(server, "Quitter")
                server.kill()
                terminal.expect(NOT_CONNECTED)
                terminal.send_line("never sent")
                terminal.expect("are kept")
                terminal.send(keys)
                self.assertEqual(terminal.wait(), 0)
                self.assertTrue(terminal.is_cooked())
                self.assertRegex(terminal.text(), r"(?m)^porter: 1 line was not sent$")

    def test_the_attempts_are_reported_after_the_third(self):
        server = self.start_server()
        terminal = self.register_at(server, "Waiter")
        server.kill()
        terminal.expect(r"^Still not connected \(Connection refused\): next try in \d+ s, /quit quits\.$")
        terminal.send("draft")
        terminal.expect(NOT_CONNECTED + r"draft\Z")
        terminal.suspend()
        terminal.resume()
        terminal.expect(NOT_CONNECTED + r"draft\Z", times=1)
        terminal.send(CTRL_C)
        terminal.expect(NOT_CONNECTED + r"\Z")
        self.quit(terminal)

    def test_the_client_reconnects_to_a_restarted_server_without_a_prompt(self):
        server = self.start_server()
        terminal = self.register_at(server, "Restarted")
        self.expect_echo(terminal, "before")
        prompts = terminal.text().count("assword")
        server.stop()
        terminal.expect(NOT_CONNECTED)
        server.start()
        terminal.expect(r"^Connected again\.$")
        self.expect_echo(terminal, "after")
        self.assertEqual(terminal.text().count("assword"), prompts)
        self.quit(terminal)
        server.stop()

    def test_the_system_probes_a_silent_server(self):
        terminal = self.register("Probed")
        server = f"0100007F:{self.server.port:04X}"
        rows = [row.split() for row in pathlib.Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
        timers = [row[5][:2] for row in rows if row[2] == server and row[3] == "01"]
        self.assertEqual(timers, ["02"])  # keepalive; net/ipv4/tcp_ipv4.c, get_tcp4_sock
        self.quit(terminal)


class EndedSession(PorterCase):
    """The password is asked for when the session can no longer be resumed."""

    def connect_to(self, *scripts, arguments=()):
        server = ScriptedServer(*scripts)
        terminal = Terminal(PORTER, "127.0.0.1", server.port, "--plain", *arguments, home=self.home)
        self.addCleanup(terminal.close)
        terminal.expect("^Password for Alice: ")
        terminal.send_line(PASSWORD)
        return server, terminal

    def answer_second_question(self, terminal):
        """Gives the password after the session has ended; it is not asked for a third time."""
        terminal.expect(r"log in again\.\n(?:not connected> \n)?Password for Alice: \Z")
        terminal.send_line(PASSWORD)
        terminal.expect(r"^Connected again\.$")
        self.assertEqual(terminal.text().count("Password for Alice"), 2)
        self.quit(terminal)

    def end_session(self, name):
        other = self.connect()
        other.get_access("login", name, PASSWORD)
        other.request("logout", 1)

    def test_after_a_revocation_the_user_logs_in_and_the_line_is_kept(self):
        terminal = self.register("Revoked")
        terminal.send("half \u0436\u540d lne" + "\x1b[D" * 2)
        terminal.expect("^> half \u0436\u540d lne\\Z")
        self.end_session("Revoked")
        terminal.expect(r"^Your session as Revoked was ended \(.*\): log in again\.$")
        terminal.expect(r"^Password for Revoked: \Z")
        terminal.send_line(OTHER_PASSWORD)
        terminal.expect(r"^The name or the password is wrong\.$|^Unknown name or wrong password\.$")
        terminal.expect(r"^Password for Revoked: \Z")
        terminal.send_line(PASSWORD)
        terminal.expect(r"^Welcome, Revoked\.")
        terminal.expect("^Connected again\\.\n> half \u0436\u540d lne\\Z")
        terminal.send("i" + ENTER)
        terminal.expect("^half \u0436\u540d line$")
        self.assertNotIn(PASSWORD, terminal.raw.decode())
        self.quit(terminal)
        terminal = self.porter("--name", "Revoked")  # the new session was saved
        terminal.expect(r"^Welcome, Revoked\.")
        self.quit(terminal)

    def test_quitting_at_the_password_leaves(self):
        for number, keys in enumerate(("/quit" + ENTER, CTRL_D, CTRL_C)):
            with self.subTest(keys=keys):
                self.new_home()
                name = f"Leaving {number}"
                terminal = self.register(name)
                self.end_session(name)
                terminal.expect(rf"^Password for {name}: \Z")
                terminal.send(keys)
                self.assertEqual(terminal.wait(), 0)
                self.assertTrue(terminal.is_cooked())

    def test_a_session_that_was_revoked_while_disconnected_is_named_once(self):
        def close(connection):
            log_in(connection)
            connection.send("closing", "shutting_down", "")
            wait_for_close(connection)

        def deny_token(connection):
            welcome(connection)
            connection.expect("resume", token="prt_x")
            connection.send("denied", "invalid_token", 0, "")
            grant(connection, "login", "prt_y")
            connection.expect("text", text="still here")  # the client has shown that it is connected
            connection.send("text", "still here")
            connection.send("closing", "shutting_down", "")
            wait_for_close(connection)

        def resume(connection):
            welcome(connection)
            connection.expect("resume", token="prt_y")
            connection.send("granted", "resume", "Alice", 8, "", 4_000_000_000, 0, "", 0)
            wait_for_close(connection)
        server, terminal = self.connect_to(close, deny_token, resume)
        terminal.expect(r"^Your session as Alice was ended \(.*\): log in again\.$")
        terminal.expect(r"^Password for Alice: \Z")
        terminal.send_line(PASSWORD)
        terminal.expect(r"^Connected again\.$")
        terminal.send_line("still here")
        terminal.expect(r"^Connected again\.$", times=2)
        self.assertEqual(terminal.text().count("was ended"), 1)
        self.assertNotIn("invalid_token", terminal.text())
        self.quit(terminal)
        server.join()

    def test_a_password_that_comes_too_late_is_used_on_the_next_connection(self):
        def time_out(connection):
            welcome(connection)
            connection.send("closing", "timeout", "")
            wait_for_close(connection)
        server, terminal = self.connect_to(log_in_and_end_session, time_out, log_in_and_stay)
        terminal.expect(r"^Password for Alice: \Z", times=1)
        self.answer_second_question(terminal)
        server.join()

    def test_a_busy_server_gets_the_same_password_again(self):
        def busy(connection):
            welcome(connection)
            connection.expect("login", password=PASSWORD)
            connection.send("denied", "busy", 1, "too many logins")
            wait_for_close(connection)
        server, terminal = self.connect_to(log_in_and_end_session, busy, log_in_and_stay)
        self.answer_second_question(terminal)
        server.join()


class UnansweredLines(PorterCase):
    """What may not have arrived is counted."""
    options = ("--access", "open")

    def test_lines_without_an_answer_are_counted_at_the_loss(self):
        for count, expected in ((1, "1 line may"), (3, "2 lines may"), (0, None)):
            with self.subTest(count=count):
                def lose(connection, count=count):
                    grant_open_access(connection)
                    for number in range(count):
                        connection.expect("text", text=str(number))
                    if count != 1:
                        connection.send("text", "an answer")

                def stay(connection):
                    grant_open_access(connection)
                    wait_for_close(connection)
                server = ScriptedServer(lose, stay)
                terminal = Terminal(PORTER, "127.0.0.1", server.port, "--plain", home=self.home)
                self.addCleanup(terminal.close)
                terminal.expect(PROMPT)
                for number in range(count):
                    terminal.send_line(str(number))
                terminal.expect(r"^Connected again\.$")
                lost = re.findall(r"(?m)^.* not have arrived\.$", terminal.text())
                self.assertEqual(lost, [f"{expected} not have arrived."] if expected else [])
                self.quit(terminal)
                server.join()

    def run_pipe(self, server, lines):
        return run(PORTER, "127.0.0.1", server.port, "--plain", stdin=lines, home=self.home)

    def test_a_pipe_ends_with_75_and_the_number_of_lines_without_an_answer(self):
        def lose(connection):
            grant_open_access(connection)
            for text in ("a", "b", "c"):
                connection.expect("text", text=text)
            connection.send("text", "a")
        server = ScriptedServer(lose)
        done = self.run_pipe(server, b"a\nb\nc\n")
        server.join()
        self.assertEqual((done.returncode, done.out), (75, "a\n"), done.err)
        self.assertRegex(done.err, r"(?m)^porter: connection lost: .*; 2 lines had no answer \(3 sent, 1 texts "
                                   r"received\)$")

    def test_a_killed_server_ends_a_pipe_with_75(self):
        server = Server("--access", "open")
        self.addCleanup(server.remove)
        pipe = subprocess.Popen([PORTER, "127.0.0.1", str(server.port), "--plain"], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment(self.home))
        self.addCleanup(pipe.kill)
        pipe.stdin.write(b"hello\n")
        pipe.stdin.flush()
        self.assertEqual(pipe.stdout.readline(), b"hello\n")
        server.kill()
        out, err = pipe.communicate(timeout=HANG_GUARD)
        self.assertEqual((pipe.returncode, out), (75, b""), err)
        self.assertNotIn(b"had no answer", err)


if __name__ == "__main__":
    unittest.main()
