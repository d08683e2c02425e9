"""porter's messages on a terminal: the session it uses, the connection attempt, the reason of a close."""
import re
import socket
import unittest

from support.case import PASSWORD
from support.porter import PROMPT, PorterCase
from support.scripted_server import ScriptedServer, grant_open_access, wait_for_close
from support.server import PORTER, run
from support.terminal import CTRL_C, CTRL_D, Terminal
from support.wire import CODES

UNKNOWN = 999  # a code of a newer protocol


class SessionNames(PorterCase):
    """With several saved sessions porter shows which one it uses, and which one has ended."""

    def setUp(self):
        super().setUp()
        self.first, self.last = self.fresh_name(), self.fresh_name()
        for name in (self.first, self.last):
            self.quit(self.register(name))
        self.choice = (f"Resuming the session of {self.last}, which was saved last. Also saved: {self.first} "
                       "(choose with --name NAME).")

    def end_sessions(self, name):
        client = self.connect()
        client.get_access("login", name, PASSWORD)
        client.request("logout", 1)

    def test_the_session_in_use_is_named_with_the_others(self):
        terminal = self.porter()
        terminal.expect(f"^{re.escape(self.choice)}$")
        terminal.expect(rf"^Welcome, {self.last}\.")
        self.quit(terminal)

    def test_a_single_session_or_a_given_name_is_not_announced(self):
        for home, arguments in ((self.home, ("--name", self.first)), (None, ())):
            if home is None:
                self.new_home()
                self.quit(self.register(self.fresh_name()))
            terminal = self.porter(*arguments)
            terminal.expect(PROMPT)
            self.assertNotIn("Resuming the session", terminal.text())
            self.quit(terminal)

    def test_the_ended_session_is_named(self):
        self.end_sessions(self.last)
        terminal = self.porter()
        terminal.expect(rf"^Your session as {self.last} is over\.$")
        terminal.expect(rf"^Password for {self.last}: ")
        terminal.send(CTRL_D)
        self.assertEqual(terminal.wait(), 0)

    def test_after_an_ended_session_the_prompt_is_for_the_password(self):
        self.end_sessions(self.first)
        terminal = self.porter("--name", self.first)  # known_as is the other name
        terminal.expect(rf"^Your session as {self.first} is over\.\nPassword for {self.first}: ")
        terminal.send(CTRL_D)
        self.assertEqual(terminal.wait(), 0)

    def test_the_ended_session_is_named_without_a_terminal(self):
        self.end_sessions(self.last)
        done = run(PORTER, "127.0.0.1", self.server.port, "--trust-first-use", stdin=b"hello\n", home=self.home)
        self.assertEqual(done.returncode, 77, done.err)
        self.assertIn(f"\nYour session as {self.last} is over.\nporter: denied: invalid_token", done.err)


class Connecting(unittest.TestCase):
    """Waiting for a slow server is reported on a terminal, and only there."""

    def setUp(self):
        self.listener = socket.create_server(("127.0.0.1", 0))  # it accepts connections and never answers
        self.addCleanup(self.listener.close)
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"

    def test_the_connection_attempt_is_shown_on_a_terminal(self):
        note = f"Connecting to {self.address} (Ctrl-C quits)."
        for redirected in (False, True):
            with self.subTest(redirected=redirected):
                script = f'exec "$0" "$@" {"2>/dev/null" if redirected else ""}'
                terminal = Terminal("sh", "-c", script, PORTER, *self.address.split(":"), "--timeout",
                                    "2s" if redirected else "1h", home="/nonexistent")
                self.addCleanup(terminal.close)
                if redirected:
                    self.assertEqual(terminal.wait(), 69)
                    self.assertEqual(terminal.text(), "")
                else:
                    terminal.expect(f"^{re.escape(note)}$")
                    terminal.send(CTRL_C)
                    self.assertEqual(terminal.wait(), 0)

    def test_a_pipe_gets_only_the_error(self):
        done = run(PORTER, *self.address.split(":"), "--timeout", "2s", home="/nonexistent")
        self.assertEqual((done.returncode, done.out), (69, ""))
        self.assertEqual(done.err, f"porter: timeout: no connection to {self.address} in time\n")


