"""The steps of README.md: a fresh clone, an unprivileged user with sudo, and a terminal."""
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
        """Opens a new terminal for the client and keeps that of the server."""
        if self.shell:
            self.shell.close()
            self.shell = None
        if self.machine.process:
            self.shell = self.machine.shell(USER, "porter")
            self.shell.run(self.page.span("export PATH="))

    def steps(self):
        return [self.log_in, self.run, self.again, self.without_terminal, self.helps, self.deploy_builds, self.programs,
                self.host_key_prompt, self.use, self.table, self.operate, self.stop, self.clean_tree, self.installed]

    def log_in(self):
        """the system boots; an unprivileged user with sudo has a fresh clone and logs in on a terminal"""
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
        """README: ./tools/run installs, builds and starts a session: a registration and echoes"""
        terminal = self.shell.start(self.first())
        terminal.expect(r"^[^\n]*[Nn]ame[^\n]*: \Z", guard=BUILD_GUARD)
        terminal.send_line("Alice")
        terminal.expect(r"New here\? \(yes/no\) \Z")
        terminal.send_line("yes")
        for times in (1, 2):
            terminal.expect(r"^[^\n]*[Pp]assword[^\n]*: ", times=times)
            terminal.send_line("four quiet lanterns")
        terminal.expect(r"^Welcome, Alice")
        self.send_texts(terminal, 1)

    def send_texts(self, terminal, times):
        for text in ("hello", "привет"):
            terminal.expect(r"^> \Z")
            terminal.send_line(text)
            terminal.expect(rf"^{text}$", times=times)
        terminal.expect(r"^> \Z")
        terminal.send_line("/quit")
        self.shell.ended()

    def again(self):
        """README: another ./tools/run asks nothing: it resumes the session"""
        terminal = self.shell.start(self.first())
        terminal.expect(r"^Welcome, Alice", times=2, guard=INSTALL_GUARD)
        self.send_texts(terminal, 2)

    def without_terminal(self):
        """README: without a terminal ./tools/run runs a demonstration"""
        shown = self.shell.run(f"(set -o pipefail; {self.first()} </dev/null |& cat)", guard=INSTALL_GUARD)
        assert "привет" in shown and "All steps succeeded" in shown, shown

    def helps(self):
        """README: ./tools/run server, client and ctl have --help"""
        for program in ("server", "client", "ctl"):
            shown = self.shell.run(f"{self.page.span(f'./tools/run {program}')} --help", guard=INSTALL_GUARD)
            assert "usage:" in shown, shown

    def deploy_builds(self):
        """from-source: the build command, before the installation"""
        self.shell.run(Page("docs/from-source.md").span("./tools/run"), guard=INSTALL_GUARD)

    def programs(self):
        """README: the page's line adds the programs to PATH; the server starts on a second terminal"""
        path = self.page.span("export PATH=")
        self.shell.run(path)
        self.server = self.machine.shell(USER, "porter")
        self.server.run(path)
        (commands, _), = self.page.marked("sh server", "Use")
        self.server.start(commands[0]).expect(r"listening on 127\.0\.0\.1:7678")

    def host_key_prompt(self):
        """README: the client on a terminal asks for missing values, and whether to trust the server's key"""
        terminal = self.shell.start(self.page.span("porter localhost 7678"))
        terminal.expect(r"Trust this server\? \(yes/no\) \Z")
        terminal.send_line("no")
        self.shell.ended(NOT_TRUSTED)

    def use(self):
        """README: the client commands under "Use" print the output on the page"""
        self.client_blocks("Use")

    def operate(self):
        """README: the commands under "Operate", too"""
        self.client_blocks("Operate")

    def client_blocks(self, heading):
        for commands, output in self.page.marked("sh client", heading):
            shown = "".join(self.shell.run(command) for command in commands)
            if output is not None:
                printed = [line for line in shown.splitlines() if line in output.splitlines()]
                same(printed, output.splitlines())

    def table(self):
        """README: the table: a log, a prompt for the port, the next free port, messages in both directions, an example
        with frames"""
        assert "7678" in self.shell.run(self.page.span("cat ~/.local/state"))
        other = self.machine.shell(USER, "porter")
        try:
            other.run(self.page.span("export PATH="))
            server = other.start(self.page.span("porterd --data-dir"))
            server.expect(r"^Port \[7678\]: \Z")
            server.send_line("seven")
            server.expect(r'^"seven" is not a port')
            server.expect(r"^Port \[7678\]: \Z")
            server.send_line("")
            server.expect(r"listening on 127\.0\.0\.1:\d+ \(7678 was taken\)")
            server.send(CTRL_C)
            other.ended()
        finally:
            other.close()
        shown = self.shell.run(self.page.span("seq "))
        assert "100000" in shown.splitlines(), shown
        shown = self.shell.run(self.page.span("./tools/run example"), guard=BUILD_GUARD)
        assert "привет" in shown, shown

    def stop(self):
        """README: Ctrl-C stops the server with exit code 0"""
        self.server.terminal.send(CTRL_C)
        self.server.ended()

    def clean_tree(self):
        """git finds no untracked or changed files after the commands of the page"""
        status = subprocess.run(["git", "-C", str(self.clone), "-c", "safe.directory=*", "status", "--porcelain"],
                              check=True, capture_output=True, text=True).stdout
        same(status.splitlines(), [])

    def installed(self):
        """README: the page's line installs the programs, and a new login shell finds them"""
        self.shell.run(self.page.span("sudo cmake --install"))
        other = self.machine.shell(USER)
        try:
            for program in ("porterd", "porter", "porterctl"):
                same(other.run(f"command -v {program}").split(), [f"/usr/local/bin/{program}"])
                other.run(f"{program} --version")
        finally:
            other.close()
