"""porterd under a service manager: notifications, the watchdog and inherited sockets. The test is the manager."""
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import tempfile
import threading
import time
import unittest

from support.server import PORTERD, Server, assert_no_report, run
from support.service_manager import ActivatedServer, NotifySocket, listening_socket, threads_of
from support.stopped_thread import StoppedThread, allows_tracing
from support.waiting import until
from support.wire import Connection

WATCHDOG_TIME = 0.1  # seconds
SILENCE = 1.0  # seconds without a datagram, ten times that


class ManagerCase(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.manager = self.notify_socket(self.folder / "notify")

    def notify_socket(self, address):
        made = NotifySocket(address)
        self.addCleanup(made.close)
        return made

    def server(self, *options, env=None, manager=None):
        manager = manager or self.manager
        server = Server(*options, env={"NOTIFY_SOCKET": manager.address, **(env or {})}, start=False)
        self.addCleanup(server.remove)
        server.start()
        return server

    def watched_server(self, *options):
        server = self.server("--access", "open", *options,
                             env={"WATCHDOG_USEC": str(int(WATCHDOG_TIME * 1_000_000))})
        self.manager.expect("READY")
        return server


class Notifications(ManagerCase):
    def test_ready_is_sent_once_the_port_is_open(self):
        server = Server("--access", "open", env={"NOTIFY_SOCKET": self.manager.address}, start=False)
        self.addCleanup(server.remove)
        received = []

        def connect_when_ready():
            received.append(self.manager.expect("READY"))
            Connection(int(server.port_file.read_text())).close()
            received.append("connected")

        waiting = threading.Thread(target=connect_when_ready)
        waiting.start()
        server.start()  # on this thread: porterd is killed when the thread that has started it ends
        waiting.join()
        self.assertEqual(received, [{"READY": "1", "STATUS": "Serving 0 connections"}, "connected"])
        server.stop()

    def test_the_address_may_be_in_the_abstract_namespace(self):
        manager = self.notify_socket(f"@{self.folder.name}")
        server = self.server(manager=manager)
        manager.expect("READY")
        server.stop()

    def test_a_reload_begins_with_reloading_and_ends_with_ready(self):
        server = self.server()
        self.manager.expect("READY")
        before = time.monotonic()
        server.signal(signal.SIGHUP)
        reloading = self.manager.expect("RELOADING")
        self.assertGreaterEqual(int(reloading["MONOTONIC_USEC"]), int(before * 1_000_000))
        self.manager.expect("READY")
        server.expect_log(" info reloaded ")
        server.stop()

    def test_stopping_is_sent_when_no_connection_is_accepted_any_more(self):
        server = self.server("--access", "open")
        self.manager.expect("READY")
        client = server.connect()
        client.hello()
        server.signal(signal.SIGTERM)
        self.manager.expect("STOPPING")
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port))
        client.close()
        self.assertEqual(server.wait(), 0)

    def test_a_start_that_fails_is_never_ready(self):
        done = run(PORTERD, "--data-dir", self.folder / "data", "--bind", "192.0.2.1", "--strict-port",
                   env={"NOTIFY_SOCKET": self.manager.address})
        self.assertEqual(done.returncode, 69, done.err)
        self.assertIsNone(self.manager.receive(0))

    def test_a_wrong_address_is_a_warning(self):
        server = Server(env={"NOTIFY_SOCKET": "/nonexistent/notify"}, start=False)
        self.addCleanup(server.remove)
        server.start()
        self.assertIn("porterd: warning: NOTIFY_SOCKET: \"/nonexistent/notify\": No such file", server.console())
        server.stop()

    def test_commands_of_exec_do_not_get_the_variables(self):
        server = self.server("--access", "open", "--service", "exec:env; echo end",
                             env={"WATCHDOG_USEC": "30000000"})
        client = server.connect()
        client.hello()
        client.expect("granted")
        lines = []
        while "end" not in lines:
            lines.append(client.expect("text").text)
        self.assertFalse([line for line in lines if line.startswith(("NOTIFY_", "WATCHDOG_", "LISTEN_"))])
        client.close()
        server.stop()


