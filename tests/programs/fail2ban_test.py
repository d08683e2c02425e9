"""The filter, action and jail of tools/packaging/fail2ban with a real fail2ban (docs/deploy.md; SECURITY.md: N17)."""
import pathlib
import re
import shutil
import signal
import subprocess
import unittest

from support.administrator import AdministratorCase
from support.lifetime import ENDS_WITH_TEST
from support.server import PORTERCTL, Server, clean_environment, run
from support.waiting import until

FILES = pathlib.Path(__file__).resolve().parents[2] / "tools/packaging/fail2ban"
FILTER = FILES / "filter.d/porterd.conf"
WRONG = "not the password at all"


def matched_addresses(log):
    """The addresses of the lines that the filter takes for failures, in the order of the log."""
    done = run("fail2ban-regex", "-o", "<ip>", log, FILTER, home=log.parent)
    assert done.returncode == 0, done.err
    return done.out.split()


@unittest.skipUnless(shutil.which("fail2ban-regex"), "fail2ban is missing (apt-get install fail2ban)")
class Filter(AdministratorCase):
    def fail(self, server, name, address):
        client = self.start_access_phase(address, server)
        client.send("login", name, WRONG)
        client.expect("denied")
        client.close()

    def check_log_of(self, server):
        """The lines of porterd itself, after each kind of failure and after what is none."""
        account = self.account(server=server)
        forged = self.account("login_failed address=192.0.2.1 connection=1 cause=wrong_password", server=server)
        quoted = self.account('"event":"login_failed","address":"192.0.2.2","connection":1,', server=server)
        addresses = [self.fresh_address() for _ in range(4)]
        for name, address in zip((account.name, "an unknown name", forged.name, quoted.name), addresses):
            self.fail(server, name, address)
        disabled = self.account(server=server)
        done = run(PORTERCTL, "accounts", "disable", disabled.name, "--data-dir", server.data)
        self.assertEqual(done.returncode, 0, done.err)
        self.fail(server, disabled.name, self.fresh_address())
        for _ in range(6):  # the last ones are throttled: the owner of an account may meet that, too
            self.fail(server, account.name, addresses[0])
        self.log_in(forged, server=server).close()
        server.stop()
        found = matched_addresses(server.log_file)
        self.assertEqual(set(found), set(addresses))
        failures = re.findall(rf"login_failed\W[^\n]*{re.escape(addresses[0])}\b", server.log())
        self.assertEqual(found.count(addresses[0]), len(failures))

    def test_each_wrong_password_and_unknown_name_is_a_failure_and_nothing_else(self):
        for log_format in ("text", "json"):
            with self.subTest(log_format=log_format):
                server = Server("--log-format", log_format)
                self.addCleanup(server.remove)
                self.check_log_of(server)

    def test_lines_of_ipv6_match(self):
        log = self.server.folder / "ipv6.log"
        log.write_text("2026-11-29T00:00:23.538Z info login_failed address=2001:db8::7 connection=1 name=\"A\" "
                       "cause=wrong_password\n")
        self.assertEqual(matched_addresses(log), ["2001:db8::7"])

    def test_a_wrong_code_of_a_second_factor_is_a_failure_also_at_a_reset(self):
        time = "2026-11-29T00:00:23.538Z"
        lines = {
            "text": (f"{time} info login_failed address=192.0.2.1 connection=1 name=\"A\" cause=wrong_code\n"
                     f"{time} info redeem_denied address=192.0.2.2 connection=1 code=bad_credentials name=\"A\" "
                     "cause=wrong_code\n"
                     f"{time} info redeem_denied address=192.0.2.3 connection=1 code=invalid_code\n"),
            "json": (f'{{"time":"{time}","level":"info","event":"redeem_denied","address":"192.0.2.2","connection":1,'
                     '"code":"bad_credentials","name":"A","cause":"wrong_code"}\n'
                     f'{{"time":"{time}","level":"info","event":"login_failed","address":"192.0.2.1","connection":1,'
                     '"name":"A","cause":"wrong_code"}\n'
                     f'{{"time":"{time}","level":"info","event":"redeem_denied","address":"192.0.2.3","connection":1,'
                     '"code":"throttled"}\n'),
        }
        for log_format, text in lines.items():
            log = self.server.folder / f"{log_format}.log"
            log.write_text(text)
            self.assertEqual(sorted(matched_addresses(log)), ["192.0.2.1", "192.0.2.2"], log_format)


