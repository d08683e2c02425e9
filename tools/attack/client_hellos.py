#!/usr/bin/env python3
"""Floods a local porterd with prepared ClientHellos and measures other clients (promises N12 and N16 of SECURITY.md).

The flood is cheap: each ClientHello is built once and sent repeatedly, and no answer is read. During the flood ten
sessions exchange messages over TLS, and clients with a long round-trip time do TLS handshakes.

Usage: client_hellos.py [--kind x25519|p256|p384|ffdhe8192|p521|retry|large|declared|all|each] [--rate 60]
                        [--seconds 15] [--from one|ipv4|48] [--round-trip 200]
  --kind   the key exchange offered; retry: one that needs a HelloRetryRequest; large: a ClientHello of 15 KiB;
           declared: nine bytes that declare a ClientHello of 128 KiB
  --from   one: a single address; ipv4: addresses of 127.0.0.0/8 in turn; 48: the /64s of one IPv6 /48 in turn, in a
           PROXY header
The environment variable PORTERD names the program.
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

# The base points of the curves: the public keys of the private key 1.
P256 = bytes.fromhex("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                     "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
P384 = bytes.fromhex("04aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760a"
                     "b73617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e"
                     "5f")
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
        group, share = 0x001e, bytes(range(56))  # X448, which porterd does not accept
        offered = group.to_bytes(2, "big") + b"\x00\x1d"
    extensions = (extension(43, sized(b"\x03\x04", 1)) + extension(10, sized(offered, 2))
                  + extension(13, sized(b"\x08\x07\x04\x03\x08\x04", 2))
                  + extension(16, sized(sized(b"porter/1", 1), 2))
                  + extension(51, sized(group.to_bytes(2, "big") + sized(share, 2), 2)))
    if kind == "large":
        extensions += extension(21, bytes(15_000))
    body = (b"\x03\x03" + os.urandom(32) + b"\x00" + sized(b"\x13\x01\x13\x02\x13\x03", 2) + b"\x01\x00"
            + sized(extensions, 2))
    return b"\x16\x03\x01" + sized(b"\x01" + sized(body, 3), 2)


def proxy_header(network):
    return f"PROXY TCP6 2001:db8:{network} ::1 1024 7678\r\n".encode()


def connect_from_origin(port, options, number):
    one = socket.socket()
    one.setblocking(False)
    header = b""
    if options.origin == "48":
        header = proxy_header(f"1:{number % 65_000:x}::1")
    else:
        source = number if options.origin == "ipv4" else 0
        one.bind((f"127.{80 + source // 62_500}.{source // 250 % 250}.{1 + source % 250}", 0))
    one.connect_ex(("127.0.0.1", port))
    return one, header


def flood(port, options, hellos, stop, sent):
    """Runs in a process of its own. Each connection stays open until the server closes it."""
    os.nice(5)
    selector, number, start = selectors.DefaultSelector(), 0, time.monotonic()
    while not stop.is_set():
        while number < (time.monotonic() - start) * options.rate:
            try:
                one, header = connect_from_origin(port, options, number)
                selector.register(one, selectors.EVENT_WRITE, header + hellos[number % len(hellos)])
            except OSError:
                pass  # the address has no free port: continue with the next one
            number += 1
        for key, events in selector.select(0.005):
            try:
                if events & selectors.EVENT_WRITE:
                    key.fileobj.send(key.data)
                    sent.value += 1
                    selector.modify(key.fileobj, selectors.EVENT_READ)
                    continue
                if key.fileobj.recv(1 << 16):
                    continue
            except OSError:
                pass  # reset
            selector.unregister(key.fileobj)
            key.fileobj.close()


def tls_handshake(port, source, header, round_trip):
    """An established TLS connection: socket, session, input, output. Raises OSError. `round_trip` is in seconds."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = tls_context("porter/1").wrap_bio(incoming, outgoing)
    one = socket.create_connection(("127.0.0.1", port), 10, (source, 0))
    one.sendall(header)
    while True:
        try:
            session.do_handshake()
            one.sendall(outgoing.read())
            return one, session, incoming, outgoing
        except ssl.SSLWantReadError:
            one.sendall(outgoing.read())
            some = one.recv(1 << 16)
            if not some:
                raise ConnectionResetError("ended by the server") from None
            time.sleep(round_trip)
            incoming.write(some)


def read_some(connection):
    one, session, incoming, _ = connection
    while True:
        try:
            return session.read(1 << 16)
        except ssl.SSLWantReadError:
            some = one.recv(1 << 16)
            if not some:
                raise ConnectionResetError("ended by the server") from None
            incoming.write(some)


def send(connection, data):
    one, session, _, outgoing = connection
    session.write(data)
    one.sendall(outgoing.read())


def try_session(port, number, options):
    header = proxy_header(f"{2 + number:x}::1") if options.origin == "48" else b""
    try:
        connection = tls_handshake(port, f"127.63.0.{1 + number % 250}", header, options.round_trip / 1000)
        send(connection, message("hello", 1, "client"))
        read_some(connection)
        connection[0].close()
        return True
    except OSError:
        return False


def echo_times(connections, seconds):
    """Times of echoes in ms: 100 a second in all, the sessions in turn."""
    took, begun, number = [], time.monotonic(), 0
    while time.monotonic() - begun < seconds:
        connection = connections[number % len(connections)]
        sent = time.monotonic()
        send(connection, message("text", "x" * 30))
        read_some(connection)
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
        connections = []
        for number in range(10):
            header = proxy_header(f"ffff:{number}::1") if proxy else b""
            connections.append(tls_handshake(server.port, f"127.62.0.{1 + number}", header, 0))
            send(connections[-1], message("hello", 1, "session"))
            read_some(connections[-1])
        before = echo_times(connections, options.seconds / 3)
        stop, sent = multiprocessing.Event(), multiprocessing.Value("q", 0)
        process = multiprocessing.Process(target=flood, args=(server.port, options, hellos, stop, sent))
        process.start()
        time.sleep(2)
        results, threads, start = [], [], time.monotonic()
        sent_before, cpu_before = sent.value, cpu(server)

        def add_result(number):
            results.append(try_session(server.port, number, options))

        def start_clients():
            while time.monotonic() - start < options.seconds - 1:
                threads.append(threading.Thread(target=add_result, args=(len(threads),)))
                threads[-1].start()
                time.sleep(0.5)

        starter = threading.Thread(target=start_clients)
        starter.start()
        during = echo_times(connections, options.seconds)
        took, used, mebibytes = time.monotonic() - start, cpu(server) - cpu_before, memory(server)
        rate = (sent.value - sent_before) / took
        starter.join()
        for one in threads:
            one.join()
        stop.set()
        process.join()
        size = sum(map(len, hellos)) / len(hellos)
        print(f"{kind}: {rate:.0f} ClientHellos a second ({size * rate / 1024:.0f} KiB/s)"
              f" from {options.origin}; server: {used / took * 100:.0f} % of a CPU, {mebibytes:.0f} MiB")
        print(f"  echo before: {percentiles(before)}")
        print(f"  echo during: {percentiles(during)}")
        print(f"  clients {options.round_trip} ms away that got in: {sum(results)} of {len(results)}", flush=True)
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
