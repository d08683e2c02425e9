#!/usr/bin/env python3
"""Sends passwords that are expensive to estimate, or many checks at once (promise N13 of SECURITY.md), and prints the
waiting times of others.

A few addresses keep the hash threads of a local porterd busy, while the owner of an account logs in from a known
address and from new ones, and new clients register. The kinds of attack:
  register   registrations with the password that takes zxcvbn longest
  change     each address has an account and changes its password to expensive ones
  login      each address has an account and as many logins at once as the throttle admits (20)
Usage: password_storm.py [--kind register] [--addresses 8] [--seconds 30] [--parallel N]
The environment variable PORTERD names the program.
"""
import argparse
import collections
import os
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "programs"))
from support.server import Server  # noqa: E402
from support.wire import Connection, message  # noqa: E402

PASSWORD = "plum velvet orbit 41"
EXPENSIVE = "Жq" + "65" * 50  # six keyboard variants, each a long walk between two keys


def source_of(number):
    return f"127.50.1.{1 + number}"


def cpu_seconds(server):
    """Processor time of the server so far."""
    fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask(port, source, *request):
    """(the kind of the answer after the welcome, with the code of a denial, the seconds until it arrived)"""
    begun = time.monotonic()
    one = Connection(port, source=source)
    try:
        one.socket.settimeout(60)
        one.send_raw(message("hello", 1, "storm") + message(*request))
        one.expect("welcome")
        got = one.receive()
        answer = "hung up" if got is None else got.kind if got.kind == "granted" else f"{got.kind} {got.code}"
    except (OSError, AssertionError) as error:
        answer = type(error).__name__
    finally:
        one.close()
    return answer, time.monotonic() - begun


class Storm:
    """The attacking addresses, with `parallel` threads each."""

    def __init__(self, port, options):
        self.port = port
        self.stop = threading.Event()
        self.answers = collections.Counter()
        attacks = {"register": self.register, "change": self.change_password, "login": self.log_in}
        parallel = options.parallel or {"register": 4, "change": 1, "login": 20}[options.kind]
        attack = attacks[options.kind]
        self.threads = [threading.Thread(target=self.repeat, args=(attack, address, number), daemon=True)
                        for address in range(options.addresses) for number in range(parallel)]
        if options.kind == "login":
            for address in range(options.addresses):
                ask(port, source_of(address), "register", f"hog {address}", PASSWORD)
        for each in self.threads:
            each.start()

    def repeat(self, attack, address, number):
        while not self.stop.is_set():
            try:
                attack(address, number)
            except (OSError, AssertionError) as error:
                self.answers[type(error).__name__] += 1
                time.sleep(0.01)

    def register(self, address, number):
        name = f"n{address} {number} {time.monotonic_ns()}"
        answer, _ = ask(self.port, source_of(address), "register", name, EXPENSIVE)
        self.answers[answer] += 1

    def log_in(self, address, _number):
        answer, _ = ask(self.port, source_of(address), "login", f"hog {address}", PASSWORD)
        self.answers[answer] += 1

    def change_password(self, address, number):
        name, password, changes = f"hog {address} {number} {time.monotonic_ns()}", PASSWORD, 0
        one = Connection(self.port, source=source_of(address))
        one.socket.settimeout(60)
        one.hello()
        one.request("register", name, password)
        while not self.stop.is_set():
            changes += 1
            fresh = f"{EXPENSIVE[:-6]}{changes:06}"
            got = one.request("change_password", password, fresh)
            self.answers[got.kind if got.kind == "done" else f"{got.kind} {got.code}"] += 1
            if got.kind == "done":
                password = fresh
        one.close()

    def end(self):
        self.stop.set()
        for each in self.threads:
            each.join(timeout=70)


def measure(port, seconds, request, source, taken):
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        number += 1
        taken.append(ask(port, source(number), *request(number)))
        time.sleep(0.2)


def print_results(client, taken):
    good = sorted(took for answer, took in taken if answer == "granted")
    others = collections.Counter(answer for answer, _ in taken if answer != "granted")
    times = f", median {good[len(good) // 2]:.2f} s, most {good[-1]:.2f} s" if good else ""
    failed = "".join(f"; {count} x {answer}" for answer, count in others.items())
    print(f"{client}: {len(good)} of {len(taken)} granted{times}{failed}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=("register", "change", "login"), default="register")
    parser.add_argument("--addresses", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--parallel", type=int, default=0, help="connections at once from each address (4, 1 and 20)")
    options = parser.parse_args()

    # The hash threads are niced; this makes them as fast as on a machine without other load.
    server = Server(prefix=("nice", "-n", "-19"))
    try:
        ask(server.port, "127.60.0.1", "register", "owner", PASSWORD)
        before = cpu_seconds(server)
        answer, took = ask(server.port, "127.50.2.1", "register", "one", EXPENSIVE)
        print(f"one dear registration alone: {answer} after {took:.3f} s, {cpu_seconds(server) - before:.2f} s of CPU")
        storm = Storm(server.port, options)
        time.sleep(1)
        clients = {
            "owner at a known address": ([], lambda n: ("login", "owner", PASSWORD), lambda n: "127.60.0.1"),
            "owner at a new address": ([], lambda n: ("login", "owner", PASSWORD),
                                       lambda n: f"127.62.{n // 250}.{1 + n % 250}"),
            "new client that registers": ([], lambda n: ("register", f"new {n}", PASSWORD),
                                          lambda n: f"127.63.{n // 250}.{1 + n % 250}"),
        }
        threads = [threading.Thread(target=measure, args=(server.port, options.seconds, request, source, taken))
                   for taken, request, source in clients.values()]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        storm.end()
        print(f"{options.addresses} addresses, {options.kind}, {options.seconds} s; answers to them:")
        for answer, count in sorted(storm.answers.items(), key=lambda item: -item[1]):
            print(f"  {answer}: {count}")
        for client, (taken, _, _) in clients.items():
            print_results(client, taken)
        server.stop()
    finally:
        server.remove()


if __name__ == "__main__":
    main()
