"""--metrics: what is served, and that it costs clients nothing (docs/operating.md)."""
import contextlib
import json
import pathlib
import re
import resource
import shutil
import socket
import stat
import subprocess
import tempfile
import unittest

from support.case import PASSWORD, ServerCase
from support.metrics import Prometheus, Scraper
from support.server import PORTERD, Server, run
from support.waiting import until

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/operating.md"
FAMILY = re.compile(r"^# TYPE (\w+) (\w+)$", re.MULTILINE)
ROW = re.compile(r"^\| `(porter_\w+)` \| (\w+) \|", re.MULTILINE)
ONLY_SHARED = "porter_store_journal_lag_seconds"


def promtool(text):
    """What promtool finds wrong with metrics."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), capture_output=True, check=False)
    return done.returncode, done.stdout.decode() + done.stderr.decode()


def shape_of(value):
    """The names of an object's members, and of those of its members."""
    return {name: set(part) if isinstance(part, dict) else None for name, part in value.items()}


class MetricsCase(ServerCase):
    options = ("--metrics", "127.0.0.1:0")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scraper = Scraper.of(cls.server)

    def health(self):
        status, _, text = self.scraper.get("/healthz")
        return status, text

    def assert_healthy(self):
        self.assertEqual(self.health(), (200, "ok\n"))

    def rise(self, name, **labels):
        """A function that returns by how much a counter has risen since."""
        before = self.scraper.value(name, **labels)
        return lambda: self.scraper.value(name, **labels) - before


class Pages(MetricsCase):
    def test_promtool_finds_no_mistake(self):
        self.account()
        self.assertEqual(promtool(self.scraper.text()), (0, ""))

    def test_promtool_would_find_one(self):
        self.assertNotEqual(promtool(self.scraper.text().replace("_total", "_count"))[0], 0)

    def test_the_page_of_the_documentation_lists_each_metric_with_its_type(self):
        served = dict(FAMILY.findall(self.scraper.text()))
        listed = dict(ROW.findall(PAGE.read_text()))
        self.assertEqual(listed.pop(ONLY_SHARED), "gauge")
        self.assertEqual(served, listed)

    def test_the_version_is_that_of_the_program(self):
        version = run(PORTERD, "--version").out.split()[1]
        self.assertEqual(self.scraper.value("porter_build_info", version=version), 1)
        self.assertEqual(self.scraper.status()["version"], version)

    def test_a_prometheus_scrapes_it(self):
        prometheus = Prometheus(f"127.0.0.1:{self.scraper.port}")
        self.addCleanup(prometheus.remove)
        until(lambda: prometheus.query('up{job="porterd"}') == [1], "Prometheus has scraped porterd")
        accepted = until(lambda: prometheus.query("porter_connections_accepted_total"), "it has a counter")
        self.assertGreaterEqual(self.scraper.value("porter_connections_accepted_total"), accepted[0])

    def test_clients_are_named_in_the_status_alone_and_not_to_the_page_of_another_host(self):
        account = self.account("Марина Metrics")
        client = self.start_access_phase()
        client.request("login", account.name, "not the password")
        parts = (account.name, account.address, client.address)
        live = until(lambda: all(part in self.scraper.get("/status.json")[2] for part in parts), "they are shown")
        self.assertTrue(live)
        for page, host in (("/metrics", None), ("/healthz", None), ("/", None), ("/status.json", "rebound.example")):
            text = self.scraper.get(page, host)[2]
            for part in parts:
                self.assertNotIn(part, text, page)
        self.assertIsNone(json.loads(text)["live"])

    def test_the_status_has_the_documented_shape(self):
        self.start_access_phase()
        status = until(lambda: self.status_with_connections(), "the newest connections were collected")
        documented = json.loads(re.search(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)[1])
        self.assertEqual(shape_of(status), shape_of(documented))
        live, documented = status["live"], documented["live"]
        self.assertEqual(shape_of(live), shape_of(documented))
        self.assertEqual(live["connections"][0].keys(), documented["connections"][0].keys())
        self.assertEqual(live["events"][0].keys(), documented["events"][0].keys())
        self.assertEqual(status["problems"], [])
        self.assertEqual(status["defects"], 0)

    def status_with_connections(self):
        """The status; none: no I/O thread has collected its connections yet."""
        status = self.scraper.status()
        return status if status["live"]["connections"] else None

    def test_other_pages_and_methods_are_not_found(self):
        for page in ("/index.html", "/metrics/", "/etc/passwd", "/../porterd.log"):
            self.assertEqual(self.scraper.get(page)[0], 404, page)


