"""porterctl accounts: lists, changes, and their effect on a running porterd (docs/porterctl.md; SECURITY.md: P6)."""
import json
import unittest

from support.administrator import AdministratorCase
from support.case import OTHER_PASSWORD, PASSWORD


class Lists(AdministratorCase):
    def test_accounts_are_lines_of_tab_separated_values(self):
        account = self.account("Алиса Liddell")
        row = next(row for row in self.rows("accounts", "list") if row[0] == account.name)
        self.assertEqual(row[1], "enabled")
        self.assertRegex(row[2], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(row[4:], [account.address, "0", "1", "no"])

    def test_json_has_the_members_of_an_account(self):
        account = self.account()
        shown = self.json("accounts", "show", account.name.upper())
        self.assertEqual(sorted(shown), sorted((
            "id", "name", "folded_name", "state", "created_at", "disabled_at", "last_login_at", "last_address",
            "failed_tries", "last_failed_at", "locked_for", "sessions", "addresses", "second_factor",
            "recovery_codes")))
        self.assertEqual((shown["name"], shown["state"], shown["sessions"], shown["disabled_at"]),
                         (account.name, "enabled", 1, None))
        self.assertIn(shown, self.json("accounts", "list"))

    def test_no_secret_is_shown(self):
        account = self.account()
        for arguments in (("accounts", "list"), ("accounts", "show", account.name), ("sessions", "list"),
                          ("db", "status")):
            for form in ((), ("--json",)):
                shown = self.ctl(*arguments, *form)
                self.assertNotIn("argon2", shown.out)
                self.assertNotIn(account.token, shown.out)

    def test_an_unknown_account_is_exit_code_66(self):
        for verb in ("show", "disable", "enable", "set-password"):
            done = self.ctl("accounts", verb, "Unknown\x1b[2J", stdin=PASSWORD.encode(), code=66)
            self.assertIn(r'no account "Unknown\x1b[2J"', done.err)
        self.ctl("accounts", "rename", "Unknown", "Alice", code=66)
        self.ctl("accounts", "delete", "Unknown", "--yes", code=66)

    def test_special_characters_in_a_name_are_literal(self):
        for name in ("[a, b]", "a,b", "-x", "--yes", "%%", "=", "'", "--"):
            self.ctl("accounts", "add", stdin=PASSWORD.encode(), operands=(name,))
            self.assertEqual(json.loads(self.ctl("accounts", "show", "--json", operands=(name,)).out)["name"], name)
            self.ctl("accounts", "delete", "--yes", operands=(name,))


class Add(AdministratorCase):
    def test_an_added_account_can_log_in_at_once(self):
        made = self.json("accounts", "add", "Боб", "--password-file", self.password_file(PASSWORD))
        self.assertEqual((made["name"], made["folded_name"]), ("Боб", "боб"))
        self.connect().get_access("login", "боб", PASSWORD)

    def test_a_password_file_that_others_can_read_is_a_note(self):
        file = self.password_file(PASSWORD)
        file.chmod(0o640)
        done = self.ctl("accounts", "add", "Careless", "--password-file", file)
        self.assertIn(f"note: the password file {file} is open to other users (mode 0640): chmod 600\n", done.err)
        file.chmod(0o600)
        self.assertNotIn("note:", self.ctl("accounts", "add", "Careful", "--password-file", file).err)

    def test_the_password_may_come_from_standard_input(self):
        self.ctl("accounts", "add", "Piped", stdin=PASSWORD.encode() + b"\n")
        self.connect().get_access("login", "Piped", PASSWORD)

    def test_the_rules_of_registration_apply(self):
        self.assertIn("8 characters", self.ctl("accounts", "add", "Weak", stdin=b"short\n", code=65).err)
        self.assertIn("name", self.ctl("accounts", "add", "Weak Name", stdin=b"weak name\n", code=65).err)
        self.assertIn("20 characters", self.ctl("accounts", "add", "Weak", "--min-password-length", "20",
                                                stdin=b"plum velvet\n", code=65).err)
        self.ctl("accounts", "add", "two  spaces", stdin=PASSWORD.encode(), code=64)
        self.assertIn("256 characters",
                      self.ctl("accounts", "add", "\ufdfa" * 15, stdin=PASSWORD.encode(), code=64).err)
        self.ctl("accounts", "add", "Weak", stdin=b"", code=65)
        self.ctl("accounts", "add", "Weak", "--password-file", "/nowhere", code=66)
        self.assertEqual(self.json("accounts", "list"),
                         [row for row in self.json("accounts", "list") if row["name"] != "Weak"])

    def test_a_taken_name_is_a_data_error(self):
        account = self.account("Strasse")
        done = self.ctl("accounts", "add", "STRAßE", stdin=PASSWORD.encode(), code=65)
        self.assertIn('"Strasse"', done.err)
        self.resume(account).expect_alive()

    def test_the_hash_options_apply(self):
        self.ctl("accounts", "add", "Strong", "--hash-memory", "32MiB", "--hash-ops", "3", stdin=PASSWORD.encode())
        self.ctl("accounts", "add", "Faint", "--hash-memory", "8MiB", stdin=PASSWORD.encode(), code=64)
        self.connect().get_access("login", "Strong", PASSWORD)

    def test_the_environment_of_porterd_applies(self):
        self.ctl("accounts", "add", "Longer", stdin=b"plum velvet\n", env={"PORTERD_MIN_PASSWORD_LENGTH": "20"},
                 code=65)
        self.ctl("accounts", "add", "Longer", stdin=b"plum velvet\n", env={"PORTERD_MIN_PASSWORD_LENGTH": "x"}, code=78)


class Changes(AdministratorCase):
    """Changes apply to a running porterd. The tests wait up to the hang guard; the promise is a second."""

    def test_set_password_ends_every_session(self):
        account = self.account()
        first, second = self.resume(account), self.log_in(account)
        shown = self.json("accounts", "set-password", account.name, stdin=OTHER_PASSWORD.encode())
        self.assertEqual(shown["sessions_ended"], 2)
        for connection in (first, second):
            connection.expect_closing("session_ended")
        self.assertEqual(self.denial_code("resume", account.token), "invalid_token")
        self.assertEqual(self.denial_code("login", account.name, PASSWORD), "bad_credentials")
        self.connect().get_access("login", account.name, OTHER_PASSWORD)

    def test_a_disabled_account_has_no_access_until_it_is_enabled(self):
        account, unrelated = self.account(), self.resume(self.account())
        client = self.resume(account)
        self.assertEqual(self.json("accounts", "disable", account.name)["state"], "disabled")
        client.expect_closing("session_ended")
        self.assertEqual(self.denial_code("login", account.name, PASSWORD), "bad_credentials")
        self.ctl("accounts", "disable", account.name)
        self.assertEqual(self.json("accounts", "enable", account.name)["state"], "enabled")
        self.log_in(account).expect_alive()
        unrelated.expect_alive()

    def test_a_deleted_account_loses_its_sessions_and_addresses(self):
        account = self.account()
        client = self.resume(account)
        self.assertIn("--yes", self.ctl("accounts", "delete", account.name, code=64).err)
        client.expect_alive()
        self.ctl("accounts", "delete", account.name, "--yes")
        client.expect_closing("session_ended")
        self.assertEqual(self.denial_code("login", account.name, PASSWORD), "bad_credentials")
        self.assertNotIn(account.address, [row[0] for row in self.rows("addresses", "list")])
        self.account(account.name)

    def test_a_renamed_account_keeps_its_sessions_and_addresses(self):
        account = self.account("Old Name")
        client = self.resume(account)
        self.ctl("accounts", "rename", "old name", "Новое Имя")
        client.expect_alive()
        other = self.connect(account.address)
        self.assertEqual(other.hello().known_as, "Новое Имя")
        self.assertEqual(self.denial_code("login", "Old Name", PASSWORD), "bad_credentials")
        self.assertEqual(other.request("login", "новое имя", PASSWORD).name, "Новое Имя")
        self.resume(account).expect_alive()

    def test_the_spelling_of_a_name_can_be_changed(self):
        account = self.account("Алиса")
        self.assertEqual(self.json("accounts", "rename", "Алиса", "АЛИСА")["name"], "АЛИСА")
        self.assertEqual(self.resume(account).granted.name, "АЛИСА")

    def test_a_rename_to_a_taken_or_invalid_name_fails(self):
        account, other = self.account(), self.account()
        self.ctl("accounts", "rename", account.name, other.name.upper(), code=65)
        self.ctl("accounts", "rename", account.name, " ", code=64)
        self.ctl("accounts", "rename", account.name, "\ufdfa" * 15, code=64)
        self.resume(account).expect_alive()


if __name__ == "__main__":
    unittest.main()
