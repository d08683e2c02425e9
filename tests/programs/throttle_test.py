"""Throttling after failed attempts, and its exceptions (docs/PROTOCOL.md, Failures; SECURITY.md: P1, P2)."""
import contextlib
import select
import sqlite3
import time
import unittest

from support.case import OTHER_PASSWORD, PASSWORD, ServerCase
from support.waiting import until


class Throttle(ServerCase):
    def attempts(self, count, name, password=OTHER_PASSWORD, address=None):
        """The answers to `count` logins, each from a new address unless one is given."""
        answers = []
        for _ in range(count):
            client = self.start_access_phase(address)
            answers.append(client.request("login", name, password))
            client.close()
        return answers

    def denial_after_four_failures(self, name):
        """The denial that is throttled. On a busy machine the pause of a second may be over before the next attempt:
        then that fails, too, and causes a longer pause."""
        codes = [denied.code for denied in self.attempts(4, name)]
        self.assertEqual(codes, ["bad_credentials"] * 4)
        for _ in range(4):
            denied = self.attempts(1, name)[0]
            if denied.code == "throttled":
                self.assertGreaterEqual(denied.retry_after, 1)
                return denied
            self.assertEqual(denied.code, "bad_credentials")
        self.fail(f"{name} is not throttled")

    def test_after_four_failures_in_a_row_an_account_is_throttled(self):
        self.denial_after_four_failures(self.account().name)

    def test_an_unknown_name_is_throttled_the_same_way(self):
        self.denial_after_four_failures("no such name")

    def test_spellings_of_one_name_share_their_failures(self):
        self.account("Émile Zola")
        spellings = ("émile zola", "ÉMILE ZOLA", "E\u0301mile Zola", "Émile Zola")
        for spelling in spellings:
            self.assertEqual(self.attempts(1, spelling)[0].code, "bad_credentials")
        # As above, the pause may be over: then the next spelling makes it longer.
        self.assertIn("throttled", [self.attempts(1, spelling)[0].code for spelling in spellings])

    def test_failures_from_other_addresses_do_not_lock_the_owner_out(self):
        account = self.account()
        self.attempts(5, account.name)
        self.log_in(account, account.address).expect_alive()

    def test_an_address_that_resumed_a_session_is_not_locked_out(self):
        account, address = self.account(), self.fresh_address()
        self.resume(account, address)
        self.attempts(5, account.name)
        self.log_in(account, address).expect_alive()

    def test_a_successful_login_resets_the_count(self):
        account = self.account()
        address = self.fresh_address()
        for _ in range(2):
            codes = {denied.code for denied in self.attempts(3, account.name, address=address)}
            self.assertEqual(codes, {"bad_credentials"})
            self.log_in(account, address)

    def test_the_failures_of_an_account_survive_a_restart(self):
        account = self.account()
        self.attempts(4, account.name)
        self.server.restart()
        # If the pause of a second is over, one more failure makes it longer, and the next attempt is throttled.
        self.assertIn("throttled", [denied.code for denied in self.attempts(2, account.name)])

    def test_an_address_is_throttled_after_twenty_failures(self):
        account, address = self.account(), self.fresh_address()
        for number in range(20):
            self.assertEqual(self.attempts(1, f"guess {number}", address=address)[0].code, "bad_credentials")
        self.assertEqual(self.attempts(1, account.name, PASSWORD, address)[0].code, "throttled")
        self.log_in(account)

    def test_guessed_tokens_and_taken_names_count_for_the_address(self):
        account, address = self.account(), self.fresh_address()
        for number in range(20):
            client = self.start_access_phase(address)
            request = ("resume", f"prt_{number}") if number % 2 else ("register", account.name, PASSWORD)
            client.send(*request)
            client.expect("denied", code="invalid_token" if number % 2 else "name_taken")
            client.close()
        self.assertEqual(self.attempts(1, "anyone", PASSWORD, address)[0].code, "throttled")

    def test_a_throttled_password_change_is_denied_too(self):
        for _ in range(5):
            here = self.resume(self.account())
            for _ in range(4):
                here.send("change_password", OTHER_PASSWORD, "wholly new orbit 77")
                here.expect("denied", code="bad_credentials")
            here.send("change_password", PASSWORD, "wholly new orbit 77")
            answer = here.receive()
            if answer.kind == "denied":
                self.assertEqual(answer.code, "throttled")
                self.assertGreaterEqual(answer.retry_after, 1)
                return
            self.assertEqual(answer.kind, "done")  # the machine is busy, and the pause of a second was over
        self.fail("no password change is throttled")

    def test_concurrent_attempts_gain_nothing(self):
        account = self.account()
        clients = [self.connect() for _ in range(30)]
        for client in clients:
            client.hello()
        for client in clients:
            client.send("login", account.name, OTHER_PASSWORD)
        codes = [client.receive().code for client in clients]
        self.assertEqual(codes.count("bad_credentials"), 4)
        self.assertLessEqual(set(codes), {"bad_credentials", "throttled", "busy"})

    def test_concurrent_valid_logins_are_not_throttled(self):
        account, address = self.account(), self.fresh_address()
        clients = [self.connect(address) for _ in range(30)]
        for client in clients:
            client.hello()
        for client in clients:
            client.send("login", account.name, PASSWORD)
        answers = [client.receive() for client in clients]
        denials = {(answer.code, answer.retry_after) for answer in answers if answer.kind == "denied"}
        self.assertLessEqual(denials, {("busy", 1)})
        self.assertIn("granted", [answer.kind for answer in answers])
        self.log_in(account, address).expect_alive()

    def test_a_login_after_retry_after_is_granted(self):
        account = self.account()
        denied = self.denial_after_four_failures(account.name)
        time.sleep(denied.retry_after)
        self.log_in(account).expect_alive()

    def test_a_valid_token_is_accepted_from_a_throttled_address(self):
        """A token cannot be guessed, and users behind one address must not lock each other out."""
        account, address = self.account(), self.fresh_address()
        for number in range(20):
            self.attempts(1, f"guess again {number}", address=address)
        client = self.start_access_phase(address)
        client.send("resume", "prt_guess")
        client.expect("denied", code="throttled")
        client.send("register", self.fresh_name(), PASSWORD)
        client.expect("denied", code="throttled")
        self.resume(account, address).expect_alive()

    def shell(self):
        return contextlib.closing(sqlite3.connect(self.server.database, timeout=30, isolation_level=None))

    def test_a_lock_is_lifted_by_hand_while_the_server_runs(self):
        account = self.account()
        with self.shell() as shell:
            shell.execute("INSERT INTO password_ladders (account_id, network, failed, last_ms) "
                          "SELECT id, '', 100, 0 FROM accounts WHERE name = ?", (account.name,))
            self.assertEqual(shell.execute("SELECT state FROM account_list WHERE name = ?", (account.name,)).fetchone(),
                             ("locked",))
            denied = self.attempts(1, account.name, PASSWORD)[0]
            self.assertEqual((denied.code, denied.retry_after), ("throttled", 0))
            self.log_in(account, account.address).expect_alive()
            shell.execute("UPDATE accounts SET disabled_at = NULL WHERE name = ?", (account.name,))
            self.log_in(account).expect_alive()

    def test_while_the_database_is_locked_known_and_unknown_names_get_the_same_answer(self):
        account = self.account()
        with self.shell() as shell:
            shell.execute("BEGIN EXCLUSIVE")
            codes = [self.attempts(1, name)[0].code for name in (account.name, "no such account", " invalid")]
            shell.execute("ROLLBACK")
        self.assertEqual(codes, ["unavailable"] * 3)
        self.assertEqual([denied.code for denied in self.attempts(4, account.name)], ["bad_credentials"] * 4)


