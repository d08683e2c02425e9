"""porterctl why: the rule that decides a login, and lifting a lock (docs/porterctl.md; SECURITY.md: P2)."""
import sqlite3
import time
import unittest

from support.administrator import AdministratorCase
from support.case import PASSWORD

WRONG = "not the password at all"


class Explanations(AdministratorCase):
    def setUp(self):
        self.user = self.account()

    def explain(self, *arguments):
        return self.json("why", *arguments)

    def fail(self, name, address=None, times=1):
        """Sends a wrong password `times` times; returns the last code."""
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

    def set_failures(self, account, failed, network="", ago=0):
        self.shell("INSERT OR REPLACE INTO password_ladders (account_id, network, failed, last_ms) "
                   "SELECT id, ?, ?, ? FROM accounts WHERE name = ?", network, failed,
                   int((time.time() - ago) * 1000), account.name)

    def test_an_account_that_can_log_in(self):
        shown = self.explain(self.user.name.upper())
        self.assertEqual((shown["answer"], shown["rule"], shown["name"], shown["then"]),
                         ("granted", "allowed", self.user.name, []))
        self.assertEqual(self.explain(self.user.name, "::ffff:192.0.2.7")["address"], "192.0.2.7")

    def test_an_unknown_account(self):
        for name in ("Unknown", "no  name", "a\x1bb"):
            shown = self.explain(name)
            self.assertEqual((shown["answer"], shown["rule"], shown["account"]),
                             ("bad_credentials", "unknown_account", None))
        self.assertEqual(self.denial_code("login", "Unknown", PASSWORD), "bad_credentials")

    def test_a_disabled_account(self):
        self.ctl("accounts", "disable", self.user.name)
        shown = self.explain(self.user.name)
        self.assertEqual((shown["answer"], shown["rule"]), ("bad_credentials", "account_disabled"))
        self.assertEqual(self.denial_code("login", self.user.name, PASSWORD), "bad_credentials")

    def test_a_paused_account_with_the_seconds_to_wait(self):
        self.fail(self.user.name, times=3)
        self.assertEqual(self.explain(self.user.name)["rule"], "allowed")
        self.set_failures(self.user, 20)
        shown = self.explain(self.user.name)
        self.assertEqual((shown["answer"], shown["rule"]), ("throttled", "account_paused"))
        self.assertTrue(0 < shown["retry_after"] <= 10)
        self.assertIn("20 failed tries in a row", shown["explanation"])
        self.set_failures(self.user, 20, ago=3600)
        self.assertEqual(self.explain(self.user.name)["rule"], "allowed")

    def test_enabling_an_account_lifts_a_lock(self):
        self.set_failures(self.user, 100, ago=3600)
        shown = self.explain(self.user.name)
        self.assertEqual((shown["answer"], shown["rule"], shown["retry_after"]), ("throttled", "account_locked", None))
        self.assertEqual(self.denial_code("login", self.user.name, PASSWORD), "throttled")
        account = self.json("accounts", "show", self.user.name)
        self.assertEqual((account["state"], account["locked_for"]), ("locked", ["strangers"]))
        self.assertEqual(self.json("accounts", "enable", self.user.name)["locked_for"], [])
        self.assertEqual(self.explain(self.user.name)["rule"], "allowed")
        self.log_in(self.user)

    def test_a_new_password_lifts_a_lock(self):
        self.set_failures(self.user, 100, ago=3600)
        self.ctl("accounts", "set-password", self.user.name, stdin=PASSWORD.encode())
        self.log_in(self.user)

    def test_a_known_address_has_its_own_failure_counter(self):
        here = self.user.address
        self.set_failures(self.user, 100, ago=3600)
        self.assertEqual(self.explain(self.user.name, here)["rule"], "allowed")
        self.log_in(self.user, here)
        self.set_failures(self.user, 100, network=here, ago=3600)
        self.assertEqual(self.explain(self.user.name, here)["rule"], "account_locked")
        self.assertEqual(self.json("accounts", "show", self.user.name)["locked_for"], ["strangers", here])

    def test_a_throttled_address(self):
        address = self.fresh_address()
        for _ in range(20):
            self.shell("INSERT INTO network_failures (network, failed_at) VALUES (?, unixepoch())", address)
        shown = self.explain(self.user.name, address)
        self.assertEqual((shown["answer"], shown["rule"]), ("throttled", "network_throttled"))
        self.assertTrue(590 < shown["retry_after"] <= 601)
        self.assertEqual(self.fail(self.user.name, address), "throttled")
        self.assertEqual(self.explain(self.user.name)["rule"], "allowed")

    def throttle(self, *addresses):
        for address in addresses * 20:
            self.shell("INSERT INTO network_failures (network, failed_at) VALUES (?, unixepoch())", address)

    def test_enabling_an_account_lists_the_addresses_that_are_still_throttled(self):
        here, elsewhere = self.user.address, self.fresh_address()
        self.throttle(here, elsewhere)
        done = self.ctl("accounts", "enable", self.user.name)
        self.assertRegex(done.err, rf"(?m)^note: {here} is still throttled until \d\d:\d\d:\d\d UTC; "
                                   rf"porterctl addresses enable {here} lifts that$")
        self.assertRegex(done.err, r"(?m)^note: \d+ more addresses throttled|^note: 1 more address throttled")
        shown = self.json("accounts", "enable", self.user.name)["throttled_networks"]
        self.assertEqual((shown[0]["network"], shown[0]["is_known"]), (here, True))
        self.assertIn(elsewhere, [row["network"] for row in shown])
        self.ctl("addresses", "enable", here)
        self.ctl("addresses", "enable", elsewhere)
        self.assertNotIn("note", self.ctl("accounts", "enable", self.user.name).err)

    def test_an_enabled_address_is_not_throttled(self):
        address = self.fresh_address()
        self.throttle(address)
        self.assertEqual(self.fail(self.user.name, address), "throttled")
        self.assertEqual(self.json("addresses", "enable", f"::ffff:{address}"),
                         {"address": address, "network": address, "failures_forgotten": 20})
        self.log_in(self.user, address)
        self.assertIn("No failures", self.ctl("addresses", "enable", address).err)

    def test_throttled_networks_are_listed_until_they_are_enabled(self):
        address = "192.0.2.77"
        self.throttle(address)
        (row,) = (row for row in self.json("addresses", "throttled") if row["network"] == address)
        self.assertEqual((row["limit"], row["count"]), ("failures", 20))
        self.assertLess(row["since_at"], row["until_at"])
        self.assertIn([address, "failures", "20", row["since_at"], row["until_at"]],
                      self.rows("addresses", "throttled"))
        self.shell("INSERT INTO registrations (network, site, registered_at) VALUES (?, ?, unixepoch())", address,
                   address)
        limits = [row["limit"] for row in self.json("addresses", "throttled", "--max-registrations-per-address", "1")
                  if row["network"] == address]
        self.assertEqual(limits, ["failures", "registrations"])
        self.ctl("addresses", "enable", address)
        self.assertNotIn(address, self.ctl("addresses", "throttled", "--max-registrations-per-address", "1").out)

    def test_an_ipv6_address_enables_its_network(self):
        self.throttle("2001:db8:0:1::/64")
        self.assertEqual(self.explain(self.user.name, "2001:db8:0:1::7")["rule"], "network_throttled")
        note = self.ctl("accounts", "enable", self.user.name).err
        self.assertIn("note: 2001:db8:0:1::/64 is still", note)
        self.assertIn("porterctl addresses enable 2001:db8:0:1:: lifts that", note)
        self.ctl("addresses", "enable", "2001:db8:0:1::")
        self.assertEqual(self.explain(self.user.name, "2001:db8:0:1::7")["rule"], "allowed")
        self.ctl("addresses", "enable", "2001:db8:0:1::/64", code=64)

    def test_an_invalid_hash_denies_every_login(self):
        self.shell("UPDATE accounts SET password_hash = replace(password_hash, '$m=', '$n=') WHERE name = ?",
                   self.user.name)
        shown = self.explain(self.user.name)
        self.assertEqual((shown["answer"], shown["rule"]), ("bad_credentials", "password_unreadable"))
        self.assertEqual(self.denial_code("login", self.user.name, PASSWORD), "bad_credentials")
        self.ctl("accounts", "set-password", self.user.name, stdin=PASSWORD.encode())
        self.assertEqual(self.explain(self.user.name)["rule"], "allowed")

    def test_other_access_modes_need_no_password(self):
        self.ctl("accounts", "disable", self.user.name)
        here, elsewhere = self.user.address, self.fresh_address()
        for address, explanation in ((here, f"{here} is known as {self.user.name}"),
                                     (elsewhere, "is known at this address")):
            shown = self.explain(self.user.name, address, "--access", "identify")
            self.assertEqual((shown["answer"], shown["rule"]), ("granted", "identify_access"))
            self.assertIn(explanation, shown["explanation"])
        shown = self.json("why", "Unknown", env={"PORTERD_ACCESS": "identify"})
        self.assertEqual((shown["answer"], shown["rule"]), ("granted", "identify_access"))
        self.assertEqual(self.explain("no  name", "--access", "identify")["answer"], "invalid_name")
        self.assertEqual(self.explain("Unknown", "--access", "open")["rule"], "open_access")

    def test_setting_a_name_without_an_account_is_a_note(self):
        address = self.fresh_address()
        done = self.ctl("addresses", "set", address, "Only Said")
        self.assertIn('note: there is no account "Only Said"', done.err)
        self.assertIn("only said", self.explain("Only Said")["explanation"])
        self.assertNotIn("note",
                         self.ctl("addresses", "set", address, "Only Said", env={"PORTERD_ACCESS": "identify"}).err)
        self.assertNotIn("note", self.ctl("addresses", "set", address, self.user.name).err)

    def test_further_rules_are_listed(self):
        self.set_failures(self.user, 100)
        self.ctl("accounts", "disable", self.user.name)
        shown = self.explain(self.user.name)
        self.assertEqual((shown["rule"], [row["rule"] for row in shown["then"]]),
                         ("account_locked", ["account_disabled"]))

    def test_an_invalid_address_is_a_usage_error(self):
        self.ctl("why", self.user.name, "localhost", code=64)


if __name__ == "__main__":
    unittest.main()
