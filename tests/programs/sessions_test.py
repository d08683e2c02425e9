"""What people do with their sessions and password, and how a session ends everywhere (protocol page, 3; promise P6)."""
import contextlib
import sqlite3
import time
import unittest

from support.case import OTHER_PASSWORD, PASSWORD, ServerCase
from support.waiting import until
from support.wire import message


class Sessions(ServerCase):
    def refused(self, token):
        client = self.start_access_phase()
        client.send("resume", token)
        client.expect("denied", code="invalid_token")

    def sessions_of(self, client):
        client.send("list_sessions")
        return client.expect("sessions").sessions


class Listing(Sessions):
    def test_each_session_is_listed_once_and_the_current_one_marked(self):
        account = self.account()
        here = self.log_in(account)
        rows = self.sessions_of(here)
        self.assertEqual({row.id: row.current for row in rows}, {account.session: 0, here.granted.session: 1})
        row = next(row for row in rows if row.current)
        self.assertEqual(row.address, here.address)
        self.assertEqual(row.expires_at, here.granted.expires_at)
        self.assertTrue(0 < row.created_at <= row.last_used_at <= time.time() + 1)

    def test_nobody_sees_the_sessions_of_others(self):
        self.account()
        account = self.account()
        self.assertEqual([row.id for row in self.sessions_of(self.resume(account))], [account.session])

    def test_the_17th_session_ends_the_oldest(self):
        account = self.account()
        oldest = self.resume(account)
        others = [self.log_in(account) for _ in range(15)]
        oldest.expect_alive()
        newest = self.log_in(account)
        oldest.expect_closing("session_ended")
        self.refused(account.token)
        others[0].expect_alive()
        self.assertEqual(len(self.sessions_of(newest)), 16)


class Revoking(Sessions):
    def test_ones_own_session_ends_after_done(self):
        account = self.account()
        here = self.resume(account)
        here.send("revoke_session", account.session)
        here.expect("done")
        here.expect_closing("session_ended")
        self.refused(account.token)

    def test_another_session_of_the_account_ends_wherever_it_is_connected(self):
        account = self.account()
        theirs = [self.resume(account) for _ in range(3)]
        here = self.log_in(account)
        here.send("revoke_session", account.session)
        here.expect("done")
        for connection in theirs:
            connection.expect_closing("session_ended")
        self.refused(account.token)
        here.expect_alive()

    def test_a_session_of_somebody_else_is_not_found(self):
        theirs, here = self.account(), self.resume(self.account())
        for session in (theirs.session, 0, (1 << 64) - 1, 1 << 63):
            here.send("revoke_session", session)
            here.expect("denied", code="not_found")
        self.resume(theirs).expect_alive()
        here.expect_alive()

    def test_a_session_is_revoked_once(self):
        account = self.account()
        here = self.log_in(account)
        here.send("revoke_session", account.session)
        here.expect("done")
        here.send("revoke_session", account.session)
        here.expect("denied", code="not_found")


class LoggingOut(Sessions):
    def test_scope_0_ends_this_session_alone(self):
        account = self.account()
        here, there = self.log_in(account), self.resume(account)
        here.send("logout", 0)
        here.expect("done")
        here.expect_closing("normal")
        self.refused(here.granted.token)
        there.expect_alive()

    def test_scope_0_ends_the_other_connections_of_this_session(self):
        account = self.account()
        here, twin = self.resume(account), self.resume(account)
        here.send("logout", 0)
        here.expect("done")
        here.expect_closing("normal")
        twin.expect_closing("session_ended")

    def test_scope_1_ends_every_session_of_the_account_and_of_no_other(self):
        account, stranger = self.account(), self.resume(self.account())
        here = self.log_in(account)
        there = [self.resume(account), self.log_in(account), self.log_in(account)]
        here.send("logout", 1)
        here.expect("done")
        here.expect_closing("normal")
        for connection in there:
            connection.expect_closing("session_ended")
        for token in (account.token, here.granted.token, there[1].granted.token):
            self.refused(token)
        stranger.expect_alive()

    def test_another_scope_is_a_protocol_error(self):
        here = self.resume(self.account())
        here.send("logout", 2)
        here.expect_closing("protocol_error")

    def test_what_is_sent_before_logging_out_is_answered(self):
        here = self.resume(self.account())
        here.send_raw(b"".join(message("text", str(number)) for number in range(100)) + message("logout", 0))
        for number in range(100):
            here.expect("text", text=str(number))
        here.expect("done")
        here.expect_closing("normal")


