"""porterctl db, and databases that porterctl cannot use (docs/porterctl.md; SECURITY.md: S3, S5, S6, S13, P4, P8)."""
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


class BesidePorterd(AdministratorCase):
    """porterctl db beside a running porterd."""

    def new_path(self):
        return self.server.folder / f"copy {next(self._numbers)}.db"

    def test_the_status_has_version_counts_and_the_running_porterd(self):
        self.account()
        shown = self.json("db", "status")
        self.assertEqual(shown["file"], str(self.server.database))
        self.assertEqual(shown["version"], shown["newest_version"])
        self.assertEqual([row["version"] for row in shown["migrations"]], list(range(1, shown["version"] + 1)))
        self.assertGreater(shown["size"], 0)
        self.assertGreaterEqual(shown["accounts"], 1)
        self.assertEqual((shown["porterd_runs"], shown["opened_by"]),
                         (True, f"porterd (process {self.server.process.pid})"))

    def test_the_check_of_an_intact_database_is_ok(self):
        self.account("Алиса im Ü-Wagen")
        self.assertEqual(self.json("db", "check"), {"state": "ok", "faults": []})

    def test_a_backup_is_one_private_file(self):
        account, copy = self.account(), self.new_path()
        before = set(self.server.folder.iterdir())
        self.ctl("db", "backup", copy)
        self.assertEqual(set(self.server.folder.iterdir()) - before, {copy})
        self.assertEqual(stat.S_IMODE(copy.stat().st_mode), 0o600)
        self.assertNotIn(account.token.encode(), copy.read_bytes())
        self.assertNotIn(PASSWORD.encode(), copy.read_bytes())
        done = run(PORTERCTL, "accounts", "list", "--database", copy, home=self.server.folder)
        self.assertIn(account.name, done.out)

    def test_porterd_starts_from_a_backup(self):
        account, copy = self.account(), self.new_path()
        self.ctl("db", "backup", copy)
        other = Server(start=False)
        self.addCleanup(other.remove)
        other.data.mkdir(mode=0o700)
        shutil.copy(copy, other.database)
        other.start()
        self.resume(account, server=other).expect_alive()
        other.stop()

    def test_a_backup_replaces_no_file(self):
        file, symlink = self.new_path(), self.new_path()
        file.write_text("precious")
        symlink.symlink_to(self.server.folder / "elsewhere")
        for taken in (file, symlink, self.server.folder):
            self.ctl("db", "backup", taken, code=73)
        self.assertEqual(file.read_text(), "precious")
        self.ctl("db", "backup", self.server.folder / "no" / "folder.db", code=73)

    def test_migrating_a_current_database_changes_nothing(self):
        self.assertEqual(self.json("db", "migrate"), {"migrations": []})

    def test_while_another_program_locks_the_database_changes_fail(self):
        account = self.account()
        shell = sqlite3.connect(self.server.database, isolation_level=None)
        self.addCleanup(shell.close)
        shell.execute("BEGIN EXCLUSIVE")
        self.assertIn("try again", self.ctl("accounts", "disable", account.name, code=75).err)
        self.ctl("accounts", "show", account.name)
        shell.execute("ROLLBACK")
        self.ctl("accounts", "disable", account.name)

    def test_porterctl_does_not_checkpoint_the_write_ahead_log(self):
        """Only porterd checkpoints: with several processes SQLite before 3.51.3 can lose a page."""
        account = self.account()
        self.server.kill()
        try:
            log = self.server.database.with_name("porter.db-wal")
            database, before = self.server.database.read_bytes(), log.stat().st_size
            self.ctl("accounts", "disable", account.name)
            self.ctl("accounts", "list")
            self.ctl("db", "backup", self.new_path())
            self.assertEqual(self.server.database.read_bytes(), database)
            self.assertGreater(log.stat().st_size, before)
            self.assertEqual(self.json("db", "status")["porterd_runs"], False)
        finally:
            self.server.start()


