"""An unmodified ssh whose ProxyCommand is that of docs/tunnel.md, to a real sshd behind porterd."""
import hashlib
import os
import pathlib
import random
import re
import subprocess
import unittest

from support.peers import Sshd
from support.server import PORTER, clean_environment
from support.tunnel import TunnelCase, need
from support.waiting import HANG_GUARD

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/tunnel.md"
BLOCK = re.compile(r"^```\n(Host inside\n.*?)^```", re.MULTILINE | re.DOTALL)
LARGE = 20_000_000


@need("ssh", "sshd", "ssh-keygen")
class Ssh(TunnelCase):
    @classmethod
    def setUpClass(cls):
        cls.sshd = cls.forward_to(Sshd())
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.log_in(self.fresh_name())
        host = BLOCK.search(PAGE.read_text(encoding="utf-8"))[1]
        self.assertIn("gate.example.org 7678\n", host)
        self.configuration = self.home / "ssh_config"
        self.configuration.write_text(host.replace("gate.example.org 7678", f"127.0.0.1 {self.server.port}") +
                                      self.sshd.client_options())

    def ssh(self, command, stdin=b""):
        """Runs a command of the other side; the PATH has the built porter."""
        path = os.pathsep.join([str(pathlib.Path(PORTER).parent), os.environ["PATH"]])
        return subprocess.run(["ssh", "-F", self.configuration, "inside", command], input=stdin, capture_output=True,
                              env=clean_environment(self.home, PATH=path), timeout=HANG_GUARD, check=False)

    def test_a_command_runs_and_its_exit_code_comes_back(self):
        for code in (0, 3):
            done = self.ssh(f"echo $((6 * 7)); exit {code}")
            self.assertEqual((done.returncode, done.stdout), (code, b"42\n"), done.stderr)

    def test_much_is_transferred_both_ways(self):
        data = random.Random(5).randbytes(LARGE)
        done = self.ssh("sha256sum", data)
        self.assertEqual(done.stdout.split()[:1], [hashlib.sha256(data).hexdigest().encode()], done.stderr)
        done = self.ssh("cat", data)
        self.assertTrue(done.stdout == data, done.stderr)

    def test_without_access_ssh_says_why(self):
        (self.home / "porter" / "sessions").unlink()
        done = self.ssh("true")
        self.assertEqual(done.returncode, 255)
        self.assertIn(b"porter: ", done.stderr)


if __name__ == "__main__":
    unittest.main()
