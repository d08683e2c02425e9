"""The database beside a running porterd: edited by hand, locked, damaged, lost (SECURITY.md: P6, S3, S4, S5, S13)."""
import contextlib
import json
import pathlib
import resource
import shutil
import sqlite3
import tempfile
import unittest

from support.case import PASSWORD, ServerCase
from support.server import PORTERCTL, PORTERD, Server, run
from support.waiting import until

VIEWS = ("account_list", "session_list", "address_list", "login_failures")


class DatabaseCase(ServerCase):
    def shell(self):
        """A connection as that of the sqlite3 shell, with foreign keys off."""
        connection = sqlite3.connect(self.server.database, timeout=30, isolation_level=None)
        self.addCleanup(connection.close)
        connection.execute("PRAGMA foreign_keys = OFF")
        return connection


class ReadByHand(DatabaseCase):
    def test_the_views_show_accounts_and_no_secret(self):
        account = self.account("Алиса Liddell")
        client = self.start_access_phase()
        client.request("login", account.name, "not the password")
        shell = self.shell()
        shown = {view: shell.execute(f"SELECT * FROM {view}").fetchall() for view in VIEWS}
        self.assertIn(account.name, [value for row in shown["account_list"] for value in row])
        self.assertIn(account.address, [value for row in shown["address_list"] for value in row])
        self.assertIn(account.name, [value for row in shown["session_list"] for value in row])
        self.assertIn(account.name, [value for row in shown["login_failures"] for value in row])
        hashes = {value for (value,) in shell.execute("SELECT password_hash FROM accounts")}
        for view, rows in shown.items():
            for value in (value for row in rows for value in row):
                self.assertFalse(isinstance(value, bytes) or value in hashes or "argon2" in str(value),
                                 f"{view}: {value!r}")
        self.assertRegex(str(shown["account_list"]), r"\d{4}-\d\d-\d\d \d\d:\d\d")

    def test_the_password_hash_is_argon2id_of_at_least_19_mib_and_2_rounds(self):
        self.account()
        for (stored,) in self.shell().execute("SELECT password_hash FROM accounts"):
            self.assertRegex(stored, r"^\$argon2id\$v=19\$m=19456,t=2,p=1\$")

    def test_tables_are_strict_and_times_are_seconds(self):
        self.account()
        shell = self.shell()
        for table in ("accounts", "addresses", "sessions", "schema_migrations"):
            (sql,) = shell.execute("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?",
                                   (table,)).fetchone()
            self.assertRegex(sql, r"(?i)\)[^)]*\bSTRICT\b[^)]*$", table)
        (created,) = shell.execute("SELECT created_at FROM accounts").fetchone()
        self.assertTrue(1.7e9 < created < 1e10 and isinstance(created, int))

    def test_the_file_has_an_application_id_and_a_schema_version(self):
        shell = self.shell()
        self.assertNotEqual(shell.execute("PRAGMA application_id").fetchone(), (0,))
        self.assertEqual(shell.execute("PRAGMA user_version").fetchone(),
                         shell.execute("SELECT max(version) FROM schema_migrations").fetchone())

    def test_a_reader_does_not_block_the_server(self):
        shell = self.shell()
        shell.execute("BEGIN")
        shell.execute("SELECT * FROM accounts").fetchall()
        account = self.account()
        self.log_in(account).expect_alive()
        shell.execute("COMMIT")
        self.assertEqual(shell.execute("PRAGMA integrity_check").fetchone(), ("ok",))


