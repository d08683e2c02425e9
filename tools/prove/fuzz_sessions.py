#!/usr/bin/env python3
"""Fuzzes a running porterd (promise S10 of SECURITY.md): connections get access and then send mutated frames, whole, in
pieces, and cut off by a half-close or a reset.

Each access mode is fuzzed with and without TLS, in a porterd on 127.0.0.1; by default that of the build with
AddressSanitizer and UndefinedBehaviorSanitizer. The exit code is 1 after a report of a sanitizer, an exit of the server
or a `defect` in its log. A seed always gives the same frames; when the server's answers arrive may vary.
"""
import argparse
import collections
import os
import pathlib
import random
import re
import ssl
import struct
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("PORTERD", str(ROOT / "build/dev/bin/porterd"))
sys.path.insert(0, str(ROOT / "tests" / "programs"))
sys.dont_write_bytecode = True
from support.case import PASSWORD  # noqa: E402
from support.server import Server  # noqa: E402
from support.wire import INVALID_LENGTHS, KIND, MIB, frame, header, message, tls_context  # noqa: E402

TEXTS = ("", "a", "Алиса", "\ufdfa" * 64, "x" * 5000, "\0", "\ud7ff", "e\u0301" * 70, "Ａlice", "\u202eabc",
         "prt_" + "A" * 43, PASSWORD)
LENGTHS = (0, 1, 2, 4095, 4096, 4097, MIB, MIB + 1, *INVALID_LENGTHS)
ACCOUNTS = 8
READ_TIMEOUT = 0.02  # seconds; most frames get no answer


class Frames:
    """Generates valid frames of every kind, and mutations of them."""

    def __init__(self, rng, tokens):
        self.rng, self.tokens = rng, tokens
        self.mutations = (self._unchanged, self._bit, self._length, self._kind, self._longer, self._shorter,
                          self._noise, self._inner_length, self._noise_of_a_kind, self._twice)

    def text(self):
        return self.rng.choice(TEXTS)

    def valid(self):
        """Any message of a client, with fields at and beyond their limits."""
        rng, text = self.rng, self.text
        if rng.random() < 0.01:  # rarely, because it ends a session that other connections use
            return message("logout", rng.randrange(4))
        choices = (
            ("hello", rng.choice([1, 1, 1, rng.randrange(256)]), text()),
            ("identify", text()),
            ("register", f"client {rng.randrange(10 ** 9)}", "short"),
            ("login", text(), text()),
            ("resume", rng.choice([*self.tokens, text()])),
            ("redeem", text(), text(), text()),
            ("change_password", text(), text()),
            ("list_sessions",),
            ("prove", rng.choice(["123456", text()])),
            ("second_factor", rng.randrange(4), rng.choice(["", "123456", text()])),
            ("revoke_session", rng.choice([0, 1, 2, 1 << 63, (1 << 64) - 1])),
            ("text", text() * rng.randrange(4)),
            ("data", rng.randbytes(rng.randrange(300))),
            ("ping", rng.randbytes(rng.choice([0, 1, 125, 126]))),
            ("pong", b"x"),
            ("closing", "normal", text()),
        )
        return message(*rng.choice(choices))

    def mutated(self):
        return self.rng.choice(self.mutations)(self.valid())

    def _unchanged(self, raw):
        return raw

    def _bit(self, raw):
        at = self.rng.randrange(len(raw))
        return raw[:at] + bytes([raw[at] ^ 1 << self.rng.randrange(8)]) + raw[at + 1:]

    def _length(self, raw):
        return header(self.rng.choice([*LENGTHS, self.rng.randrange(1 << 32)])) + raw[4:]

    def _kind(self, raw):
        return raw[:4] + bytes([self.rng.randrange(256)]) + raw[5:]

    def _longer(self, raw):
        return frame(raw[4:] + self.rng.randbytes(self.rng.randrange(1, 9)))

    def _shorter(self, raw):
        return frame(raw[4:self.rng.randrange(5, len(raw) + 1)])

    def _noise(self, _):
        return frame(self.rng.randbytes(self.rng.randrange(1, 200)))

    def _inner_length(self, raw):
        if len(raw) < 9:
            return raw
        at = self.rng.randrange(5, len(raw) - 1)
        return raw[:at] + struct.pack(">H", self.rng.choice([0, 1, 0x7fff, 0xffff])) + raw[at + 2:]

    def _noise_of_a_kind(self, _):
        return frame(bytes([self.rng.choice(list(KIND.values()))]) + self.rng.randbytes(self.rng.randrange(40)))

    def _twice(self, raw):
        return raw * 2


