"""porter-bench: its figures are complete, and every fault is counted and makes it fail."""
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import threading
import unittest
import xml.etree.ElementTree

from support.case import ServerCase
from support.scripted_server import ScriptedServer, grant_open_access, wait_for_close
from support.server import PORTER_BENCH, Server, clean_environment, run
from support.terminal import Terminal
from support.waiting import until
from support.wire import frame

RAW_ECHO = os.environ.get("RAW_ECHO", "raw_echo")
TUNNEL_LOAD = os.environ.get("TUNNEL_LOAD", "tunnel_load")
HELLO = b"\x01\x01\0\x01t"
PERCENTILES = ["p50", "p90", "p99", "p99.9", "max"]


def bench(mode, port, *options, duration="200ms"):
    return run(PORTER_BENCH, mode, "127.0.0.1", port, "--duration", duration, "--warm-up", "50ms", *options)


class BenchCase(ServerCase):
    def measure(self, mode, *options):
        """The figures of a measurement without errors. If a busy machine has completed nothing in it, of a longer
        one."""
        for milliseconds in (200, 3_000, 60_000):
            figures = self.measure_once(mode, *options, duration=f"{milliseconds}ms")
            self.seconds = milliseconds / 1000
            if mode == "idle" or all(figure["count"] for figure in figures["runs"]):
                break
        return figures

    def measure_once(self, mode, *options, duration):
        done = bench(mode, self.server.port, "--json", *options, duration=duration)
        self.assertEqual(done.returncode, 0, done.err)
        figures = json.loads(done.out)
        self.assertEqual(figures["mode"], mode)
        for figure in figures["runs"]:
            self.assertEqual((figure["errors"], figure["faults"]), (0, {}))
        return figures

    def assert_rate(self, figure):
        """Of the last measurement."""
        self.assertGreater(figure["count"], 0)
        self.assertAlmostEqual(figure["per_second"], figure["count"] / self.seconds, places=3)
        latencies = [figure["latency_us"][name] for name in PERCENTILES]
        self.assertEqual(latencies, sorted(latencies))
        self.assertGreater(latencies[0], 0)


