#!/usr/bin/env python3
"""Compares the cost of a wrong password for accounts and for unknown names (promise P8 of SECURITY.md).

Registers accounts with the default cost of a hash, restarts porterd with a higher cost, and tries names one at a time,
each from an address of its own: unknown names, old accounts, and an account registered since. Prints the median time
until the answer and the processor time of the server.
Usage: name_probe.py [--tries 40] [--hash-memory 64MiB] [--hash-ops 2]; the variable PORTERD names the program.
"""
import argparse
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "programs"))
from support.server import Server  # noqa: E402
from support.wire import Connection  # noqa: E402

PASSWORD = "plum velvet orbit 41"


class Probe:
    def __init__(self, server):
        self.server = server
        self.requests = 0

    def request(self, kind, name, password):
        """The answer and the seconds until it arrived."""
        self.requests += 1
        one = Connection(self.server.port, source=f"127.50.{1 + self.requests // 250}.{1 + self.requests % 250}")
        try:
            one.hello()
            begun = time.monotonic()
            got = one.request(kind, name, password)
            return got, time.monotonic() - begun
        finally:
            one.close()

    def cpu_seconds(self):
        """Processor time of the server so far, from the scheduler: finer than a clock tick."""
        tasks = pathlib.Path(f"/proc/{self.server.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def measure(self, title, names):
        taken, cpu = [], []
        for name in names:
            before = self.cpu_seconds()
            got, seconds = self.request("login", name, "a wrong password")
            assert got.kind == "denied" and got.code == "bad_credentials", got
            taken.append(seconds)
            cpu.append(self.cpu_seconds() - before)
        print(f"{title}: median {statistics.median(taken) * 1000:.1f} ms until the answer, "
              f"{statistics.median(cpu) * 1000:.1f} ms of CPU")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, default=40)
    parser.add_argument("--hash-memory", default="64MiB")
    parser.add_argument("--hash-ops", default="2")
    options = parser.parse_args()

    server = Server()
    try:
        probe = Probe(server)
        old = [f"old {number}" for number in range(options.tries)]
        for name in old:
            probe.request("register", name, PASSWORD)
        unknown = [f"unknown {number}" for number in range(options.tries)]
        probe.measure("unknown names, before", unknown)
        server.stop()
        server.options = ("--hash-memory", options.hash_memory, "--hash-ops", options.hash_ops)
        server.start()
        probe.request("register", "new", PASSWORD)
        print(f"--hash-memory {options.hash_memory} --hash-ops {options.hash_ops} from now on")
        probe.measure("unknown names", [f"{name} again" for name in unknown])
        probe.measure("old accounts", old)
        probe.measure("a new account", ["new"] * 3)
        server.stop()
    finally:
        server.remove()


if __name__ == "__main__":
    main()
