#!/usr/bin/env python3
"""Everything at once against a porterd that is built with ThreadSanitizer (promise S11 of SECURITY.md).

Logins, registrations and resumes, sessions that other threads end, TLS and plain, resets, TLS handshakes that are left half
open so that they give way, and SIGHUP every 50 ms. A sanitizer's report, the server's death or a `defect` in its log ends it
with exit code 1. PORTERD names another build, such as build/dev/bin/porterd. Build it before:

    cmake --preset tsan && cmake --build --preset tsan --target porterd
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
HALF_OPEN = 400  # handshakes that are held open at a time: more than the server holds


def client_hello():
    """The first bytes of a TLS handshake that never goes on."""
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

    def note(self, what):
        with self.lock:
            self.done[what] += 1

    def goes_on(self):
        return time.monotonic() < self.end and self.server.process.poll() is None

    def run(self):
        for number in range(OWNERS):
            owner = self.server.connect(f"127.29.0.{number + 1}")
            self.tokens.append(owner.get_access("register", f"owner {number}", PASSWORD).token)
            owner.close()
        crew = [threading.Thread(target=self.live, args=(number,)) for number in range(CLIENTS)]
        crew += [threading.Thread(target=self.leave_half_open), threading.Thread(target=self.hang_up)]
        for one in crew:
            one.start()
        for one in crew:
            one.join()

    def live(self, number):
        """One client after another, each from an address of its own."""
        rng = random.Random(f"{self.seed} {number}")
        while self.goes_on():
            try:
                visitor = self.server.connect(f"127.{30 + number}.{rng.randrange(250)}.{rng.randrange(1, 250)}")
                try:
                    self.visit(visitor, rng)
                finally:
                    visitor.close()
            except (OSError, AssertionError) as ended:  # the server hung up, or its answer belongs to something before
                self.note(type(ended).__name__)

    def visit(self, visitor, rng):
        visitor.socket.settimeout(8)
        if rng.random() < 0.5:
            visitor.start_tls()
        visitor.hello()
        got = self.ask_for_access(visitor, rng)
        self.note(got.kind if got else "ended")
        if not got or got.kind != "granted":
            return
        if got.token:
            self.tokens.append(got.token)
        for _ in range(rng.randrange(6)):
            self.ask_for_something(visitor, got, rng)
        if rng.random() < 0.4:
            visitor.reset()

    def ask_for_access(self, visitor, rng):
        kind = rng.randrange(6)
        if kind == 0:
            return visitor.request("register", f"visitor {rng.randrange(10 ** 9)}", PASSWORD)
        if kind < 3:
            return visitor.request("login", f"owner {rng.randrange(OWNERS)}", PASSWORD if kind == 1 else "wrong wrong")
        return visitor.request("resume", rng.choice(list(self.tokens)))

    def ask_for_something(self, visitor, access, rng):
        what = rng.randrange(8)
        if what == 0:
            visitor.request("list_sessions")
        elif what == 1:
            visitor.send("revoke_session", max(0, access.session - rng.randrange(3)))
        elif what == 2:
            visitor.send("text", "x" * rng.randrange(100_000))
        elif what == 3 and rng.random() < 0.3:
            visitor.send("logout", rng.randrange(2))
        elif what == 4:
            visitor.send("change_password", PASSWORD, PASSWORD)
        else:
            visitor.request("ping", b"x")

    def leave_half_open(self):
        hello, held, rng = client_hello(), collections.deque(), random.Random(self.seed)
        while self.goes_on():
            one = socket.socket()
            one.setblocking(False)
            held.append(one)
            try:
                one.bind((f"127.90.{len(held) % 3}.{rng.randrange(1, 250)}", 0))
                one.connect_ex(("127.0.0.1", self.server.port))
                time.sleep(0.02)  # more would leave the server no time for anything else
                one.send(hello)
                self.note("half open")
            except OSError:
                pass
            if len(held) > HALF_OPEN:
                held.popleft().close()
        for one in held:
            one.close()

    def hang_up(self):
        while self.goes_on():
            self.server.signal(signal.SIGHUP)
            self.note("SIGHUP")
            time.sleep(0.05)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600, help="how long (600)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    server = Server("--threads", "4", "--hash-threads", "2", "--max-sessions-per-account", "4", "--login-grace", "4s",
                    env={"TSAN_OPTIONS": "halt_on_error=0 history_size=4"})
    try:
        stress = Stress(server, options.seconds, options.seed)
        stress.run()
        print(", ".join(f"{what} {count}" for what, count in sorted(stress.done.items())))
        server.assert_healthy()
        defects = [line for line in server.log().splitlines() if re.search(r" (warn|error) defect\b", line)]
        assert not defects, "\n".join(defects[:3])
        server.stop()
        print(f"{options.seconds:.0f} s, seed {options.seed}: no report, no death, no defect")
    finally:
        server.remove()


if __name__ == "__main__":
    main()
