"""porterctl on a PostgreSQL database, with psql beside it (docs/porterctl.md; SECURITY.md: P4)."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

from support.case import OTHER_PASSWORD, PASSWORD
from support.peers import free_port
from support.postgres import EMPTY, ROOT, SUPERUSER, Postgres, migrations
from support.server import PORTERCTL, Server, run
from support.terminal import Terminal
from support.waiting import HANG_GUARD

BACKUP_PAGE, ROLES = ROOT / "docs/backup.md", ROOT / "tools/postgres/roles.sql"


class PostgresCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres()
        cls.addClassCleanup(cls.postgres.remove)

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.use(self.postgres.create_database())

    def use(self, database):
        self.database = database
        self.addCleanup(self.postgres.drop_database, database)

    def ctl(self, *arguments, role="porterctl", url=None, code=0, **more):
        url = url or self.postgres.url(role, self.database)
        done = run(PORTERCTL, *arguments, "--database", url, home=self.folder, **more)
        self.assertEqual(done.returncode, code, done.err)
        if code:
            self.assertRegex(done.err, r"\A(note: [^\n]+\n)*porterctl: [^\n]+\n\Z")
        return done

    def json(self, *arguments, **more):
        return json.loads(self.ctl("--json", *arguments, **more).out)

    def sql(self, *statements, **more):
        return self.postgres.psql(*statements, database=self.database, **more)

    def password_file(self, password=PASSWORD):
        file = self.folder / "password"
        file.write_text(password + "\n")
        file.chmod(0o600)
        return file

    def add(self, name):
        self.ctl("accounts", "add", name, "--password-file", self.password_file())

    def add_session(self, account, number):
        """A session as porterd opens one."""
        return int(self.sql("INSERT INTO sessions (account_id, token_digest, created_at, last_used_at, expires_at,"
                            " address, transport, credential_version)"
                            f" SELECT id, decode('{number:064x}', 'hex'), unix_time(), unix_time(), unix_time() + 1000,"
                            " '192.0.2.7', 'tls', credential_version"
                            f" FROM accounts WHERE name = '{account}' RETURNING id"))


class Commands(PostgresCase):
    """Each command by a URL, and what psql sees of it."""

    def test_an_account_is_added_shown_and_listed(self):
        self.add("Алиса")
        self.assertEqual(self.sql("SELECT name, folded_name, left(password_hash, 9) FROM accounts"),
                         "Алиса|алиса|$argon2id")
        self.assertEqual([row["name"] for row in self.json("accounts", "list")], ["Алиса"])
        shown = self.json("accounts", "show", "АЛИСА")
        self.assertEqual((shown["state"], shown["sessions"], shown["last_login_at"]), ("enabled", 0, None))
        self.assertIn("already exists",
                      self.ctl("accounts", "add", "алиса", "--password-file", self.password_file(), code=65).err)
        self.ctl("accounts", "show", "Bob", code=66)

    def test_a_new_password_ends_the_sessions(self):
        self.add("Alice")
        self.add_session("Alice", 1)
        before = self.sql("SELECT password_hash FROM accounts")
        done = self.ctl("accounts", "set-password", "Alice", "--password-file", self.password_file(OTHER_PASSWORD))
        self.assertIn("1 session ended", done.err)
        self.assertNotEqual(self.sql("SELECT password_hash FROM accounts"), before)
        self.assertEqual(self.sql("SELECT cause FROM ended_sessions"), "password_changed")

    def test_an_account_is_renamed(self):
        self.add("Alice")
        self.ctl("addresses", "set", "192.0.2.7", "Alice")
        self.ctl("accounts", "rename", "alice", "Алина")
        self.assertEqual(self.sql("SELECT name, folded_name FROM accounts"), "Алина|алина")
        self.assertEqual(self.sql("SELECT name FROM addresses"), "Алина")
        self.add("Bob")
        self.ctl("accounts", "rename", "Bob", "алина", code=65)

    def test_an_account_is_disabled_enabled_and_deleted(self):
        self.add("Alice")
        session = self.add_session("Alice", 1)
        self.ctl("accounts", "disable", "Alice")
        self.assertEqual(self.sql("SELECT session_id, account_name, cause FROM ended_sessions"),
                         f"{session}|Alice|account_disabled")
        self.sql("INSERT INTO failure_counters SELECT id, '', 100, 1 FROM accounts")
        self.ctl("accounts", "enable", "Alice")
        self.assertEqual(self.sql("SELECT disabled_at IS NULL FROM accounts"), "t")
        self.assertEqual(self.sql("SELECT count(*) FROM failure_counters"), "0")
        self.add_session("Alice", 2)
        self.ctl("accounts", "delete", "Alice", code=64)
        self.ctl("accounts", "delete", "Alice", "--yes")
        self.assertEqual(self.sql("SELECT count(*) FROM accounts", "SELECT count(*) FROM sessions"), "0\n0")

    def test_sessions_are_listed_revoked_and_pruned(self):
        self.add("Alice")
        first, second, third = (self.add_session("Alice", number) for number in range(3))
        rows = self.json("sessions", "list", "--account", "Alice")
        self.assertEqual([row["id"] for row in rows], [first, second, third])
        self.assertEqual({(row["account"], row["state"], row["transport"]) for row in rows}, {("Alice", "live", "tls")})
        self.ctl("sessions", "revoke", first)
        self.assertEqual(self.sql("SELECT session_id, cause FROM ended_sessions"), f"{first}|revoked_by_administrator")
        self.ctl("sessions", "revoke", first, code=66)
        self.sql(f"UPDATE sessions SET last_used_at = 5 WHERE id = {second}")
        self.assertEqual(self.json("sessions", "prune"), {"sessions_removed": 1})
        self.assertEqual(self.json("sessions", "revoke", "--account", "Alice")["sessions_ended"], 1)
        self.assertEqual(self.sql("SELECT count(*) FROM sessions"), "0")

    def test_addresses_are_set_listed_and_forgotten(self):
        self.add("Alice")
        self.ctl("addresses", "set", "2001:DB8::7", "ALICE")
        self.assertEqual(self.sql("SELECT address, name, account_id IS NOT NULL FROM addresses"), "2001:db8::7|Alice|t")
        (row,) = self.json("addresses", "list")
        self.assertEqual((row["address"], row["name"], row["known_by"]), ("2001:db8::7", "Alice", "proved"))
        self.ctl("addresses", "forget", "2001:db8::7")
        self.ctl("addresses", "forget", "2001:db8::7", code=66)

    def test_a_throttled_network_is_listed_explained_and_enabled(self):
        self.add("Alice")
        self.sql("INSERT INTO attempts (id, network, at_ms, is_pending)"
                 " SELECT n, '192.0.2.9', unix_time() * 1000, false FROM generate_series(1, 20) AS n")
        (row,) = self.json("addresses", "throttled")
        self.assertEqual((row["network"], row["limit"], row["count"]), ("192.0.2.9", "failures", 20))
        self.assertEqual(self.json("why", "Alice", "192.0.2.9")["rule"], "network_throttled")
        self.assertEqual(self.json("addresses", "enable", "192.0.2.9")["failures_forgotten"], 20)
        self.assertEqual(self.json("why", "Alice", "192.0.2.9")["rule"], "allowed")
        self.sql("INSERT INTO failure_counters SELECT id, '', 100, unix_time() * 1000 FROM accounts")
        self.assertEqual(self.json("why", "Alice")["rule"], "account_locked")
        self.assertEqual(self.json("why", "Bob")["rule"], "unknown_account")

    def test_the_check_finds_what_was_changed_by_hand(self):
        self.add("Alice")
        done = self.ctl("--json", "db", "check")
        self.assertEqual(json.loads(done.out), {"state": "ok", "faults": []})
        self.assertIn("PostgreSQL itself", done.err)
        self.sql("UPDATE accounts SET password_hash = 'nonsense'", "DROP TRIGGER session_ended ON sessions")
        done = self.ctl("--json", "db", "check", code=65)
        faults = "\n".join(json.loads(done.out)["faults"])
        self.assertIn("the trigger session_ended is missing", faults)
        self.assertIn("has a hash that cannot be read", faults)

    def test_the_status_has_servers_nodes_and_counts(self):
        self.add("Alice")
        self.sql("INSERT INTO nodes VALUES (1, 'web1', '0.2.0', 1, unix_time(), unix_time() * 1000),"
                 " (2, 'web2', '0.1.0', 1, unix_time(), (unix_time() - 60) * 1000)")
        shown = self.json("db", "status")
        host = f"{self.postgres.folder}:5432"
        self.assertEqual((shown["servers"], shown["primary"], shown["role"]), ([host], host, "porterctl"))
        self.assertEqual([(row["name"], row["state"], row["version"]) for row in shown["nodes"]],
                         [("web1", "up", "0.2.0"), ("web2", "down", "0.1.0")])
        self.assertGreaterEqual(shown["nodes"][1]["seen_ms_ago"], 59_000)
        self.assertEqual((shown["synchronous_standby"], shown["standbys"]), (False, []))
        self.assertLess(abs(shown["clock_offset_ms"]), 60_000)
        self.assertEqual((shown["version"], shown["newest_version"]), (len(migrations()), len(migrations())))
        self.assertEqual((shown["accounts"], shown["sessions"]), (1, 0))
        self.assertIn(f"primary\t{host}\n", self.ctl("db", "status").out)

    def test_backup_and_restore_name_the_programs_of_postgresql(self):
        copy = self.folder / "copy.db"
        self.assertIn("pg_dump", self.ctl("db", "backup", copy, code=64).err)
        self.assertIn("pg_restore", self.ctl("db", "restore", "--yes", copy, code=64).err)
        self.assertFalse(copy.exists())

    def run_as_superuser(self, commands):
        """Commands of a page, which work on the database porter."""
        commands = commands.replace("/usr/share/porter/roles.sql", str(ROLES))
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", commands], cwd=self.folder, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=HANG_GUARD, check=False,
                              env={"PATH": os.environ["PATH"], "PGHOST": str(self.postgres.folder),
                                   "PGPORT": str(self.postgres.port), "PGUSER": SUPERUSER})
        self.assertEqual(done.returncode, 0, f"{commands}{done.stderr}")

    def test_the_commands_of_the_page_restore_a_dump(self):
        """docs/backup.md, PostgreSQL."""
        dump, restore = re.findall(r"^```sh postgres\n(.*?)^```$", BACKUP_PAGE.read_text(), re.M | re.S)
        self.database = "porter"
        self.add("Alice")
        self.add_session("Alice", 1)
        self.run_as_superuser(dump)
        self.add("Bob")
        self.run_as_superuser(restore)
        self.addCleanup(self.postgres.psql, "DROP DATABASE porter WITH (FORCE)",
                        "ALTER DATABASE porter_lost RENAME TO porter", database="postgres")
        self.assertEqual([row["name"] for row in self.json("accounts", "list")], ["Alice"])
        self.assertEqual(self.json("sessions", "list"), [])
        self.assertEqual(self.json("db", "check")["state"], "ok")

    def test_the_configuration_and_the_environment_may_have_the_url(self):
        self.add("Alice")
        url = self.postgres.url("porterctl", self.database)
        done = run(PORTERCTL, "accounts", "list", home=self.folder, env={"PORTERD_DATABASE": url})
        self.assertIn("Alice", done.out)
        configuration = self.folder / "porterd.toml"
        configuration.write_text(f'database = "{url}"\n')
        done = run(PORTERCTL, "accounts", "list", "--config", configuration, home=self.folder)
        self.assertIn("Alice", done.out)


class Rejected(PostgresCase):
    """Databases that cannot be reached, and roles that may not do what is asked for."""

    def test_a_server_that_does_not_run_is_a_temporary_failure(self):
        for url in (f"postgresql://porterctl@127.0.0.1:{free_port()}/porter",
                    f"postgresql:///porter?user=porterctl&host={self.folder}"):
            said = self.ctl("accounts", "list", url=url, code=75).err
            self.assertIn("cannot reach the database", said)

    def test_a_server_that_is_read_only_is_no_primary(self):
        self.postgres.psql(f'ALTER DATABASE "{self.database}" SET default_transaction_read_only = on')
        self.assertIn("read-only", self.ctl("accounts", "list", code=75).err)

    def test_the_second_server_of_a_url_is_found(self):
        self.add("Alice")
        url = f"postgresql:///{self.database}?user=porterctl&host={self.folder},{self.postgres.folder}"
        self.assertIn("Alice", self.ctl("accounts", "list", url=url).out)

    def test_two_primaries_are_a_temporary_failure(self):
        self.add("Alice")
        second = Postgres()
        self.addCleanup(second.remove)
        second.create_database(self.database)
        url = f"postgresql:///{self.database}?user=porterctl&host={self.postgres.folder},{second.folder}"
        for command in (("accounts", "list"), ("accounts", "disable", "Alice"), ("db", "status")):
            said = self.ctl(*command, url=url, code=75).err
            self.assertIn(f"{self.postgres.folder}:5432 and {second.folder}:5432 both say", said)
        second.stop()
        self.assertIn("Alice", self.ctl("accounts", "list", url=url).out)

    def test_a_server_that_is_named_twice_is_one(self):
        self.add("Alice")
        url = f"postgresql:///{self.database}?user=porterctl&host={self.postgres.folder},{self.postgres.folder}"
        self.assertIn("Alice", self.ctl("accounts", "list", url=url).out)

    def test_a_login_that_is_refused_is_a_wrong_configuration(self):
        self.assertIn('role "unknown_role" does not exist',
                      self.ctl("accounts", "list", role="unknown_role", code=78).err)

    def test_a_role_without_privileges_is_a_wrong_configuration(self):
        for role in ("reader", "nothing"):
            said = self.ctl("accounts", "list", role=role, code=78).err
            self.assertRegex(said, f"the role {role} of the database has no .*porter_administrator")

    def test_a_password_in_the_url_is_rejected_and_not_shown(self):
        for scheme in ("postgresql", "postgres"):
            done = self.ctl("accounts", "list", url=f"{scheme}://porterctl:s3cret@127.0.0.1/porter", code=64)
            self.assertIn("PGPASSFILE", done.err)
            self.assertNotIn("s3cret", done.err)

    def test_a_parameter_that_libpq_does_not_have_is_named(self):
        said = self.ctl("accounts", "list", url="postgresql://porterctl@127.0.0.1/porter?nonsense=hidden", code=78).err
        self.assertIn("no parameter nonsense", said)
        self.assertNotIn("hidden", said)

    def test_no_home_is_needed_with_a_url(self):
        self.add("Alice")
        done = run(PORTERCTL, "accounts", "list", "--database", self.postgres.url("porterctl", self.database), home="")
        self.assertEqual(done.returncode, 0, done.err)
        self.assertIn("Alice", done.out)

    def test_another_machine_needs_a_verified_certificate(self):
        self.assertIn("sslmode=verify-full",
                      self.ctl("accounts", "list", url="postgresql://porterctl@db.example/porter", code=78).err)

    def test_a_newer_schema_is_bad_data(self):
        self.sql("INSERT INTO schema_migrations (version, name, works_with) VALUES (99, 'later', 99)")
        for command in (("accounts", "list"), ("db", "status"), ("db", "migrate")):
            self.assertIn("install a newer one", self.ctl(*command, role="owner", code=65).err)

    def test_a_locked_row_is_a_temporary_failure(self):
        self.add("Alice")
        command = ["psql", "--host", str(self.postgres.folder), "--username", "postgres", "--no-psqlrc",
                   "--dbname", self.database, "--quiet", "--set=ON_ERROR_STOP=1"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as shell:
            shell.stdin.write("BEGIN; UPDATE porter.accounts SET failed_since = 1;\n\\echo locked\n")
            shell.stdin.flush()
            self.assertEqual(shell.stdout.readline(), "locked\n")
            self.assertIn("is locked by another program: try again",
                          self.ctl("accounts", "disable", "Alice", code=75).err)
            self.ctl("accounts", "show", "Alice")
            shell.stdin.close()
        self.ctl("accounts", "disable", "Alice")


class Migrate(PostgresCase):
    """porterctl db migrate, by a member of porter_owner."""

    def setUp(self):
        super().setUp()
        self.use(self.postgres.create_database(source=EMPTY))

    def test_an_empty_database_gets_all_migrations_once(self):
        self.assertIn("porterctl db migrate", self.ctl("accounts", "list", code=65).err)
        self.assertEqual(self.json("db", "status")["version"], 0)
        steps = self.json("db", "migrate", role="owner")["migrations"]
        self.assertEqual([row["version"] for row in steps], list(range(1, len(migrations()) + 1)))
        self.assertEqual(self.json("db", "migrate", role="owner"), {"migrations": []})
        self.assertEqual(self.sql("SELECT max(version) FROM schema_migrations"), str(len(migrations())))
        self.add("Alice")
        self.assertEqual(self.json("db", "check")["faults"], [])

    def test_another_role_may_not_migrate(self):
        for role in ("porterctl", "node", "reader", "nothing"):
            self.assertIn("no member of porter_owner", self.ctl("db", "migrate", role=role, code=78).err)

    def test_a_database_without_the_schema_names_the_script(self):
        self.use(self.postgres.create_database(source="template0"))
        self.assertIn("roles.sql", self.ctl("db", "migrate", role="owner", code=78).err)


class Move(PostgresCase):
    """porterctl db move: a file goes into a database."""

    def setUp(self):
        super().setUp()
        self.server = Server()
        self.addCleanup(self.server.remove)
        client = self.server.connect()
        client.get_access("register", "Alice", PASSWORD)
        client.close()
        with contextlib.closing(sqlite3.connect(self.server.database)) as shell:
            self.digest = shell.execute("SELECT token_digest FROM sessions").fetchone()[0].hex()

    def move(self, *options, role="owner", code=0, url=None):
        done = run(PORTERCTL, "db", "move", *options, "--to", url or self.postgres.url(role, self.database),
                   "--data-dir", self.server.data, home=self.folder)
        self.assertEqual(done.returncode, code, done.err)
        return done

    def test_accounts_and_sessions_are_moved_and_the_file_is_unchanged(self):
        self.server.stop()
        before = self.server.database.read_bytes()
        said = self.move("--yes").err
        self.assertIn("1 account, 1 session and 1 address are in postgresql://owner@", said)
        self.assertIn(f"{self.server.database} is unchanged", said)
        self.assertIn("--tls-key", said)
        self.assertTrue(self.server.database.read_bytes() == before)
        log = self.server.database.with_name("porter.db-wal")
        self.assertFalse(log.exists() and log.stat().st_size)
        self.assertEqual([row["name"] for row in self.json("accounts", "list")], ["Alice"])
        self.assertEqual(self.sql("SELECT encode(token_digest, 'hex') FROM sessions"), self.digest)
        self.assertEqual(self.json("db", "check")["faults"], [])
        self.assertEqual(self.json("why", "Alice")["rule"], "allowed")
        self.assertIn("is not empty", self.move(code=73).err)  # before it asks

    def test_a_newer_database_is_bad_data(self):
        self.server.stop()
        self.sql("INSERT INTO schema_migrations (version, name, works_with) VALUES (99, 'later', 99)")
        said = self.move(code=65).err
        self.assertIn("install a newer one", said)
        self.assertNotIn("migrate", said)

    def test_a_running_porterd_is_in_the_way(self):
        self.assertIn("has the database open: stop it first", self.move("--yes", code=75).err)
        self.assertEqual(self.sql("SELECT count(*) FROM accounts"), "0")
        self.server.stop()

    def test_it_asks_on_a_terminal_and_needs_yes_without_one(self):
        self.server.stop()
        self.assertIn("--yes", self.move(code=64).err)
        terminal = Terminal(PORTERCTL, "db", "move", "--to", self.postgres.url("owner", self.database), "--data-dir",
                            self.server.data, home=self.folder)
        self.addCleanup(terminal.close)
        terminal.expect(re.escape("Copy 1 account, 1 session and 1 address"))
        terminal.send_line("no")
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(self.sql("SELECT count(*) FROM accounts"), "0")

    def test_wrong_uses_are_rejected(self):
        self.server.stop()
        for wrong in ("other.db", "/tmp/x.db", "mysql://a:s3cret@b/c"):
            self.assertRegex(self.move("--yes", url=wrong, code=64).err, r"--to: expected postgresql://[^3]+\n\Z")
        for secret in ("postgresql://u:s3cret@h/db", "postgresql://u:s3?cret@h/db", "postgresql://h/db?pass%77ord=s3"):
            said = self.move("--yes", url=secret, code=64).err
            self.assertIn("--to: a password in it can be read by others", said)
            self.assertNotIn("s3", said)
        self.move("--yes", role="porterctl", code=78)
        self.move("--yes", url=f"postgresql://owner@127.0.0.1:{free_port()}/porter", code=75)
        self.ctl("db", "move", "--yes", "--to", self.postgres.url("owner", self.database), code=64)
        done = run(PORTERCTL, "db", "move", "--yes", "--data-dir", self.server.data, home=self.folder)
        self.assertEqual(done.returncode, 64, done.err)
        self.assertIn("--to URL is missing", done.err)
        self.assertEqual(self.sql("SELECT count(*) FROM accounts"), "0")


if __name__ == "__main__":
    unittest.main()
