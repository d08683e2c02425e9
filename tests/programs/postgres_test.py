"""Several porterd on one PostgreSQL database (docs/deploy.md, Several servers; SECURITY.md: P2, P6, P9)."""
import contextlib
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

from support.case import OTHER_PASSWORD, PASSWORD, ServerCase
from support.importing import ImportedAccounts
from support.key_pair import KeyPair
from support.metrics import Scraper
from support.postgres import EMPTY, Postgres
from support.server import PORTERCTL, PORTERD, Server, clean_environment, run
from support.waiting import until

NEW_PASSWORD = "wholly new orbit 77"
# The role `secret` must give a password over TCP.
PASSWORD_RULE = "host all secret 127.0.0.1/32 scram-sha-256"


def setUpModule():
    """FOLDER has the keys of the servers, and POSTGRES accepts TLS with a certificate for localhost alone."""
    global FOLDER, KEY, AUTHORITY, POSTGRES
    FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
    unittest.addModuleCleanup(shutil.rmtree, FOLDER, ignore_errors=True)
    pair = KeyPair(FOLDER, "shared")
    KEY = ("--tls-key", pair.key, "--tls-certificate", pair.certificate)
    AUTHORITY = KeyPair(FOLDER, "authority")
    signed = KeyPair.signed_by(AUTHORITY, FOLDER, "database")
    POSTGRES = Postgres(
        is_tcp=True, hba=[PASSWORD_RULE], files={"key": signed.key.read_bytes(),
                                                 "certificate": signed.certificate.read_bytes()},
        settings={"ssl": "on", "ssl_key_file": "'../key'", "ssl_cert_file": "'../certificate'"})
    unittest.addModuleCleanup(POSTGRES.remove)


class SharedCase(ServerCase):
    """Two servers on a database of their own, on which each test has accounts of its own."""

    grace = "30s"

    @classmethod
    def setUpClass(cls):
        cls.postgres = cls.start_postgres()
        cls.database = cls.postgres.create_database()
        cls.servers = []
        cls.addClassCleanup(lambda: [each.remove() for each in cls.servers])
        for _ in range(2):
            cls.servers.append(cls.start_server())
        cls.server, cls.other = cls.servers

    @classmethod
    def start_postgres(cls):
        return POSTGRES

    @classmethod
    def start_server(cls):
        return Server("--database", cls.postgres.url(database=cls.database), *KEY, "--partition-grace", cls.grace,
                      "--metrics", "127.0.0.1:0")

    @classmethod
    def tearDownClass(cls):
        for each in cls.servers:
            each.stop()

    def tearDown(self):
        for each in self.servers:
            each.assert_healthy()

    def sql(self, *statements):
        return self.postgres.psql(*statements, database=self.database)

    def attempts(self, count, name, password=OTHER_PASSWORD):
        """The codes of `count` logins, at each server in turn, each from a new address."""
        codes = []
        for number in range(count):
            client = self.start_access_phase(server=self.servers[number % 2])
            codes.append(client.request("login", name, password).code)
            client.close()
        return codes

    def assert_throttled_together(self, name):
        self.assertEqual(self.attempts(4, name), ["bad_credentials"] * 4)
        # If the pause of a second is over, one more failure makes it longer.
        self.assertIn("throttled", self.attempts(4, name))


class Imported(ImportedAccounts, SharedCase):
    """SECURITY.md: P9."""

    def import_text(self, text, *options):
        done = run(PORTERCTL, "--json", "accounts", "import", "-", *options, "--database",
                   self.postgres.url("porterctl", self.database), stdin=text, home=FOLDER)
        self.assertEqual(done.returncode, 0, done.err)
        return json.loads(done.out)

    def hash_of(self, name):
        return self.sql(f"SELECT password_hash FROM accounts WHERE name = '{name}'")

    def test_thousands_of_accounts_are_one_import(self):
        text = "".join(f"many {number}\t$2b$10$" + "a" * 53 + "\n" for number in range(5000)).encode()
        self.assertEqual(self.import_text(text)["imported"], 5000)
        self.assertEqual(self.import_text(text)["already_there"], 5000)
        self.assertEqual(self.sql("SELECT count(DISTINCT created_at) FROM accounts WHERE name LIKE 'many %'"), "1")

