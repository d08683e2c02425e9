"""The service exec: a command for each connection, and the end of its processes."""
import os
import pathlib
import select
import signal
import threading
import unittest

from support.case import ServerCase
from support.server import Server
from support.waiting import until
from support.wire import message


def processes_with(mark):
    """The numbers of the processes, zombies included, whose command line or environment contains this text."""
    found = set()
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if mark.encode() in (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes():
                found.add(int(entry.name))
        except OSError:  # it has ended, or is another user's
            continue
    return found


def children_of(process):
    """The children of a process as (number, state), zombies included."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[:2]
            except OSError:
                continue
            if int(parent) == process:
                found.append((int(entry.name), state))
    return found


def command_line(process):
    try:
        return pathlib.Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:  # it has ended
        return b""


class Exec(unittest.TestCase):
    number = 0

    def start(self, command, *options, **more):
        """A server with that command, in open access; `self.mark` is in the environment of its processes."""
        Exec.number += 1
        self.mark = f"/nonexistent/{os.getpid()}-{Exec.number}"
        env = {**more.pop("env", {}), "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"] + ":" + self.mark}
        self.server = Server("--access", "open", "--threads", "2", "--service", "exec:" + command, *options,
                             env=env, **more)
        self.addCleanup(self.server.remove)
        return self.server

    def client(self, address=None):
        client = self.server.connect(address)
        self.addCleanup(lambda: client.close())
        client.hello()
        client.expect("granted")
        return client

    def processes(self):
        """Those of commands."""
        return {one for one in processes_with(self.mark) if one != self.server.process.pid}

    def expect_no_process(self):
        until(lambda: not self.processes(), "all processes of commands have ended")

    def guards(self):
        """The processes that kill those of commands when porterd has been killed."""
        return [number for number, _ in children_of(self.server.process.pid)
                if b"porterd-guard" in command_line(number)]

    def expect_only_the_guard(self):
        """All processes of commands have ended and are reaped. A process that is about to end has no command line."""
        until(lambda: [number for number, _ in children_of(self.server.process.pid)] == self.guards() != [],
              "the guard is the only child of porterd")

    def expect_texts(self, client, *texts):
        for text in texts:
            client.expect("text", text=text)


class LinesAndTexts(Exec):
    def test_cat_returns_each_text_as_one_line(self):
        self.start("cat")
        client = self.client()
        for sent, expected in (("hello", "hello"), ("", ""), ("a\nb\x00c", "a b c"), ("$(id); `id`", "$(id); `id`")):
            client.send("text", sent)
            client.expect("text", text=expected)
        client.send("data", b"x")
        client.expect("denied", code="not_supported")
        client.expect_alive()
        client.close()
        self.expect_no_process()
        self.server.stop()

    def test_the_output_after_a_half_close_is_delivered(self):
        self.start("sort -n; echo sorted")
        client = self.client()
        for number in (3, 1, 2):
            client.send("text", str(number))
        client.half_close()
        self.expect_texts(client, "1", "2", "3", "sorted")
        client.expect_closing("normal")
        self.server.stop()

    def test_lines_become_valid_texts_within_the_limit(self):
        long_line = r"head -c 10000 /dev/zero | tr '\0' x; echo"
        self.start(rf"printf 'a\377b\n'; {long_line}; printf 'last'", "--max-frame", "4KiB")
        client = self.client()
        self.expect_texts(client, "a\ufffdb", "x" * 4095, "x" * 4095, "x" * 1810, "last")
        client.expect_closing("normal")
        self.server.stop()

    def test_the_environment_is_small(self):
        self.start("env; ls /proc/self/fd | tr '\\n' ' '", env={"PORTERD_LOGIN_GRACE": "20s", "SECRET": "x"})
        client = self.client()
        lines = [one.text for one in client.receive_all() if one.kind == "text"]
        client.close()
        variables = dict(line.split("=", 1) for line in lines[:-1])
        added_by_a_shell = {"PWD", "OLDPWD", "SHLVL", "_"}
        self.assertLessEqual(variables.keys() - added_by_a_shell, {"PATH", "HOME", "LANG", "LC_ALL", "PORTER_NAME",
                                                                  "PORTER_ADDRESS", "PORTER_SESSION"})
        self.assertEqual((variables["PORTER_NAME"], variables["PORTER_ADDRESS"], variables["PORTER_SESSION"]),
                         ("", "127.0.0.1", ""))
        self.assertEqual(lines[-1].split()[:3], ["0", "1", "2"])
        self.assertEqual(len(lines[-1].split()), 4)  # and the folder that ls reads
        self.server.stop()

    def test_the_status_and_the_standard_error_are_logged(self):
        self.start("echo 'level=error x' >&2; exit 3")
        client = self.client()
        client.expect_closing("normal")
        until(lambda: "command_exited" in self.server.log(), "the exit is logged")
        self.server.expect_log(r'info command_stderr address=127.0.0.1 connection=1 text="level=error x"')
        self.server.expect_log(r"warn command_exited address=127.0.0.1 connection=1 status=3")
        self.server.stop()

    def test_a_flood_both_ways_does_not_deadlock(self):
        self.start("cat")
        client = self.client()
        texts = [str(number).ljust(1000, ".") for number in range(20_000)]
        sender = threading.Thread(target=lambda: client.send_raw(b"".join(message("text", text) for text in texts)))
        sender.start()
        select.select([client.socket], [], [])
        for text in texts:
            client.expect("text", text=text)
        sender.join()
        client.close()
        self.expect_no_process()
        self.server.stop()

    def test_output_is_not_read_while_the_client_does_not_read(self):
        self.start("i=0; while :; do i=$((i+1)); echo $i $i $i $i $i $i; done")
        client = self.client()
        client.expect("text", text="1 1 1 1 1 1")
        client.close()
        self.expect_no_process()
        self.server.stop()


class Ends(Exec):
    def test_a_hundred_connections_leave_no_process_and_no_zombie(self):
        self.start("cat")
        client = self.client()
        client.send("text", "x")
        client.expect("text", text="x")  # so its command has started, and before it the guard
        client.reset()
        self.expect_only_the_guard()  # the thread that ends processes has opened its descriptors
        descriptors = self.server.descriptors()
        for number in range(100):
            client = self.client()
            client.send("text", "x")
            if number % 3 != 0:
                client.expect("text", text="x")
            if number % 2 == 0:
                client.reset()
            else:
                client.close()
        self.expect_only_the_guard()
        until(lambda: self.server.descriptors() <= descriptors, "all descriptors are closed")
        self.server.stop()

    def test_what_ignores_sigterm_or_is_in_the_background_is_killed(self):
        self.start("trap '' TERM HUP; (sleep 1000 & sleep 1000) & echo ready; while :; do sleep 1000; done")
        client = self.client()
        self.expect_texts(client, "ready")
        self.assertTrue(self.processes())
        client.send("closing", "normal", "")
        client.expect_end()
        self.expect_no_process()
        self.server.stop()

    def test_a_client_that_closes_without_a_word_ends_its_command(self):
        self.start("echo ready; sleep 1000")
        client = self.client()
        self.expect_texts(client, "ready")
        client.close()  # like a half-close, until the server probes it
        self.expect_no_process()
        self.server.stop()

    def test_the_end_of_the_command_ends_what_is_in_the_background(self):
        self.start("sleep 1000 & echo started")
        client = self.client()
        self.expect_texts(client, "started")
        client.expect_closing("normal")
        self.expect_no_process()
        self.server.stop()

    def test_a_command_may_clean_up_when_the_connection_ends(self):
        self.start("trap 'echo cleaned > $HOME/cleaned; exit' HUP TERM; echo ready; while :; do sleep 0.05; done")
        client = self.client()
        self.expect_texts(client, "ready")
        client.reset()
        until((self.server.folder / "cleaned").exists, "the command has cleaned up")
        self.expect_no_process()
        self.server.stop()

    def test_a_reset_ends_a_command_that_takes_no_input(self):
        self.start("sleep 1000")
        client = self.client()
        client.socket.setblocking(False)
        sent = 0
        try:
            while True:
                sent += client.socket.send(message("text", "x" * 10_000))
        except BlockingIOError:
            pass
        self.assertGreater(sent, 0)
        client.reset()
        self.expect_no_process()
        self.server.stop()

    def test_sigterm_of_porterd_leaves_no_process(self):
        self.start("trap '' TERM HUP; echo ready; while :; do sleep 1000; done")
        clients = [self.client() for _ in range(10)]
        for client in clients:
            self.expect_texts(client, "ready")
        self.server.signal(signal.SIGTERM)
        for client in clients:
            client.expect_closing("shutting_down")
            client.close()
        self.assertEqual(self.server.wait(), 0)
        self.assertFalse(processes_with(self.mark))

    def test_sigkill_of_porterd_leaves_no_process(self):
        self.start("trap '' TERM HUP; sleep 1000 & echo ready; while :; do sleep 1000; done")
        clients = [self.client() for _ in range(10)]
        for client in clients:
            self.expect_texts(client, "ready")
        guards = self.guards()
        self.assertEqual(len(guards), 1)
        self.server.kill()
        until(lambda: not processes_with(self.mark), "the guard has killed all processes")
        until(lambda: not os.path.exists(f"/proc/{guards[0]}"), "the guard has exited")

    def test_a_guard_that_was_killed_is_replaced(self):
        self.start("echo ready; while :; do sleep 1000; done")
        first = self.client()
        self.expect_texts(first, "ready")
        old = self.guards()[0]
        os.kill(old, signal.SIGKILL)
        until(lambda: old not in self.guards(), "the guard has ended")
        second = self.client()
        self.expect_texts(second, "ready")
        self.assertEqual(len(self.guards()), 1)
        self.server.kill()
        until(lambda: not processes_with(self.mark), "the new guard has killed all processes")

    def test_a_connection_past_the_limit_is_closed(self):
        self.start("cat", "--max-processes", "2")
        one, two = self.client(), self.client()
        for client in (one, two):  # so both commands have started
            client.send("text", "x")
            client.expect("text", text="x")
        third = self.client()
        self.assertRegex(third.expect_closing("unavailable").reason, "try again later")
        self.server.expect_log("command_refused .*limit=2")
        one.close()

        def is_admitted():
            client = self.client()
            client.send("text", "y")
            return client.receive().kind == "text"

        until(is_admitted, "another command may run")
        self.server.stop()

    def test_with_few_descriptors_each_connection_that_is_admitted_has_its_command(self):
        """SECURITY.md, N4: five descriptors for each."""
        self.start("cat", prefix=("sh", "-c", 'ulimit -n 184; exec "$0" "$@"'))
        limited = [line for line in self.server.log().splitlines() if "connections_limited" in line]
        self.assertEqual(len(limited), 1)
        self.assertRegex(limited[0], "warn.*wanted=20000 connections=10 descriptors=184 needed=21158 .*ulimit -n")
        clients = [self.client(f"127.0.6.{number}") for number in range(1, 11)]
        for client in clients:
            client.send("text", "x")
            client.expect("text", text="x")
        eleventh = self.server.connect("127.0.6.11")
        self.addCleanup(eleventh.close)
        eleventh.expect_closing("server_full")
        for event in ("accept_failed", "command_failed", "command_refused"):
            self.assertNotIn(event, self.server.log())
        self.server.stop()


class Accounts(ServerCase):
    options = ("--service", 'exec:echo "$PORTER_NAME $PORTER_SESSION"; cat', "--hash-threads", "1")

    def test_the_command_knows_the_account_and_ends_with_its_session(self):
        account = self.account("Ann $(id)")
        client = self.log_in(account)
        client.expect("text", text=f"Ann $(id) {client.granted.session}")
        other = self.log_in(account)
        other.expect("text")
        client.send("logout", 1)
        client.expect("done")
        client.expect_closing("normal")
        other.expect_closing("session_ended")


if __name__ == "__main__":
    unittest.main()
