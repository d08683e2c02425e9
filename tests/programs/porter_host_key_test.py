"""porter's host key check: known_servers, the system's authorities, and the first connection to a server."""
import datetime
import functools
import re
import socket
import stat
import unittest

from support.host_key import HostKeyCase, echo
from support.key_pair import KeyPair
from support.porter import PROMPT, PorterCase
from support.scripted_server import expect_clean_close
from support.server import PORTER, run
from support.terminal import CTRL_C, CTRL_D, Terminal
from support.waiting import until

QUESTION = r"^Trust this server\? \(yes/no\) "


class FirstUse(HostKeyCase):
    def test_on_a_terminal_the_fingerprint_is_shown_and_confirmed_once(self):
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

    def test_after_the_answer_no_nothing_was_sent_and_nothing_is_saved(self):
        for answer, code in (("no\r", 77), (CTRL_D, 0)):
            with self.subTest(answer=answer):
                server = self.serve(expect_clean_close)
                terminal = self.terminal(server.port)
                terminal.expect(QUESTION)
                terminal.send(answer)
                self.assertEqual(terminal.wait(), code)
                self.assertEqual(self.read_known_servers(), "")
                server.join()

    def test_without_a_terminal_an_unknown_key_is_rejected_and_the_options_are_named(self):
        server = self.serve(expect_clean_close)
        done = self.run_porter(server.port, "--name", "Alice", "--password-file", self.password_file, stdin=b"hello\n")
        self.assert_failed(done, self.pair.fingerprint, "--trust", "--trust-first-use")
        self.assertEqual(self.read_known_servers(), "")
        server.join()

    def test_the_fingerprint_given_by_trust_is_saved(self):
        server = self.serve(echo, echo)
        for arguments in (["--trust", self.pair.fingerprint], []):
            done = self.run_porter(server.port, *arguments, stdin=b"hello\n")
            self.assertEqual((done.returncode, done.out), (0, "hello\n"), done.err)
            self.assertIn(f"127.0.0.1:{server.port} {self.pair.fingerprint} ", self.read_known_servers())
        server.join()

    def test_another_fingerprint_than_that_of_trust_is_rejected_and_both_are_shown(self):
        server = self.serve(expect_clean_close)
        done = self.run_porter(server.port, "--trust", self.other_pair.fingerprint, stdin=b"hello\n")
        self.assert_failed(done, self.pair.fingerprint, self.other_pair.fingerprint)
        self.assertEqual(self.read_known_servers(), "")
        server.join()

    def test_with_trust_first_use_an_unknown_key_is_shown_and_saved(self):
        server = self.serve(echo)
        done = self.run_porter(server.port, "--trust-first-use", stdin=b"hello\n")
        self.assertEqual((done.returncode, done.out), (0, "hello\n"), done.err)
        self.assertIn(self.pair.fingerprint, done.err)
        self.assertIn(f"127.0.0.1:{server.port} {self.pair.fingerprint} ", self.read_known_servers())
        server.join()

    def test_without_a_home_trust_first_use_fails_and_trust_does_not(self):
        server = self.serve(expect_clean_close, echo)
        nowhere = {"HOME": "", "XDG_STATE_HOME": ""}
        done = self.run_porter(server.port, "--trust-first-use", stdin=b"hello\n", env=nowhere)
        self.assert_failed(done, "cannot be saved", self.pair.fingerprint)
        done = self.run_porter(server.port, "--trust", self.pair.fingerprint, stdin=b"hello\n", env=nowhere)
        self.assertEqual((done.returncode, done.out), (0, "hello\n"), done.err)
        self.assertIn("cannot be saved", done.err)
        server.join()

    def test_contradicting_options_are_a_usage_error(self):
        key = self.pair.fingerprint
        for arguments in (["--tls", "--plain"], ["--trust", "SHA256:short"], ["--trust", ""],
                          ["--trust", key, "--plain"], ["--trust", key, "--trust-first-use"]):
            with self.subTest(arguments=arguments):
                self.assert_failed(self.run_porter(1, *arguments), "--t", code=64)


class Authorities(HostKeyCase):
    def test_a_certificate_of_a_trusted_authority_is_accepted_and_not_saved(self):
        server = self.serve(echo)
        done = self.run_porter(server.port, stdin=b"hello\n", host="localhost", authority=self.pair.certificate)
        self.assertEqual((done.returncode, done.out, done.err), (0, "hello\n", "Welcome.\n"))
        self.assertEqual(self.read_known_servers(), "")
        server.join()

    def test_a_certificate_for_another_host_is_rejected(self):
        server = self.serve(expect_clean_close)
        done = self.run_porter(server.port, stdin=b"hello\n", host="127.0.0.1", authority=self.pair.certificate)
        self.assert_failed(done, self.pair.fingerprint)
        server.join()

    def test_a_known_key_takes_precedence_over_the_authorities(self):
        server = self.serve(expect_clean_close)
        self.add_known_server(server.port, self.other_pair, host="localhost")
        done = self.run_porter(server.port, stdin=b"hello\n", host="localhost", authority=self.pair.certificate)
        self.assert_failed(done, self.pair.fingerprint, self.other_pair.fingerprint)
        server.join()