class Counters(MetricsCase):
    def test_access_counts_by_method_and_outcome(self):
        methods = ("register", "login", "resume")
        rises = {method: self.rise("porter_access_granted_total", method=method) for method in methods}
        denied = self.rise("porter_access_denied_total", method="login", code="bad_credentials")
        all_denied = self.rise("porter_requests_denied_total", code="bad_credentials")
        account = self.account()
        self.log_in(account)
        self.resume(account)
        client = self.start_access_phase()
        client.request("login", account.name, "not the password")
        self.assertEqual([rises[method]() for method in methods], [1, 1, 1])
        self.assertEqual((denied(), all_denied()), (1, 1))

    def test_connections_are_counted_by_phase(self):
        self.scraper.wait_for("porter_connections", 0, phase="service")
        account = self.account()
        clients = [self.resume(account) for _ in range(3)]
        waiting = self.start_access_phase()
        self.scraper.wait_for("porter_connections", 3, phase="service")
        self.scraper.wait_for("porter_connections", 1, phase="access")
        by_peer = self.rise("porter_connections_closed_total", code="by_peer")
        for client in clients:
            client.send("closing", "normal", "")
            client.expect_end()
        waiting.close()
        self.scraper.wait_for("porter_connections", 0, phase="service")
        self.scraper.wait_for("porter_connections", 0, phase="access")
        until(lambda: by_peer() == 3, "the ends are counted")

    def test_messages_and_bytes_of_open_and_of_ended_connections_count(self):
        client = self.resume(self.account())
        received, sent = self.rise("porter_messages_received_total"), self.rise("porter_messages_sent_total")
        size = self.rise("porter_received_bytes_total")
        for _ in range(10):
            client.send("text", "x" * 1000)
            client.expect("text")
        until(lambda: received() >= 10 and sent() >= 10, "the tick has added the messages")
        self.assertGreaterEqual(size(), 10 * 1000)
        before = self.scraper.value("porter_messages_received_total")
        client.close()
        self.scraper.wait_for("porter_connections", 0, phase="service")
        self.assertGreaterEqual(self.scraper.value("porter_messages_received_total"), before)

    def test_hashes_handshakes_and_operations_of_the_store_are_timed(self):
        names = ("porter_hash_wait_seconds_count", "porter_hash_duration_seconds_count",
                 "porter_tls_wait_seconds_count", "porter_tls_duration_seconds_count")
        rises = [self.rise(name) for name in names]
        changes = self.rise("porter_store_operation_duration_seconds_count", lane="changes")
        lookups = self.rise("porter_store_operation_duration_seconds_count", lane="lookups")
        batches = self.rise("porter_store_batches_total", lane="changes")
        self.account()
        self.connect(tls=True).hello()
        for name, rise in zip(names, rises):
            until(lambda rise=rise: rise() >= 1, f"{name} has risen")
        committed = batches()
        self.assertGreaterEqual(committed, 1)
        self.assertGreaterEqual(changes(), committed)
        self.assertGreaterEqual(lookups(), 1)


class Health(MetricsCase):
    @contextlib.contextmanager
    def full_disk(self):
        before = self.server.set_limit(resource.RLIMIT_FSIZE, 4096)
        try:
            yield
        finally:
            self.server.set_limit(resource.RLIMIT_FSIZE, before)

    def test_a_store_that_cannot_be_written_is_a_problem_until_it_can(self):
        self.account()
        self.assert_healthy()
        failed = self.rise("porter_store_operations_failed_total", lane="changes")
        with self.full_disk():
            client = self.start_access_phase()
            client.send("register", "No Room", PASSWORD)
            client.expect("denied", code="unavailable")
            client.close()
            status, text = self.health()
            self.assertEqual(status, 503)
            self.assertRegex(text, r"\Astore: changes fail: [^\n]+\n\Z")
            self.assertEqual(self.scraper.value("porter_problem", kind="store"), 1)
            self.assertEqual([each["kind"] for each in self.scraper.status()["problems"]], ["store"])
            self.assertGreaterEqual(failed(), 1)
        until(lambda: self.health() == (200, "ok\n"), "porterd has noticed by itself that it can write")
        self.assertEqual(self.scraper.value("porter_problem", kind="store"), 0)


