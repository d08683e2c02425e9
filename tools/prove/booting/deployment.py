"""The steps of docs/from-source.md and docs/deploy.md, from `install` to a restored backup, on a booted system and with
a client on another machine."""
import pathlib
import re
import shutil
import ssl

from support.wire import Connection

from .container import Container
from .pages import ROOT, Page
from .steps import same
from .unit import LOG, PORT, Unit

OTHER_NETWORK = "192.0.2.0/24"  # of the other machine
NAMES = {"bookworm": "Debian 12", "trixie": "Debian 13"}
PASSWORD = "four quiet lanterns"
# The blocks of docs/deploy.md that this walkthrough does not use: of packages (tools/prove/packages), of proxies, the
# firewall and fail2ban (tests/programs), of other services, and of several servers.
NOT_HERE = re.compile(r"porter_\*|porterctl ping|#registration|--trust SHA256|proxy|hook input|fail2ban|HEALTHCHECK|"
                      r"MemoryDenyWriteExecute|redis|createdb|postgresql:|synchronous standby")


class Deployment:
    def __init__(self, release, programs):
        """programs: a work tree with build/release/bin, built on this release."""
        self.release, self.programs = release, pathlib.Path(programs)
        self.page, self.source = Page("docs/deploy.md"), Page("docs/from-source.md")
        self.machine = Container("porter-host", release, private_network=True)
        self.unit = Unit(self.machine)
        self.shell = None

    def close(self):
        self.log_out()
        self.machine.remove()

    def log_in(self):
        self.shell = self.machine.shell("root", "/root/porter")

    def log_out(self):
        if self.shell:
            self.shell.close()
            self.shell = None

    def recover(self):
        self.log_out()
        if self.machine.process:
            self.log_in()

    def steps(self):
        return [self.libraries, self.boot, self.install, self.active, self.settings, self.security, self.all_addresses,
                self.register, self.restart, self.kill, self.logrotate, self.group_of_keys, self.renew,
                self.credential, self.costs, self.administrate, self.ban, self.backup, self.restore, self.low_port,
                self.journal, self.missing_address, self.new_address, self.wrong_configuration, self.stop,
                self.whole_page]

    # Helpers of the steps

    def restart_unit(self, port=PORT):
        self.shell.run("systemctl restart porterd")
        self.unit.wait_active(port)

    def add_addresses(self):
        for address in ("192.0.2.7/24", "2001:db8::7/64 nodad"):
            self.machine.run(f"ip address replace {address.partition(' ')[0]} dev host0 {address.partition(' ')[2]}")
        self.machine.run("ip link set host0 up")

    def certificate(self, name, key, owner="root", mode="0600", new_key=True):
        """Makes a key with this owner and mode, and a certificate for it."""
        made = ("openssl req -x509 -nodes -days 90 -subj /CN=porter "
                "-addext subjectAltName=DNS:porter.example.org,IP:192.0.2.7 "
                + (f"-newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout {key}" if new_key else f"-key {key}"))
        self.machine.run(f"mkdir -p {pathlib.Path(name).parent} {pathlib.Path(key).parent}; {made} -out {name} 2>&1; "
                         f"chown {owner} {key}; chmod {mode} {key}")

    def server_certificate(self):
        with self.machine.network():
            client = Connection(PORT, "192.0.2.7")
        try:
            client.start_tls()
            return client.socket.getpeercert(binary_form=True)
        finally:
            client.close()

    def serves(self, file):
        return self.server_certificate() == ssl.PEM_cert_to_DER_cert((self.machine.root / file[1:]).read_text())

    def echo(self, options=""):
        command = f"printf 'hello\\nпривет\\n' | porter 192.0.2.7 {PORT} {options}"
        same(self.machine.elsewhere(command), "hello\nпривет\n")

    def forget_key(self):
        """Removes the files of the client, because the server has another key, and logs in again."""
        self.machine.elsewhere("find . -mindepth 1 -not -name password -delete")
        self.echo("--trust-first-use --name Alice --password-file password")

    # The steps

    def libraries(self):
        """from-source: installs the libraries on a machine without them and without a compiler"""
        for command in self.source.commands("libzxcvbn0", NAMES[self.release]):
            self.machine.prepare(f"{command} -y" if command.startswith("apt-get") else command)
        shutil.copy(self.programs / "build/release/bin/porter", self.machine.root / "usr/local/bin/porter")
        folder = self.machine.root / "root/porter"
        for part in ("build/release/bin", "tools/packaging"):
            source = (self.programs if part.startswith("build") else ROOT) / part
            shutil.copytree(source, folder / part)

    def boot(self):
        """the system boots; the administrator logs in on a terminal"""
        self.machine.boot()
        self.add_addresses()
        self.log_in()

    def install(self):
        """from-source: the commands under "Without packages" succeed in their order"""
        for command in self.source.commands("systemd-sysusers"):
            self.shell.run(command)

    def active(self):
        """the unit is enabled and active with the user porter, listens on loopback, and logs to file and journal"""
        self.unit.wait_active()
        same(self.machine.run("systemctl is-enabled porterd").stdout.strip(), "enabled")
        stat = self.machine.run(f"stat -c '%U %a' /proc/{self.unit.show('MainPID')} /var/lib/porter {LOG}").stdout
        same(stat.split("\n")[1:3], ["porter 700", "porter 600"])
        same(self.unit.show("User"), "porter")
        assert f"127.0.0.1:{PORT}" in self.unit.listeners()
        self.unit.log_has(rf"\b{PORT}\b")
        shown = self.shell.run(self.page.span("journalctl") + " --no-pager")
        assert "listening on" in shown, shown

    def settings(self):
        """deploy: /etc/default/porterd with all addresses; the page's command prints the settings, --check accepts"""
        self.unit.settings(self.page.spans("PORTERD_BIND=")[0])
        command, = self.page.commands("systemd-run")
        shown = self.shell.run(command)
        assert re.search(r"bind\b.*::", shown), shown
        assert "/var/lib/porter" in shown, shown
        self.shell.run(command.replace("--print-config", "--check"))

    def security(self):
        """deploy: systemd-analyze verify finds nothing, systemd-analyze security gives the page's figure"""
        same(self.machine.run("systemd-analyze verify --man=no porterd.service 2>&1").stdout, "")
        figure = re.search(r"`systemd-analyze security porterd` says (\S+)", self.page.text)[1]
        shown = self.machine.run("systemd-analyze security --no-pager porterd").stdout
        assert f"porterd.service: {figure} " in shown, shown.splitlines()[-1]

    def all_addresses(self):
        """after a restart it listens on all addresses"""
        self.restart_unit()
        assert f"*:{PORT}" in self.unit.listeners(), self.unit.listeners()

    def register(self):
        """another machine connects over TLS, registers and gets echoes"""
        self.machine.elsewhere(f"(umask 077; echo '{PASSWORD}' > password)")
        self.echo("--trust-first-use --register --name Alice --password-file password")
        self.echo()

    def restart(self):
        """systemctl restart: the session continues without a password"""
        self.restart_unit()
        self.echo()

    def kill(self):
        """kill -9: the unit restarts porterd, and the session continues"""
        before = self.unit.show("MainPID")
        self.shell.run(f"kill -9 {before}")
        self.unit.wait(lambda: self.unit.show("MainPID") not in (before, "0"), "there is another process")
        self.unit.wait_active()
        self.echo()

    def logrotate(self):
        """deploy: logrotate with the page's file; the log continues in a new file of the same owner"""
        (self.machine.root / "etc/logrotate.d/porterd").write_text(self.page.block("postrotate"))
        self.shell.run("logrotate --force /etc/logrotate.d/porterd")
        self.unit.log_has("log_reopened")
        same(self.machine.run(f"stat -c '%U %a' {LOG} {LOG}.1").stdout.split("\n")[:2], ["porter 600"] * 2)
        self.echo()

    def group_of_keys(self):
        """deploy: a key of root:ssl-cert, with the page's drop-in; clients get its certificate"""
        self.certificate("/etc/ssl/certs/porter.pem", "/etc/ssl/private/porter.key", "root:ssl-cert", "0640")
        self.unit.drop_in(self.page.block("SupplementaryGroups"))
        self.restart_unit()
        assert self.serves("/etc/ssl/certs/porter.pem"), "the server has another certificate"
        self.forget_key()

    def renew(self):
        """systemctl reload loads a renewed certificate while a client stays connected"""
        with self.machine.network():
            client = Connection(PORT, "192.0.2.7")
        try:
            client.start_tls().get_access("login", "Alice", PASSWORD)
            self.certificate("/etc/ssl/certs/porter.pem", "/etc/ssl/private/porter.key", "root:ssl-cert", "0640",
                             new_key=False)
            self.shell.run("systemctl reload porterd")
            self.unit.log_has("tls_key_reloaded")
            self.unit.wait(lambda: self.serves("/etc/ssl/certs/porter.pem"), "the server has the renewed certificate")
            client.expect_alive()
        finally:
            client.close()
        self.echo()

    def credential(self):
        """deploy: a key that only root may read, as a credential; after a renewal a restart loads it"""
        live = "/etc/letsencrypt/live/porter.example.org"
        self.certificate(f"{live}/fullchain.pem", f"{live}/privkey.pem")
        self.unit.drop_in(self.page.block("LoadCredential"))
        for new_key in (True, False):
            self.certificate(f"{live}/fullchain.pem", f"{live}/privkey.pem", new_key=new_key)
            self.restart_unit()
            assert self.serves(f"{live}/fullchain.pem"), "the server has another certificate"
        self.unit.drop_in(None)
        self.restart_unit()
        self.forget_key()

    def costs(self):
        """deploy: the sqlite3 commands about the cost of hashes, while porterd runs"""
        for marker in ("FROM password_costs'", "DELETE FROM password_costs"):
            for command in self.page.commands(marker):
                self.shell.run(command)

    def administrate(self):
        """deploy: porterctl shows the account and why its login is allowed; porterd ends the sessions it revokes"""
        shown = "".join(self.shell.run(command) for command in self.page.commands("porterctl accounts list"))
        assert "Alice" in shown and "allowed" in shown, shown
        revoked = self.machine.elsewhere(f"! printf 'hello\\n' | porter 192.0.2.7 {PORT} 2>&1")
        assert "hello" not in revoked.splitlines(), revoked
        self.echo("--name Alice --password-file password")

    def ban(self):
        """troubleshooting: the network of the other machine is banned by the page's commands, its client is told, and
        welcome again when the ban is lifted; the audit has both"""
        page = Page("docs/troubleshooting.md")
        add, listing = (command.replace("198.51.100.0/24", OTHER_NETWORK) for command in page.commands("bans add"))
        remove, audit = (command.replace("198.51.100.0/24", OTHER_NETWORK) for command in page.commands("bans remove"))
        with self.machine.network():
            client = Connection(PORT, "192.0.2.7")
        try:
            client.start_tls().get_access("login", "Alice", PASSWORD)
            self.shell.run(add)
            client.expect("closing", code="banned")
        finally:
            client.close()
        assert OTHER_NETWORK in self.shell.run(listing)
        refused = self.machine.elsewhere(f"! echo hello | porter 192.0.2.7 {PORT} 2>&1")
        assert "banned" in refused, refused
        since = len(self.unit.log())
        self.shell.run(remove)
        self.unit.log_has("bans_changed bans=0", since)
        shown = self.shell.run(audit)
        assert "ban_added" in shown and "ban_removed" in shown, shown
        self.echo()

    def backup(self):
        """deploy: a backup while porterd runs; then Bob registers and is not in it"""
        self.shell.run(self.page.commands("db restore")[0])
        self.machine.elsewhere(f"echo hi | porter 192.0.2.7 {PORT} --register --name Bob --password-file password "
                               "--no-save")

    def restore(self):
        """deploy: after a prompt the backup is restored, without Bob and with Alice, and porterd owns its files"""
        for command in self.page.commands("db restore")[1:]:
            terminal = self.shell.start(command)
            if "db restore" in command:
                terminal.expect(r"\(yes/no\) \Z")
                terminal.send_line("yes")
            self.shell.ended()
        self.unit.wait_active()
        same(self.machine.run("sqlite3 /var/lib/porter/porter.db 'SELECT name FROM account_list'").stdout, "Alice\n")
        owners = self.machine.run("stat -c %U /var/lib/porter/porter.db*").stdout.split()
        same(set(owners), {"porter"})
        self.echo("--name Alice --password-file password")

    def low_port(self):
        """deploy: a port below 1024, with a drop-in of the page's three settings"""
        ambient = self.page.span("AmbientCapabilities=")
        bounding = ambient.replace("AmbientCapabilities", "CapabilityBoundingSet")
        self.unit.drop_in("\n".join(["[Service]", ambient, bounding, self.page.span("PrivateUsers="), ""]))
        self.unit.settings(self.page.spans("PORTERD_BIND=")[0], "PORTERD_PORT=443")
        self.restart_unit(443)
        self.unit.drop_in(None)

    def journal(self):
        """deploy: --log-file - sends the log to the journal"""
        assert self.page.span("--log-file -")
        self.unit.settings(self.page.spans("PORTERD_BIND=")[0], "PORTERD_LOG_FILE=-")
        self.restart_unit()
        since = len(self.unit.log())
        self.echo()
        shown = self.shell.run(self.page.span("journalctl") + " --no-pager --lines=20")
        assert "192.0.2.1" in shown, shown
        same(len(self.unit.log()), since)

    def missing_address(self):
        """after a reboot without the page's two addresses the unit tries again until they exist"""
        self.unit.settings(self.page.spans("PORTERD_BIND=")[1])
        self.log_out()
        self.machine.reboot()
        self.log_in()
        self.unit.wait(lambda: int(self.unit.show("NRestarts")) >= 5, "the unit tries several times")
        same(self.unit.show("ActiveState"), "activating")

    def new_address(self):
        """with the addresses porterd listens on both, and the session continues after the reboot"""
        self.add_addresses()
        self.unit.wait_active()
        listening = self.unit.listeners()
        assert f"192.0.2.7:{PORT}" in listening and f"[2001:db8::7]:{PORT}" in listening, listening
        self.echo()

    def wrong_configuration(self):
        """a wrong setting: systemctl restart fails, the unit is not restarted, the journal names the setting;
        corrected, it starts"""
        self.unit.settings("PORTERD_BIND=seven")
        self.shell.run("! systemctl restart porterd")
        self.unit.wait(lambda: self.unit.show("ActiveState") == "failed", "the unit fails")
        same(self.unit.show("NRestarts"), "0")
        assert "seven" in self.shell.run(self.page.span("journalctl") + " --no-pager"), "the journal does not name it"
        self.unit.settings(self.page.spans("PORTERD_BIND=")[0])
        self.shell.run("systemctl start porterd")
        self.unit.wait_active()

    def stop(self):
        """systemctl stop: the log has the stop, and the unit is inactive without failure"""
        since = len(self.unit.log())
        self.shell.run("systemctl stop porterd")
        self.unit.log_has(r"\bstopped\b", since)
        shown = [self.unit.show(name) for name in ("ActiveState", "Result", "ExecMainStatus")]
        same(shown, ["inactive", "success", "0"])

    def whole_page(self):
        """deploy, from-source: the steps have used each block of the pages, except those that other proofs use"""
        same([block for block in self.page.unused() if not NOT_HERE.search(block)], [])
        same([block for block in self.source.unused() if "build_packages" not in block], [])
