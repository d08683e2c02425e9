"""The proxies and the firewall of docs/deploy.md: HAProxy and nginx with the blocks of the page in front of one
porterd, which learns the address of each client; nft accepts the table."""
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from support import network
from support.case import PASSWORD, ServerCase
from support.lifetime import ENDS_WITH_TEST
from support.waiting import HANG_GUARD, until
from support.wire import Connection

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/deploy.md"
BACKEND, PORT = "10.0.0.5:7678", "7678"
PATH = f"{os.environ['PATH']}:/usr/sbin"
STREAM_MODULE = pathlib.Path("/usr/lib/nginx/modules/ngx_stream_module.so")
# What is around the block in the configuration of Debian's nginx; one process, which ends with the test.
NGINX = """load_module {module};
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
"""


def block(begin):
    """The block of the page that begins with this line."""
    found = re.findall(rf"^```\n({re.escape(begin)}\n.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert len(found) == 1, f"{PAGE.name} has {len(found)} blocks that begin with {begin}"
    return found[0]


def skip_without(*programs):
    absent = [name for name in programs if not shutil.which(name, path=PATH)]
    assert not absent or os.environ.get("CI") != "true", f"not installed: {absent}"
    if absent:
        raise unittest.SkipTest(f"not installed: {', '.join(absent)} (apt-get install haproxy nginx)")


class Proxies(ServerCase):
    """The proxies connect from 127.0.0.1, and clients from other addresses of 127.0.0.0/8."""

    options = ("--proxy-from", "127.0.0.1")

    def own_ports(self, text):
        """The block with the server of this test, on a port that no program gets that asks for any."""
        type(self).port_of_proxy = 20_000 + os.getpid() % 10_000 + next(self._numbers)
        text = text.replace(BACKEND, f"127.0.0.1:{self.server.port}")
        return re.sub(rf"\b{PORT}\b", str(self.port_of_proxy), text)

    def start(self, *command):
        with open(self.server.folder / "proxy.err", "wb") as err:
            proxy = subprocess.Popen([*ENDS_WITH_TEST, *map(str, command)], stdin=subprocess.DEVNULL, stderr=err,
                                     stdout=err, env={"PATH": PATH})
        self.addCleanup(proxy.wait, HANG_GUARD)
        self.addCleanup(proxy.kill)

        def accepts():
            assert proxy.poll() is None, (self.server.folder / "proxy.err").read_text()
            try:
                Connection(self.port_of_proxy).close()
            except ConnectionRefusedError:
                return False
            return True
        until(accepts, f"{command[0]} listens")

    def expect_address_of_client(self, name):
        source = self.fresh_address()
        client = Connection(self.port_of_proxy, source=source)
        self.addCleanup(lambda: client.close())  # late bound: start_tls() replaces the socket
        client.start_tls().get_access("register", name, PASSWORD)
        self.assertEqual(client.request("list_sessions").sessions[0].address, source)

    def test_haproxy(self):
        skip_without("haproxy")
        config = self.server.folder / "haproxy.cfg"
        text = block("frontend porter").replace("bind :::", "bind 127.0.0.1:").replace(" v4v6", "")
        config.write_text(self.own_ports(text))
        self.start("haproxy", "-db", "-f", config)
        self.expect_address_of_client("Behind HAProxy")

    def test_nginx(self):
        skip_without("nginx")
        if not STREAM_MODULE.exists():
            self.assertNotEqual(os.environ.get("CI"), "true", f"there is no {STREAM_MODULE}")
            self.skipTest("not installed: libnginx-mod-stream")
        config = self.server.folder / "nginx.conf"
        text = block("stream {").replace("        listen [::]:7678;\n", "").replace("listen ", "listen 127.0.0.1:")
        config.write_text(NGINX.format(module=STREAM_MODULE, folder=self.server.folder) + self.own_ports(text))
        self.start("nginx", "-e", "stderr", "-p", self.server.folder, "-c", config)
        self.expect_address_of_client("Behind nginx")


class Firewall(unittest.TestCase):
    def test_nft_accepts_the_table(self):
        network.skip_if_missing("nft")
        done = subprocess.run(["unshare", "--net", "nft", "--check", "--file", "-"], capture_output=True, text=True,
                              input=block("table inet filter {"), check=False, timeout=HANG_GUARD)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
