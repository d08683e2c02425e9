"""A first service by docs/embedding.md alone: on a new system with the packages a user writes the project of the page,
builds it, talks to it and tests it."""
import pathlib
import re
import shutil

from booting.container import Container
from booting.pages import Page
from booting.steps import same
from booting.unit import Unit
from support.terminal import CTRL_C

USER = "ann"
FOLDER = "my_service"
TESTS = "Test a service"
PASSWORD = "four quiet lanterns"
BUILD_GUARD = 1200  # seconds; two small programs, beside other work
GREET = re.compile(r"^(porter::task<void> greet\(porter::connection& client\))\n\{\n.*?^\}\n",
                   re.MULTILINE | re.DOTALL)

# The system that the page assumes: a user with sudo. apt answers its own question and draws no progress.
SYSTEM = f"""
    apt-get -q update
    useradd --create-home --shell /bin/bash {USER}
    echo '{USER} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/{USER}
    echo 'APT::Get::Assume-Yes "true"; quiet "1";' > /etc/apt/apt.conf.d/90unattended
"""


class FirstService:
    def __init__(self, release, packages):
        self.packages = packages
        self.page = Page("docs/embedding.md")
        self.machine = Container("porter-first", release, private_network=True)
        self.home = self.machine.root / "home" / USER
        self.server = self.client = None
        self.transcript = []  # paragraphs: commands with their output, and files

    def close(self):
        for title, shell in (("the first terminal", self.server), ("the second terminal", self.client)):
            if shell:
                shell.close()
                self.transcript.append(f"== {title}\n{shell.transcript()}")
        self.machine.remove()

    def recover(self):
        raise AssertionError("each step needs the one before")

    def steps(self):
        return [self.prepare, self.install, self.own_page, self.write, self.boot, self.build, self.start, self.register,
                self.accounts, self.stop, self.separate, self.test, self.resume]

    def write_file(self, name, text):
        path = self.home / FOLDER / name
        path.write_text(text)
        owner = self.home.stat()
        shutil.chown(path, owner.st_uid, owner.st_gid)
        self.transcript.append(f"== {name}\n{text}")

    def read_file(self, name):
        return (self.home / FOLDER / name).read_text()

    def prepare(self):
        """a new system has a user with sudo, and the packages that the page's first command makes"""
        self.machine.prepare(SYSTEM)
        folder = self.home / "porter/build/packages"
        folder.mkdir(parents=True)
        for package in self.packages.glob("*.deb"):
            shutil.copy(package, folder)

    def install(self):
        """embedding: the second command installs compiler, CMake and packages, with what they depend on"""
        make, install = self.page.commands("apt-get install")
        same(make, "tools/packaging/build_packages")
        shown = self.machine.prepare(f"cd /home/{USER}/porter; su {USER} -c '{install}' 2>&1")
        self.transcript.append(f"$ {install}\n{shown}")

    def own_page(self):
        """the packages are of this tree: libporter-dev has the same page"""
        installed = self.machine.root / "usr/share/doc/libporter-dev/embedding.md"
        same(installed.read_text(encoding="utf-8"), self.page.text)

    def write(self):
        """embedding: the first block of CMake is CMakeLists.txt, the first one of C++ is main.cpp"""
        self.machine.prepare(f"su {USER} -c 'mkdir ~/{FOLDER}'")
        self.write_file("CMakeLists.txt", self.page.first("cmake"))
        self.write_file("main.cpp", self.page.first("cpp"))

    def boot(self):
        """the system boots without a network; the user logs in on two terminals"""
        self.machine.boot()
        self.server = self.machine.shell(USER, FOLDER)
        self.client = self.machine.shell(USER, FOLDER)

    def build(self):
        """embedding: the project is configured and built"""
        for command in self.page.commands("cmake -B build")[:2]:
            self.server.run(command, guard=BUILD_GUARD)

    def start(self):
        """embedding: the service starts beside the service of the package porterd"""
        Unit(self.machine).wait_active()
        self.server.start(self.page.commands("cmake -B build")[2]).expect(r"^listening on \S+:7700$")

    def register(self):
        """embedding: porter asks for the key, a name and a password; the service greets and answers"""
        terminal = self.client.start(self.page.commands("porter localhost")[0])
        terminal.expect(r"^Trust this server\? \(yes/no\) \Z")
        terminal.send_line("yes")
        terminal.expect(r"^Name[^\n]*: \Z")
        terminal.send_line("Ann")
        terminal.expect(r"^New here\? \(yes/no\) \Z")
        terminal.send_line("yes")
        terminal.expect(r"^Password for Ann: \Z")
        terminal.send_line(PASSWORD)
        terminal.expect(r"^Password again: \Z")
        terminal.send_line(PASSWORD)
        self.exchange(terminal, 1)

    def exchange(self, terminal, times):
        terminal.expect(r"^Welcome, Ann!$", times=times)
        terminal.expect(r"^> \Z")
        terminal.send_line("hello")
        terminal.expect(r"^You said: hello$", times=times)
        terminal.expect(r"^> \Z")
        terminal.send_line("/quit")
        self.client.ended()

    def accounts(self):
        """embedding: porterctl lists the account in the folder of the service"""
        shown = self.client.run(self.page.commands("porter localhost")[1])
        assert re.search(r"^Ann\b.*\benabled\b", shown, re.MULTILINE), shown

    def stop(self):
        """Ctrl-C stops the service with exit code 0"""
        self.server.terminal.send(CTRL_C)
        self.server.ended()

    def separate(self):
        """embedding: the service moves to greet.cpp, the test is the first block below its heading, CMake gets five
        lines"""
        main = self.read_file("main.cpp")
        greet = GREET.search(main)
        self.write_file("greet.cpp", f"#include <porter/server.hpp>\n\n{greet[0]}")
        self.write_file("main.cpp", main.replace(greet[0], f"{greet[1]};\n"))
        self.write_file("greet_test.cpp", self.page.first("cpp", TESTS))
        self.write_file("CMakeLists.txt", self.read_file("CMakeLists.txt") + self.page.first("cmake", TESTS))

    def test(self):
        """embedding: program and test are built, and the test passes"""
        for command in self.page.commands("ctest"):
            shown = self.server.run(command, guard=BUILD_GUARD)
        assert "100% tests passed, 0 tests failed out of 1" in shown, shown

    def resume(self):
        """the new program serves the account from before: porter resumes its session"""
        terminal = self.server.start(self.page.commands("cmake -B build")[2])
        terminal.expect(r"^listening on \S+:7700$", times=2)
        self.exchange(self.client.start(self.page.commands("porter localhost")[0]), 2)
        self.stop()
