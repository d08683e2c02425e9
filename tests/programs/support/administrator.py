"""Base class of the tests of porterctl beside a running porterd."""
import json

from .case import ServerCase
from .server import PORTERCTL, run
from .terminal import Terminal


class AdministratorCase(ServerCase):
    def ctl(self, *arguments, operands=(), stdin=b"", code=0, **more):
        """Runs porterctl on the server's data directory, with pipes; `operands` follow a "--"."""
        done = run(PORTERCTL, *arguments, "--data-dir", self.server.data, "--", *operands, stdin=stdin,
                   home=self.server.folder, **more)
        self.assertEqual(done.returncode, code, done.err)
        if code:
            self.assertRegex(done.err, r"\Aporterctl: [^\n]+\n\Z")
        return done

    def rows(self, *arguments):
        """The rows of tab-separated values that porterctl prints."""
        return [line.split("\t") for line in self.ctl(*arguments).out.splitlines()]

    def json(self, *arguments, **more):
        return json.loads(self.ctl("--json", *arguments, **more).out)

    def terminal(self, *arguments, **more):
        """Starts porterctl on a terminal."""
        terminal = Terminal(PORTERCTL, *arguments, "--data-dir", self.server.data, home=self.server.folder,
                            **more)
        self.addCleanup(terminal.close)
        return terminal

    def password_file(self, password):
        file = self.server.folder / f"password {next(self._numbers)}"
        file.write_text(password + "\n")
        return file
