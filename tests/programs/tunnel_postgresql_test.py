"""An unmodified psql through porter and porterd to a real PostgreSQL (docs/tunnel.md)."""
import hashlib
import subprocess
import unittest

from support.postgres import Postgres
from support.server import clean_environment
from support.tunnel import TunnelCase
from support.waiting import HANG_GUARD

LARGE = 20_000_000


class Psql(TunnelCase):
    @classmethod
    def setUpClass(cls):
        cls.forward_to(Postgres(is_tcp=True))
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.log_in(name := self.fresh_name())
        self.listener = self.listen("--name", name)

    def psql(self, *commands, stdin=None, stdout=subprocess.PIPE):
        words = [word for command in commands for word in ("-c", command)]
        done = subprocess.run(["psql", "-h", "localhost", "-p", str(self.listener.port), "-U", "postgres", "-X", "-q",
                               "-A", "-t", "-v", "ON_ERROR_STOP=1", *words], stdin=stdin or subprocess.DEVNULL,
                              stdout=stdout, stderr=subprocess.PIPE, env=clean_environment(self.home),
                              timeout=HANG_GUARD, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""), self.listener.log())
        return (done.stdout or b"").decode().strip()

    def test_a_query_is_answered(self):
        self.assertEqual(self.psql("SELECT 6 * 7"), "42")
        self.assertEqual(self.psql("SELECT count(*) FROM generate_series(1, 100000)"), "100000")
        self.listener.stop()

    def test_a_large_table_is_copied_both_ways(self):
        there, back = self.home / "there", self.home / "back"
        line = "x" * 92 + "\n"  # with the number and a tab 100 bytes and more
        there.write_text("".join(f"{number}\t{line}" for number in range(LARGE // 100)))
        with open(there, "rb") as source:
            self.psql("CREATE TABLE large (number int, text text)", "COPY large FROM STDIN", stdin=source)
        with open(back, "wb") as target:
            self.psql("COPY large TO STDOUT", stdout=target)
        digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in (there, back)]
        self.assertEqual(digests[0], digests[1])
        self.assertEqual(self.psql("SELECT count(*) FROM large"), str(LARGE // 100))
        self.listener.stop()

    def test_an_error_of_the_program_is_no_error_of_the_tunnel(self):
        done = subprocess.run(["psql", "-h", "localhost", "-p", str(self.listener.port), "-U", "postgres", "-X", "-c",
                               "SELECT 1/0"], capture_output=True, env=clean_environment(self.home), check=False,
                              timeout=HANG_GUARD)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"division by zero", done.stderr)
        self.assertEqual(self.listener.log().count("porter: "), 1, self.listener.log())  # that it listens
        self.listener.stop()


if __name__ == "__main__":
    unittest.main()
