"""porter between pipes: lines in, lines out, nothing asked, and exit codes that programs can go by (commands page)."""
import os
import pathlib
import signal
import stat
import subprocess
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
        return self.porter("--name", name, "--register", "--password-file", self.password_file(), *arguments, stdin=stdin)

    def assert_failed(self, done, code, word=""):
        """The last line says why; a greeting may stand before it."""
        self.assertEqual((done.returncode, done.out), (code, ""), done.err)
        self.assertRegex(done.err, r"(\A|\n)porter: [^\n]+\n\Z")
        self.assertIn(word, done.err)


class Lines(PipeCase):
    def test_lines_in_are_lines_out(self):
        done = self.register("Pipe One", stdin=b"a\nb\n")
        self.assertEqual((done.returncode, done.out), (0, "a\nb\n"), done.err)

    def test_empty_lines_and_a_last_one_without_its_end_count(self):
        done = self.register("Pipe Two", stdin=b"\n\nlast")
        self.assertEqual((done.returncode, done.out), (0, "\n\nlast\n"), done.err)

    def test_no_line_at_all_is_fine(self):
        done = self.register("Pipe Three")
        self.assertEqual((done.returncode, done.out), (0, ""), done.err)

    def test_a_slash_is_text_where_nobody_types(self):
        done = self.register("Pipe Four", stdin=b"/quit\n//x\n/sessions\n")
        self.assertEqual((done.returncode, done.out), (0, "/quit\n//x\n/sessions\n"), done.err)

    def test_a_hundred_thousand_lines_come_back_in_order(self):
        lines = b"".join(b"line %d \xd0\xb6\n" % number for number in range(100_000))
        done = self.register("Pipe Many", stdin=lines)
        self.assertEqual(done.returncode, 0, done.err[:2000])
        self.assertTrue(done.stdout == lines, "what came back is not what went in")

    def test_a_line_as_long_as_the_server_allows_comes_back(self):
        line = b"x" * ((1 << 20) - 1) + b"\n"
        done = self.register("Pipe Long", stdin=line * 3)
        self.assertEqual(done.returncode, 0, done.err[:2000])
        self.assertTrue(done.stdout == line * 3)

    def test_what_went_before_a_line_that_cannot_be_sent_is_answered_whole(self):
        lines = b"".join(b"line %d\n" % number for number in range(20_000))
        done = self.register("Pipe Broken", stdin=lines + b"\xff\nafter\n")
        self.assertEqual(done.returncode, 65, done.err[:2000])
        self.assertIn("line 20001 of the input cannot be sent", done.err)
        self.assertTrue(done.stdout == lines, "what came back is not what was sent")

    def test_a_longer_line_is_an_error_and_no_crash(self):
        done = self.register("Pipe Too Long", stdin=b"x" * (1 << 20) + b"\n")
        self.assertIn(done.returncode, (65, 76), done.err[:2000])
        self.assertRegex(done.err, r"(\A|\n)porter: [^\n]+\n\Z")


