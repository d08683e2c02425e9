#!/usr/bin/env python3
"""Requests more password checks than the machine can compute (promise N8 of SECURITY.md), and prints the effect.

A local porterd gets logins with wrong passwords from many addresses, while a hundred sessions exchange messages and
uninvolved clients log in. Usage: login_storm.py [--rate 500] [--seconds 60] ...
The environment variable PORTERD names the program.
"""
import argparse
import collections
import multiprocessing
import pathlib
import selectors
import socket
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "programs"))
from support.server import Server  # noqa: E402
from support.wire import Connection, decode, message  # noqa: E402

PASSWORD = "plum velvet orbit 41"


class Storm:
    """One login for a missing account on each connection, which closes after the answer."""

    def __init__(self, port, addresses):
        self.port, self.addresses = port, addresses
        self.selector = selectors.DefaultSelector()
        self.answers = collections.Counter()
        self.offered = self.waiting = 0

    def offer(self):
        number = self.offered
        self.offered += 1
        one = socket.socket()
        one.setblocking(False)
        try:
            one.bind((f"127.70.{number % self.addresses // 250}.{1 + number % self.addresses % 250}", 0))
            one.connect_ex(("127.0.0.1", self.port))
        except OSError as error:
            one.close()
            self.answers[f"not sent: {error.strerror}"] += 1
            return
        request = message("hello", 1, "storm") + message("login", f"unknown {number}", "a wrong guess of it")
        self.selector.register(one, selectors.EVENT_WRITE, (request, bytearray()))
        self.waiting += 1

    def step(self, pause):
        for key, events in self.selector.select(pause):
            request, received = key.data
            try:
                if events & selectors.EVENT_WRITE:
                    key.fileobj.send(request)
                    self.selector.modify(key.fileobj, selectors.EVENT_READ, (request, received))
                    continue
                some = key.fileobj.recv(4096)
                received += some
                answer = self.answer_in(received) or (None if some else "hung up")
            except OSError as error:
                answer = error.strerror
            if answer:
                self.selector.unregister(key.fileobj)
                key.fileobj.close()
                self.waiting -= 1
                self.answers[answer] += 1

    @staticmethod
    def answer_in(received):
        """The code of the first message after the welcome, and whether it has a retry_after; None: not received yet."""
        while len(received) >= 4:
            end = 4 + int.from_bytes(received[:4], "big")
            if len(received) < end:
                return None
            got = decode(bytes(received[4:end]))
            del received[:end]
            if got.kind != "welcome":
                suffix = " with retry_after" if getattr(got, "retry_after", 0) else ""
                return f"{got.kind} {got.code}{suffix}"
        return None


def run_storm(port, options, stop, figures):
    storm = Storm(port, options.addresses)
    begun = time.monotonic()
    while not stop.is_set():
        due = int((time.monotonic() - begun) * options.rate)
        for _ in range(min(due - storm.offered, 100)):
            storm.offer()
        storm.step(0.001)
        figures["offered"] = storm.offered
    figures["answers"] = dict(storm.answers)
    figures["unanswered"] = storm.waiting


def echo_times(sessions, seconds):
    """Milliseconds from a text to its echo, the sessions in turn; sorted."""
    took, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        for client in sessions:
            begun = time.monotonic()
            client.send("text", "hello")
            client.expect("text", text="hello")
            took.append((time.monotonic() - begun) * 1000)
            time.sleep(0.002)
    return sorted(took)


def log_in(port, name, source, taken):
    """Adds the time and the result of a login from an uninvolved address."""
    begun = time.monotonic()
    client = Connection(port, source=source)
    client.send_raw(message("hello", 1, "real") + message("login", name, PASSWORD))
    client.expect("welcome")
    got = client.receive()
    taken.append((time.monotonic() - begun, got.kind if got.kind == "granted" else got.code))
    client.close()


def log_in_repeatedly(port, seconds, address, taken):
    """Logs in once a second, the nth time from address(n)."""
    mine, end, number = [], time.monotonic() + seconds, 0
    while time.monotonic() < end:
        log_in(port, f"client {number % 10}", address(number), mine)
        number += 1
        time.sleep(1)
    taken.extend(mine)


def known_address(number):
    """The address at which the account was registered."""
    return f"127.60.0.{1 + number % 10}"


def unknown_address(number):
    return f"127.80.0.{1 + number % 200}"


def print_logins(kind_of_address, logins):
    good = sorted(took * 1000 for took, kind in logins if kind == "granted")
    times = f", median {percentile(good, 0.5):.0f} ms, most {good[-1]:.0f} ms" if good else ""
    others = collections.Counter(kind for _, kind in logins if kind != "granted")
    failed = "".join(f"; {count} {kind}" for kind, count in others.items())
    print(f"uninvolved logins {kind_of_address}: {len(good)} of {len(logins)} granted{times}{failed}")


def percentile(values, share):
    return values[min(len(values) - 1, int(len(values) * share))]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=500, help="logins a second")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--addresses", type=int, default=2000, help="that the storm comes from")
    parser.add_argument("--sessions", type=int, default=100)
    options = parser.parse_args()

    server = Server()
    try:
        tokens = []
        for number in range(10):
            client = server.connect(f"127.60.0.{1 + number}")
            tokens.append(client.get_access("register", f"client {number}", PASSWORD).token)
            client.close()
        sessions = []
        for number in range(options.sessions):
            sessions.append(server.connect(f"127.60.0.{1 + number % 10}"))
            sessions[-1].get_access("resume", tokens[number % 10])
        idle = echo_times(sessions, 5)

        manager = multiprocessing.Manager()
        stop, figures = multiprocessing.Event(), manager.dict()
        taken = {"from an address that the account knows": manager.list(), "from another one": manager.list()}
        storm = multiprocessing.Process(target=run_storm, args=(server.port, options, stop, figures))
        others = [multiprocessing.Process(target=log_in_repeatedly,
                                          args=(server.port, options.seconds, address, logins))
                  for address, logins in zip((known_address, unknown_address), taken.values())]
        storm.start()
        for each in others:
            each.start()
        busy = echo_times(sessions, options.seconds)
        for each in others:
            each.join()
        stop.set()
        storm.join()

        print(f"offered: {figures['offered']} logins in {options.seconds} s from {options.addresses} addresses")
        for answer, count in sorted(figures["answers"].items(), key=lambda item: -item[1]):
            print(f"  {answer}: {count}")
        print(f"  without an answer at the end: {figures['unanswered']}")
        for name, values in (("idle", idle), ("in the storm", busy)):
            print(f"echo of {options.sessions} sessions, {name}: median {statistics.median(values):.2f} ms, "
                  f"p99 {percentile(values, 0.99):.2f} ms, most {values[-1]:.2f} ms")
        for kind_of_address, logins in taken.items():
            print_logins(kind_of_address, logins)
        server.stop()
    finally:
        server.remove()


if __name__ == "__main__":
    main()
