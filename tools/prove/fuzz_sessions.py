#!/usr/bin/env python3
"""Fuzzes a running porterd (promise S10 of SECURITY.md): connections that go through the real phases and then send mutated
frames, whole, in splinters, and cut off by a half-close or a reset.

Each access mode is fuzzed in the clear and over TLS, by a porterd of our own on 127.0.0.1: by default the one that is built
with AddressSanitizer and UndefinedBehaviorSanitizer. A sanitizer's report, the server's death or a `defect` in its log ends
it with exit code 1. The same seed gives the same frames; how the server's answers fall among them is up to the machine.
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

TEXTS = ("", "a", "Алиса", "\ufdfa" * 64, "x" * 5000, "\0", "\ud7ff", "e\u0301" * 70, "Ａlice", "\u202eabc", "prt_" + "A" * 43, PASSWORD)
LENGTHS = (0, 1, 2, 4095, 4096, 4097, MIB, MIB + 1, *INVALID_LENGTHS)
ACCOUNTS = 8
PAUSE = 0.02  # seconds that are waited for an answer: most frames get none


class Frames:
    """Makes frames: valid ones of every kind, and what becomes of them."""

    def __init__(self, rng, tokens):
        self.rng, self.tokens = rng, tokens
        self.mutations = (self._as_it_is, self._bit, self._length, self._kind, self._longer, self._shorter, self._noise,
                          self._inner_length, self._noise_of_a_kind, self._twice)

    def text(self):
        return self.rng.choice(TEXTS)

    def valid(self):
        """Any message of a client, with fields at the edges of what is allowed and beyond."""
        rng, text = self.rng, self.text
        if rng.random() < 0.01:  # it ends a session that others need
            return message("logout", rng.randrange(4))
        choices = (
            ("hello", rng.choice([1, 1, 1, rng.randrange(256)]), text()),
            ("identify", text()),
            ("register", f"visitor {rng.randrange(10 ** 9)}", "short"),
            ("login", text(), text()),
            ("resume", rng.choice([*self.tokens, text()])),
            ("change_password", text(), text()),
            ("list_sessions",),
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

    def _as_it_is(self, raw):
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
    """One porterd in one access mode, in the clear or over TLS."""

    def __init__(self, mode, tls, seed):
        self.mode, self.tls = mode, tls
        self.rng = random.Random(f"{seed} {mode} {tls}")
        self.context = tls_context("porter/1")
        self.tokens = []
        self.frames = Frames(self.rng, self.tokens)
        self.sent = self.connections = 0
        self.server = Server("--access", mode, "--login-grace", "5s", "--hash-threads", "1")

    def run(self, frames, seconds):
        """Until so many mutated frames were sent or so many seconds are over."""
        end = time.monotonic() + seconds
        self.make_accounts()
        try:
            while self.sent < frames and time.monotonic() < end:
                self.visit()
                if self.connections % 300 == 0:
                    self.log_in_again()
        except ConnectionError:  # nobody takes connections any more: the server's last words say why
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
        """The fuzz has ended sessions; without a good token it would stay outside."""
        for number in range(len(self.tokens)):
            owner = self.server.connect(f"127.9.1.{number + 1}")
            owner.hello()
            got = owner.request("login", f"owner {number}", PASSWORD)
            if got and got.kind == "granted":
                self.tokens[number] = got.token
            owner.close()

    def visit(self):
        number = self.connections
        self.connections += 1
        visitor = self.server.connect(f"127.{20 + number // 60000}.{number // 240 % 250}.{1 + number % 240}")
        try:
            if self.tls:
                visitor.socket = self.context.wrap_socket(visitor.socket)
            self.enter(visitor, self.rng.randrange(4))
            visitor.socket.settimeout(PAUSE)
            self.pester(visitor)
            self.leave(visitor)
        except (OSError, AssertionError):  # the server hung up, or what it says is no answer to what was asked
            pass
        finally:
            visitor.close()

    def enter(self, visitor, stage):
        """Goes some of the way that a client goes."""
        if stage > 0:
            visitor.hello()
        if stage > 1 and self.mode == "identify":
            visitor.request("identify", "x")
        if stage > 1 and self.mode == "authenticate":
            visitor.request("resume", self.rng.choice(self.tokens))

    def pester(self, visitor):
        for _ in range(self.rng.randrange(1, 80)):
            is_mutated = self.rng.random() < 0.6
            raw = self.frames.mutated() if is_mutated else self.frames.valid()
            self.sent += is_mutated
            if self.rng.random() < 0.1:
                for at in range(0, len(raw), 7):
                    visitor.socket.send(raw[at:at + 7])
            else:
                visitor.send_raw(raw)
            if self.rng.random() < 0.3 and not self.hears(visitor):
                return

    def hears(self, visitor):
        """False: the server has closed the connection."""
        try:
            return bool(visitor.socket.recv(1 << 16))
        except (TimeoutError, ssl.SSLWantReadError):
            return True

    def leave(self, visitor):
        how = self.rng.random()
        if how < 0.2:
            visitor.reset()
        elif how < 0.4 and not self.tls:
            visitor.half_close()
            self.hears(visitor)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3600, help="in all (3600)")
    parser.add_argument("--frames", type=int, default=sys.maxsize, help="mutated frames in each setting, at most")
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
        often = ", ".join(f"{code} {count}" for code, count in codes.most_common(5))
        print(f"{mode}{' over TLS' if tls else ''}: {fuzzer.sent} mutated frames on {fuzzer.connections} connections; {often}", flush=True)
    print(f"{total} mutated frames in {time.monotonic() - begun:.0f} s, seed {options.seed}: no report, no death, no defect")


if __name__ == "__main__":
    main()
