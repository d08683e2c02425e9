"""Requests about sessions and passwords, and the end of a session (docs/PROTOCOL.md; SECURITY.md: P5, P6)."""
import contextlib
import sqlite3
import time
import unittest

from support.case import OTHER_PASSWORD, PASSWORD, ServerCase
from support.waiting import until
from support.wire import message


class Sessions(ServerCase):
    def assert_invalid(self, token):
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

    def test_the_sessions_of_other_accounts_are_not_listed(self):
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
        self.assert_invalid(account.token)
        others[0].expect_alive()
        self.assertEqual(len(self.sessions_of(newest)), 16)


class Revoking(Sessions):
    def test_the_own_session_ends_after_done(self):
        account = self.account()
        here = self.resume(account)
        here.send("revoke_session", account.session)
        here.expect("done")
        here.expect_closing("session_ended")
        self.assert_invalid(account.token)

    def test_another_session_of_the_account_ends_at_all_its_connections(self):
        account = self.account()
        others = [self.resume(account) for _ in range(3)]
        here = self.log_in(account)
        here.send("revoke_session", account.session)
        here.expect("done")
        for connection in others:
            connection.expect_closing("session_ended")
        self.assert_invalid(account.token)
        here.expect_alive()

    def test_a_session_of_another_account_is_not_found(self):
        other, here = self.account(), self.resume(self.account())
        for session in (other.session, 0, (1 << 64) - 1, 1 << 63):
            here.send("revoke_session", session)
            here.expect("denied", code="not_found")
        self.resume(other).expect_alive()
        here.expect_alive()

    def test_a_revoked_session_is_not_found(self):
        account = self.account()
        here = self.log_in(account)
        here.send("revoke_session", account.session)
        here.expect("done")
        here.send("revoke_session", account.session)
        here.expect("denied", code="not_found")


class LoggingOut(Sessions):
    def test_scope_0_ends_only_this_session(self):
        account = self.account()
        here, there = self.log_in(account), self.resume(account)
        here.send("logout", 0)
        here.expect("done")
        here.expect_closing("normal")
        self.assert_invalid(here.granted.token)
        there.expect_alive()

    def test_scope_0_ends_the_other_connections_of_this_session(self):
        account = self.account()
        here, other = self.resume(account), self.resume(account)
        here.send("logout", 0)
        here.expect("done")
        here.expect_closing("normal")
        other.expect_closing("session_ended")

    def test_scope_1_ends_every_session_of_the_account_and_of_no_other(self):
        account, unrelated = self.account(), self.resume(self.account())
        here = self.log_in(account)
        there = [self.resume(account), self.log_in(account), self.log_in(account)]
        here.send("logout", 1)
        here.expect("done")
        here.expect_closing("normal")
        for connection in there:
            connection.expect_closing("session_ended")
        for token in (account.token, here.granted.token, there[1].granted.token):
            self.assert_invalid(token)
        unrelated.expect_alive()

    def test_another_scope_is_a_protocol_error(self):
        here = self.resume(self.account())
        here.send("logout", 2)
        here.expect_closing("protocol_error")

    def test_messages_before_logout_are_answered(self):
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

    def test_a_change_ends_every_other_session(self):
        account = self.account()
        here, there = self.log_in(account), self.resume(account)
        here.send("change_password", PASSWORD, OTHER_PASSWORD)
        here.expect("done")
        there.expect_closing("session_ended")
        self.assert_invalid(account.token)
        here.expect_alive()
        account.token = here.granted.token
        self.resume(account).expect_alive()

    def test_the_current_password_is_required(self):
        account = self.account()
        here, there = self.log_in(account), self.resume(account)
        here.send("change_password", OTHER_PASSWORD, "wholly new orbit 77")
        here.expect("denied", code="bad_credentials")
        there.expect_alive()
        here.expect_alive()
        self.log_in(account)

    def test_a_weak_new_password_is_denied(self):
        account = self.account()
        here = self.resume(account)
        for weak in ("short", "password1", "йцукенгшщз", account.name, "line\nfeed within it"):
            here.send("change_password", PASSWORD, weak)
            here.expect("denied", code="weak_password")
        self.log_in(account)


class IdleExpiry(Sessions):
    options = ("--session-idle-ttl", "5s")

    def test_an_unused_session_expires_and_one_with_a_connection_does_not(self):
        account = self.account()
        here = self.log_in(account)
        until(lambda: [row.id for row in self.sessions_of(here)] == [here.granted.session],
              "the unused session has expired")
        self.assert_invalid(account.token)
        here.expect_alive()
        account.token = here.granted.token
        self.resume(account).expect_alive()


class Pruning(Sessions):
    def test_expired_sessions_are_removed(self):
        """At each start and each hour (SECURITY.md: P5)."""
        self.account()
        self.server.stop()
        with contextlib.closing(sqlite3.connect(self.server.database, isolation_level=None)) as connection:
            connection.execute("UPDATE sessions SET expires_at = 1")
            self.server.start()
            until(lambda: not connection.execute("SELECT id FROM sessions").fetchall(),
                  "the expired session is removed")


class AbsoluteExpiry(ServerCase):
    options = ("--session-ttl", "2s")

    def test_an_expired_session_ends_its_connections(self):
        client = self.connect()
        client.get_access("register", "Alice", PASSWORD)
        client.expect_closing("session_ended")


class EditedExpiry(ServerCase):
    def test_an_expiry_that_is_edited_by_hand_applies(self):
        """For statements in the sqlite3 shell (SECURITY.md: P6)."""
        client = self.connect()
        client.get_access("register", "Alice", PASSWORD)
        with contextlib.closing(sqlite3.connect(self.server.database, isolation_level=None)) as connection:
            connection.execute("UPDATE sessions SET expires_at = unixepoch() + 2")
        client.expect_closing("session_ended")


if __name__ == "__main__":
    unittest.main()
