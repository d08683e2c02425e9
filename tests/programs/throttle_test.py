"""How failed tries slow down further ones, and whom they do not slow down (protocol page, 6)."""
import unittest

from support.case import OTHER_PASSWORD, PASSWORD, ServerCase


class Throttle(ServerCase):
    def tries(self, count, name, password=OTHER_PASSWORD, address=None):
        """The answers to so many logins, from addresses of their own unless one is given."""
        answers = []
        for _ in range(count):
            visitor = self.visitor(address)
            visitor.hello()
            answers.append(visitor.ask("login", name, password))
            visitor.close()
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
        self.logged_in(account, account.address).expect_alive()

    def test_success_resets_the_count(self):
        account = self.account()
        address = self.fresh_address()
        for _ in range(2):
            codes = {denied.code for denied in self.tries(3, account.name, address=address)}
            self.assertEqual(codes, {"bad_credentials"})
            self.logged_in(account, address)

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
        self.logged_in(account)

    def test_guessed_tokens_and_taken_names_count_for_the_address(self):
        account, address = self.account(), self.fresh_address()
        for number in range(20):
            visitor = self.visitor(address)
            visitor.hello()
            request = ("resume", f"prt_{number}") if number % 2 else ("register", account.name, PASSWORD)
            visitor.send(*request)
            visitor.expect("denied", code="invalid_token" if number % 2 else "name_taken")
            visitor.close()
        self.assertEqual(self.tries(1, "somebody", PASSWORD, address)[0].code, "throttled")

    def test_a_throttled_password_change_is_denied_too(self):
        account = self.account()
        here = self.resumed(account)
        for _ in range(4):
            here.send("change_password", OTHER_PASSWORD, "wholly new orbit 77")
            here.expect("denied", code="bad_credentials")
        here.send("change_password", PASSWORD, "wholly new orbit 77")
        self.assertGreaterEqual(here.expect("denied", code="throttled").retry_after, 1)


if __name__ == "__main__":
    unittest.main()
