#!/usr/bin/env python3
"""Makes porterd log (promise N15 of SECURITY.md), and prints what a day of it would cost on the disk.

Each kind of attack comes from one IPv4 address, for so many seconds, against a porterd of its own. The log has a budget that
begins anew each minute: choose a little less than a multiple of 60 seconds.
Usage: log_flood.py [--seconds 175] [--kind garbage ...]; PORTERD names the program.
"""
import argparse
import pathlib
import socket
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "programs"))
from support.server import Server  # noqa: E402
from support.wire import message  # noqa: E402

PASSWORD = "plum velvet orbit 41"
SOURCE = "127.45.0.1"
LONG_NAME = "\u0958" * 32  # 64 code points of three bytes after NFC
RESET = struct.pack("ii", 1, 0)


def by_connections(first, wait):
    """One connection after another that sends the same bytes, waits for an answer or not, and resets."""
    def run(server, end):
        count = 0
        while time.monotonic() < end:
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            one.settimeout(5)
            try:
                one.bind((SOURCE, 0))
                one.connect(("127.0.0.1", server.port))
                one.sendall(first)
                if wait:
                    one.recv(100)
            except OSError:
                pass
            one.close()
            count += 1
        return count
    return run


def on_one_connection(enter, piece):
    """One connection with access that repeats a request as fast as it is answered."""
    def run(server, end):
        visitor = server.connect(SOURCE)
        enter(visitor)
        visitor.socket.setblocking(False)
        batch, rest, sent = piece * 200, b"", 0
        while time.monotonic() < end:
            rest = rest or batch
            try:
                taken = visitor.socket.send(rest)
                rest, sent = rest[taken:], sent + taken
            except BlockingIOError:
                time.sleep(0.002)
            except OSError:
                break
            try:
                while visitor.socket.recv(1 << 16):
                    pass
            except BlockingIOError:
                pass
            except OSError:
                break
        visitor.close()
        return sent // len(piece)
    return run


def identify_first(visitor):
    visitor.hello()
    visitor.request("identify", "a")


KINDS = {
    "reset": ("connect and reset", (), by_connections(b"", False)),
    "garbage": ("a byte of garbage", (), by_connections(b"G", True)),
    "tls": ("a TLS record of garbage", (), by_connections(b"\x16\x03\x01\x00\x05\xff\0\0\1\0", True)),
    "register": ("impossible registers", (), by_connections(message("hello", 1, "x") + message("register", "\x01", "x") * 5, True)),
    "identify": ("renaming in identify access", ("--access", "identify"),
                 on_one_connection(identify_first, message("identify", LONG_NAME))),
    "change": ("change_password, throttled", (),
               on_one_connection(lambda visitor: visitor.get_access("register", "alice", PASSWORD), message("change_password", "x", "y"))),
}


def size_of(path):
    return sum(one.stat().st_size for one in path.parent.glob(path.name + "*"))


def measure(what, options, run, seconds):
    server = Server(*options)
    try:
        begun = time.monotonic()
        count = run(server, begun + seconds)
        took = time.monotonic() - begun
        time.sleep(0.3)
        written = size_of(server.log_file)
        server.stop()
        text = server.log()
        suppressed = [line.split(" ", 2)[2] for line in text.splitlines() if " suppressed " in line]
        print(f"{what}: {count / took:.0f}/s; log {written / took / 1024:.1f} KiB/s = {written / took * 86400 / 2 ** 30:.2f} GiB a day, "
              f"{text.count(chr(10))} lines", flush=True)
        for line in suppressed:
            print(f"  {line}", flush=True)
    finally:
        server.remove()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=175, help="of each kind")
    parser.add_argument("--kind", action="append", choices=sorted(KINDS), help="only this one; may be given more than once")
    asked = parser.parse_args()
    for kind in asked.kind or KINDS:
        measure(*KINDS[kind], asked.seconds)


if __name__ == "__main__":
    main()
