#!/usr/bin/env python3
"""Sends passwords that are dear to judge (promise N13 of SECURITY.md), or many checks at once, and prints who waits how long.

A few addresses keep the hash threads of a porterd of our own as busy as they can, while an owner logs in from a known address
and from new ones, and newcomers register. How the addresses attack:
  register   register frames whose password takes zxcvbn longest
  change     each has an account, and changes its password to such ones
  login      each has accounts, and as many logins to them at once as the throttle lets wait (20)
Usage: password_storm.py [--kind register] [--addresses 8] [--seconds 30] [--parallel N]; PORTERD names the program.
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
DEAR = "Жq" + "65" * 50  # six readings, each a long walk to and fro on the keyboard


def source_of(number):
    return f"127.50.1.{1 + number}"


def cpu_seconds(server):
    """Processor time of the server's process so far."""
    fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask(port, source, *said):
    """The answer behind the welcome and the seconds until it came; its kind, with the code where it was refused."""
    begun = time.monotonic()
    one = Connection(port, source=source)
    try:
        one.socket.settimeout(60)
        one.send_raw(message("hello", 1, "storm") + message(*said))
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
        work = {"register": self.keep_registering, "change": self.keep_changing, "login": self.keep_logging_in}[options.kind]
        parallel = options.parallel or {"register": 4, "change": 1, "login": 20}[options.kind]
        self.threads = [threading.Thread(target=self.persist, args=(work, address, number), daemon=True)
                        for address in range(options.addresses) for number in range(parallel)]
        if options.kind == "login":
            for address in range(options.addresses):
                ask(port, source_of(address), "register", f"hog {address}", PASSWORD)
        for each in self.threads:
            each.start()

    def persist(self, work, address, number):
        while not self.stop.is_set():
            try:
                work(address, number)
            except (OSError, AssertionError) as error:
                self.answers[type(error).__name__] += 1
                time.sleep(0.01)

    def keep_registering(self, address, number):
        answer, _ = ask(self.port, source_of(address), "register", f"n{address} {number} {time.monotonic_ns()}", DEAR)
        self.answers[answer] += 1

    def keep_logging_in(self, address, _number):
        answer, _ = ask(self.port, source_of(address), "login", f"hog {address}", PASSWORD)
        self.answers[answer] += 1

    def keep_changing(self, address, number):
        name, now, changes = f"hog {address} {number} {time.monotonic_ns()}", PASSWORD, 0
        one = Connection(self.port, source=source_of(address))
        one.socket.settimeout(60)
        one.hello()
        one.request("register", name, now)
        while not self.stop.is_set():
            changes += 1
            fresh = f"{DEAR[:-6]}{changes:06}"
            got = one.request("change_password", now, fresh)
            self.answers[got.kind if got.kind == "done" else f"{got.kind} {got.code}"] += 1
            if got.kind == "done":
                now = fresh
        one.close()

    def end(self):
        self.stop.set()
        for each in self.threads:
            each.join(timeout=70)


def watch(port, seconds, said, source, taken):
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        number += 1
        taken.append(ask(port, source(number), *said(number)))
        time.sleep(0.2)


def tell(who, taken):
    good = sorted(took for answer, took in taken if answer == "granted")
    others = collections.Counter(answer for answer, _ in taken if answer != "granted")
    times = f", median {good[len(good) // 2]:.2f} s, most {good[-1]:.2f} s" if good else ""
    print(f"{who}: {len(good)} of {len(taken)} granted{times}{''.join(f'; {n} x {what}' for what, n in others.items())}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=("register", "change", "login"), default="register")
    parser.add_argument("--addresses", type=int, default=8)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--parallel", type=int, default=0, help="connections at once from each address (4, 1 and 20)")
    options = parser.parse_args()

    server = Server(prefix=("nice", "-n", "-19"))  # hash threads are niced: as on a machine where nobody else works
    try:
        ask(server.port, "127.60.0.1", "register", "owner", PASSWORD)
        before = cpu_seconds(server)
        answer, took = ask(server.port, "127.50.2.1", "register", "one", DEAR)
        print(f"one dear registration alone: {answer} after {took:.3f} s, {cpu_seconds(server) - before:.2f} s of CPU")
        storm = Storm(server.port, options)
        time.sleep(1)
        watched = {
            "owner at a known address": ([], lambda n: ("login", "owner", PASSWORD), lambda n: "127.60.0.1"),
            "owner at a new address": ([], lambda n: ("login", "owner", PASSWORD), lambda n: f"127.62.{n // 250}.{1 + n % 250}"),
            "newcomer who registers": ([], lambda n: ("register", f"newcomer {n}", PASSWORD),
                                       lambda n: f"127.63.{n // 250}.{1 + n % 250}"),
        }
        watchers = [threading.Thread(target=watch, args=(server.port, options.seconds, said, source, taken))
                    for taken, said, source in watched.values()]
        for each in watchers:
            each.start()
        for each in watchers:
            each.join()
        storm.end()
        print(f"{options.addresses} addresses, {options.kind}, {options.seconds} s; answers to them:")
        for answer, count in sorted(storm.answers.items(), key=lambda item: -item[1]):
            print(f"  {answer}: {count}")
        for who, (taken, _, _) in watched.items():
            tell(who, taken)
        server.stop()
    finally:
        server.remove()


if __name__ == "__main__":
    main()
