"""porterctl connections and ping ask a running porterd (docs/porterctl.md; SECURITY.md: S12)."""
import csv
import json
import os
import pathlib
import re
import shutil
import socket
import stat
import subprocess
import tempfile
import unittest

from support.administrator import AdministratorCase
from support.peers import Haproxy
from support.server import PORTERCTL, Server, run
from support.waiting import HANG_GUARD, until
from support.wire import frame

NOBODY = 65534
PYTHON = "/usr/bin/python3"  # that other users can run, too


def control_socket(server):
    return server.data / "porterd.sock"


class ConnectionsCase(AdministratorCase):
    def shown(self, address):
        """The rows of the connections from an address."""
        return [row for row in self.json("connections", "list") if row["address"] == address]

    def phase_of(self, client, phase):
        """Waits until the connection is shown in this phase; returns its row."""
        return until(lambda: next((row for row in self.shown(client.address) if row["phase"] == phase), None),
                     f"the connection is in {phase}")


class Connections(ConnectionsCase):
    def test_a_connection_is_listed_in_each_phase(self):
        account, client = self.account(), self.connect()
        row = self.phase_of(client, "opening")
        self.assertEqual((row["account"], row["messages"], row["bytes"]), (None, 0, 0))
        client.hello()
        self.assertEqual(self.phase_of(client, "access")["account"], None)
        client.send("resume", account.token)
        client.expect("granted")
        granted = self.phase_of(client, "exchange")
        client.send("text", "hello")
        client.expect("text")
        row = self.shown(client.address)[0]
        self.assertEqual(list(row), ["id", "account", "address", "node", "phase", "connected_at", "messages", "bytes"])
        self.assertEqual((row["id"], row["account"], row["node"]), (granted["id"], account.name, socket.gethostname()))
        self.assertEqual((row["messages"], row["bytes"]), (granted["messages"] + 2, granted["bytes"] + 2 * 10))
        self.assertRegex(row["connected_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.ctl("connections", "close", row["id"])
        self.assertIn([row["phase"] for row in self.shown(client.address)], (["closing"], []))  # or gone after 2 s
        client.close()
        until(lambda: not self.shown(client.address), "the connection is gone")

    def test_the_list_has_a_table_and_tabs(self):
        account = self.account()
        client = self.resume(account)
        row = self.phase_of(client, "exchange")
        tabs = next(row for row in self.rows("connections", "list") if row[2] == client.address)
        self.assertEqual(tabs[:5], [str(row["id"]), account.name, client.address, row["node"], "exchange"])
        terminal = self.terminal("connections", "list")
        terminal.expect(r"ID +ACCOUNT +ADDRESS")
        terminal.expect(rf"{account.name} +{re.escape(client.address)}")
        terminal.wait()

    def test_one_connection_is_closed_by_its_id(self):
        account = self.account()
        closed, other = self.resume(account), self.resume(account)
        row = self.phase_of(closed, "exchange")
        self.assertEqual(self.json("connections", "close", row["id"]), {"connections_closed": 1})
        self.assertEqual(closed.expect_closing("normal").reason, "closed by the administrator")
        other.expect_alive()
        self.resume(account).expect_alive()  # the session goes on
        closed.close()
        until(lambda: not self.shown(closed.address), "the connection is gone")
        self.assertIn("there is no connection", self.ctl("connections", "close", row["id"], code=66).err)
        self.server.expect_log(rf" info connections_closed user={os.geteuid()} count=1 connection={row['id']}\n")
        self.server.expect_log(rf" connection_closed address={closed.address} connection={row['id']} code=normal "
                               r'reason="closed by the administrator"')

    def test_all_connections_of_an_account_are_closed(self):
        account, unrelated = self.account("Ålice of the Connections"), self.resume(self.account())
        closed = [self.resume(account), self.log_in(account)]
        for client in closed:
            self.phase_of(client, "exchange")
        self.ctl("connections", "close", "--account", account.name.upper())
        for client in closed:
            client.expect_closing("normal")
        unrelated.expect_alive()
        self.assertEqual(self.json("connections", "close", "--account", "Unknown"), {"connections_closed": 0})
        self.server.expect_log(r' connections_closed user=\d+ count=2 name="ÅLICE OF THE CONNECTIONS"')
        self.assertNotIn("Unknown", self.server.log())

    def test_all_connections_of_a_network_are_closed(self):
        clients = [self.connect(f"127.77.1.{number}") for number in (1, 2)]
        other = self.start_access_phase("127.77.2.1")
        clients.append(self.start_access_phase("127.77.1.3"))
        for client in clients:
            until(lambda: self.shown(client.address), "it is listed")
        self.assertEqual(self.json("connections", "close", "--address", "127.77.1.0/24"), {"connections_closed": 3})
        for client in clients:
            client.expect_closing("normal")
        self.assertEqual(self.shown(other.address)[0]["phase"], "access")
        self.assertEqual(self.json("connections", "close", "--address", "127.77.2.1"), {"connections_closed": 1})
        other.expect_closing("normal")

    def test_a_wrong_selection_is_a_usage_error(self):
        for wrong in ((), ("1", "--account", "Alice"), ("--account", "Alice", "--address", "127.0.0.1")):
            self.assertIn("name one connection", self.ctl("connections", "close", *wrong, code=64).err)
        for wrong in ("0", "-1", "x", "99999999999999999999", ""):
            self.ctl("connections", "close", operands=(wrong,), code=64)
        for wrong in ("localhost", "127.0.0.1/33", "127.0.0.1/8"):
            self.assertIn("is no address or network", self.ctl("connections", "close", "--address", wrong, code=64).err)
        self.ctl("connections", "close", "--account", "two  spaces", code=64)

    def test_ping_says_that_porterd_answers(self):
        answer = self.json("ping")
        self.assertEqual(answer["node"], socket.gethostname())
        self.assertGreaterEqual(answer["connections"], 0)
        self.assertRegex(self.ctl("ping").err, r"^porterd \S+ answers on ")


class Socket(ConnectionsCase):
    def connect_to_control(self):
        control = socket.socket(socket.AF_UNIX)
        self.addCleanup(control.close)
        control.settimeout(HANG_GUARD)
        control.connect(str(control_socket(self.server)))
        return control

    def test_the_socket_is_for_the_owner_alone(self):
        about = control_socket(self.server).lstat()
        self.assertTrue(stat.S_ISSOCK(about.st_mode))
        self.assertEqual((stat.S_IMODE(about.st_mode), about.st_uid), (0o600, os.geteuid()))

    @unittest.skipUnless(os.path.exists(PYTHON), f"{PYTHON} is missing")
    @unittest.skipUnless(os.geteuid() == 0, "only root can act as another user")
    def test_another_user_is_refused(self):
        """By the mode of the folder and the socket; and where both were changed, by porterd itself."""
        def ping_as_other(path):
            code = ("import socket, sys; control = socket.socket(socket.AF_UNIX); control.connect(sys.argv[1]);"
                    "control.sendall(bytes([0, 0, 0, 1, 1])); sys.stdout.buffer.write(control.recv(100))")
            return subprocess.run([PYTHON, "-c", code, str(path)], user=NOBODY, group=NOBODY, extra_groups=(),
                                  capture_output=True, check=False, timeout=HANG_GUARD, cwd="/")
        path = control_socket(self.server)
        self.assertIn(b"Permission denied", ping_as_other(path).stderr)
        for opened, mode in ((self.server.folder, 0o755), (self.server.data, 0o755), (path, 0o666)):
            opened.chmod(mode)
        refused = ping_as_other(path)
        self.assertEqual(refused.stdout, b"", refused.stderr)
        self.server.expect_log(rf" warn control_refused user={NOBODY}\n")
        path.chmod(0o600)
        self.server.data.chmod(0o700)
        self.ctl("ping")

    def test_garbage_ends_only_the_peer_that_sends_it(self):
        for garbage in (b"GET / HTTP/1.1\r\n\r\n", bytes(100), b"\xff" * 5000, frame(b"\x7f"), frame(b"\x02")):
            control = self.connect_to_control()
            control.sendall(garbage)
            control.shutdown(socket.SHUT_WR)
            try:
                while control.recv(4096):
                    pass
            except ConnectionResetError:
                pass
        self.ctl("ping")

    def test_silent_and_slow_peers_do_not_keep_the_administrator_out(self):
        """A silent one gives its place to the next; one that reads nothing is disconnected after 5 seconds."""
        slow = self.connect_to_control()
        slow.sendall(frame(b"\x02" + bytes(8)) * 100)
        for _ in range(20):
            self.connect_to_control()
        client = self.resume(self.account())
        self.ctl("ping")
        client.expect_alive()

    def test_two_thousand_connections_are_listed_and_closed(self):
        server = Server("--access", "open", "--max-connections-per-address", "0")
        self.addCleanup(server.remove)
        clients = []
        for number in range(2000):
            client = server.connect(f"127.88.{number // 250}.{1 + number % 250}")
            self.addCleanup(client.close)
            clients.append(client)
        for client in clients:
            client.send("hello", 1, "many")
        for client in clients:
            client.expect("welcome")
            client.expect("granted")

        def ctl(*arguments):
            done = run(PORTERCTL, *arguments, "--json", "--data-dir", server.data, home=server.folder)
            self.assertEqual(done.returncode, 0, done.err)
            return json.loads(done.out)
        rows = ctl("connections", "list")
        self.assertEqual(len(rows), 2000)
        ids = [row["id"] for row in rows]
        self.assertEqual(ids, sorted(set(ids)))
        self.assertEqual({row["address"] for row in rows}, {client.address for client in clients})
        state = ctl("top", "--interval", "100ms")
        self.assertEqual((state["exchange"], state["opening"], state["access"]), (2000, 0, 0))
        self.assertEqual(len(state["connections"]), 256)
        order = [(row["bytes"], row["id"]) for row in state["connections"]]
        self.assertEqual(order, sorted(order, reverse=True))
        self.assertEqual(ctl("connections", "close", "--address", "127.88.0.0/16"), {"connections_closed": 2000})
        for client in clients:
            client.expect_closing("normal")
        server.stop()


class WithoutServer(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)

    def ping(self, *options, code=0):
        done = run(PORTERCTL, "ping", *options, home=self.server.folder)
        self.assertEqual(done.returncode, code, done.err)
        return done.err

    def test_no_server_is_an_error_of_its_own(self):
        self.server.stop()
        self.assertFalse(control_socket(self.server).exists())
        for command in (("ping",), ("connections", "list"), ("connections", "close", "1")):
            done = run(PORTERCTL, *command, "--data-dir", self.server.data, home=self.server.folder)
            self.assertEqual((done.returncode, done.out), (69, ""))
            self.assertEqual(done.err, f"porterctl: no porterd runs with the data directory {self.server.data} "
                                       "(--data-dir DIR names another one)\n")

    def test_the_socket_of_a_killed_server_is_replaced(self):
        self.server.kill()
        self.assertTrue(control_socket(self.server).exists())
        self.ping("--data-dir", self.server.data, code=69)
        self.server.start()
        self.ping("--data-dir", self.server.data)
        self.server.stop()

    def test_the_socket_is_found_by_the_data_directory_alone(self):
        """As porterd, which has it there wherever its database is."""
        self.assertIn("--data-dir DIR", self.ping("--database", self.server.database, code=64))
        self.ping("--database", self.server.database, "--data-dir", self.server.data)
        self.ping(code=69)  # in the default folder
        self.server.stop()

    def test_a_long_path_works(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="porter-test-"))) / ("d" * 200)
        server = Server(start=False)
        self.addCleanup(server.remove)
        server.data = folder
        server.start()
        self.ping("--data-dir", folder)
        server.stop()


