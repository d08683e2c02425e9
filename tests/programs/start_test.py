"""The start of porterd: ports, addresses, options, configuration, and the errors."""
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import unittest

from support.case import ServerCase
from support.server import PORTERD, Server, clean_environment, run
from support.waiting import until

LISTENING = r"^porterd \d+\.\d+\.\d+ listening on (\S+):(\d+)( \((\d+) was taken\))?, log (\S+)\n$"


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


class StartCase(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def server(self, *options, **more):
        server = Server(*options, start=False, **more)
        self.addCleanup(server.remove)
        server.start()
        return server

    def porterd(self, *options, env=None):
        """Runs porterd where it is expected to exit by itself."""
        return run(PORTERD, "--data-dir", self.folder / "data", *options, env=env, home=self.folder)

    def assert_failed(self, done, code, *words):
        self.assertEqual((done.returncode, done.out), (code, ""), done.err)
        for word in words:
            self.assertRegex(done.err, word)

    def assert_one_line(self, done):
        self.assertRegex(done.err, r"^porterd: [^\n]+\n$")


class Ports(StartCase):
    def test_the_console_shows_the_listening_address_in_one_line(self):
        server = self.server()
        line = re.match(LISTENING, server.console())
        self.assertTrue(line, server.console())
        self.assertEqual((line[1], int(line[2]), line[3], line[5]),
                         ("127.0.0.1", server.port, None, str(server.log_file)))
        server.stop()
        self.assertRegex(server.console(), LISTENING)

    def test_the_port_file_holds_the_port_and_a_newline(self):
        server = self.server()
        self.assertEqual(server.port_file.read_text(), f"{server.port}\n")
        server.connect().close()
        server.stop()
        self.assertFalse(server.port_file.exists())

    def test_a_second_server_uses_the_next_port_and_prints_it(self):
        first = self.server()
        second = self.server(port=first.port)
        line = re.match(LISTENING, second.console())
        self.assertTrue(line, second.console())
        self.assertGreater(second.port, first.port)
        self.assertEqual((int(line[2]), int(line[4])), (second.port, first.port))
        for server in (first, second):
            server.stop()

    def test_with_strict_port_a_taken_port_is_an_error(self):
        first = self.server()
        done = self.porterd("--port", first.port, "--strict-port")
        self.assert_failed(done, 69, str(first.port))
        self.assert_one_line(done)
        first.stop()

    def test_an_address_of_another_machine_is_an_error(self):
        done = self.porterd("--bind", "192.0.2.1", "--port", "0")
        self.assert_failed(done, 69, r"192\.0\.2\.1")

    def test_after_port_65535_there_is_no_next_port(self):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", 65535))
            except OSError as taken:
                self.skipTest(f"port 65535 is taken: {taken}")
            probe.listen()
            self.assert_failed(self.porterd("--port", "65535"), 69, "65535")

    def test_a_port_file_that_is_no_regular_file_is_written_and_not_removed(self):
        fifo, symlink, device = self.folder / "fifo", self.folder / "link", self.folder / "null"
        os.mkfifo(fifo)
        symlink.symlink_to("/proc/self/fd/1")
        port_files = [fifo, symlink]
        if os.getuid() == 0:
            os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))
            port_files.append(device)
        for each in port_files:
            with self.subTest(each.name):
                server = Server(start=False)
                self.addCleanup(server.remove)
                server.port_file = each  # it exists already, so the test waits for the log
                with open(server.folder / "stdout", "wb") as out:
                    server.process = subprocess.Popen(server.arguments(), stdin=subprocess.DEVNULL, stdout=out,
                                                      stderr=subprocess.STDOUT, env=clean_environment(server.folder))
                until(lambda: " info listening" in server.log() or server.process.poll() is not None, "porterd listens")
                port = re.search(r" info listening .*port=(\d+)", server.log())[1]
                if each is fifo:
                    with open(fifo, "rb") as reader:
                        self.assertEqual(reader.readline(), f"{port}\n".encode())
                elif each is symlink:
                    until(lambda: f"{port}\n" in (server.folder / "stdout").read_text(), "the port is printed")
                server.signal(signal.SIGTERM)
                self.assertEqual(server.wait(), 0)
                self.assertTrue(os.path.lexists(each))

    def test_a_port_file_that_cannot_be_created_is_an_error(self):
        done = self.porterd("--port", "0", "--port-file", self.folder / "missing" / "port")
        self.assert_failed(done, 73, "missing/port")

    def test_a_restart_with_open_connections_gets_the_same_port(self):
        server = self.server("--access", "open")
        client = server.connect()
        self.addCleanup(client.close)
        client.hello()
        server.stop()
        server.requested_port, server.options = server.port, ("--access", "open", "--strict-port")
        server.start()
        server.stop()