class Watchdog(ManagerCase):
    def test_it_is_fed_under_load(self):
        server = self.watched_server("--threads", "2")
        clients = [server.connect() for _ in range(4)]
        for client in clients:
            client.hello()
            client.expect("granted")
        fed = 0
        while fed < 5:
            for client in clients:
                client.send("text", "hello")
            for client in clients:
                client.expect("text")
            received = self.manager.receive(0.001)
            fed += received is not None and received.get("WATCHDOG") == "1"
        for client in clients:
            client.close()
        server.stop()

    def test_it_is_not_fed_for_another_process(self):
        server = self.server(env={"WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"})
        self.manager.expect("READY")
        self.assertIsNone(self.manager.receive(SILENCE))
        server.stop()

    def check_that_a_stopped_thread_starves_it(self, server, thread):
        self.manager.expect_alive()
        with StoppedThread(server.process.pid, thread):
            self.manager.drain()
            self.manager.receive(SILENCE)  # the one for which all had answered before
            self.assertIsNone(self.manager.receive(SILENCE), "it was fed although a thread does not answer")
        self.manager.expect_alive()
        server.stop()

    def threads_to_stop(self, server):
        """The threads, or skips the test: porterd does not let other users trace it."""
        if not allows_tracing(server.process.pid):
            self.skipTest("stopping a thread of porterd takes root and CAP_SYS_PTRACE")
        return threads_of(server.process.pid)

    def test_it_is_not_fed_while_an_io_thread_does_not_answer(self):
        server = self.watched_server("--threads", "2", "--tls", "off")
        threads = self.threads_to_stop(server)
        main = threads.pop(server.process.pid)
        others = [each for each, name in threads.items() if name == main]
        self.assertEqual(len(others), 1, threads)
        self.check_that_a_stopped_thread_starves_it(server, others[0])

    def test_it_is_not_fed_while_a_thread_of_the_store_does_not_answer(self):
        for name in ("store-writer", "store-look-ups"):
            with self.subTest(name):
                server = self.watched_server()
                threads = {text: number for number, text in self.threads_to_stop(server).items()}
                self.check_that_a_stopped_thread_starves_it(server, threads[name])
                self.manager.drain()

    def test_a_store_that_answers_with_errors_does_not_starve_it(self):
        server = self.watched_server()
        with sqlite3.connect(server.database, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            server.expect_log("error store_failed during=write")  # after the time that a write waits for a lock
            self.manager.drain()
            self.manager.expect_alive()
            other.execute("ROLLBACK")
        other.close()
        server.stop()


class InheritedSockets(ManagerCase):
    def activated(self, sockets, *options):
        server = ActivatedServer(self.folder, sockets, *options, env={"NOTIFY_SOCKET": self.manager.address})
        self.addCleanup(server.remove)
        return server

    def listener(self, host="127.0.0.1"):
        made = listening_socket(host)
        self.addCleanup(made.close)
        return made

    def connect(self, listener):
        client = Connection(listener.getsockname()[1], "127.0.0.1", None)
        self.addCleanup(client.close)
        return client

    def check_served(self, client):
        client.hello()
        client.expect("granted")
        client.send("text", "hello")
        self.assertEqual(client.expect("text").text, "hello")

    def stop(self, server):
        server.process.send_signal(signal.SIGTERM)
        code, _, err = server.wait()
        assert_no_report(err)
        self.assertEqual(code, 0, err)

    def test_they_are_used_instead_of_the_port(self):
        listeners = [self.listener(), self.listener()]
        server = self.activated(listeners, "--access", "open", "--port", "1")
        self.manager.expect("READY")
        for each in listeners:
            self.check_served(self.connect(each))
        self.assertNotIn("port_taken", server.log())
        self.assertEqual(server.log().count(" info listening "), 2)
        self.stop(server)

    def test_connections_made_during_a_restart_are_served(self):
        listener = self.listener()
        first = self.activated([listener], "--access", "open")
        self.manager.expect("READY")
        before = self.connect(listener)
        self.check_served(before)
        first.process.send_signal(signal.SIGTERM)
        self.manager.expect("STOPPING")
        while_stopping = [self.connect(listener) for _ in range(20)]
        before.expect_closing("shutting_down")
        before.close()
        self.assertEqual(first.wait()[0], 0)
        while_stopped = [self.connect(listener) for _ in range(20)]
        second = self.activated([listener], "--access", "open")
        while_starting = [self.connect(listener) for _ in range(20)]
        for client in [*while_stopping, *while_stopped, *while_starting]:
            self.check_served(client)
            client.close()
        self.stop(second)

    def assert_refused(self, sockets):
        server = self.activated(sockets)
        code, _, err = server.wait()
        self.assertEqual(code, 78, err)
        self.assertIn("porterd: the inherited descriptor 3 is no listening TCP socket: a .socket unit needs", err)
        self.assertIsNone(self.manager.receive(0), "it was ready")

    def test_what_is_no_listening_tcp_socket_is_an_error(self):
        with socket.socket() as bound, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams, \
                socket.socket(socket.AF_UNIX) as local, open("/dev/null", "rb") as file:
            bound.bind(("127.0.0.1", 0))
            datagrams.bind(("127.0.0.1", 0))
            local.bind(str(self.folder / "local"))
            local.listen()
            for each in (bound, datagrams, local, file.fileno()):
                with self.subTest(each):
                    self.assert_refused([each])

    def test_those_for_another_process_are_ignored(self):
        server = self.server(env={"LISTEN_PID": "1", "LISTEN_FDS": "1"})
        server.connect().close()
        server.stop()

    def test_they_are_not_passed_on_to_commands(self):
        server = self.activated([self.listener()], "--access", "open", "--service",
                                "exec:ls /proc/self/fd; echo end")
        self.manager.expect("READY")
        client = Connection(port_of(server), "127.0.0.1", None)
        self.addCleanup(client.close)
        client.hello()
        client.expect("granted")
        lines = []
        while "end" not in lines:
            lines.append(client.expect("text").text)
        self.assertEqual(lines, ["0", "1", "2", "3", "end"])  # 3 is the folder that ls reads
        self.stop(server)


def port_of(server):
    """The port in the log."""
    return int(until(lambda: re.search(r" info listening .*port=(\d+)", server.log()), "porterd listens")[1])


if __name__ == "__main__":
    unittest.main()
