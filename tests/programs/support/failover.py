"""Clients that register all the time while the primary of the database fails, and what became of each registration."""
import base64
import collections
import contextlib
import hashlib
import itertools
import threading
import time

from .case import PASSWORD
from .key_pair import KeyPair
from .network import Network
from .postgres_pair import Pair
from .server import Server
from .silent_proxy import SilentProxy
from .waiting import until
from .wire import Connection

_numbers = itertools.count(1)
_PAUSE = 0.05  # seconds, after a registration that was not granted
SMALL_HASH = ("--hash-memory", "19MiB", "--hash-ops", "2")
NO_LIMITS = ("--max-registrations-per-address", "0", "--max-connections-per-address", "0")


def digest(token):
    """What the store has of a token, in hexadecimal."""
    raw = base64.urlsafe_b64decode(token.removeprefix("prt_") + "=")
    return hashlib.blake2b(raw, digest_size=32).hexdigest()


class Outcomes:
    """What the clients were answered. For many threads."""

    def __init__(self):
        self._lock = threading.Lock()
        self.acknowledged = {}  # name: digest of the token
        self.lost, self.unavailable = [], []  # names
        self.codes = collections.Counter()  # of other denials, by request
        self.longest_pause, self._last = 0.0, time.monotonic()

    def on_granted(self, name, token):
        with self._lock:
            now = time.monotonic()
            self.longest_pause = max(self.longest_pause, now - self._last)
            self._last = now
            self.acknowledged[name] = digest(token)

    def on_lost(self, name):
        """The connection ended without an answer."""
        with self._lock:
            self.lost.append(name)

    def on_denied(self, request, name, code):
        with self._lock:
            if request == "register" and code == "unavailable":
                self.unavailable.append(name)
            else:
                self.codes[f"{request}: {code}"] += 1

    def bad_credentials(self):
        """Of requests with the right password."""
        return sum(count for code, count in self.codes.items() if code.endswith("bad_credentials"))


class Registrar(threading.Thread):
    """Registers one account after the other, and logs in to each tenth. `login_every` changes that."""

    def __init__(self, ports, outcomes, login_every=10):
        super().__init__(daemon=True)
        self.ports, self.outcomes, self.login_every = itertools.cycle(ports), outcomes, login_every
        self.stopping = threading.Event()
        self.error = None

    def run(self):
        try:
            while not self.stopping.is_set():
                number = next(_numbers)
                name = f"registrar {number}"
                if not self._ask("register", name, number):
                    self.stopping.wait(_PAUSE)
                elif number % self.login_every == 0:
                    self._ask("login", name, number)
        except BaseException as error:  # for stop()
            self.error = error

    def _ask(self, request, name, number):
        """True: granted."""
        try:
            connection = Connection(next(self.ports), source=f"127.{1 + number // 60000}.{number // 250 % 240}."
                                                             f"{1 + number % 250}")
            try:
                connection.hello()
                answer = connection.request(request, name, PASSWORD)
            finally:
                connection.close()
        except OSError:
            answer = None
        if answer is None or answer.kind == "closing":
            if request == "register":
                self.outcomes.on_lost(name)
            return False
        if answer.kind == "denied":
            self.outcomes.on_denied(request, name, answer.code)
            return False
        if request == "register":
            self.outcomes.on_granted(name, answer.token)
        return True

    def stop(self):
        self.stopping.set()
        self.join()
        if self.error:
            raise self.error