class CheckingHaproxy(Haproxy):
    """HAProxy that tells the result of its checks."""

    configuration = Haproxy.configuration.replace("global\n", "global\n    stats socket {folder}/stats\n", 1)

    def check_status(self):
        """The result of the last check, such as L4OK; None: HAProxy does not listen there yet."""
        with socket.socket(socket.AF_UNIX) as stats:
            stats.settimeout(HANG_GUARD)
            if stats.connect_ex(f"{self.folder}/stats") != 0:
                return None
            stats.sendall(b"show stat\n")
            table = stats.makefile().read().removeprefix("# ").splitlines()
        return next(row["check_status"] for row in csv.DictReader(table) if row["svname"] == "program")


@unittest.skipUnless(shutil.which("haproxy"), "haproxy is missing")
class HealthChecks(unittest.TestCase):
    """docs/deploy.md, health checks."""

    def test_checks_of_haproxy_leave_no_line_at_info(self):
        """Without a header HAProxy resets before porterd has accepted, so there is no line at debug either."""
        for check, is_seen in (("", False), ("send-proxy-v2 check-send-proxy", True)):
            with self.subTest(check=check):
                server = Server("--access", "open", "--log-level", "debug", *("--proxy-from", "127.0.0.1") * is_seen)
                self.addCleanup(server.remove)
                haproxy = CheckingHaproxy(f"127.0.0.1:{server.port} check inter 100ms {check}", "%ci")
                self.addCleanup(haproxy.remove)
                until(lambda: haproxy.check_status() == "L4OK", "porterd is up")
                if is_seen:
                    server.expect_log(" connection_(?:closed|lost) ")
                haproxy.remove()
                server.stop()
                ends = re.findall(r" (\w+) connection_(?:closed|lost) ", server.log())
                self.assertLessEqual(set(ends), {"debug"})


if __name__ == "__main__":
    unittest.main()
