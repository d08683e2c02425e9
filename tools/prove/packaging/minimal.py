"""The packages on a minimal system without systemd: installed, used, built with, purged."""
import pathlib
import re
import shutil

from booting.container import Container
from booting.steps import same

ROOT = pathlib.Path(__file__).resolve().parents[3]
INSTALL = "apt-get -qy install --no-install-recommends"
PROGRAMS = ("porter", "porter-bench", "porterctl", "porterd")
PAGES = ("porter.1", "porter-bench.1", "porterctl.8", "porterd.8")

# Registers Alice with a server whose start command is {server}, sends a line and ends the server.
SESSION = """
    cd $(mktemp -d)
    (umask 077; echo 'four quiet lanterns' > password)
    {server} &
    server=$!
    for ((attempts = 0; attempts < 300; attempts++)); do [[ ! -s {port_file} ]] || break; sleep 0.1; done
    echo 'привет' | XDG_STATE_HOME=$PWD porter 127.0.0.1 $(< {port_file}) --trust-first-use --register --name Alice \
        --password-file password
    {then}
    kill $server
    wait $server
"""

# The files that a purge should have removed, in folders that are not temporary
LEFT_FILES = r"""
    find / -xdev \( -path /root -o -path /tmp -o -path /var/tmp -o -path /var/cache -o -path /var/lib/apt \) -prune -o \
        \( -regex '.*/\(lib\|_\|\.\)?porter[^/]*' -o -user porter \) -print
"""

CMAKE = """
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES CXX)
find_package(porter REQUIRED COMPONENTS server)
add_executable(consumer authenticated_echo.cpp)
target_link_libraries(consumer porter::server)
"""


class Minimal:
    def __init__(self, release, packages):
        self.packages = packages
        self.machine = Container("porter-minimal", release, private_network=False, packages=())

    def close(self):
        self.machine.remove()

    def recover(self):
        pass

    def steps(self):
        return [self.install, self.versions, self.user, self.no_service, self.session, self.pages, self.completions,
                self.library, self.find_package, self.pkg_config, self.conffile, self.purge]

    def run(self, command):
        return self.machine.prepare(command)

    def install(self):
        """apt installs porter and porterd, with the libraries that they need and without systemd"""
        (self.machine.root / "root/packages").mkdir()
        for package in self.packages.glob("*.deb"):
            shutil.copy(package, self.machine.root / "root/packages")
        self.run(f"apt-get -q update; {INSTALL} /root/packages/porter_*.deb /root/packages/porterd_*.deb")
        same(self.run("dpkg-query -W -f '${db:Status-Status}' systemd 2>/dev/null || true"), "not-installed")

    def versions(self):
        """each program says its version"""
        version = re.search(r"project\(porter VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
        shown = self.run("; ".join(f"{program} --version" for program in PROGRAMS))
        same(shown.splitlines(), [f"{program} {version}" for program in PROGRAMS])

    def user(self):
        """there is a user porter, and its folder is private"""
        same(self.run("stat -c '%U %G %a' /var/lib/porter; getent passwd porter | cut -d: -f6").splitlines(),
             ["porter porter 700", "/var/lib/porter"])

    def no_service(self):
        """no server was started"""
        same(self.run("grep -l porterd /proc/[0-9]*/comm || true"), "")

    def session(self):
        """porterd starts with its configuration, a client registers and gets its text back, porterctl lists it, stop"""
        shown = self.run(SESSION.format(
            server="setpriv --reuid porter --regid porter --clear-groups env HOME=/var/lib/porter porterd --no-input "
                   "--config /etc/porter/porterd.toml --data-dir /var/lib/porter --port 0 "
                   "--port-file /var/lib/porter/port > console",
            port_file="/var/lib/porter/port",
            then="porterctl accounts list --data-dir /var/lib/porter | cut -f1; "
                 "porterctl db check --data-dir /var/lib/porter"))
        same(shown.splitlines()[:2], ["привет", "Alice"])

    def pages(self):
        """man finds and shows the pages"""
        # A minimal system leaves out the pages, by a filter of dpkg that is only in images of containers.
        self.run(f"{INSTALL} man-db")
        shown = self.run("; ".join(f"man --warnings {page} 2>&1 | head -3" for page in PAGES))
        for page in PAGES:
            assert page.partition(".")[0].upper() + "(" in shown, shown
        assert "warning" not in shown, shown

    def completions(self):
        """bash and zsh load the completions"""
        self.run(f"{INSTALL} bash-completion zsh")
        for program in PROGRAMS:
            shown = self.run("source /usr/share/bash-completion/bash_completion; set +eu; "
                             f"{{ _comp_load {program} || _completion_loader {program}; }} 2>/dev/null; "
                             f"complete -p {program}")
            same(shown.strip(), f"complete -F _{program.replace('-', '_')} {program}")
            shown = self.run(f"zsh -fc 'autoload -U compinit; compinit -u -D; print $_comps[{program}]'")
            same(shown.strip(), f"_{program}")

    def library(self):
        """apt installs libporter-dev with a compiler"""
        self.run(f"{INSTALL} cmake g++ make pkg-config /root/packages/libporter-dev_*.deb")

    def _consume(self, build):
        """Builds the example in /root/consumer and talks to it."""
        folder = self.machine.root / "root/consumer"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(ROOT / "tests/examples/authenticated_echo.cpp", folder)
        (folder / "CMakeLists.txt").write_text(CMAKE)
        self.run(f"cd /root/consumer; {build}")
        server = "(echo 7699 > port; exec /root/consumer/consumer 7699 $PWD/data > console)"
        wait = "for ((i = 0; i < 300; i++)); do ! grep -q listening console || break; sleep 0.1; done"
        same(self.run(SESSION.format(server=f"{server} & {wait}; true", port_file="port", then="server=%1")),
             "привет\n")

    def find_package(self):
        """a server is built with find_package in five lines, and serves a client"""
        self._consume("cmake -B . -S . -DCMAKE_BUILD_TYPE=Release && cmake --build .")

    def pkg_config(self):
        """the same server is built with pkg-config in one line, and serves a client"""
        self._consume("g++ -std=c++20 -O2 authenticated_echo.cpp -o consumer "
                      "$(pkg-config --cflags --libs porter-server)")

    def conffile(self):
        """installed again, the packages keep a changed configuration"""
        self.run("echo 'port = 7700' >> /etc/porter/porterd.toml; dpkg -i /root/packages/porterd_*.deb; "
                 "tail -n 1 /etc/porter/porterd.toml | grep -x 'port = 7700'")

    def purge(self):
        """purged, the packages leave nothing behind but the user"""
        self.run("apt-get -qy purge porter porterd libporter-dev")
        same(self.run(LEFT_FILES), "")
        same(self.run("getent passwd porter | cut -d: -f1").strip(), "porter")
