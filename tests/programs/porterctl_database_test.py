"""porterctl db, and what it says of a database that it cannot use (commands page; promises S3, S5 and S6; P4 and P8)."""
import contextlib
import json
import os
import pathlib
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import unittest

from support.administrator import AdministratorCase
from support.case import PASSWORD
from support.server import PORTERCTL, PORTERD, Server, run

MIGRATIONS = pathlib.Path(__file__).resolve().parents[2] / "migrations"
COMMANDS = (("accounts", "list"), ("accounts", "disable", "Alice"), ("sessions", "prune"), ("addresses", "list"),
            ("why", "Alice"), ("db", "status"), ("db", "check"), ("db", "migrate"), ("db", "backup", "copy.db"))


class Beside(AdministratorCase):
    """With porterd running."""

    def copy(self):
        return self.server.folder / f"copy {next(self._numbers)}.db"

    def test_the_status_says_what_is_there_and_who_has_it_open(self):
        self.account()
        shown = self.json("db", "status")
        self.assertEqual(shown["file"], str(self.server.database))
        self.assertEqual(shown["version"], shown["newest_version"])
        self.assertEqual([one["version"] for one in shown["migrations"]], list(range(1, shown["version"] + 1)))
        self.assertGreater(shown["size"], 0)
        self.assertGreaterEqual(shown["accounts"], 1)
        self.assertEqual((shown["porterd_runs"], shown["opened_by"]), (True, f"porterd (process {self.server.process.pid})"))

    def test_a_sound_database_is_said_to_be(self):
        self.account("Алиса im Ü-Wagen")
        self.assertEqual(self.json("db", "check"), {"state": "ok", "faults": []})

    def test_a_backup_is_a_whole_private_database_and_nothing_else(self):
        account, copy = self.account(), self.copy()
        before = set(self.server.folder.iterdir())
        self.ctl("db", "backup", copy)
        self.assertEqual(set(self.server.folder.iterdir()) - before, {copy})
        self.assertEqual(stat.S_IMODE(copy.stat().st_mode), 0o600)
        self.assertNotIn(account.token.encode(), copy.read_bytes())
        self.assertNotIn(PASSWORD.encode(), copy.read_bytes())
        done = run(PORTERCTL, "accounts", "list", "--database", copy, home=self.server.folder)
        self.assertIn(account.name, done.out)

    def test_porterd_goes_on_from_a_backup(self):
        account, copy = self.account(), self.copy()
        self.ctl("db", "backup", copy)
        other = Server(start=False)
        self.addCleanup(other.remove)
        other.data.mkdir(mode=0o700)
        shutil.copy(copy, other.database)
        other.start()
        self.resume(account, server=other).expect_alive()
        other.stop()

    def test_a_backup_replaces_nothing(self):
        file, link = self.copy(), self.copy()
        file.write_text("precious")
        link.symlink_to(self.server.folder / "elsewhere")
        for taken in (file, link, self.server.folder):
            self.ctl("db", "backup", taken, code=73)
        self.assertEqual(file.read_text(), "precious")
        self.ctl("db", "backup", self.server.folder / "no" / "folder.db", code=73)

    def test_migrating_what_is_new_already_changes_nothing(self):
        self.assertEqual(self.json("db", "migrate"), {"migrations": []})

    def test_while_another_program_holds_the_database_changes_are_put_off(self):
        account = self.account()
        shell = sqlite3.connect(self.server.database, isolation_level=None)
        self.addCleanup(shell.close)
        shell.execute("BEGIN EXCLUSIVE")
        self.assertIn("try again", self.ctl("accounts", "disable", account.name, code=75).err)
        self.ctl("accounts", "show", account.name)
        shell.execute("ROLLBACK")
        self.ctl("accounts", "disable", account.name)

    def test_it_leaves_the_write_ahead_log_to_porterd(self):
        """architecture: only porterd checkpoints; SQLite before 3.51.3 can lose a page otherwise."""
        account = self.account()
        self.server.kill()
        try:
            log = self.server.database.with_name("porter.db-wal")
            database, before = self.server.database.read_bytes(), log.stat().st_size
            self.ctl("accounts", "disable", account.name)
            self.ctl("accounts", "list")
            self.ctl("db", "backup", self.copy())
            self.assertEqual(self.server.database.read_bytes(), database)
            self.assertGreater(log.stat().st_size, before)
            self.assertEqual(self.json("db", "status")["porterd_runs"], False)
        finally:
            self.server.start()


