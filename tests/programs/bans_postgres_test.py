"""Bans and codes on two servers that share a PostgreSQL database (docs/cluster.md; SECURITY.md: N17, P10)."""
import contextlib
import pathlib
import shutil
import tempfile
import threading
import unittest

from support.case import OTHER_PASSWORD, PASSWORD, ServerCase
from support.key_pair import KeyPair
from support.metrics import Scraper
from support.postgres import Postgres
from support.server import PORTERCTL, Server, run
from support.waiting import until


class TwoServers(ServerCase):
    """Each test bans addresses of its own."""

    @classmethod
    def setUpClass(cls):
        cls.postgres = Postgres()
        cls.addClassCleanup(cls.postgres.remove)
        cls.database = cls.postgres.create_database()
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        pair = KeyPair(cls.folder, "shared")
        cls.servers = []
        cls.addClassCleanup(lambda: [each.remove() for each in cls.servers])
        for _ in range(2):
            cls.servers.append(Server("--database", cls.postgres.url(database=cls.database), "--tls-key", pair.key,
                                      "--tls-certificate", pair.certificate, "--metrics", "127.0.0.1:0"))
        cls.server, cls.other = cls.servers

    @classmethod
    def tearDownClass(cls):
        for each in cls.servers:
            each.stop()

    def ctl(self, *arguments, code=0):
        done = run(PORTERCTL, *arguments, "--database", self.postgres.url("porterctl", self.database),
                   home=self.folder)
        self.assertEqual(done.returncode, code, done.err)
        return done

    def sql(self, statement):
        return self.postgres.psql(statement, database=self.database)

    def end_of(self, address, server):
        """How the server ends a new connection after hello: a code, "silent", or "served"."""
        client = self.connect(address, server)
        got = None
        with contextlib.suppress(ConnectionError):
            client.send("hello", 1, "t")
            got = client.receive()
        client.close()
        if got is None:
            return "silent"
        return got.code if got.kind == "closing" else "served"

    def expect_end(self, address, end):
        for each in self.servers:
            until(lambda server=each: self.end_of(address, server) == end, f"connections from {address} are {end}")

    def test_a_ban_closes_the_connections_at_both_servers_until_it_is_lifted(self):
        address = self.fresh_address()
        account = self.account()
        here, there = self.resume(account, address), self.resume(account, address, server=self.other)
        other = self.resume(account, server=self.other)
        self.ctl("bans", "add", address, "--for", "1h")
        here.expect_closing("banned")
        there.expect_closing("banned")
        other.expect_alive()
        self.expect_end(address, "banned")
        shown = self.ctl("why", account.name, address, "--json").out
        self.assertIn("network_banned", shown)
        self.ctl("bans", "remove", address)
        self.expect_end(address, "served")
        self.ctl("bans", "remove", address, code=66)

    def test_a_row_of_psql_is_a_ban_at_both_servers_and_expires_by_the_database(self):
        address = self.fresh_address()
        live = self.start_access_phase(address, server=self.other)
        self.sql(f"INSERT INTO bans (network, is_silent) VALUES ('{address}/32', true)")
        with contextlib.suppress(ConnectionResetError):
            live.expect_end()
        self.expect_end(address, "silent")
        self.sql(f"UPDATE bans SET expires_at = unix_time() + 2 WHERE network = '{address}/32'")
        self.expect_end(address, "served")
        until(lambda: address not in self.ctl("bans", "list").out, "the ban is not listed any more")

    def test_the_status_of_a_server_shows_the_bans_of_all_and_its_own_throttled_networks(self):
        banned, address = self.fresh_address(), self.fresh_address()
        account = self.account(server=self.other)
        here, there = (Scraper.of(each) for each in self.servers)
        live = self.resume(account, server=self.other)
        codes = []
        while "throttled" not in codes[-1:]:
            client = self.start_access_phase(address, self.other)
            codes.append(client.request("login", account.name, "not the password at all").code)
            client.close()
            self.assertLess(len(codes), 30)
        self.ctl("bans", "add", banned)
        for scraper in (here, there):
            until(lambda of=scraper: banned in [each["network"] for each in of.status()["live"]["bans"]["networks"]],
                  "the ban is shown")
            self.assertIsInstance(scraper.status()["journal_lag_seconds"], (int, float))
            self.assertIn(("porter_store_journal_lag_seconds", frozenset()), scraper.samples())
        until(lambda: account.name in [each["name"] for each in there.status()["live"]["connections"] or []],
              "the connection is shown")
        throttled = [[each["network"] for each in scraper.status()["live"]["throttled"]] for scraper in (here, there)]
        self.assertEqual([address in networks for networks in throttled], [False, True])
        live.close()
        self.ctl("bans", "remove", banned)
        self.expect_end(banned, "served")

    def test_bans_are_in_force_while_the_database_is_gone(self):
        address = self.fresh_address()
        self.ctl("bans", "add", address)
        self.expect_end(address, "banned")
        self.postgres.stop("immediate")
        try:
            for each in self.servers:
                until(lambda server=each: "partitioned" in server.log(), "the server is partitioned")
                self.assertEqual(self.end_of(address, each), "banned")
        finally:
            self.postgres.start()
        for each in self.servers:
            until(lambda server=each: server.log().count(" rejoined") == server.log().count(" partitioned"),
                  "the server has rejoined the database")
        self.ctl("bans", "remove", address)
        self.expect_end(address, "served")

    def test_a_code_is_redeemed_once_over_both_servers(self):
        code = self.ctl("invitations", "add", "--uses", "2").out.rstrip()
        replies = []

        def redeem(server, name, address):
            client = self.start_access_phase(address, server)
            replies.append(client.request("redeem", code, name, PASSWORD))
            client.close()

        threads = [threading.Thread(target=redeem, args=(each, self.fresh_name(), self.fresh_address()))
                   for each in self.servers * 3]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        outcomes = sorted(each.kind if each.kind == "granted" else each.code for each in replies)
        self.assertEqual(outcomes, ["granted"] * 2 + ["invalid_code"] * 4)

    def test_a_reset_that_is_redeemed_at_one_server_ends_sessions_at_the_other(self):
        account = self.account()
        live = self.resume(account, server=self.other)
        code = self.ctl("accounts", "reset", account.name).out.rstrip()
        client = self.start_access_phase()
        self.assertEqual(client.request("redeem", code, account.name, OTHER_PASSWORD).via, "redeem")
        live.expect_closing("session_ended")
        again = self.start_access_phase(server=self.other)
        self.assertEqual(again.request("redeem", code, account.name, PASSWORD).code, "invalid_code")


if __name__ == "__main__":
    unittest.main()
