#!/usr/bin/env python3
"""Sends texts of 1 MiB and takes their echoes drop by drop (promise N14 of SECURITY.md), and prints what that costs.

The connections come from one address, or each from one of its own. Usage: slow_readers.py [--connections 1000] [--seconds 75]
[--addresses 1]; PORTERD names the program.
"""
import argparse
import pathlib
import resource
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "programs"))
from support.server import Server  # noqa: E402
from support.wire import message  # noqa: E402

MIB = 1 << 20
SAID = message("hello", 1, "slow") + message("text", "x" * (MIB - 100))


def memory(server):
    return int(pathlib.Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * 4096 / MIB


def come(port, address):
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.bind((address, 0))
    one.connect(("127.0.0.1", port))
    one.settimeout(5)
    try:
        one.sendall(SAID)
    except OSError:
        pass  # it was closed for what it holds, or is not read from any more
    one.setblocking(False)
    return one


def drip(connections):
    """Each takes 1,600 bytes; those that the server has reset are over."""
    left = []
    for one in connections:
        try:
            if one.recv(1600) == b"":
                continue
        except BlockingIOError:
            pass
        except OSError:
            continue
        left.append(one)
    return left


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=75)
    parser.add_argument("--addresses", type=int, default=1)
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    server = Server("--access", "open")
    try:
        before = most = memory(server)
        connections, begun = [], time.monotonic()
        for number in range(options.connections):
            address = f"127.70.{number % options.addresses // 250}.{1 + number % options.addresses % 250}"
            connections.append(come(server.port, address))
            most = max(most, memory(server))
        print(f"{options.connections} connections from {options.addresses} addresses after {time.monotonic() - begun:.0f} s: "
              f"{server.connections()} are there, memory {before:.0f} MiB before, at most {most:.0f} MiB", flush=True)
        while time.monotonic() - begun < options.seconds:
            connections = drip(connections)
            most = max(most, memory(server))
            time.sleep(1)
        visitor = server.connect("127.71.0.1")
        visitor.hello()
        print(f"after {options.seconds:.0f} s of 1.6 KB/s each: {server.connections() - 1} are there, memory at most {most:.0f} MiB, "
              f"now {memory(server):.0f} MiB; another client is served")
        server.stop()
    finally:
        server.remove()


if __name__ == "__main__":
    main()
