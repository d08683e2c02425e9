#!/usr/bin/env python3
"""A client of Porter (docs/PROTOCOL.md) in one file of Python 3.11, with the standard library alone.

MessageSocket is a socket that also sends and receives whole messages. Client speaks the protocol over it. `port` is
that of a porterd, `known_servers` the path of a file in which the server's key is stored on first use:

>>> with Client("localhost", port, trust=first_use(known_servers)) as client:
...     granted = client.register("Alice", "four quiet lanterns")
...     client.send("привет")               # a str is sent as a text, bytes as data
...     client.receive()
'привет'

The token that a new session comes with gives access without the password. A client is also an iterator over what it
receives; the iteration ends when the server has closed the connection in order:

>>> client = Client("localhost", port, trust=first_use(known_servers))
>>> client.resume(granted.token).name
'Alice'
>>> client.send_all(["one", b"two"])
>>> for message in client:
...     print(message)
...     if message == b"two": client.logout()
one
b'two'

What the server denies is an exception, and so is a `closing` with another code than NORMAL:

>>> with Client("localhost", port, trust=first_use(known_servers)) as client:
...     client.login("Alice", "not her password")
Traceback (most recent call last):
porter.DeniedError: bad_credentials: the name or the password is wrong
"""
import argparse
import base64
import collections
import contextlib
import fcntl
import hashlib
import io
import os
import pathlib
import re
import selectors
import socket
import ssl
import sys
import time
from dataclasses import field, fields, make_dataclass
from enum import IntEnum
from typing import NewType

VERSION = 1
OPENING_LIMIT = 4096  # bytes of a payload before access is granted; afterwards Welcome.max_frame
SERVER_EXTRA = 1024   # a frame of the server may be longer by this
PING_LIMIT = 125
LINGER = 2            # seconds for which a closing side discards input, so that no reset destroys its last message


class Code(IntEnum):
    """The codes of `denied` and `closing`."""
    (NORMAL, PROTOCOL_ERROR, FRAME_TOO_LARGE, INVALID_UTF8, UNSUPPORTED_VERSION, UNAUTHORIZED, TIMEOUT, IDLE,
     TOO_MANY_ATTEMPTS, SESSION_ENDED, SHUTTING_DOWN, TLS_REQUIRED, SERVER_FULL, SLOW_CONSUMER, INTERNAL,
     BANNED) = range(16)
    (BAD_CREDENTIALS, NAME_TAKEN, INVALID_NAME, WEAK_PASSWORD, INVALID_TOKEN, THROTTLED, BUSY, UNAVAILABLE,
     REGISTRATION_CLOSED, NOT_SUPPORTED, NOT_FOUND, INVALID_CODE, SECOND_FACTOR) = range(20, 33)

    @classmethod
    def _missing_(cls, value):
        """A newer server may have codes that this table lacks."""
        unknown = int.__new__(cls, value)
        unknown._name_, unknown._value_ = f"CODE_{value}", value
        return unknown


Access = IntEnum("Access", "OPEN IDENTIFY AUTHENTICATE", start=0)
Via = IntEnum("Via", "OPEN ADDRESS IDENTIFY REGISTER LOGIN RESUME REDEEM", start=0)


class PorterError(Exception):
    """An error with the protocol's `code`; programs go by the code, the reason is for people."""

    def __init__(self, code, reason, retry_after=0):
        super().__init__(f"{code.name.lower()}: {reason}")
        self.code, self.reason, self.retry_after = code, reason, retry_after  # retry_after: seconds, 0: no advice


class DeniedError(PorterError):
    """The server denied a request; the connection stays open."""


class ClosedError(PorterError):
    """The server closed the connection."""


class ProtocolError(PorterError):
    """The server violated the protocol; the connection is closed."""


class UntrustedError(PorterError):
    """The server's key is not the expected one; nothing was sent to it."""


# --- Frames: a socket of whole messages ------------------------------------------------------------------------------