class SlowScrapers(MetricsCase):
    def half_open(self):
        scraper = socket.socket()
        self.addCleanup(scraper.close)
        scraper.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            scraper.connect(("127.0.0.1", self.scraper.port))
        with contextlib.suppress(OSError):
            scraper.send(b"GET /metrics HT")
        return scraper

    def test_half_open_requests_delay_no_client_and_end(self):
        account = self.account()
        descriptors = self.server.descriptors()
        scrapers = [self.half_open() for _ in range(200)]
        client = self.resume(account)
        for _ in range(100):
            client.expect_alive()
        self.log_in(account).expect_alive()
        self.assertLess(self.server.descriptors() - descriptors, 20)
        for scraper in scrapers[8:]:
            scraper.close()
        until(lambda: self.reads_metrics(), "the half-open requests have ended")

    def reads_metrics(self):
        try:
            return self.scraper.get("/metrics")[0] == 200
        except OSError:
            return False


class Unix(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.path = self.folder / "metrics"

    def server(self):
        server = Server("--metrics", f"unix:{self.path}")
        self.addCleanup(server.remove)
        return server

    def test_the_pages_are_served_on_a_socket_for_owner_and_group(self):
        server = self.server()
        server.expect_log(f'metrics_listening address="unix:{self.path}"')
        scraper = Scraper(path=self.path)
        self.assertEqual(promtool(scraper.text()), (0, ""))
        self.assertEqual(scraper.get("/healthz"), (200, "text/plain; charset=utf-8", "ok\n"))
        self.assertIsNotNone(json.loads(scraper.get("/status.json", "localhost")[2])["live"])
        self.assertIsNone(scraper.status()["live"])  # by a name of its own
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o660)
        server.stop()
        self.assertFalse(self.path.exists())

    def test_a_restart_after_a_kill_takes_the_socket_over(self):
        server = self.server()
        server.kill()
        self.assertTrue(self.path.exists())
        server.start()
        self.assertEqual(Scraper(path=self.path).get("/healthz")[0], 200)
        server.stop()


class Option(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def porterd(self, *options):
        return run(PORTERD, "--port", 0, "--no-input", "--data-dir", self.folder / "data", *options, home=self.folder)

    def test_a_bad_address_is_a_usage_error_in_a_sentence(self):
        for value in ("", "9678", "127.0.0.1", ":9678", "localhost:9678", "127.0.0.1:65536", "unix:metrics", "unix:"):
            done = self.porterd("--metrics", value)
            self.assertEqual(done.returncode, 64, value)
            self.assertRegex(done.err, r'\Aporterd: --metrics: "[^\n]*" is not [^\n]+\n\Z')

    def test_a_port_that_is_taken_ends_the_start(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            done = self.porterd("--metrics", f"127.0.0.1:{port}")
        self.assertEqual(done.returncode, 69)
        self.assertEqual(done.err, f"porterd: cannot listen on 127.0.0.1 port {port} for metrics: "
                                   "Address already in use\n")
        self.assertIn("start_failed", (self.folder / "data/porterd.log").read_text())

    def test_an_address_that_other_machines_reach_is_warned_about(self):
        server = Server("--metrics", "0.0.0.0:0")
        self.addCleanup(server.remove)
        port = server.expect_log(r'warn metrics_exposed address="0\.0\.0\.0:(\d+)"')[1]
        self.assertIsNone(Scraper(int(port)).status()["live"])  # no name or address of a client
        self.assertRegex(server.console(), r"porterd: warning: --metrics 0\.0\.0\.0:\d+ is open to other machines")
        server.stop()

    def test_nothing_is_served_by_default(self):
        server = Server()
        self.addCleanup(server.remove)
        server.stop()
        self.assertNotIn("metrics", server.log())


if __name__ == "__main__":
    unittest.main()
