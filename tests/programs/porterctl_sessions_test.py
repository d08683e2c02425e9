"""porterctl sessions and addresses beside a running porterd (commands page; promise P6)."""
import unittest

from support.administrator import AdministratorCase
from support.case import PASSWORD
from support.waiting import until


class Sessions(AdministratorCase):
    def test_sessions_are_listed_with_whose_they_are(self):
        account, other = self.account(), self.account()
        shown = {one["id"]: one for one in self.json("sessions", "list")}
        self.assertEqual(shown[account.session]["account"], account.name)
        self.assertEqual((shown[other.session]["state"], shown[other.session]["transport"]), ("live", "plain"))
        self.assertRegex(shown[other.session]["expires_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual([row[:4] for row in self.rows("sessions", "list", "--account", account.name)],
                         [[str(account.session), account.name, "live", account.address]])
        self.ctl("sessions", "list", "--account", "Nobody", code=66)

    def test_a_revoked_session_ends_its_connections_and_no_other(self):
        account = self.account()
        theirs, others = [self.resume(account) for _ in range(2)], self.log_in(account)
        self.ctl("sessions", "revoke", account.session)
        for connection in theirs:
            connection.expect_closing("session_ended")
        self.assertEqual(self.denial_code("resume", account.token), "invalid_token")
        others.expect_alive()
        self.ctl("sessions", "revoke", account.session, code=66)

    def test_all_sessions_of_an_account_are_revoked_at_once(self):
        account, stranger = self.account(), self.resume(self.account())
        theirs = [self.resume(account), self.log_in(account)]
        self.assertEqual(self.json("sessions", "revoke", "--account", account.name),
                         {"account": account.name, "sessions_ended": 2})
        for connection in theirs:
            connection.expect_closing("session_ended")
        stranger.expect_alive()
        self.log_in(account)

    def test_what_to_revoke_is_said_in_one_way(self):
        self.ctl("sessions", "revoke", code=64)
        self.ctl("sessions", "revoke", "1", "--account", "Alice", code=64)
        for wrong in ("0", "-1", "x", "1x", "", "99999999999999999999"):
            self.ctl("sessions", "revoke", operands=(wrong,), code=64)

    def test_sessions_that_idled_out_are_removed(self):
        account = self.account()
        shown = until(lambda: [one for one in self.json("sessions", "list", "--account", account.name,
                                                        "--session-idle-ttl", "1s") if one["state"] == "expired"],
                      "the session idles out")
        self.assertEqual(shown[0]["id"], account.session)
        self.assertGreaterEqual(self.json("sessions", "prune", "--session-idle-ttl", "1s")["sessions_removed"], 1)
        self.assertEqual(self.json("sessions", "list", "--account", account.name), [])
        self.assertEqual(self.denial_code("resume", account.token), "invalid_token")


class Addresses(AdministratorCase):
    def known_as(self, address):
        return self.connect(address).hello().known_as

    def test_who_is_known_where_is_set_and_forgotten(self):
        address = self.fresh_address()
        self.assertEqual(self.json("addresses", "set", "::ffff:" + address, "Guest"), {"address": address, "name": "Guest"})
        self.assertEqual(self.known_as(address), "Guest")
        row = next(one for one in self.json("addresses", "list") if one["address"] == address)
        self.assertEqual((row["name"], row["known_by"]), ("Guest", "said"))
        self.ctl("addresses", "forget", address)
        self.assertEqual(self.known_as(address), "")
        self.ctl("addresses", "forget", address, code=66)

    def test_an_address_of_an_account_is_greeted_by_its_spelling_and_follows_it(self):
        account, address = self.account("Alice of the Addresses"), self.fresh_address()
        self.ctl("addresses", "set", address, account.name.lower())
        self.assertEqual(self.known_as(address), account.name)
        self.ctl("accounts", "rename", account.name, "Alicia")
        self.assertEqual(self.known_as(address), "Alicia")

    def test_what_is_no_address_and_no_name_is_wrong_usage(self):
        for wrong in ("localhost", "1.2.3", "127.0.0.1:80", ""):
            self.ctl("addresses", "set", wrong, "Alice", code=64)
        self.ctl("addresses", "set", "192.0.2.1", "two  spaces", code=64)
        self.ctl("addresses", "forget", "::g", code=64)


class Identify(AdministratorCase):
    options = ("--access", "identify")

    def test_a_visitor_from_an_address_that_was_set_is_let_in(self):
        address = self.fresh_address()
        self.ctl("addresses", "set", address, "Alice")
        client = self.start_access_phase(address)
        self.assertEqual(client.expect("granted", via="address").name, "Alice")


if __name__ == "__main__":
    unittest.main()