class RejectedCertificates(HostKeyCase):
    """A certificate of an authority that is rejected is shown with the reason."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = KeyPair(cls.folder, "authority")
        issue = functools.partial(KeyPair.signed_by, cls.authority, cls.folder)
        cls.expired = issue("expired", days=-1)
        cls.elsewhere = issue("elsewhere", hosts="DNS:example.org,DNS:www.example.org")
        cls.for_clients = issue("for-clients", extensions=["extendedKeyUsage=clientAuth"])
        cls.nameless = issue("nameless", hosts=None)

    def test_without_a_terminal_the_error_has_the_reason(self):
        yesterday = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
        cases = ((self.expired, self.authority, f"expired on {yesterday:%Y-%m-%d}"),
                 (self.elsewhere, self.authority, "is for another host: example.org, www.example.org"),
                 (self.for_clients, self.authority, "is for clients only"),
                 (self.nameless, self.authority, "names no host (it has no subjectAltName"),
                 (self.elsewhere, self.other_pair,
                  "is from CN=porter test, which is no authority that this system knows"))
        for pair, authority, reason in cases:
            with self.subTest(reason=reason):
                server = self.serve(expect_clean_close, tls=pair.context())
                done = self.run_porter(server.port, stdin=b"hello\n", host="localhost", authority=authority.certificate)
                self.assert_failed(done, pair.fingerprint, "its certificate " + reason)
                server.join()

    def test_on_a_terminal_the_prompt_has_the_reason(self):
        server = self.serve(expect_clean_close, tls=self.elsewhere.context())
        terminal = self.terminal(server.port, host="localhost", authority=self.authority.certificate)
        terminal.expect(QUESTION)
        self.assertIn("Its certificate is for another host: example.org, www.example.org.", terminal.text())
        terminal.send_line("no")
        self.assertEqual(terminal.wait(), 77)
        server.join()

    def test_a_self_signed_certificate_has_no_reason(self):
        server = self.serve(expect_clean_close)
        done = self.run_porter(server.port, stdin=b"hello\n", host="localhost")
        self.assert_failed(done, self.pair.fingerprint)
        self.assertNotIn("certificate", done.err)
        server.join()


class UnsafeState(HostKeyCase):
    """State that another user owns or could have written is rejected before the client connects (SECURITY.md: S12)."""

    def test_files_that_others_can_write_stop_the_client(self):
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
                self.assert_failed(done, "others may write to it", "chmod go-w", code=78)
                self.assertEqual(stat.S_IMODE(path.stat().st_mode), mode)
                self.assertRaises(BlockingIOError, listener.accept)
                path.chmod(before)


class KnownServers(HostKeyCase):
    def test_invalid_lines_are_reported_by_number_and_not_changed(self):
        self.known_servers.parent.mkdir()
        self.known_servers.write_bytes(b"# mine\n\xff\xfe\x1b[2J\nexample.org:1 SHA256:short\n")
        server = self.serve(echo)
        done = self.run_porter(server.port, "--trust-first-use", stdin=b"hello\n")
        self.assertEqual((done.returncode, done.out), (0, "hello\n"), done.err)
        for number in (2, 3):
            self.assertIn(f"known_servers:{number} ", done.err)
        content = self.known_servers.read_bytes()
        self.assertTrue(content.startswith(b"# mine\n\xff\xfe\x1b[2J\nexample.org:1 SHA256:short\n127"))
        server.join()

    def test_an_invalid_line_for_the_server_stops_the_client(self):
        server = self.serve(expect_clean_close)
        self.known_servers.parent.mkdir()
        self.known_servers.write_text(f"127.0.0.1:{server.port} {self.pair.fingerprint[:-1]}\n")
        self.assert_failed(self.run_porter(server.port, "--trust-first-use", stdin=b"hello\n"), "known_servers:1 ")
        server.join()


class CleanClose(PorterCase):
    """The client sends nothing to a server that is not trusted, and closes the connection cleanly."""

    options = ("--access", "open")

    def logged_closes(self):
        return re.findall(r"connection_(?:lost|closed) .*", self.server.log())

    def assert_closed_cleanly(self, before):
        """One more connection than `before` is closed, and all of them cleanly."""
        until(lambda: len(self.logged_closes()) > before, "the close is logged")
        self.assertRegex(self.logged_closes()[before], "^connection_closed .*code=half_closed")
        self.assertNotIn("connection_lost", self.server.log())

    def test_the_connection_is_closed_before_the_prompt(self):
        for answer, code in (("no\r", 77), (CTRL_C, 0), (CTRL_D, 0), ("yes\r", None)):
            with self.subTest(answer=answer):
                before = len(self.logged_closes())
                terminal = Terminal(PORTER, "127.0.0.1", self.server.port, home=self.home)
                self.addCleanup(terminal.close)
                terminal.expect(QUESTION)
                self.assert_closed_cleanly(before)
                terminal.send(answer)
                if code is None:
                    terminal.expect("^> ")
                    self.quit(terminal)
                else:
                    self.assertEqual(terminal.wait(), code)
        self.assertNotIn("connection_lost", self.server.log())

    def test_the_connection_is_closed_cleanly_without_a_terminal(self):
        wrong_key = "SHA256:" + "A" * 43
        for arguments in ([], ["--trust", wrong_key]):
            with self.subTest(arguments=arguments):
                before = len(self.logged_closes())
                done = run(PORTER, "127.0.0.1", self.server.port, *arguments, home=self.home)
                self.assertEqual(done.returncode, 77, done.err)
                self.assert_closed_cleanly(before)


if __name__ == "__main__":
    unittest.main()