class Connections(SharedCase):
    def ctl(self, server, *arguments):
        done = run(PORTERCTL, *arguments, "--json", "--data-dir", server.data, home=server.folder,
                   env={"PORTERD_DATABASE": self.postgres.url(database=self.database)})
        self.assertEqual(done.returncode, 0, done.err)
        return json.loads(done.out)

    def test_each_server_lists_and_closes_its_own_connections(self):
        account = self.account()
        here, there = self.resume(account), self.resume(account, server=self.other)
        for server, client in ((self.server, here), (self.other, there)):
            names = [row["account"] for row in self.ctl(server, "connections", "list")
                     if row["address"] == client.address]
            self.assertEqual(names, [account.name])
        self.assertEqual(self.ctl(self.server, "connections", "close", "--account", account.name),
                         {"connections_closed": 1})
        here.expect_closing("normal")
        there.expect_alive()

    def test_two_servers_cannot_have_one_data_directory(self):
        done = run(PORTERD, "--no-input", "--port", "0", "--data-dir", self.server.data, "--database",
                   self.postgres.url(database=self.database), *KEY, home=self.server.folder)
        self.assertEqual(done.returncode, 69, done.err)
        self.assertIn(f"another porterd runs with the data directory {self.server.data}: stop it", done.err)
        self.assertEqual(self.ctl(self.server, "ping")["node"], socket.gethostname())


class TwoServers(SharedCase):
    def test_an_account_of_one_server_logs_in_at_the_other(self):
        account = self.account()
        client = self.log_in(account, server=self.other)
        self.assertNotEqual(client.granted.session, account.session)
        self.assertEqual(self.log_in(account).granted.last_address, client.address)

    def test_a_session_of_one_server_is_resumed_at_the_other(self):
        account = self.account()
        self.assertEqual(self.resume(account, server=self.other).granted.session, account.session)

    def test_a_name_that_is_taken_at_one_server_is_taken_at_the_other(self):
        client = self.start_access_phase(server=self.other)
        client.send("register", self.account().name, PASSWORD)
        client.expect("denied", code="name_taken")

    def test_a_logout_at_one_server_ends_the_connection_at_the_other(self):
        account = self.account()
        here, there = self.resume(account), self.resume(account, server=self.other)
        here.send("logout", 0)
        here.expect("done")
        there.expect_closing("session_ended")
        again = self.start_access_phase(server=self.other)
        again.send("resume", account.token)
        again.expect("denied", code="invalid_token")

    def test_a_new_password_at_one_server_ends_the_other_sessions_at_the_other(self):
        account = self.account()
        here, there = self.resume(account), self.log_in(account, server=self.other)
        here.send("change_password", PASSWORD, NEW_PASSWORD)
        here.expect("done")
        there.expect_closing("session_ended")
        account.password = NEW_PASSWORD
        self.log_in(account, server=self.other).expect_alive()

    def test_an_account_that_is_disabled_by_sql_ends_at_both_servers(self):
        account = self.account()
        clients = [self.resume(account, server=each) for each in self.servers]
        self.sql(f"UPDATE accounts SET disabled_at = unix_time() WHERE name = '{account.name}'")
        for client in clients:
            client.expect_closing("session_ended")
        self.assertEqual(set(self.attempts(2, account.name, PASSWORD)), {"bad_credentials"})

    def test_failures_of_an_account_count_together(self):
        self.assert_throttled_together(self.account().name)

    def test_failures_of_a_name_without_an_account_count_together(self):
        self.assert_throttled_together(self.fresh_name())

    def test_concurrent_attempts_at_both_servers_gain_nothing(self):
        for name in (self.account().name, self.fresh_name()):
            clients = [self.start_access_phase(server=self.servers[number % 2]) for number in range(20)]
            for client in clients:
                client.send("login", name, OTHER_PASSWORD)
            codes = [client.receive().code for client in clients]
            self.assertLessEqual(set(codes), {"bad_credentials", "throttled", "busy"})
            # Servers that count apart would let eight through. On a slow machine the first pause may be over.
            self.assertIn(codes.count("bad_credentials"), range(4, 8))

    def test_names_without_an_account_are_not_in_the_database(self):
        name = self.fresh_name()
        self.attempts(2, name)
        self.assertEqual(self.sql("SELECT count(*) > 0 FROM unknown_failure_counters"), "t")
        self.assertNotIn(name, self.sql("SELECT encode(digest, 'escape') FROM unknown_failure_counters"))

    def test_each_server_is_a_node_of_the_database(self):
        until(lambda: self.sql("SELECT count(*) FROM node_list WHERE state = 'up'") == "2", "both are up")


