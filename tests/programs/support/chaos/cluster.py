"""The machines of a cluster and what runs on them."""
import contextlib
import datetime
import itertools
import re
import signal
import subprocess
import time

from ..key_pair import KeyPair
from ..network import Network
from ..peers import Peer, is_listening
from ..postgres_pair import Pair
from ..server import Server, assert_no_report
from ..waiting import HANG_GUARD, until
from ..wire import Connection, tls_context

PORT = 7678
LIMIT_OF_SESSIONS = 5  # of an account
GRACE = 4  # seconds, for which a porterd without its database keeps its connections
OPTIONS = ("--hash-memory", "19MiB", "--hash-ops", "2", "--hash-threads", "1", "--threads", "1",
           "--max-registrations-per-address", "0", "--max-connections-per-address", "0",
           "--max-sessions-per-account", str(LIMIT_OF_SESSIONS), "--partition-grace", f"{GRACE}s")
_EVENT = re.compile(r"^(\S+Z) \w+ (started|partitioned|rejoined|defect)\b", re.MULTILINE)


class Node:
    """A porterd on a machine of its own."""

    def __init__(self, machine, url, key, balancer):
        self.machine, self.name = machine, machine.name
        self.server = Server("--bind", machine.address, "--strict-port", "--proxy-from", balancer.address,
                             "--database", url, "--tls-key", key.key, "--tls-certificate", key.certificate, *OPTIONS,
                             port=PORT, prefix=machine.prefix)

    def kill(self):
        self.server.kill()
        assert_no_report(self.server.console())

    def start(self):
        """Again and again, as a service manager does: without a database porterd does not start (75)."""
        def started():
            try:
                self.server.start()
                return True
            except AssertionError:
                if self.server.process.returncode != 75:
                    raise
                return False
        until(started, f"{self.name} starts")

    def pause(self):
        self.server.signal(signal.SIGSTOP)

    def resume(self):
        self.server.signal(signal.SIGCONT)

    def events(self):
        """(monotonic time, event) for each start of porterd, each loss of its database and each return to it."""
        offset = time.time() - time.monotonic()
        for at, event in _EVENT.findall(self.server.log()):
            moment = datetime.datetime.strptime(at, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
            yield moment.timestamp() - offset, event


class Balancer(Peer):
    """HAProxy in TCP mode on a machine of its own. Port 7678 leads to all nodes in turn, 7701 and the following to one
    each. It tells them the address of the client by the PROXY protocol."""

    configuration = """
defaults
    mode tcp
    timeout connect 1s
    timeout client 1m
    timeout server 1m
    timeout check 1s
    retries 3
    option redispatch
    default-server send-proxy-v2 check check-send-proxy inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions
"""
    service = """
frontend {name}
    bind {address}:{port}
    default_backend {name}
backend {name}
    balance roundrobin
{servers}
"""

    def __init__(self, machine, nodes):
        """nodes: their machines"""
        super().__init__()
        self.address = machine.address
        lines = [f"    server {each.name} {each.address}:{PORT}\n" for each in nodes]
        file = self.folder / "haproxy.cfg"
        file.write_text(self.configuration + self._service("all", PORT, "".join(lines)) + "".join(
            self._service(each.name, self.port_of(number), lines[number]) for number, each in enumerate(nodes)))
        self.run([*machine.prefix, "haproxy", "-db", "-q", "-f", file],
                 lambda: is_listening(PORT, self.address))

    def _service(self, name, port, servers):
        return self.service.format(name=name, address=self.address, port=port, servers=servers)

    @staticmethod
    def port_of(number):
        """That leads to one node."""
        return 7701 + number


class Cluster:
    def __init__(self, folder, count=3):
        self.nodes = []
        with contextlib.ExitStack() as stack:
            self.network = Network()
            stack.callback(self.network.remove)
            self.pair = Pair([self.network.add(name) for name in ("a", "b")])
            stack.callback(self.pair.remove)
            machine = self.network.add("balancer")
            machines = [self.network.add(f"node{number + 1}") for number in range(count)]
            key = KeyPair(folder, "porterd")
            for each in machines:
                self.nodes.append(Node(each, self.pair.url(), key, machine))
                stack.callback(self.nodes[-1].server.remove)
            self.balancer = Balancer(machine, machines)
            stack.callback(self.balancer.remove)
            self._parts = stack.pop_all()
        self._numbers = itertools.count(1)
        self._tls = tls_context("porter/1")

    def fresh_address(self):
        return self.network.client_address(next(self._numbers))

    def connect(self, node=None, address=None, guard=HANG_GUARD):
        """A TLS connection through HAProxy, to one node by its number or to any. Raises OSError."""
        port = PORT if node is None else Balancer.port_of(node)
        connection = Connection(port, self.balancer.address, address or self.fresh_address())
        try:
            connection.socket.settimeout(guard)
            return connection.start_tls(self._tls)
        except BaseException:
            connection.close()
            raise

    def shell(self):
        """A psql that runs until its input ends."""
        return subprocess.Popen(self.pair.psql_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)

    def remove(self):
        self._parts.close()
