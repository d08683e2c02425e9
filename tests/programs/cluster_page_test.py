"""The commands of docs/cluster.md make a cluster that works: the blocks sh cluster run in the order of the page, in an
empty folder, as a user that PostgreSQL can run as. A following text block is what they print."""
import os
import pathlib
import pwd
import random
import re
import shutil
import subprocess
import tempfile
import unittest

from support.lifetime import afterwards
from support.postgres import skip_without_postgresql
from support.server import PORTER, PORTERCTL, PORTERD, assert_no_report, clean_environment
from support.waiting import HANG_GUARD

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/cluster.md"
BLOCK = re.compile(r"^```sh cluster\n(?P<commands>.*?)^```\n(?:\n?```text\n(?P<output>.*?)^```)?",
                   re.MULTILINE | re.DOTALL)
PORTS = ("5001", "5002", "7678", "7681", "7682")
# In the folder of the test, with the process groups of the blocks in a file. pg_ctl and HAProxy leave them.
END = """cd "$0" || exit 0
kill -s KILL -- $(cat groups)
kill -s INT $(head -qn1 cluster/*/postmaster.pid cluster/haproxy.pid)
for try in $(seq 600); do ls cluster/*/postmaster.pid || break; sleep 0.1; done
rm -rf "$0"
"""


class ClusterPage(unittest.TestCase):
    def setUp(self):
        skip_without_postgresql()
        if not shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin"):
            self.assertNotEqual(os.environ.get("CI"), "true", "HAProxy is not installed")
            self.skipTest("HAProxy is not installed: apt-get install haproxy")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-page-", dir="/tmp"))  # short, for Unix sockets
        end = ("sh", "-c", END, self.folder)
        afterwards(*end)
        self.addCleanup(subprocess.run, end, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        self.cluster = self.folder / "cluster"
        for folder in (self.cluster, self.folder / "bin", self.folder / "home"):
            folder.mkdir()
        # The user postgres may not be able to read the folder of the project.
        for program in (PORTERD, PORTER, PORTERCTL):
            shutil.copy(program, self.folder / "bin")
        for part in ("tools/postgres", "migrations/postgres"):
            shutil.copytree(ROOT / part, self.folder / "source" / part)
        self.popen = {"cwd": self.cluster, "start_new_session": True, "stdin": subprocess.DEVNULL,
                      "env": clean_environment(self.folder / "home", source=str(self.folder / "source"), PATH=":".join(
                          [str(self.folder / "bin"), os.environ["PATH"], "/usr/sbin"]))}
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            self.popen |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, user.pw_uid, user.pw_gid)
        # Linux gives no program that asks for any port one of these.
        self.ports = dict(zip(PORTS, map(str, random.sample(range(20_000, 32_000), len(PORTS)))))

    def run_block(self, commands):
        for written, own in self.ports.items():
            commands = re.sub(rf"\b{written}\b", own, commands)
        out, err = self.folder / "out", self.folder / "err"
        with open(out, "wb") as stdout, open(err, "wb") as stderr:
            running = subprocess.Popen(["bash", "-euo", "pipefail", "-c", commands], stdout=stdout, stderr=stderr,
                                       **self.popen)
            with open(self.folder / "groups", "a", encoding="utf-8") as groups:
                groups.write(f"-{running.pid}\n")
            code = running.wait(HANG_GUARD)
        assert_no_report(err.read_text())
        self.assertEqual(code, 0, f"{commands}{out.read_text()}{err.read_text()}")
        return out.read_text()

    def test_the_commands_make_a_cluster_that_survives_a_failover(self):
        blocks = list(BLOCK.finditer(PAGE.read_text(encoding="utf-8")))
        self.assertGreaterEqual(len(blocks), 7)
        for block in blocks:
            printed = self.run_block(block["commands"])
            if block["output"] is not None:
                self.assertEqual(printed, block["output"], block["commands"])


if __name__ == "__main__":
    unittest.main()