class Cluster:
    """A pair of PostgreSQL servers, porterd on it, and clients. The faults are its methods.

    with_network: the servers are machines of a network, whose cables are cut; otherwise porterd reaches them by proxies
    that fall silent."""

    faults = ("restart", "promotion", "freeze", "cut", "cut_and_promotion")

    def __init__(self, folder, servers=1, with_network=False):
        self.outcomes, self.clients, self.proxies, self.servers = Outcomes(), [], {}, []
        with contextlib.ExitStack() as stack:
            self.network = Network() if with_network else None
            if with_network:
                stack.callback(self.network.remove)
            self.pair = Pair([self.network.add(name) for name in ("a", "b")] if with_network else ())
            stack.callback(self.pair.remove)
            for member in () if with_network else self.pair.members:
                self.proxies[member.name] = stack.enter_context(contextlib.closing(SilentProxy(member.port)))
            key = KeyPair(folder, "porterd")
            url = self.pair.url(ports={name: proxy.port for name, proxy in self.proxies.items()})
            for _ in range(servers):
                self.servers.append(Server("--database", url, "--tls-key", key.key, "--tls-certificate",
                                           key.certificate, *SMALL_HASH, *NO_LIMITS))
                stack.callback(self.servers[-1].remove)
            self._parts = stack.pop_all()

    def start_clients(self, count):
        """With new outcomes."""
        self.outcomes = Outcomes()
        ports = [server.port for server in self.servers]
        self.clients = [Registrar(ports[number % len(ports):] + ports[:number % len(ports)], self.outcomes)
                        for number in range(count)]
        for client in self.clients:
            client.start()

    def stop_clients(self):
        for client in self.clients:
            client.stop()
        self.clients = []

    def wait_for_registrations(self, count):
        """That many more than now."""
        acknowledged = self.outcomes.acknowledged
        wanted = len(acknowledged) + count
        while (known := len(acknowledged)) < wanted and not any(client.error for client in self.clients):
            until(lambda: len(acknowledged) > known or any(client.error for client in self.clients),
                  f"one more than {known} registrations is acknowledged")

    def restart(self):
        self.pair.kill_primary()
        self.pair.start_primary()

    def promotion(self):
        self.pair.kill_primary()
        self.pair.promote()
        self.pair.attach()

    def freeze(self):
        self.pair.pause_primary()
        self.pair.promote()
        self.pair.attach()

    def cut(self):
        before = self._count_of("partitioned")
        self._cut(self.pair.primary)
        until(lambda: self._count_of("partitioned") >= before + len(self.servers), "porterd is partitioned")
        self._mend(self.pair.primary)

    def cut_and_promotion(self):
        cut_off = self.pair.primary
        self._cut(cut_off)
        self.pair.promote()
        self.pair.attach(before=lambda: self._mend(cut_off))

    def _cut(self, member):
        if self.network:
            self.pair.machines[member.name].cut()
        else:
            self.proxies[member.name].fall_silent()

    def _mend(self, member):
        if self.network:
            self.pair.machines[member.name].mend()
        else:
            self.proxies[member.name].pass_on()

    def _count_of(self, event):
        return sum(server.log().count(f" warn {event} ") for server in self.servers)

    def wait_for_undoing(self):
        """What was told to be unavailable is undone when the database is back."""
        until(lambda: not self.kept(), "registrations that were denied as unavailable are undone")

    def kept(self):
        """The names whose registration was denied as unavailable, and that exist."""
        return self._stored_names().keys() & set(self.outcomes.unavailable)

    def committed(self):
        """The names whose registration had no answer, and that exist."""
        return self._stored_names().keys() & set(self.outcomes.lost)

    def lost(self):
        """The names whose registration was acknowledged, and that do not exist with the session that was granted."""
        stored = self._stored_names()
        return {name for name, digest_ in self.outcomes.acknowledged.items() if digest_ not in stored.get(name, ())}

    def _stored_names(self):
        """The digests of the sessions of each account, by name."""
        rows = self.pair.psql("SELECT name, string_agg(encode(token_digest, 'hex'), ',') FROM accounts LEFT JOIN "
                              "sessions ON account_id = accounts.id GROUP BY name")
        return {name: digests.split(",") for name, _, digests in (row.partition("|") for row in rows.splitlines())}

    def remove(self):
        for client in self.clients:
            client.stopping.set()
        self._parts.close()