class HashQueue(ServerCase):
    """One slow hashing thread, and more logins than it can serve."""

    options = ("--hash-threads", "1", "--hash-memory", "64MiB", "--hash-ops", "3", "--login-grace", "10m")

    def start_logins(self, count, address):
        """Connections that have sent a login and have no answer yet."""
        clients = [self.connect(address) for _ in range(count)]
        for client in clients:
            client.hello()
            client.send("login", self.fresh_name(), PASSWORD)
        return clients

    def test_many_logins_of_one_address_do_not_delay_others(self):
        account = self.account()
        clients = self.start_logins(20, self.fresh_address())
        before = self.answered(clients)
        self.log_in(account)
        served_first = self.answered(clients) - before
        self.assertEqual({client.receive().code for client in clients}, {"bad_credentials"})
        self.assertLess(served_first, (len(clients) - before) / 2, "it waited for more than one of the others")

    @staticmethod
    def answered(clients):
        """The number of clients whose answer has arrived."""
        return len(select.select([client.socket for client in clients], [], [], 0)[0])

    def start_counted_logins(self, count):
        """Logins from many addresses that are counted as attempts: so each waits for its hash, or has it."""
        with contextlib.closing(sqlite3.connect(self.server.database)) as shell:
            counted = lambda: shell.execute("SELECT count(*) FROM network_failures").fetchone()[0]
            before = counted()
            clients = [client for _ in range(count) for client in self.start_logins(1, self.fresh_address())]
            until(lambda: counted() >= before + count, "all attempts are counted")
        return clients

    def failed_logins(self):
        return self.server.log().count("login_failed")

    def test_logins_of_closed_connections_are_not_hashed(self):
        account, before = self.account(), self.failed_logins()
        for client in self.start_counted_logins(60):
            client.reset()
        until(lambda: self.server.connections() == 0, "the server has closed them")
        self.log_in(account).expect_alive()
        self.assertLess(self.failed_logins(), before + 60, "every login was hashed")

    def test_attempts_that_a_crash_left_pending_are_not_counted(self):
        account, address = self.account(), self.fresh_address()
        select = "SELECT count(*) FROM undecided_tries WHERE network = ?"
        with contextlib.closing(sqlite3.connect(self.server.database)) as shell:
            pending = lambda: shell.execute(select, (address,)).fetchone()[0]
            clients = self.start_logins(20, address)
            until(lambda: pending() >= 10, "some wait for their hashes")
            self.server.kill()
            self.assertGreater(pending(), 0)
        for client in clients:
            client.close()
        self.server.start()
        with contextlib.closing(sqlite3.connect(self.server.database)) as shell:
            self.assertEqual(shell.execute(select, (address,)).fetchone()[0], 0)
        self.log_in(account, address).expect_alive()

    def test_a_stop_discards_the_queue(self):
        before, clients = self.failed_logins(), self.start_counted_logins(60)
        self.server.stop()
        self.assertLess(self.failed_logins(), before + 60, "every login was hashed")
        for client in clients:
            *denied, last = client.receive_all()
            self.assertEqual((last.kind, last.code), ("closing", "shutting_down"))
            self.assertLessEqual({answer.code for answer in denied}, {"bad_credentials"})
        self.server.start()



class Registrations(ServerCase):
    """The limit of new accounts of a network in an hour (SECURITY.md: N15)."""

    options = ("--max-registrations-per-address", "2")

    def test_registrations_over_the_limit_are_throttled_also_after_a_restart(self):
        address = self.fresh_address()
        for number in range(2):
            self.connect(address).get_access("register", f"user {number} at {address}", PASSWORD)
        for _ in range(2):
            client = self.start_access_phase(address)
            denied = client.request("register", f"user 3 at {address}", PASSWORD)
            self.assertEqual((denied.kind, denied.code), ("denied", "throttled"))
            self.assertTrue(3500 < denied.retry_after <= 3600, denied.retry_after)
            self.connect(address).get_access("login", f"user 0 at {address}", PASSWORD)
            self.account()
            self.server.restart()
        self.server.expect_log("rule=registrations_used_up")


if __name__ == "__main__":
    unittest.main()
