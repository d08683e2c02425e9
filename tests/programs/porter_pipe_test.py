"""porter with pipes: lines in, lines out, no prompts, and exit codes for scripts."""
import os
import pathlib
import signal
import stat
import subprocess
import threading
import unittest

from support.case import OTHER_PASSWORD, PASSWORD, ServerCase
from support.scripted_server import ScriptedServer, grant_open_access, wait_for_close
from support.server import PORTER, Server, clean_environment, run
from support.waiting import HANG_GUARD
from support.wire import message


class PipeCase(ServerCase):
    def setUp(self):
        self.home = self.server.folder / self.id()
        self.home.mkdir()

    def password_file(self, password=PASSWORD):
        path = self.home / "password"
        path.write_text(password + "\n")
        path.chmod(0o600)
        return path

    def porter(self, *arguments, stdin=b"", port=None):
        return run(PORTER, "127.0.0.1", port or self.server.port, "--plain", *arguments, stdin=stdin, home=self.home)

    def register(self, name, *arguments, stdin=b""):
        return self.porter("--name", name, "--register", "--password-file", self.password_file(), *arguments,
                           stdin=stdin)

    def assert_failed(self, done, code, word=""):
        """The last line is the error; a greeting may precede it."""
        self.assertEqual((done.returncode, done.out), (code, ""), done.err)
        self.assertRegex(done.err, r"(\A|\n)porter: [^\n]+\n\Z")
        self.assertIn(word, done.err)


class Lines(PipeCase):
    def test_each_line_is_echoed(self):
        done = self.register("Pipe One", stdin=b"a\nb\n")
        self.assertEqual((done.returncode, done.out), (0, "a\nb\n"), done.err)

    def test_empty_lines_and_an_unterminated_last_line_are_sent(self):
        done = self.register("Pipe Two", stdin=b"\n\nlast")
        self.assertEqual((done.returncode, done.out), (0, "\n\nlast\n"), done.err)

    def test_an_empty_input_is_no_error(self):
        done = self.register("Pipe Three")
        self.assertEqual((done.returncode, done.out), (0, ""), done.err)

    def test_a_slash_is_text_without_a_terminal(self):
        done = self.register("Pipe Four", stdin=b"/quit\n//x\n/sessions\n")
        self.assertEqual((done.returncode, done.out), (0, "/quit\n//x\n/sessions\n"), done.err)

    def test_the_linger_time_does_not_run_while_the_reader_of_the_output_pauses(self):
        lines = [f"{number:0100}" for number in range(2000)]  # more than a pipe holds
        received, input_ended, lingered = threading.Event(), threading.Event(), threading.Event()

        def exchange_pings(connection):
            for _ in range(200):  # far longer than a millisecond
                connection.send("ping", b"")
                connection.expect("pong")

        def script(connection):
            grant_open_access(connection)
            for _ in lines:
                connection.expect("text")
            for line in lines:
                connection.send("text", line)
            exchange_pings(connection)
            received.set()
            input_ended.wait(HANG_GUARD)
            exchange_pings(connection)
            lingered.set()
            wait_for_close(connection)
        server = ScriptedServer(script)
        command = [PORTER, "127.0.0.1", str(server.port), "--plain", "--quiet", "--linger", "1ms"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              env=clean_environment(self.home)) as porter:
            self.addCleanup(porter.kill)
            porter.stdin.write(b"line\n" * len(lines))
            porter.stdin.flush()
            self.assertTrue(received.wait(HANG_GUARD))  # the linger time begins after the first texts have come
            porter.stdin.close()
            input_ended.set()
            self.assertTrue(lingered.wait(HANG_GUARD))
            self.assertEqual(porter.stdout.read().decode().splitlines(), lines)
            self.assertEqual(porter.wait(HANG_GUARD), 0)
        server.join()

    def test_a_hundred_thousand_lines_are_echoed_in_order(self):
        lines = b"".join(b"line %d \xd0\xb6\n" % number for number in range(100_000))
        done = self.register("Pipe Many", stdin=lines)
        self.assertEqual(done.returncode, 0, done.err[:2000])
        self.assertTrue(done.stdout == lines, "the output differs from the input")

    def test_a_line_of_the_maximum_length_is_echoed(self):
        line = b"x" * ((1 << 20) - 1) + b"\n"
        done = self.register("Pipe Long", stdin=line * 3)
        self.assertEqual(done.returncode, 0, done.err[:2000])
        self.assertTrue(done.stdout == line * 3)

    def test_lines_before_an_invalid_one_are_echoed_completely(self):
        lines = b"".join(b"line %d\n" % number for number in range(20_000))
        done = self.register("Pipe Broken", stdin=lines + b"\xff\nafter\n")
        self.assertEqual(done.returncode, 65, done.err[:2000])
        self.assertIn("line 20001 of the input cannot be sent", done.err)
        self.assertTrue(done.stdout == lines, "the output differs from the valid input")

    def test_a_line_over_the_maximum_length_is_an_error(self):
        done = self.register("Pipe Too Long", stdin=b"x" * (1 << 20) + b"\n")
        self.assertIn(done.returncode, (65, 76), done.err[:2000])
        self.assertRegex(done.err, r"(\A|\n)porter: [^\n]+\n\Z")


