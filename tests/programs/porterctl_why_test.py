"""porterctl why: the rule that a login would meet, and how a lock is lifted (commands page; promise P2)."""
import sqlite3
import time
import unittest

from support.administrator import AdministratorCase
from support.case import PASSWORD

WRONG = "not the password at all"


class Why(AdministratorCase):
    def setUp(self):
        self.someone = self.account()

    def why(self, *arguments):
        return self.json("why", *arguments)

    def fail(self, name, address=None, times=1):
        """Wrong passwords, as many as are taken; the last code."""
        for _ in range(times):
            client = self.start_access_phase(address)
            client.send("login", name, WRONG)
            code = client.expect("denied").code
            client.close()
        return code

    def shell(self, statement, *values):
        shell = sqlite3.connect(self.server.database, timeout=30, isolation_level=None)
        try:
            return shell.execute(statement, values).fetchall()
        finally:
            shell.close()

    def set_ladder(self, account, failed, network="", ago=0):
        self.shell("INSERT OR REPLACE INTO password_ladders (account_id, network, failed, last_ms) "
                   "SELECT id, ?, ?, ? FROM accounts WHERE name = ?", network, failed,
                   int((time.time() - ago) * 1000), account.name)

    def test_a_good_account_is_let_in(self):
        shown = self.why(self.someone.name.upper())
        self.assertEqual((shown["answer"], shown["rule"], shown["name"], shown["then"]),
                         ("granted", "allowed", self.someone.name, []))
        self.assertEqual(self.why(self.someone.name, "::ffff:192.0.2.7")["address"], "192.0.2.7")

    def test_an_unknown_account(self):
        for name in ("Nobody", "no  name", "a\x1bb"):
            shown = self.why(name)
            self.assertEqual((shown["answer"], shown["rule"], shown["account"]), ("bad_credentials", "unknown_account", None))
        self.assertEqual(self.denial_code("login", "Nobody", PASSWORD), "bad_credentials")

    def test_a_disabled_account(self):
        self.ctl("accounts", "disable", self.someone.name)
        shown = self.why(self.someone.name)
        self.assertEqual((shown["answer"], shown["rule"]), ("bad_credentials", "account_disabled"))
        self.assertEqual(self.denial_code("login", self.someone.name, PASSWORD), "bad_credentials")

    def test_a_paused_account_and_for_how_long(self):
        self.fail(self.someone.name, times=3)
        self.assertEqual(self.why(self.someone.name)["rule"], "allowed")
        self.set_ladder(self.someone, 20)
        shown = self.why(self.someone.name)
        self.assertEqual((shown["answer"], shown["rule"]), ("throttled", "account_paused"))
        self.assertTrue(0 < shown["retry_after"] <= 10)
        self.assertIn("20 failed tries in a row", shown["explanation"])
        self.set_ladder(self.someone, 20, ago=3600)
        self.assertEqual(self.why(self.someone.name)["rule"], "allowed")

    def test_a_locked_account_until_it_is_enabled(self):
        self.set_ladder(self.someone, 100, ago=3600)
        shown = self.why(self.someone.name)
        self.assertEqual((shown["answer"], shown["rule"], shown["retry_after"]), ("throttled", "account_locked", None))
        self.assertEqual(self.denial_code("login", self.someone.name, PASSWORD), "throttled")
        account = self.json("accounts", "show", self.someone.name)
        self.assertEqual((account["state"], account["locked_for"]), ("locked", ["strangers"]))
        self.assertEqual(self.json("accounts", "enable", self.someone.name)["locked_for"], [])
        self.assertEqual(self.why(self.someone.name)["rule"], "allowed")
        self.log_in(self.someone)

    def test_another_password_lifts_a_lock_too(self):
        self.set_ladder(self.someone, 100, ago=3600)
        self.ctl("accounts", "set-password", self.someone.name, stdin=PASSWORD.encode())
        self.log_in(self.someone)

    def test_an_address_of_the_owner_has_a_ladder_of_its_own(self):
        here = self.someone.address
        self.set_ladder(self.someone, 100, ago=3600)
        self.assertEqual(self.why(self.someone.name, here)["rule"], "allowed")
        self.log_in(self.someone, here)
        self.set_ladder(self.someone, 100, network=here, ago=3600)
        self.assertEqual(self.why(self.someone.name, here)["rule"], "account_locked")
        self.assertEqual(self.json("accounts", "show", self.someone.name)["locked_for"], ["strangers", here])

    def test_a_throttled_address(self):
        address = self.fresh_address()
        for _ in range(20):
            self.shell("INSERT INTO network_failures (network, failed_at) VALUES (?, unixepoch())", address)
        shown = self.why(self.someone.name, address)
        self.assertEqual((shown["answer"], shown["rule"]), ("throttled", "network_throttled"))
        self.assertTrue(590 < shown["retry_after"] <= 601)
        self.assertEqual(self.fail(self.someone.name, address), "throttled")
        self.assertEqual(self.why(self.someone.name)["rule"], "allowed")

    def throttle(self, *addresses):
        for address in addresses * 20:
            self.shell("INSERT INTO network_failures (network, failed_at) VALUES (?, unixepoch())", address)

    def test_enabling_an_account_says_which_addresses_are_still_throttled(self):
        here, elsewhere = self.someone.address, self.fresh_address()
        self.throttle(here, elsewhere)
        done = self.ctl("accounts", "enable", self.someone.name)
        self.assertRegex(done.err, rf"(?m)^note: {here} is still throttled until \d\d:\d\d:\d\d UTC; "
                                   rf"porterctl addresses enable {here} lifts that$")
        self.assertRegex(done.err, r"(?m)^note: \d+ more addresses throttled|^note: 1 more address throttled")
        shown = self.json("accounts", "enable", self.someone.name)["throttled_networks"]
        self.assertEqual((shown[0]["network"], shown[0]["is_known"]), (here, True))
        self.assertIn(elsewhere, [one["network"] for one in shown])
        self.ctl("addresses", "enable", here)
        self.ctl("addresses", "enable", elsewhere)
        self.assertNotIn("note", self.ctl("accounts", "enable", self.someone.name).err)

    def test_an_enabled_address_is_taken_at_once(self):
        address = self.fresh_address()
        self.throttle(address)
        self.assertEqual(self.fail(self.someone.name, address), "throttled")
        self.assertEqual(self.json("addresses", "enable", f"::ffff:{address}"),
                         {"address": address, "network": address, "failures_forgotten": 20})
        self.log_in(self.someone, address)
        self.assertIn("No failures", self.ctl("addresses", "enable", address).err)

    def test_throttled_networks_are_listed_until_they_are_enabled(self):
        address = "192.0.2.77"
        self.throttle(address)
        (row,) = (row for row in self.json("addresses", "throttled") if row["network"] == address)
        self.assertEqual((row["limit"], row["count"]), ("failures", 20))
        self.assertLess(row["since_at"], row["until_at"])
        self.assertIn([address, "failures", "20", row["since_at"], row["until_at"]], self.rows("addresses", "throttled"))
        self.shell("INSERT INTO registrations (network, site, registered_at) VALUES (?, ?, unixepoch())", address, address)
        limits = [row["limit"] for row in self.json("addresses", "throttled", "--max-registrations-per-address", "1")
                  if row["network"] == address]
        self.assertEqual(limits, ["failures", "registrations"])
        self.ctl("addresses", "enable", address)
        self.assertNotIn(address, self.ctl("addresses", "throttled", "--max-registrations-per-address", "1").out)

    def test_of_ipv6_the_whole_network_is_enabled(self):
        self.throttle("2001:db8:0:1::/64")
        self.assertEqual(self.why(self.someone.name, "2001:db8:0:1::7")["rule"], "network_throttled")
        note = self.ctl("accounts", "enable", self.someone.name).err
        self.assertIn("note: 2001:db8:0:1::/64 is still", note)
        self.assertIn("porterctl addresses enable 2001:db8:0:1:: lifts that", note)
        self.ctl("addresses", "enable", "2001:db8:0:1::")
        self.assertEqual(self.why(self.someone.name, "2001:db8:0:1::7")["rule"], "allowed")
        self.ctl("addresses", "enable", "2001:db8:0:1::/64", code=64)

    def test_a_hash_that_cannot_be_read_lets_nobody_in(self):
        self.shell("UPDATE accounts SET password_hash = replace(password_hash, '$m=', '$n=') WHERE name = ?",
                   self.someone.name)
        shown = self.why(self.someone.name)
        self.assertEqual((shown["answer"], shown["rule"]), ("bad_credentials", "password_unreadable"))
        self.assertEqual(self.denial_code("login", self.someone.name, PASSWORD), "bad_credentials")
        self.ctl("accounts", "set-password", self.someone.name, stdin=PASSWORD.encode())
        self.assertEqual(self.why(self.someone.name)["rule"], "allowed")

    def test_in_other_access_modes_no_password_stands_in_the_way(self):
        self.ctl("accounts", "disable", self.someone.name)
        here, elsewhere = self.someone.address, self.fresh_address()
        for address, told in ((here, f"{here} is known as {self.someone.name}"), (elsewhere, "nobody is known")):
            shown = self.why(self.someone.name, address, "--access", "identify")
            self.assertEqual((shown["answer"], shown["rule"]), ("granted", "identify_access"))
            self.assertIn(told, shown["explanation"])
        shown = self.json("why", "Nobody", env={"PORTERD_ACCESS": "identify"})
        self.assertEqual((shown["answer"], shown["rule"]), ("granted", "identify_access"))
        self.assertEqual(self.why("no  name", "--access", "identify")["answer"], "invalid_name")
        self.assertEqual(self.why("Nobody", "--access", "open")["rule"], "open_access")

    def test_a_name_without_an_account_is_told_of_when_it_is_set(self):
        address = self.fresh_address()
        done = self.ctl("addresses", "set", address, "Only Said")
        self.assertIn('note: there is no account "Only Said"', done.err)
        self.assertIn("only said", self.why("Only Said")["explanation"])
        self.assertNotIn("note", self.ctl("addresses", "set", address, "Only Said", env={"PORTERD_ACCESS": "identify"}).err)
        self.assertNotIn("note", self.ctl("addresses", "set", address, self.someone.name).err)

    def test_what_else_stands_in_the_way_is_said_too(self):
        self.set_ladder(self.someone, 100)
        self.ctl("accounts", "disable", self.someone.name)
        shown = self.why(self.someone.name)
        self.assertEqual((shown["rule"], [one["rule"] for one in shown["then"]]), ("account_locked", ["account_disabled"]))

    def test_what_is_no_address_is_wrong_usage(self):
        self.ctl("why", self.someone.name, "localhost", code=64)


if __name__ == "__main__":
    unittest.main()
