"""How failed tries slow down further ones, and whom they do not slow down (protocol page, 6; promises P1 and P2)."""
import contextlib
import sqlite3
import time
import unittest

from support.case import OTHER_PASSWORD, PASSWORD, ServerCase
from support.waiting import until


class Throttle(ServerCase):
    def tries(self, count, name, password=OTHER_PASSWORD, address=None):
        """The answers to so many logins, from addresses of their own unless one is given."""
        answers = []
        for _ in range(count):
            client = self.start_access_phase(address)
            answers.append(client.request("login", name, password))
            client.close()
        return answers

    def test_after_four_failures_in_a_row_an_account_is_throttled(self):
        account = self.account()
        codes = [denied.code for denied in self.tries(4, account.name)]
        self.assertEqual(codes, ["bad_credentials"] * 4)
        denied = self.tries(1, account.name)[0]
        self.assertEqual((denied.code, denied.retry_after), ("throttled", 1))

    def test_an_unknown_name_is_throttled_alike(self):
        codes = [denied.code for denied in self.tries(5, "nobody by this name")]
        self.assertEqual(codes, ["bad_credentials"] * 4 + ["throttled"])

    def test_spellings_of_one_name_share_their_failures(self):
        account = self.account("Émile Zola")
        for spelling in ("émile zola", "ÉMILE ZOLA", "E\u0301mile Zola", "Émile Zola"):
            self.assertEqual(self.tries(1, spelling)[0].code, "bad_credentials")
        self.assertEqual(self.tries(1, account.name)[0].code, "throttled")

    def test_a_stranger_cannot_lock_the_owner_out(self):
        account = self.account()
        self.tries(5, account.name)
        self.log_in(account, account.address).expect_alive()

    def test_where_an_owner_was_by_token_a_stranger_cannot_lock_out_either(self):
        account, address = self.account(), self.fresh_address()
        self.resume(account, address)
        self.tries(5, account.name)
        self.log_in(account, address).expect_alive()

    def test_success_resets_the_count(self):
        account = self.account()
        address = self.fresh_address()
        for _ in range(2):
            codes = {denied.code for denied in self.tries(3, account.name, address=address)}
            self.assertEqual(codes, {"bad_credentials"})
            self.log_in(account, address)

    def test_the_failures_of_an_account_survive_a_restart(self):
        account = self.account()
        self.tries(4, account.name)
        self.server.restart()
        # If the second's pause was over meanwhile, one more failure makes it longer: then the next try is throttled.
        self.assertIn("throttled", [denied.code for denied in self.tries(2, account.name)])

    def test_an_address_is_throttled_after_twenty_failures(self):
        account, address = self.account(), self.fresh_address()
        for number in range(20):
            self.assertEqual(self.tries(1, f"guess {number}", address=address)[0].code, "bad_credentials")
        self.assertEqual(self.tries(1, account.name, PASSWORD, address)[0].code, "throttled")
        self.log_in(account)

    def test_guessed_tokens_and_taken_names_count_for_the_address(self):
        account, address = self.account(), self.fresh_address()
        for number in range(20):
            client = self.start_access_phase(address)
            request = ("resume", f"prt_{number}") if number % 2 else ("register", account.name, PASSWORD)
            client.send(*request)
            client.expect("denied", code="invalid_token" if number % 2 else "name_taken")
            client.close()
        self.assertEqual(self.tries(1, "somebody", PASSWORD, address)[0].code, "throttled")

    def test_a_throttled_password_change_is_denied_too(self):
        account = self.account()
        here = self.resume(account)
        for _ in range(4):
            here.send("change_password", OTHER_PASSWORD, "wholly new orbit 77")
            here.expect("denied", code="bad_credentials")
        here.send("change_password", PASSWORD, "wholly new orbit 77")
        self.assertGreaterEqual(here.expect("denied", code="throttled").retry_after, 1)

    def test_tries_at_the_same_time_win_nothing(self):
        account = self.account()
        clients = [self.connect() for _ in range(30)]
        for client in clients:
            client.hello()
        for client in clients:
            client.send("login", account.name, OTHER_PASSWORD)
        codes = [client.receive().code for client in clients]
        self.assertEqual(codes.count("bad_credentials"), 4)
        self.assertLessEqual(set(codes), {"bad_credentials", "throttled", "busy"})

    def test_right_passwords_at_the_same_time_are_not_throttled(self):
        account, address = self.account(), self.fresh_address()
        clients = [self.connect(address) for _ in range(30)]
        for client in clients:
            client.hello()
        for client in clients:
            client.send("login", account.name, PASSWORD)
        answers = [client.receive() for client in clients]
        refused = {(answer.code, answer.retry_after) for answer in answers if answer.kind == "denied"}
        self.assertLessEqual(refused, {("busy", 1)})
        self.assertIn("granted", [answer.kind for answer in answers])
        self.log_in(account, address).expect_alive()

    def test_who_waits_as_long_as_was_told_is_let_in(self):
        account = self.account()
        self.tries(4, account.name)
        denied = self.tries(1, account.name)[0]
        self.assertEqual((denied.code, denied.retry_after), ("throttled", 1))
        time.sleep(denied.retry_after)
        self.log_in(account).expect_alive()

    def test_a_good_token_is_taken_from_an_address_that_is_throttled(self):
        """It cannot be guessed, and the neighbours behind one address are not to suffer for each other."""
        account, address = self.account(), self.fresh_address()
        for number in range(20):
            self.tries(1, f"guess again {number}", address=address)
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
            denied = self.tries(1, account.name, PASSWORD)[0]
            self.assertEqual((denied.code, denied.retry_after), ("throttled", 0))
            self.log_in(account, account.address).expect_alive()
            shell.execute("UPDATE accounts SET disabled_at = NULL WHERE name = ?", (account.name,))
            self.log_in(account).expect_alive()

    def test_under_a_foreign_lock_a_known_and_an_unknown_name_get_one_answer(self):
        account = self.account()
        with self.shell() as shell:
            shell.execute("BEGIN EXCLUSIVE")
            codes = [self.tries(1, name)[0].code for name in (account.name, "nobody at all", " impossible")]
            shell.execute("ROLLBACK")
        self.assertEqual(codes, ["unavailable"] * 3)
        self.assertEqual([denied.code for denied in self.tries(4, account.name)], ["bad_credentials"] * 4)


