#!/usr/bin/env python3
"""Identifies clients without end in identify access (promise N15 of SECURITY.md), and prints what porterd has stored.

Each client has an address of its own: of one IPv6 /64 or /48, in a PROXY header, or of 127.0.0.0/8, where each address
is a network.
Usage: identify_flood.py [--seconds 15] [--from 64|48|ipv4] [--crowd 200]; the variable PORTERD names the program.
"""
import argparse
import pathlib
import selectors
import socket
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "programs"))
from support.server import Server  # noqa: E402
from support.wire import message  # noqa: E402

REQUEST = message("hello", 1, "x") + message("identify", "\u0958" * 32)
GRANTED = (b"\x82\x01", b"\x82\x02")


def address_of(kind, number):
    if kind == "64":
        return f"2001:db8:1:1::{number >> 16:x}:{number & 0xffff:x}"
    if kind == "48":
        return f"2001:db8:1:{number % 65_000:x}::{number:x}"[:39]
    return f"127.{80 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"


def connect_from(kind, number, port):
    """A socket that connects, and the bytes to send."""
    one = socket.socket()
    one.setblocking(False)
    header = b""
    if kind == "ipv4":
        one.bind((address_of(kind, number), 0))
    else:
        header = f"PROXY TCP6 {address_of(kind, number)} ::1 1024 7678\r\n".encode()
    one.connect_ex(("127.0.0.1", port))
    return one, header + REQUEST


def flood(server, kind, connections, seconds):
    """The number of clients that got access."""
    selector, number, done, end = selectors.DefaultSelector(), 0, 0, time.monotonic() + seconds
    while time.monotonic() < end:
        while len(selector.get_map()) < connections:
            one, request = connect_from(kind, number, server.port)
            selector.register(one, selectors.EVENT_WRITE, request)
            number += 1
        for key, events in selector.select(0.05):
            try:
                if events & selectors.EVENT_WRITE:
                    key.fileobj.send(key.data)
                    selector.modify(key.fileobj, selectors.EVENT_READ)
                    continue
                got = key.fileobj.recv(1 << 16)
                granted = any(mark in got for mark in GRANTED)
                done += granted
                if got and not granted:
                    continue
            except OSError:
                pass
            selector.unregister(key.fileobj)
            key.fileobj.close()
    for key in list(selector.get_map().values()):
        key.fileobj.close()
    return done


def size_of(path):
    return sum(one.stat().st_size for one in path.parent.glob(path.name + "*"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--from", dest="kind", choices=("64", "48", "ipv4"), default="ipv4")
    parser.add_argument("--crowd", dest="connections", metavar="N", type=int, default=200, help="connections at once")
    options = parser.parse_args()

    proxies = () if options.kind == "ipv4" else ("--proxy-from", "127.0.0.1")
    server = Server("--access", "identify", "--tls", "off", *proxies)
    try:
        begun = time.monotonic()
        done = flood(server, options.kind, options.connections, options.seconds)
        took = time.monotonic() - begun
        log = size_of(server.log_file)
        server.stop()
        database = server.database.stat().st_size
        with sqlite3.connect(server.database) as db:
            rows = db.execute("SELECT count(*) FROM addresses").fetchone()[0]
        print(f"{done / took:.0f} names/s; {rows} addresses remembered of {done}, "
              f"database {database / 2 ** 20:.2f} MiB; "
              f"log {log / took / 1024:.1f} KiB/s = {log / took * 86400 / 2 ** 30:.2f} GiB a day")
    finally:
        server.remove()


if __name__ == "__main__":
    main()
