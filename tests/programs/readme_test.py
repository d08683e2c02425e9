"""The commands of README.md print what is shown below them, and porterd accepts the settings that the pages show.

Marked blocks run in the order of the page, in an empty folder that stays empty, with the built programs in the PATH:

  sh server   a server that keeps running, on a free port instead of that of the page
  sh client   commands that must succeed; a following text block is what they print

The blocks sh porterctl and sh database of docs/porterctl.md and docs/deploy.md must succeed, too, and each command of
porterctl that a page mentions must exist.
"""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from support.server import PORTER, PORTERCTL, PORTERD, Server, assert_no_report, clean_environment, run
from support.waiting import HANG_GUARD, until

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PAGES = (README, ROOT / "README.ru.md", *sorted((ROOT / "docs").glob("*.md")),
         *sorted((ROOT / "tools/packaging").glob("*.service")))
SETTING = re.compile(r"\b(PORTERD_[A-Z_]+)=([^\s`,;…]+(?:,[^\s`;…]+)*)")
BLOCK = re.compile(r"^```sh (?P<role>server|client)\n(?P<commands>.*?)^```\n(?:\n?```text\n(?P<output>.*?)^```)?",
                   re.MULTILINE | re.DOTALL)
PORT_OF_THE_PAGE = "7678"
PORTERCTL_PAGE, DEPLOY_PAGE = ROOT / "docs/porterctl.md", ROOT / "docs/deploy.md"


class ReadmeCommands(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="porter-test-")))
        home = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="porter-test-")))
        self.port_file = home / "port"
        programs = {str(pathlib.Path(program).parent) for program in (PORTERD, PORTER)}
        self.environment = clean_environment(home, XDG_STATE_HOME=str(home / ".local/state"),
                                             PORTERD_PORT_FILE=str(self.port_file),
                                             PATH=os.pathsep.join([*programs, os.environ["PATH"]]))

    def start_server(self, commands):
        commands = commands.strip().replace(PORT_OF_THE_PAGE, "0")
        self.server = subprocess.Popen(["bash", "-ec", f"exec {commands}"], cwd=self.folder, env=self.environment,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                       text=True)
        self.addCleanup(self.server.communicate)
        self.addCleanup(self.server.kill)
        until(lambda: self.port_file.exists() or self.server.poll() is not None, f"{commands} listens")
        self.assertIsNone(self.server.poll(), f"{commands} ended")
        self.port = self.port_file.read_text().strip()

    def run_commands(self, commands):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", commands.replace(PORT_OF_THE_PAGE, self.port)],
                              cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=HANG_GUARD, check=False)
        assert_no_report(done.stderr)
        self.assertEqual(done.returncode, 0, f"{commands}{done.stderr}")
        return done.stdout

    def test_the_commands_print_what_is_shown_below_them(self):
        blocks = list(BLOCK.finditer(README.read_text(encoding="utf-8")))
        self.assertEqual({block["role"] for block in blocks}, {"server", "client"})
        for block in blocks:
            if block["role"] == "server":
                self.start_server(block["commands"])
            else:
                printed = self.run_commands(block["commands"])
                if block["output"] is not None:
                    self.assertEqual(printed, block["output"], block["commands"])
        self.server.terminate()
        self.assertEqual(self.server.wait(HANG_GUARD), 0)
        assert_no_report(self.server.stdout.read())
        self.assertEqual(list(self.folder.iterdir()), [], "the folder is still empty")


class PageCommands(unittest.TestCase):
    """docs/porterctl.md and docs/deploy.md: porterctl on a database that porterd created."""

    def setUp(self):
        self.home = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="porter-test-")))
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="porter-test-")))
        self.server = Server()
        self.addCleanup(self.server.remove)
        self.server.stop()
        self.environment = clean_environment(self.home, PORTERD_DATA_DIR=str(self.server.data), PATH=os.pathsep.join(
            [str(pathlib.Path(PORTERCTL).parent), os.environ["PATH"]]))

    def run_command(self, command):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=self.folder, env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=HANG_GUARD, check=False)
        assert_no_report(done.stderr)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stderr}")
        return done.stdout

    def test_each_block_of_commands_succeeds(self):
        kinds = []
        for page in (PORTERCTL_PAGE, DEPLOY_PAGE):
            for kind, commands in re.findall(r"^```sh (porterctl|database)\n(.*?)^```", page.read_text(), re.M | re.S):
                kinds.append(kind)
                self.run_command(commands.replace("/var/lib/porter/porter.db", str(self.server.database)))
        self.assertEqual(kinds, ["porterctl", "database", "database"])

    def test_the_summary_has_all_commands(self):
        named = set()
        for line in re.findall(r"^porterctl (.*\|.*)$", PORTERCTL_PAGE.read_text(), re.M):
            noun, _, verbs = line.partition(" ")
            for verb in verbs.split("|"):
                named.add(f"{noun} {verb.split()[0]}")
        nouns = "accounts|sessions|addresses|audit|bans|invitations|connections|db"
        listed = {" ".join(words)
                  for words in re.findall(rf"^  ({nouns}) ([a-z-]+)", self.run_command("porterctl --help"), re.M)}
        self.assertEqual(named, listed)

    def test_each_command_that_is_mentioned_exists(self):
        listed = self.run_command("porterctl --help")
        mentioned = set()
        for page in PAGES:
            mentioned |= set(re.findall(r"porterctl (accounts|sessions|addresses|audit|bans|invitations|db) "
                                        r"([a-z]+(?:-[a-z]+)?)\b", page.read_text(encoding="utf-8")))
        self.assertGreaterEqual(len(mentioned), 8)
        for noun, verb in mentioned:
            self.assertRegex(listed, rf"(?m)^  {noun} {verb}\b")


class PageSettings(unittest.TestCase):
    def test_porterd_accepts_each_setting(self):
        found = 0
        with tempfile.TemporaryDirectory(prefix="porter-test-") as folder:
            for page in PAGES:
                for name, value in SETTING.findall(page.read_text(encoding="utf-8")):
                    if value[0] in "/%":
                        continue  # a file on the reader's machine
                    found += 1
                    with self.subTest(page=page.name, setting=f"{name}={value}"):
                        done = run(PORTERD, "--check", "--data-dir", folder, env={name: value}, home=folder)
                        self.assertEqual(done.returncode, 0, done.err)
        self.assertGreaterEqual(found, 4)


if __name__ == "__main__":
    unittest.main()