class MessageMixin:
    """Gives a class of sockets messages: 4 bytes of length, big-endian, then the payload."""

    def __new__(cls, *args, **kwargs):
        self = super().__new__(cls, *args, **kwargs)
        self.buffer = bytearray()  # received, but no whole message yet: a receive that timed out loses nothing
        return self

    def send_message(self, *payloads):
        """Sends messages, each not empty, as one piece."""
        self.sendall(b"".join(len(payload).to_bytes(4, "big") + payload for payload in payloads))

    def receive_message(self, limit=1 << 20):
        """The payload of the next message, at most `limit` bytes; None at the end of the stream."""
        if not self._fill(4):
            return None
        length = int.from_bytes(self.buffer[:4], "big")
        if length == 0:
            raise ProtocolError(Code.PROTOCOL_ERROR, "an empty payload")
        if length > limit:
            raise ProtocolError(Code.FRAME_TOO_LARGE, f"a payload of {length} bytes, {limit} at most")
        self._fill(4 + length)
        payload = bytes(self.buffer[4:4 + length])
        del self.buffer[:4 + length]
        return payload

    def _fill(self, count):
        """Receives until `count` bytes are in the buffer; False if the stream ends before the first."""
        while len(self.buffer) < count:
            some = self.recv(1 << 16)
            if not some and self.buffer:
                raise ConnectionError("the stream ends inside a message")
            if not some:
                return False
            self.buffer += some
        return True


class MessageSocket(MessageMixin, socket.socket):
    """A socket that also sends and receives whole messages."""


class TlsMessageSocket(MessageMixin, ssl.SSLSocket):
    """The same over TLS: SSLContext.sslsocket_class makes wrap_socket() return it."""


# --- Messages: the tables of docs/PROTOCOL.md, and how their fields are encoded --------------------------------------

U8, U32, U64 = NewType("U8", int), NewType("U32", int), NewType("U64", int)
Time = NewType("Time", int)      # seconds since 1970-01-01 00:00 UTC; 0: none
Secret = NewType("Secret", str)  # a str that repr() leaves out
Secrets = NewType("Secrets", list)  # a byte with their number, then each as a str
Utf8 = NewType("Utf8", str)      # UTF-8 up to the end of the payload; a str has its length before it
SIZES = {U8: 1, Access: 1, Via: 1, bool: 1, Code: 2, U32: 4, U64: 8, Time: 8}


def encode_field(kind, value):
    if kind in SIZES:
        return int(value).to_bytes(SIZES[kind], "big")
    raw = bytes(value) if kind is bytes else value.encode()
    if kind in (bytes, Utf8):
        return raw
    if len(raw) > 0xffff:
        raise ValueError(f"{len(raw)} bytes of text, 65,535 at most")
    return len(raw).to_bytes(2, "big") + raw


def decode_field(kind, body):
    def take(count):
        taken = body.read(count)
        if len(taken) < count:
            raise ProtocolError(Code.PROTOCOL_ERROR, "a body that is too short")
        return taken

    if kind in SIZES:
        return kind(int.from_bytes(take(SIZES[kind]), "big"))
    if kind in (bytes, Utf8):
        raw = body.read()
        return raw if kind is bytes else raw.decode()
    if kind is Secrets:
        return [decode_field(Secret, body) for _ in range(take(1)[0])]
    length = int.from_bytes(take(2), "big")
    return [decode_fields(Session, body) for _ in range(length)] if kind is list else take(length).decode()


def decode_fields(cls, body):
    return cls(*(decode_field(each.type, body) for each in fields(cls)))


class Message:
    """The base of all messages."""
    kinds = {}

    def encode(self):
        """The payload: kind and fields."""
        return bytes([self.kind]) + b"".join(encode_field(each.type, getattr(self, each.name)) for each in fields(self))

    @classmethod
    def decode(cls, payload):
        """The message of a payload from a server."""
        kind, body = payload[0], io.BytesIO(payload[1:])
        if kind not in cls.kinds or kind < Text.kind:
            raise ProtocolError(Code.PROTOCOL_ERROR, f"kind {kind:#04x} from a server")
        try:
            message = decode_fields(cls.kinds[kind], body)
        except UnicodeDecodeError:
            raise ProtocolError(Code.INVALID_UTF8, "text that is not UTF-8") from None
        except ValueError as error:  # of Access or Via
            raise ProtocolError(Code.PROTOCOL_ERROR, str(error)) from None
        if body.read(1) or kind in (Ping.kind, Pong.kind) and len(payload) > 1 + PING_LIMIT:
            raise ProtocolError(Code.PROTOCOL_ERROR, f"a {type(message).__name__} that is too long")
        return message


