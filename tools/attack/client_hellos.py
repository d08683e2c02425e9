#!/usr/bin/env python3
"""Sends canned ClientHellos to a porterd of our own (promises N12 and N16 of SECURITY.md) and prints what others notice.

They cost their sender nothing: each is made once and sent again and again, no answer is read. Meanwhile ten sessions exchange
messages over TLS, and clients that are a round trip away shake hands.

Usage: client_hellos.py [--kind x25519|p256|p384|ffdhe8192|p521|retry|large|declared|all|each] [--rate 60] [--seconds 15]
                        [--from one|ipv4|48] [--round-trip 200]
  --kind   the key exchange that is offered; retry: a HelloRetryRequest is needed; large: a ClientHello of 15 KiB;
           declared: nine bytes that announce one of 128 KiB
  --from   one address; ever other addresses of 127.0.0.0/8; ever other /64 of one IPv6 /48, as a PROXY header says
PORTERD names the program.
"""
import argparse
import multiprocessing
import os
import pathlib
import selectors
import socket
import ssl
import statistics
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "programs"))
from support.server import Server  # noqa: E402
from support.wire import message, tls_context  # noqa: E402

# The base points of the curves: keys that anybody has, of a private key of 1.
P256 = bytes.fromhex("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                     "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
P384 = bytes.fromhex("04aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7"
                     "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f")
GROUPS = {"x25519": (0x001d, b"\x09" + bytes(31)), "p256": (0x0017, P256), "p384": (0x0018, P384),
          "p521": (0x0019, b"\x04" + bytes(132)), "ffdhe8192": (0x0104, b"\x03" * 1024)}
KINDS = [*GROUPS, "retry", "large", "declared"]


def sized(data, size):
    return len(data).to_bytes(size, "big") + data


def extension(number, data):
    return number.to_bytes(2, "big") + sized(data, 2)


def client_hello(kind):
    if kind == "declared":
        return b"\x16\x03\x01\x40\x00\x01\x02\x01\x40"
    group, share = GROUPS.get(kind, GROUPS["x25519"])
    offered = group.to_bytes(2, "big")
    if kind == "retry":
        group, share = 0x001e, bytes(range(56))  # X448, which is not taken
        offered = group.to_bytes(2, "big") + b"\x00\x1d"
    extensions = (extension(43, sized(b"\x03\x04", 1)) + extension(10, sized(offered, 2))
                  + extension(13, sized(b"\x08\x07\x04\x03\x08\x04", 2)) + extension(16, sized(sized(b"porter/1", 1), 2))
                  + extension(51, sized(group.to_bytes(2, "big") + sized(share, 2), 2)))
    if kind == "large":
        extensions += extension(21, bytes(15_000))
    body = (b"\x03\x03" + os.urandom(32) + b"\x00" + sized(b"\x13\x01\x13\x02\x13\x03", 2) + b"\x01\x00"
            + sized(extensions, 2))
    return b"\x16\x03\x01" + sized(b"\x01" + sized(body, 3), 2)


def proxied(network):
    return f"PROXY TCP6 2001:db8:{network} ::1 1024 7678\r\n".encode()


def come(port, options, number):
    one = socket.socket()
    one.setblocking(False)
    header = b""
    if options.origin == "48":
        header = proxied(f"1:{number % 65_000:x}::1")
    else:
        many = number if options.origin == "ipv4" else 0
        one.bind((f"127.{80 + many // 62_500}.{many // 250 % 250}.{1 + many % 250}", 0))
    one.connect_ex(("127.0.0.1", port))
    return one, header


def flood(port, options, hellos, stop, begun):
    """In a process of its own. A connection stays until the server ends it."""
    os.nice(5)
    selector, number, start = selectors.DefaultSelector(), 0, time.monotonic()
    while not stop.is_set():
        while number < (time.monotonic() - start) * options.rate:
            try:
                one, header = come(port, options, number)
                selector.register(one, selectors.EVENT_WRITE, header + hellos[number % len(hellos)])
            except OSError:
                pass  # the address has no port left: the next one
            number += 1
        for key, events in selector.select(0.005):
            try:
                if events & selectors.EVENT_WRITE:
                    key.fileobj.send(key.data)
                    begun.value += 1
                    selector.modify(key.fileobj, selectors.EVENT_READ)
                    continue
                if key.fileobj.recv(1 << 16):
                    continue
            except OSError:
                pass  # it was reset
            selector.unregister(key.fileobj)
            key.fileobj.close()


def shake_hands(port, source, header, trip):
    """A socket that speaks TLS, every answer of which came a round trip later; OSError: the server ended it."""
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = tls_context("porter/1").wrap_bio(into, out)
    one = socket.create_connection(("127.0.0.1", port), 10, (source, 0))
    one.sendall(header)
    while True:
        try:
            session.do_handshake()
            one.sendall(out.read())
            return one, session, into, out
        except ssl.SSLWantReadError:
            one.sendall(out.read())
            some = one.recv(1 << 16)
            if not some:
                raise ConnectionResetError("ended by the server") from None
            time.sleep(trip)
            into.write(some)


def read_some(line):
    one, session, into, _ = line
    while True:
        try:
            return session.read(1 << 16)
        except ssl.SSLWantReadError:
            some = one.recv(1 << 16)
            if not some:
                raise ConnectionResetError("ended by the server") from None
            into.write(some)


def send(line, data):
    one, session, _, out = line
    session.write(data)
    one.sendall(out.read())


def visit(port, number, options):
    header = proxied(f"{2 + number:x}::1") if options.origin == "48" else b""
    try:
        line = shake_hands(port, f"127.63.0.{1 + number % 250}", header, options.round_trip / 1000)
        send(line, message("hello", 1, "visitor"))
        read_some(line)
        line[0].close()
        return True
    except OSError:
        return False


def exchange(lines, seconds):
    """How long an echo took, in ms: each session in turn, 100 a second in all."""
    took, begun, number = [], time.monotonic(), 0
    while time.monotonic() - begun < seconds:
        line = lines[number % len(lines)]
        sent = time.monotonic()
        send(line, message("text", "x" * 30))
        read_some(line)
        took.append((time.monotonic() - sent) * 1000)
        number += 1
        time.sleep(max(0.0, begun + number / 100 - time.monotonic()))
    return took


def percentiles(took):
    took = sorted(took)
    return f"median {statistics.median(took):.2f} ms, p99 {took[len(took) * 99 // 100]:.2f} ms, most {took[-1]:.2f} ms"


def cpu(server):
    fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(server):
    return int(pathlib.Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * 4096 / (1 << 20)


def attack(kind, options):
    hellos = [client_hello(each) for each in (KINDS if kind == "all" else [kind])]
    proxy = ["--proxy-from", "127.0.0.0/8"] if options.origin == "48" else []
    server = Server("--tls", "required", "--access", "open", *proxy)
    try:
        lines = []
        for number in range(10):
            header = proxied(f"ffff:{number}::1") if proxy else b""
            lines.append(shake_hands(server.port, f"127.62.0.{1 + number}", header, 0))
            send(lines[-1], message("hello", 1, "session"))
            read_some(lines[-1])
        calm = exchange(lines, options.seconds / 3)
        stop, begun = multiprocessing.Event(), multiprocessing.Value("q", 0)
        process = multiprocessing.Process(target=flood, args=(server.port, options, hellos, stop, begun))
        process.start()
        time.sleep(2)
        visits, threads, sent, used, start = [], [], begun.value, cpu(server), time.monotonic()

        def come_by():
            while time.monotonic() - start < options.seconds - 1:
                one = threading.Thread(target=lambda number=len(threads): visits.append(visit(server.port, number, options)))
                one.start()
                threads.append(one)
                time.sleep(0.5)

        comers = threading.Thread(target=come_by)
        comers.start()
        stormy = exchange(lines, options.seconds)
        took, sent, used, most = time.monotonic() - start, begun.value - sent, cpu(server) - used, memory(server)
        comers.join()
        for one in threads:
            one.join()
        stop.set()
        process.join()
        print(f"{kind}: {sent / took:.0f} ClientHellos a second ({sum(map(len, hellos)) / len(hellos) * sent / took / 1024:.0f} KiB/s)"
              f" from {options.origin}; server: {used / took * 100:.0f} % of a CPU, {most:.0f} MiB")
        print(f"  echo before: {percentiles(calm)}")
        print(f"  echo during: {percentiles(stormy)}")
        print(f"  clients {options.round_trip} ms away that got in: {sum(visits)} of {len(visits)}", flush=True)
        server.stop()
    finally:
        server.remove()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=[*KINDS, "all", "each"], default="all", help="each: one after another")
    parser.add_argument("--rate", type=float, default=60)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--from", dest="origin", choices=["one", "ipv4", "48"], default="one")
    parser.add_argument("--round-trip", type=int, default=200, help="in ms")
    options = parser.parse_args()
    for kind in KINDS if options.kind == "each" else [options.kind]:
        attack(kind, options)


if __name__ == "__main__":
    main()
