"""A server that plays a script: for tests of what porter does with a server other than porterd."""
import socket
import ssl
import threading

from .waiting import HANG_GUARD
from .wire import Connection


class ScriptedServer:
    """Listens on a free port and plays a script for each connection, in order. A script is a function of a Connection.
    `tls` is an SSLContext, or one for each script; after a failed handshake the script is skipped."""

    def __init__(self, *scripts, tls=None):
        self.contexts = tls if isinstance(tls, (list, tuple)) else [tls] * len(scripts)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(HANG_GUARD)
        self.port = self.listener.getsockname()[1]
        self.error = None
        self.thread = threading.Thread(target=self._play, args=(scripts,), daemon=True)
        self.thread.start()

    def _play(self, scripts):
        try:
            for script, context in zip(scripts, self.contexts):
                accepted = self.listener.accept()[0]
                accepted.settimeout(HANG_GUARD)
                try:
                    connection = Connection.server_side(self._start_tls(accepted, context) if context else accepted)
                except OSError:
                    accepted.close()
                    continue
                script(connection)
                connection.close()
        except Exception as error:  # pylint: disable=broad-except; join() raises it
            self.error = error
        finally:
            self.listener.close()

    @staticmethod
    def _start_tls(accepted, context):
        """The server's side of TLS. An end of stream without close_notify is an error."""
        return context.wrap_socket(accepted, server_side=True, suppress_ragged_eofs=False)

    def join(self):
        """Waits until all scripts have ended; raises the error of a script that failed."""
        self.thread.join(HANG_GUARD)
        if self.error:
            raise self.error
        assert not self.thread.is_alive(), "a script has not ended"


def grant_open_access(connection, known_as="", server="porterd/0.1.0"):
    """Answers hello as a server in open access."""
    connection.expect("hello")
    connection.send("welcome", 1, "open", 1 << 20, server, known_as)
    connection.send("granted", "open", "", 0, "", 0, 0, "", 0)


def wait_for_close(connection):
    """Discards messages until the client sends closing or disconnects."""
    while True:
        try:
            got = connection.receive()
        except (ConnectionError, ssl.SSLEOFError):
            return
        if got is None or got.kind == "closing":
            return


def expect_clean_close(connection):
    """The client sends no data and closes the connection cleanly, over TLS with close_notify."""
    some = connection.socket.recv(1 << 16)
    assert not some, f"the client sent {some!r}"


def expect_disconnect(connection):
    """The client sends no data and disconnects, cleanly or not."""
    try:
        expect_clean_close(connection)
    except (ConnectionError, ssl.SSLEOFError):
        pass