def message_class(kind, name, /, **types):
    """A dataclass of messages; the types of its fields say how they are encoded."""
    members = [(each, type_, field(repr=type_ not in (Secret, Secrets))) for each, type_ in types.items()]
    Message.kinds[kind] = make_dataclass(name, members, bases=(Message,), namespace={"kind": kind})
    return Message.kinds[kind]


Hello = message_class(0x01, "Hello", version=U8, agent=str)
Identify = message_class(0x02, "Identify", name=str)
Register = message_class(0x03, "Register", name=str, password=Secret)
Login = message_class(0x04, "Login", name=str, password=Secret)
Resume = message_class(0x05, "Resume", token=Secret)
ChangePassword = message_class(0x06, "ChangePassword", current=Secret, new=Secret)
Logout = message_class(0x07, "Logout", every_session=bool)
ListSessions = message_class(0x08, "ListSessions")
RevokeSession = message_class(0x09, "RevokeSession", session=U64)
Redeem = message_class(0x0A, "Redeem", code=Secret, name=str, password=Secret)
Prove = message_class(0x0b, "Prove", one_time_code=Secret)
SecondFactor = message_class(0x0c, "SecondFactor", action=U8, one_time_code=Secret)
Text = message_class(0x40, "Text", body=Utf8)
Data = message_class(0x41, "Data", body=bytes)
Ping = message_class(0x42, "Ping", body=bytes)
Pong = message_class(0x43, "Pong", body=bytes)
Closing = message_class(0x44, "Closing", code=Code, reason=str)
Welcome = message_class(0x81, "Welcome", version=U8, access=Access, max_frame=U32, server=str, known_as=str)
Granted = message_class(0x82, "Granted", via=Via, name=str, session=U64, token=Secret, expires_at=Time,
                        last_login_at=Time, last_address=str, failed_since=U32)
Denied = message_class(0x83, "Denied", code=Code, retry_after=U32, reason=str)
Done = message_class(0x84, "Done")
Sessions = message_class(0x85, "Sessions", sessions=list)
Enrolment = message_class(0x86, "Enrolment", uri=Secret, recovery_codes=Secrets)
Session = make_dataclass("Session", {"session": U64, "created_at": Time, "last_used_at": Time, "expires_at": Time,
                                     "address": str, "current": bool}.items())


# --- Trust: which key of a server is accepted ------------------------------------------------------------------------

def fingerprint_of(certificate):
    """"SHA256:" and the unpadded base64 of SHA-256 over the SubjectPublicKeyInfo of a certificate in DER."""
    def element(at):
        """The (start, end) of the content of the DER element at this offset."""
        length, at = certificate[at + 1], at + 2
        if length & 0x80:  # the long form: that many bytes of length follow
            size = length & 0x7f
            length, at = int.from_bytes(certificate[at:at + size], "big"), at + size
        return at, at + length

    at = element(element(0)[0])[0]  # the first field of TBSCertificate, which is the first of Certificate
    has_version = certificate[at] == 0xa0
    for _ in range(5 + has_version):  # version, serialNumber, signature, issuer, validity, subject
        at = element(at)[1]
    digest = hashlib.sha256(certificate[at:element(at)[1]]).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def pinned(*fingerprints):
    """Trusts a server with one of these keys."""
    def check(server, fingerprint):
        if fingerprint not in fingerprints:
            expected = " or ".join(fingerprints)
            raise UntrustedError(Code.UNAUTHORIZED, f"{server} presented the key {fingerprint} instead of {expected}")
    return check