class Options(PipeCase):
    def test_a_missing_name_is_an_error(self):
        server = Server()
        self.addCleanup(server.remove)
        done = self.porter("--password-file", self.password_file(), stdin=b"Alice\n", port=server.port)
        self.assert_failed(done, 64, "name")
        server.stop()

    def test_register_does_not_use_the_name_of_the_address(self):
        self.assertEqual(self.register("Known By The Address", "--no-save").returncode, 0)
        done = self.porter("--register", "--password-file", self.password_file(OTHER_PASSWORD))
        self.assert_failed(done, 64, "porter: a new account needs a name: --name NAME")

    def test_a_missing_password_is_an_error(self):
        self.assert_failed(self.porter("--name", "Alice", stdin=b"a guess\n"), 64, "password")

    def test_identify_access_needs_only_a_name(self):
        server = Server("--access", "identify")
        self.addCleanup(server.remove)
        self.assert_failed(self.porter(stdin=b"Alice\n", port=server.port), 64, "name")
        done = self.porter("--name", "Alice", stdin=b"hello\n", port=server.port)
        self.assertEqual((done.returncode, done.out), (0, "hello\n"), done.err)
        done = self.porter(stdin=b"known\n", port=server.port)
        self.assertEqual((done.returncode, done.out), (0, "known\n"), done.err)
        server.stop()

    def test_open_access_needs_nothing(self):
        server = Server("--access", "open")
        self.addCleanup(server.remove)
        done = self.porter(stdin=b"hello\n", port=server.port)
        self.assertEqual((done.returncode, done.out), (0, "hello\n"), done.err)
        server.stop()

    def test_an_invalid_option_is_an_error(self):
        for arguments in (["--no-such-option"], ["--password-file"], ["--timeout", "soon"], ["--name", ""],
                          ["one too many"]):
            self.assert_failed(self.porter(*arguments), 64)

    def test_a_misspelt_option_gets_a_suggestion(self):
        self.assert_failed(self.porter("--nmae", "Alice"), 64, "unknown option --nmae (did you mean --name?)")

    def test_options_for_host_and_port_show_the_usage(self):
        for arguments in (["--port", "7678"], ["-p", "7678"], ["--port=7678"], ["--host", "localhost"],
                          ["--host=localhost"]):
            done = run(PORTER, *arguments, home=self.home)
            self.assert_failed(done, 64,
                               f"unknown option {arguments[0]}: host and port are not options (porter HOST PORT)")

    def test_two_dashes_end_the_options(self):
        done = run(PORTER, "--plain", "--trust-first-use", "--", "127.0.0.1", "0", home=self.home)
        self.assert_failed(done, 64, 'PORT: "0" is not a port')
        for words, said in ((["--", "--help"], "no port is given: porter HOST PORT"),
                            (["--", "localhost", "--"], 'PORT: "--" is not a port'),
                            (["--", "localhost", "1", "--"], 'unknown option --')):
            self.assert_failed(run(PORTER, *words, home=self.home), 64, said)
        done = self.porter("--name", "Two Dashes", "--register", "--no-save", "--password-file", self.password_file(),
                           "--", stdin=b"x\n")
        self.assertEqual((done.returncode, done.out), (0, "x\n"), done.err)

    def test_an_invalid_port_is_a_usage_error(self):
        for port in ("abc", "65536", "0", "7678x", "-1"):
            with self.subTest(port=port):
                done = run(PORTER, "127.0.0.1", port, "--plain", home=self.home)
                self.assertEqual((done.returncode, done.out), (64, ""), done.err)
                if not port.startswith("-"):
                    self.assertEqual(done.err, f'porter: PORT: "{port}" is not a port: a number from 1 to 65535\n')

    def test_a_host_with_a_port_shows_the_separated_form(self):
        for words, meant in ((["localhost:7678"], "localhost 7678"), (["localhost:7678", "7679"], "localhost 7679"),
                             (["[2001:db8::7]:7678"], "2001:db8::7 7678")):
            done = run(PORTER, *words, home=self.home)
            self.assertEqual((done.returncode, done.out), (64, ""))
            self.assertEqual(done.err, f'porter: HOST: "{words[0]}" is not a host: a name or an IP address, without a '
                                       f'port (porter {meant})\n')
        done = run(PORTER, "[::1]", str(self.server.port), home=self.home)
        self.assertEqual(done.returncode, 69, done.err)  # a valid address, without a listener

    def test_a_missing_password_file_is_an_error(self):
        self.assert_failed(self.porter("--name", "x", "--password-file", self.home / "none"), 66, "none")

    def test_a_password_file_that_others_can_read_is_a_warning(self):
        path = self.password_file()
        path.write_bytes(b"\xef\xbb\xbf" + PASSWORD.encode() + b"\r\n")
        path.chmod(0o640)
        done = self.porter("--name", "Open File", "--register", "--no-save", "--password-file", path, stdin=b"x\n")
        self.assertEqual((done.returncode, done.out), (0, "x\n"), done.err)
        self.assertIn(f"porter: warning: the password file {path} is open to other users (mode 0640)", done.err)
        path.chmod(0o600)
        done = self.porter("--name", "Open File", "--no-save", "--password-file", path, stdin=b"x\n")
        self.assertEqual((done.returncode, done.out), (0, "x\n"), done.err)
        self.assertNotIn("warning", done.err)

    def test_a_session_that_cannot_be_saved_is_a_warning(self):
        file = self.home / "a_file"
        file.touch()
        for name, state, said in (("No Home", "", "the session is not saved: neither HOME nor XDG_STATE_HOME is set"),
                                  ("Odd Home", str(file / "state"),
                                   f"the session is not saved: {file}/state/porter: Not a directory")):
            env = {"HOME": "", "XDG_STATE_HOME": state}
            done = run(PORTER, "127.0.0.1", self.server.port, "--plain", "--name", name, "--register",
                       "--password-file", self.password_file(), stdin=b"x\n", home=self.home, env=env)
            self.assertEqual((done.returncode, done.out), (0, "x\n"), done.err)
            self.assertIn(f"porter: {said}\n", done.err)
            self.assertIn(f"Welcome, {name}.\n", done.err)

    def test_too_few_descriptors_are_reported_with_the_limit(self):
        if b"__ubsan" in pathlib.Path(PORTER).read_bytes():
            self.skipTest("UBSan itself needs descriptors")
        account = self.account("Few Files")
        for limit in range(4, 30):
            done = run("prlimit", f"--nofile={limit}", PORTER, "127.0.0.1", self.server.port, "--trust-first-use",
                       "--name", account.name, "--password-file", self.password_file(account.password), stdin=b"x\n",
                       home=self.home)
            if done.returncode == 0:
                break
            self.assertRegex(done.err, "[Tt]oo many open files")
            if done.returncode != 77:  # an error about a file does not name the limit
                self.assertIn(f"the limit is {limit} for a process (ulimit -n), and porter needs some 20", done.err)
            self.assertIn(done.returncode, (69, 77, 78))
        self.assertIn(limit, range(9, 21), "porter needs some 20 files at most")

    def test_help_and_version_go_to_stdout(self):
        done = run(PORTER, "--help", home=self.home)
        self.assertEqual((done.returncode, done.err), (0, ""))
        for word in ("--name", "--register", "--password-file", "--no-save", "--plain", "[Ee]xamples?"):
            self.assertRegex(done.out, word)
        self.assertLessEqual(max(map(len, done.out.splitlines())), 80)
        done = run(PORTER, "--version", home=self.home)
        self.assertRegex(done.out, r"^porter \d+\.\d+\.\d+\n$")