class Echo(BenchCase):
    options = ("--access", "open", "--max-connections-per-address", "300")

    def test_the_closed_loop_reports_rates_and_percentiles(self):
        figures = self.measure("echo", "--connections", 3, "--depth", 4)
        self.assertEqual([figures[name] for name in ("loop", "depth", "payload_bytes", "kind", "access", "server")],
                         ["closed", 4, 64, "text", "open", "porterd/0.2.0"])
        self.assertEqual(figures["runs"][0]["connections"], 3)
        self.assertNotIn("server", figures["runs"][0])
        self.assert_rate(figures["runs"][0])

    def test_the_open_loop_keeps_its_rate(self):
        figures = self.measure("echo", "--connections", 7, "--rate", 500, "--threads", 2)
        self.assertEqual((figures["loop"], figures["rate"], "depth" in figures), ("open", 500, False))
        # The figures count what was scheduled within the window; a message of each connection at its edge may be late.
        self.assertAlmostEqual(figures["runs"][0]["latency_count"], 100, delta=7)

    def test_busy_polling_measures_the_same(self):
        closed = self.measure("echo", "--connections", 3, "--depth", 4, "--busy-poll")
        self.assert_rate(closed["runs"][0])
        scheduled = self.measure("echo", "--connections", 3, "--rate", 500, "--busy-poll")
        self.assertAlmostEqual(scheduled["runs"][0]["latency_count"], 100, delta=3)

    def test_messages_of_any_size_and_kind_are_echoed(self):
        for options in (("--payload", 0), ("--payload", 5), ("--payload", "16KiB", "--data", "--depth", 4),
                        ("--payload", 701, "--cyrillic", "--depth", 8),
                        ("--payload", 1048575, "--data")):
            with self.subTest(options=options):
                self.assert_rate(self.measure("echo", "--connections", 2, *options)["runs"][0])

    def test_each_number_of_connections_is_a_run_and_a_line_of_the_plot(self):
        plot = self.server.folder / "plot.svg"
        figures = self.measure("echo", "--connections", "1,2,200", "--plot", plot)
        self.assertEqual([figure["connections"] for figure in figures["runs"]], [1, 2, 200])
        lines = xml.etree.ElementTree.parse(plot).findall(".//{*}polyline")
        self.assertEqual(len(lines), 4, "a line for each run, and the rate over all")

    def test_the_server_process_is_measured(self):
        figure = self.measure("echo", "--server-pid", self.server.process.pid)["runs"][0]
        for name in ("cpu_share", "cpu_us_each", "rss_bytes", "rss_bytes_per_connection"):
            self.assertIn(name, figure["server"])
        self.assertGreater(figure["server"]["rss_bytes"], 1 << 20)
        self.assertEqual(bench("echo", self.server.port, "--server-pid", 4194304).returncode, 66)

    def test_idle_connections_are_open_until_the_end(self):
        figures = self.measure("idle", "--connections", 150, "--server-pid", self.server.process.pid)
        self.assertIn("rss_bytes_per_connection", figures["runs"][0]["server"])

    def test_resume_in_open_access_needs_no_session(self):
        self.assert_rate(self.measure("resume", "--connections", 3)["runs"][0])

    def test_each_mode_runs_over_tls(self):
        for mode, options in (("echo", ("--depth", 4)), ("echo", ("--payload", 1048575, "--data", "--depth", 2)),
                              ("echo", ("--rate", 500)), ("resume", ()), ("idle", ("--threads", 2))):
            with self.subTest(mode=mode, options=options):
                figures = self.measure(mode, "--tls", "--connections", 3, *options)
                self.assertTrue(figures["tls"])
        self.assertFalse(self.measure("echo")["tls"])

    def test_a_server_that_requires_tls_rejects_plaintext_load(self):
        server = Server("--access", "open", "--tls", "required")
        self.addCleanup(server.remove)
        done = bench("echo", server.port)
        self.assertEqual(done.returncode, 77)
        self.assertIn("tls_required", done.err)
        self.assertEqual(bench("echo", server.port, "--tls").returncode, 0)

    def test_the_default_output_is_a_table(self):
        done = bench("echo", self.server.port, "-c", 2)
        self.assertEqual(done.returncode, 0, done.err)
        title, heading, row = done.out.splitlines()
        self.assertEqual(title, "echo against porterd/0.2.0, open access, texts of 64 bytes, depth 1")
        self.assertEqual(heading.split()[:4], ["connections", "per", "second", "p50"])
        self.assertEqual((row.split()[0], row.split()[-1]), ("2", "0"))
        self.assertEqual(done.err, "")

    def test_a_terminal_shows_a_progress_bar(self):
        terminal = Terminal(PORTER_BENCH, "echo", "127.0.0.1", self.server.port, "--duration", "1s",
                            home=self.server.folder)
        self.addCleanup(terminal.close)
        terminal.expect(r"64 connections \[[#.]{30}\]")
        terminal.expect("^ +64 ")
        self.assertEqual(terminal.wait(), 0, terminal.text())
        self.assertNotIn("[#", terminal.text(), "the bar is erased")

    def test_rejected_connections_are_counted_and_fatal(self):
        done = bench("echo", self.server.port, "--connections", 301, "--json")
        self.assertEqual(done.returncode, 75, done.err)
        figure = json.loads(done.out)["runs"][0]
        self.assertEqual(figure["errors"], 1)
        self.assertEqual(list(figure["faults"].values()), [1])
        self.assertIn("1 of 301 connections: the server says server_full", done.err)

    def test_open_access_has_no_login_and_no_register(self):
        for mode in ("login", "register"):
            self.assertEqual(bench(mode, self.server.port).returncode, 77)

    def test_a_payload_over_the_limit_of_the_server_is_an_error(self):
        done = bench("echo", self.server.port, "--payload", "1MiB")
        self.assertEqual((done.returncode, done.out), (77, ""))
        self.assertIn("at most 1048575 bytes", done.err)

    def test_a_plot_that_cannot_be_written_is_an_error(self):
        self.assertEqual(bench("echo", self.server.port, "--plot", "/nowhere/plot.svg").returncode, 73)


class Accounts(BenchCase):
    options = ("--access", "authenticate", "--max-registrations-per-address", "100000")

    def test_echo_after_access_by_an_account(self):
        figures = self.measure("echo", "--connections", 5, "--accounts", 2)
        self.assertEqual(figures["access"], "authenticate")
        self.assert_rate(figures["runs"][0])

    def test_resume_is_measured(self):
        self.assert_rate(self.measure("resume", "--connections", 4)["runs"][0])

    def test_resume_keeps_a_given_rate(self):
        figures = self.measure("resume", "--connections", 4, "--rate", 50)
        self.assertAlmostEqual(figures["runs"][0]["latency_count"], 10, delta=4)  # one of each may be late, as above

    def test_login_is_measured(self):
        self.assert_rate(self.measure("login", "--connections", 2)["runs"][0])

    def test_register_is_measured(self):
        self.assert_rate(self.measure("register", "--connections", 2)["runs"][0])


class Names(BenchCase):
    options = ("--access", "identify")

    def test_each_name_is_registered_from_its_own_address(self):
        self.assert_rate(self.measure("register", "--connections", 4)["runs"][0])

    def test_echo_after_access_by_a_name(self):
        self.assert_rate(self.measure("echo", "--connections", 4)["runs"][0])


