"""Whom porter trusts: known servers, the system's authorities, and whoever a first use is granted to (commands page)."""
import datetime
import functools
import socket
import stat
import unittest

from support.host_key import HostKeyCase, echo
from support.key_pair import KeyPair
from support.porter import PROMPT
from support.scripted_server import expect_clean_close
from support.terminal import CTRL_D

QUESTION = r"^Trust this server\? \(yes/no\) "


class FirstUse(HostKeyCase):
    def test_on_a_terminal_the_fingerprint_is_shown_and_the_question_asked_once(self):
        server = self.serve(expect_clean_close, echo, echo)
        terminal = self.terminal(server.port)
        terminal.expect(QUESTION)
        self.assertIn(self.pair.fingerprint, terminal.text())
        terminal.send_line("maybe")
        terminal.expect(QUESTION, times=2)
        terminal.send_line("yes")
        terminal.expect(PROMPT)
        fingerprint = self.pair.fingerprint.replace("+", ".")
        self.assertRegex(self.read_known_servers(),
                         rf"^127\.0\.0\.1:{server.port} {fingerprint} \d{{4}}-\d\d-\d\d\n$")
        self.assertEqual(stat.S_IMODE(self.known_servers.stat().st_mode), 0o600)
        terminal.send_line("/quit")
        self.assertEqual(terminal.wait(), 0)
        again = self.terminal(server.port)
        again.expect(PROMPT)
        self.assertNotIn("Trust", again.text())
        again.send_line("/quit")
        self.assertEqual(again.wait(), 0)
        server.join()

    def test_who_answers_no_has_said_nothing_to_the_server_and_keeps_nothing(self):
        for answer, code in (("no\r", 77), (CTRL_D, 0)):
            with self.subTest(answer=answer):
                server = self.serve(expect_clean_close)
                terminal = self.terminal(server.port)
                terminal.expect(QUESTION)
                terminal.send(answer)
                self.assertEqual(terminal.wait(), code)
                self.assertEqual(self.read_known_servers(), "")
                server.join()

    def test_where_nobody_can_be_asked_a_stranger_is_refused_and_the_options_named(self):
        server = self.serve(expect_clean_close)
        done = self.run_porter(server.port, "--name", "Alice", "--password-file", self.password_file, stdin=b"hello\n")
        self.assert_refused(done, self.pair.fingerprint, "--trust", "--trust-first-use")
        self.assertEqual(self.read_known_servers(), "")
        server.join()

    def test_the_named_fingerprint_is_trusted_and_kept(self):
        server = self.serve(echo, echo)
        for arguments in (["--trust", self.pair.fingerprint], []):
            done = self.run_porter(server.port, *arguments, stdin=b"hello\n")
            self.assertEqual((done.returncode, done.out), (0, "hello\n"), done.err)
            self.assertIn(f"127.0.0.1:{server.port} {self.pair.fingerprint} ", self.read_known_servers())
        server.join()

    def test_another_than_the_named_fingerprint_is_refused_with_both_and_told_nothing(self):
        server = self.serve(expect_clean_close)
        done = self.run_porter(server.port, "--trust", self.other_pair.fingerprint, stdin=b"hello\n")
        self.assert_refused(done, self.pair.fingerprint, self.other_pair.fingerprint)
        self.assertEqual(self.read_known_servers(), "")
        server.join()

    def test_with_trust_first_use_whoever_comes_first_is_shown_and_kept(self):
        server = self.serve(echo)
        done = self.run_porter(server.port, "--trust-first-use", stdin=b"hello\n")
        self.assertEqual((done.returncode, done.out), (0, "hello\n"), done.err)
        self.assertIn(self.pair.fingerprint, done.err)
        self.assertIn(f"127.0.0.1:{server.port} {self.pair.fingerprint} ", self.read_known_servers())
        server.join()

    def test_first_use_that_cannot_be_kept_is_refused_and_a_named_key_is_not(self):
        server = self.serve(expect_clean_close, echo)
        nowhere = {"HOME": "", "XDG_STATE_HOME": ""}
        done = self.run_porter(server.port, "--trust-first-use", stdin=b"hello\n", env=nowhere)
        self.assert_refused(done, "cannot be saved", self.pair.fingerprint)
        done = self.run_porter(server.port, "--trust", self.pair.fingerprint, stdin=b"hello\n", env=nowhere)
        self.assertEqual((done.returncode, done.out), (0, "hello\n"), done.err)
        self.assertIn("cannot be saved", done.err)
        server.join()

    def test_options_that_contradict_each_other_are_wrong_usage(self):
        key = self.pair.fingerprint
        for arguments in (["--tls", "--plain"], ["--trust", "SHA256:short"], ["--trust", ""],
                          ["--trust", key, "--plain"], ["--trust", key, "--trust-first-use"]):
            with self.subTest(arguments=arguments):
                self.assert_refused(self.run_porter(1, *arguments), "--t", code=64)