class Restored(unittest.TestCase):
    """Promise S13: a backup takes the place of the database."""

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)
        self.backup = self.server.folder / "backup.db"
        self.kept, self.ended = self.login("register"), self.login("login")
        self.ctl("db", "backup", self.backup)

    def ctl(self, *arguments, code=0, **how):
        done = run(PORTERCTL, *arguments, "--data-dir", self.server.data, home=self.server.folder, **how)
        self.assertEqual(done.returncode, code, done.err)
        return done

    def login(self, how):
        client = self.server.connect()
        self.addCleanup(client.close)
        return client.get_access(how, "Alice", PASSWORD).token

    def denied(self, token):
        client = self.server.connect()
        self.addCleanup(client.close)
        client.hello()
        return client.request("resume", token)

    def test_sessions_that_ended_since_stay_ended_and_what_was_there_is_kept(self):
        client = self.server.connect()
        client.get_access("resume", self.ended)
        client.request("logout", 0)
        client.close()
        self.ctl("accounts", "add", "Bob", "--password-file", self.password_file())
        self.server.stop()
        said = self.ctl("db", "restore", "--yes", self.backup).err
        self.assertIn("1 account, 1 session; 1 session ended (they had ended since the backup)", said)
        self.server.start()
        self.assertEqual(self.denied(self.ended).code, "invalid_token")
        self.assertEqual(self.denied(self.kept).kind, "granted")
        self.assertNotIn("Bob", self.ctl("accounts", "list").out)
        (before,) = self.server.data.glob("porter.db.before-restore-*")
        self.assertIn("Bob", run(PORTERCTL, "accounts", "list", "--database", before, home=self.server.folder).out)

    def password_file(self):
        file = self.server.folder / "password"
        file.write_text(PASSWORD)
        file.chmod(0o600)
        return file

    def test_a_killed_porterd_leaves_a_log_that_does_no_harm(self):
        self.ctl("accounts", "add", "Bob", "--password-file", self.password_file())
        self.server.kill()
        self.ctl("db", "restore", "--yes", self.backup)
        self.assertFalse(self.server.database.with_name("porter.db-wal").exists())
        self.server.start()
        self.assertNotIn("Bob", self.ctl("accounts", "list").out)
        self.assertEqual(self.denied(self.ended).kind, "granted")

    def test_beside_a_running_porterd_it_is_put_off(self):
        said = self.ctl("db", "restore", "--yes", self.backup, code=75).err
        self.assertIn(f"porterd (process {self.server.process.pid}) has the database open: stop it first", said)

    def test_without_a_terminal_it_needs_yes(self):
        self.server.stop()
        before = self.server.database.read_bytes()
        self.assertIn("--yes", self.ctl("db", "restore", self.backup, code=64).err)
        self.ctl("db", "restore", "--yes", self.server.log_file, code=65)
        self.assertEqual(self.server.database.read_bytes(), before)

    def test_a_folder_that_others_may_write_to_is_for_reading_only(self):
        self.server.stop()
        self.server.data.chmod(0o777)
        said = f"the directory {self.server.data} is not safe to keep data in: others may write to it: chmod go-w"
        porterd = run(PORTERD, "--port", 0, "--data-dir", self.server.data, home=self.server.folder)
        self.assertEqual((porterd.returncode, porterd.err), (78, f"porterd: {said}\n"))
        before = self.server.database.read_bytes()
        for command in (("accounts", "disable", "Alice"), ("sessions", "prune"), ("db", "migrate"),
                        ("db", "restore", "--yes", self.backup)):
            self.assertEqual(self.ctl(*command, code=78).err, f"porterctl: {said}\n")
        self.assertEqual(self.server.database.read_bytes(), before)
        for command in (("accounts", "list"), ("why", "Alice"), ("db", "status"), ("db", "check")):
            self.assertIn(f"warning: {said}\n", self.ctl(*command).err)
        self.server.data.chmod(0o1777)  # nobody can take a file away from its owner
        self.assertEqual(self.ctl("accounts", "list").err, "")

    def test_a_backup_that_is_none_is_told_before_the_question(self):
        self.server.stop()
        before = self.server.database.read_bytes()
        same, none = self.server.folder / "same.db", self.server.folder / "none"
        os.link(self.server.database, same)
        for file, code, said in ((none, 66, f"there is no file {none}"), (self.server.log_file, 65, "not an SQLite database"),
                                 (self.server.folder, 74, "it is not a file"),
                                 (same, 64, f"{same} and the database {self.server.database} are the same file"),
                                 (self.server.database, 64, "are the same file")):
            for asked in ((), ("--yes",)):
                with self.subTest(file=file, asked=asked):
                    self.assertIn(said, self.ctl("db", "restore", *asked, file, code=code).err)
        self.assertEqual(self.server.database.read_bytes(), before)


