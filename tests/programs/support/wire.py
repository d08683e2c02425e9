"""A client of porter/1, written from docs/PROTOCOL.md alone: it shares no code with the C++ implementation.

Connection sends and receives frames. It checks what it receives: a frame with trailing bytes, a text that is not UTF-8
or a kind that only clients send fails the test. Codes and modes are strings: "protocol_error", "authenticate".
"""
import contextlib
import socket
import ssl
import struct
from types import SimpleNamespace

from .tls_socket import TlsSocket
from .waiting import HANG_GUARD

OPENING_LIMIT = 4096
MIB = 1 << 20
INVALID_LENGTHS = (0x7fffffff, 0x80000000, 0xffffffff)  # longer than any frame

CODES = {
    0: "normal", 1: "protocol_error", 2: "frame_too_large", 3: "invalid_utf8", 4: "unsupported_version",
    5: "unauthorized", 6: "timeout", 7: "idle", 8: "too_many_attempts", 9: "session_ended", 10: "shutting_down",
    11: "tls_required", 12: "server_full", 13: "slow_consumer", 14: "internal", 15: "banned",
    20: "bad_credentials", 21: "name_taken",
    22: "invalid_name", 23: "weak_password", 24: "invalid_token", 25: "throttled", 26: "busy", 27: "unavailable",
    28: "registration_closed", 29: "not_supported", 30: "not_found", 31: "invalid_code", 32: "second_factor"}
ACCESS = ("open", "identify", "authenticate")
VIA = ("open", "address", "identify", "register", "login", "resume", "redeem")

# name: (kind, sender, fields of the body in order)
MESSAGES = {
    "hello": (0x01, "client", "version:u8 agent:str"),
    "identify": (0x02, "client", "name:str"),
    "register": (0x03, "client", "name:str password:str"),
    "login": (0x04, "client", "name:str password:str"),
    "resume": (0x05, "client", "token:str"),
    "change_password": (0x06, "client", "current:str new:str"),
    "logout": (0x07, "client", "scope:u8"),
    "list_sessions": (0x08, "client", ""),
    "revoke_session": (0x09, "client", "id:u64"),
    "redeem": (0x0a, "client", "redeemed:str name:str password:str"),
    "prove": (0x0b, "client", "one_time_code:str"),
    "second_factor": (0x0c, "client", "action:u8 one_time_code:str"),
    "text": (0x40, "both", "text:text"),
    "data": (0x41, "both", "data:rest"),
    "ping": (0x42, "both", "data:rest"),
    "pong": (0x43, "both", "data:rest"),
    "closing": (0x44, "both", "code:code reason:str"),
    "welcome": (0x81, "server", "version:u8 access:access max_frame:u32 server:str known_as:str"),
    "granted": (0x82, "server", "via:via name:str session:u64 token:str expires_at:u64 last_login_at:u64 "
                                "last_address:str failed_since:u32"),
    "denied": (0x83, "server", "code:code retry_after:u32 reason:str"),
    "done": (0x84, "server", ""),
    "sessions": (0x85, "server", "sessions:list"),
    "enrolment": (0x86, "server", "uri:str recovery_codes:strings"),
}
KIND = {name: row[0] for name, row in MESSAGES.items()}
NAME = {row[0]: name for name, row in MESSAGES.items()}
_INTEGERS = {"u8": ">B", "u16": ">H", "u32": ">I", "u64": ">Q"}
_NAMED = {"code": ("u16", CODES), "access": ("u8", ACCESS), "via": ("u8", VIA)}


def fields_of(name):
    """The (name, type) pairs of a message's body."""
    return [field.split(":") for field in MESSAGES[name][2].split()]


def as_bytes(text):
    """UTF-8 of a str; bytes are passed through, so a test can send invalid UTF-8."""
    return text.encode() if isinstance(text, str) else text


def encode_field(type_, value):
    if type_ in _NAMED:
        type_, names = _NAMED[type_]
        numbers = names if isinstance(names, dict) else dict(enumerate(names))
        value = next(number for number, name in numbers.items() if name == value)
    if type_ in _INTEGERS:
        return struct.pack(_INTEGERS[type_], value)
    raw = as_bytes(value)
    return struct.pack(">H", len(raw)) + raw if type_ == "str" else raw


def header(length):
    return struct.pack(">I", length)


def frame(payload):
    return header(len(payload)) + payload


def message(name, *values):
    """The frame of a message."""
    fields = fields_of(name)
    assert len(fields) == len(values), f"{name} has {len(fields)} fields, not {len(values)}"
    body = b"".join(encode_field(type_, value) for (_, type_), value in zip(fields, values))
    return frame(bytes([KIND[name]]) + body)


