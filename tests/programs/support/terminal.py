"""A terminal for a program: what it prints is drawn on a screen, what a person would type is sent."""
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
    """Enough of a terminal to know what stands where after line editing. It never scrolls: all lines stay. A line that
    is longer than the screen is wide is read as one, however long the paths on this machine make it."""

    def __init__(self, columns=_COLUMNS):
        self.columns = columns
        self.lines, self.row, self.column = [[]], 0, 0
        self.wrapped = set()  # the rows that go on in the next one

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
        elif unicodedata.category(character) in ("Mn", "Me", "Cf"):  # of the character before it
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
    """A program on a terminal of its own; every wait has the hang guard."""

    def __init__(self, *arguments, home, env=None, columns=_COLUMNS):
        self.columns = columns
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        # setsid makes it the controlling terminal, so that Ctrl-C is a signal, and becomes the program itself.
        self.process = subprocess.Popen(["setsid", "--ctty", *map(str, arguments)], stdin=slave, stdout=slave, stderr=slave,
                                        env=clean_environment(home, **(env or {})))
        os.close(slave)
        self.raw = b""
        self.ended = False

    def text(self):
        return Screen(self.columns).draw(self.raw.decode(errors="replace"))

    def _read(self, deadline):
        ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            raise AssertionError(f"nothing more came; the screen:\n{self.text()}")
        try:
            some = os.read(self.master, 65536)
        except OSError:  # EIO: nobody holds the other side any more
            some = b""
        self.ended = not some
        self.raw += some

    def see(self, pattern, times=1, guard=HANG_GUARD):
        """Waits until the screen shows the pattern so many times; returns the last of them."""
        deadline = time.monotonic() + guard
        while True:
            found = list(re.finditer(pattern, self.text(), re.MULTILINE))
            if len(found) >= times:
                return found[-1]
            assert not self.ended, f"it ended and never showed {pattern!r} {times} times; the screen:\n{self.text()}"
            self._read(deadline)

    def type(self, keys):
        os.write(self.master, keys.encode() if isinstance(keys, str) else keys)

    def line(self, text):
        self.type(text + ENTER)

    def echoes(self):
        """Whether it is as a shell needs it: what is typed is shown, and read line by line."""
        modes = termios.tcgetattr(self.master)[3]
        return bool(modes & termios.ECHO) and bool(modes & termios.ICANON)

    def stop(self):
        """Ctrl-Z; returns when the program is stopped."""
        self.type(CTRL_Z)
        status = pathlib.Path(f"/proc/{self.process.pid}/stat")
        until(lambda: status.read_text().rpartition(")")[2].split()[0] == "T", "the program is stopped")

    def go_on(self):
        """What fg does with a stopped program, apart from the shell's own."""
        self.process.send_signal(signal.SIGCONT)

    def leave(self):
        """Waits for its end; returns the exit code."""
        deadline = time.monotonic() + HANG_GUARD
        while not self.ended:
            self._read(deadline)
        code = self.process.wait(HANG_GUARD)
        assert_no_report(self.text())
        return code

    def close(self):
        """Whatever happened before: the program is gone."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(HANG_GUARD)
        os.close(self.master)