class Addresses(StartCase):
    def test_with_tls_off_every_address_is_served(self):
        server = self.server("--bind", "0.0.0.0", "--tls", "off", "--access", "open")
        for source in ("127.0.0.1", "127.5.6.7"):
            client = server.connect(source)
            self.addCleanup(client.close)
            client.hello()
            client.expect("granted")
            client.close()  # porterd would wait two seconds for it
        server.stop()

    @unittest.skipUnless(has_ipv6(), "this machine has no IPv6")
    def test_ipv6_loopback_is_served(self):
        server = self.server("--bind", "::1", "--access", "identify")
        self.assertIn(f"listening on [::1]:{server.port}", server.console())
        client = server.connect(host="::1")
        self.addCleanup(client.close)
        client.get_access("identify", "Six")
        client.close()
        server.stop()

    @unittest.skipUnless(has_ipv6(), "this machine has no IPv6")
    def test_the_ipv6_wildcard_serves_both_families_and_maps_ipv4_addresses(self):
        server = self.server("--bind", "::", "--tls", "off", "--access", "identify")
        four, six = server.connect(host="127.0.0.1"), server.connect(host="::1")
        for client, name in ((four, "Four"), (six, "Six")):
            self.addCleanup(client.close)
            client.get_access("identify", name)
            client.close()
        server.stop()
        server.options = ("--access", "identify")
        server.start()
        again = server.connect(host="127.0.0.1")
        self.addCleanup(again.close)
        self.assertEqual(again.hello().known_as, "Four")
        again.close()
        server.stop()

    def test_several_addresses_may_be_given(self):
        server = self.server("--bind", "127.0.0.2", "--bind", "127.0.0.3", "--access", "open")
        for host in ("127.0.0.2", "127.0.0.3"):
            client = server.connect(host=host)
            self.addCleanup(client.close)
            client.hello()
            client.close()
        with self.assertRaises(ConnectionRefusedError):
            server.connect(host="127.0.0.1")
        server.stop()


class UsageErrors(StartCase):
    def test_an_invalid_option_is_an_error_of_one_line(self):
        for options in (["--no-such-option"], ["--port"], ["--port", "abc"], ["--port", "65536"], ["--port", "-1"],
                        ["--port", "99999999999999999999"], ["--port", ""], ["--port", "7678x"],
                        ["--access", "everybody"], ["--bind", "nowhere.example"], ["--registration", "perhaps"],
                        ["--login-grace", "5 parsecs"], ["--login-grace", "-1s"],
                        ["--login-grace", "999999999999999999d"], ["--max-frame", "4095"], ["--max-frame", "17MiB"],
                        ["--max-frame", "1XB"], ["--hash-memory", "1MiB"], ["--hash-ops", "1"], ["--threads", "0"],
                        ["--min-password-length", "7"], ["--log-level", "shouting"], ["7678"], ["--service", "dance"],
                        ["--greet-by-address", "maybe"]):
            with self.subTest(options=options):
                done = self.porterd(*options)
                self.assert_failed(done, 64)
                self.assert_one_line(done)
                self.assertFalse((self.folder / "data").exists(), "nothing was created")

    def test_help_and_version_go_to_stdout(self):
        done = self.porterd("--help")
        self.assertEqual((done.returncode, done.err), (0, ""))
        for word in ("--port", "--data-dir", "--access", "7678", "[Ee]xamples?"):
            self.assertRegex(done.out, word)
        self.assertEqual(self.porterd("-h").out, done.out)
        done = self.porterd("--version")
        self.assertEqual((done.returncode, done.err), (0, ""))
        self.assertRegex(done.out, r"^porterd \d+\.\d+\.\d+\n$")

    def test_a_data_folder_that_cannot_be_created_is_an_error(self):
        done = run(PORTERD, "--port", "0", "--data-dir", "/dev/null/data", home=self.folder)
        self.assert_failed(done, 73, "/dev/null/data")
        self.assert_one_line(done)

    def test_a_log_file_that_cannot_be_created_is_an_error(self):
        done = self.porterd("--port", "0", "--log-file", "/dev/null/log")
        self.assert_failed(done, 73, "/dev/null/log")
        self.assert_one_line(done)