class NarrowTerminal(PorterCase):
    """porter wraps its own sentences at spaces, and not texts of the server."""

    columns = 40

    def terminal(self, *arguments, columns=columns):
        terminal = Terminal(PORTER, *arguments, home=self.home, columns=columns)
        self.addCleanup(terminal.close)
        return terminal

    def rows(self, terminal):
        """What the terminal shows, without the note of a connection that takes more than a second."""
        shown = re.sub(r"\x1b\[[0-9]*[A-Za-z]", "", terminal.raw.decode().replace("\r", ""))
        return re.sub(r"(?m)^Connecting to \S+ \(Ctrl-C\s+quits\)\.\n", "", shown).split("\n")

    def test_the_host_key_prompt_is_wrapped_at_spaces(self):
        terminal = self.terminal("127.0.0.1", self.server.port)
        terminal.expect(r"^Trust this server\? \(yes/no\) ")
        rows = self.rows(terminal)
        self.assertEqual(rows[:2], [f"127.0.0.1:{self.server.port} is a new server, and no",
                                     "authority certifies it. The fingerprint"])
        self.assertEqual([row for row in rows if len(row) > self.columns and " " in row], [])
        terminal.send_line("no")
        self.assertEqual(terminal.wait(), 77)
        self.assertEqual([row for row in self.rows(terminal) if len(row) > self.columns and " " in row], [])

    def test_a_list_is_wrapped_below_its_second_column(self):
        server = ScriptedServer(lambda connection: grant_open_access(connection) or wait_for_close(connection))
        terminal = self.terminal("127.0.0.1", server.port, "--plain")
        terminal.expect(PROMPT)
        terminal.send_line("/help")
        terminal.expect(r"^  /quit         quit; the session is\n                kept \(also Ctrl-D\)$")
        self.quit(terminal)
        server.join()

    def test_an_error_is_wrapped_at_spaces_unless_stderr_is_a_file(self):
        def full(connection):
            connection.expect("hello")
            connection.send("closing", "server_full", "")
        server = ScriptedServer(full)
        terminal = self.terminal("127.0.0.1", server.port, "--plain")
        self.assertEqual(terminal.wait(), 75)
        self.assertEqual(self.rows(terminal), ["porter: the server is at its limit of", "connections", ""])
        server.join()
        errors = self.home / "errors"
        server = ScriptedServer(full)
        terminal = Terminal("sh", "-c", f'exec "$0" "$@" 2>{errors}', PORTER, "127.0.0.1", server.port, "--plain",
                            home=self.home, columns=self.columns)
        self.addCleanup(terminal.close)
        self.assertEqual(terminal.wait(), 75)
        self.assertEqual(errors.read_text(), "porter: the server is at its limit of connections\n")
        server.join()

    def test_a_text_of_the_server_is_not_wrapped(self):
        text = "words of a peer that are wider than the terminal, as they came"

        def script(connection):
            grant_open_access(connection)
            connection.send("text", text)
            wait_for_close(connection)
        server = ScriptedServer(script)
        terminal = self.terminal("127.0.0.1", server.port, "--plain")
        terminal.expect(f"^{text}$")
        self.assertIn(text.encode(), terminal.raw)
        self.quit(terminal)
        server.join()


class Codes(PorterCase):
    """On a terminal a code is shown as a sentence. Scripts get its name: see porter_pipe_test.py."""

    TEMPORARY = {
        "timeout": "the server waited too long for this client",
        "shutting_down": "the server is stopping or restarting",
        "server_full": "the server is at its limit of connections",
        "slow_consumer": "this client read the server's output too slowly",
        "internal": "the server met an internal error",
        "throttled": "too many failed tries",
        "busy": "the server is busy with other logins",
        "unavailable": "the server is not available at the moment",
    }
    FATAL = {
        "protocol_error": "the server does not understand what this client sent",
        "frame_too_large": "a message is longer than the server takes",
        "invalid_utf8": "a text is not valid UTF-8",
        "unsupported_version": "the server speaks another version of the protocol",
        "unauthorized": "the server requires a login first",
        "idle": "the connection was silent for longer than the server allows",
        "too_many_attempts": "too many wrong tries: start porter again",
        "tls_required": "this server requires TLS: leave out --plain",
        "banned": "the server's administrator has banned your network",
        "bad_credentials": "the name or the password is wrong",
        "name_taken": "this name is taken",
        "invalid_name": "this name cannot be used",
        "weak_password": "this password is too easy to guess",
        "registration_closed": "this server takes no new accounts",
        "not_supported": "this server does not offer that",
        "not_found": "there is no such session",
        "invalid_code": "this code is not known, was used already, or has expired",
        "second_factor": "this account asks for a one-time code: log in on a terminal once, then its saved session is "
                         "used",
        UNKNOWN: "the server gave a reason that this version of porter does not know",
    }

    def terminal_after_closing(self, code, reason=""):
        def script(connection):
            grant_open_access(connection)
            if code == UNKNOWN:
                connection.send_raw(b"\0\0\0\5\x44" + UNKNOWN.to_bytes(2, "big") + b"\0\0")
            else:
                connection.send("closing", code, reason)
            wait_for_close(connection)
        server = ScriptedServer(script)
        self.addCleanup(server.join)
        terminal = Terminal(PORTER, "127.0.0.1", server.port, "--plain", home=self.home)
        self.addCleanup(terminal.close)
        return terminal

    def test_every_code_has_a_test(self):
        other_messages = {"normal", "session_ended", "invalid_token"}
        self.assertEqual(set(CODES.values()) - other_messages, (set(self.TEMPORARY) | set(self.FATAL)) - {UNKNOWN})

    def test_after_a_temporary_closing_the_client_reconnects(self):
        for code, meaning in self.TEMPORARY.items():
            with self.subTest(code=code):
                terminal = self.terminal_after_closing(code)
                terminal.expect(f"^porter: {re.escape(meaning)}; connecting again$")
                self.assertNotRegex(terminal.text(), "closed:|_")
                self.quit(terminal)

    def test_after_a_fatal_closing_the_client_exits(self):
        for code, meaning in self.FATAL.items():
            with self.subTest(code=code):
                terminal = self.terminal_after_closing(code)
                terminal.expect(f"^porter: {re.escape(meaning)}$")
                terminal.wait()
                self.assertNotRegex(terminal.text(), "closed:|_|unknown")

    def test_the_reason_of_the_server_is_in_parentheses(self):
        terminal = self.terminal_after_closing("server_full", "another connection needs the slot")
        terminal.expect(r"^porter: the server is at its limit of connections "
                        r"\(another connection needs the slot\); connecting again$")
        self.quit(terminal)

    def test_a_normal_closing_is_reported_once(self):
        terminal = self.terminal_after_closing("normal")
        terminal.expect(r"^The server closed the connection\.$")
        self.assertEqual(terminal.wait(), 0)
        self.assertNotIn("porter:", terminal.text())


if __name__ == "__main__":
    unittest.main()
