#!/usr/bin/env python3
"""Makes porterd log (promise N15 of SECURITY.md), and prints the disk space that a day of it would take.

Each kind of attack runs from one IPv4 address against a porterd of its own. The budget of the log starts again each
minute: choose a little less than a multiple of 60 seconds.
Usage: log_flood.py [--seconds 175] [--kind garbage ...]; the variable PORTERD names the program.
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


def by_connections(data, wait):
    """Connections one after another: each sends the data, waits for an answer if asked to, and resets."""
    def run(server, end):
        count = 0
        while time.monotonic() < end:
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            one.settimeout(5)
            try:
                one.bind((SOURCE, 0))
                one.connect(("127.0.0.1", server.port))
                one.sendall(data)
                if wait:
                    one.recv(100)
            except OSError:
                pass
            one.close()
            count += 1
        return count
    return run


def on_one_connection(get_access, piece):
    """One connection with access that repeats a request as fast as the server answers."""
    def run(server, end):
        client = server.connect(SOURCE)
        get_access(client)
        client.socket.setblocking(False)
        batch, rest, sent = piece * 200, b"", 0
        while time.monotonic() < end:
            rest = rest or batch
            try:
                taken = client.socket.send(rest)
                rest, sent = rest[taken:], sent + taken
            except BlockingIOError:
                time.sleep(0.002)
            except OSError:
                break
            try:
                while client.socket.recv(1 << 16):
                    pass
            except BlockingIOError:
                pass
            except OSError:
                break
        client.close()
        return sent // len(piece)
    return run


def identify_first(client):
    client.hello()
    client.request("identify", "a")


def register_first(client):
    client.get_access("register", "alice", PASSWORD)


KINDS = {
    "reset": ("connect and reset", (), by_connections(b"", False)),
    "garbage": ("a byte of garbage", (), by_connections(b"G", True)),
    "tls": ("a TLS record of garbage", (), by_connections(b"\x16\x03\x01\x00\x05\xff\0\0\1\0", True)),
    "register": ("impossible registers", (),
                 by_connections(message("hello", 1, "x") + message("register", "\x01", "x") * 5, True)),
    "identify": ("renaming in identify access", ("--access", "identify"),
                 on_one_connection(identify_first, message("identify", LONG_NAME))),
    "change": ("change_password, throttled", (),
               on_one_connection(register_first, message("change_password", "x", "y"))),
}


def size_of(path):
    return sum(one.stat().st_size for one in path.parent.glob(path.name + "*"))


def measure(title, options, run, seconds):
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
        print(f"{title}: {count / took:.0f}/s; log {written / took / 1024:.1f} KiB/s = "
              f"{written / took * 86400 / 2 ** 30:.2f} GiB a day, {text.count(chr(10))} lines", flush=True)
        for line in suppressed:
            print(f"  {line}", flush=True)
    finally:
        server.remove()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=175, help="of each kind")
    parser.add_argument("--kind", action="append", choices=sorted(KINDS),
                        help="only this kind; may be given more than once")
    options = parser.parse_args()
    for kind in options.kind or KINDS:
        measure(*KINDS[kind], options.seconds)


if __name__ == "__main__":
    main()
