"""porterctl top: on a terminal a screen that is drawn again and again, elsewhere a snapshot (docs/porterctl.md)."""
import fcntl
import re
import signal
import socket
import struct
import termios
import time
import unicodedata
import unittest

from support.administrator import AdministratorCase
from support.server import PORTERCTL, run
from support.terminal import CTRL_C, ENTER, ESCAPE
from support.waiting import HANG_GUARD, until

ROWS = 40  # of a new Terminal
STYLE = re.compile(r"\x1b\[[0-9;]*m")


def width(line):
    """The columns of a terminal that a line takes."""
    return sum(0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
               for letter in line)


class Display:
    """porterctl top on a terminal, and its last complete frame."""

    def __init__(self, terminal):
        self.terminal, self.rows = terminal, ROWS

    def frame(self):
        """The lines, or none: no frame of this size was drawn yet."""
        for drawn in reversed(self.terminal.raw[-100_000:].decode(errors="replace").split("\x1b[H")):
            lines = drawn.split("\x1b[2K")[1:]
            if len(lines) == self.rows:
                return [STYLE.sub("", line).partition("\x1b")[0].rstrip("\r\n") for line in lines]
        return []

    def resize(self, rows, columns):
        fcntl.ioctl(self.terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.rows = rows

    def until(self, condition, description):
        """Waits until condition(lines of the frame) is true; returns its result."""
        deadline = time.monotonic() + HANG_GUARD  # frames come for ever
        while True:
            lines = self.frame()
            result = lines and condition(lines)
            if result:
                return result
            missing = f"{description}; the last frame:\n" + "\n".join(lines)
            assert time.monotonic() < deadline, f"timed out before: {missing}"
            self.terminal.expect_more(missing)

    def expect(self, pattern):
        """Waits until a line matches; returns the match."""
        return self.until(lambda lines: next(filter(None, (re.search(pattern, line) for line in lines)), None), pattern)

    def press(self, keys):
        self.terminal.send(keys)

    def selected(self):
        return next((line for line in self.frame() if line.startswith("> ")), "")


class TopCase(AdministratorCase):
    def top(self, *options, **more):
        display = Display(self.terminal("top", "--interval", "100ms", *options, **more))
        display.expect("BYTES v")
        return display

    def quit(self, display):
        display.press("q")
        self.assertEqual(display.terminal.wait(), 0)
        self.assert_restored(display)

    def assert_restored(self, display):
        self.assertTrue(display.terminal.is_cooked())
        self.assertTrue(display.terminal.raw.endswith(b"\x1b[?25h\x1b[?7h\x1b[?1049l"), display.terminal.raw[-100:])

    def filter(self, display, text):
        display.press("/" + text + ENTER)
        display.expect(f"only {re.escape(text)}: ")


class Screen(TopCase):
    def test_the_table_is_sorted_by_each_column_and_reversed(self):
        account = self.account("漢字 x\u0301 of the top")
        clients = [self.resume(account) for _ in range(3)]
        for number, client in enumerate(clients):
            for _ in range((5, 20, 10)[number]):
                client.send("text", "hello")
                client.expect("text")
        display = self.top()
        display.expect(r"^porterd \S+ on \S+, up .*, every 100ms")
        display.expect(r"^connections +\d+ of \d+: \d+ opening, \d+ access, \d+ exchange, \d+ closing")
        display.expect(r"^messages/s +\d")
        display.expect(r"^queues +0 passwords")
        display.expect(r"^throttled +0 networks")
        self.filter(display, account.name)
        addresses = [client.address for client in clients]

        def order(expected, heading):
            def shown(lines):
                rows = [line for line in lines if account.name in line and any(one in line for one in addresses)]
                found = [next(at for at, one in enumerate(addresses) if re.search(rf"{re.escape(one)}\b", row))
                         for row in rows]
                return found == expected and any(heading in line for line in lines)
            display.until(shown, f"{expected} by {heading}")
        order([1, 2, 0], "BYTES v")
        display.press("r")
        order([0, 2, 1], "BYTES ^")
        display.press("1")
        order([0, 1, 2], "ID ^")
        display.press("1")
        order([2, 1, 0], "ID v")
        display.press("6")
        order([1, 2, 0], "MESSAGES v")
        display.press("<")
        order([0, 1, 2], "TIME ^")
        display.press("<")
        order([0, 1, 2], "PHASE ^")
        self.quit(display)

    def test_the_selected_connection_is_closed_after_a_question(self):
        account = self.account()
        first, second = self.resume(account), self.resume(account)
        display = self.top()
        self.filter(display, account.name)
        display.press("1")
        display.until(lambda lines: next((f" {first.address} " in row for row in lines if " exchange " in row), False),
                      "the first one is on top")
        display.press("g")
        display.until(lambda _: f" {first.address} " in display.selected(), "the first one is selected")
        for key, client in (("j", second), ("k", first), ("\x1b[B", second), ("g", first), ("\x1b[6~", second)):
            display.press(key)
            display.until(lambda _, wanted=client: f" {wanted.address} " in display.selected(), f"{key!r} selects")
        display.press("c")
        display.expect(rf"^Close connection \d+ of {account.name} from {re.escape(second.address)}\? \(y/n\)")
        display.press("n")
        display.expect("^The connection was not closed")
        second.expect_alive()
        display.press("c")
        display.expect("^Close connection")
        display.press("y")
        display.expect(r"^Connection \d+ is closed")
        self.assertEqual(second.expect_closing("normal").reason, "closed by the administrator")
        first.expect_alive()
        second.close()
        display.expect(f"only {account.name}: 1$")
        self.quit(display)

    def test_a_filter_may_be_a_network_and_a_wrong_one_is_explained(self):
        client = self.start_access_phase("127.99.1.7")
        self.addCleanup(client.close)
        display = self.top()
        self.filter(display, "127.99.1.0/24")
        display.until(lambda _: "127.99.1.7" in display.selected() and "access" in display.selected(), "it is shown")
        display.press("/" + "\x7f" * 20 + "two  spaces" + ENTER)
        display.expect("^This is no account, address or network")
        display.press(ESCAPE)
        display.expect("only 127.99.1.0/24: 1$")
        display.press("?")
        display.expect("sort by a column")
        display.press("x")
        display.expect("BYTES v")
        display.press("p")
        display.expect(", paused")
        display.press("p")
        display.until(lambda lines: ", paused" not in lines[0], "it goes on")
        self.quit(display)

    def test_it_fits_on_each_size_of_the_terminal(self):
        client = self.resume(self.account("漢" * 40))
        self.addCleanup(client.close)
        display = self.top()
        for rows, columns in ((24, 80), (10, 40), (5, 20), (3, 10), (2, 3), (1, 1), (50, 200)):
            display.resize(rows, columns)
            lines = display.until(lambda lines: lines, f"{rows} x {columns}")
            display.until(lambda lines, most=columns: max(map(width, lines)) <= most, f"{columns} columns")
            if rows >= 5 and columns >= 40:
                self.assertTrue(any("ADDRESS" in line for line in lines), lines)
        display.expect(client.address)
        self.quit(display)

    def test_colours_are_for_terminals_that_want_them(self):
        client = self.resume(self.account())
        self.addCleanup(client.close)
        plain = self.top(env={"NO_COLOR": "1"})
        self.quit(plain)
        self.assertNotIn(b"\x1b[7m", plain.terminal.raw)
        coloured = self.top()
        self.quit(coloured)
        self.assertIn(b"\x1b[7m", coloured.terminal.raw)


class Ends(TopCase):
    def test_signals_restore_the_terminal(self):
        display = self.top()
        display.press(CTRL_C)
        self.assertEqual(display.terminal.wait(), 0)
        self.assert_restored(display)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            display = self.top()
            display.terminal.process.send_signal(number)
            self.assertEqual(display.terminal.wait(), -number)
            self.assert_restored(display)

    def test_it_is_suspended_and_continued(self):
        display = self.top()
        display.terminal.suspend()
        until(display.terminal.is_cooked, "the terminal is restored")
        display.terminal.resume()
        display.terminal.expect_raw(b"\x1b[?1049h", 2)
        display.expect("BYTES v")
        self.assertFalse(display.terminal.is_cooked())
        self.quit(display)

    def test_a_lost_porterd_is_asked_again_until_it_is_back(self):
        display = self.top()
        self.server.stop()
        display.expect("^porterd does not answer: no porterd runs with the data directory")
        self.server.start()
        display.until(lambda lines: "q quit" in lines[-1], "it is back")
        self.server.signal(signal.SIGSTOP)
        try:
            display.expect("^porterd does not answer")
        finally:
            self.server.signal(signal.SIGCONT)
        display.until(lambda lines: "q quit" in lines[-1], "it is back")
        self.quit(display)


class Snapshot(TopCase):
    def test_without_a_terminal_it_prints_a_snapshot(self):
        account = self.account()
        client = self.resume(account)
        state = self.json("top", "--interval", "100ms")
        self.assertEqual(state["node"], socket.gethostname())
        self.assertGreaterEqual(state["exchange"], 1)
        self.assertIsInstance(state["messages_in_per_second"], float)
        mine = next(row for row in state["connections"] if row["address"] == client.address)
        self.assertEqual((mine["account"], mine["phase"]), (account.name, "exchange"))
        self.assertEqual(list(mine), list(self.json("connections", "list")[0]))
        rows = self.rows("top", "--interval", "100ms")
        self.assertEqual(rows[0][0], "version")
        self.assertTrue(any(len(row) == 8 and row[2] == client.address for row in rows), rows)
        self.assertEqual(self.terminal("top", "--interval", "100ms", env={"TERM": "dumb"}).wait(), 0)

    def test_networks_that_are_throttled_are_named(self):
        address = self.fresh_address()
        codes = []
        while len(codes) < 40 and "throttled" not in codes:
            client = self.start_access_phase(address)
            client.send("login", self.fresh_name(), "wrong horse battery")
            codes.append(client.expect("denied").code)
            client.close()
        state = self.json("top", "--interval", "100ms")
        self.assertEqual((state["throttled_networks"], state["last_throttled"]), (1, [address]))

    def test_wrong_options_are_usage_errors(self):
        for wrong in ("0", "99ms", "2h", "soon"):
            self.assertIn("--interval: ", self.ctl("top", "--interval", wrong, code=64).err)
        self.ctl("top", operands=("17",), code=64)

    def test_without_porterd_it_is_an_error(self):
        done = run(PORTERCTL, "top", "--data-dir", self.server.folder / "none", home=self.server.folder)
        self.assertEqual((done.returncode, done.out), (69, ""))
        self.assertRegex(done.err, "^porterctl: no porterd runs with the data directory ")


if __name__ == "__main__":
    unittest.main()
