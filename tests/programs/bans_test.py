"""porterctl bans beside a running porterd (docs/porterctl.md; SECURITY.md: N17)."""
import contextlib
import sqlite3
import unittest

from support.administrator import AdministratorCase
from support.server import PORTERCTL, run
from support.waiting import until


class Bans(AdministratorCase):
    """porterctl and porterd know of each other by the database alone, so each change is waited for. Each test bans
    addresses of its own."""

    def ban(self, network, *options):
        self.addCleanup(run, PORTERCTL, "bans", "remove", network, "--data-dir", self.server.data)
        return self.ctl("bans", "add", network, *options)

    def shell(self, statement):
        shell = sqlite3.connect(self.server.database, timeout=30, isolation_level=None)
        try:
            return shell.execute(statement).fetchall()
        finally:
            shell.close()

    def end_of(self, address):
        """How the server ends a new connection after hello: a code, "silent", or "served"."""
        client = self.connect(address)
        with contextlib.suppress(ConnectionError):
            client.send("hello", 1, "t")
        try:
            got = client.receive()
        except ConnectionError:
            got = None
        client.close()
        if got is None:
            return "silent"
        return got.code if got.kind == "closing" else "served"

    def expect_end(self, address, end):
        until(lambda: self.end_of(address) == end, f"connections from {address} are {end}")

    def test_a_ban_is_told_to_new_and_to_existing_connections_until_it_is_lifted(self):
        address = self.fresh_address()
        account = self.account()
        live = self.resume(account, address)
        waiting = self.start_access_phase(address)
        other = self.resume(account)
        done = self.ban(address, "--for", "1h", "--reason", "password guessing")
        self.assertRegex(done.err, rf"\A{address} is banned until \d{{4}}-[^\n]+ UTC \(password guessing\)\.\n\Z")
        live.expect_closing("banned")
        waiting.expect_closing("banned")
        other.expect_alive()
        self.expect_end(address, "banned")
        self.server.expect_log(rf"ban_rejected address={address} connection=\d+ network={address} client_is=told")
        self.server.expect_log(rf"connection_closed address={address} connection=\d+ code=banned ")
        self.ctl("bans", "remove", address)
        self.expect_end(address, "served")
        self.resume(account, address).expect_alive()  # the session has not ended

    def test_a_silent_ban_closes_without_a_word(self):
        address = self.fresh_address()
        live = self.resume(self.account(), address)
        self.ban(address, "--silent")
        with contextlib.suppress(ConnectionResetError):
            live.expect_end()
        self.expect_end(address, "silent")
        self.server.expect_log(rf"ban_rejected address={address} connection=\d+ network={address} client_is=not_told")

    def test_a_row_of_the_sqlite3_shell_is_a_ban_at_once_and_its_end_too(self):
        address = self.fresh_address()
        live = self.start_access_phase(address)
        self.shell(f"INSERT INTO bans (network) VALUES ('{address}/32')")
        live.expect_closing("banned")
        self.assertEqual([row[0] for row in self.rows("bans", "list") if row[0].startswith(address)],
                         [f"{address}/32"])
        self.shell(f"UPDATE bans SET expires_at = unixepoch() WHERE network = '{address}/32'")
        self.expect_end(address, "served")
        self.shell(f"UPDATE bans SET expires_at = NULL WHERE network = '{address}/32'")
        self.expect_end(address, "banned")
        self.ctl("bans", "remove", f"{address}/32")
        self.expect_end(address, "served")

    def test_a_row_that_is_no_network_is_skipped_logged_and_found(self):
        address = self.fresh_address()
        self.shell(f"INSERT INTO bans (network) VALUES ('example.org'), ('{address}')")
        self.expect_end(address, "banned")
        self.server.expect_log(r"warn bans_changed bans=\d+ skipped=1")
        done = run(PORTERCTL, "db", "check", "--data-dir", self.server.data)
        self.assertEqual(done.returncode, 65)
        self.assertIn("the ban of example.org is in no force: it is no network", done.out)
        self.shell(f"DELETE FROM bans WHERE network IN ('example.org', '{address}')")
        self.expect_end(address, "served")

    def test_remove_lifts_every_spelling_of_a_network_and_also_what_is_none(self):
        address = self.fresh_address()
        self.shell(f"INSERT INTO bans (network) VALUES ('{address}'), ('{address}/32'), ('no network')")
        self.expect_end(address, "banned")
        self.ctl("bans", "remove", address)
        self.expect_end(address, "served")
        self.ctl("bans", "remove", "no network")
        self.assertIn("is not a network", self.ctl("bans", "remove", "no network", code=64).err)

    def test_a_ban_is_in_force_after_a_restart(self):
        address = self.fresh_address()
        self.ban(address)
        self.server.restart()
        self.assertEqual(self.end_of(address), "banned")

    def test_a_ban_expires(self):
        address = self.fresh_address()
        self.ban(address, "--for", "1s")
        until(lambda: address not in self.ctl("bans", "list").out, "the ban expires")
        self.expect_end(address, "served")
        self.assertIn("is not banned", self.ctl("bans", "remove", address, code=66).err)

    def test_a_client_over_tls_is_told_after_the_handshake(self):
        address = self.fresh_address()
        self.ban(address)
        self.expect_end(address, "banned")
        client = self.connect(address, tls=True)
        client.send("hello", 1, "t")
        client.expect_closing("banned")

    def test_a_network_is_written_in_canonical_form_and_a_second_ban_replaces_the_first(self):
        first = self.json("bans", "add", "198.51.100.77/24", "--reason", "first")
        self.assertEqual(first, {"network": "198.51.100.0/24", "expires_at": None, "clients_are": "told",
                                 "reason": "first", "replaced": False})
        done = self.ban("::ffff:198.51.100.0/120", "--silent")
        self.assertEqual(done.err, "198.51.100.0/24 is banned, silently; its earlier ban is replaced.\n")
        listed = [row for row in self.json("bans", "list") if row["network"] == "198.51.100.0/24"]
        self.assertEqual([(row["clients_are"], row["reason"], row["expires_at"]) for row in listed],
                         [("not told", "", None)])
        self.assertEqual(self.json("bans", "remove", "198.51.100.1/24"), {"network": "198.51.100.0/24"})
        self.assertIn("198.51.100.0/24 is not banned", self.ctl("bans", "remove", "198.51.100.0/24", code=66).err)

    def test_remove_with_a_reason_lifts_only_a_ban_of_this_reason(self):
        self.ban("203.0.113.0/24", "--reason", "a program's")
        self.assertIn("203.0.113.0/24 is not banned for this reason",
                      self.ctl("bans", "remove", "203.0.113.0/24", "--reason", "another", code=66).err)
        self.assertIn("is not banned for this reason",
                      self.ctl("bans", "remove", "203.0.113.0/24", "--reason", "", code=66).err)
        self.ctl("bans", "remove", "203.0.113.0/24", "--reason", "a program's")
        self.assertNotIn("203.0.113.0/24", [row["network"] for row in self.json("bans", "list")])

    def test_bad_input_is_explained(self):
        for arguments, part in ((("0.0.0.0/0",), "too large to ban: at most a /8 of IPv4"),
                                (("::/0",), "too large to ban: at most a /16 of IPv6"),
                                (("10.0.0.0/7",), "at most a /8"),
                                (("example.org",), "is not a network such as 192.0.2.7"),
                                (("192.0.2.0/33",), "is not a network"),
                                (("192.0.2.7", "--for", "soon"), "--for: "),
                                (("192.0.2.7", "--for", "0"), "at least 1 s"),
                                (("192.0.2.7", "--reason", "x" * 201), "at most 200 bytes")):
            with self.subTest(arguments=arguments):
                self.assertIn(part, self.ctl("bans", "add", *arguments, code=64).err)

    def test_why_names_the_ban_first(self):
        user = self.account()
        address = "192.0.2.7"
        self.ban(address + "/24", "--for", "1h", "--reason", "guessing")
        shown = self.json("why", user.name, address)
        self.assertEqual((shown["answer"], shown["rule"], shown["then"]), ("banned", "network_banned", []))
        self.assertIn("guessing", shown["explanation"])
        self.assertLessEqual(shown["retry_after"], 3600)
        self.assertGreater(shown["retry_after"], 3000)
        self.ban(address, "--silent")
        shown = self.json("why", "Unknown", address)
        self.assertEqual((shown["answer"], shown["rule"], [each["rule"] for each in shown["then"]]),
                         ("none", "network_banned", ["unknown_account"]))
        self.assertEqual(self.json("why", user.name, address, "--access", "open")["rule"], "network_banned")
        self.assertEqual(self.json("why", user.name)["rule"], "allowed")


if __name__ == "__main__":
    unittest.main()