class Refused(unittest.TestCase):
    """A database that is missing, not ours, not whole or of another version is said to be, and not a byte of it changed."""

    @classmethod
    def setUpClass(cls):
        good = Server()
        cls.addClassCleanup(good.remove)
        client = good.connect()
        client.get_access("register", "Alice", PASSWORD)
        client.close()
        good.stop()
        cls.good = good.database

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.database = self.folder / "porter.db"

    def ctl(self, *arguments, **more):
        return run(PORTERCTL, *arguments, "--database", self.database, home=self.folder, **more)

    def assert_refused(self, code, commands=COMMANDS, pattern="porter.db"):
        before = self.database.read_bytes() if self.database.exists() else None
        for command in commands:
            done = self.ctl(*command[:2], *(str(self.folder / one) if "." in one else one for one in command[2:]))
            self.assertEqual(done.returncode, code, f"{command}: {done.err}")
            self.assertRegex(done.err, rf"\Aporterctl: [^\n]*{pattern}[^\n]*\n\Z")
            after = self.database.read_bytes() if self.database.exists() else None
            self.assertEqual(after, before, "the file was changed")
        self.assertFalse((self.folder / "copy.db").exists())

    def script(self, *statements):
        with contextlib.closing(sqlite3.connect(self.database, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)

    def test_a_missing_one_is_not_made(self):
        self.assert_refused(66)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_no_database_at_all(self):
        self.database.write_bytes(b"Dear diary, today I met a database.\n" * 200)
        self.assert_refused(65)

    def test_one_of_another_program(self):
        self.script("PRAGMA application_id = 252006674", "CREATE TABLE accounts (id INTEGER PRIMARY KEY, name TEXT)")
        self.assert_refused(65)

    def test_one_newer_than_this_program(self):
        shutil.copy(self.good, self.database)
        self.script("PRAGMA user_version = 9999")
        self.assert_refused(65, pattern="newer program")

    def test_one_that_is_cut_off(self):
        whole = self.good.read_bytes()
        self.database.write_bytes(whole[:len(whole) // 2 // 4096 * 4096])
        self.assert_refused(65, (("db", "check"), ("db", "migrate")))

    def test_one_that_was_copied_over_a_database_whose_log_is_still_there(self):
        log_file = self.database.with_name("porter.db-wal")
        shutil.copy(self.good, self.database)
        with contextlib.closing(sqlite3.connect(self.database, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("UPDATE accounts SET failed_since = 1")
            log = log_file.read_bytes()
        self.database.unlink()
        with contextlib.closing(sqlite3.connect(self.good)) as whole:
            whole.execute("VACUUM INTO ?", (str(self.database),))
        self.database.chmod(0o600)
        log_file.write_bytes(log)
        self.assert_refused(65, pattern="porter.db-wal belongs to another database: .* porterctl db restore")
        self.assertEqual(log_file.read_bytes(), log)

    def test_a_read_only_one(self):
        shutil.copy(self.good, self.database)
        self.database.chmod(0o444)
        self.assert_refused(74)

    def test_a_damaged_one_is_found_out_and_its_faults_are_listed(self):
        shutil.copy(self.good, self.database)
        self.script("DROP TRIGGER session_ended", "UPDATE accounts SET password_hash = 'x'")
        done = self.ctl("db", "check")
        self.assertEqual(done.returncode, 65)
        self.assertEqual([line.split("\t")[0] for line in done.out.splitlines()], ["state", "faults", "faults"])
        self.assertIn("session_ended", done.out)
        self.assertRegex(done.err, r"\Aporterctl: [^\n]*2 faults\n\Z")

    def test_accounts_whose_hash_cannot_be_read_or_costs_too_much_are_named(self):
        shutil.copy(self.good, self.database)
        self.script("UPDATE accounts SET password_hash = replace(password_hash, 't=2', 't=4000000')")
        done = self.ctl("db", "check")
        self.assertEqual(done.returncode, 65)
        self.assertIn("account 1 (Alice) has a hash whose cost is out of bounds (19456 KiB, 4000000 passes)", done.out)
        self.assertEqual(self.ctl("why", "Alice", "--json").out.count("password_unreadable"), 1)
        self.script("UPDATE accounts SET password_hash = substr(password_hash, 1, 40) || char(0xe9) "
                    "|| substr(password_hash, 42)")
        done = self.ctl("db", "check")
        self.assertEqual(done.returncode, 65)
        self.assertIn("account 1 (Alice) has a hash that cannot be read", done.out)
        self.assertNotIn("argon2", done.out)

    def test_text_that_somebody_put_into_it_by_hand_does_not_reach_the_terminal(self):
        shutil.copy(self.good, self.database)
        self.script("UPDATE accounts SET name = 'a' || char(27) || '[2J' || char(9) || char(0x9b), folded_name = 'x'")
        shown = self.ctl("accounts", "list").stdout
        self.assertEqual(shown.count(b"\t"), 6)
        for arguments in (("accounts", "list"), ("accounts", "list", "--json"), ("db", "check")):
            shown = self.ctl(*arguments).stdout
            self.assertNotIn(b"\x1b", shown)
            self.assertNotIn("\x9b".encode(), shown)

    def test_the_good_one_is_taken(self):
        """So the refusals above are not those of any database that is put there."""
        shutil.copy(self.good, self.database)
        for command in (("accounts", "list"), ("db", "status"), ("db", "check"), ("accounts", "disable", "Alice")):
            self.assertEqual(self.ctl(*command).returncode, 0, command)


class Older(unittest.TestCase):
    """A database of the version before (promise S6)."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.database = self.folder / "porter.db"
        first = next(MIGRATIONS.glob("0001_*.sql"))
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            connection.executescript(first.read_text())
            connection.execute("INSERT INTO schema_migrations VALUES (1, ?, unixepoch())", (first.stem[5:],))
            connection.execute("INSERT INTO accounts (name, folded_name, password_hash) VALUES ('Alice', 'alice', 'x')")
            connection.commit()
            connection.execute("PRAGMA user_version = 1")
            connection.execute("PRAGMA journal_mode = WAL")

    def ctl(self, *arguments, code=0):
        done = run(PORTERCTL, *arguments, "--database", self.database, home=self.folder)
        self.assertEqual(done.returncode, code, done.err)
        return done

    def test_it_is_refused_with_what_to_do_but_its_status_is_shown_and_it_is_backed_up(self):
        for command in (("accounts", "list"), ("accounts", "disable", "Alice"), ("why", "Alice"), ("db", "check")):
            self.assertIn("porterctl db migrate", self.ctl(*command, code=65).err)
        self.assertIn("\nversion\t1\n", self.ctl("db", "status").out)
        self.ctl("db", "backup", self.folder / "copy.db")

    def test_it_is_migrated_after_a_copy(self):
        applied = json.loads(self.ctl("db", "migrate", "--json").out)["migrations"]
        self.assertEqual([one["version"] for one in applied], list(range(2, len(list(MIGRATIONS.iterdir())) + 1)))
        (copy,) = self.folder.glob("porter.db.before-v*")
        self.assertEqual(stat.S_IMODE(copy.stat().st_mode), 0o600)
        with contextlib.closing(sqlite3.connect(copy)) as connection:
            self.assertEqual(connection.execute("PRAGMA user_version").fetchone(), (1,))
        self.assertIn("Alice", self.ctl("accounts", "list").out)

    def test_it_is_left_to_the_porterd_that_has_it_open(self):
        stale = self.folder / "porterd"
        stale.symlink_to(sys.executable)
        script = ("import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM accounts').fetchall(); "
                  "print('open', flush=True); sys.stdin.read()")
        with subprocess.Popen([stale, "-c", script, self.database], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            self.assertEqual(process.stdout.readline(), b"open\n")
            self.assertIn("stop it first", self.ctl("db", "migrate", code=75).err)
            process.communicate()
        self.ctl("db", "migrate")


class Using(unittest.TestCase):
    """What is wrong with the command line itself."""

    def ctl(self, *arguments, **more):
        return run(PORTERCTL, *arguments, **more)

    def test_wrong_use_is_one_line_that_says_what_would_be_right(self):
        for arguments, hint in (((), "accounts"), (("acounts", "list"), "did you mean accounts"),
                                (("accounts", "lst"), "did you mean list"), (("accounts",), "set-password"),
                                (("accounts", "show"), "NAME"), (("accounts", "list", "x"), "no arguments"),
                                (("accounts", "list", "--jsn"), "did you mean --json"),
                                (("accounts", "list", "--yes"), "no --yes"), (("db", "backup", "a", "b"), "FILE"),
                                (("accounts", "list", "--database"), "database"), (("x\x1b[2J",), r"\x1b")):
            done = self.ctl(*arguments)
            self.assertEqual(done.returncode, 64, arguments)
            self.assertRegex(done.err, r"\Aporterctl: [^\n]+\n\Z")
            self.assertIn(hint, done.err)
            self.assertEqual(done.out, "")

    def test_each_level_has_help_with_examples(self):
        whole = self.ctl("--help").out
        for noun in ("accounts", "sessions", "addresses", "db"):
            shown = self.ctl(noun, "-h")
            self.assertEqual(shown.returncode, 0)
            self.assertIn("examples:\n  porterctl " + noun, shown.out)
            verbs = [line.split()[1] for line in shown.out.splitlines() if line.startswith(f"  {noun} ")]
            self.assertGreaterEqual(len(verbs), 3)
            for verb in verbs:
                self.assertIn(f"  {noun} {verb}", whole)
                self.assertIn(f"examples:\n  porterctl {noun} {verb}", self.ctl(noun, verb, "--help").out)
        self.assertIn("examples:\n  porterctl why", self.ctl("why", "-h").out)
        self.assertLessEqual(max(map(len, whole.splitlines())), 100)

    def test_the_version_is_that_of_porterd(self):
        self.assertEqual(self.ctl("--version").out.split(), ["porterctl", run(PORTERD, "--version").out.split()[1]])

    def test_the_default_place_is_porterds(self):
        for env, place in (({"STATE_DIRECTORY": "/nowhere/a:/b"}, "/nowhere/a/porter.db"),
                           ({"XDG_STATE_HOME": "/nowhere/x"}, "/nowhere/x/porter/porter.db"),
                           ({"PORTERD_DATA_DIR": "/nowhere/d"}, "/nowhere/d/porter.db"),
                           ({"PORTERD_DATABASE": "/nowhere/f.db"}, "/nowhere/f.db")):
            done = self.ctl("accounts", "list", env=env)
            self.assertEqual(done.returncode, 66)
            self.assertIn(f" {place}:", done.err)

    def test_output_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PORTERCTL, "--help"], stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 74)


if __name__ == "__main__":
    unittest.main()
