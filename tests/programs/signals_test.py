"""Signals and deaths: what sessions are told, and what outlives the process (commands page; promises S1, S7 and S8)."""
import signal
import unittest

from support.case import ServerCase
from support.waiting import until

SESSIONS = 1000


class SignalCase(ServerCase):
    """Each test ends the server, so each has its own."""

    @classmethod
    def setUpClass(cls):
        pass

    @classmethod
    def tearDownClass(cls):
        pass

    def setUp(self):
        type(self).server = None
        super().setUpClass()
        self.addCleanup(self.server.remove)

    def tearDown(self):
        if self.server.process.poll() is None:
            self.server.stop()


class Stopping(SignalCase):
    def test_a_thousand_sessions_are_told_and_all_come_back_after_a_restart(self):
        account = self.account()
        clients = [self.resume(account, account.address) for _ in range(SESSIONS)]
        self.server.signal(signal.SIGTERM)
        for client in clients:
            client.expect_closing("shutting_down")
            client.close()
        self.assertEqual(self.server.wait(), 0)
        self.server.start()
        for client in [self.resume(account, account.address) for _ in range(SESSIONS)]:
            client.expect_alive()
            client.close()

    def test_an_interrupt_stops_it_too(self):
        client = self.resume(self.account())
        self.server.signal(signal.SIGINT)
        client.expect_closing("shutting_down")
        client.close()
        self.assertEqual(self.server.wait(), 0)

    def test_visitors_without_access_are_told_too(self):
        until(lambda: self.server.connections() == 0, "those of other tests have gone: a frame has only 10 s")
        silent, greeted = self.connect(), self.connect()
        greeted.hello()
        silent.send_raw(b"\x00")
        until(lambda: self.server.connections() == 2, "both are there")
        self.server.signal(signal.SIGTERM)
        for client in (silent, greeted):
            client.expect_closing("shutting_down")
            client.close()
        self.assertEqual(self.server.wait(), 0)

    def test_a_visitor_that_never_leaves_does_not_keep_it(self):
        client = self.resume(self.account())
        client.send_raw(b"\x00\x00\x10")
        self.server.signal(signal.SIGTERM)
        self.assertEqual(self.server.wait(), 0)
        client.expect_closing("shutting_down")

    def test_a_visitor_that_never_reads_does_not_keep_it(self):
        client = self.resume(self.account())
        client.socket.settimeout(0.5)
        try:
            while True:
                client.send("data", b"x" * 500_000)
        except TimeoutError:
            pass  # the server has stopped reading
        self.server.signal(signal.SIGTERM)
        self.assertEqual(self.server.wait(), 0)

    def test_a_second_signal_ends_it_at_once(self):
        client = self.resume(self.account())
        self.server.signal(signal.SIGTERM)
        client.expect("closing", code="shutting_down")
        self.server.signal(signal.SIGTERM)
        self.server.wait()

    def test_a_hangup_that_comes_with_the_end_does_not_keep_it(self):
        # Both are there when it runs on, and which of its threads takes which is chance: hence several times.
        for _ in range(5):
            for number in (signal.SIGSTOP, signal.SIGHUP, signal.SIGTERM, signal.SIGCONT):
                self.server.signal(number)
            self.assertEqual(self.server.wait(), 0)
            self.server.start()

    def test_while_it_stops_nobody_is_let_in(self):
        client = self.resume(self.account())
        self.server.signal(signal.SIGTERM)
        client.expect("closing", code="shutting_down")
        with self.assertRaises((ConnectionError, AssertionError)):
            self.connect().hello()
        client.close()
        self.assertEqual(self.server.wait(), 0)


class Reopening(SignalCase):
    def test_hangup_reopens_the_log_after_it_was_renamed(self):
        self.account("Before Rotation")
        old = self.server.data / "porterd.log.1"
        self.server.log_file.rename(old)
        self.server.signal(signal.SIGHUP)
        until(self.server.log_file.exists, "the log is made again")
        self.account("After Rotation")
        until(lambda: "After Rotation" in self.server.log(), "the new log tells of what came later")
        self.assertIn("Before Rotation", old.read_text())
        self.assertNotIn("After Rotation", old.read_text())
        self.server.assert_healthy()

    def test_many_hangups_harm_nobody(self):
        client = self.resume(self.account())
        for _ in range(50):
            self.server.signal(signal.SIGHUP)
            client.expect_alive()

    def test_a_log_file_that_was_removed_stops_nothing(self):
        account = self.account()
        self.server.log_file.unlink()
        self.resume(account).expect_alive()
        self.server.signal(signal.SIGHUP)
        until(self.server.log_file.exists, "the log is made again")

    def test_a_broken_pipe_harms_nobody(self):
        self.server.signal(signal.SIGPIPE)
        self.account()
        self.server.assert_healthy()


class Killed(SignalCase):
    def test_accounts_and_sessions_outlive_a_kill(self):
        accounts = [self.account() for _ in range(5)]
        self.server.kill()
        self.server.start()
        for account in accounts:
            self.resume(account).expect_alive()
            self.log_in(account).expect_alive()

    def test_a_registration_that_was_granted_outlives_a_kill_right_after_it(self):
        for _ in range(5):
            account = self.account()
            self.server.kill()
            self.server.start()
            self.resume(account).expect_alive()

    def test_what_was_ended_stays_ended_after_a_kill(self):
        account = self.account()
        client = self.resume(account)
        client.send("logout", 1)
        client.expect("done")
        self.server.kill()
        self.server.start()
        client = self.start_access_phase()
        client.send("resume", account.token)
        client.expect("denied", code="invalid_token")


if __name__ == "__main__":
    unittest.main()