class Authorities(HostKeyCase):
    def test_who_an_authority_of_the_system_vouches_for_is_trusted_and_not_kept(self):
        server = self.serve(echo)
        done = self.run_porter(server.port, stdin=b"hello\n", host="localhost", authority=self.pair.certificate)
        self.assertEqual((done.returncode, done.out, done.err), (0, "hello\n", "Welcome.\n"))
        self.assertEqual(self.read_known_servers(), "")
        server.join()

    def test_an_authority_vouches_for_a_name_and_for_no_other(self):
        server = self.serve(expect_clean_close)
        done = self.run_porter(server.port, stdin=b"hello\n", host="127.0.0.1", authority=self.pair.certificate)
        self.assert_refused(done, self.pair.fingerprint)
        server.join()

    def test_a_known_key_stands_above_the_authorities(self):
        server = self.serve(expect_clean_close)
        self.add_known_server(server.port, self.other_pair, host="localhost")
        done = self.run_porter(server.port, stdin=b"hello\n", host="localhost", authority=self.pair.certificate)
        self.assert_refused(done, self.pair.fingerprint, self.other_pair.fingerprint)
        server.join()


class Reasons(HostKeyCase):
    """An authority's certificate that does not do is told of with the reason."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = KeyPair(cls.folder, "authority")
        issue = functools.partial(KeyPair.signed_by, cls.authority, cls.folder)
        cls.expired = issue("expired", days=-1)
        cls.elsewhere = issue("elsewhere", hosts="DNS:example.org,DNS:www.example.org")
        cls.for_clients = issue("for-clients", extensions=["extendedKeyUsage=clientAuth"])
        cls.nameless = issue("nameless", hosts=None)

    def test_where_nobody_can_be_asked_the_line_has_the_reason(self):
        yesterday = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
        cases = ((self.expired, self.authority, f"expired on {yesterday:%Y-%m-%d}"),
                 (self.elsewhere, self.authority, "is for another host: example.org, www.example.org"),
                 (self.for_clients, self.authority, "is for clients only"),
                 (self.nameless, self.authority, "names no host (it has no subjectAltName"),
                 (self.elsewhere, self.other_pair,
                  "is from CN=porter test, which is no authority that this system knows"))
        for shown, trusted, reason in cases:
            with self.subTest(reason=reason):
                server = self.serve(expect_clean_close, tls=shown.context())
                done = self.run_porter(server.port, stdin=b"hello\n", host="localhost", authority=trusted.certificate)
                self.assert_refused(done, shown.fingerprint, "its certificate " + reason)
                server.join()

    def test_on_a_terminal_the_question_has_it_too(self):
        server = self.serve(expect_clean_close, tls=self.elsewhere.context())
        terminal = self.terminal(server.port, host="localhost", authority=self.authority.certificate)
        terminal.expect(QUESTION)
        self.assertIn("Its certificate is for another host: example.org, www.example.org.", terminal.text())
        terminal.send_line("no")
        self.assertEqual(terminal.wait(), 77)
        server.join()

    def test_a_certificate_that_signs_itself_needs_no_reason(self):
        server = self.serve(expect_clean_close)
        done = self.run_porter(server.port, stdin=b"hello\n", host="localhost")
        self.assert_refused(done, self.pair.fingerprint)
        self.assertNotIn("certificate", done.err)
        server.join()


class PlantedState(HostKeyCase):
    """SECURITY.md: state that somebody else owns or could have written is refused. Nobody is even connected to."""

    def test_what_others_could_have_written_stops_the_client_before_it_connects(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        listener.setblocking(False)
        port = listener.getsockname()[1]
        self.add_known_server(port, self.pair)
        self.sessions.touch(0o600)
        for path, mode in ((self.known_servers, 0o666), (self.sessions, 0o620), (self.known_servers.parent, 0o777)):
            with self.subTest(path=path.name):
                before = stat.S_IMODE(path.stat().st_mode)
                path.chmod(mode)
                done = self.run_porter(port, "--name", "Alice", "--password-file", self.password_file, stdin=b"hello\n")
                self.assert_refused(done, "others may write to it", "chmod go-w", code=78)
                self.assertEqual(stat.S_IMODE(path.stat().st_mode), mode)
                self.assertRaises(BlockingIOError, listener.accept)
                path.chmod(before)


class KnownServers(HostKeyCase):
    def test_bad_lines_are_told_with_their_number_and_stay(self):
        self.known_servers.parent.mkdir()
        self.known_servers.write_bytes(b"# mine\n\xff\xfe\x1b[2J\nexample.org:1 SHA256:short\n")
        server = self.serve(echo)
        done = self.run_porter(server.port, "--trust-first-use", stdin=b"hello\n")
        self.assertEqual((done.returncode, done.out), (0, "hello\n"), done.err)
        for number in (2, 3):
            self.assertIn(f"known_servers:{number} ", done.err)
        self.assertTrue(self.known_servers.read_bytes().startswith(b"# mine\n\xff\xfe\x1b[2J\nexample.org:1 SHA256:short\n127"))
        server.join()

    def test_a_bad_line_about_the_server_itself_stops_the_client(self):
        server = self.serve(expect_clean_close)
        self.known_servers.parent.mkdir()
        self.known_servers.write_text(f"127.0.0.1:{server.port} {self.pair.fingerprint[:-1]}\n")
        self.assert_refused(self.run_porter(server.port, "--trust-first-use", stdin=b"hello\n"), "known_servers:1 ")
        server.join()


if __name__ == "__main__":
    unittest.main()