class Configuration(StartCase):
    def file(self, text):
        path = self.folder / "porterd.toml"
        path.write_text(text)
        return path

    def test_flags_and_environment_override_the_file(self):
        path = self.file('access = "identify"\nregistration = "closed"\nservice = "echo"\n')
        server = self.server("--config", path, "--registration", "open", env={"PORTERD_ACCESS": "open"})
        client = server.connect()
        self.addCleanup(client.close)
        self.assertEqual(client.hello().access, "open")
        client.close()
        server.stop()

    def test_an_error_in_the_file_has_line_and_column(self):
        for text, line, column in (('access = "open"\ncolour = "red"\n', 2, 1),
                                   ('# comment\n\naccess = "all"\n', 3, 10), ('access = "open"\n  port = = 3\n', 2, 10),
                                   ("port = 65536\n", 1, 8), ('port = "abc"\n', 1, 8), ("access = 3\n", 1, 10)):
            with self.subTest(text=text):
                path = self.file(text)
                done = self.porterd("--port", "0", "--config", path)
                self.assert_failed(done, 78, re.escape(str(path)))
                self.assert_one_line(done)
                self.assertRegex(done.err.replace(str(path), ""), rf"\b{line}\b.*\b{column}\b")

    def test_an_unknown_key_is_named(self):
        self.assertIn("colour", self.porterd("--config", self.file("colour = 3\n")).err)

    def test_a_missing_file_is_an_error(self):
        done = self.porterd("--config", self.folder / "missing.toml")
        self.assert_failed(done, 66, "missing.toml")
        self.assert_one_line(done)

    def test_an_invalid_value_in_the_environment_is_named(self):
        for name, value in (("PORTERD_PORT", "abc"), ("PORTERD_ACCESS", "all"), ("PORTERD_LOGIN_GRACE", "soon")):
            done = self.porterd(env={name: value})
            self.assert_failed(done, 78, name)
            self.assert_one_line(done)

    def test_a_misspelt_variable_is_a_warning(self):
        expected = self.porterd("--print-config")
        done = self.porterd("--print-config", env={"PORTERD_POTR": "7679", "PORTERD_OPTS": "-p 1", "PORTERD_PORT": ""})
        self.assertEqual((done.returncode, done.out), (0, expected.out))
        self.assertEqual(done.err, "porterd: warning: unknown environment variable PORTERD_POTR "
                                    "(did you mean PORTERD_PORT?)\n")

    def test_the_log_can_go_to_the_console(self):
        for name in ("-", "/dev/stdout", "/dev/stderr"):
            with self.subTest(name):
                server = self.server("--log-file", name, console=False)
                until(lambda: " info listening" in server.console(), "the log is on the console")
                self.assertNotIn("porterd 0", server.console())
                server.signal(signal.SIGHUP)
                until(lambda: " info log_reopened" in server.console(), "SIGHUP reopens the log")
                server.stop()
                self.assertFalse(server.log_file.exists())
                self.assertNotIn(" error ", server.console())

    def test_the_log_begins_with_started_and_ends_with_stopped(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            wanted = taken.getsockname()[1]
            server = self.server(port=wanted)
            server.stop()
        events = [line.split()[2] for line in server.log().splitlines()]
        self.assertEqual((events[0], events[-2], events[-1]), ("started", "stopping", "stopped"))
        self.assertRegex(server.log(), rf" info started version=\d+\.\d+\.\d+ process={server.process.pid}\n")
        self.assertRegex(server.log(), rf" info port_taken wanted={wanted} port={server.port}\n")

    def test_a_failed_start_is_logged(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            done = self.porterd("--strict-port", "--port", taken.getsockname()[1])
        self.assertEqual(done.returncode, 69, done.err)
        log = (self.folder / "data" / "porterd.log").read_text()
        self.assertRegex(log, r' error start_failed why="cannot listen: [^"]+ in use"\n')
        self.assertRegex(log, r" info stopped\n$")

    def test_a_text_with_a_zero_character_is_an_error(self):
        done = self.porterd("--check", "--config", self.file('log-file = "/tmp/x\\u0000/y"\n'))
        self.assert_failed(done, 78, "zero character")

    def test_a_list_in_the_environment_is_separated_by_commas(self):
        server = self.server("--access", "open", env={"PORTERD_BIND": "127.0.0.2,127.0.0.3"})
        for host in ("127.0.0.2", "127.0.0.3"):
            client = server.connect(host=host)
            self.addCleanup(client.close)
            client.hello()
            client.close()
        server.stop()

    def test_print_config_shows_each_value_and_its_source(self):
        path = self.file('access = "identify"\nlogin-grace = "5s"\nregistration = "closed"\n')
        done = self.porterd("--config", path, "--access", "open", "--print-config", env={"PORTERD_LOGIN_GRACE": "7s"})
        self.assertEqual(done.returncode, 0, done.err)
        for option, value, source in (("access", "open", "--access"), ("login-grace", "7s", "PORTERD_LOGIN_GRACE"),
                                      ("registration", "closed", f"{path}:3"), ("service", "echo", "default")):
            self.assertRegex(done.out, rf"(?m)^{option}\b.*\b{value}\b.*[ /]{re.escape(source)}\b", option)
        self.assertFalse((self.folder / "data").exists(), "nothing was created")

    def test_check_validates_the_configuration_and_exits(self):
        done = self.porterd("--check")
        self.assertEqual(done.returncode, 0, done.err)
        self.assert_failed(self.porterd("--check", "--config", self.file("port = -1\n")), 78)

    def test_check_rejects_a_file_that_is_not_a_database(self):
        (self.folder / "data").mkdir(mode=0o700)
        (self.folder / "data" / "porter.db").write_bytes(b"not a database at all" * 100)
        self.assert_failed(self.porterd("--check"), 65, "porter.db")


class DataFolder(ServerCase):
    options = ("--access", "open")

    def test_the_files_of_the_server_are_for_its_owner_alone(self):
        mode = stat.S_IMODE(os.stat(self.server.data).st_mode)
        self.assertEqual(oct(mode), oct(0o700))
        files = [path for path in self.server.data.rglob("*") if path.is_file()]
        self.assertTrue({"porter.db", "porterd.log"} <= {path.name for path in files})
        for path in files:
            self.assertEqual(oct(stat.S_IMODE(path.stat().st_mode)), oct(0o600), path.name)


class StateDirectory(StartCase):
    def test_the_environment_sets_the_default_data_folder(self):
        for env, expected in (({"STATE_DIRECTORY": str(self.folder / "a")}, self.folder / "a"),
                              ({"XDG_STATE_HOME": str(self.folder / "b")}, self.folder / "b" / "porter"),
                              ({"XDG_STATE_HOME": "", "HOME": str(self.folder / "c")},
                               self.folder / "c" / ".local" / "state" / "porter")):
            with self.subTest(env=env):
                server = Server(start=False, env=env)
                self.addCleanup(server.remove)
                arguments = server.arguments()
                del arguments[arguments.index("--data-dir"):arguments.index("--data-dir") + 2]
                server.arguments = lambda kept=arguments: kept
                server.start()
                server.stop()
                self.assertTrue((expected / "porter.db").exists())


if __name__ == "__main__":
    unittest.main()