class Restore(unittest.TestCase):
    """A backup replaces the database (SECURITY.md: S13)."""

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)
        self.backup = self.server.folder / "backup.db"
        self.live_token, self.ended_token = self.login("register"), self.login("login")
        self.ctl("db", "backup", self.backup)

    def ctl(self, *arguments, code=0, **more):
        done = run(PORTERCTL, *arguments, "--data-dir", self.server.data, home=self.server.folder, **more)
        self.assertEqual(done.returncode, code, done.err)
        return done

    def login(self, kind):
        client = self.server.connect()
        self.addCleanup(client.close)
        return client.get_access(kind, "Alice", PASSWORD).token

    def resume(self, token):
        client = self.server.connect()
        self.addCleanup(client.close)
        client.hello()
        return client.request("resume", token)

    def test_ended_sessions_stay_ended_and_the_old_database_is_kept(self):
        client = self.server.connect()
        client.get_access("resume", self.ended_token)
        client.request("logout", 0)
        client.close()
        self.ctl("accounts", "add", "Bob", "--password-file", self.password_file())
        self.server.stop()
        said = self.ctl("db", "restore", "--yes", self.backup).err
        self.assertIn("1 account, 1 session; 1 session ended (they had ended since the backup)", said)
        self.server.start()
        self.assertEqual(self.resume(self.ended_token).code, "invalid_token")
        self.assertEqual(self.resume(self.live_token).kind, "granted")
        self.assertNotIn("Bob", self.ctl("accounts", "list").out)
        (before,) = self.server.data.glob("porter.db.before-restore-*")
        self.assertIn("Bob", run(PORTERCTL, "accounts", "list", "--database", before, home=self.server.folder).out)

    def password_file(self):
        file = self.server.folder / "password"
        file.write_text(PASSWORD)
        file.chmod(0o600)
        return file

    def test_the_write_ahead_log_of_a_killed_porterd_is_removed(self):
        self.ctl("accounts", "add", "Bob", "--password-file", self.password_file())
        self.server.kill()
        self.ctl("db", "restore", "--yes", self.backup)
        self.assertFalse(self.server.database.with_name("porter.db-wal").exists())
        self.server.start()
        self.assertNotIn("Bob", self.ctl("accounts", "list").out)
        self.assertEqual(self.resume(self.ended_token).kind, "granted")

    def test_restore_beside_a_running_porterd_fails(self):
        said = self.ctl("db", "restore", "--yes", self.backup, code=75).err
        self.assertIn(f"porterd (process {self.server.process.pid}) has the database open: stop it first", said)

    def test_restore_without_a_terminal_needs_yes(self):
        self.server.stop()
        before = self.server.database.read_bytes()
        self.assertIn("--yes", self.ctl("db", "restore", self.backup, code=64).err)
        self.ctl("db", "restore", "--yes", self.server.log_file, code=65)
        self.assertEqual(self.server.database.read_bytes(), before)

    def test_a_folder_that_others_can_write_is_read_only(self):
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
        self.server.data.chmod(0o1777)  # in a sticky folder only the owner can replace a file
        self.assertEqual(self.ctl("accounts", "list").err, "")

    def test_an_invalid_backup_is_an_error_before_the_prompt(self):
        self.server.stop()
        before = self.server.database.read_bytes()
        same, missing = self.server.folder / "same.db", self.server.folder / "none"
        os.link(self.server.database, same)
        for file, code, said in ((missing, 66, f"there is no file {missing}"),
                                 (self.server.log_file, 65, "not an SQLite database"),
                                 (self.server.folder, 74, "it is not a file"),
                                 (same, 64, f"{same} and the database {self.server.database} are the same file"),
                                 (self.server.database, 64, "are the same file")):
            for options in ((), ("--yes",)):
                with self.subTest(file=file, options=options):
                    self.assertIn(said, self.ctl("db", "restore", *options, file, code=code).err)
        self.assertEqual(self.server.database.read_bytes(), before)