class ChangingPassword(Sessions):
    def test_the_new_password_logs_in_and_the_old_one_does_not(self):
        account = self.account()
        here = self.resume(account)
        here.send("change_password", PASSWORD, OTHER_PASSWORD)
        here.expect("done")
        client = self.start_access_phase()
        client.send("login", account.name, PASSWORD)
        client.expect("denied", code="bad_credentials")
        client.send("login", account.name, OTHER_PASSWORD)
        client.expect("granted", via="login")

    def test_it_ends_every_other_session_and_keeps_this_one(self):
        account = self.account()
        here, there = self.log_in(account), self.resume(account)
        here.send("change_password", PASSWORD, OTHER_PASSWORD)
        here.expect("done")
        there.expect_closing("session_ended")
        self.refused(account.token)
        here.expect_alive()
        account.token = here.granted.token
        self.resume(account).expect_alive()

    def test_the_current_password_must_be_proved(self):
        account = self.account()
        here, there = self.log_in(account), self.resume(account)
        here.send("change_password", OTHER_PASSWORD, "wholly new orbit 77")
        here.expect("denied", code="bad_credentials")
        there.expect_alive()
        here.expect_alive()
        self.log_in(account)

    def test_the_new_password_must_be_good(self):
        account = self.account()
        here = self.resume(account)
        for weak in ("short", "password1", "йцукенгшщз", account.name, "line\nfeed within it"):
            here.send("change_password", PASSWORD, weak)
            here.expect("denied", code="weak_password")
        self.log_in(account)


class SlidingLife(Sessions):
    options = ("--session-idle-ttl", "5s")

    def test_an_unused_session_goes_and_one_with_a_live_connection_stays(self):
        account = self.account()
        here = self.log_in(account)
        until(lambda: [row.id for row in self.sessions_of(here)] == [here.granted.session], "the unused session is gone")
        self.refused(account.token)
        here.expect_alive()
        account.token = here.granted.token
        self.resume(account).expect_alive()


class Pruning(Sessions):
    def test_expired_sessions_are_removed_although_nobody_comes_back_to_them(self):
        """Promise P5; each start does so, and each hour."""
        self.account()
        self.server.stop()
        with contextlib.closing(sqlite3.connect(self.server.database, isolation_level=None)) as connection:
            connection.execute("UPDATE sessions SET expires_at = 1")
            self.server.start()
            until(lambda: not connection.execute("SELECT id FROM sessions").fetchall(), "no expired session is kept")


class AbsoluteLife(ServerCase):
    options = ("--session-ttl", "2s")

    def test_an_expired_session_ends_its_connections(self):
        client = self.connect()
        client.get_access("register", "Alice", PASSWORD)
        client.expect_closing("session_ended")


class MovedEnd(ServerCase):
    def test_an_end_that_is_moved_by_hand_counts_when_it_comes(self):
        """Promise P6, for what is typed into the sqlite3 shell."""
        client = self.connect()
        client.get_access("register", "Alice", PASSWORD)
        with contextlib.closing(sqlite3.connect(self.server.database, isolation_level=None)) as connection:
            connection.execute("UPDATE sessions SET expires_at = unixepoch() + 2")
        client.expect_closing("session_ended")


if __name__ == "__main__":
    unittest.main()