class BodyReader:
    """Reads the fields of a message body; fails when the body is too short."""

    def __init__(self, body):
        self.body = body

    def read(self, count):
        assert len(self.body) >= count, f"the body is {count - len(self.body)} bytes too short"
        taken, self.body = self.body[:count], self.body[count:]
        return taken

    def read_field(self, type_):
        if type_ in _NAMED:
            type_, names = _NAMED[type_]
            return names[self.read_field(type_)]
        if type_ in _INTEGERS:
            return struct.unpack(_INTEGERS[type_], self.read(struct.calcsize(_INTEGERS[type_])))[0]
        if type_ == "str":
            return self.read(self.read_field("u16")).decode()
        if type_ == "list":
            return [self.read_session() for _ in range(self.read_field("u16"))]
        if type_ == "strings":
            return [self.read_field("str") for _ in range(self.read_field("u8"))]
        rest = self.read(len(self.body))
        return rest.decode() if type_ == "text" else rest

    def read_session(self):
        layout = "id:u64 created_at:u64 last_used_at:u64 expires_at:u64 address:str current:u8"
        pairs = (field.split(":") for field in layout.split())
        return SimpleNamespace(**{name: self.read_field(type_) for name, type_ in pairs})


def decode(payload, sender="server"):
    """The message in a payload: an object with the kind's name and the fields."""
    assert payload, "the payload is empty"
    name = NAME.get(payload[0])
    assert name, f"kind 0x{payload[0]:02x} is not in the protocol"
    assert MESSAGES[name][1] in (sender, "both"), f"a {sender} does not send {name}"
    reader = BodyReader(payload[1:])
    decoded = SimpleNamespace(kind=name, **{field: reader.read_field(type_) for field, type_ in fields_of(name)})
    assert not reader.body, f"{name} has {len(reader.body)} trailing bytes"
    return decoded


def tls_context(*protocols, newest=ssl.TLSVersion.TLSv1_3):
    """A client context that verifies no certificate and offers these ALPN protocols."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = newest
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


class Connection:
    """A TCP connection that carries frames; every wait is bounded by HANG_GUARD."""

    def __init__(self, port, host="127.0.0.1", source=None):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(HANG_GUARD)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source:
            self.socket.bind((source, 0))
        self.socket.connect((host, port))
        self.address = self.socket.getsockname()[0]
        self.buffer = bytearray()
        self.sender = "server"

    @classmethod
    def server_side(cls, accepted):
        """The server's side of a connection, over a connected socket."""
        self = cls.__new__(cls)
        self.socket, self.buffer, self.sender = accepted, bytearray(), "client"
        self.socket.settimeout(HANG_GUARD)
        return self

    def start_tls(self, context=None):
        """Performs the TLS handshake. From then on an end of stream without close_notify is an error."""
        context = context or tls_context("porter/1")
        self.socket = TlsSocket(self.socket, context)
        assert self.socket.version() == "TLSv1.3" and self.socket.selected_alpn_protocol() == "porter/1"
        return self

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with a TCP reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def send_raw(self, raw):
        self.socket.sendall(raw)

    def send(self, name, *values):
        self.send_raw(message(name, *values))

    def _read(self, count, may_end=False):
        while len(self.buffer) < count:
            some = self.socket.recv(1 << 18)
            if not some:
                assert may_end and not self.buffer, "the stream ends inside a frame"
                return None
            self.buffer += some
        taken = bytes(self.buffer[:count])
        del self.buffer[:count]
        return taken

    def receive(self):
        """The next message, or None at the end of the stream. Skips the pings that probe a half-closed client."""
        while length := self._read(4, may_end=True):
            got = decode(self._read(struct.unpack(">I", length)[0]), self.sender)
            if got.kind != "ping" or self.sender != "server":
                return got
        return None

    def receive_all(self):
        """All messages up to the end of the stream."""
        return list(iter(self.receive, None))

    def request(self, name, *values):
        """Sends a message and returns the next one received."""
        self.send(name, *values)
        return self.receive()

    def expect(self, kind, **fields):
        """Receives the next message, which must have this kind and these fields."""
        got = self.receive()
        assert got is not None, f"expected {kind} {fields}, got the end of the stream"
        wrong = {name: getattr(got, name, None) for name, value in fields.items() if getattr(got, name, None) != value}
        assert got.kind == kind and not wrong, f"expected {kind} {fields}, got {describe(got)}"
        return got

    def expect_closing(self, code):
        """Receives closing(code), which must be the last message. A client then ends its side, too: otherwise porterd
        waits two seconds for that, also when it stops."""
        closing = self.expect("closing", code=code)
        self.expect_end()
        if self.sender == "server":
            with contextlib.suppress(OSError):
                self.half_close()
        return closing

    def expect_end(self):
        got = self.receive()
        assert got is None, f"expected the end of the stream, got {describe(got)}"

    def expect_alive(self):
        """Sends a ping; the next message must be its pong, so nothing else was queued."""
        self.send("ping", b"alive?")
        self.expect("pong", data=b"alive?")

    def hello(self, version=1, agent="wire.py"):
        self.send("hello", version, agent)
        return self.expect("welcome", version=1)

    def get_access(self, kind, *values):
        """Sends hello and an access request, which must be granted."""
        self.hello()
        self.send(kind, *values)
        return self.expect("granted", via=kind)


def describe(got):
    """The message for an error report, truncated."""
    return repr(got) if len(repr(got)) < 400 else repr(got)[:400] + "..."