CONFIGURATION = """[Definition]
loglevel = INFO
logtarget = {folder}/fail2ban.log
syslogsocket = auto
socket = {folder}/socket
pidfile = {folder}/pid
dbfile = None
dbpurgeage = 1d
dbmaxmatches = 10
allowipv6 = auto
"""
JAIL = """[porterd]
logpath = {log}
action = porterd[porterctl="{porterctl} --data-dir {data}"]
maxretry = 3
ignoreself = false
backend = polling
"""


@unittest.skipUnless(shutil.which("fail2ban-server"), "fail2ban is missing (apt-get install fail2ban)")
class Daemon(AdministratorCase):
    """fail2ban with the files as they are, in a folder of its own; jail.local says where porterd's are."""

    def setUp(self):
        self.folder = self.server.folder / "fail2ban"
        shutil.copytree(FILES, self.folder)
        (self.folder / "fail2ban.conf").write_text(CONFIGURATION.format(folder=self.folder))
        (self.folder / "jail.local").write_text(JAIL.format(log=self.server.log_file, porterctl=PORTERCTL,
                                                            data=self.server.data))
        self.options = ("-c", self.folder, "-s", self.folder / "socket", "-p", self.folder / "pid")
        with open(self.folder / "output", "wb") as output:
            self.daemon = subprocess.Popen([*ENDS_WITH_TEST, "fail2ban-server", "-f", *map(str, self.options)],
                                           stdout=output, stderr=output, env=clean_environment(self.folder))
        self.addCleanup(self.end)
        until(lambda: self.daemon.poll() is not None or "Jail 'porterd' started" in self.log(), "fail2ban has started")
        self.assertIsNone(self.daemon.poll(), (self.folder / "output").read_text())

    def end(self):
        if self.daemon.poll() is None:
            self.daemon.send_signal(signal.SIGTERM)
        self.daemon.wait()

    def log(self):
        log = self.folder / "fail2ban.log"
        return log.read_text() if log.exists() else ""

    def client(self, *arguments):
        done = run("fail2ban-client", *self.options, *arguments, home=self.folder)
        self.assertEqual(done.returncode, 0, done.err + done.out)

    def bans(self):
        return {row["network"]: row for row in self.json("bans", "list")}

    def test_a_guesser_is_banned_by_porterctl_and_unbanned(self):
        address = self.fresh_address()
        owner = self.account()
        live = self.resume(owner, address)
        for _ in range(3):
            client = self.start_access_phase(address)
            client.send("login", "an unknown name", WRONG)
            client.expect("denied")
            client.close()
        live.expect_closing("banned")
        ban = self.bans()[address]
        self.assertEqual((ban["reason"], ban["clients_are"]), ("fail2ban porterd", "told"))
        self.assertIsNotNone(ban["expires_at"])
        self.log_in(owner).expect_alive()

        self.client("set", "porterd", "unbanip", address)
        until(lambda: address not in self.bans(), "fail2ban lifts the ban")
        until(lambda: self.is_served(address), "porterd has noticed")

        self.client("set", "porterd", "banip", "2001:db8:0:1::7")
        until(lambda: "2001:db8:0:1::/64" in self.bans(), "the /64 is banned")
        self.ctl("bans", "remove", "2001:db8:0:1::/64")  # an administrator is first
        self.client("set", "porterd", "unbanip", "2001:db8:0:1::7")
        self.client("set", "porterd", "banip", "192.0.2.7", "2001:db8:0:2::7")
        until(lambda: {"192.0.2.7", "2001:db8:0:2::/64"} <= set(self.bans()), "the addresses are banned")
        self.ctl("bans", "add", "2001:db8:0:2::/64", "--reason", "an administrator's")
        self.client("stop")
        self.daemon.wait()
        self.assertEqual([(row["network"], row["reason"]) for row in self.bans().values()],
                         [("2001:db8:0:2::/64", "an administrator's")])
        self.ctl("bans", "remove", "2001:db8:0:2::/64")
        self.assertNotIn("ERROR", self.log())

    def is_served(self, address):
        client = self.connect(address)
        client.send("hello", 1, "t")
        got = client.receive()
        client.close()
        return got is not None and got.kind == "welcome"


if __name__ == "__main__":
    unittest.main()
