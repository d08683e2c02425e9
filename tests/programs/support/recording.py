"""Records connections between a client and porterd, and writes them as a pcap file, without any privilege: a relay
copies the bytes, and the headers of Ethernet, IP and TCP are made up."""
import itertools
import socket
import struct
import threading

from .waiting import HANG_GUARD

SYN, ACK, PUSH, FIN = 0x02, 0x10, 0x08, 0x01
LARGEST_SEGMENT = 60000  # an IPv4 packet has at most 65,535 bytes


class Recorder:
    """A relay to a port. `pieces` is what it has copied: (number of the connection, whether from the client, bytes)."""

    def __init__(self, port):
        self.upstream = port
        self.pieces, self.threads = [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.accepting = threading.Thread(target=self._accept, daemon=True)
        self.accepting.start()

    def _accept(self):
        for number in itertools.count():
            try:
                client = self.listener.accept()[0]
            except OSError:  # join() has shut the listener down
                return
            server = socket.create_connection(("127.0.0.1", self.upstream))
            server.settimeout(HANG_GUARD)
            client.settimeout(HANG_GUARD)
            both = threading.Barrier(2)
            for source, sink in ((client, server), (server, client)):
                copying = threading.Thread(target=self._copy, args=(number, source, sink, source is client, both))
                self.threads.append(copying)
                copying.start()

    def _copy(self, number, source, sink, from_client, both):
        with source:
            try:
                while some := source.recv(1 << 16):
                    self.pieces.append((number, from_client, some))
                    sink.sendall(some)
                sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # the other side has disconnected
            both.wait(HANG_GUARD)

    def join(self):
        """Waits until all connections have ended."""
        for copying in self.threads:
            copying.join(HANG_GUARD)
        self.listener.shutdown(socket.SHUT_RDWR)
        self.accepting.join(HANG_GUARD)
        self.listener.close()

    def streams(self):
        """For each connection the pieces in their order: [(whether from the client, bytes)]."""
        numbers = sorted({number for number, _, _ in self.pieces})
        return [[piece[1:] for piece in self.pieces if piece[0] == number] for number in numbers]


def resegmented(pieces, size):
    """The same bytes in other segments: pieces of the same sender are merged, and cut into segments of this size."""
    for from_client, run in itertools.groupby(pieces, key=lambda piece: piece[0]):
        merged = b"".join(raw for _, raw in run)
        for start in range(0, len(merged), size):
            yield from_client, merged[start:start + size]


class _Packets:
    """The packets of one TCP connection."""

    def __init__(self, client_port, server_port):
        self.ports = {True: client_port, False: server_port}
        self.next = {True: 1000, False: 5000}  # sequence numbers

    def packet(self, from_client, flags, payload=b""):
        tcp = struct.pack(">HHIIBBHHH", self.ports[from_client], self.ports[not from_client], self.next[from_client],
                          self.next[not from_client] if flags & ACK else 0, 5 << 4, flags, 0xffff, 0, 0) + payload
        addresses = (b"\x0a\0\0\x01", b"\x0a\0\0\x02")[::1 if from_client else -1]
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + b"".join(addresses) + tcp
        self.next[from_client] += len(payload) + bool(flags & (SYN | FIN))
        return bytes(12) + b"\x08\x00" + ip

    def all(self, pieces):
        yield self.packet(True, SYN)
        yield self.packet(False, SYN | ACK)
        yield self.packet(True, ACK)
        for from_client, raw in pieces:
            yield self.packet(from_client, ACK | PUSH, raw)
        yield self.packet(True, FIN | ACK)
        yield self.packet(False, FIN | ACK)


def write_pcap(path, streams, server_port=7678):
    """Writes streams of pieces, each at most LARGEST_SEGMENT bytes, one connection after the other."""
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 1 << 18, 1))
        number = 0
        for stream, pieces in enumerate(streams):
            for packet in _Packets(40000 + stream, server_port).all(pieces):
                file.write(struct.pack("<IIII", 1_800_000_000, number, len(packet), len(packet)) + packet)
                number += 1