def first_use(path=None):
    """Trusts the keys of a known_servers file, and the first key of a server that is not in it, which it then adds.
    The file is that of the program `porter`, by default at its path, too: HOST:PORT FINGERPRINT DAY in each line."""
    state = os.environ.get("XDG_STATE_HOME") or pathlib.Path.home() / ".local/state"
    path = pathlib.Path(path or pathlib.Path(state) / "porter" / "known_servers")
    line_format = re.compile(r"\[?(?P<host>[^\s,\[\]]+?)\]?:(?P<port>\d+)\s+(?P<key>SHA256:[A-Za-z0-9+/]{43})(\s.*)?")

    def known_keys():
        for number, line in enumerate(path.read_text("utf-8").splitlines() if path.exists() else (), start=1):
            if line.strip() and not line.lstrip().startswith("#"):
                parsed = line_format.fullmatch(line.strip())
                if not parsed:
                    raise UntrustedError(Code.UNAUTHORIZED, f"{path}:{number} is invalid; it may name another key")
                yield server_name(parsed["host"], int(parsed["port"])), parsed["key"]

    def check(server, fingerprint):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)  # as `porter` does, so that programs do not undo each other's changes
            keys = [key for name, key in known_keys() if name == server]
            if keys:
                return pinned(*keys)(server, fingerprint)
            line = f"{server} {fingerprint} {time.strftime('%Y-%m-%d', time.gmtime())}\n"
            with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600), "r+b") as file:
                end_is_cut = path.stat().st_size and file.seek(-1, os.SEEK_END) and file.read(1) != b"\n"
                file.write(b"\n" * bool(end_is_cut) + line.encode())
        finally:
            os.close(folder)
    return check


def server_name(host, port):
    """The name of a server in known_servers: localhost:7678, [::1]:7678."""
    return f"[{host}]:{port}".lower() if ":" in host else f"{host}:{port}".lower()


# --- The client ------------------------------------------------------------------------------------------------------

