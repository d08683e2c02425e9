"""porterctl sessions and addresses beside a running porterd (docs/porterctl.md; SECURITY.md: P6)."""
import unittest

from support.administrator import AdministratorCase
from support.waiting import until


class Sessions(AdministratorCase):
    def test_sessions_are_listed_with_their_account(self):
        account, other = self.account(), self.account()
        shown = {row["id"]: row for row in self.json("sessions", "list")}
        self.assertEqual(shown[account.session]["account"], account.name)
        self.assertEqual((shown[other.session]["state"], shown[other.session]["transport"]), ("live", "plain"))
        self.assertRegex(shown[other.session]["expires_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual([row[:4] for row in self.rows("sessions", "list", "--account", account.name)],
                         [[str(account.session), account.name, "live", account.address]])
        self.ctl("sessions", "list", "--account", "Unknown", code=66)

    def test_a_revoked_session_ends_at_its_connections_only(self):
        account = self.account()
        revoked, other = [self.resume(account) for _ in range(2)], self.log_in(account)
        self.ctl("sessions", "revoke", account.session)
        for connection in revoked:
            connection.expect_closing("session_ended")
        self.assertEqual(self.denial_code("resume", account.token), "invalid_token")
        other.expect_alive()
        self.ctl("sessions", "revoke", account.session, code=66)

    def test_all_sessions_of_an_account_are_revoked_at_once(self):
        account, unrelated = self.account(), self.resume(self.account())
        revoked = [self.resume(account), self.log_in(account)]
        self.assertEqual(self.json("sessions", "revoke", "--account", account.name),
                         {"account": account.name, "sessions_ended": 2})
        for connection in revoked:
            connection.expect_closing("session_ended")
        unrelated.expect_alive()
        self.log_in(account)

    def test_revoke_takes_either_one_id_or_an_account(self):
        self.ctl("sessions", "revoke", code=64)
        self.ctl("sessions", "revoke", "1", "--account", "Alice", code=64)
        for invalid in ("0", "-1", "x", "1x", "", "99999999999999999999"):
            self.ctl("sessions", "revoke", operands=(invalid,), code=64)

    def test_prune_removes_expired_sessions(self):
        account = self.account()
        shown = until(lambda: [row for row in self.json("sessions", "list", "--account", account.name,
                                                        "--session-idle-ttl", "1s") if row["state"] == "expired"],
                      "the session expires")
        self.assertEqual(shown[0]["id"], account.session)
        self.assertGreaterEqual(self.json("sessions", "prune", "--session-idle-ttl", "1s")["sessions_removed"], 1)
        self.assertEqual(self.json("sessions", "list", "--account", account.name), [])
        self.assertEqual(self.denial_code("resume", account.token), "invalid_token")


class Addresses(AdministratorCase):
    def known_as(self, address):
        return self.connect(address).hello().known_as

    def test_the_name_of_an_address_is_set_and_forgotten(self):
        address = self.fresh_address()
        self.assertEqual(self.json("addresses", "set", "::ffff:" + address, "Alice"),
                         {"address": address, "name": "Alice"})
        self.assertEqual(self.known_as(address), "Alice")
        row = next(row for row in self.json("addresses", "list") if row["address"] == address)
        self.assertEqual((row["name"], row["known_by"]), ("Alice", "said"))
        self.ctl("addresses", "forget", address)
        self.assertEqual(self.known_as(address), "")
        self.ctl("addresses", "forget", address, code=66)

    def test_an_address_of_an_account_follows_its_name(self):
        account, address = self.account("Alice of the Addresses"), self.fresh_address()
        self.ctl("addresses", "set", address, account.name.lower())
        self.assertEqual(self.known_as(address), account.name)
        self.ctl("accounts", "rename", account.name, "Alicia")
        self.assertEqual(self.known_as(address), "Alicia")

    def test_an_invalid_address_or_name_is_a_usage_error(self):
        for invalid in ("localhost", "1.2.3", "127.0.0.1:80", ""):
            self.ctl("addresses", "set", invalid, "Alice", code=64)
        self.ctl("addresses", "set", "192.0.2.1", "two  spaces", code=64)
        self.ctl("addresses", "forget", "::g", code=64)


class Identify(AdministratorCase):
    options = ("--access", "identify")

    def test_an_address_that_was_set_is_granted_access(self):
        address = self.fresh_address()
        self.ctl("addresses", "set", address, "Alice")
        client = self.start_access_phase(address)
        self.assertEqual(client.expect("granted", via="address").name, "Alice")


if __name__ == "__main__":
    unittest.main()
