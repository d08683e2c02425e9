"""A server made of a script, for tests of the client: it says what a real server would not."""
import socket
import ssl
import threading

from .waiting import HANG_GUARD
from .wire import Connection


class Peer:
    """Listens on a free port and plays one script for each connection, in turn; a script is a function of a Connection.
    `tls`: an SSLContext, or one for each script; without a handshake the script is not played."""

    def __init__(self, *scripts, tls=None):
        self.contexts = tls if isinstance(tls, (list, tuple)) else [tls] * len(scripts)
        self.refused = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(HANG_GUARD)
        self.port = self.listener.getsockname()[1]
        self.fault = None
        self.thread = threading.Thread(target=self._play, args=(scripts,), daemon=True)
        self.thread.start()

    def _play(self, scripts):
        try:
            for script, context in zip(scripts, self.contexts):
                accepted = self.listener.accept()[0]
                accepted.settimeout(HANG_GUARD)
                try:
                    connection = Connection.accepted(self._secured(accepted, context) if context else accepted)
                except OSError as refused:
                    self.refused.append(refused)
                    accepted.close()
                    continue
                script(connection)
                connection.close()
        except Exception as fault:  # pylint: disable=broad-except; join() shows it to the test
            self.fault = fault
        finally:
            self.listener.close()

    @staticmethod
    def _secured(accepted, context):
        """The server's side of TLS. Its end without a close_notify is then an error."""
        return context.wrap_socket(accepted, server_side=True, suppress_ragged_eofs=False)

    def join(self):
        """Waits until every script was played; fails when one of them met what it did not expect."""
        self.thread.join(HANG_GUARD)
        if self.fault:
            raise self.fault
        assert not self.thread.is_alive(), "the client did not do its part"


def let_in(connection, known_as="", server="porterd/0.1.0"):
    """The beginning of open access."""
    connection.expect("hello")
    connection.send("welcome", 1, "open", 1 << 20, server, known_as)
    connection.send("granted", "open", "", 0, "", 0, 0, "", 0)


def see_off(connection):
    """Waits until the client leaves."""
    while True:
        try:
            got = connection.receive()
        except (ConnectionError, ssl.SSLEOFError):
            return
        if got is None or got.kind == "closing":
            return


def hears_nothing(connection):
    """The client ends the connection in order, over TLS by close_notify, having said nothing at all."""
    some = connection.socket.recv(1 << 16)
    assert not some, f"the client said {some!r}"


def is_left(connection):
    """The client leaves in any way, having said nothing at all."""
    try:
        hears_nothing(connection)
    except (ConnectionError, ssl.SSLEOFError):
        pass
