"""The package porterd on a booted system, by docs/deploy.md: the service is enabled and started, reached from the
network, upgraded, removed and purged."""
import shutil

from booting.container import Container
from booting.pages import Page
from booting.steps import same
from booting.unit import PORT, Unit
from .minimal import LEFT_FILES

APT = "DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends"
DEBS = "/root/packages/porter_*.deb /root/packages/porterd_*.deb"


class Service:
    def __init__(self, release, packages):
        self.packages = packages
        self.machine = Container("porter-service", release, private_network=True)
        self.unit = Unit(self.machine)
        self.page = Page("docs/deploy.md")

    def close(self):
        self.machine.remove()

    def recover(self):
        pass

    def steps(self):
        return [self.boot, self.install, self.session, self.reachable, self.settings, self.upgrade, self.disabled,
                self.remove, self.install_again, self.purge]

    def echo(self, port, options=""):
        shown = self.machine.run(f"cd /root; echo привет | HOME=/root porter 127.0.0.1 {port} {options}").stdout
        same(shown, "привет\n")

    def boot(self):
        """a system boots, with the packages and what they need beside it"""
        (self.machine.root / "root/packages").mkdir()
        for package in self.packages.glob("porter*.deb"):
            shutil.copy(package, self.machine.root / "root/packages")
        # It has a network of its own, without a mirror.
        self.machine.prepare(f"apt-get -q update; {APT} install --download-only {DEBS}")
        # apt answers its own question, and installs what was downloaded.
        (self.machine.root / "etc/apt/apt.conf.d/90unattended").write_text(
            'APT::Get::Assume-Yes "true"; APT::Install-Recommends "false";\n')
        self.machine.boot()

    def install(self):
        """deploy: apt installs them: the service is enabled, active, listens on loopback and is porter's"""
        for command in self.page.commands("porter_*.deb"):
            self.machine.run(f"cd /root/packages; {command}")
        self.unit.wait_active()
        for command in self.page.commands("porterctl ping"):
            self.machine.run(command)
        same(self.machine.run("systemctl is-enabled porterd").stdout.strip(), "enabled")
        same(self.unit.show("User"), "porter")
        assert f"127.0.0.1:{PORT}" in self.unit.listeners(), self.unit.listeners()
        same(self.machine.run("systemd-analyze verify --man=no porterd.service 2>&1").stdout, "")

    def session(self):
        """a client registers and gets its text back; porterctl lists its account"""
        self.machine.run("(umask 077; echo 'four quiet lanterns' > /root/password)")
        self.echo(PORT, "--trust-first-use --register --name Alice --password-file password")
        shown = self.machine.run("porterctl accounts list --data-dir /var/lib/porter").stdout
        assert shown.startswith("Alice\tenabled\t"), shown

    def reachable(self):
        """deploy: with the page's settings a client on another machine logs in over TLS, by the key's fingerprint"""
        self.machine.run("ip address replace 192.0.2.7/24 dev host0; ip link set host0 up; "
                         "(umask 077; echo 'seven quiet lanterns drift' > /root/password-of-bob)")
        *commands, fingerprint = self.page.commands("#registration")
        for command in commands:
            # Alice has an account from the step before.
            self.machine.run(command.replace("add Alice", "add Bob").replace("/root/password", "/root/password-of-bob"))
        self.unit.wait_active()
        shown = self.machine.run(fingerprint).stdout.strip().partition("fingerprint=")[2]
        client, = self.page.commands("--trust SHA256:")
        client = client.replace("SHA256:...", shown).replace("porter.example.org", "192.0.2.7").replace("Alice", "Bob")
        same(self.machine.elsewhere("(umask 077; echo 'seven quiet lanterns drift' > password); "
                                    f"echo привет | {client} --password-file password"), "привет\n")

    def settings(self):
        """a setting in /etc/porter/porterd.toml takes effect after a restart, /etc/default/porterd overrides it"""
        self.machine.run("sed -i 's/^#port = 7678$/port = 7700/' /etc/porter/porterd.toml; systemctl restart porterd")
        self.unit.wait_active(7700)
        self.unit.settings("PORTERD_PORT=7701")
        self.machine.run("systemctl restart porterd")
        self.unit.wait_active(7701)
        self.machine.run("rm /etc/default/porterd")

    def upgrade(self):
        """installed again, the package restarts the service and keeps configuration and accounts"""
        before = self.unit.show("MainPID")
        self.machine.run("dpkg -i /root/packages/porterd_*.deb")
        self.unit.wait_active(7700)
        assert self.unit.show("MainPID") != before, "it is the same process"
        self.echo(7700, "--trust-first-use --name Alice --password-file password")

    def disabled(self):
        """a disabled service stays disabled when the package is installed again"""
        self.machine.run("systemctl disable porterd; dpkg -i /root/packages/porterd_*.deb")
        same(self.machine.run("systemctl is-enabled porterd", check=False).stdout.strip(), "disabled")
        self.machine.run("systemctl enable porterd")

    def remove(self):
        """removed, the service is stopped; configuration and accounts stay"""
        self.machine.run(f"{APT} remove porterd")
        same(self.unit.show("ActiveState"), "inactive")
        assert ":7700 " not in self.unit.listeners(), self.unit.listeners()
        self.machine.run("test -s /var/lib/porter/porter.db; grep -x 'port = 7700' /etc/porter/porterd.toml")

    def install_again(self):
        """installed again after that, the service is active with its configuration and accounts"""
        self.machine.run("dpkg -i /root/packages/porterd_*.deb")
        self.unit.wait_active(7700)
        self.echo(7700)

    def purge(self):
        """purged, the packages leave no service, no file and no link"""
        self.machine.run(f"{APT} purge porter porterd")
        same(self.unit.show("LoadState"), "not-found")
        same(self.machine.run(LEFT_FILES).stdout, "")