class Client:
    """A connection to a Porter server. Without `trust` the server needs a certificate that the system's authorities (or
    those of the file `authorities`) have signed for the host; otherwise `trust` is pinned(...) or first_use(...).
    `timeout`: seconds for connecting and for each reply. One thread at a time may use a client.

    Errors: DeniedError, ClosedError, ProtocolError, UntrustedError, and OSError: TimeoutError, ConnectionError,
    ssl.SSLError."""

    def __init__(self, host, port=7678, *, tls=True, trust=None, authorities=None, timeout=20, agent="porter.py",
                 source_address=None):
        self.timeout, self.limit = timeout, OPENING_LIMIT
        self.granted, self.fingerprint = None, None
        self._queue = collections.deque()  # what was received while waiting for a reply
        self._error = None                 # why the connection is over
        connected = socket.create_connection((host, port), timeout, source_address)
        self.socket = MessageSocket(fileno=connected.detach())
        try:
            self.socket.settimeout(timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls:
                self._start_tls(host, port, trust, authorities)
            self.welcome = self._request(Welcome, Hello(VERSION, agent))
            if self.welcome.access == Access.OPEN or self.welcome.access == Access.IDENTIFY and self.welcome.known_as:
                self._get_access()  # it is granted without a request
        except BaseException:
            self._end()
            raise

    def _start_tls(self, host, port, trust, authorities):
        context = ssl.create_default_context(cafile=authorities)  # writes keys to $SSLKEYLOGFILE, if it is set
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.hostname_checks_common_name = False
        context.sslsocket_class = TlsMessageSocket
        context.set_alpn_protocols(["porter/1"])
        if trust:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket, server_hostname=host, suppress_ragged_eofs=False)
        self.fingerprint = fingerprint_of(self.socket.getpeercert(binary_form=True))
        if trust:
            trust(server_name(host, port), self.fingerprint)
        if self.socket.selected_alpn_protocol() != "porter/1":
            raise ProtocolError(Code.PROTOCOL_ERROR, "the server does not agree to the ALPN protocol porter/1")

    # Access

    def identify(self, name):
        """Gets access by a name, or renames this address later; in identify access."""
        return self._get_access(Identify(name))

    def register(self, name, password):
        """Makes an account and opens a session. The granted.token is sent only once; it is as secret as a password."""
        return self._get_access(Register(name, password))

    def login(self, name, password):
        """Opens a new session."""
        return self._get_access(Login(name, password))

    def prove(self, one_time_code):
        """Ends a login that was denied with SECOND_FACTOR, by a one-time code or a recovery code."""
        return self._get_access(Prove(one_time_code))

    def resume(self, token):
        """Continues a session. Denied with INVALID_TOKEN: delete the token and log in."""
        return self._get_access(Resume(token))

    def redeem(self, code, name, password):
        """Spends the code of an invitation, which makes an account, or of a reset, which gives the account another
        password, and opens a session."""
        return self._get_access(Redeem(code, name, password))

    def _get_access(self, *request):
        self.granted = self._request(Granted, *request)
        self.limit = self.welcome.max_frame
        return self.granted

    # Messages

    def send(self, message):
        """Sends a str as a text, bytes as data. It blocks while the server does not read, and a server may stop reading
        while its answers are not received: a client that sends many messages receives in between."""
        self.send_all([message])

    def send_all(self, messages):
        """Sends several messages in one piece."""
        self._send(*(Text(message) if isinstance(message, str) else Data(message) for message in messages))

    def receive(self, timeout=None):
        """Waits for the next text (a str) or data (bytes). None: the server closed the connection with NORMAL. After a
        TimeoutError the next receive continues; a timeout of 0 returns what has arrived."""
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            while not self._queue:
                self._read(deadline)
        except ClosedError as closed:
            if closed.code == Code.NORMAL:
                return None
            raise
        return self._queue.popleft()

    def __iter__(self):
        return iter(self.receive, None)

    def ping(self, data=b""):
        """Waits until the server has answered all that was sent before; data: at most 125 bytes."""
        self._request(Pong, Ping(data))

    def fileno(self):
        """For select(). What has arrived must be received first, by receive(0) until TimeoutError."""
        return self.socket.fileno()

    # Account

    def list_sessions(self):
        """The account's live sessions, oldest first."""
        return self._request(Sessions, ListSessions()).sessions

    def revoke_session(self, session):
        """Ends a session of the account; denied with NOT_FOUND if it has none with this number."""
        self._request(Done, RevokeSession(session))

    def change_password(self, current, new):
        """Ends every other session of the account, too."""
        self._request(Done, ChangePassword(current, new))

    def begin_second_factor(self):
        """The otpauth:// URI for an authenticator; nothing changes before confirm_second_factor()."""
        return self._request(Enrolment, SecondFactor(0, "")).uri

    def confirm_second_factor(self, one_time_code):
        """Sets up the second factor of begin_second_factor(). Returns the recovery codes, which are sent only once."""
        return self._request(Enrolment, SecondFactor(1, one_time_code)).recovery_codes

    def remove_second_factor(self, one_time_code):
        """Removes it, by a one-time code or a recovery code."""
        self._request(Done, SecondFactor(2, one_time_code))

    def logout(self, every_session=False):
        """Ends the session, or every session of the account. The server then closes the connection."""
        self._request(Done, Logout(every_session))
        with contextlib.suppress(ClosedError):
            while True:
                self._read(time.monotonic() + self.timeout)

    # Closing

    def close(self, code=Code.NORMAL, reason=""):
        """Tells the server, and closes the connection. A second call does nothing."""
        if self._error:
            return
        with contextlib.suppress(PorterError, OSError):
            self._send(Closing(code, reason))
        self._error = self._error or ValueError("the client is closed")
        self._end()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _end(self):
        """Shuts down the sending side (TLS: with close_notify first), discards input for a while, and closes."""
        deadline = time.monotonic() + LINGER
        with contextlib.suppress(OSError), self.socket as connection:
            connection.setblocking(False)
            if isinstance(connection, ssl.SSLSocket):
                with contextlib.suppress(OSError):  # SSLWantReadError: close_notify was sent, that of the peer is due
                    connection.unwrap()
            connection.shutdown(socket.SHUT_WR)
            while (left := deadline - time.monotonic()) > 0:
                connection.settimeout(left)
                if not connection.recv(1 << 16):
                    break

    # What the others are made of

    def _request(self, reply, *requests):
        self._send(*requests)
        deadline, message = time.monotonic() + self.timeout, None
        while not isinstance(message, (reply, Denied)):
            try:
                message = self._read(deadline, reply, Denied)
            except TimeoutError as error:  # a reply that comes later would be taken for that of the next request
                self._fail(error)
        if isinstance(message, Denied):
            raise DeniedError(message.code, message.reason, message.retry_after)
        return message

    def _send(self, *messages):
        payloads = [message.encode() for message in messages]
        if too_long := [len(payload) for payload in payloads if len(payload) > self.limit]:
            raise ValueError(f"a payload of {too_long[0]} bytes, {self.limit} at most")
        if self._error:
            raise self._error
        self.socket.settimeout(self.timeout)
        try:
            self.socket.send_message(*payloads)
        except ConnectionError:
            while True:  # the closing in what has arrived says why
                self._read(time.monotonic() + LINGER, *Message.kinds.values())
        except TimeoutError as error:  # the rest of a message is missing: nothing can follow it
            self._fail(error)

    def _read(self, deadline, *expected):
        """The next message, which must be of an expected class or one that a server sends at any time after access.
        Texts and data are queued, too, and pings answered."""
        if self._error:
            raise self._error
        try:
            self.socket.settimeout(None if deadline is None else max(0, deadline - time.monotonic()))
            payload = self.socket.receive_message(self.limit + SERVER_EXTRA)
            if payload is None:
                raise ConnectionError("the server ended the connection without a closing")
            message = Message.decode(payload)
            always = (Closing, Text, Data, Ping, Pong) if self.granted else (Closing,)
            if not isinstance(message, (*always, *expected)):
                raise ProtocolError(Code.PROTOCOL_ERROR, f"a {type(message).__name__} that was not requested")
        except (TimeoutError, BlockingIOError, ssl.SSLWantReadError):
            raise TimeoutError("no message has arrived in time") from None
        except (OSError, ProtocolError) as error:
            self._fail(error)
        match message:
            case Text(body) | Data(body):
                self._queue.append(body)
            case Ping(body):
                self._send(Pong(body))
            case Closing(code, reason):
                self._fail(ClosedError(code, reason))
        return message

    def _fail(self, error):
        """The connection is over: ends it, and raises the error, now and from every later call."""
        if isinstance(error, ProtocolError):
            with contextlib.suppress(OSError):
                self.socket.settimeout(LINGER)
                self.socket.send_message(Closing(error.code, error.reason).encode())
        self._error = error
        self._end()
        raise error


