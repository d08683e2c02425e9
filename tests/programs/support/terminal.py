"""A pseudo-terminal for a program under test, with a screen that interprets its output."""
import fcntl
import os
import pty
import pathlib
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata

from .server import assert_no_report, clean_environment
from .waiting import HANG_GUARD, until

CTRL_C, CTRL_D, CTRL_Z, ENTER, ESCAPE = "\x03", "\x04", "\x1a", "\r", "\x1b"
_SEQUENCE = re.compile(r"\x1b(?:\[([0-?]*)[ -/]*([@-~])|\][^\x07]*\x07|[()].|[=>78cM])")
_COLUMNS = 120


class Screen:
    """Interprets the control sequences of line editing. The screen does not scroll: it keeps all lines. A wrapped line
    is returned as one line, so that a pattern matches paths of any length."""

    def __init__(self, columns=_COLUMNS):
        self.columns = columns
        self.lines, self.row, self.column = [[]], 0, 0
        self.wrapped = set()  # the rows that continue in the next one

    def draw(self, text):
        position = 0
        while position < len(text):
            sequence = _SEQUENCE.match(text, position)
            if sequence:
                self._command(sequence.group(2), sequence.group(1) or "")
                position = sequence.end()
            else:
                self._character(text[position])
                position += 1
        rows = ["".join(line) + ("" if row in self.wrapped else "\n") for row, line in enumerate(self.lines)]
        return "".join(rows).removesuffix("\n")

    def _character(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self._down(1)
        elif character == "\b":
            self.column = max(0, self.column - 1)
        elif unicodedata.category(character) in ("Mn", "Me", "Cf"):  # combines with the character before it
            if self.column > 0:
                self.lines[self.row][self.column - 1] += character
        elif character >= " ":
            width = 2 if unicodedata.east_asian_width(character) in "WF" else 1
            if self.column + width > self.columns:
                self.wrapped.add(self.row)
                self.column = 0
                self._down(1)
            line = self.lines[self.row]
            line += " " * (self.column + width - len(line))
            line[self.column:self.column + width] = [""] * (width - 1) + [character]
            self.column += width

    def _down(self, count):
        self.row += count
        while self.row >= len(self.lines):
            self.lines.append([])

    def _command(self, name, parameters):
        first = parameters.split(";")[0]
        count = int(first) if first.isdigit() else 0
        line = self.lines[self.row]
        if name == "A":
            self.row = max(0, self.row - max(1, count))
        elif name == "B":
            self._down(max(1, count))
        elif name == "C":
            self.column = min(self.columns - 1, self.column + max(1, count))
        elif name == "D":
            self.column = max(0, self.column - max(1, count))
        elif name == "G":
            self.column = max(0, count - 1)
        elif name == "P":
            del line[self.column:self.column + max(1, count)]
        elif name == "@":
            line[self.column:self.column] = " " * max(1, count)
        elif name == "K" and count == 0:
            del line[self.column:]
        elif name == "K":
            line[:] = []
        elif name == "J":
            del line[self.column:]
            del self.lines[self.row + 1:]
            self.wrapped = {row for row in self.wrapped if row < self.row}


class Terminal:
    """A program that runs on its own pseudo-terminal; every wait is bounded by HANG_GUARD."""

    def __init__(self, *arguments, home, env=None, columns=_COLUMNS):
        self.columns = columns
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        # setsid makes this the controlling terminal, so that Ctrl-C sends a signal, and then executes the program.
        self.process = subprocess.Popen(["setsid", "--ctty", *map(str, arguments)], stdin=slave, stdout=slave,
                                        stderr=slave, env=clean_environment(home, **(env or {})))
        os.close(slave)
        self.raw = b""
        self.ended = False

    def text(self):
        return Screen(self.columns).draw(self.raw.decode(errors="replace"))

    def _read(self, deadline):
        ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            raise AssertionError(f"timed out; the screen:\n{self.text()}")
        try:
            some = os.read(self.master, 65536)
        except OSError:  # EIO: the other side is closed
            some = b""
        self.ended = not some
        self.raw += some

    def expect(self, pattern, times=1, guard=HANG_GUARD):
        """Waits until the pattern matches the screen `times` times; returns the last match."""
        deadline = time.monotonic() + guard
        while True:
            found = list(re.finditer(pattern, self.text(), re.MULTILINE))
            if len(found) >= times:
                return found[-1]
            assert not self.ended, f"{pattern!r} has not matched {times} times; the screen:\n{self.text()}"
            self._read(deadline)

    def expect_more(self, description):
        """Waits for more output; fails with the description if none comes."""
        assert not self.ended, f"ended before: {description}"
        try:
            self._read(time.monotonic() + HANG_GUARD)
        except AssertionError as error:
            raise AssertionError(f"timed out before: {description}") from error

    def expect_raw(self, wanted, times=1):
        """Waits until the output has these bytes `times` times."""
        while self.raw.count(wanted) < times:
            self.expect_more(wanted)

    def send(self, keys):
        os.write(self.master, keys.encode() if isinstance(keys, str) else keys)

    def send_line(self, text):
        self.send(text + ENTER)

    def is_cooked(self):
        """True if the terminal echoes input and reads whole lines, as a shell expects it."""
        modes = termios.tcgetattr(self.master)[3]
        return bool(modes & termios.ECHO) and bool(modes & termios.ICANON)

    def suspend(self):
        """Sends Ctrl-Z and waits until the program is stopped."""
        self.send(CTRL_Z)
        status = pathlib.Path(f"/proc/{self.process.pid}/stat")
        until(lambda: status.read_text().rpartition(")")[2].split()[0] == "T", "the program is stopped")

    def resume(self):
        """Continues a suspended program, as fg does."""
        self.process.send_signal(signal.SIGCONT)

    def wait(self):
        """Waits for the exit; returns the exit code."""
        deadline = time.monotonic() + HANG_GUARD
        while not self.ended:
            self._read(deadline)
        code = self.process.wait(HANG_GUARD)
        assert_no_report(self.text())
        return code

    def close(self):
        """Kills the program if it still runs, and closes the terminal."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(HANG_GUARD)
        os.close(self.master)
