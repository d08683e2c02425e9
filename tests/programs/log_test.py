"""The log: start and stop, each connection with its counters and close reason, each ended session; and --check."""
import json
import os
import pathlib
import re
import shutil
import socket
import tempfile
import unittest

from support.administrator import AdministratorCase
from support.case import OTHER_PASSWORD, PASSWORD
from support.server import PORTERD, Server, run
from support.waiting import until

END = (r"connection_closed address={address} connection=\d+ code=(?P<code>\w+)(?: reason=\"(?P<reason>[^\"]*)\")? "
       r"messages_in=(?P<messages_in>\d+) messages_out=(?P<messages_out>\d+) bytes_in=(?P<bytes_in>\d+) "
       r"bytes_out=(?P<bytes_out>\d+) seconds=\d+\.\d{{3}}\n")


def times(log):
    return [line.split(" ", 1)[0] for line in log.splitlines()]


class Events(unittest.TestCase):
    def server(self, *options, **more):
        server = Server(*options, start=False, **more)
        self.addCleanup(server.remove)
        server.start()
        return server

    def test_the_log_has_the_events_from_start_to_stop(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            server = self.server("--access", "open", port=port)
        client = server.connect()
        client.hello()
        client.expect("granted")
        client.send("text", "hello")
        client.expect("text")
        pid = server.process.pid
        server.signal(15)
        client.expect_closing("shutting_down")
        client.close()
        self.assertEqual(server.wait(), 0)
        log = server.log()
        self.assertRegex(log, rf" started version=\S+ process={pid}\n")
        self.assertRegex(log, rf" listening address=127\.0\.0\.1 port={server.port}\n")
        self.assertRegex(log, rf" port_taken wanted={port} port={server.port}\n")
        self.assertRegex(log, r" admitted address=127\.0\.0\.1 connection=1 via=open name=\"\"\n")
        self.assertRegex(log, r' stopping connections=1 reason="a stop was requested"\n')
        end = re.search(END.format(address=r"127\.0\.0\.1"), log)
        self.assertTrue(end, log)
        self.assertEqual((end["code"], end["messages_in"], end["messages_out"]), ("shutting_down", "2", "3"))
        self.assertRegex(log, r" info stopped\n\Z")
        self.assertEqual(times(log), sorted(times(log)))

    def test_the_console_shows_the_port_whatever_the_log_level(self):
        for stream in ("-", "/dev/stderr"):
            with self.subTest(stream=stream):
                server = self.server("--log-level", "error", "--log-file", stream)
                server.stop()
                self.assertEqual((server.folder / "stdout").read_text(), "")
                self.assertRegex((server.folder / "stderr").read_text(),
                                 rf"^porterd \S+ listening on 127\.0\.0\.1:{server.port}, log {stream}\n$")
        server = self.server("--log-level", "info", "--log-file", "-")
        server.stop()
        self.assertEqual(server.console().count("listening"), 1)

    def test_json_lines_have_numbers_as_numbers(self):
        server = self.server("--access", "open", "--log-format", "json")
        client = server.connect()
        client.hello()
        client.close()
        until(lambda: "connection_closed" in server.log(), "the connection is closed")
        server.stop()
        end = next(line for line in map(json.loads, server.log().splitlines()) if line["event"] == "connection_closed")
        self.assertEqual((end["messages_in"], end["messages_out"]), (1, 2))
        self.assertIsInstance(end["seconds"], float)

    def test_a_health_check_is_logged_at_debug(self):
        for level, count in (("info", 0), ("debug", 2)):
            with self.subTest(level=level):
                server = self.server("--access", "open", "--log-level", level)
                for close in ("close", "reset"):
                    getattr(server.connect(), close)()
                client = server.connect("127.0.0.9")
                client.hello()
                client.expect("granted")
                client.close()
                until(lambda: "address=127.0.0.9" in server.log(), "the last connection has access")
                server.stop()
                self.assertEqual(len(re.findall(r"debug connection_\w+ address=127\.0\.0\.1 .* seconds=",
                                                server.log())), count)
                self.assertEqual(len(re.findall(r"info connection_\w+ address=127\.0\.0\.1 ", server.log())), 0)

    def test_trace_has_kinds_and_lengths_and_no_content(self):
        server = self.server("--log-level", "trace")
        client = server.connect()
        granted = client.get_access("register", "Alice", PASSWORD)
        client.send("text", "not for the log")
        client.expect("text")
        client.close()
        server.stop()
        log = server.log()
        self.assertRegex(log, r" trace message_received address=\S+ connection=1 kind=register bytes=\d+\n")
        self.assertRegex(log, r" trace message_sent address=\S+ connection=1 kind=granted bytes=\d+\n")
        self.assertRegex(log, r" debug hello_received address=\S+ connection=1 version=1 agent=\"wire.py\"\n")
        for secret in (PASSWORD, granted.token, "not for the log"):
            self.assertNotIn(secret, log)


class EndedSessions(AdministratorCase):
    options = ("--max-sessions-per-account", "2", "--tls", "off")

    def assert_ended(self, session, name, cause):
        line = f'session_ended session={session} name="{name}" cause={cause}\n'
        until(lambda: line in self.server.log(), line)

    def test_logout_and_revocation(self):
        alice = self.account()
        first = self.log_in(alice)
        second = self.log_in(alice)
        self.assert_ended(alice.session, alice.name, "replaced")
        first.request("revoke_session", second.granted.session)
        self.assert_ended(second.granted.session, alice.name, "revoked")
        first.send("logout", 0)
        self.assert_ended(first.granted.session, alice.name, "logout")

    def test_a_changed_password(self):
        alice = self.account()
        other = self.log_in(alice)
        other.request("change_password", PASSWORD, OTHER_PASSWORD)
        self.assert_ended(alice.session, alice.name, "password_changed")

    def test_revocation_disabling_and_deletion_by_the_administrator(self):
        revoked, disabled, deleted = self.account(), self.account(), self.account()
        self.ctl("sessions", "revoke", str(revoked.session))
        self.assert_ended(revoked.session, revoked.name, "revoked_by_administrator")
        self.ctl("accounts", "disable", operands=(disabled.name,))
        self.assert_ended(disabled.session, disabled.name, "account_disabled")
        self.ctl("accounts", "delete", "--yes", operands=(deleted.name,))
        self.assert_ended(deleted.session, deleted.name, "account_deleted")


OTHER_USER = 65534


class Check(unittest.TestCase):
    """--check fails where a start fails, with the same exit code, and creates nothing."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        (self.folder / "file").write_text("kept")
        (self.folder / "link").symlink_to(self.folder / "file")
        (self.folder / "nowhere").symlink_to(self.folder / "is not there")
        (self.folder / "folder").mkdir()

    def listing(self):
        return sorted((str(path), path.lstat().st_mode, path.lstat().st_mtime_ns) for path in self.folder.rglob("*"))

    def porterd(self, *options, data="data"):
        return run(PORTERD, "--port", "0", "--data-dir", self.folder / data, *options, home=self.folder)

    def assert_both_fail(self, *options, data="data", code=73):
        if data == "data":
            shutil.rmtree(self.folder / data, ignore_errors=True)
        before = self.listing()
        checked = self.porterd("--check", *options, data=data)
        self.assertEqual(self.listing(), before)
        self.assertEqual((checked.returncode, checked.out), (code, ""), checked.err)
        self.assertEqual(self.porterd(*options, data=data).returncode, code)

    def test_a_log_that_cannot_be_opened(self):
        for name in ("folder", "link", "file/log", "missing/log", "/proc/log", "data/" + "x" * 300):
            with self.subTest(name=name):
                self.assert_both_fail("--log-file", self.folder / name)

    @unittest.skipUnless(os.geteuid() == 0, "only root can change a file's owner")
    def test_a_log_of_another_user(self):
        os.chown(self.folder / "file", 65534, 65534)
        self.assert_both_fail("--log-file", self.folder / "file", code=78)

    def test_a_port_file_that_cannot_be_written(self):
        for name in ("folder", "file/port", "missing/port", "/proc/port", "x" * 250, "data/" + "x" * 250):
            with self.subTest(name=name):
                self.assert_both_fail("--port-file", self.folder / name)

    def test_a_data_folder_that_is_not_a_folder(self):
        for name in ("file", "file/data", "nowhere", "/proc/data", "/proc/self/data", "x" * 300):
            with self.subTest(name=name):
                self.assert_both_fail(data=name)

    def test_a_database_that_cannot_be_created_or_opened(self):
        for name, code in (("missing/x.db", 73), ("file/x.db", 73), ("/proc/x.db", 73), ("folder/", 73),
                           ("x" * 300, 73), ("data/" + "x" * 300, 73), ("x" * 250, 73), ("/".join(["y" * 200] * 3), 73),
                           ("folder", 74), ("nowhere", 78)):
            with self.subTest(name=name):
                (self.folder / "/".join(["y" * 200] * 2)).mkdir(parents=True, exist_ok=True)
                self.assert_both_fail("--database", f"{self.folder}/{name}" if name[0] != "/" else name,
                                                         code=code)

    def test_a_folder_with_the_name_of_a_file_of_sqlite(self):
        for suffix in ("-wal", "-shm", "-journal"):
            with self.subTest(suffix=suffix):
                (self.folder / f"x.db{suffix}").mkdir()
                self.assert_both_fail("--database", self.folder / "x.db", code=74)
                (self.folder / f"x.db{suffix}").rmdir()

    def test_files_without_permission(self):
        if os.geteuid() == 0:  # root has every permission
            os.chown(self.folder, OTHER_USER, OTHER_USER)
            self.porterd = self.porterd_as_other_user
            try:
                self.porterd("--version")
            except PermissionError:
                self.skipTest("another user cannot run the program")
        self.assertEqual(self.porterd("--check", "--database", self.folder / "x.db").returncode, 0)
        folder, secret = self.folder / "folder", self.folder / "secret.db"
        secret.touch(mode=0o600)
        (folder / "old.db").touch(mode=0o600)
        for path in (folder, folder / "old.db", secret):
            if os.geteuid() == 0:
                os.chown(path, OTHER_USER, OTHER_USER)
        secret.chmod(0o200)
        self.assert_both_fail("--database", secret, code=74)
        folder.chmod(0o500)
        self.addCleanup(folder.chmod, 0o700)
        self.assert_both_fail("--database", folder / "old.db", code=74)
        for options in (("--database", folder / "new.db"), ("--log-file", folder / "log"),
                        ("--port-file", folder / "port")):
            with self.subTest(options=options):
                self.assert_both_fail(*options)
        self.assert_both_fail(data="folder/data")
        self.assert_both_fail("--log-file", "-", "--database", self.folder / "x.db", data="folder")

    def porterd_as_other_user(self, *options, data="data"):
        return run(PORTERD, "--port", "0", "--data-dir", self.folder / data, *options, home=self.folder,
                   user=OTHER_USER, group=OTHER_USER, extra_groups=[])

    def test_files_that_a_start_would_create_may_be_missing(self):
        before = self.listing()
        for options in ((), ("--log-file", "-"), ("--log-file", "/dev/null"), ("--port-file", "/dev/null"),
                        ("--port-file", self.folder / "data" / "port"), ("--port-file", self.folder / "file"),
                        ("--log-file", self.folder / "log"), ("--database", self.folder / "data" / "other.db")):
            with self.subTest(options=options):
                done = self.porterd("--check", *options)
                self.assertEqual((done.returncode, done.out), (0, "configuration ok\n"), done.err)
        self.assertEqual(self.listing(), before)


if __name__ == "__main__":
    unittest.main()
