"""SIGHUP reads the configuration again: what takes effect, what needs a restart, and what the log says about it."""
import hashlib
import pathlib
import re
import shutil
import signal
import sqlite3
import tempfile
import time
import unittest

from support.case import OTHER_PASSWORD, PASSWORD, ServerCase
from support.key_pair import KeyPair
from support.server import Server
from support.waiting import until

FINISHED = (" info reloaded ", " error reload_failed ")


def setUpModule():
    ReloadCase.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
    unittest.addModuleCleanup(shutil.rmtree, ReloadCase.folder, ignore_errors=True)
    ReloadCase.file = ReloadCase.folder / "porterd.toml"
    ReloadCase.file.touch()
    ReloadCase.server = Server("--config", ReloadCase.file)
    unittest.addModuleCleanup(ReloadCase.server.remove)


def tearDownModule():
    ReloadCase.server.stop()


class ReloadCase(ServerCase):
    """All tests share one server with a configuration file. For each test it begins with the settings of the class, and
    the server has read it."""

    settings = ""

    @classmethod
    def setUpClass(cls):
        """The server is that of the module."""

    @classmethod
    def tearDownClass(cls):
        """The next class uses the server, too."""

    def setUp(self):
        self.assertRegex(self.reload(self.settings)[-1], "info reloaded changed=[0-9]+ need_restart=0")

    def outcomes(self):
        return sum(self.server.log().count(each) for each in FINISHED)

    def reload(self, settings=None):
        """Reloads with these settings; returns the lines that the log has about it."""
        if settings is not None:
            self.file.write_text(settings)
        before, since = self.outcomes(), len(self.server.log())
        self.server.signal(signal.SIGHUP)
        until(lambda: self.outcomes() > before, "the configuration was read")
        return [line.split(" ", 1)[1] for line in self.server.log()[since:].splitlines()
                if re.search(r" (option_changed|option_needs_restart|reloaded|reload_failed) ", line)]

    def apply(self, option, before, after, settings):
        """Reloads with settings that change this option alone."""
        self.assertEqual(self.reload(settings), [f"info option_changed option={option} before={before} after={after}",
                                                 "info reloaded changed=1 need_restart=0"])

    def register_reply(self, password=PASSWORD, address=None):
        client = self.start_access_phase(address)
        return client.request("register", self.fresh_name(), password)


class Report(ReloadCase):
    settings = "idle-timeout = \"1h\"\n"

    def test_without_a_change_nothing_is_changed(self):
        self.assertEqual(self.reload(), ["info reloaded changed=0 need_restart=0"])

    def test_values_that_may_be_secret_are_hidden(self):
        lines = self.reload(self.settings + "service = \"exec:play --key 4711\"\n")
        self.assertIn("warn option_needs_restart option=service before=hidden after=hidden", lines)
        self.assertNotIn("4711", self.server.log())

    def test_flags_and_environment_override_the_file_as_at_a_start(self):
        self.assertEqual(self.reload(self.settings + "port = 7000\ndata-dir = \"/nowhere\"\n"),
                         ["info reloaded changed=0 need_restart=0"])


class Restart(ReloadCase):
    settings = "idle-timeout = \"1h\"\n"

    def restart_with_defaults(self):
        self.file.write_text("")
        self.server.restart()

    def test_an_option_that_needs_a_restart_is_named_until_then(self):
        self.addCleanup(self.restart_with_defaults)
        expected = ["warn option_needs_restart option=max-frame before=1MiB after=2MiB",
                    "info option_changed option=idle-timeout before=1h after=2h",
                    "info reloaded changed=1 need_restart=1"]
        settings = "idle-timeout = \"2h\"\nmax-frame = \"2MiB\"\n"
        self.assertCountEqual(self.reload(settings), expected)
        self.assertEqual(self.start_access_phase().welcome.max_frame, 1 << 20)
        self.assertEqual(self.reload(), [expected[0], "info reloaded changed=0 need_restart=1"])
        self.server.restart()
        self.assertEqual(self.reload(), ["info reloaded changed=0 need_restart=0"])
        self.assertEqual(self.start_access_phase().welcome.max_frame, 2 << 20)


