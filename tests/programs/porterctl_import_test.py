"""porterctl accounts import and export (docs/accounts-import.md; SECURITY.md: P9)."""
import json
import sqlite3
import unittest

from support.administrator import AdministratorCase
from support.case import PASSWORD
from support.importing import HASHES, IMPORTED_PASSWORD, ImportedAccounts, lines
from support.server import Server

GOOD = HASHES["bcrypt"].encode()


class ImportCase(AdministratorCase):
    def import_text(self, text, *options):
        return self.json("accounts", "import", "-", *options, stdin=text)

    def hash_of(self, name):
        shell = sqlite3.connect(self.server.database, timeout=30)
        try:
            return shell.execute("SELECT password_hash FROM accounts WHERE name = ?", (name,)).fetchone()[0]
        finally:
            shell.close()

    def names(self):
        return [row["name"] for row in self.json("accounts", "list")]

    def file(self, text):
        file = self.server.folder / f"accounts {next(self._numbers)}"
        file.write_bytes(text)
        return file


class Sqlite(ImportCase, ImportedAccounts):
    """Into the file of a running porterd."""

    def test_why_and_check_know_the_hash(self):
        names = [self.fresh_name() for _ in HASHES]
        self.import_text(lines(zip(names, HASHES.values())))
        for name in names:
            self.assertEqual(self.json("why", name)["rule"], "allowed")
        self.assertEqual(self.json("db", "check"), {"state": "ok", "faults": []})


class Files(ImportCase):
    """What is accepted, and what is refused."""

    def refusals(self, text, *options):
        """The reasons -> the lines, of a file that is refused; nothing was imported."""
        before = self.names()
        done = self.ctl("--json", "accounts", "import", self.file(text), *options, code=65)
        self.assertIn("nothing would be imported" if options else "nothing was imported", done.err)
        self.assertEqual(self.names(), before)
        report = json.loads(done.out)
        self.assertEqual(report["imported"], 0)
        self.assertEqual(report["refused"], sum(len(each["lines"]) for each in report["refusals"]))
        return {each["reason"]: each["lines"] for each in report["refusals"]}

    def test_each_bad_line_is_named_with_its_reason(self):
        text = b"\n".join([
            b"Good\t" + GOOD, b"no tab", b"", b"Bad\t", b"Bad\t$2b$10$short", b"Bad\t{PLAIN}secret", b"Bad\tsecret",
            b"two  spaces\t" + GOOD, b"\t" + GOOD, b"Bad\t" + GOOD + b"\tperhaps", b"a\tb\tc\td", b"GOOD\t" + GOOD,
            b"N\0UL\t" + GOOD, b"\xff\t" + GOOD, b"Long\t" + b"x" * 5000, b"x" * 65 + b"\t" + GOOD,
            b"Old\t$1$d5ncfQag$TFEUssl2eFcRdY4xWfT/f1", b"Costly\t" + GOOD.replace(b"$10$", b"$31$"),
            b"tab\there\t" + GOOD, b"Bad\t$2b$10$short"])
        expected = {
            "there is no tab between name and hash": [2],
            "the hash is missing": [4],
            "the hash is damaged": [5, 20],
            "the password itself is there, and not a hash of it": [6],
            "the hash is of a kind that cannot be imported": [7, 19],
            "a name may not contain two spaces in a row": [8],
            "a name has at least one character": [9],
            "the third field is neither enabled nor disabled": [10],
            "there are more than three fields": [11],
            "the name is on an earlier line, too": [12],
            "the line has a NUL": [13],
            "the line is not UTF-8": [14],
            "the line is longer than 4096 bytes": [15],
            "a name has at most 64 characters": [16],
            "the hash is of MD5 or DES, which is not imported": [17],
            "the hash costs more memory or time than porterd computes for an imported one": [18]}
        self.assertEqual(self.refusals(text), expected)
        self.assertEqual(self.refusals(text, "--dry-run"), expected)

    def test_without_json_a_line_for_each_reason(self):
        text = b"".join(b"no tab\n" for _ in range(30)) + b"Bad\tsecret\n"
        done = self.ctl("accounts", "import", self.file(text), code=65)
        first = ", ".join(str(number) for number in range(1, 21))
        self.assertEqual(done.out.splitlines(), [
            "imported\t0", "new\t0", "already_there\t0", "refused\t31",
            "refusals\tline 31: the hash is of a kind that cannot be imported",
            f"refusals\tlines {first} and 10 more: there is no tab between name and hash"])
        self.assertNotIn("secret", done.out + done.err)

    def test_crlf_a_byte_order_mark_and_a_last_line_without_end_are_accepted(self):
        first, last = self.fresh_name(), self.fresh_name()
        text = "\ufeff".encode() + first.encode() + b"\t" + GOOD + b"\r\n\r\n" + last.encode() + b"\t" + GOOD
        self.ctl("accounts", "import", self.file(text))
        for name in (first, last):
            self.connect().get_access("login", name, IMPORTED_PASSWORD)

    def test_an_empty_file_imports_nothing(self):
        self.assertEqual(self.import_text(b""), {"imported": 0, "new": 0, "already_there": 0, "refused": 0,
                                                 "refusals": []})

    def test_a_missing_file_is_66_and_a_folder_74(self):
        self.assertIn("No such file", self.ctl("accounts", "import", "/nowhere", code=66).err)
        self.assertIn("cannot read", self.ctl("accounts", "import", self.server.folder, code=74).err)

    def test_names_are_normalised_and_compared_as_at_registration(self):
        self.import_text("Zoe\u0308 Ä\t".encode() + GOOD)
        self.assertIn("Zo\u00eb Ä", self.names())
        self.assertEqual(list(self.refusals("Straße\t".encode() + GOOD + "\nSTRASSE\t".encode() + GOOD)),
                         ["the name is on an earlier line, too"])

    def test_thousands_of_accounts_are_one_import(self):
        text = lines((f"many {number}", HASHES["bcrypt"]) for number in range(5000))
        self.assertEqual(self.import_text(text)["imported"], 5000)
        self.assertEqual(self.import_text(text)["already_there"], 5000)
        self.connect().get_access("login", "many 4999", IMPORTED_PASSWORD)

    def test_weak_hashes_are_wrapped_with_the_given_cost(self):
        name = self.fresh_name()
        self.import_text(lines([(name, HASHES["ssha"])]), "--hash-memory", "20MiB", "--hash-ops", "3")
        self.assertIn("$m=20480,t=3,p=1$", self.hash_of(name))
        self.connect().get_access("login", name, IMPORTED_PASSWORD)


