#!/usr/bin/env python3
"""Sends texts of 1 MiB and reads their echoes slowly (promise N14 of SECURITY.md), and prints the server's memory.

The connections have one address or several. Usage: slow_readers.py [--connections 1000] [--seconds 75] [--addresses 1]
The environment variable PORTERD names the program.
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
REQUEST = message("hello", 1, "slow") + message("text", "x" * (MIB - 100))


def memory(server):
    return int(pathlib.Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * 4096 / MIB


def connect_from(address, port):
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.bind((address, 0))
    one.connect(("127.0.0.1", port))
    one.settimeout(5)
    try:
        one.sendall(REQUEST)
    except OSError:
        pass  # the server has closed it or does not read from it
    one.setblocking(False)
    return one


def read_slowly(connections):
    """Reads 1,600 bytes from each; returns those that are still open."""
    remaining = []
    for one in connections:
        try:
            if one.recv(1600) == b"":
                continue
        except BlockingIOError:
            pass
        except OSError:
            continue
        remaining.append(one)
    return remaining


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
            connections.append(connect_from(address, server.port))
            most = max(most, memory(server))
        print(f"{options.connections} connections from {options.addresses} addresses "
              f"after {time.monotonic() - begun:.0f} s: "
              f"{server.connections()} are there, memory {before:.0f} MiB before, at most {most:.0f} MiB", flush=True)
        while time.monotonic() - begun < options.seconds:
            connections = read_slowly(connections)
            most = max(most, memory(server))
            time.sleep(1)
        client = server.connect("127.71.0.1")
        client.hello()
        print(f"after {options.seconds:.0f} s of 1.6 KB/s each: {server.connections() - 1} are there, "
              f"memory at most {most:.0f} MiB, now {memory(server):.0f} MiB; another client is served")
        server.stop()
    finally:
        server.remove()


if __name__ == "__main__":
    main()