class Crowd(ServerCase):
    """One hashing thread, and more who want it than it can serve."""

    options = ("--hash-threads", "1", "--hash-memory", "64MiB", "--hash-ops", "3")

    def crowd(self, size, address):
        clients = [self.connect(address) for _ in range(size)]
        for client in clients:
            client.hello()
            client.send("login", self.fresh_name(), PASSWORD)
        return clients

    def test_a_crowd_from_one_address_does_not_keep_others_waiting(self):
        account = self.account()
        crowd = self.crowd(20, self.fresh_address())
        started = time.monotonic()
        self.log_in(account).expect_alive()
        alone = time.monotonic() - started
        answers = [client.receive() for client in crowd]
        together = time.monotonic() - started
        self.assertEqual({answer.code for answer in answers}, {"bad_credentials"})
        self.assertLess(alone, together / 2, "it took its turn after one of theirs")

    def waiting(self, size):
        """A crowd from everywhere, and each of them has been counted: so it waits for its hash, or had it."""
        with contextlib.closing(sqlite3.connect(self.server.database)) as shell:
            counted = lambda: shell.execute("SELECT count(*) FROM network_failures").fetchone()[0]
            before = counted()
            crowd = [client for _ in range(size) for client in self.crowd(1, self.fresh_address())]
            until(lambda: counted() >= before + size, "all were counted")
        return crowd

    def failed(self):
        return self.server.log().count("login_failed")

    def test_nobody_waits_for_the_hashes_of_those_who_are_gone(self):
        account, before = self.account(), self.failed()
        for client in self.waiting(60):
            client.reset()
        until(lambda: self.server.connections() == 0, "the server has seen that they are gone")
        self.log_in(account).expect_alive()
        self.assertLess(self.failed(), before + 60, "some were never hashed")

    def test_what_a_crash_left_undecided_counts_against_nobody(self):
        account, address = self.account(), self.fresh_address()
        undecided = "SELECT count(*) FROM undecided_tries WHERE network = ?"
        with contextlib.closing(sqlite3.connect(self.server.database)) as shell:
            waiting = lambda: shell.execute(undecided, (address,)).fetchone()[0]
            crowd = self.crowd(20, address)
            until(lambda: waiting() >= 10, "they wait for their hashes")
            self.server.kill()
            self.assertGreater(waiting(), 0)
        for client in crowd:
            client.close()
        self.server.start()
        with contextlib.closing(sqlite3.connect(self.server.database)) as shell:
            self.assertEqual(shell.execute(undecided, (address,)).fetchone()[0], 0)
        self.log_in(account, address).expect_alive()

    def test_a_stop_does_not_work_off_the_queue(self):
        before, crowd = self.failed(), self.waiting(60)
        self.server.stop()
        self.assertLess(self.failed(), before + 60, "some were never hashed")
        for client in crowd:
            *denied, last = client.receive_all()
            self.assertEqual((last.kind, last.code), ("closing", "shutting_down"))
            self.assertLessEqual({answer.code for answer in denied}, {"bad_credentials"})
        self.server.start()



class Registrations(ServerCase):
    """Promise N15: the accounts that come from one network within an hour."""
    options = ("--max-registrations-per-address", "2")

    def test_a_network_makes_so_many_accounts_and_no_more_also_after_a_restart(self):
        address = self.fresh_address()
        for number in range(2):
            self.connect(address).get_access("register", f"pupil {number} at {address}", PASSWORD)
        for _ in range(2):
            client = self.start_access_phase(address)
            denied = client.request("register", f"pupil 3 at {address}", PASSWORD)
            self.assertEqual((denied.kind, denied.code), ("denied", "throttled"))
            self.assertTrue(3500 < denied.retry_after <= 3600, denied.retry_after)
            self.connect(address).get_access("login", f"pupil 0 at {address}", PASSWORD)
            self.account()
            self.server.restart()
        self.assertIn("rule=registrations_used_up", self.server.log())


if __name__ == "__main__":
    unittest.main()
