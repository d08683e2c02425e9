"""porterctl on a terminal: tables, prompts, colours, and the progress bar of a backup (SECURITY.md: P4)."""
import signal
import sqlite3
import unittest

from support.administrator import AdministratorCase
from support.case import OTHER_PASSWORD, PASSWORD
from support.terminal import CTRL_C, CTRL_D
from support.waiting import until


class Tables(AdministratorCase):
    def test_a_table_has_a_heading_and_aligned_columns(self):
        self.account("Алиса")
        self.account("Bob the Builder")
        terminal = self.terminal("accounts", "list")
        self.assertEqual(terminal.wait(), 0)
        lines = terminal.text().splitlines()
        at = lines[0].index("STATE")
        self.assertRegex(lines[0], r"^NAME +STATE +CREATED \(UTC\) +LAST LOGIN \(UTC\) +LAST ADDRESS")
        for line in lines[1:3]:
            self.assertEqual(line[at:at + 7], "enabled")
            self.assertRegex(line, r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")

    def test_a_narrow_table_leaves_out_columns_and_programs_get_all(self):
        account = self.account("Alice of testing")
        self.ctl("addresses", "set", "2001:db8:1234:5678:9abc:def0:1234:5678", "Alice of testing")
        when = r"\d\d-\d\d \d\d:\d\d"
        rows = {"accounts": rf"^Alice of testing +enabled +{when} +{account.address} +0 +1$",
                "sessions": rf"^ *\d+  Alice of testing +live +{account.address} +plain +{when}  {when}$",
                "addresses": rf"^2001:db8:1234:5678:9abc:def0:1234:5678  Alice of testing +proved +{when}$"}
        for noun, row in rows.items():
            terminal = self.terminal(noun, "list", columns=80)
            self.assertEqual(terminal.wait(), 0)
            shown = terminal.text()
            self.assertRegex(shown, f"(?m){row}")
            self.assertLessEqual(max(map(len, shown.splitlines())), 80, shown)
            self.assertRegex(shown,
                             r"(?m)^Times are UTC\. Columns left out: (second factor, created|created|first seen) "
                             r"\(--json shows all\)\.$")
            last = [cells for cells in self.rows(noun, "list") if "Alice of testing" in cells][-1]
            self.assertEqual(len(last), {"accounts": 8, "sessions": 8, "addresses": 5}[noun])

    def test_a_long_name_is_truncated_and_programs_get_all_of_it(self):
        names = ("x" * 64, "漢" * 40)
        for name in names:
            self.ctl("accounts", "add", stdin=PASSWORD.encode(), operands=(name,))
            self.addCleanup(self.ctl, "accounts", "delete", "--yes", operands=(name,))
        for columns in (40, 80):
            terminal = self.terminal("accounts", "list", columns=columns)
            self.assertEqual(terminal.wait(), 0)
            shown = terminal.text()
            self.assertRegex(shown, r"(?m)^xxx+… +enab.*0$")
            self.assertRegex(shown, r"(?m)^漢漢+… +enab.*0$")
            wide = [len(line) + line.count("漢") for line in shown.splitlines() if "enab" in line]
            self.assertLessEqual(max(wide), columns, shown)
        listed = [row[0] for row in self.rows("accounts", "list")]
        for name in names:
            self.assertIn(name, listed)
            self.assertEqual(self.json("accounts", "show", name)["name"], name)

    def test_headings_and_addresses_are_not_truncated(self):
        name, address = "y" * 64, "2001:db8:1111:2222:3333:4444:5555:6666"
        self.ctl("accounts", "add", stdin=PASSWORD.encode(), operands=(name,))
        self.addCleanup(self.ctl, "accounts", "delete", "--yes", operands=(name,))
        self.ctl("addresses", "set", address, name)
        for columns in (40, 80):
            for noun in ("accounts", "sessions", "addresses"):
                with self.subTest(columns=columns, noun=noun):
                    terminal = self.terminal(noun, "list", columns=columns)
                    self.assertEqual(terminal.wait(), 0)
                    shown = terminal.text()
                    self.assertNotRegex(shown, "[A-Z]…")
                    if noun != "sessions":  # the account has no session
                        self.assertRegex(shown, "y{11,}…", shown)
                    if noun == "addresses":
                        self.assertIn(address, shown)
                    table = shown[:shown.index("Times are UTC")]
                    width = columns if columns == 80 or noun != "addresses" else len(address) + 2 + 12
                    self.assertLessEqual(max(map(len, table.splitlines())), width, shown)

    def test_a_single_item_has_a_line_for_each_member(self):
        account = self.account()
        terminal = self.terminal("accounts", "show", account.name)
        self.assertEqual(terminal.wait(), 0)
        self.assertRegex(terminal.text(), rf"(?m)^name +{account.name}$")
        self.assertRegex(terminal.text(), r"(?m)^disabled \(UTC\) +-$")

    def test_an_empty_list_is_a_sentence(self):
        terminal = self.terminal("sessions", "list", "--account", self.account_without_sessions().name)
        self.assertEqual(terminal.wait(), 0)
        terminal.expect("^There are no sessions.$")

    def account_without_sessions(self):
        account = self.account()
        self.ctl("sessions", "revoke", "--account", account.name)
        return account

    def test_no_color_and_pipes_turn_colours_off(self):
        self.account()
        plain = self.terminal("accounts", "list", env={"NO_COLOR": "1"})
        plain.wait()
        self.assertNotIn(b"\x1b", plain.raw)
        colourful = self.terminal("accounts", "list")
        colourful.wait()
        self.assertIn(b"\x1b[1m", colourful.raw)
        self.assertNotIn(b"\x1b", self.ctl("accounts", "list").stdout)


class Prompts(AdministratorCase):
    def test_a_password_is_asked_twice_and_hidden(self):
        terminal = self.terminal("accounts", "add", "Asked")
        for times, weak, message in ((1, "short", r"^A password has at least 8 characters\.$"),
                                   (2, "password1",
                                    r"^This password is one of the first that an attacker would try\.$")):
            terminal.expect("^New password for Asked: $", times=times)
            self.assertFalse(terminal.is_cooked())
            terminal.send_line(weak)
            terminal.expect(message)
        terminal.expect("New password for Asked: ", times=3)
        terminal.send_line(PASSWORD)
        terminal.expect("^Password again: ")
        terminal.send_line(OTHER_PASSWORD)
        terminal.expect("not the same")
        for prompt, times in (("New password for Asked: ", 4), ("Password again: ", 2)):
            terminal.expect(prompt, times=times)
            terminal.send_line(PASSWORD)
        self.assertEqual(terminal.wait(), 0)
        self.assertNotIn(PASSWORD.encode(), terminal.raw)
        self.connect().get_access("login", "Asked", PASSWORD)

    def test_ctrl_c_and_ctrl_d_at_a_prompt_change_nothing_and_restore_the_terminal(self):
        account = self.account()
        for key in (CTRL_C, CTRL_D):
            for command, prompt in ((("accounts", "set-password", account.name), "New password"),
                                    (("accounts", "delete", account.name), "Delete")):
                terminal = self.terminal(*command)
                terminal.expect(prompt)
                terminal.send(key)
                self.assertEqual(terminal.wait(), 0)
                self.assertTrue(terminal.is_cooked())
        self.resume(account).expect_alive()

    def test_a_password_is_hidden_after_a_suspension(self):
        terminal = self.terminal("accounts", "add", "Stopped")
        for prompt in ("New password for Stopped: ", "Password again: "):
            terminal.expect(prompt + r"\Z")
            terminal.send("half a pass")
            terminal.suspend()
            self.assertTrue(terminal.is_cooked(), "the shell needs a cooked terminal")
            terminal.resume()
            until(lambda: not terminal.is_cooked(), "the input is hidden again")
            terminal.expect(prompt + ".*" + prompt + r"\Z")
            terminal.send_line(PASSWORD)
        self.assertEqual(terminal.wait(), 0)
        self.assertNotIn(PASSWORD.encode(), terminal.raw)
        self.assertTrue(terminal.is_cooked())

    def test_delete_asks_for_confirmation(self):
        account = self.account()
        terminal = self.terminal("accounts", "delete", account.name)
        terminal.expect(rf"^Delete {account.name} with 1 session and 1 address\? \(yes/no\) $")
        terminal.send_line("perhaps")
        terminal.expect("Please answer yes or no")
        terminal.send_line(" no ")
        self.assertEqual(terminal.wait(), 0)
        client = self.resume(account)
        terminal = self.terminal("accounts", "delete", account.name)
        terminal.expect("Delete")
        terminal.send_line("yes")
        self.assertEqual(terminal.wait(), 0)
        client.expect_closing("session_ended")

    def test_yes_skips_the_confirmation(self):
        account = self.account()
        terminal = self.terminal("accounts", "delete", account.name, "--yes")
        self.assertEqual(terminal.wait(), 0)
        terminal.expect(rf"^{account.name} is deleted\.$")


class Backup(AdministratorCase):
    def grow(self):
        with sqlite3.connect(self.server.database, timeout=30) as shell:
            shell.execute("CREATE TABLE IF NOT EXISTS ballast (bytes)")
            shell.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000) "
                          "INSERT INTO ballast SELECT randomblob(4000) FROM n")
        shell.close()

    def test_a_backup_shows_a_progress_bar(self):
        self.grow()
        terminal = self.terminal("db", "backup", self.server.folder / "copy.db")
        self.assertEqual(terminal.wait(), 0)
        self.assertRegex(terminal.raw, rb"backup  \[#+\.+\]  +\d+ %  [\d.]+ MiB of [\d.]+ MiB")
        self.assertIn(b"100 %", terminal.raw)
        self.assertNotIn("%", terminal.text())
        terminal.expect(r"copy\.db is a copy of the database \([\d.]+ MiB\)\.$")

    def test_an_interrupted_backup_leaves_no_file(self):
        self.grow()
        before = set(self.server.folder.iterdir())
        terminal = self.terminal("db", "backup", self.server.folder / "cut off.db")
        terminal.expect("backup")
        terminal.send(CTRL_C)
        code = terminal.wait()
        after = set(self.server.folder.iterdir()) - before
        if code == -signal.SIGINT:
            self.assertEqual(after, set())
        else:  # the backup was complete
            self.assertEqual([file.name for file in after], ["cut off.db"])


if __name__ == "__main__":
    unittest.main()
