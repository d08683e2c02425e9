"""porter against servers that send invalid messages, flood or stall: it exits with a code and one line, and prints no
control sequence (SECURITY.md: S10)."""
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
OK, TRY_AGAIN, PROTOCOL = 0, 75, 76


def welcome(access="open", limit=MIB, server="porterd/0.1.0", known_as="", version=1):
    return message("welcome", version, access, limit, server, known_as)


def granted(via="open", name="", session=0, token="", expires_at=0, last_login_at=0, last_address="", failed_since=0):
    return message("granted", via, name, session, token, expires_at, last_login_at, last_address, failed_since)


OPEN_ACCESS = welcome() + granted()


class Hostile(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.password = self.home / "password"
        self.password.write_text(PASSWORD + "\n")

    def serve(self, *parts, after_login=False, then=None):
        """A scripted server that sends the parts after hello, or after a valid welcome and the login."""
        def script(connection):
            connection.expect("hello")
            if after_login:
                connection.send_raw(welcome("authenticate"))
                connection.receive()
            try:
                for part in parts:
                    connection.send_raw(part)
                if then:
                    then(connection)
            except OSError:
                pass  # the client has disconnected, as it should

        return ScriptedServer(script)

    def run_porter(self, server, *arguments):
        """Runs porter with an endless input. It must print no control characters. Returns the exit code and stderr."""
        command = [PORTER, "127.0.0.1", str(server.port), "--plain", "--linger", "0", *map(str, arguments)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=clean_environment(self.home)) as porter:
            printed = {}
            readers = [threading.Thread(target=self.drain, args=(stream, printed, name))
                       for name, stream in (("out", porter.stdout), ("err", porter.stderr))]
            for reader in readers:
                reader.start()
            guard = threading.Timer(HANG_GUARD, porter.kill)
            guard.start()
            for reader in readers:
                reader.join()
            code = porter.wait()
            guard.cancel()
        server.join()
        errors = printed["err"].decode()
        assert_no_report(errors)
        self.assertIsNone(RAW.search(errors), f"control characters in {errors!r}")
        return code, errors

    @staticmethod
    def drain(stream, printed, name):
        beginning = b""
        while some := stream.read1(1 << 16):
            beginning = (beginning + some)[:4096]
        printed[name] = beginning

    def login(self, *arguments):
        return ("--name", "alice", "--password-file", self.password, *arguments)

    def test_an_invalid_message_is_a_protocol_error(self):
        for name, parts in {
            "a length of 2 GiB": [header(0x7fffffff)],
            "a length of 0": [header(0)],
            "16 MiB announced before the welcome": [header(1 << 24) + b"x" * 100_000],
            "a limit of 4 GiB": [welcome(limit=0xffffffff) + granted()],
            "two welcomes": [welcome() + OPEN_ACCESS],
            "granted first": [granted()],
            "an unknown kind": [OPEN_ACCESS, frame(b"\x7fx")],
            "another version": [welcome(version=9)],
            "a text that is no UTF-8": [OPEN_ACCESS, frame(b"\x40\xff\xfe")],
            "denied without a request": [OPEN_ACCESS, message("denied", "internal", 0, "x")],
            "sessions without a request": [OPEN_ACCESS, frame(b"\x85\0\0")],
            "a list shorter than it says": [OPEN_ACCESS, frame(b"\x85\xff\xff")],
        }.items():
            with self.subTest(name):
                code, errors = self.run_porter(self.serve(*parts))
                self.assertEqual(code, PROTOCOL, errors)
                self.assertRegex(errors, r"porter: protocol error: [^\n]+\n$")

    def test_the_end_of_the_stream_inside_a_frame_ends_porter(self):
        for name, parts in {"a header": [OPEN_ACCESS, header(1000) + b"\x40abc"],
                            "half a header": [OPEN_ACCESS, b"\0\0"]}.items():
            with self.subTest(name):
                self.assertEqual(self.run_porter(self.serve(*parts))[0], TRY_AGAIN)

    def test_control_characters_in_a_reason_are_escaped(self):
        code, errors = self.run_porter(self.serve(OPEN_ACCESS, message("closing", "shutting_down", ESCAPES)))
        self.assertEqual(code, TRY_AGAIN)
        self.assertIn(r"\x1b]0;owned\x07", errors)
        denied = self.serve(message("denied", "busy", 0xffffffff, ESCAPES), after_login=True)
        code, errors = self.run_porter(denied, *self.login())
        self.assertEqual(code, TRY_AGAIN)
        self.assertIn(r"\u{9b}31m\r\nfake line", errors)

    def test_names_and_tokens_with_line_breaks_are_not_saved(self):
        line = f"\nlocalhost 1 plain - 9999999999 {TOKEN} mallory"
        for name, answer in {"a name": granted("login", "a" + line, 5, TOKEN, 1 << 40),
                            "a token": granted("login", "alice", 5, "a" + line, 1 << 40),
                            "escapes": granted("login", ESCAPES, 5, TOKEN, 1 << 63, 1 << 63, ESCAPES,
                                               0xffffffff)}.items():
            with self.subTest(name):
                code, errors = self.run_porter(self.serve(answer, after_login=True), *self.login())
                self.assertEqual(code, TRY_AGAIN, errors)
                sessions = self.home / "porter" / "sessions"
                self.assertFalse(sessions.exists() and "mallory" in sessions.read_text())

    def test_a_flood_of_pings_ends_porter(self):
        def flood(connection):
            for _ in range(2_000):
                connection.send_raw(message("ping", b"p" * 125) * 1000)

        code, errors = self.run_porter(self.serve(OPEN_ACCESS, then=flood))
        self.assertEqual(code, PROTOCOL, errors)


class OnTerminal(Hostile):
    def test_json_output_has_no_control_characters(self):
        def wait_for_close(connection):
            while connection.receive() is not None:
                pass

        for text in (ESCAPES, "\x7f\x80\x9f", "\u061c\u200e\u202a\u2069"):
            with self.subTest(text=text):
                server = self.serve(OPEN_ACCESS, message("text", text), message("text", "the end"), then=wait_for_close)
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