class Rejected(unittest.TestCase):
    """A file that is missing, not porterd's database, damaged or of another version is rejected, and not changed."""

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

    def assert_rejected(self, code, commands=COMMANDS, pattern="porter.db"):
        before = self.database.read_bytes() if self.database.exists() else None
        for command in commands:
            done = self.ctl(*command[:2], *(str(self.folder / word) if "." in word else word for word in command[2:]))
            self.assertEqual(done.returncode, code, f"{command}: {done.err}")
            self.assertRegex(done.err, rf"\Aporterctl: [^\n]*{pattern}[^\n]*\n\Z")
            after = self.database.read_bytes() if self.database.exists() else None
            self.assertEqual(after, before, "the file was changed")
        self.assertFalse((self.folder / "copy.db").exists())

    def script(self, *statements):
        with contextlib.closing(sqlite3.connect(self.database, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)

    def test_a_missing_database_is_not_created(self):
        self.assert_rejected(66)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_a_text_file(self):
        self.database.write_bytes(b"Dear diary, today I met a database.\n" * 200)
        self.assert_rejected(65)

    def test_a_database_of_another_program(self):
        self.script("PRAGMA application_id = 252006674", "CREATE TABLE accounts (id INTEGER PRIMARY KEY, name TEXT)")
        self.assert_rejected(65)

    def test_a_database_with_a_newer_schema(self):
        shutil.copy(self.good, self.database)
        self.script("PRAGMA user_version = 9999")
        self.assert_rejected(65, pattern="newer program")

    def test_a_truncated_database(self):
        whole = self.good.read_bytes()
        self.database.write_bytes(whole[:len(whole) // 2 // 4096 * 4096])
        self.assert_rejected(65, (("db", "check"), ("db", "migrate")))

    def test_a_database_with_the_write_ahead_log_of_another(self):
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
        self.assert_rejected(65, pattern="porter.db-wal belongs to another database: .* porterctl db restore")
        self.assertEqual(log_file.read_bytes(), log)

    def test_a_read_only_database(self):
        shutil.copy(self.good, self.database)
        self.database.chmod(0o444)
        self.assert_rejected(74)

    def test_the_check_lists_the_faults_of_a_database(self):
        shutil.copy(self.good, self.database)
        self.script("DROP TRIGGER session_ended", "UPDATE accounts SET password_hash = 'x'")
        done = self.ctl("db", "check")
        self.assertEqual(done.returncode, 65)
        self.assertEqual([line.split("\t")[0] for line in done.out.splitlines()], ["state", "faults", "faults"])
        self.assertIn("session_ended", done.out)
        self.assertRegex(done.err, r"\Aporterctl: [^\n]*2 faults\n\Z")

    def test_the_check_lists_accounts_with_an_invalid_or_too_expensive_hash(self):
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

    def test_control_characters_in_the_database_are_escaped(self):
        shutil.copy(self.good, self.database)
        self.script("UPDATE accounts SET name = 'a' || char(27) || '[2J' || char(9) || char(0x9b), folded_name = 'x'")
        shown = self.ctl("accounts", "list").stdout
        self.assertEqual(shown.count(b"\t"), 7)
        for arguments in (("accounts", "list"), ("accounts", "list", "--json"), ("db", "check")):
            shown = self.ctl(*arguments).stdout
            self.assertNotIn(b"\x1b", shown)
            self.assertNotIn("\x9b".encode(), shown)

    def test_an_intact_database_is_accepted(self):
        """The control: the tests above do not fail for another reason."""
        shutil.copy(self.good, self.database)
        for command in (("accounts", "list"), ("db", "status"), ("db", "check"), ("accounts", "disable", "Alice")):
            self.assertEqual(self.ctl(*command).returncode, 0, command)


class OlderSchema(unittest.TestCase):
    """A database with an older schema (SECURITY.md: S6)."""

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

    def test_only_status_and_backup_accept_an_older_schema(self):
        for command in (("accounts", "list"), ("accounts", "disable", "Alice"), ("why", "Alice"), ("db", "check")):
            self.assertIn("porterctl db migrate", self.ctl(*command, code=65).err)
        self.assertIn("\nversion\t1\n", self.ctl("db", "status").out)
        self.ctl("db", "backup", self.folder / "copy.db")

    def test_migrate_keeps_a_copy(self):
        applied = json.loads(self.ctl("db", "migrate", "--json").out)["migrations"]
        self.assertEqual([row["version"] for row in applied], list(range(2, len(list(MIGRATIONS.glob("*.sql"))) + 1)))
        (copy,) = self.folder.glob("porter.db.before-v*")
        self.assertEqual(stat.S_IMODE(copy.stat().st_mode), 0o600)
        with contextlib.closing(sqlite3.connect(copy)) as connection:
            self.assertEqual(connection.execute("PRAGMA user_version").fetchone(), (1,))
        self.assertIn("Alice", self.ctl("accounts", "list").out)

    def test_migrate_fails_while_porterd_has_the_database_open(self):
        program = self.folder / "porterd"
        program.symlink_to(sys.executable)
        script = ("import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
                  "c.execute('SELECT * FROM accounts').fetchall(); "
                  "print('open', flush=True); sys.stdin.read()")
        with subprocess.Popen([program, "-c", script, self.database], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as process:
            self.assertEqual(process.stdout.readline(), b"open\n")
            self.assertIn("stop it first", self.ctl("db", "migrate", code=75).err)
            process.communicate()
        self.ctl("db", "migrate")


class CommandLine(unittest.TestCase):
    def ctl(self, *arguments, **more):
        return run(PORTERCTL, *arguments, **more)

    def test_a_usage_error_is_one_line_with_a_hint(self):
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
        overview = self.ctl("--help").out
        for noun in ("accounts", "sessions", "addresses", "db"):
            shown = self.ctl(noun, "-h")
            self.assertEqual(shown.returncode, 0)
            self.assertIn("examples:\n  porterctl " + noun, shown.out)
            verbs = [line.split()[1] for line in shown.out.splitlines() if line.startswith(f"  {noun} ")]
            self.assertGreaterEqual(len(verbs), 3)
            for verb in verbs:
                self.assertIn(f"  {noun} {verb}", overview)
                self.assertIn(f"examples:\n  porterctl {noun} {verb}", self.ctl(noun, verb, "--help").out)
        self.assertIn("examples:\n  porterctl why", self.ctl("why", "-h").out)
        self.assertLessEqual(max(map(len, overview.splitlines())), 100)

    def test_the_version_is_that_of_porterd(self):
        self.assertEqual(self.ctl("--version").out.split(), ["porterctl", run(PORTERD, "--version").out.split()[1]])

    def test_the_default_database_is_that_of_porterd(self):
        for env, database in (({"STATE_DIRECTORY": "/nowhere/a:/b"}, "/nowhere/a/porter.db"),
                           ({"XDG_STATE_HOME": "/nowhere/x"}, "/nowhere/x/porter/porter.db"),
                           ({"PORTERD_DATA_DIR": "/nowhere/d"}, "/nowhere/d/porter.db"),
                           ({"PORTERD_DATABASE": "/nowhere/f.db"}, "/nowhere/f.db")):
            done = self.ctl("accounts", "list", env=env)
            self.assertEqual(done.returncode, 66)
            self.assertIn(f" {database}:", done.err)

    def test_output_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PORTERCTL, "--help"], stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 74)


if __name__ == "__main__":
    unittest.main()