# --- The program -----------------------------------------------------------------------------------------------------

def exchange(client, linger):
    """Sends each line of the standard input, and prints each text, until `linger` seconds after the end of input."""
    rest, at_end = b"", False
    with selectors.DefaultSelector() as selector:
        selector.register(client, selectors.EVENT_READ)
        selector.register(sys.stdin, selectors.EVENT_READ)
        while ready := selector.select(linger if at_end else None):
            with contextlib.suppress(TimeoutError):
                while (message := client.receive(0)) is not None:
                    print(message if isinstance(message, str) else message.decode(errors="replace"), flush=True)
                return
            if any(key.fileobj is sys.stdin for key, _ in ready):
                some = os.read(sys.stdin.fileno(), 1 << 14)
                *lines, rest = (rest + some).split(b"\n")
                if not some:
                    at_end, lines = True, [rest] if rest else []
                    selector.unregister(sys.stdin)
                client.send_all(line.decode() for line in lines)


def get_access(client, options):
    match client.welcome.access:
        case _ if client.granted:
            pass
        case Access.IDENTIFY if options.name:
            client.identify(options.name)
        case Access.AUTHENTICATE if options.name and options.password_file:
            password = options.password_file.read_text("utf-8").rstrip("\n")
            (client.register if options.register else client.login)(options.name, password)
        case access:
            raise ValueError(f"{access.name.lower()} access needs more options: see --help")


def main():
    parser = argparse.ArgumentParser(description="Sends each line of its input to a Porter server, prints each text.")
    parser.add_argument("host", metavar="HOST")
    parser.add_argument("port", metavar="PORT", type=int, nargs="?", default=7678)
    parser.add_argument("--name", metavar="NAME", help="needed unless the server grants access to everybody")
    parser.add_argument("--password-file", metavar="FILE", type=pathlib.Path, help="needed where there are accounts")
    parser.add_argument("--register", action="store_true", help="make the account")
    parser.add_argument("--trust", metavar="SHA256:...", help="the fingerprint of the server's key")
    parser.add_argument("--trust-first-use", action="store_true", help="obey and fill known_servers, as porter does")
    parser.add_argument("--plain", action="store_true", help="plain TCP: the network can read passwords and messages")
    parser.add_argument("--linger", metavar="SECONDS", type=float, default=2, help="wait after the end of input (2)")
    options = parser.parse_args()
    trust = pinned(options.trust) if options.trust else first_use() if options.trust_first_use else None
    try:
        with Client(options.host, options.port, tls=not options.plain, trust=trust) as client:
            get_access(client, options)
            exchange(client, options.linger)
    except (PorterError, OSError, ValueError) as error:
        sys.exit(f"porter.py: {error}")


if __name__ == "__main__":
    main()
