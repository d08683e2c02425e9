"""The client's side of TLS over a socket, which one thread may read while another sends.

ssl.SSLSocket of Python 3.11 takes no lock around OpenSSL's connection, so reading and sending at once breaks it; nor
can it end its sending side and go on receiving.
"""
import ssl
import threading


class TlsSocket:
    """Performs the handshake. An end of the stream without close_notify is an ssl.SSLEOFError."""

    def __init__(self, plain, context):
        self._plain = plain
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing)
        self._state = threading.Lock()  # around each use of _tls and its two buffers
        self._sending = threading.Lock()  # keeps records in order; never waited for by recv()
        self._handshake()

    def __getattr__(self, name):
        return getattr(self._plain, name)

    def _handshake(self):
        while True:
            try:
                return self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._send_outgoing()
                self._receive_incoming()
            finally:
                self._send_outgoing()

    def _send_outgoing(self):
        self._plain.sendall(self._outgoing.read())

    def _receive_incoming(self):
        raw = self._plain.recv(1 << 18)
        with self._state:
            self._incoming.write(raw) if raw else self._incoming.write_eof()

    def sendall(self, data):
        with self._sending:
            with self._state:
                self._tls.write(data)
                records = self._outgoing.read()
            self._plain.sendall(records)

    def recv(self, size):
        """At least one byte, or b"" after close_notify."""
        while True:
            try:
                with self._state:
                    return self._tls.read(size)
            except ssl.SSLWantReadError:
                self._receive_incoming()
            except ssl.SSLZeroReturnError:
                return b""

    def shutdown(self, side):
        """Sends close_notify before the shutdown of the sending side, which is the only one that is shut down."""
        with self._sending:
            with self._state:
                try:
                    self._tls.unwrap()
                except ssl.SSLError:  # the peer's close_notify has not come yet
                    pass
                records = self._outgoing.read()
            self._plain.sendall(records)
            self._plain.shutdown(side)

    def getpeercert(self, binary_form=False):
        return self._tls.getpeercert(binary_form)

    def selected_alpn_protocol(self):
        return self._tls.selected_alpn_protocol()

    def version(self):
        return self._tls.version()