class MissingAnswers(PipeCase):
    def test_without_a_name_nothing_is_asked(self):
        server = Server()
        self.addCleanup(server.remove)
        done = self.porter("--password-file", self.password_file(), stdin=b"Alice\n", port=server.port)
        self.assert_failed(done, 64, "name")
        server.stop()

    def test_a_new_account_takes_no_name_from_the_address(self):
        self.assertEqual(self.register("Known By The Address", "--no-save").returncode, 0)
        done = self.porter("--register", "--password-file", self.password_file(OTHER_PASSWORD))
        self.assert_failed(done, 64, "porter: an account to be made wants a name: --name NAME")

    def test_without_a_password_nothing_is_asked(self):
        self.assert_failed(self.porter("--name", "Somebody", stdin=b"a guess\n"), 64, "password")

    def test_identify_access_needs_a_name_alone(self):
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

    def test_wrong_options_are_explained(self):
        for arguments in (["--no-such-option"], ["--password-file"], ["--timeout", "soon"], ["--name", ""], ["one too many"]):
            self.assert_failed(self.porter(*arguments), 64)

    def test_the_option_that_was_meant_is_named(self):
        self.assert_failed(self.porter("--nmae", "Alice"), 64, "unknown option --nmae (did you mean --name?)")

    def test_an_option_for_the_host_or_port_is_told_where_they_stand(self):
        for arguments in (["--port", "7678"], ["-p", "7678"], ["--port=7678"], ["--host", "localhost"], ["--host=localhost"]):
            done = run(PORTER, *arguments, home=self.home)
            self.assert_failed(done, 64, f"unknown option {arguments[0]}: host and port are no options (porter HOST PORT)")

    def test_two_dashes_end_the_options(self):
        done = run(PORTER, "--plain", "--trust-first-use", "--", "127.0.0.1", "0", home=self.home)
        self.assert_failed(done, 64, 'PORT: "0" is not a port')
        for words, said in ((["--", "--help"], "no port is given: porter HOST PORT"), (["--", "localhost", "--"], 'PORT: "--" is not a port'),
                            (["--", "localhost", "1", "--"], 'unknown option --')):
            self.assert_failed(run(PORTER, *words, home=self.home), 64, said)
        done = self.porter("--name", "Two Dashes", "--register", "--no-save", "--password-file", self.password_file(), "--", stdin=b"x\n")
        self.assertEqual((done.returncode, done.out), (0, "x\n"), done.err)

    def test_what_is_no_port_is_wrong_usage(self):
        for port in ("abc", "65536", "0", "7678x", "-1"):
            with self.subTest(port=port):
                done = run(PORTER, "127.0.0.1", port, "--plain", home=self.home)
                self.assertEqual((done.returncode, done.out), (64, ""), done.err)
                if not port.startswith("-"):
                    self.assertEqual(done.err, f'porter: PORT: "{port}" is not a port: a number from 1 to 65535\n')

    def test_a_port_that_stands_with_the_host_is_told_apart(self):
        for words, meant in ((["localhost:7678"], "localhost 7678"), (["localhost:7678", "7679"], "localhost 7679"),
                             (["[2001:db8::7]:7678"], "2001:db8::7 7678")):
            done = run(PORTER, *words, home=self.home)
            self.assertEqual((done.returncode, done.out), (64, ""))
            self.assertEqual(done.err, f'porter: HOST: "{words[0]}" is not a host: a name or an IP address, without a '
                                       f'port (porter {meant})\n')
        done = run(PORTER, "[::1]", str(self.server.port), home=self.home)
        self.assertEqual(done.returncode, 69, done.err)  # nobody listens there: it is an address

    def test_a_missing_password_file_is_told(self):
        self.assert_failed(self.porter("--name", "x", "--password-file", self.home / "none"), 66, "none")

    def test_a_password_file_of_another_system_that_others_can_read_is_taken_with_a_warning(self):
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

    def test_a_session_that_cannot_be_kept_is_told_of_and_not_said_to_be_kept(self):
        file = self.home / "a_file"
        file.touch()
        for name, state, said in (("No Home", "", "the session is not saved: neither HOME nor XDG_STATE_HOME is set"),
                                  ("Odd Home", str(file / "state"), f"the session is not saved: {file}/state/porter: Not a directory")):
            env = {"HOME": "", "XDG_STATE_HOME": state}
            done = run(PORTER, "127.0.0.1", self.server.port, "--plain", "--name", name, "--register", "--password-file",
                       self.password_file(), stdin=b"x\n", home=self.home, env=env)
            self.assertEqual((done.returncode, done.out), (0, "x\n"), done.err)
            self.assertIn(f"porter: {said}\n", done.err)
            self.assertIn(f"Welcome, {name}.\n", done.err)

    def test_too_few_open_files_are_told_as_such_with_what_to_do(self):
        if b"__ubsan" in pathlib.Path(PORTER).read_bytes():
            self.skipTest("UBSan itself needs descriptors")
        account = self.account("Few Files")
        for limit in range(4, 30):
            done = run("prlimit", f"--nofile={limit}", PORTER, "127.0.0.1", self.server.port, "--trust-first-use", "--name",
                       account.name, "--password-file", self.password_file(account.password), stdin=b"x\n", home=self.home)
            if done.returncode == 0:
                break
            self.assertRegex(done.err, "[Tt]oo many open files")
            if done.returncode != 77:  # what is said of a file of its own needs no more words
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


