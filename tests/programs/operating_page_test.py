"""The commands of docs/operating.md, docs/backup.md and docs/troubleshooting.md on a real porterd: the blocks
`sh operating` run in the order of the pages, with one server through backup, restore, upgrade, a move to another
machine (`sh operating new`) and what goes wrong. A following text block is what they print."""
import pathlib
import random
import re
import subprocess
import tempfile
import unittest

from support.lifetime import afterwards
from support.server import assert_no_report, clean_environment
from support.unit import Machines
from support.waiting import HANG_GUARD

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ("docs/operating.md", "docs/backup.md", "docs/troubleshooting.md")
BLOCK = re.compile(r"^```sh operating(?P<is_new> new)?\n(?P<commands>.*?)^```\n(?:\n?```text\n(?P<output>.*?)^```)?",
                   re.MULTILINE | re.DOTALL)
# Alice is the account of the pages; her client has saved its session.
BEGIN = """systemctl start porterd
echo hello | porter localhost 7678 --trust-first-use --register --name Alice --quiet \
    --password-file <(echo 'four quiet lanterns')
"""
KILL = 'kill -s KILL $(cat "$0"/*/pid); rm -rf "$0"'


class OperatingPages(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-page-", dir="/tmp"))  # short, for Unix sockets
        end = ("sh", "-c", KILL, self.folder)
        afterwards(*end)
        self.addCleanup(subprocess.run, end, stderr=subprocess.DEVNULL, check=True)
        # Linux gives no program that asks for any port one of these.
        self.machines = Machines(self.folder, random.randrange(20_000, 32_000))
        self.home, self.work = self.folder / "home", self.folder / "work"
        self.home.mkdir()
        self.work.mkdir()

    def run_commands(self, commands):
        environment = clean_environment(self.home, XDG_STATE_HOME=str(self.home / ".local/state"))
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", self.machines.own_paths(commands)], cwd=self.work,
                              env=environment | self.machines.environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=HANG_GUARD, check=False)
        assert_no_report(done.stderr)
        self.assertEqual(done.returncode, 0, f"{commands}{done.stdout}{done.stderr}")
        return done.stdout

    def test_the_commands_of_the_pages_do_what_they_say(self):
        self.assertEqual(self.run_commands(BEGIN), "hello\n")
        has_moved = False
        for page in PAGES:
            blocks = list(BLOCK.finditer((ROOT / page).read_text(encoding="utf-8")))
            self.assertGreaterEqual(len(blocks), 3, page)
            for block in blocks:
                if block["is_new"] and not has_moved:
                    self.machines.use("new")
                    has_moved = True
                with self.subTest(page=page, commands=block["commands"]):
                    printed = self.run_commands(block["commands"])
                    if block["output"] is not None:
                        self.assertEqual(printed, block["output"])
        self.assertTrue(has_moved, "a page moves the server to another machine")
        self.run_commands("systemctl stop porterd")
        assert_no_report(self.machines.consoles())


if __name__ == "__main__":
    unittest.main()