class ChangedByHand(DatabaseCase):
    def test_a_deleted_session_ends_its_connections(self):
        account, other = self.account(), self.account()
        client, unrelated = self.resume(account), self.resume(other)
        self.shell().execute("DELETE FROM sessions WHERE id = ?", (account.session,))
        client.expect_closing("session_ended")
        self.assertEqual(self.denial_code("resume", account.token), "invalid_token")
        unrelated.expect_alive()

    def test_a_deleted_account_loses_its_sessions(self):
        account = self.account()
        client = self.resume(account)
        shell = self.shell()
        shell.execute("DELETE FROM accounts WHERE name = ?", (account.name,))
        client.expect_closing("session_ended")
        self.assertEqual(self.denial_code("resume", account.token), "invalid_token")
        self.assertEqual(self.denial_code("login", account.name, PASSWORD), "bad_credentials")
        self.assertEqual(shell.execute("SELECT count(*) FROM sessions WHERE id = ?", (account.session,)).fetchone(),
                         (0,))
        self.account(account.name)

    def test_a_disabled_account_has_no_access_until_it_is_enabled(self):
        account = self.account()
        client = self.resume(account)
        shell = self.shell()
        shell.execute("UPDATE accounts SET disabled_at = unixepoch() WHERE name = ?", (account.name,))
        client.expect_closing("session_ended")
        self.assertEqual(self.denial_code("login", account.name, PASSWORD), "bad_credentials")
        shell.execute("UPDATE accounts SET disabled_at = NULL WHERE name = ?", (account.name,))
        self.log_in(account).expect_alive()

    def test_a_password_hash_set_by_hand_ends_the_sessions_of_the_account(self):
        account, donor = self.account(), self.account(password="copied by hand 99")
        client, unrelated = self.resume(account), self.resume(donor)
        self.shell().execute("UPDATE accounts SET password_hash = (SELECT password_hash FROM accounts WHERE name = ?) "
                             "WHERE name = ?", (donor.name, account.name))
        client.expect_closing("session_ended")
        self.assertEqual(self.denial_code("resume", account.token), "invalid_token")
        account.password = donor.password
        self.log_in(account).expect_alive()
        unrelated.expect_alive()

    def test_a_name_cannot_be_changed_without_its_folded_form(self):
        account = self.account()
        with self.assertRaises(sqlite3.Error):
            self.shell().execute("UPDATE accounts SET name = 'Another Name' WHERE name = ?", (account.name,))

    def test_ids_are_not_reused(self):
        account = self.account()
        shell = self.shell()
        shell.execute("DELETE FROM accounts WHERE name = ?", (account.name,))
        self.assertGreater(self.account(account.name).session, account.session)


class Locked(DatabaseCase):
    @contextlib.contextmanager
    def lock(self):
        shell = self.shell()
        shell.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            shell.execute("ROLLBACK")

    def test_while_another_process_locks_the_database_only_writes_are_denied(self):
        account = self.account()
        client, other = self.connect(), self.resume(account)
        client.hello()
        with self.lock():
            client.send("register", "Locked Out", PASSWORD)
            other.send("text", "still here")
            other.expect("text", text="still here")
            self.resume(account).expect_alive()
            client.expect("denied", code="unavailable")
        client.send("register", "Locked Out", PASSWORD)
        client.expect("granted", via="register")

    def test_a_request_denied_as_unavailable_is_no_failed_attempt(self):
        account = self.account()
        client = self.start_access_phase()
        with self.lock():
            for _ in range(6):
                client.send("login", account.name, PASSWORD)
                client.expect("denied", code="unavailable")
        client.send("login", account.name, PASSWORD)
        client.expect("granted", via="login", failed_since=0)


class FullDisk(DatabaseCase):
    def test_on_a_full_disk_writes_are_denied_and_nothing_granted_is_lost(self):
        account = self.account()
        other = self.resume(account)
        before = self.server.set_limit(resource.RLIMIT_FSIZE, 4096)
        try:
            client = self.start_access_phase()
            for _ in range(6):
                client.send("register", "No Room", PASSWORD)
                client.expect("denied", code="unavailable")
            other.send("text", "still here")
            other.expect("text", text="still here")
            self.server.assert_healthy()
        finally:
            self.server.set_limit(resource.RLIMIT_FSIZE, before)
        client.send("register", "No Room", PASSWORD)
        client.expect("granted", via="register")
        self.server.restart()
        self.resume(account).expect_alive()
        self.connect().get_access("login", "No Room", PASSWORD)