class TlsOff(SharedCase):
    """The key is that of the digests of names, without a certificate."""

    @classmethod
    def start_server(cls):
        return Server("--database", cls.postgres.url(database=cls.database), "--tls", "off", *KEY[:2])

    def test_failures_of_a_name_without_an_account_count_together(self):
        self.assert_throttled_together(self.fresh_name())


class Outage(SharedCase):
    """A PostgreSQL that stops, is killed or freezes. Two servers have a long grace, the third one has none."""

    grace = "1h"

    @classmethod
    def start_postgres(cls):
        started = Postgres()
        cls.addClassCleanup(started.remove)
        return started

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.grace = "0"
        cls.strict = cls.start_server()
        cls.servers.append(cls.strict)

    def tearDown(self):
        super().tearDown()
        self.wait_until_answered()

    def wait_until_answered(self):
        """Until all servers have contact."""
        registration = ("register", self.fresh_name(), PASSWORD)
        token = until(lambda: self.granted(self.server, *registration), "an account is registered").token
        for each in self.servers:
            until(lambda server=each: self.granted(server, "resume", token), "a session is resumed")

    def granted(self, server, *request):
        """The answer to an access request if it is granted; otherwise it must be unavailable."""
        client = self.start_access_phase(server=server)
        answer = client.request(*request)
        client.close()
        if answer.kind != "granted":
            self.assertEqual(answer.code, "unavailable")
        return answer if answer.kind == "granted" else None

    def assert_unavailable(self, account):
        """At each server, whatever is asked for."""
        for each in self.servers:
            for request in (("login", account.name, PASSWORD), ("login", account.name, OTHER_PASSWORD),
                            ("login", self.fresh_name(), PASSWORD), ("resume", account.token),
                            ("register", self.fresh_name(), PASSWORD)):
                client = self.start_access_phase(server=each)
                client.send(*request)
                client.expect("denied", code="unavailable")
                client.close()

    @contextlib.contextmanager
    def database_gone(self, stop, start):
        """The clients with a long grace are served all the time, the one without is not."""
        account = self.account()
        clients = [self.resume(account, server=each) for each in (self.server, self.other)]
        strict = self.resume(account, server=self.strict)
        stop()
        try:
            strict.expect_closing("unavailable")
            yield account
            for client in clients:
                client.expect_alive()
        finally:
            start()
        self.wait_until_answered()
        for client in clients:
            client.expect_alive()
        self.resume(account, server=self.strict).expect_alive()

    def test_without_the_database_requests_are_unavailable_until_it_is_back(self):
        with self.database_gone(self.postgres.stop, self.postgres.start) as account:
            self.assert_unavailable(account)
        for each in self.servers:
            each.expect_log("partitioned .*grace=")
            each.expect_log("rejoined")

    def test_a_partitioned_server_is_unhealthy_until_it_has_rejoined(self):
        scraper = Scraper.of(self.server)
        self.assertEqual(scraper.get("/healthz")[0], 200)
        self.assertGreater(scraper.value("porter_store_journal_lag_seconds"), 0)
        with self.database_gone(self.postgres.stop, self.postgres.start):
            text = until(lambda: self.problems_of(scraper), "the health is bad")
            self.assertRegex(text, r"\Apartitioned: [^\n]+\n\Z")
            until(lambda: scraper.value("porter_store_journal_lag_seconds") > 1, "the journal is out of date")
            self.assertEqual(scraper.value("porter_problem", kind="partitioned"), 1)
        self.assertIsNone(self.problems_of(scraper))

    @staticmethod
    def problems_of(scraper):
        status, _, text = scraper.get("/healthz")
        return text if status == 503 else None

    def test_a_killed_database_loses_no_session(self):
        with self.database_gone(self.postgres.kill, self.postgres.start) as account:
            self.assert_unavailable(account)

    def test_a_frozen_database_is_one_that_is_gone(self):
        with self.database_gone(self.postgres.pause, self.postgres.resume) as account:
            self.assert_unavailable(account)

    def test_sessions_that_ended_while_a_server_was_cut_off_end_when_it_is_back(self):
        def cut_off():
            self.sql("ALTER ROLE node NOLOGIN")
            self.postgres.end_sessions(self.database)

        account = self.account()
        ended = self.resume(account)
        with self.database_gone(cut_off, lambda: self.sql("ALTER ROLE node LOGIN")):
            until(lambda: self.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'node'") == "0", "no one")
            self.sql(f"DELETE FROM sessions WHERE id = {account.session}")
            ended.expect_alive()
        ended.expect_closing("session_ended")

    def test_ended_connections_to_the_database_are_not_noticed(self):
        account = self.account()
        servers = (self.server, self.other)  # the third one may have lost contact for a second
        clients = [self.resume(account, server=each) for each in servers]
        self.postgres.end_sessions(self.database)
        for client, each in zip(clients, servers):
            until(lambda server=each: self.granted(server, "resume", account.token), "a session is resumed")
            client.expect_alive()


class ShortGrace(SharedCase):
    grace = "1s"
    start_postgres = Outage.start_postgres

    def test_after_the_grace_connections_are_closed(self):
        account = self.account()
        clients = [self.resume(account, server=each) for each in self.servers]
        self.postgres.stop()
        try:
            for client in clients:
                client.expect_closing("unavailable")
        finally:
            self.postgres.start()


class NewerSchema(SharedCase):
    tearDownClass = classmethod(lambda cls: None)

    def tearDown(self):
        pass

    def test_a_schema_that_becomes_too_new_stops_the_servers(self):
        account = self.account()
        clients = [self.resume(account, server=each) for each in self.servers]
        self.sql("INSERT INTO schema_migrations (version, name, works_with) VALUES (99, 'later', 99)")
        for client, each in zip(clients, self.servers):
            client.expect_closing("shutting_down")
            self.assertEqual(each.wait(), 74)
            each.expect_log("error database_lost state=newer")
            self.assertRegex(each.console(), "porterd: the database has a newer schema")


class Starts(unittest.TestCase):
    """porterd with --check and without: the same exit code, and one line."""

    def porterd(self, *options, url=None, env=None, key=None):
        data = tempfile.mkdtemp(prefix="porter-test-")
        self.addCleanup(shutil.rmtree, data, ignore_errors=True)
        database = ("--database", url) if url else ()
        return run(PORTERD, "--port", "0", "--data-dir", data, *database, *(KEY if key is None else key), *options,
                   home=data, env=env)

    def assert_refused(self, url, code, *words, **more):
        for options in ((), ("--check",)):
            done = self.porterd(*options, url=url, **more)
            self.assertEqual((done.returncode, done.out), (code, ""), done.err)
            self.assertRegex(done.err, r"\Aporterd: [^\n]+\n\Z")
            for word in words:
                self.assertIn(word, done.err)

    def check(self, url, **more):
        done = self.porterd("--check", url=url, **more)
        self.assertEqual(done.returncode, 0, done.err)
        return done

    def test_check_prints_the_state_of_the_database_and_changes_nothing(self):
        database = POSTGRES.create_database()
        done = self.check(POSTGRES.url(database=database))
        self.assertRegex(done.out, rf"\Adatabase: {POSTGRES.folder}:{POSTGRES.port}, role node, schema version \d+\n"
                                   r"database: PostgreSQL \d+\.\d+\ndatabase: TLS: none\n"
                                   r"database: synchronous standby: none\n"
                                   r"database: clock: \d+ ms (behind|ahead of) this machine's, within \d+ ms\n"
                                   r"configuration ok\n\Z")
        self.assertEqual(POSTGRES.psql("SELECT count(*) FROM nodes", database=database), "0")

    def test_check_warns_of_what_could_lose_data(self):
        err = self.check(POSTGRES.url()).err
        for word in ("no synchronous standby", "fsync = off", "full_page_writes = off"):
            self.assertRegex(err, f"(?m)^porterd: warning: the database has .*{word}")

    def test_a_start_warns_on_the_console_and_in_the_log(self):
        server = Server("--database", POSTGRES.url(database=POSTGRES.create_database()), *KEY)
        self.addCleanup(server.remove)
        self.assertRegex(server.console(), "porterd: warning: the database has no synchronous standby")
        server.expect_log("warn database_warning server=.* why=.*fsync = off")
        server.stop()

    def test_check_says_how_the_connection_is_encrypted(self):
        url = f"postgresql://node@localhost:{POSTGRES.port}/porter?sslmode=verify-full&sslrootcert="
        done = self.check(f"{url}{AUTHORITY.certificate}")
        self.assertRegex(done.out, r"database: TLS: TLSv1\.3 TLS_\w+\n")

    def test_the_scheme_may_be_postgres(self):
        self.check(POSTGRES.url().replace("postgresql://", "postgres://"))

    def test_no_data_folder_is_needed_where_nothing_is_in_it(self):
        done = run(PORTERD, "--check", "--database", POSTGRES.url(), "--log-file", "-", *KEY,
                   env={"HOME": "", "XDG_STATE_HOME": ""})
        self.assertEqual(done.returncode, 0, done.err)

    def test_a_database_that_cannot_be_reached_is_tried_again_later(self):
        url = f"postgresql://node@/porter?host={FOLDER}"
        self.assert_refused(url, 75, "cannot connect to the database", str(FOLDER))

    def test_a_signal_ends_a_start_that_waits_for_the_database(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"postgresql://node@127.0.0.1:{silent.getsockname()[1]}/porter"
            for number in (signal.SIGTERM, signal.SIGINT):
                server = Server("--database", url, *KEY, start=False)
                self.addCleanup(server.remove)
                server.process = subprocess.Popen(server.arguments(), stdin=subprocess.DEVNULL,
                                                  env=clean_environment(server.folder))
                with silent.accept()[0]:
                    server.signal(number)
                    self.assertEqual(server.wait(), 0)

    def test_a_wrong_login_is_a_wrong_configuration(self):
        self.assert_refused(POSTGRES.url("unknown"), 78, 'role "unknown" does not exist')
        self.assert_refused(POSTGRES.url(database="absent"), 78, 'database "absent" does not exist')

    def test_a_wrong_password_is_a_wrong_configuration(self):
        with contextlib.suppress(AssertionError):
            POSTGRES.psql("CREATE ROLE secret LOGIN PASSWORD 'right' IN ROLE porter_node", database="postgres")
        url = POSTGRES.url("secret", is_tcp=True)
        self.assert_refused(url, 78, "no password supplied")
        passwords = FOLDER / "passwords"
        passwords.touch(mode=0o600)
        passwords.write_text("*:*:*:secret:wrong\n")
        environment = {"PGPASSFILE": str(passwords)}
        self.assert_refused(url, 78, "password authentication failed", env=environment)
        passwords.write_text("*:*:*:secret:right\n")
        self.check(url, env=environment)

    def test_a_role_that_is_no_node_is_a_wrong_configuration(self):
        self.assert_refused(POSTGRES.url("reader"), 78, "the role reader", "porter_node")

    def test_another_machine_must_prove_its_name(self):
        self.assert_refused("postgresql://node@192.0.2.1/porter", 78, "192.0.2.1:5432", "sslmode=verify-full")
        self.assert_refused("postgresql://node@192.0.2.1/porter?sslmode=require", 78, "sslmode=verify-full")

    def test_a_certificate_of_another_name_or_authority_is_a_wrong_configuration(self):
        parameters = "?sslmode=verify-full&sslrootcert="
        other_name = POSTGRES.url(is_tcp=True) + parameters + str(AUTHORITY.certificate)
        self.assert_refused(other_name, 78, "certificate")
        other_authority = other_name.replace("127.0.0.1", "localhost").replace("authority.crt", "shared.crt")
        self.assert_refused(other_authority, 78, "certificate verify failed")
        self.assert_refused(other_name.replace("authority.crt", "absent.crt"), 78, "absent.crt")

    def test_a_password_in_the_url_is_rejected_and_not_repeated(self):
        for url in ("postgresql://node:hidden@/porter", "postgresql://node@/porter?password=hidden",
                    "postgresql://node:s3?hidden@h/porter", "postgresql://node@/porter?pass%77ord=hidden"):
            for options in ((), ("--check",), ("--print-config",)):
                done = self.porterd(*options, url=url)
                self.assertEqual((done.returncode, done.out), (64, ""), done.err)
                self.assertRegex(done.err, r"\Aporterd: --database: a password in it .*PGPASSFILE.*\n\Z")
            done = self.porterd("--print-config", env={"PORTERD_DATABASE": url})
            self.assertEqual((done.returncode, done.out), (78, ""), done.err)
            self.assertNotIn("hidden", done.err)

    def test_another_kind_of_database_is_rejected(self):
        done = self.porterd("--check", url="mysql://root:hidden@localhost/porter")
        self.assertEqual((done.returncode, done.out), (64, ""))
        self.assertRegex(done.err, r"\Aporterd: --database: expected FILE or postgresql://[^\n]+\n\Z")
        self.assertNotIn("hidden", done.err)

    def test_the_servers_must_share_a_key(self):
        self.assert_refused(POSTGRES.url(), 78, "share a TLS key", "tls_key", key=())
        self.assert_refused(POSTGRES.url(), 78, "share a TLS key", key=("--tls", "off"))
        self.check(POSTGRES.url(), key=("--tls", "off", *KEY[:2]))
        self.assert_refused(POSTGRES.url(), 78, "absent", key=("--tls", "off", "--tls-key", FOLDER / "absent"))

    def test_a_database_without_the_schema_is_to_be_migrated(self):
        self.assert_refused(POSTGRES.url(database=POSTGRES.create_database(source=EMPTY)), 65, "porterctl db migrate")
        self.assert_refused(POSTGRES.url(database=POSTGRES.create_database(source="template0")), 65, "no schema")

    def test_a_newer_schema_needs_a_newer_program(self):
        database = POSTGRES.create_database()
        later = "INSERT INTO schema_migrations (version, name, works_with) VALUES (99, 'later', {})"
        POSTGRES.psql(later.format(1), database=database)
        self.assertIn("schema version 99", self.check(POSTGRES.url(database=database)).out)
        POSTGRES.psql("UPDATE schema_migrations SET works_with = 99 WHERE version = 99", database=database)
        self.assert_refused(POSTGRES.url(database=database), 65, "version 99", "install a newer one")

    def test_an_encoding_other_than_utf8_is_a_wrong_configuration(self):
        source = "template0 ENCODING 'SQL_ASCII' LOCALE 'C'"
        self.assert_refused(POSTGRES.url(database=POSTGRES.create_database(source=source)), 78, "SQL_ASCII", "UTF8")

    def test_print_config_shows_the_url_and_the_grace(self):
        url = POSTGRES.url()
        out = self.porterd("--print-config", "--partition-grace", "0", url=url).out
        self.assertIn(f'database = "{url}"', out)
        self.assertRegex(out, r'(?m)^partition-grace = "0s" +# --partition-grace$')
        self.assertRegex(self.porterd("--print-config").out, r'(?m)^partition-grace = "30s" +# default$')


if __name__ == "__main__":
    unittest.main()
