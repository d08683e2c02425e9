"""What the process is to the rest of the machine: what it refuses to keep state in, and what it lets others see (promise S12)."""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

from support.server import PORTER, PORTER_BENCH, PORTERCTL, PORTERD, Server, clean_environment, run
from support.waiting import until

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools"
NOBODY = 65534
CONFIGURATION = 78


class State(unittest.TestCase):
    """State that somebody else could have written is refused; what others can only read is made private."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.data = self.folder / "data"

    def refused(self, *options):
        for check in ((), ("--check",)):
            done = run(PORTERD, "--port", "0", "--data-dir", self.data, *options, *check, home=self.folder)
            self.assertEqual(done.returncode, CONFIGURATION, done.err)
            self.assertRegex(done.err, r"^porterd: [^\n]+\n$")
        return done.err

    def made(self, mode):
        self.data.mkdir()
        self.data.chmod(mode)

    def test_a_data_folder_that_others_may_write_to(self):
        for mode in (0o770, 0o707, 0o1777):
            with self.subTest(mode=oct(mode)):
                self.made(mode)
                self.assertIn("chmod go-w", self.refused())
                self.assertEqual(list(self.data.iterdir()), [])
                self.data.rmdir()

    @unittest.skipUnless(os.geteuid() == 0, "only root can give a folder away")
    def test_a_data_folder_of_another_user(self):
        self.made(0o700)
        os.chown(self.data, NOBODY, NOBODY)
        self.assertIn("another user", self.refused())

    def test_a_database_apart_in_a_folder_that_others_may_write_to(self):
        apart = self.folder / "apart"
        apart.mkdir()
        apart.chmod(0o777)
        self.assertIn("chmod go-w", self.refused("--database", apart / "porter.db"))

    def test_a_database_that_others_may_write_to(self):
        server = Server()
        self.addCleanup(server.remove)
        server.stop()
        self.data = server.data
        server.database.chmod(0o666)
        self.assertIn("chmod go-w", self.refused())

    def test_a_database_that_others_may_read_is_made_private(self):
        server = Server()
        self.addCleanup(server.remove)
        server.stop()
        server.database.chmod(0o644)
        server.start()
        self.assertEqual(server.database.stat().st_mode & 0o777, 0o600)
        server.stop()
        self.assertIn("database_made_private", server.log())

    def test_a_log_that_others_may_write_to_is_taken_from_them(self):
        server = Server(start=False)
        self.addCleanup(server.remove)
        server.data.mkdir(mode=0o700)
        server.log_file.touch()
        server.log_file.chmod(0o666)
        server.start()
        self.assertEqual(server.log_file.stat().st_mode & 0o777, 0o644)
        server.stop()

    @unittest.skipUnless(os.geteuid() == 0, "only root can give a file away, and become somebody else")
    def test_a_log_of_another_user(self):
        self.made(0o700)
        (self.data / "porterd.log").touch()
        os.chown(self.folder, NOBODY, NOBODY)
        os.chown(self.data, NOBODY, NOBODY)
        os.chown(self.data / "porterd.log", 12345, 12345)
        (self.data / "porterd.log").chmod(0o666)
        program = self.folder / "porterd"
        shutil.copy(PORTERD, program)
        done = run("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", program, "--port", "0",
                   "--data-dir", self.data, home=self.folder)
        self.assertEqual(done.returncode, CONFIGURATION, done.err)
        self.assertIn("another user", done.err)


class Running(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)

    def status(self, name):
        text = pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text()
        return re.search(rf"^{name}:\s*(.*)$", text, re.MULTILINE).group(1)

    def test_what_it_makes_is_for_its_owner_whatever_the_umask_was(self):
        self.assertEqual(self.status("Umask"), "0077")

    def test_it_ignores_the_signals_that_a_peer_or_a_full_disk_could_send(self):
        ignored = int(self.status("SigIgn"), 16)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            self.assertTrue(ignored >> (number - 1) & 1, number)

    def test_it_leaves_no_core_file(self):
        limits = pathlib.Path(f"/proc/{self.server.process.pid}/limits").read_text()
        self.assertRegex(limits, r"Max core file size\s+0\s+0\s")

    def test_it_takes_as_many_descriptors_as_it_may_have(self):
        """Promise N4: there are no more places than descriptors."""
        server = Server(prefix=("sh", "-c", 'ulimit -Sn 256; exec "$@"', "sh"))
        self.addCleanup(server.remove)
        limits = pathlib.Path(f"/proc/{server.process.pid}/limits").read_text()
        soft, hard = re.search(r"Max open files\s+(\d+)\s+(\d+)", limits).groups()
        self.assertEqual(soft, hard)
        server.stop()

    @unittest.skipUnless(os.geteuid() == 0, "only root may look at the descriptors of what is not dumpable")
    def test_no_file_of_its_own_takes_the_place_of_a_closed_standard_stream(self):
        """Or what is said on the console would be written into it."""
        server = Server(prefix=("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"), console=False)
        self.addCleanup(server.remove)
        for number in range(3):
            self.assertEqual(os.readlink(f"/proc/{server.process.pid}/fd/{number}"), "/dev/null")
        server.stop()

    @unittest.skipUnless(os.geteuid() == 0, "only root can become somebody else")
    def test_its_memory_is_not_for_other_processes_of_its_user(self):
        """What belongs to a process that is not dumpable belongs to root in /proc, whoever runs it."""
        server = Server(start=False, prefix=("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"))
        self.addCleanup(server.remove)
        program = server.folder / "porterd"
        shutil.copy(PORTERD, program)
        os.chown(server.folder, NOBODY, NOBODY)
        arguments = server.arguments
        server.arguments = lambda: [program if part == PORTERD else part for part in arguments()]
        server.start()
        self.assertEqual(self.real_user(server), NOBODY)
        self.assertEqual(os.stat(f"/proc/{server.process.pid}/mem").st_uid, 0)
        server.stop()

    def real_user(self, server):
        text = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
        return int(re.search(r"^Uid:\s*(\d+)", text, re.MULTILINE).group(1))


class Tools(unittest.TestCase):
    """The client and the administrator's tools hold passwords and tokens as the server does (promise S12)."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.silent = socket.create_server(("127.0.0.1", 0))  # takes connections and says nothing
        self.addCleanup(self.silent.close)
        port = self.silent.getsockname()[1]
        self.waiting = {PORTER: ("127.0.0.1", port, "--plain"), PORTER_BENCH: ("echo", "127.0.0.1", port, "--plain"),
                        PORTERCTL: ("accounts", "list", "--config", self.folder / "endless")}
        os.mkfifo(self.folder / "endless")
        (self.folder / "endless").chmod(0o644)

    def start(self, program, prefix=()):
        """The program while it waits for an answer, or for its configuration."""
        command = [*prefix, program, *map(str, self.waiting[program])]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env=clean_environment(self.folder))
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdin.close)
        return process

    def test_they_leave_no_core_file(self):
        for program in self.waiting:
            with self.subTest(program):
                process = self.start(program, prefix=("prlimit", "--core=unlimited", "--"))
                limits = pathlib.Path(f"/proc/{process.pid}/limits")
                until(lambda: re.search(r"Max core file size\s+0\s+0\s", limits.read_text()), "it wants no core file")

    @unittest.skipUnless(os.geteuid() == 0, "only root can become somebody else")
    def test_their_memory_is_not_for_other_processes_of_their_user(self):
        self.folder.chmod(0o755)
        for program in list(self.waiting):
            with self.subTest(program):
                copy = self.folder / pathlib.Path(program).name  # where that user may read it
                shutil.copy(program, copy)
                self.waiting[copy] = self.waiting[program]
                process = self.start(copy, ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"))
                running = pathlib.Path(f"/proc/{process.pid}")
                # Between exec and the first line of main() it is as any other process; then it belongs to root.
                until(lambda: (running / "comm").read_text().strip() == copy.name and (running / "mem").stat().st_uid == 0,
                      "its memory is nobody's")
                self.assertRegex((running / "status").read_text(), rf"(?m)^Uid:\s*{NOBODY}")


def is_sanitized(program):
    return b"__asan_init" in program.read_bytes() or b"__tsan_init" in program.read_bytes()


@unittest.skipIf(is_sanitized(pathlib.Path(PORTERD)), "a build with sanitizers has other defences; try --release")
class Hardened(unittest.TestCase):
    """The programs as they are installed: position independent, their tables read-only, their stacks watched."""

    def sections(self, program):
        done = subprocess.run(["readelf", "--wide", "--file-header", "--program-headers", "--dynamic", "--dyn-syms", program],
                              capture_output=True, text=True, check=True)
        return done.stdout

    def test_the_programs_are_linked_and_compiled_with_what_the_machine_offers(self):
        for program in (PORTERD, PORTER):
            with self.subTest(program=program):
                said = self.sections(program)
                self.assertRegex(said, r"Type:\s+DYN")
                self.assertRegex(said, r"GNU_RELRO")
                self.assertRegex(said, r"FLAGS.*NOW")
                self.assertRegex(said, r"GNU_STACK\s.*\sRW\s")
                self.assertIn("__stack_chk_fail", said)
                self.assertRegex(said, r"__\w+_chk\b")


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is not installed")
class Unit(unittest.TestCase):
    def test_systemd_finds_little_to_say_about_the_unit(self):
        unit = TOOLS / "packaging" / "porterd.service"
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", unit], capture_output=True, text=True, check=False)
        exposure = re.search(r"exposure level for porterd.service: (\d+\.\d+)", done.stdout)
        self.assertTrue(exposure, done.stdout + done.stderr)
        self.assertLessEqual(float(exposure.group(1)), 1.5, done.stdout)

    def test_systemd_knows_every_setting_of_the_unit(self):
        """With a program that is there, so that nothing but the unit's own words is judged."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        unit = folder / "porterd.service"
        text = (TOOLS / "packaging" / "porterd.service").read_text()
        unit.write_text(text.replace("/usr/bin/porterd", str(pathlib.Path(PORTERD).resolve())))
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
