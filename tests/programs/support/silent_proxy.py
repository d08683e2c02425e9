"""A TCP proxy that can fall silent, as a network path that loses all packets: connections stay open, and nothing gets
through."""
import contextlib
import socket
import threading


class SilentProxy:
    """Forwards what it accepts to a port of 127.0.0.1."""

    def __init__(self, target):
        self.target = target
        self._passing = threading.Event()
        self._passing.set()
        self._open = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def fall_silent(self):
        """What arrives from now on is kept back."""
        self._passing.clear()

    def pass_on(self):
        """Also what was kept back."""
        self._passing.set()

    def _accept(self):
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:  # close()
                return
            threading.Thread(target=self._serve, args=(accepted,), daemon=True).start()

    def _serve(self, accepted):
        self._passing.wait()
        with accepted, contextlib.suppress(OSError):
            with socket.create_connection(("127.0.0.1", self.target)) as server:
                with self._lock:
                    self._open |= {accepted, server}
                reverse = threading.Thread(target=self._forward, args=(server, accepted), daemon=True)
                reverse.start()
                self._forward(accepted, server)
                reverse.join()
                with self._lock:
                    self._open -= {accepted, server}

    def _forward(self, source, sink):
        with contextlib.suppress(OSError):
            while some := source.recv(1 << 16):
                self._passing.wait()
                sink.sendall(some)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def close(self):
        """Ends all connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._passing.set()
        with self._lock:
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
