"""A TCP proxy between client and server that records what the client sends."""
import contextlib
import socket
import threading

from .waiting import HANG_GUARD


class Proxy:
    """Forwards each connection to the port `target`, which may change between two connections. `recorded` has the bytes
    that the client sent, for each connection in order."""

    def __init__(self, target):
        self.target = target
        self.recorded = []
        self.threads = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:  # close()
                return
            self.recorded.append(bytearray())
            self.threads.append(threading.Thread(target=self._serve, args=(client, self.recorded[-1]), daemon=True))
            self.threads[-1].start()

    def _serve(self, client, record):
        with client, socket.create_connection(("127.0.0.1", self.target)) as server:
            back = threading.Thread(target=self._forward, args=(server, client, bytearray()), daemon=True)
            back.start()
            self._forward(client, server, record)
            back.join(HANG_GUARD)

    @staticmethod
    def _forward(source, sink, record):
        source.settimeout(HANG_GUARD)
        with contextlib.suppress(OSError):
            while some := source.recv(1 << 16):
                record += some
                sink.sendall(some)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def close(self):
        """Waits for the end of all connections; then the recordings are complete."""
        with contextlib.suppress(OSError):  # already closed
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(HANG_GUARD)


def tls_records(recorded):
    """The TLS records (RFC 8446, 5.1) in a recording, as pairs of content type and length."""
    found, rest = [], bytes(recorded)
    while rest:
        assert len(rest) >= 5 and rest[1] == 3, f"not a TLS record: {rest[:40]!r}"
        length = int.from_bytes(rest[3:5], "big")
        found.append((rest[0], length))
        rest = rest[5 + length:]
    return found