class Errors(PipeCase):
    def test_a_refused_connection_is_an_error(self):
        server = Server("--access", "open")
        self.addCleanup(server.remove)
        server.stop()
        self.assert_failed(self.porter(port=server.port), 69)

    def test_an_unknown_host_is_an_error(self):
        done = run(PORTER, "no-such-host.invalid", "7678", "--plain", home=self.home)
        self.assertEqual((done.returncode, done.out), (69, ""), done.err)

    def test_a_wrong_password_is_denied(self):
        self.account("Right Once")
        done = self.porter("--name", "Right Once", "--password-file", self.password_file(OTHER_PASSWORD))
        self.assert_failed(done, 77, "bad_credentials")

    def test_an_unknown_name_is_denied_the_same_way(self):
        done = self.porter("--name", "Unknown Name", "--password-file", self.password_file())
        self.assert_failed(done, 77, "bad_credentials")

    def test_a_taken_name_and_a_weak_password_are_denied(self):
        self.register("Taken Here")
        self.assertNotEqual(self.register("Taken Here", "--no-save", stdin=b"").returncode, 0)
        done = self.porter("--name", "Weak Here", "--register", "--password-file", self.password_file("password1"))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("weak_password", done.err)

    def test_a_temporary_denial_shows_the_seconds_to_wait(self):
        for code, seconds, told in (("throttled", 187, "; try again in 187 s"), ("busy", 1, "; try again in 1 s"),
                                    ("throttled", 0, "scripted")):
            with self.subTest(code=code, seconds=seconds):
                def script(connection, code=code, seconds=seconds):
                    connection.expect("hello")
                    connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "")
                    connection.expect("login")
                    connection.send_raw(message("denied", code, seconds, "scripted"))
                    wait_for_close(connection)
                server = ScriptedServer(script)
                done = self.porter("--name", "Alice", "--password-file", self.password_file(), port=server.port)
                server.join()
                self.assert_failed(done, 75, f"denied: {code}: scripted")
                self.assertTrue(done.err.endswith(told + "\n"), done.err)

    def test_an_error_does_not_contain_the_password(self):
        done = self.porter("--name", "Unknown Name", "--password-file", self.password_file("canary password 4711"))
        self.assertNotIn("canary", done.err + done.out)

    def test_the_codes_of_the_server_become_exit_codes(self):
        for code, exit_code in (("unsupported_version", 76), ("protocol_error", 76), ("server_full", 75),
                                ("internal", 70)):
            with self.subTest(code=code):
                def script(connection, code=code):
                    connection.expect("hello")
                    connection.send("closing", code, "scripted")
                    wait_for_close(connection)
                server = ScriptedServer(*[script] * 1)
                done = self.porter(port=server.port)
                server.join()
                self.assertIn(code, done.err)
                if code != "internal":  # the exit code for internal is not specified
                    self.assertEqual(done.returncode, exit_code, done.err)

    def test_an_invalid_answer_is_a_protocol_error(self):
        for answer in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\0", b"\0\0\0\1\x99", b"\0\0\0\3\x40hi",
                       b"\0\0\0\2\x81\1"):
            with self.subTest(answer=answer):
                def script(connection, answer=answer):
                    connection.send_raw(answer)
                    wait_for_close(connection)
                server = ScriptedServer(script)
                done = self.porter(port=server.port)
                self.assertEqual((done.returncode, done.out), (76, ""), done.err)

    def test_a_closing_before_all_lines_are_answered_is_an_error(self):
        def script(connection):
            grant_open_access(connection)
            connection.expect("text", text="one")
            connection.send("text", "one")
            connection.send("closing", "shutting_down", "scripted")
            wait_for_close(connection)
        server = ScriptedServer(script)
        done = self.porter(stdin=b"one\ntwo\nthree\n" * 1000, port=server.port)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("shutting_down", done.err)


