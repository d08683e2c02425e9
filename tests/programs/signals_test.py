"""Signals and kills: what connections receive, and what survives the process (SECURITY.md: S1, S7, S8)."""
import signal
import unittest

from support.case import ServerCase
from support.waiting import until

SESSIONS = 1000


class SignalCase(ServerCase):
    """Each test stops its server, so each starts one."""

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
        self.addCleanup(self.stop)  # after the test's connections: porterd waits two seconds for open ones

    def tearDown(self):
        pass

    def stop(self):
        if self.server.process.poll() is None:
            self.server.stop()


class Stopping(SignalCase):
    def test_a_thousand_sessions_get_closing_and_resume_after_a_restart(self):
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

    def test_sigint_stops_porterd(self):
        client = self.resume(self.account())
        self.server.signal(signal.SIGINT)
        client.expect_closing("shutting_down")
        client.close()
        self.assertEqual(self.server.wait(), 0)

    def test_connections_without_access_get_closing(self):
        until(lambda: self.server.connections() == 0,
              "earlier connections are closed, so that these two do not time out")
        silent, welcomed = self.connect(), self.connect()
        welcomed.hello()
        silent.send_raw(b"\x00")
        until(lambda: self.server.connections() == 2, "both are accepted")
        self.server.signal(signal.SIGTERM)
        for client in (silent, welcomed):
            client.expect_closing("shutting_down")
            client.close()
        self.assertEqual(self.server.wait(), 0)

    def test_a_client_that_does_not_close_does_not_delay_the_exit(self):
        client = self.resume(self.account())
        client.send_raw(b"\x00\x00\x10")
        self.server.signal(signal.SIGTERM)
        self.assertEqual(self.server.wait(), 0)
        client.expect_closing("shutting_down")

    def test_a_client_that_does_not_read_does_not_delay_the_exit(self):
        client = self.resume(self.account())
        client.socket.settimeout(0.5)
        try:
            while True:
                client.send("data", b"x" * 500_000)
        except TimeoutError:
            pass  # the server has stopped reading
        self.server.signal(signal.SIGTERM)
        self.assertEqual(self.server.wait(), 0)

    def test_a_second_signal_kills_porterd(self):
        client = self.resume(self.account())
        self.server.signal(signal.SIGTERM)
        client.expect("closing", code="shutting_down")
        self.server.signal(signal.SIGTERM)
        self.server.wait()

    def test_a_sighup_with_a_sigterm_does_not_delay_the_exit(self):
        # Both signals are pending at SIGCONT, and it is random which thread handles which: so this is repeated.
        for _ in range(5):
            for number in (signal.SIGSTOP, signal.SIGHUP, signal.SIGTERM, signal.SIGCONT):
                self.server.signal(number)
            self.assertEqual(self.server.wait(), 0)
            self.server.start()

    def test_during_shutdown_no_connection_is_accepted(self):
        client = self.resume(self.account())
        self.server.signal(signal.SIGTERM)
        client.expect("closing", code="shutting_down")
        with self.assertRaises((ConnectionError, AssertionError)):
            self.connect().hello()
        client.close()
        self.assertEqual(self.server.wait(), 0)


class Reopening(SignalCase):
    def test_sighup_reopens_a_renamed_log(self):
        self.account("Before Rotation")
        old = self.server.data / "porterd.log.1"
        self.server.log_file.rename(old)
        self.server.signal(signal.SIGHUP)
        until(self.server.log_file.exists, "the log is created again")
        self.account("After Rotation")
        until(lambda: "After Rotation" in self.server.log(), "the new log has the later events")
        self.assertIn("Before Rotation", old.read_text())
        self.assertNotIn("After Rotation", old.read_text())
        self.server.assert_healthy()

    def test_many_sighups_do_not_affect_connections(self):
        client = self.resume(self.account())
        for _ in range(50):
            self.server.signal(signal.SIGHUP)
            client.expect_alive()

    def test_a_removed_log_file_does_not_stop_the_service(self):
        account = self.account()
        self.server.log_file.unlink()
        self.resume(account).expect_alive()
        self.server.signal(signal.SIGHUP)
        until(self.server.log_file.exists, "the log is created again")

    def test_sigpipe_is_ignored(self):
        self.server.signal(signal.SIGPIPE)
        self.account()
        self.server.assert_healthy()


class Killed(SignalCase):
    def test_accounts_and_sessions_survive_a_kill(self):
        accounts = [self.account() for _ in range(5)]
        self.server.kill()
        self.server.start()
        for account in accounts:
            self.resume(account).expect_alive()
            self.log_in(account).expect_alive()

    def test_a_granted_registration_survives_an_immediate_kill(self):
        for _ in range(5):
            account = self.account()
            self.server.kill()
            self.server.start()
            self.resume(account).expect_alive()

    def test_an_ended_session_stays_ended_after_a_kill(self):
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