class Export(ImportCase):
    def test_an_export_can_be_imported_elsewhere(self):
        self.account("Алиса \\ Liddell", PASSWORD)
        self.import_text(lines([("ann", HASHES["bcrypt"]), ("ben", HASHES["ssha"]),
                                ("cid", HASHES["yescrypt"], "disabled")]))
        exported = self.ctl("accounts", "export", "--with-password-hashes").out
        self.assertEqual(self.import_text(exported.encode())["already_there"], 4)
        other = Server()
        self.addCleanup(other.remove)
        self.addCleanup(other.stop)
        done = self.ctl("accounts", "export", "--with-password-hashes", "--json")
        self.assertEqual([(row["name"], row["state"]) for row in json.loads(done.out)],
                         [("ann", "enabled"), ("ben", "enabled"), ("cid", "disabled"), ("Алиса \\ Liddell", "enabled")])
        here, self.__class__.server = self.server, other
        try:
            self.assertEqual(self.import_text(exported.encode())["imported"], 4)
            self.assertEqual(self.ctl("accounts", "export", "--with-password-hashes").out, exported)
            self.connect().get_access("login", "алиса \\ liddell", PASSWORD)
            self.connect().get_access("login", "ben", IMPORTED_PASSWORD)
            self.assertEqual(self.denial_code("login", "cid", IMPORTED_PASSWORD), "bad_credentials")
        finally:
            self.__class__.server = here

    def test_hashes_are_exported_only_when_they_are_asked_for(self):
        self.import_text(lines([("dan", HASHES["bcrypt"])]))
        for form in ((), ("--json",)):
            self.assertNotIn("$", self.ctl("accounts", "export", *form).out)
        self.assertIn(["dan", "enabled"], self.rows("accounts", "export"))


if __name__ == "__main__":
    unittest.main()
