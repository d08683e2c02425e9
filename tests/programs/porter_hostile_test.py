"""What a server may say that lies, floods or stalls, and what porter makes of it: an exit code and one line, no crash, and
nothing that the terminal would act upon (promise S10)."""
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import unittest

from support.scripted_server import ScriptedServer
from support.server import PORTER, assert_no_report, clean_environment
from support.terminal import Terminal
from support.waiting import HANG_GUARD
from support.wire import MIB, frame, header, message

ESCAPES = "\x1b]0;owned\x07\x1b[2J\x7f\u009b31m\r\nfake line\u2028\u202e\u2066"
RAW = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
TOKEN = "prt_" + "A" * 43
PASSWORD = "plum velvet orbit 41"
OK, UNREACHABLE, TRY_AGAIN, PROTOCOL, REFUSED = 0, 69, 75, 76, 77


def welcome(access="open", limit=MIB, server="porterd/0.1.0", known_as="", version=1):
    return message("welcome", version, access, limit, server, known_as)


def granted(via="open", name="", session=0, token="", expires_at=0, last_login_at=0, last_address="", failed_since=0):
    return message("granted", via, name, session, token, expires_at, last_login_at, last_address, failed_since)


LET_IN = welcome() + granted()


class Hostile(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.password = self.home / "password"
        self.password.write_text(PASSWORD + "\n")

    def play(self, *said, after_login=False, then=None):
        """A server that says this after the hello, or after the login behind a true welcome."""
        def script(connection):
            connection.expect("hello")
            if after_login:
                connection.send_raw(welcome("authenticate"))
                connection.receive()
            try:
                for part in said:
                    connection.send_raw(part)
                if then:
                    then(connection)
            except OSError:
                pass  # the client has left, as it should

        return ScriptedServer(script)

    def visit(self, server, *arguments):
        """Runs porter with an input that never ends, drains what it prints, and judges what is judged alike everywhere."""
        command = [PORTER, "127.0.0.1", str(server.port), "--plain", "--linger", "0", *map(str, arguments)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=clean_environment(self.home)) as porter:
            printed = {}
            readers = [threading.Thread(target=self.drain, args=(stream, printed, name))
                       for name, stream in (("out", porter.stdout), ("err", porter.stderr))]
            for one in readers:
                one.start()
            guard = threading.Timer(HANG_GUARD, porter.kill)
            guard.start()
            for one in readers:
                one.join()
            code = porter.wait()
            guard.cancel()
        server.join()
        said = printed["err"].decode()
        assert_no_report(said)
        self.assertIsNone(RAW.search(said), f"a terminal would act upon {said!r}")
        return code, said

    @staticmethod
    def drain(stream, printed, name):
        kept = b""
        while some := stream.read1(1 << 16):
            kept = (kept + some)[:4096]
        printed[name] = kept

    def login(self, *arguments):
        return ("--name", "alice", "--password-file", self.password, *arguments)

    def test_what_no_server_sends_ends_it_as_a_protocol_error(self):
        for name, said in {
            "a length of 2 GiB": [header(0x7fffffff)],
            "a length of 0": [header(0)],
            "16 MiB announced before the welcome": [header(1 << 24) + b"x" * 100_000],
            "a limit of 4 GiB": [welcome(limit=0xffffffff) + granted()],
            "two welcomes": [welcome() + LET_IN],
            "granted first": [granted()],
            "an unknown kind": [LET_IN, frame(b"\x7fx")],
            "another version": [welcome(version=9)],
            "a text that is no UTF-8": [LET_IN, frame(b"\x40\xff\xfe")],
            "denied what was not asked": [LET_IN, message("denied", "internal", 0, "x")],
            "sessions that nobody asked for": [LET_IN, frame(b"\x85\0\0")],
            "a list shorter than it says": [LET_IN, frame(b"\x85\xff\xff")],
        }.items():
            with self.subTest(name):
                code, said_here = self.visit(self.play(*said))
                self.assertEqual(code, PROTOCOL, said_here)
                self.assertRegex(said_here, r"porter: protocol error: [^\n]+\n$")

    def test_a_frame_that_never_ends_is_waited_for_no_longer_than_the_connection(self):
        for name, said in {"a header": [LET_IN, header(1000) + b"\x40abc"], "half a header": [LET_IN, b"\0\0"]}.items():
            with self.subTest(name):
                self.assertEqual(self.visit(self.play(*said))[0], UNREACHABLE)

    def test_a_reason_is_shown_escaped_whatever_stands_in_it(self):
        code, said = self.visit(self.play(LET_IN, message("closing", "shutting_down", ESCAPES)))
        self.assertEqual(code, TRY_AGAIN)
        self.assertIn(r"\x1b]0;owned\x07", said)
        denied = self.play(message("denied", "busy", 0xffffffff, ESCAPES), after_login=True)
        code, said = self.visit(denied, *self.login())
        self.assertEqual(code, TRY_AGAIN)
        self.assertIn(r"\u{9b}31m\r\nfake line", said)

    def test_names_and_tokens_that_would_break_the_file_of_sessions_are_not_kept(self):
        line = f"\nlocalhost 1 plain - 9999999999 {TOKEN} mallory"
        for name, grant in {"a name": granted("login", "a" + line, 5, TOKEN, 1 << 40),
                            "a token": granted("login", "alice", 5, "a" + line, 1 << 40),
                            "escapes": granted("login", ESCAPES, 5, TOKEN, 1 << 63, 1 << 63, ESCAPES, 0xffffffff)}.items():
            with self.subTest(name):
                code, said = self.visit(self.play(grant, after_login=True), *self.login())
                self.assertEqual(code, UNREACHABLE, said)
                sessions = self.home / "porter" / "sessions"
                self.assertFalse(sessions.exists() and "mallory" in sessions.read_text())

    def test_pings_whose_pongs_are_not_read_end_it(self):
        def flood(connection):
            for _ in range(2_000):
                connection.send_raw(message("ping", b"p" * 125) * 1000)

        code, said = self.visit(self.play(LET_IN, then=flood))
        self.assertEqual(code, PROTOCOL, said)


class OnATerminal(Hostile):
    def test_json_holds_nothing_that_a_terminal_acts_upon(self):
        def wait_for_close(connection):
            while connection.receive() is not None:
                pass

        for text in (ESCAPES, "\x7f\x80\x9f", "\u061c\u200e\u202a\u2069"):
            with self.subTest(text=text):
                server = self.play(LET_IN, message("text", text), message("text", "the end"), then=wait_for_close)
                terminal = Terminal(PORTER, "127.0.0.1", server.port, "--plain", "--json", home=self.home)
                self.addCleanup(terminal.close)
                terminal.expect('"the end"')
                shown = terminal.raw.decode()
                line = next(line for line in shown.splitlines() if '{"text":"' in line and "the end" not in line)
                self.assertIsNone(RAW.search(line[line.index("{"):].rstrip("\r\n")), repr(line))
                self.assertEqual(json.loads(line[line.index("{"):line.rindex("}") + 1]), {"text": text})
                terminal.send_line("/quit")
                self.assertEqual(terminal.wait(), OK)


if __name__ == "__main__":
    unittest.main()