class Fuzzer:
    """Fuzzes one porterd in one access mode, with or without TLS."""

    def __init__(self, mode, tls, seed):
        self.mode, self.tls = mode, tls
        self.rng = random.Random(f"{seed} {mode} {tls}")
        self.context = tls_context("porter/1")
        self.tokens = []
        self.frames = Frames(self.rng, self.tokens)
        self.sent = self.connections = 0
        self.server = Server("--access", mode, "--login-grace", "5s", "--hash-threads", "1")

    def run(self, frames, seconds):
        """Runs until this number of mutated frames or of seconds; returns the counts of the codes in the log."""
        end = time.monotonic() + seconds
        self.make_accounts()
        try:
            while self.sent < frames and time.monotonic() < end:
                self.run_connection()
                if self.connections % 300 == 0:
                    self.log_in_again()
        except ConnectionError:  # the server has exited: its output has the reason
            self.server.assert_healthy()
            raise
        self.server.assert_healthy()
        log = self.server.log()
        defects = [line for line in log.splitlines() if re.search(r" (warn|error) defect\b", line)]
        assert not defects, "\n".join(defects[:3])
        self.server.stop()
        return collections.Counter(re.findall(r"\bcode=(\w+)", log))

    def make_accounts(self):
        if self.mode != "authenticate":
            return
        for number in range(ACCOUNTS):
            owner = self.server.connect(f"127.9.0.{number + 1}")
            self.tokens.append(owner.get_access("register", f"owner {number}", PASSWORD).token)
            owner.close()

    def log_in_again(self):
        """Replaces the tokens, because the fuzzer has ended sessions and needs valid ones."""
        for number in range(len(self.tokens)):
            owner = self.server.connect(f"127.9.1.{number + 1}")
            owner.hello()
            got = owner.request("login", f"owner {number}", PASSWORD)
            if got and got.kind == "granted":
                self.tokens[number] = got.token
            owner.close()

    def run_connection(self):
        number = self.connections
        self.connections += 1
        client = self.server.connect(f"127.{20 + number // 60000}.{number // 240 % 250}.{1 + number % 240}")
        try:
            if self.tls:
                client.socket = self.context.wrap_socket(client.socket)
            self.advance(client, self.rng.randrange(4))
            client.socket.settimeout(READ_TIMEOUT)
            self.send_frames(client)
            self.disconnect(client)
        except (OSError, AssertionError):  # disconnected, or the answer to an earlier frame
            pass
        finally:
            client.close()

    def advance(self, client, stage):
        """Goes through the first phases of the protocol, as far as the stage says."""
        if stage > 0:
            client.hello()
        if stage > 1 and self.mode == "identify":
            client.request("identify", "x")
        if stage > 1 and self.mode == "authenticate":
            client.request("resume", self.rng.choice(self.tokens))

    def send_frames(self, client):
        for _ in range(self.rng.randrange(1, 80)):
            is_mutated = self.rng.random() < 0.6
            raw = self.frames.mutated() if is_mutated else self.frames.valid()
            self.sent += is_mutated
            if self.rng.random() < 0.1:
                for at in range(0, len(raw), 7):
                    client.socket.send(raw[at:at + 7])
            else:
                client.send_raw(raw)
            if self.rng.random() < 0.3 and not self.is_open(client):
                return

    def is_open(self, client):
        """Discards input. False: the server has closed the connection."""
        try:
            return bool(client.socket.recv(1 << 16))
        except (TimeoutError, ssl.SSLWantReadError):
            return True

    def disconnect(self, client):
        choice = self.rng.random()
        if choice < 0.2:
            client.reset()
        elif choice < 0.4 and not self.tls:
            client.half_close()
            self.is_open(client)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3600, help="total duration (3600)")
    parser.add_argument("--frames", type=int, default=sys.maxsize, help="limit of mutated frames in each setting")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    settings = [(mode, tls) for mode in ("open", "identify", "authenticate") for tls in (False, True)]
    total, begun = 0, time.monotonic()
    for mode, tls in settings:
        fuzzer = Fuzzer(mode, tls, options.seed)
        try:
            codes = fuzzer.run(options.frames, options.seconds / len(settings))
        finally:
            fuzzer.server.remove()
        total += fuzzer.sent
        most_common = ", ".join(f"{code} {count}" for code, count in codes.most_common(5))
        print(f"{mode}{' over TLS' if tls else ''}: {fuzzer.sent} mutated frames on {fuzzer.connections} connections; "
              f"{most_common}", flush=True)
    print(f"{total} mutated frames in {time.monotonic() - begun:.0f} s, seed {options.seed}: "
          "no report, no crash, no defect")


if __name__ == "__main__":
    main()
