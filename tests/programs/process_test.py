"""State that other users could write, and what other processes can read of the programs (SECURITY.md: S12)."""
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
    """State that another user could have written is rejected; state that others can only read is made private."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.data = self.folder / "data"

    def assert_rejected(self, *options):
        """porterd and --check fail; returns the message."""
        for check in ((), ("--check",)):
            done = run(PORTERD, "--port", "0", "--data-dir", self.data, *options, *check, home=self.folder)
            self.assertEqual(done.returncode, CONFIGURATION, done.err)
            self.assertRegex(done.err, r"^porterd: [^\n]+\n$")
        return done.err

    def make_data_folder(self, mode):
        self.data.mkdir()
        self.data.chmod(mode)

    def test_a_data_folder_that_others_can_write(self):
        for mode in (0o770, 0o707, 0o1777):
            with self.subTest(mode=oct(mode)):
                self.make_data_folder(mode)
                self.assertIn("chmod go-w", self.assert_rejected())
                self.assertEqual(list(self.data.iterdir()), [])
                self.data.rmdir()

    @unittest.skipUnless(os.geteuid() == 0, "only root can change a folder's owner")
    def test_a_data_folder_of_another_user(self):
        self.make_data_folder(0o700)
        os.chown(self.data, NOBODY, NOBODY)
        self.assertIn("another user", self.assert_rejected())

    def test_a_database_in_another_folder_that_others_can_write(self):
        folder = self.folder / "other"
        folder.mkdir()
        folder.chmod(0o777)
        self.assertIn("chmod go-w", self.assert_rejected("--database", folder / "porter.db"))

    def test_a_database_that_others_can_write(self):
        server = Server()
        self.addCleanup(server.remove)
        server.stop()
        self.data = server.data
        server.database.chmod(0o666)
        self.assertIn("chmod go-w", self.assert_rejected())

    def test_a_database_that_others_can_read_is_made_private(self):
        server = Server()
        self.addCleanup(server.remove)
        server.stop()
        server.database.chmod(0o644)
        server.start()
        self.assertEqual(server.database.stat().st_mode & 0o777, 0o600)
        server.stop()
        self.assertIn("database_made_private", server.log())

    def test_a_log_that_others_can_write_is_made_read_only_for_them(self):
        server = Server(start=False)
        self.addCleanup(server.remove)
        server.data.mkdir(mode=0o700)
        server.log_file.touch()
        server.log_file.chmod(0o666)
        server.start()
        self.assertEqual(server.log_file.stat().st_mode & 0o777, 0o644)
        server.stop()

    @unittest.skipUnless(os.geteuid() == 0, "only root can change owners and users")
    def test_a_log_of_another_user(self):
        self.make_data_folder(0o700)
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

    def test_the_umask_is_0077(self):
        self.assertEqual(self.status("Umask"), "0077")

    def test_signals_of_a_broken_pipe_and_a_full_disk_are_ignored(self):
        ignored = int(self.status("SigIgn"), 16)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            self.assertTrue(ignored >> (number - 1) & 1, number)

    def test_porterd_writes_no_core_file(self):
        limits = pathlib.Path(f"/proc/{self.server.process.pid}/limits").read_text()
        self.assertRegex(limits, r"Max core file size\s+0\s+0\s")

    def test_the_soft_limit_of_descriptors_is_raised_to_the_hard_limit(self):
        """SECURITY.md, N4."""
        server = Server(prefix=("sh", "-c", 'ulimit -Sn 256; exec "$@"', "sh"))
        self.addCleanup(server.remove)
        limits = pathlib.Path(f"/proc/{server.process.pid}/limits").read_text()
        soft, hard = re.search(r"Max open files\s+(\d+)\s+(\d+)", limits).groups()
        self.assertEqual(soft, hard)
        server.stop()

    @unittest.skipUnless(os.geteuid() == 0, "only root can read the descriptors of a process that is not dumpable")
    def test_closed_standard_streams_are_opened_on_dev_null(self):
        """Otherwise messages to the console would be written to a file that got its descriptor."""
        server = Server(prefix=("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"), console=False)
        self.addCleanup(server.remove)
        for number in range(3):
            self.assertEqual(os.readlink(f"/proc/{server.process.pid}/fd/{number}"), "/dev/null")
        server.stop()

    @unittest.skipUnless(os.geteuid() == 0, "only root can change the user")
    def test_other_processes_of_the_user_cannot_read_the_memory_of_porterd(self):
        """In /proc the files of a process that is not dumpable belong to root."""
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
    """porter, porter-bench and porterctl hold passwords and tokens as porterd does (SECURITY.md: S12)."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.silent = socket.create_server(("127.0.0.1", 0))  # accepts connections and sends nothing
        self.addCleanup(self.silent.close)
        port = self.silent.getsockname()[1]
        self.commands = {PORTER: ("127.0.0.1", port, "--plain"), PORTER_BENCH: ("echo", "127.0.0.1", port, "--plain"),
                        PORTERCTL: ("accounts", "list", "--config", self.folder / "endless")}
        os.mkfifo(self.folder / "endless")
        (self.folder / "endless").chmod(0o644)

    def start(self, program, prefix=()):
        """Starts a program that waits for an answer, or for its configuration."""
        command = [*prefix, program, *map(str, self.commands[program])]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env=clean_environment(self.folder))
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdin.close)
        return process

    def test_the_tools_write_no_core_file(self):
        for program in self.commands:
            with self.subTest(program):
                process = self.start(program, prefix=("prlimit", "--core=unlimited", "--"))
                limits = pathlib.Path(f"/proc/{process.pid}/limits")
                until(lambda: re.search(r"Max core file size\s+0\s+0\s", limits.read_text()), "the limit is set")

    @unittest.skipUnless(os.geteuid() == 0, "only root can change the user")
    def test_other_processes_of_the_user_cannot_read_the_memory_of_the_tools(self):
        self.folder.chmod(0o755)
        for program in list(self.commands):
            with self.subTest(program):
                copy = self.folder / pathlib.Path(program).name  # where that user can read it
                shutil.copy(program, copy)
                self.commands[copy] = self.commands[program]
                process = self.start(copy, ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"))
                running = pathlib.Path(f"/proc/{process.pid}")
                # Until the first line of main() the process is dumpable, and its files belong to its user.
                until(lambda: ((running / "comm").read_text().strip() == copy.name
                               and (running / "mem").stat().st_uid == 0),
                      "its memory belongs to root")
                self.assertRegex((running / "status").read_text(), rf"(?m)^Uid:\s*{NOBODY}")


def is_sanitized(program):
    return b"__asan_init" in program.read_bytes() or b"__tsan_init" in program.read_bytes()


@unittest.skipIf(is_sanitized(pathlib.Path(PORTERD)),
                 "a build with sanitizers is hardened differently; try a release build")
class Hardened(unittest.TestCase):
    """The installed programs: position independent, with read-only relocations and stack protection."""

    def sections(self, program):
        done = subprocess.run(["readelf", "--wide", "--file-header", "--program-headers", "--dynamic", "--dyn-syms",
                               program],
                              capture_output=True, text=True, check=True)
        return done.stdout

    def test_the_programs_are_compiled_and_linked_with_hardening_flags(self):
        for program in (PORTERD, PORTER):
            with self.subTest(program=program):
                sections = self.sections(program)
                self.assertRegex(sections, r"Type:\s+DYN")
                self.assertRegex(sections, r"GNU_RELRO")
                self.assertRegex(sections, r"FLAGS.*NOW")
                self.assertRegex(sections, r"GNU_STACK\s.*\sRW\s")
                self.assertIn("__stack_chk_fail", sections)
                self.assertRegex(sections, r"__\w+_chk\b")


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is not installed")
class Unit(unittest.TestCase):
    def test_systemd_rates_the_exposure_of_the_unit_at_most_1_5(self):
        unit = TOOLS / "packaging" / "porterd.service"
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", unit], capture_output=True, text=True,
                              check=False)
        exposure = re.search(r"exposure level for porterd.service: (\d+\.\d+)", done.stdout)
        self.assertTrue(exposure, done.stdout + done.stderr)
        self.assertLessEqual(float(exposure.group(1)), 1.5, done.stdout)

    def test_systemd_accepts_every_setting_of_the_unit(self):
        """The unit names an existing program here, so that only its settings can fail."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        unit = folder / "porterd.service"
        text = (TOOLS / "packaging" / "porterd.service").read_text()
        unit.write_text(text.replace("/usr/bin/porterd", str(pathlib.Path(PORTERD).resolve())))
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True,
                              check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