class Faults(unittest.TestCase):
    def run_against(self, script):
        """Measures a scripted server: its first connection is only probed, the second gets the script."""
        server = ScriptedServer(lambda first: grant_open_access(first) or wait_for_close(first), script)
        done = bench("echo", server.port, "--connections", 1, "--json")
        server.join()
        figure = json.loads(done.out)["runs"][0]
        self.assertEqual(figure["errors"], 1)
        return done

    def test_an_echo_that_differs_is_fatal(self):
        def corrupt_echo(client):
            grant_open_access(client)
            text = client.receive().text
            client.send("text", text[:-1] + "?")
            wait_for_close(client)
        done = self.run_against(corrupt_echo)
        self.assertEqual(done.returncode, 76)
        self.assertIn("an echo is not what was sent", done.err)

    def test_a_closing_of_the_server_is_fatal(self):
        def stop(client):
            grant_open_access(client)
            client.receive()
            client.send("closing", "shutting_down", "back soon")
            client.half_close()
        done = self.run_against(stop)
        self.assertEqual(done.returncode, 75)
        self.assertIn("the server says shutting_down: back soon", done.err)

    def test_a_reset_of_the_server_is_fatal(self):
        def reset(client):
            grant_open_access(client)
            client.receive()
            client.reset()
        self.assertEqual(self.run_against(reset).returncode, 69)

    def test_garbage_instead_of_welcome_is_fatal(self):
        def garbage(client):
            client.expect("hello")
            client.send_raw(frame(b"\x99garbage"))
        self.assertEqual(self.run_against(garbage).returncode, 76)

    def test_a_silent_server_times_out(self):
        server = ScriptedServer(grant_open_access, wait_for_close)
        done = bench("echo", server.port, "-c", 1, "--timeout", "100ms")
        server.join()
        self.assertEqual(done.returncode, 75)
        self.assertIn("1 of 1 connections: no answer from the server in time", done.err)

    def test_the_name_of_a_server_is_escaped(self):
        name = "porterd/\x1b[2J\x7f\u009b31m\u202e\u2028"
        for form in ((), ("--json",)):
            with self.subTest(form=form):
                server = ScriptedServer(lambda first: grant_open_access(first, server=name) or wait_for_close(first),
                                        lambda client: grant_open_access(client, server=name))
                done = bench("echo", server.port, "-c", 1, *form)
                server.join()
                self.assertNotRegex(done.out + done.err, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]")
                if form:
                    self.assertEqual(json.loads(done.out)["server"], name)
                else:
                    self.assertIn(r"porterd/\x1b[2J\x7f\u{9b}31m", done.out)

    def test_a_server_that_stops_during_the_measurement_is_fatal(self):
        server = Server("--access", "open")
        self.addCleanup(server.remove)
        with subprocess.Popen([PORTER_BENCH, "echo", "127.0.0.1", str(server.port), "--duration", "1h", "--quiet"],
                              env=clean_environment(server.folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as process:
            # Connections that the server has not accepted yet would be reset.
            until(lambda: server.log().count(" admitted ") >= 64, "all connections have access")
            server.stop()
            _, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 75, err)

    def test_a_refused_connection_is_fatal(self):
        server = Server("--access", "open")
        self.addCleanup(server.remove)
        server.stop()
        done = bench("echo", server.port)
        self.assertEqual((done.returncode, done.out), (69, ""))

    def test_a_usage_error_is_one_line(self):
        for arguments, message in (
                ((), "MODE is missing"), (("dance",), '"dance" is not echo'), (("echo", ""), 'HOST: "" is not a host'),
                (("echo", "localhost", "0"), "PORT: "), (("echo", "localhost", "7678", "x"), 'unexpected argument "x"'),
                (("echo", "-c", "0"), "--connections: "), (("echo", "-c", "1,"), "--connections: "),
                (("echo", "-c", ""), "--connections: "), (("echo", "-d", "x"), "--depth: "),
                (("echo", "--rate", "-1"), "--rate: "),
                (("echo", "--rate", "5", "-d", "2"), "--depth is for the closed loop"),
                (("idle", "--rate", "5"), "--rate: not in the mode idle"),
                (("login", "-d", "5"), "--depth: not in the mode login"),
                (("echo", "-t", "0"), "--duration: "), (("echo", "-t", "1w"), "--duration: "),
                (("echo", "--timeout", "0s"), "--timeout: "), (("echo", "-s", "16MiB"), "--payload: "),
                (("echo", "--threads", "0"), "--threads: "), (("echo", "--server-pid", "0"), "--server-pid: "),
                (("echo", "--tls", "--plain"), "--tls and --plain"), (("echo", "--colour"), "unknown option --colour"),
                (("echo", "-c", "900000"), "--connections: this process may open"), (("echo", "--plot"), "--plot")):
            with self.subTest(arguments=arguments):
                done = run(PORTER_BENCH, *arguments)
                self.assertEqual((done.returncode, done.out), (64, ""), done.err)
                self.assertEqual(done.err.count("\n"), 1)
                self.assertTrue(done.err.startswith("porter-bench: "), done.err)
                self.assertIn(message, done.err)

    def test_help_and_version(self):
        self.assertIn("porter-bench echo localhost", run(PORTER_BENCH, "--help").out)
        self.assertEqual(run(PORTER_BENCH, "--version").out, "porter-bench 0.2.0\n")

    def test_plaintext_to_another_machine_needs_plain(self):
        done = run(PORTER_BENCH, "echo", "192.0.2.1", "--timeout", "100ms")  # TEST-NET-1 (RFC 5737)
        self.assertEqual(done.returncode, 77)
        self.assertIn("--plain", done.err)
        self.assertEqual(run(PORTER_BENCH, "echo", "192.0.2.1", "--tls", "--timeout", "100ms").returncode in (69, 75),
                         True)


class Reference(unittest.TestCase):
    def test_the_raw_server_echoes_under_the_same_load(self):
        for threads in ((), ("--threads", "2")):
            with self.subTest(threads=threads):
                self.assert_echoes(RAW_ECHO, *threads)

    def assert_echoes(self, *command):
        with tempfile.TemporaryDirectory() as folder:
            port_file = pathlib.Path(folder) / "port"
            with subprocess.Popen([*command, str(port_file)]) as server:
                try:
                    until(lambda: port_file.exists() and port_file.read_text().endswith("\n"), "the port is known")
                    port = int(port_file.read_text())
                    for options in (("--depth", 16), ("--payload", "16KiB", "--data", "--depth", 4),
                                    ("--payload", 1048575)):
                        done = bench("echo", port, "--connections", 3, *options)
                        self.assertEqual(done.returncode, 0, done.err)
                    self.assertEqual(bench("resume", port).returncode, 0)
                finally:
                    server.terminate()


class Tunnels(unittest.TestCase):
    """tunnel_load, against porterd in front of raw_echo --bytes."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        port_file = self.folder / "port"
        upstream = subprocess.Popen([RAW_ECHO, "--bytes", str(port_file)])
        self.addCleanup(upstream.wait)
        self.addCleanup(upstream.terminate)
        until(lambda: port_file.exists() and port_file.read_text().endswith("\n"), "the port is known")
        self.upstream = int(port_file.read_text())

    def serve(self, *options):
        server = Server(*options)
        self.addCleanup(server.remove)
        return server

    def load(self, server, *options, access=frame(HELLO)):
        (self.folder / "access").write_bytes(access)
        return run(TUNNEL_LOAD, "--access", self.folder / "access", "--warm-up", 50, "--duration", 1000, *options,
                   "--server-pid", server.process.pid, server.port)

    def test_bytes_and_short_connections_are_counted(self):
        server = self.serve("--access", "open", "--service", f"forward:127.0.0.1:{self.upstream}")
        for options, counted in ((("--connections", 3, "--depth", 2), "bytes"),
                                 (("--connections", 1, "--payload", 1000), "bytes"),
                                 (("--short", "--connections", 2, "--payload", 64, "--duration", 3000), "connections")):
            with self.subTest(options=options):
                done = self.load(server, *options)
                self.assertEqual(done.returncode, 0, done.err)
                figures = json.loads(done.out)
                self.assertGreater(figures[counted], 0)
                self.assertEqual(figures["tickets"], 0)

    def test_a_denial_is_an_error(self):
        server = self.serve("--service", f"forward:127.0.0.1:{self.upstream}")
        self.assert_error("denied access", self.load(server, access=frame(HELLO) + frame(b"\x05\0\0")))

    def test_other_bytes_are_an_error(self):
        with socket.create_server(("127.0.0.1", 0)) as upstream:
            server = self.serve("--access", "open", "--service", f"forward:127.0.0.1:{upstream.getsockname()[1]}")
            answer = threading.Thread(target=answer_once, args=(upstream, bytes(64)))
            answer.start()
            self.assert_error("a byte came back", self.load(server, "--connections", 1, "--payload", 64))
            answer.join()

    def assert_error(self, reason, done):
        self.assertEqual((done.returncode, done.out), (1, ""), done.err)
        self.assertTrue(done.err.startswith("tunnel_load: "), done.err)
        self.assertIn(reason, done.err)


def answer_once(listener, answer):
    """Sends these bytes to the first connection, and waits for its end."""
    with listener.accept()[0] as connection:
        connection.sendall(answer)
        while connection.recv(1 << 16):
            pass


if __name__ == "__main__":
    unittest.main()