class SavedSessions(PipeCase):
    def saved(self):
        return [path for path in self.home.rglob("*") if path.is_file() and b"prt_" in path.read_bytes()]

    def test_a_saved_session_needs_no_options(self):
        self.assertEqual(self.register("Saved One").returncode, 0)
        done = self.porter(stdin=b"again\n")
        self.assertEqual((done.returncode, done.out), (0, "again\n"), done.err)

    def test_a_saved_session_takes_precedence_over_a_password_file(self):
        self.register("Saved First")
        told = "The saved session of Saved First is used, not the password file.\n"
        done = self.porter("--password-file", self.password_file(OTHER_PASSWORD), stdin=b"again\n")
        self.assertEqual((done.returncode, done.out), (0, "again\n"), done.err)
        self.assertIn(told, done.err)
        self.assertNotIn(told, self.porter("--password-file", self.password_file(), "--quiet").err)
        self.assertNotIn(told, self.porter().err)

    def test_the_file_of_sessions_is_for_its_owner_alone(self):
        self.register("Saved Two")
        self.assertEqual(self.saved(), [self.home / "porter" / "sessions"])
        for path in self.saved():
            self.assertEqual(oct(stat.S_IMODE(os.stat(path).st_mode)), oct(0o600))

    def sessions_of(self, name):
        """The ids of the account's sessions, without the one that lists them."""
        client = self.connect()
        granted = client.get_access("login", name, PASSWORD)
        client.send("list_sessions")
        found = [row.id for row in client.expect("sessions").sessions if row.id != granted.session]
        client.request("logout", 0)
        return found

    def test_with_no_save_the_session_ends_at_every_exit(self):
        self.register("Saved Four")
        before = self.sessions_of("Saved Four")
        arguments = ("--name", "Saved Four", "--no-save", "--password-file", self.password_file())
        self.home = self.server.folder / (self.id() + "-elsewhere")  # without saved sessions
        self.home.mkdir()
        for stdin, code in ((b"x\n", 0), (b"", 0), (b"x\n\xff\n", 65)):
            done = self.porter(*arguments, stdin=stdin)
            self.assertEqual((done.returncode, done.out), (code, "x\n" if stdin else ""), done.err)
            self.assertNotIn("warning", done.err)
        process = subprocess.Popen([PORTER, "127.0.0.1", str(self.server.port), "--plain", *map(str, arguments)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   env=clean_environment(self.home))
        with process:
            process.stdin.write(b"x\n")
            process.stdin.flush()
            self.assertEqual(process.stdout.readline(), b"x\n")
            process.terminate()
            self.assertEqual(process.wait(HANG_GUARD), 128 + signal.SIGTERM)
        self.assertEqual(self.sessions_of("Saved Four"), before)

    def test_an_unanswered_logout_does_not_delay_the_exit(self):
        def script(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "")
            connection.expect("login")
            connection.send("granted", "login", "Alice", 7, "prt_x", 4_000_000_000, 0, "", 0)
            connection.expect("logout", scope=0)
            connection.expect("closing")
            wait_for_close(connection)
        server = ScriptedServer(script)
        done = self.porter("--name", "Alice", "--no-save", "--password-file", self.password_file(), port=server.port)
        self.assertEqual((done.returncode, done.out), (0, ""), done.err)
        server.join()

    def test_with_no_save_no_session_is_saved(self):
        self.assertEqual(self.register("Saved Three", "--no-save", stdin=b"x\n").returncode, 0)
        self.assertEqual(self.saved(), [])
        self.assert_failed(self.porter("--name", "Saved Three"), 64, "password")

    def test_a_token_is_not_sent_to_another_port(self):
        self.register("Saved Four")

        def script(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "Saved Four")
            got = connection.receive()
            assert got is None or got.kind in ("login", "closing"), got
        server = ScriptedServer(script)
        self.assertEqual(self.porter("--name", "Saved Four", port=server.port).returncode, 64)
        server.join()

    def test_a_session_is_not_used_for_another_name(self):
        self.register("Saved Name")
        done = self.porter("--name", "Another Name", "--password-file", self.password_file())
        self.assert_failed(done, 77, "bad_credentials")

    def test_a_session_that_the_server_denies_is_removed(self):
        self.register("Saved Five")
        client = self.connect()
        client.get_access("login", "Saved Five", PASSWORD)
        client.request("logout", 1)
        self.assertNotEqual(self.porter("--name", "Saved Five").returncode, 0)
        self.assertEqual(self.saved(), [])
        done = self.porter("--name", "Saved Five", "--password-file", self.password_file(), stdin=b"x\n")
        self.assertEqual((done.returncode, done.out), (0, "x\n"), done.err)

    def test_an_unwritable_state_folder_is_a_warning(self):
        (self.home / "porter").write_text("in the way")
        done = self.register("Saved Six", stdin=b"x\n")
        self.assertEqual((done.returncode, done.out), (0, "x\n"), done.err)
        self.assertTrue(done.err, "a warning that the session is not saved")

    def test_a_damaged_file_of_sessions_is_ignored(self):
        self.register("Saved Seven")
        (path,) = self.saved()
        path.write_bytes(b"\xff\x00garbage\n\n\t" * 100)
        done = self.porter("--name", "Saved Seven", "--password-file", self.password_file(), stdin=b"x\n")
        self.assertEqual((done.returncode, done.out), (0, "x\n"), done.err)


if __name__ == "__main__":
    unittest.main()
