"""porterctl audit beside a running porterd (docs/porterctl.md; SECURITY.md: P14)."""
import contextlib
import shutil
import sqlite3
import unittest

from support.administrator import AdministratorCase
from support.server import PORTERCTL, run
from support.waiting import until


class Audit(AdministratorCase):
    def shell(self, statement):
        with contextlib.closing(sqlite3.connect(self.server.database, timeout=30, isolation_level=None)) as shell:
            shell.executescript(statement)

    def of(self, name):
        """(actor, action) of the rows about an account."""
        return [(row["actor"], row["action"]) for row in self.json("audit", "list", "--account", name)]

    def test_a_row_says_who_made_the_change_and_has_no_secret(self):
        self.ctl("accounts", "add", "Mallory", "--password-file", self.password_file("four quiet lanterns"))
        self.shell("UPDATE accounts SET password_hash = 'typed by hand' WHERE name = 'Mallory'")
        self.ctl("accounts", "delete", "Mallory", "--yes")
        rows = self.of("Mallory")
        self.assertEqual([action for _, action in rows], ["account_added", "password_changed", "account_deleted"])
        self.assertRegex(rows[0][0], r"\Aporterctl \S+")
        self.assertEqual(rows[1][0], "shell")
        listed = self.ctl("audit", "list", "--account", "Mallory").out
        self.assertNotIn("argon2", listed)
        self.assertNotIn("typed by hand", listed)
        self.assertRegex(listed, r"(?m)^\d+\t\d{4}-\d\d-\d\dT[\d:]{8}Z\tporterctl [^\t]+\taccount_added\tMallory\t")

    def test_a_registration_is_of_the_user_and_a_resume_is_no_change(self):
        account = self.account()
        self.resume(account)
        self.assertEqual(self.of(account.name), [("user", "account_added")])

    def test_since_is_a_time_or_how_long_ago(self):
        self.ctl("accounts", "add", "Trent", "--password-file", self.password_file("four quiet lanterns"))
        self.assertNotEqual(self.rows("audit", "list", "--since", "1h"), [])
        self.assertNotEqual(self.rows("audit", "list", "--since", "2020-02-29T23:59:59Z"), [])
        self.assertEqual(self.rows("audit", "list", "--since", "2199-01-01"), [])
        for wrong in ("yesterday", "2026-02-30", "2026-01-01T25:00"):
            self.assertIn("--since: ", self.ctl("audit", "list", "--since", wrong, code=64).err)

    def test_a_changed_row_is_named_in_a_copy_and_the_original_is_whole(self):
        self.ctl("accounts", "add", "Peggy", "--password-file", self.password_file("four quiet lanterns"))
        self.shell("UPDATE accounts SET disabled_at = 1 WHERE name = 'Peggy'")
        until(lambda: self.json("audit", "verify")["unsealed"] == 0, "porterd seals what was typed")
        self.assertEqual(self.json("audit", "verify")["state"], "ok")

        folder = self.server.folder / "copy"
        folder.mkdir(mode=0o700)
        self.ctl("db", "backup", folder / "porter.db")
        shutil.copy(self.server.data / "audit.key", folder)
        with contextlib.closing(sqlite3.connect(folder / "porter.db", isolation_level=None)) as copy:
            changed = copy.execute("SELECT max(id) FROM audit WHERE account = 'Peggy'").fetchone()[0]
            copy.execute("DROP TRIGGER audit_is_not_changed")
            copy.execute("UPDATE audit SET actor = 'porterd' WHERE id = ?", (changed,))
        done = run(PORTERCTL, "audit", "verify", "--data-dir", folder)
        self.assertEqual(done.returncode, 65)
        self.assertIn(f"row {changed} was changed", done.err)
        self.assertIn(f"faults\trow {changed} was changed\n", done.out)

        (folder / "audit.key").unlink()
        done = run(PORTERCTL, "audit", "verify", "--data-dir", folder)
        self.assertEqual(done.returncode, 66)
        self.assertIn("audit.key", done.err)


if __name__ == "__main__":
    unittest.main()
