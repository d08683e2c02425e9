#!/usr/bin/env python3
"""Holds a door shut with silence, or tries to (promise N4 of SECURITY.md), and prints what became of it.

A crowd of connections that say nothing is kept up against a porterd of our own, each renewed as soon as it ends, while real
visitors log in. Usage: silent_crowd.py [--addresses 200|1] [--same] [--first-byte 16] ... ; PORTERD names the program.
"""
import argparse
import errno
import multiprocessing
import pathlib
import resource
import selectors
import socket
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "programs"))
from support.server import Server  # noqa: E402
from support.wire import Connection, message  # noqa: E402

PASSWORD = "plum velvet orbit 41"
MIB = 1 << 20


def address_of(number):
    return f"127.50.{number // 250}.{1 + number % 250}"


class Crowd:
    """Connections that say nothing, or one byte; whoever is thrown out comes back."""

    def __init__(self, port, count, addresses, first):
        self.port, self.first = port, first
        self.selector = selectors.DefaultSelector()
        self.renewed = self.refused = 0
        self.addresses = [address_of(number) for number in range(addresses)]
        self.missing = [self.addresses[number % addresses] for number in range(count)]

    def come(self, address):
        one = socket.socket()
        one.setblocking(False)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((address, 0))
            started = one.connect_ex(("127.0.0.1", self.port))
        except OSError:
            started = errno.EADDRINUSE
        if started not in (0, errno.EINPROGRESS):
            one.close()
            self.refused += 1
            self.missing.append(address)
            return False
        self.selector.register(one, selectors.EVENT_READ | (selectors.EVENT_WRITE if self.first else 0), address)
        return True

    def gone(self, key):
        self.selector.unregister(key.fileobj)
        key.fileobj.close()
        self.missing.append(key.data)
        self.renewed += 1

    def step(self):
        for _ in range(min(500, len(self.missing))):
            if not self.come(self.missing.pop()):
                break
        for key, events in self.selector.select(0.05):
            try:
                if events & selectors.EVENT_WRITE:
                    key.fileobj.send(self.first)
                    self.selector.modify(key.fileobj, selectors.EVENT_READ, key.data)
                if events & selectors.EVENT_READ:
                    key.fileobj.recv(4096)  # a closing, or the end: either way it is over
                    self.gone(key)
            except OSError:
                self.gone(key)


def keep_up(port, options, stop, figures):
    crowd = Crowd(port, options.connections, options.addresses, options.first)
    while not stop.is_set():
        crowd.step()
        figures["renewed"], figures["inside"] = crowd.renewed, options.connections - len(crowd.missing)
    figures["stopped"] = time.monotonic()
    while not figures.get("done"):  # nobody comes back, and those inside stay silent
        time.sleep(0.1)


def log_in(port, name, source):
    """How long it took from the first packet to granted, in seconds, or the reason why it was not granted."""
    begun = time.monotonic()
    try:
        visitor = Connection(port, source=source)
        visitor.socket.settimeout(20)
        visitor.send_raw(message("hello", 1, "real") + message("login", name, PASSWORD))
        while True:
            got = visitor.receive()
            if got is None or got.kind in ("denied", "closing"):
                return got.code if got else "hung up"
            if got.kind == "granted":
                return time.monotonic() - begun
    except OSError as error:
        return str(error)
    finally:
        if "visitor" in locals():
            visitor.close()


def memory(server):
    return int(pathlib.Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * 4096


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--addresses", type=int, default=200)
    parser.add_argument("--same", action="store_true", help="the real visitors come from the crowd's own first address")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--logins", type=int, default=100)
    parser.add_argument("--login-grace", type=int, default=30)
    parser.add_argument("--first-byte", help="hexadecimal, what each of the crowd says: 16 begins a TLS handshake")
    options = parser.parse_args()
    options.first = bytes.fromhex(options.first_byte) if options.first_byte else b""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    server = Server("--login-grace", f"{options.login_grace}s")
    try:
        for number in range(10):
            visitor = server.connect("127.60.0.1")
            visitor.get_access("register", f"visitor {number}", PASSWORD)
            visitor.close()
        source = (lambda number: address_of(0)) if options.same else (lambda number: f"127.61.0.{1 + number % 250}")
        quiet = [log_in(server.port, f"visitor {number % 10}", source(number)) for number in range(20)]
        hash_time = statistics.median(quiet)

        stop, figures = multiprocessing.Event(), multiprocessing.Manager().dict()
        crowd = multiprocessing.Process(target=keep_up, args=(server.port, options, stop, figures))
        crowd.start()
        while figures.get("inside", 0) < options.connections * 9 // 10 and figures.get("renewed", 0) < options.connections:
            time.sleep(0.1)
        tries, most, begun = [], 0, time.monotonic()
        for number in range(options.logins):
            time.sleep(max(0, begun + number * options.seconds / options.logins - time.monotonic()))
            tries.append(log_in(server.port, f"visitor {number % 10}", source(number)))
            most = max(most, memory(server))
        stop.set()
        while "stopped" not in figures:
            time.sleep(0.05)
        while server.connections() and time.monotonic() - figures["stopped"] < options.login_grace + 30:
            most = max(most, memory(server))
            time.sleep(0.1)
        emptied = time.monotonic() - figures["stopped"]
        figures["done"] = True
        crowd.join()

        good = sorted(each for each in tries if isinstance(each, float))
        print(f"crowd: {options.connections} connections from {options.addresses} addresses, renewed {figures['renewed']} times")
        print(f"logins: {len(good)} of {len(tries)} granted; refused: {[each for each in tries if not isinstance(each, float)]}")
        print(f"time to granted without the crowd: median {hash_time * 1000:.0f} ms")
        if good:
            beyond = [max(0.0, each - hash_time) * 1000 for each in good]
            print(f"beyond that: median {statistics.median(beyond):.0f} ms, p99 {beyond[len(beyond) * 99 // 100 - 1]:.0f} ms, "
                  f"most {beyond[-1]:.0f} ms")
        print(f"server's memory: at most {most / MIB:.1f} MiB")
        print(f"the silent ones were gone {emptied:.1f} s after the last came (login grace {options.login_grace} s)")
        server.stop()
    finally:
        server.remove()


if __name__ == "__main__":
    main()