class Refusals(PipeCase):
    def test_no_server_cannot_be_connected_to(self):
        server = Server("--access", "open")
        self.addCleanup(server.remove)
        server.stop()
        self.assert_failed(self.porter(port=server.port), 69)

    def test_a_host_that_does_not_exist_cannot_be_connected_to(self):
        done = run(PORTER, "no-such-host.invalid", "7678", "--plain", home=self.home)
        self.assertEqual((done.returncode, done.out), (69, ""), done.err)

    def test_a_wrong_password_is_refused(self):
        self.account("Right Once")
        done = self.porter("--name", "Right Once", "--password-file", self.password_file(OTHER_PASSWORD))
        self.assert_failed(done, 77, "bad_credentials")

    def test_an_unknown_name_is_refused_alike(self):
        done = self.porter("--name", "Nobody At All", "--password-file", self.password_file())
        self.assert_failed(done, 77, "bad_credentials")

    def test_a_taken_name_and_a_weak_password_are_refused(self):
        self.register("Taken Here")
        self.assertNotEqual(self.register("Taken Here", "--no-save", stdin=b"").returncode, 0)
        done = self.porter("--name", "Weak Here", "--register", "--password-file", self.password_file("password1"))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("weak_password", done.err)

    def test_a_denial_that_time_helps_against_says_how_long(self):
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

    def test_no_password_stands_in_an_error(self):
        done = self.porter("--name", "Nobody At All", "--password-file", self.password_file("canary password 4711"))
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
                if code != "internal":  # whose fault 70 means, the page leaves open
                    self.assertEqual(done.returncode, exit_code, done.err)

    def test_what_is_no_server_of_ours_is_a_protocol_error(self):
        for said in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\0", b"\0\0\0\1\x99", b"\0\0\0\3\x40hi", b"\0\0\0\2\x81\1"):
            with self.subTest(said=said):
                def script(connection, said=said):
                    connection.send_raw(said)
                    wait_for_close(connection)
                server = ScriptedServer(script)
                done = self.porter(port=server.port)
                self.assertEqual((done.returncode, done.out), (76, ""), done.err)

    def test_a_server_that_leaves_in_the_middle_is_no_success(self):
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

    def test_the_second_start_needs_no_answers(self):
        self.assertEqual(self.register("Saved One").returncode, 0)
        done = self.porter(stdin=b"again\n")
        self.assertEqual((done.returncode, done.out), (0, "again\n"), done.err)

    def test_that_it_goes_before_a_password_file_is_told(self):
        self.register("Saved First")
        told = "The session that was kept for Saved First is used, and not the password file.\n"
        done = self.porter("--password-file", self.password_file(OTHER_PASSWORD), stdin=b"again\n")
        self.assertEqual((done.returncode, done.out), (0, "again\n"), done.err)
        self.assertIn(told, done.err)
        self.assertNotIn(told, self.porter("--password-file", self.password_file(), "--quiet").err)
        self.assertNotIn(told, self.porter().err)

    def test_a_saved_session_is_for_its_owner_alone(self):
        self.register("Saved Two")
        self.assertEqual(self.saved(), [self.home / "porter" / "sessions"])
        for path in self.saved():
            self.assertEqual(oct(stat.S_IMODE(os.stat(path).st_mode)), oct(0o600))

    def sessions_of(self, name):
        """Of the account, without the one that asks, which ends."""
        client = self.connect()
        granted = client.get_access("login", name, PASSWORD)
        client.send("list_sessions")
        found = [row.id for row in client.expect("sessions").sessions if row.id != granted.session]
        client.request("logout", 0)
        return found

    def test_with_no_save_the_session_is_ended_however_the_run_ends(self):
        self.register("Saved Four")
        kept = self.sessions_of("Saved Four")
        arguments = ("--name", "Saved Four", "--no-save", "--password-file", self.password_file())
        self.home = self.server.folder / (self.id() + "-elsewhere")  # where no session is kept
        self.home.mkdir()
        for stdin, code in ((b"x\n", 0), (b"", 0), (b"x\n\xff\n", 65)):
            done = self.porter(*arguments, stdin=stdin)
            self.assertEqual((done.returncode, done.out), (code, "x\n" if stdin else ""), done.err)
            self.assertNotIn("warning", done.err)
        process = subprocess.Popen([PORTER, "127.0.0.1", str(self.server.port), "--plain", *map(str, arguments)], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=clean_environment(self.home))
        with process:
            process.stdin.write(b"x\n")
            process.stdin.flush()
            self.assertEqual(process.stdout.readline(), b"x\n")
            process.terminate()
            self.assertEqual(process.wait(HANG_GUARD), 128 + signal.SIGTERM)
        self.assertEqual(self.sessions_of("Saved Four"), kept)

    def test_a_server_that_does_not_end_a_session_is_not_waited_for(self):
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

    def test_with_no_save_nothing_is_kept(self):
        self.assertEqual(self.register("Saved Three", "--no-save", stdin=b"x\n").returncode, 0)
        self.assertEqual(self.saved(), [])
        self.assert_failed(self.porter("--name", "Saved Three"), 64, "password")

    def test_a_session_is_offered_to_no_other_port(self):
        self.register("Saved Four")

        def script(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "Saved Four")
            got = connection.receive()
            assert got is None or got.kind in ("login", "closing"), got
        server = ScriptedServer(script)
        self.assertEqual(self.porter("--name", "Saved Four", port=server.port).returncode, 64)
        server.join()

    def test_a_session_is_used_for_no_other_name(self):
        self.register("Saved Name")
        done = self.porter("--name", "Another Name", "--password-file", self.password_file())
        self.assert_failed(done, 77, "bad_credentials")

    def test_a_refused_session_is_forgotten(self):
        self.register("Saved Five")
        client = self.connect()
        client.get_access("login", "Saved Five", PASSWORD)
        client.request("logout", 1)
        self.assertNotEqual(self.porter("--name", "Saved Five").returncode, 0)
        self.assertEqual(self.saved(), [])
        done = self.porter("--name", "Saved Five", "--password-file", self.password_file(), stdin=b"x\n")
        self.assertEqual((done.returncode, done.out), (0, "x\n"), done.err)

    def test_a_folder_that_cannot_be_written_costs_only_the_saving(self):
        (self.home / "porter").write_text("in the way")
        done = self.register("Saved Six", stdin=b"x\n")
        self.assertEqual((done.returncode, done.out), (0, "x\n"), done.err)
        self.assertTrue(done.err, "it says that the session was not kept")

    def test_a_damaged_file_of_sessions_is_no_obstacle(self):
        self.register("Saved Seven")
        (path,) = self.saved()
        path.write_bytes(b"\xff\x00garbage\n\n\t" * 100)
        done = self.porter("--name", "Saved Seven", "--password-file", self.password_file(), stdin=b"x\n")
        self.assertEqual((done.returncode, done.out), (0, "x\n"), done.err)


if __name__ == "__main__":
    unittest.main()