class Mistakes(ReloadCase):
    def assert_rejected(self, settings, *words):
        line, = self.reload(settings)
        self.assertTrue(line.startswith("error reload_failed why="), line)
        for word in words:
            self.assertIn(word, line)
        self.assertEqual(self.register_reply().kind, "granted", "registration is still open")

    def test_a_file_with_an_error_changes_nothing_and_the_log_has_line_and_reason(self):
        self.assert_rejected("registration = \"closed\"\nidle-timeout = \"soon\"\n", f"{self.file}:2:16: idle-timeout:",
                             "is not a duration")
        self.assert_rejected("registration = \"closed\"\n\nidletimeout = 3\n", f"{self.file}:3:1: unknown key",
                             "did you mean idle-timeout?")
        self.assert_rejected("registration = \"closed\"\n=\n", f"{self.file}:2:")

    def test_options_that_exclude_each_other_change_nothing(self):
        self.assert_rejected("registration = \"closed\"\ntls-key = \"/nowhere\"\n", "belong together")

    def test_a_file_that_was_removed_changes_nothing(self):
        self.file.unlink()
        self.assert_rejected(None, f"cannot read {self.file}: No such file")

    def test_a_file_that_an_option_names_and_cannot_be_used_changes_nothing(self):
        self.assert_rejected("registration = \"closed\"\npassword-list = \"/nowhere\"\n", "the password list /nowhere")
        self.assert_rejected("registration = \"closed\"\ntls-key = \"/nowhere\"\ntls-certificate = \"/nowhere\"\n",
                             "/nowhere")

    def test_the_next_good_file_is_applied(self):
        self.assert_rejected("registration = 1\n")
        self.apply("registration", "open", "closed", "registration = \"closed\"\n")
        self.assertEqual(self.register_reply().code, "registration_closed")


class Accounts(ReloadCase):
    def test_registration(self):
        self.apply("registration", "open", "closed", "registration = \"closed\"\n")
        self.assertEqual(self.register_reply().code, "registration_closed")
        self.apply("registration", "closed", "invited", "registration = \"invited\"\n")
        self.assertIn("by invitation", self.register_reply().reason)
        self.apply("registration", "invited", "open", "")
        self.assertEqual(self.register_reply().kind, "granted")

    def test_min_password_length(self):
        self.apply("min-password-length", "8", "40", "min-password-length = 40\n")
        self.assertEqual(self.register_reply().code, "weak_password")

    def test_password_list(self):
        listed = self.folder / "list"
        listed.write_text(hashlib.sha1(PASSWORD.encode()).hexdigest() + "\n")
        self.apply("password-list", "none", listed, f"password-list = \"{listed}\"\n")
        self.assertIn("on a list", self.register_reply().reason)
        self.assertEqual(self.register_reply(OTHER_PASSWORD).kind, "granted")
        self.apply("password-list", listed, "none", "")
        self.assertEqual(self.register_reply().kind, "granted")

    def test_max_registrations_per_address(self):
        address = self.fresh_address()
        self.assertEqual(self.register_reply(address=address).kind, "granted")
        self.apply("max-registrations-per-address", "120", "1", "max-registrations-per-address = 1\n")
        self.assertEqual(self.register_reply(address=address).code, "throttled")

    def test_greet_by_address(self):
        account = self.account()
        self.assertEqual(self.start_access_phase(account.address).welcome.known_as, account.name)
        self.apply("greet-by-address", "on", "off", "greet-by-address = false\n")
        self.assertEqual(self.start_access_phase(account.address).welcome.known_as, "")

    def test_session_ttl(self):
        self.apply("session-ttl", "30d", "1h", "session-ttl = \"1h\"\n")
        before = int(time.time())
        granted = self.register_reply()
        self.assertAlmostEqual(granted.expires_at, before + 3600, delta=60)

    def test_session_idle_ttl(self):
        account = self.account()
        with sqlite3.connect(self.server.database) as database:
            database.execute("UPDATE sessions SET last_used_at = last_used_at - 7200")
        database.close()
        self.apply("session-idle-ttl", "7d", "1h", "session-idle-ttl = \"1h\"\n")
        client = self.start_access_phase()
        self.assertEqual(client.request("resume", account.token).code, "invalid_token")

    def test_max_sessions_per_account(self):
        account = self.account()
        first = self.resume(account)
        self.apply("max-sessions-per-account", "16", "1", "max-sessions-per-account = 1\n")
        self.log_in(account).expect_alive()
        first.expect_closing("session_ended")


