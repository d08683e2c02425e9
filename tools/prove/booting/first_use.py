"""The walkthrough of README.md: a fresh clone, a plain user with sudo, and a terminal."""
import subprocess

from support.terminal import CTRL_C

from .container import INSTALL_GUARD, Container
from .pages import ROOT, Page
from .steps import same

USER = "alice"
BUILD_GUARD = 3600  # seconds
NOT_TRUSTED = 77  # porter --help


class FirstUse:
    def __init__(self, release):
        self.page = Page("README.md")
        self.machine = Container("porter-home", release, private_network=False)
        self.clone = self.machine.root / "home" / USER / "porter"
        self.shell = self.server = None

    def close(self):
        for shell in (self.shell, self.server):
            if shell:
                shell.close()
        self.machine.remove()

    def recover(self):
        """A new terminal for the client; the server's stays."""
        if self.shell:
            self.shell.close()
            self.shell = None
        if self.machine.process:
            self.shell = self.machine.shell(USER, "porter")
            self.shell.run(self.page.span("export PATH="))

    def steps(self):
        return [self.log_in, self.run, self.again, self.without_terminal, self.helps, self.deploy_builds, self.programs,
                self.conversation, self.use, self.table, self.operate, self.stop, self.left, self.installed]

    def log_in(self):
        """the system boots; a plain user with sudo has a fresh clone and logs in on a terminal"""
        self.machine.prepare(f"useradd --create-home --shell /bin/bash {USER}; "
                             f"echo '{USER} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/{USER}")
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(self.clone)], check=True)
        self.machine.prepare(f"chown -R {USER}: /home/{USER}/porter")
        self.machine.boot()
        self.shell = self.machine.shell(USER, "porter")

    def first(self):
        """The first command of the page."""
        (commands, _), = self.page.marked("sh", "Two commands")
        return commands[0]

    def run(self):
        """README: ./tools/run installs, builds and starts a conversation: an account is made, each text comes back"""
        terminal = self.shell.start(self.first())
        terminal.expect(r"^[^\n]*[Nn]ame[^\n]*: \Z", guard=BUILD_GUARD)
        terminal.send_line("Alice")
        terminal.expect(r"New here\? \(yes/no\) \Z")
        terminal.send_line("yes")
        for times in (1, 2):
            terminal.expect(r"^[^\n]*[Pp]assword[^\n]*: ", times=times)
            terminal.send_line("four quiet lanterns")
        terminal.expect(r"^Welcome, Alice")
        self.talk(terminal, 1)

    def talk(self, terminal, times):
        for text in ("hello", "привет"):
            terminal.expect(r"^> \Z")
            terminal.send_line(text)
            terminal.expect(rf"^{text}$", times=times)
        terminal.expect(r"^> \Z")
        terminal.send_line("/quit")
        self.shell.ended()

    def again(self):
        """README: ./tools/run again asks nothing: the session was kept"""
        terminal = self.shell.start(self.first())
        terminal.expect(r"^Welcome, Alice", times=2, guard=INSTALL_GUARD)
        self.talk(terminal, 2)

    def without_terminal(self):
        """README: where there is no terminal, ./tools/run holds a conversation and shows it"""
        shown = self.shell.run(f"(set -o pipefail; {self.first()} </dev/null |& cat)", guard=INSTALL_GUARD)
        assert "привет" in shown and "All steps succeeded" in shown, shown

    def helps(self):
        """README: ./tools/run server, client and ctl have --help"""
        for program in ("server", "client", "ctl"):
            shown = self.shell.run(f"{self.page.span(f'./tools/run {program}')} --help", guard=INSTALL_GUARD)
            assert "usage:" in shown, shown

    def deploy_builds(self):
        """deploy: the command that builds, before the programs are installed"""
        self.shell.run(Page("docs/deploy.md").span("./tools/run"), guard=INSTALL_GUARD)

    def programs(self):
        """README: the programs are on the PATH by the line that the page gives; the server starts on a second terminal"""
        path = self.page.span("export PATH=")
        self.shell.run(path)
        self.server = self.machine.shell(USER, "porter")
        self.server.run(path)
        (commands, _), = self.page.marked("sh server", "Use")
        self.server.start(commands[0]).expect(r"listening on 127\.0\.0\.1:7678")

    def conversation(self):
        """README: the client on a terminal asks for what it is not told, and for trust in the server's key"""
        terminal = self.shell.start(self.page.span("porter localhost 7678"))
        terminal.expect(r"Trust this server\? \(yes/no\) \Z")
        terminal.send_line("no")
        self.shell.ended(NOT_TRUSTED)

    def use(self):
        """README: the client's blocks under "Use" print what stands below them"""
        self.client_blocks("Use")

    def operate(self):
        """README: those under "Operate", too"""
        self.client_blocks("Operate")

    def client_blocks(self, heading):
        for commands, output in self.page.marked("sh client", heading):
            shown = "".join(self.shell.run(command) for command in commands)
            if output is not None:
                came = [line for line in shown.splitlines() if line in output.splitlines()]
                same(came, output.splitlines())

    def table(self):
        """README: the table: a log, a port that is asked for, the next one, messages both ways, an example that shows frames"""
        assert "7678" in self.shell.run(self.page.span("cat ~/.local/state"))
        other = self.machine.shell(USER, "porter")
        try:
            other.run(self.page.span("export PATH="))
            asked = other.start("porterd")
            asked.expect(r"^Port \[7678\]: \Z")
            asked.send_line("seven")
            asked.expect(r'^"seven" is not a port')
            asked.expect(r"^Port \[7678\]: \Z")
            asked.send_line("")
            asked.expect(r"listening on 127\.0\.0\.1:\d+ \(7678 was taken\)")
            asked.send(CTRL_C)
            other.ended()
        finally:
            other.close()
        shown = self.shell.run(self.page.span("seq "))
        assert "100000" in shown.splitlines(), shown
        shown = self.shell.run(self.page.span("./tools/run example"), guard=BUILD_GUARD)
        assert "привет" in shown, shown

    def stop(self):
        """README: Ctrl-C stops the server in order"""
        self.server.terminal.send(CTRL_C)
        self.server.ended()

    def left(self):
        """in the work tree git sees nothing that the page's commands left"""
        left = subprocess.run(["git", "-C", str(self.clone), "-c", "safe.directory=*", "status", "--porcelain"],
                              check=True, capture_output=True, text=True).stdout
        same(left.splitlines(), [])

    def installed(self):
        """README: the programs are installed by the line that the page gives, and found by a new login"""
        self.shell.run(self.page.span("sudo cmake --install"))
        other = self.machine.shell(USER)
        try:
            for program in ("porterd", "porter", "porterctl"):
                same(other.run(f"command -v {program}").split(), [f"/usr/local/bin/{program}"])
                other.run(f"{program} --version")
        finally:
            other.close()