class Rejected(unittest.TestCase):
    """A file that is not porterd's database, is damaged or too new is rejected, and not changed."""

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

    def assert_rejected(self):
        before = self.database.read_bytes()
        done = run(PORTERD, "--port", "0", "--data-dir", self.folder, home=self.folder)
        self.assertEqual(done.returncode, 65, done.err)
        self.assertRegex(done.err, r"^porterd: [^\n]*porter\.db[^\n]*\n$")
        self.assertEqual(self.database.read_bytes(), before, "the file was changed")

    def script(self, *statements):
        with contextlib.closing(sqlite3.connect(self.database, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)

    def test_a_text_file(self):
        self.database.write_bytes(b"Dear diary, today I met a database.\n" * 200)
        self.assert_rejected()

    def test_a_short_file(self):
        self.database.write_bytes(b"SQLite format 3\0")
        self.assert_rejected()

    def test_a_truncated_database(self):
        whole = self.good.read_bytes()
        self.database.write_bytes(whole[:len(whole) // 2 // 4096 * 4096])
        self.assert_rejected()

    def test_a_database_with_flipped_bytes(self):
        whole = bytearray(self.good.read_bytes())
        for offset in range(100, 4096, 7):
            whole[offset] ^= 0xff
        self.database.write_bytes(whole)
        self.assert_rejected()

    def test_a_database_of_another_program(self):
        self.script("PRAGMA application_id = 252006674", "CREATE TABLE accounts (id INTEGER PRIMARY KEY, name TEXT)")
        self.assert_rejected()

    def test_a_database_without_an_application_id(self):
        self.script("CREATE TABLE bookmarks (id INTEGER PRIMARY KEY, url TEXT)")
        self.assert_rejected()

    def test_a_database_with_a_newer_schema(self):
        shutil.copy(self.good, self.database)
        self.script("INSERT INTO schema_migrations (version, name, applied_at) VALUES (9999, 'from the future', 0)",
                    "PRAGMA user_version = 9999")
        self.assert_rejected()

    def test_an_intact_database_is_accepted(self):
        """The control: the tests above do not fail for another reason."""
        shutil.copy(self.good, self.database)
        done = run(PORTERD, "--check", "--data-dir", self.folder, home=self.folder)
        self.assertEqual(done.returncode, 0, done.err)


class Lost(unittest.TestCase):
    """The files are removed, replaced or restored while porterd runs (SECURITY.md: S13)."""

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)
        client = self.server.connect()
        self.token = client.get_access("register", "Alice", PASSWORD).token
        client.close()

    def resume(self):
        client = self.server.connect()
        self.addCleanup(client.close)
        client.get_access("resume", self.token)
        return client

    def register(self, name):
        client = self.server.connect()
        self.addCleanup(client.close)
        client.hello()
        return client.request("register", name, PASSWORD)

    def assert_exited(self, reason="database's files were removed or replaced"):
        self.assertEqual(self.server.wait(), 74, self.server.console())
        self.assertIn(reason, self.server.console())
        self.server.expect_log(" error database_lost")
        self.assertFalse(self.server.port_file.exists())

    def test_porterd_grants_nothing_that_would_be_lost_and_exits(self):
        for suffix in ("", "-wal", "-shm"):
            with self.subTest(suffix):
                client = self.resume()
                self.server.database.with_name("porter.db" + suffix).unlink()
                denied = self.register("Bob")
                self.assertEqual((denied.kind, denied.code), ("denied", "unavailable"))
                client.expect_closing("shutting_down")
                self.assert_exited()
                if suffix:  # the database is intact, with all that was granted
                    self.server.start()
                    self.resume().expect_alive()
            self.setUp()

    def test_a_session_that_is_revoked_without_a_notification_ends(self):
        for _ in range(5):
            client = self.resume()
            self.server.database.with_name("porter.db-shm").unlink()
            done = run(PORTERCTL, "sessions", "revoke", "--account", "Alice", "--data-dir", self.server.data)
            self.assertEqual(done.returncode, 0, done.err)
            code = client.expect("closing").code
            client.expect_end()
            self.assert_exited()
            if code != "shutting_down":
                break
            self.setUp()  # a busy machine: porterd missed the file before porterctl had revoked
        self.assertEqual(code, "session_ended")
        self.server.start()
        with contextlib.closing(sqlite3.connect(self.server.database)) as shell:
            self.assertEqual(shell.execute("SELECT count(*) FROM sessions").fetchone(), (0,))

    def test_a_database_that_replaced_the_file_is_not_changed(self):
        copy = self.server.folder / "copy.db"
        self.assertEqual(run(PORTERCTL, "db", "backup", copy, "--data-dir", self.server.data).returncode, 0)
        copy.rename(self.server.database)
        self.assertEqual(self.register("Bob").code, "unavailable")
        self.assert_exited()
        self.assertFalse(self.server.database.with_name("porter.db-wal").exists())
        self.server.start()
        self.resume().expect_alive()
        self.server.stop()

    def test_a_database_that_is_moved_away_has_the_contents_of_its_log(self):
        elsewhere = self.server.folder / "moved.db"
        self.server.database.rename(elsewhere)
        self.assertEqual(self.register("Bob").code, "unavailable")
        self.assert_exited()
        elsewhere.rename(self.server.database)
        self.server.start()
        self.resume().expect_alive()
        self.server.stop()

    def test_sessions_that_a_restore_in_place_removes_end(self):
        copy = self.server.folder / "copy.db"
        with contextlib.closing(sqlite3.connect(self.server.database)) as shell:
            shell.execute("VACUUM INTO ?", (str(copy),))
        later = self.server.connect()
        self.addCleanup(later.close)
        later.get_access("login", "Alice", PASSWORD)
        ended = self.server.connect()
        ended.get_access("login", "Alice", PASSWORD)
        ended.request("logout", 0)
        ended.close()
        until(lambda: "session_ended" in self.server.log(), "the journal has been read")
        with contextlib.closing(sqlite3.connect(copy)) as backup, \
                contextlib.closing(sqlite3.connect(self.server.database)) as shell:
            backup.backup(shell)  # .restore
        later.expect_closing("session_ended")
        self.resume().expect_alive()

    def test_porterd_exits_when_a_newer_program_migrates_the_database(self):
        client = self.resume()
        with contextlib.closing(sqlite3.connect(self.server.database)) as newer:
            newer.execute("PRAGMA user_version = 9999")
        client.expect_closing("shutting_down")
        self.assert_exited("the database has a newer schema than this program: version 9999, not ")
        self.server.expect_log(" error database_lost file=.* state=newer\n")

    def test_a_backup_copied_over_a_killed_database_is_refused(self):
        copy = self.server.folder / "copy.db"
        self.assertEqual(run(PORTERCTL, "db", "backup", copy, "--data-dir", self.server.data).returncode, 0)
        self.register("Bob")
        self.server.kill()
        self.server.database.write_bytes(copy.read_bytes())
        for arguments in (("--check",), ()):
            done = run(PORTERD, "--no-input", "--port", 0, "--data-dir", self.server.data, *arguments)
            self.assertEqual(done.returncode, 65, done.err)
            self.assertIn("porter.db-wal belongs to another database", done.err)
            self.assertIn("porterctl db restore", done.err)

    def test_a_damaged_text_is_not_sent(self):
        with contextlib.closing(sqlite3.connect(self.server.database, isolation_level=None)) as shell:
            shell.execute("UPDATE accounts SET last_address = CAST(x'3132ff' AS TEXT)")
            shell.execute("UPDATE addresses SET name = CAST(x'416cff' AS TEXT)")
        client = self.server.connect()
        self.addCleanup(client.close)
        client.hello()
        self.assertEqual(client.request("login", "Alice", PASSWORD).code, "unavailable")
        done = run(PORTERCTL, "db", "check", "--data-dir", self.server.data)
        self.assertEqual(done.returncode, 65, done.err)
        self.assertIn("account 1 has a text that is damaged", done.out)

    def test_a_row_with_a_damaged_text_does_not_hide_the_others(self):
        self.register("Bob")
        self.server.stop()
        with contextlib.closing(sqlite3.connect(self.server.database, isolation_level=None)) as shell:
            bob, = shell.execute("SELECT id FROM accounts WHERE name = 'Bob'").fetchone()
            shell.execute("UPDATE accounts SET last_address = CAST(x'3132ff' AS TEXT) WHERE id = ?", (bob,))
            shell.execute("UPDATE addresses SET name = CAST(x'416cff' AS TEXT)")
            shell.execute("INSERT INTO bans (network) VALUES ('192.0.2.1'), (CAST(x'62ff' AS TEXT))")
            session, = shell.execute("SELECT id FROM sessions WHERE account_id = ?", (bob,)).fetchone()
            shell.execute("UPDATE sessions SET address = CAST(x'3132ff' AS TEXT) WHERE id = ?", (session,))
            address, = shell.execute("SELECT address FROM addresses").fetchone()
        for noun, shown, named in (("accounts", "Alice", "name Bob"), ("addresses", address, f"address {address}"),
                                   ("bans", "192.0.2.1", r"network b\xff"), ("sessions", "Alice", f"id {session}")):
            with self.subTest(noun=noun):
                done = run(PORTERCTL, noun, "list", "--data-dir", self.server.data)
                self.assertEqual(done.returncode, 65, done.err)
                self.assertIn(shown, done.out)
                self.assertIn(r"\xff", done.out)
                self.assertIn(f"1 row with a text that is not valid UTF-8: {named} (porterctl db check", done.err)
        done = run(PORTERCTL, "bans", "list", "--json", "--data-dir", self.server.data)
        self.assertEqual((done.returncode, {row["network"] for row in json.loads(done.out)}),
                         (65, {"192.0.2.1", "b\ufffd"}))


if __name__ == "__main__":
    unittest.main()