class Limits(ReloadCase):
    def test_login_grace(self):
        self.apply("login-grace", "30s", "200ms", "login-grace = \"200ms\"\n")
        self.connect().expect_closing("timeout")

    def test_idle_timeout_holds_for_existing_connections(self):
        client = self.resume(self.account())
        self.apply("idle-timeout", "0s", "200ms", "idle-timeout = \"200ms\"\n")
        client.expect_closing("idle")

    def test_max_connections(self):
        account = self.account()
        until(lambda: self.server.connections() == 0, "the connection that registered it is closed")
        client = self.resume(account)
        self.apply("max-connections", "20000", "1", "max-connections = 1\n")
        self.connect().expect_closing("server_full")
        client.expect_alive()
        self.apply("max-connections", "1", "20000", "")
        self.resume(account).expect_alive()

    def test_max_connections_per_address(self):
        account = self.account()
        client = self.resume(account)
        self.apply("max-connections-per-address", "1024", "1", "max-connections-per-address = 1\n")
        self.connect(client.address).expect_closing("server_full")
        self.resume(account).expect_alive()

    def test_max_connections_per_account(self):
        account = self.account()
        client = self.resume(account)
        self.apply("max-connections-per-account", "1024", "1", "max-connections-per-account = 1\n")
        other = self.start_access_phase()
        other.send("resume", account.token)
        other.expect_closing("server_full")
        client.expect_alive()

    def test_partition_grace(self):
        """The effect is tested with several servers: tests/server/partition_test.cpp."""
        self.apply("partition-grace", "30s", "5s", "partition-grace = \"5s\"\n")

    def test_proxy_from(self):
        proxy = self.fresh_address()
        self.apply("proxy-from", "none", f"{proxy}/32", f"proxy-from = [\"{proxy}/32\"]\n")
        client = self.connect(proxy)
        client.send_raw(b"PROXY TCP4 192.0.2.77 127.0.0.1 1 2\r\n")
        client.send("hello", 1, "test")
        self.server.expect_log(r" info connection_closed address=192\.0\.2\.77 ")
        self.connect().hello()
        self.apply("proxy-from", f"{proxy}/32", "none", "")
        self.connect(proxy).hello()


class LogLevel(ReloadCase):
    def test_a_lower_level_shows_more(self):
        self.connect().hello()
        self.apply("log-level", "info", "debug", "log-level = \"debug\"\n")
        client = self.connect()
        client.hello()
        self.server.expect_log(rf" debug connection_accepted address={client.address} ")
        self.assertEqual(self.server.log().count(" debug connection_accepted "), 1)

    def test_a_higher_level_is_still_reported(self):
        self.apply("log-level", "info", "error", "log-level = \"error\"\n")
        account = self.account()
        self.apply("log-level", "error", "info", "")
        self.assertNotIn(account.name, self.server.log())
        self.log_in(account)
        self.server.expect_log(rf" info login .*name=\"{account.name}\"")


class Certificates(ReloadCase):
    def test_other_files_are_used_for_new_connections(self):
        before = self.server.expect_log(r" info tls_key fingerprint=(\S+)")[1]
        pair = KeyPair(self.folder, "other")
        lines = self.reload(f"tls-key = \"{pair.key}\"\ntls-certificate = \"{pair.certificate}\"\n")
        self.assertEqual(len(lines), 3, lines)
        self.assertEqual(lines[-1], "info reloaded changed=2 need_restart=0")
        self.assertNotEqual(before, pair.fingerprint)
        self.server.expect_log(rf" info tls_key_reloaded fingerprint={re.escape(pair.fingerprint)}")
        self.connect(tls=True).hello()

    def test_turning_tls_off_needs_a_restart(self):
        self.assertEqual(self.reload("tls = \"off\"\n"),
                         ["warn option_needs_restart option=tls before=auto after=off",
                          "info reloaded changed=0 need_restart=1"])
        self.connect(tls=True).hello()


if __name__ == "__main__":
    unittest.main()
