"""Failures of the database under clients that register all the time (SECURITY.md: S14). PostgreSQL is a primary and a
synchronous standby, and all faults are real: killed and stopped processes, promotions, and a path that loses packets.
Figures: tools/prove/failover."""
import contextlib
import pathlib
import signal
import tempfile
import unittest

from support.failover import Cluster
from support.server import checks_types_at_run_time
from support.waiting import until
from support.wire import Connection

CLIENTS = 6
REGISTRATIONS = 50  # before and after each fault
SESSIONS = 12


@unittest.skipIf(checks_types_at_run_time(), "CI has no time to run it twice; try a release build")
class FailureOfTheDatabase(unittest.TestCase):
    servers = 1

    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="porter-test-")))
        cls.cluster = Cluster(folder, cls.servers)
        cls.addClassCleanup(cls.cluster.remove)

    def check(self, fault):
        cluster = self.cluster
        cluster.start_clients(CLIENTS)
        cluster.wait_for_registrations(REGISTRATIONS)
        getattr(cluster, fault)()
        cluster.wait_for_registrations(REGISTRATIONS)
        cluster.stop_clients()
        self.assertEqual(cluster.lost(), set(), "acknowledged and lost")
        self.assertEqual(cluster.outcomes.bad_credentials(), 0, cluster.outcomes.codes)
        self.assertEqual(set(cluster.outcomes.codes) - {"login: unavailable", "register: busy", "login: busy"}, set())
        cluster.wait_for_undoing()
        for server in cluster.servers:
            server.assert_healthy()

    def test_the_primary_is_killed_and_started_again(self):
        self.check("restart")

    def test_the_primary_is_killed_and_the_standby_takes_over(self):
        self.check("promotion")

    def test_the_primary_freezes_and_the_standby_takes_over(self):
        self.check("freeze")

    def test_the_path_to_the_primary_loses_packets(self):
        self.check("cut")

    def test_the_path_to_the_primary_loses_packets_and_the_standby_takes_over(self):
        self.check("cut_and_promotion")


    def test_a_former_primary_that_comes_back_is_asked_nothing(self):
        server, pair = self.cluster.servers[0], self.cluster.pair

        def ask_at_once(request, *all_values):
            with contextlib.ExitStack() as stack:
                clients = [stack.enter_context(contextlib.closing(server.connect())) for _ in range(SESSIONS)]
                for client in clients:
                    client.hello()
                for client, values in zip(clients, zip(*all_values)):
                    client.send(request, *values)
                answers = [client.receive() for client in clients]
            self.assertEqual({(answer.kind, getattr(answer, "code", "")) for answer in answers}, {("granted", "")})
            return answers

        with pair.two_primaries() as former:
            now = pair.psql("SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)")
            until(lambda: pair.psql(f"SELECT count(*) FROM nodes WHERE seen_at_ms > {now}") == str(self.servers),
                  "porterd has found the new primary")
            former.signal(signal.SIGCONT)
            names = [f"late {number}" for number in range(SESSIONS)]
            granted = ask_at_once("register", names, ["plum velvet orbit 41"] * SESSIONS)
            ask_at_once("resume", [answer.token for answer in granted])


class WithTwoServers(FailureOfTheDatabase):
    """The same with two porterd, and what one has granted the other knows."""

    servers = 2

    def test_a_session_of_one_server_is_resumed_by_the_other_after_a_failover(self):
        first, second = self.cluster.servers
        connection = first.connect()
        granted = connection.get_access("register", "Traveller", "plum velvet orbit 41")
        connection.close()
        self.cluster.promotion()

        def resume():
            with contextlib.closing(Connection(second.port)) as client:
                client.hello()
                answer = client.request("resume", granted.token)
            is_unavailable = answer.kind == "denied" and answer.code == "unavailable"
            return None if is_unavailable else answer
        answer = until(resume, "the other server reaches the database")
        self.assertEqual((answer.kind, answer.name), ("granted", "Traveller"))


if __name__ == "__main__":
    unittest.main()
