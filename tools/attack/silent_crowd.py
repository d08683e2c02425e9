#!/usr/bin/env python3
"""Occupies a local porterd with silent connections (promise N4 of SECURITY.md), and prints the effect on logins.

The script keeps a number of silent connections open and replaces each one that the server closes, while other clients
log in. Usage: silent_crowd.py [--addresses 200|1] [--same] [--first-byte 16] ...
The environment variable PORTERD names the program.
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


class SilentConnections:
    """Connections that send nothing, or one byte. Each one that ends is replaced."""

    def __init__(self, port, count, addresses, first):
        self.port, self.first = port, first
        self.selector = selectors.DefaultSelector()
        self.renewed = self.refused = 0
        self.addresses = [address_of(number) for number in range(addresses)]
        self.unconnected = [self.addresses[number % addresses] for number in range(count)]

    def connect(self, address):
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
            self.unconnected.append(address)
            return False
        self.selector.register(one, selectors.EVENT_READ | (selectors.EVENT_WRITE if self.first else 0), address)
        return True

    def remove(self, key):
        self.selector.unregister(key.fileobj)
        key.fileobj.close()
        self.unconnected.append(key.data)
        self.renewed += 1

    def step(self):
        for _ in range(min(500, len(self.unconnected))):
            if not self.connect(self.unconnected.pop()):
                break
        for key, events in self.selector.select(0.05):
            try:
                if events & selectors.EVENT_WRITE:
                    key.fileobj.send(self.first)
                    self.selector.modify(key.fileobj, selectors.EVENT_READ, key.data)
                if events & selectors.EVENT_READ:
                    key.fileobj.recv(4096)  # `closing` or the end
                    self.remove(key)
            except OSError:
                self.remove(key)


def keep_connected(port, options, stop, figures):
    connections = SilentConnections(port, options.connections, options.addresses, options.first)
    while not stop.is_set():
        connections.step()
        figures["renewed"] = connections.renewed
        figures["connected"] = options.connections - len(connections.unconnected)
    figures["stopped"] = time.monotonic()
    while not figures.get("done"):  # without replacements; the open ones stay silent
        time.sleep(0.1)


def log_in(port, name, source):
    """The seconds from connecting to granted, or the reason of the failure."""
    begun = time.monotonic()
    client = None
    try:
        client = Connection(port, source=source)
        client.socket.settimeout(20)
        client.send_raw(message("hello", 1, "real") + message("login", name, PASSWORD))
        while True:
            got = client.receive()
            if got is None or got.kind in ("denied", "closing"):
                return got.code if got else "hung up"
            if got.kind == "granted":
                return time.monotonic() - begun
    except OSError as error:
        return str(error)
    finally:
        if client:
            client.close()


def memory(server):
    return int(pathlib.Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * 4096


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--addresses", type=int, default=200)
    parser.add_argument("--same", action="store_true", help="log in from the first address of the silent connections")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--logins", type=int, default=100)
    parser.add_argument("--login-grace", type=int, default=30)
    parser.add_argument("--first-byte", help="hexadecimal, sent by each silent connection: 16 begins a TLS handshake")
    options = parser.parse_args()
    options.first = bytes.fromhex(options.first_byte) if options.first_byte else b""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    server = Server("--login-grace", f"{options.login_grace}s")
    try:
        for number in range(10):
            client = server.connect("127.60.0.1")
            client.get_access("register", f"client {number}", PASSWORD)
            client.close()
        source = (lambda number: address_of(0)) if options.same else (lambda number: f"127.61.0.{1 + number % 250}")
        undisturbed = [log_in(server.port, f"client {number % 10}", source(number)) for number in range(20)]
        hash_time = statistics.median(undisturbed)

        stop, figures = multiprocessing.Event(), multiprocessing.Manager().dict()
        silent = multiprocessing.Process(target=keep_connected, args=(server.port, options, stop, figures))
        silent.start()
        while (figures.get("connected", 0) < options.connections * 9 // 10
               and figures.get("renewed", 0) < options.connections):
            time.sleep(0.1)
        results, most, begun = [], 0, time.monotonic()
        for number in range(options.logins):
            time.sleep(max(0, begun + number * options.seconds / options.logins - time.monotonic()))
            results.append(log_in(server.port, f"client {number % 10}", source(number)))
            most = max(most, memory(server))
        stop.set()
        while "stopped" not in figures:
            time.sleep(0.05)
        while server.connections() and time.monotonic() - figures["stopped"] < options.login_grace + 30:
            most = max(most, memory(server))
            time.sleep(0.1)
        emptied = time.monotonic() - figures["stopped"]
        figures["done"] = True
        silent.join()

        good = sorted(each for each in results if isinstance(each, float))
        print(f"silent: {options.connections} connections from {options.addresses} addresses, "
              f"renewed {figures['renewed']} times")
        failed = [each for each in results if not isinstance(each, float)]
        print(f"logins: {len(good)} of {len(results)} granted; refused: {failed}")
        print(f"time to granted without silent connections: median {hash_time * 1000:.0f} ms")
        if good:
            beyond = [max(0.0, each - hash_time) * 1000 for each in good]
            print(f"beyond that: median {statistics.median(beyond):.0f} ms, "
                  f"p99 {beyond[len(beyond) * 99 // 100 - 1]:.0f} ms, most {beyond[-1]:.0f} ms")
        print(f"server's memory: at most {most / MIB:.1f} MiB")
        print(f"the silent connections were closed {emptied:.1f} s after the last began "
              f"(login grace {options.login_grace} s)")
        server.stop()
    finally:
        server.remove()


if __name__ == "__main__":
    main()
