"""An upstream program for the service forward: a listener whose connections a function of the test handles, each on a
thread of its own."""
import os
import select
import socket
import struct
import threading

from .waiting import HANG_GUARD, until

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
QUIET = 2  # seconds without progress, after which a sender counts as blocked


class Upstream:
    """`handle(connection)` runs for each connection, which is closed when it returns. An error of the connection ends
    it, too."""

    def __init__(self, handle, path=None, port=0):
        self.handle, self.path = handle, path
        self.listener = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        if not path:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(str(path) if path else ("127.0.0.1", port))
        self.listener.listen(512)
        self.port = None if path else self.listener.getsockname()[1]
        self.target = f"unix:{path}" if path else f"127.0.0.1:{self.port}"
        self.connections, self.threads, self.ended = [], [], 0
        self.lock = threading.Lock()
        self.acceptor = threading.Thread(target=self._accept)
        self.acceptor.start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.settimeout(HANG_GUARD)
            self.connections.append(connection)
            thread = threading.Thread(target=self._run, args=(connection,))
            self.threads.append(thread)
            thread.start()

    def _run(self, connection):
        with connection:
            try:
                self.handle(connection)
            except OSError:
                pass
        with self.lock:
            self.ended += 1

    def wait_until_ended(self, count):
        until(lambda: self.ended >= count, f"{count} connections of the upstream have ended")

    def kill(self):
        """Closes the listener and resets all connections."""
        self.close_listener()
        for each in self.connections:
            try:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                each.shutdown(socket.SHUT_RD)
            except OSError:
                pass
        self._join()

    def close_listener(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.acceptor.join(HANG_GUARD)
        if self.path:
            os.unlink(self.path)

    def close(self):
        if self.listener.fileno() != -1:
            self.close_listener()
        for each in self.connections:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._join()

    def _join(self):
        for thread in self.threads:
            thread.join(HANG_GUARD)
            assert not thread.is_alive(), "an upstream connection does not end"


def chunks(connection):
    """What arrives, until the end."""
    return iter(lambda: connection.recv(1 << 18), b"")


def echo(connection):
    for some in chunks(connection):
        connection.sendall(some)


def send_until_blocked(connection, block, limit):
    """Sends a block again and again until nothing is taken any more, or `limit` bytes; returns the bytes sent. The last
    block may be sent in part."""
    connection.setblocking(False)
    sent = 0
    try:
        while sent < limit and select.select([], [connection], [], QUIET)[1]:
            try:
                sent += connection.send(block[sent % len(block):])
            except BlockingIOError:
                pass
    finally:
        connection.settimeout(HANG_GUARD)
    return sent


class ProxyHeader:
    """A PROXY protocol header, version 2, read from the beginning of a connection."""

    def __init__(self, connection):
        fixed = receive_exactly(connection, 16)
        assert fixed[:12] == SIGNATURE, fixed
        self.command, family, length = struct.unpack(">BBH", fixed[12:])
        body = receive_exactly(connection, length)
        width = {0x11: 4, 0x21: 16}[family]
        name = socket.AF_INET if width == 4 else socket.AF_INET6
        self.client = socket.inet_ntop(name, body[:width])
        self.server = socket.inet_ntop(name, body[width:2 * width])
        self.client_port, self.server_port = struct.unpack(">HH", body[2 * width:2 * width + 4])
        self.values = values(body[2 * width + 4:])


def values(extensions):
    """The extensions (TLV) by type."""
    found = {}
    while extensions:
        kind, length = struct.unpack(">BH", extensions[:3])
        assert kind not in found and len(extensions) >= 3 + length
        found[kind] = extensions[3:3 + length]
        extensions = extensions[3 + length:]
    return found


def receive_exactly(connection, count):
    received = b""
    while len(received) < count:
        some = connection.recv(count - len(received))
        assert some, f"the connection ends after {len(received)} of {count} bytes"
        received += some
    return received
