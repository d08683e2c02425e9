"""The commands of README.md do what stands below them, and porterd takes the settings that the pages show.

Marked blocks are run in the order of the page, in one empty folder, with the built programs on the PATH:

  sh server   a server that is left running; its port is a free one, whatever the page says
  sh client   commands that must succeed; a block of plain text behind it is what they print
"""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from support.server import PORTER, PORTERD, assert_no_report, clean_environment, run
from support.waiting import HANG_GUARD, until

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PAGES = (README, ROOT / "README.ru.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "tools/packaging").glob("*.service")))
SETTING = re.compile(r"\b(PORTERD_[A-Z_]+)=([^\s`,;…]+(?:,[^\s`;…]+)*)")
BLOCK = re.compile(r"^```sh (?P<who>server|client)\n(?P<commands>.*?)^```\n(?:\n?```text\n(?P<output>.*?)^```)?",
                   re.MULTILINE | re.DOTALL)
PORT_OF_THE_PAGE = "7678"


class TheCommandsOfTheReadme(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="porter-test-")))
        self.port_file = self.folder / "port"
        programs = {str(pathlib.Path(program).parent) for program in (PORTERD, PORTER)}
        self.environment = clean_environment(self.folder, PORTERD_PORT_FILE=str(self.port_file),
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

    def test_they_do_what_stands_below_them(self):
        blocks = list(BLOCK.finditer(README.read_text(encoding="utf-8")))
        self.assertEqual({block["who"] for block in blocks}, {"server", "client"})
        for block in blocks:
            if block["who"] == "server":
                self.start_server(block["commands"])
            else:
                came = self.run_commands(block["commands"])
                if block["output"] is not None:
                    self.assertEqual(came, block["output"], block["commands"])
        self.server.terminate()
        self.assertEqual(self.server.wait(HANG_GUARD), 0)
        assert_no_report(self.server.stdout.read())


class TheSettingsOfThePages(unittest.TestCase):
    def test_porterd_takes_each(self):
        found = 0
        with tempfile.TemporaryDirectory(prefix="porter-test-") as folder:
            for page in PAGES:
                for name, value in SETTING.findall(page.read_text(encoding="utf-8")):
                    if value[0] in "/%":
                        continue  # a file of the reader's
                    found += 1
                    with self.subTest(page=page.name, setting=f"{name}={value}"):
                        done = run(PORTERD, "--check", "--data-dir", folder, env={name: value}, home=folder)
                        self.assertEqual(done.returncode, 0, done.err)
        self.assertGreaterEqual(found, 4)


if __name__ == "__main__":
    unittest.main()
