#!/usr/bin/env python3
"""Runs all kinds of load at once against a porterd with ThreadSanitizer (promise S11 of SECURITY.md).

The load: logins, registrations and resumed sessions, sessions that other threads end, with and without TLS, resets,
more unfinished TLS handshakes than the server admits, and SIGHUP with another configuration every 50 ms. The exit code
is 1 after a report of a sanitizer, an exit of the server or a `defect` in its log. The environment variable PORTERD
names another build, such as build/dev/bin/porterd. Build it first:

    cmake --preset tsan && cmake --build --preset tsan --target program_porterd
"""
import argparse
import collections
import os
import pathlib
import random
import re
import signal
import socket
import ssl
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("PORTERD", str(ROOT / "build/tsan/bin/porterd"))
sys.path.insert(0, str(ROOT / "tests" / "programs"))
sys.dont_write_bytecode = True
from support.case import PASSWORD  # noqa: E402
from support.server import Server  # noqa: E402
from support.wire import tls_context  # noqa: E402

OWNERS = 6
CLIENTS = 12
HALF_OPEN = 400  # unfinished handshakes at a time: more than the server admits
SETTINGS = ("", """idle-timeout = "1h"
session-ttl = "2d"
session-idle-ttl = "2h"
max-connections = 900
max-registrations-per-address = 100
min-password-length = 9
log-level = "debug"
proxy-from = ["192.0.2.0/24"]
""")


def client_hello():
    """The first bytes of a TLS handshake."""
    inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
    handshake = tls_context("porter/1").wrap_bio(inward, outward)
    try:
        handshake.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outward.read()


class Stress:
    def __init__(self, server, seconds, seed):
        self.server, self.seed = server, seed
        self.end = time.monotonic() + seconds
        self.tokens = collections.deque(maxlen=40)
        self.lock = threading.Lock()
        self.done = collections.Counter()

    def count(self, event):
        with self.lock:
            self.done[event] += 1

    def is_running(self):
        return time.monotonic() < self.end and self.server.process.poll() is None

    def run(self):
        for number in range(OWNERS):
            owner = self.server.connect(f"127.29.0.{number + 1}")
            self.tokens.append(owner.get_access("register", f"owner {number}", PASSWORD).token)
            owner.close()
        threads = [threading.Thread(target=self.run_clients, args=(number,)) for number in range(CLIENTS)]
        threads += [threading.Thread(target=self.begin_handshakes), threading.Thread(target=self.send_sighup)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()

    def run_clients(self, number):
        """Runs clients one after another, each from an address of its own."""
        rng = random.Random(f"{self.seed} {number}")
        while self.is_running():
            try:
                client = self.server.connect(f"127.{30 + number}.{rng.randrange(250)}.{rng.randrange(1, 250)}")
                try:
                    self.run_session(client, rng)
                finally:
                    client.close()
            except (OSError, AssertionError) as error:  # disconnected, or the answer to an earlier request
                self.count(type(error).__name__)

    def run_session(self, client, rng):
        client.socket.settimeout(8)
        if rng.random() < 0.5:
            client.start_tls()
        client.hello()
        got = self.request_access(client, rng)
        self.count(got.kind if got else "ended")
        if not got or got.kind != "granted":
            return
        if got.token:
            self.tokens.append(got.token)
        for _ in range(rng.randrange(6)):
            self.send_request(client, got, rng)
        if rng.random() < 0.4:
            client.reset()

    def request_access(self, client, rng):
        kind = rng.randrange(6)
        if kind == 0:
            return client.request("register", f"client {rng.randrange(10 ** 9)}", PASSWORD)
        if kind < 3:
            return client.request("login", f"owner {rng.randrange(OWNERS)}", PASSWORD if kind == 1 else "wrong wrong")
        return client.request("resume", rng.choice(list(self.tokens)))

    def send_request(self, client, access, rng):
        choice = rng.randrange(8)
        if choice == 0:
            client.request("list_sessions")
        elif choice == 1:
            client.send("revoke_session", max(0, access.session - rng.randrange(3)))
        elif choice == 2:
            client.send("text", "x" * rng.randrange(100_000))
        elif choice == 3 and rng.random() < 0.3:
            client.send("logout", rng.randrange(2))
        elif choice == 4:
            client.send("change_password", PASSWORD, PASSWORD)
        else:
            client.request("ping", b"x")

    def begin_handshakes(self):
        hello, held, rng = client_hello(), collections.deque(), random.Random(self.seed)
        while self.is_running():
            one = socket.socket()
            one.setblocking(False)
            held.append(one)
            try:
                one.bind((f"127.90.{len(held) % 3}.{rng.randrange(1, 250)}", 0))
                one.connect_ex(("127.0.0.1", self.server.port))
                time.sleep(0.02)  # a higher rate would take all the server's time
                one.send(hello)
                self.count("half open")
            except OSError:
                pass
            if len(held) > HALF_OPEN:
                held.popleft().close()
        for one in held:
            one.close()

    def send_sighup(self):
        while self.is_running():
            (self.server.folder / "porterd.toml").write_text(random.choice(SETTINGS))
            self.server.signal(signal.SIGHUP)
            self.count("SIGHUP")
            time.sleep(0.05)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600, help="duration (600)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    server = Server("--threads", "4", "--hash-threads", "2", "--max-sessions-per-account", "4", "--login-grace", "4s",
                    env={"TSAN_OPTIONS": "halt_on_error=0 history_size=4"}, start=False)
    settings = server.folder / "porterd.toml"
    settings.touch()
    server.options = (*server.options, "--config", settings)
    try:
        server.start()
        stress = Stress(server, options.seconds, options.seed)
        stress.run()
        print(", ".join(f"{event} {count}" for event, count in sorted(stress.done.items())))
        server.assert_healthy()
        defects = [line for line in server.log().splitlines() if re.search(r" (warn|error) defect\b", line)]
        assert not defects, "\n".join(defects[:3])
        server.stop()
        print(f"{options.seconds:.0f} s, seed {options.seed}: no report, no crash, no defect")
    finally:
        server.remove()


if __name__ == "__main__":
    main()
