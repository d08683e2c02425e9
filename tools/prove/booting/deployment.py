"""The walkthrough of docs/deploy.md: from `install` to a restored backup, on a booted system, with a client on another machine."""
import pathlib
import re
import shutil
import ssl

from support.wire import Connection

from .container import Container
from .pages import ROOT, Page
from .steps import same
from .unit import DATA, LOG, PORT, Unit

NAMES = {"bookworm": "Debian 12", "trixie": "Debian 13"}
PASSWORD = "four quiet lanterns"


class Deployment:
    def __init__(self, release, programs):
        """programs: the root of a work tree with build/release/bin, built on this release."""
        self.release, self.programs = release, pathlib.Path(programs)
        self.page = Page("docs/deploy.md")
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
        return [self.libraries, self.boot, self.install, self.active, self.settings_hold, self.security, self.opened,
                self.register, self.restart, self.killed, self.logrotate, self.group_of_keys, self.renewed, self.credential,
                self.costs, self.administrate, self.backup, self.restore, self.low_port, self.journal, self.late_address,
                self.address_comes, self.wrong_configuration, self.stop, self.whole_page]

    # What the steps share

    def restarted(self, port=PORT):
        self.shell.run("systemctl restart porterd")
        self.unit.wait_active(port)

    def addresses(self):
        for address in ("192.0.2.7/24", "2001:db8::7/64 nodad"):
            self.machine.run(f"ip address replace {address.partition(' ')[0]} dev host0 {address.partition(' ')[2]}")
        self.machine.run("ip link set host0 up")

    def certificate(self, name, key, owner="root", mode="0600", new_key=True):
        """A key as certbot or the administrator leaves it, and a certificate for it beside."""
        made = ("openssl req -x509 -nodes -days 90 -subj /CN=porter -addext subjectAltName=DNS:porter.example.org,IP:192.0.2.7 "
                + (f"-newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout {key}" if new_key else f"-key {key}"))
        self.machine.run(f"mkdir -p {pathlib.Path(name).parent} {pathlib.Path(key).parent}; {made} -out {name} 2>&1; "
                         f"chown {owner} {key}; chmod {mode} {key}")

    def shown_certificate(self):
        with self.machine.network():
            client = Connection(PORT, "192.0.2.7")
        try:
            client.start_tls()
            return client.socket.getpeercert(binary_form=True)
        finally:
            client.close()

    def shows(self, file):
        return self.shown_certificate() == ssl.PEM_cert_to_DER_cert((self.machine.root / file[1:]).read_text())

    def echoed(self, options=""):
        same(self.machine.elsewhere(f"printf 'hello\\nпривет\\n' | porter 192.0.2.7 {PORT} {options}"), "hello\nпривет\n")

    def meet_again(self):
        """The server has another key: the client forgets the one before, and with it its session."""
        self.machine.elsewhere("find . -mindepth 1 -not -name password -delete")
        self.echoed("--trust-first-use --name Alice --password-file password")

    # The steps

    def libraries(self):
        """deploy: the libraries are installed on a machine that has none of them, and no compiler"""
        for command in self.page.commands("libzxcvbn0", NAMES[self.release]):
            self.machine.prepare(f"{command} -y" if command.startswith("apt-get") else command)
        shutil.copy(self.programs / "build/release/bin/porter", self.machine.root / "usr/local/bin/porter")
        folder = self.machine.root / "root/porter"
        for part in ("build/release/bin", "tools/packaging"):
            source = (self.programs if part.startswith("build") else ROOT) / part
            shutil.copytree(source, folder / part)

    def boot(self):
        """the system boots; the administrator logs in on a terminal"""
        self.machine.boot()
        self.addresses()
        self.log_in()

    def install(self):
        """deploy: the commands under "With systemd", in their order, each successful"""
        for command in self.page.commands("systemd-sysusers"):
            self.shell.run(command)

    def active(self):
        """it is enabled and active, as the user porter, listens on this machine alone, and the log and the journal say so"""
        self.unit.wait_active()
        same(self.machine.run("systemctl is-enabled porterd").stdout.strip(), "enabled")
        same(self.machine.run(f"stat -c '%U %a' /proc/{self.unit.show('MainPID')} /var/lib/porter {LOG}").stdout.split("\n")[1:3],
             ["porter 700", "porter 600"])
        same(self.unit.show("User"), "porter")
        assert f"127.0.0.1:{PORT}" in self.unit.listeners()
        self.unit.log_has(rf"\b{PORT}\b")
        shown = self.shell.run(self.page.span("journalctl") + " --no-pager")
        assert "listening on" in shown, shown

    def settings_hold(self):
        """deploy: /etc/default/porterd with all addresses; what holds, and --check, are shown as the page says"""
        self.unit.settings(self.page.spans("PORTERD_BIND=")[0])
        command, = self.page.commands("systemd-run")
        shown = self.shell.run(command)
        assert re.search(r"bind\b.*::", shown), shown
        assert "/var/lib/porter" in shown, shown
        self.shell.run(command.replace("--print-config", "--check"))

    def security(self):
        """deploy: systemd-analyze verify says nothing, systemd-analyze security the figure of the page"""
        same(self.machine.run("systemd-analyze verify porterd.service 2>&1").stdout, "")
        figure = re.search(r"`systemd-analyze security porterd` says (\S+)", self.page.text)[1]
        shown = self.machine.run("systemd-analyze security --no-pager porterd").stdout
        assert f"porterd.service: {figure} " in shown, shown.splitlines()[-1]

    def opened(self):
        """restarted, it listens on all addresses"""
        self.restarted()
        assert f"*:{PORT}" in self.unit.listeners(), self.unit.listeners()

    def register(self):
        """another machine connects over TLS, makes an account and talks"""
        self.machine.elsewhere(f"(umask 077; echo '{PASSWORD}' > password)")
        self.echoed("--trust-first-use --register --name Alice --password-file password")
        self.echoed()

    def restart(self):
        """systemctl restart: the session is kept, no password is needed"""
        self.restarted()
        self.echoed()

    def killed(self):
        """kill -9: the unit starts it again, and the session is kept"""
        before = self.unit.show("MainPID")
        self.shell.run(f"kill -9 {before}")
        self.unit.wait(lambda: self.unit.show("MainPID") not in (before, "0"), "there is another process")
        self.unit.wait_active()
        self.echoed()

    def logrotate(self):
        """deploy: logrotate with the page's file; the log goes on in a new file of the same owner"""
        (self.machine.root / "etc/logrotate.d/porterd").write_text(self.page.block("postrotate"))
        self.shell.run("logrotate --force /etc/logrotate.d/porterd")
        self.unit.log_has("log_reopened")
        same(self.machine.run(f"stat -c '%U %a' {LOG} {LOG}.1").stdout.split("\n")[:2], ["porter 600"] * 2)
        self.echoed()

    def group_of_keys(self):
        """deploy: a key of root:ssl-cert, by the page's drop-in; other machines see its certificate"""
        self.certificate("/etc/ssl/certs/porter.pem", "/etc/ssl/private/porter.key", "root:ssl-cert", "0640")
        self.unit.drop_in(self.page.block("SupplementaryGroups"))
        self.restarted()
        assert self.shows("/etc/ssl/certs/porter.pem"), "another certificate is shown"
        self.meet_again()

    def renewed(self):
        """systemctl reload takes a renewed certificate while a client stays connected, and the session goes on"""
        with self.machine.network():
            client = Connection(PORT, "192.0.2.7")
        try:
            client.start_tls().get_access("login", "Alice", PASSWORD)
            self.certificate("/etc/ssl/certs/porter.pem", "/etc/ssl/private/porter.key", "root:ssl-cert", "0640", new_key=False)
            self.shell.run("systemctl reload porterd")
            self.unit.log_has("tls_key_reloaded")
            self.unit.wait(lambda: self.shows("/etc/ssl/certs/porter.pem"), "the renewed certificate is shown")
            client.expect_alive()
        finally:
            client.close()
        self.echoed()

    def credential(self):
        """deploy: a key that only root may read, as a credential; after a renewal a restart takes it"""
        live = "/etc/letsencrypt/live/porter.example.org"
        self.certificate(f"{live}/fullchain.pem", f"{live}/privkey.pem")
        self.unit.drop_in(self.page.block("LoadCredential"))
        for new_key in (True, False):
            self.certificate(f"{live}/fullchain.pem", f"{live}/privkey.pem", new_key=new_key)
            self.restarted()
            assert self.shows(f"{live}/fullchain.pem"), "another certificate is shown"
        self.unit.drop_in(None)
        self.restarted()
        self.meet_again()

    def costs(self):
        """deploy: the sqlite3 commands about the cost of hashes, beside the running porterd"""
        for marker in ("FROM password_costs'", "DELETE FROM password_costs"):
            for command in self.page.commands(marker):
                self.shell.run(command)

    def administrate(self):
        """deploy: porterctl shows the account and why its login is allowed, and revokes its sessions, which porterd obeys"""
        shown = "".join(self.shell.run(command) for command in self.page.commands("porterctl accounts"))
        assert "Alice" in shown and "allowed" in shown, shown
        revoked = self.machine.elsewhere(f"! printf 'hello\\n' | porter 192.0.2.7 {PORT} 2>&1")
        assert "hello" not in revoked.splitlines(), revoked
        self.echoed("--name Alice --password-file password")

    def backup(self):
        """deploy: a backup beside the running porterd; then Bob registers and is not in it"""
        self.shell.run(self.page.commands("db restore")[0])
        self.machine.elsewhere(f"echo hi | porter 192.0.2.7 {PORT} --register --name Bob --password-file password --no-save")

    def restore(self):
        """deploy: the backup is put back, after a question; Bob is gone, Alice gets in, and the database is whole"""
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
        self.echoed("--name Alice --password-file password")

    def low_port(self):
        """deploy: a port below 1024, by a drop-in with the three settings of the page"""
        ambient = self.page.span("AmbientCapabilities=")
        bounding = ambient.replace("AmbientCapabilities", "CapabilityBoundingSet")
        self.unit.drop_in("\n".join(["[Service]", ambient, bounding, self.page.span("PrivateUsers="), ""]))
        self.unit.settings(self.page.spans("PORTERD_BIND=")[0], "PORTERD_PORT=443")
        self.restarted(443)
        self.unit.drop_in(None)

    def journal(self):
        """deploy: with --log-file - the log goes to the journal"""
        assert self.page.span("--log-file -")
        self.unit.settings(self.page.spans("PORTERD_BIND=")[0], "PORTERD_LOG_FILE=-")
        self.restarted()
        since = len(self.unit.log())
        self.echoed()
        shown = self.shell.run(self.page.span("journalctl") + " --no-pager --lines=20")
        assert "192.0.2.1" in shown, shown
        same(len(self.unit.log()), since)

    def late_address(self):
        """after a reboot at which the page's two addresses are not there yet, the unit waits for them"""
        self.unit.settings(self.page.spans("PORTERD_BIND=")[1])
        self.log_out()
        self.machine.reboot()
        self.log_in()
        self.unit.wait(lambda: int(self.unit.show("NRestarts")) >= 5, "it is tried again and again")
        same(self.unit.show("ActiveState"), "activating")

    def address_comes(self):
        """the addresses come: porterd listens on both by itself, and the session is kept over the reboot"""
        self.addresses()
        self.unit.wait_active()
        listening = self.unit.listeners()
        assert f"192.0.2.7:{PORT}" in listening and f"[2001:db8::7]:{PORT}" in listening, listening
        self.echoed()

    def wrong_configuration(self):
        """a wrong setting: the unit fails once and for all, the journal names it, and put right it starts"""
        self.unit.settings("PORTERD_BIND=seven")
        self.shell.run("systemctl restart porterd || true")
        self.unit.wait(lambda: self.unit.show("ActiveState") == "failed", "the unit fails")
        same(self.unit.show("NRestarts"), "0")
        assert "seven" in self.shell.run(self.page.span("journalctl") + " --no-pager"), "the journal does not name it"
        self.unit.settings(self.page.spans("PORTERD_BIND=")[0])
        self.shell.run("systemctl start porterd")
        self.unit.wait_active()

    def stop(self):
        """systemctl stop: the log says that it stopped, the unit is inactive without failure"""
        since = len(self.unit.log())
        self.shell.run("systemctl stop porterd")
        self.unit.log_has(r"\bstopped\b", since)
        same((self.unit.show("ActiveState"), self.unit.show("Result"), self.unit.show("ExecMainStatus")), ("inactive", "success", "0"))

    def whole_page(self):
        """deploy: no block of the page was left out but the proxy's"""
        same([block for block in self.page.not_played() if "haproxy" not in block], [])
