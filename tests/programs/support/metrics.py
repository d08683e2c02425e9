"""A scraper of porterd's metrics, and a Prometheus."""
import http.client
import json
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import urllib.request

from .lifetime import ENDS_WITH_TEST
from .waiting import HANG_GUARD, until

SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="([^"]*)"')


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("porterd", timeout=HANG_GUARD)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(HANG_GUARD)
        self.sock.connect(self.path)


class Scraper:
    """Reads the pages at a port of this machine, or at a path."""

    def __init__(self, port=None, path=None):
        self.port, self.path = port, path

    @classmethod
    def of(cls, server):
        """Of a Server with --metrics 127.0.0.1:0."""
        found = server.expect_log(r'metrics_listening address="127\.0\.0\.1:(\d+)"')
        return cls(int(found[1]))

    def get(self, page, host=None):
        """The status, the type and the text. `host`: another name in the request than that of the connection."""
        connection = (_UnixConnection(self.path) if self.path
                      else http.client.HTTPConnection("127.0.0.1", self.port, timeout=HANG_GUARD))
        try:
            connection.request("GET", page, headers={"Host": host} if host else {})
            response = connection.getresponse()
            return response.status, response.headers["Content-Type"], response.read().decode()
        finally:
            connection.close()

    def text(self):
        status, _, text = self.get("/metrics")
        assert status == 200, text
        return text

    def status(self):
        return json.loads(self.get("/status.json")[2])

    def samples(self):
        """{(name, frozenset of label pairs): value}"""
        found = [SAMPLE.match(line) for line in self.text().splitlines() if not line.startswith("#")]
        return {(row[1], frozenset(LABEL.findall(row[2] or ""))): float(row[3]) for row in found}

    def value(self, name, **labels):
        return self.samples().get((name, frozenset(labels.items())), 0)

    def wait_for(self, name, value, **labels):
        until(lambda: self.value(name, **labels) == value, f"{name} {labels} is {value}")


class Prometheus:
    """A Prometheus that scrapes one target, with its own folder."""

    def __init__(self, target):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        config = self.folder / "prometheus.yml"
        config.write_text("scrape_configs:\n  - job_name: porterd\n    scrape_interval: 1s\n    static_configs:\n"
                          f"      - targets: [\"{target}\"]\n")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [*ENDS_WITH_TEST, "prometheus", f"--config.file={config}",
                 f"--storage.tsdb.path={self.folder / 'data'}", f"--web.listen-address=127.0.0.1:{self.port}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)

    def log(self):
        return (self.folder / "log").read_text()

    def query(self, expression):
        """The values that an expression has at the moment; none: it cannot be asked yet."""
        assert self.process.poll() is None, self.log()
        url = f"http://127.0.0.1:{self.port}/api/v1/query?query={urllib.request.quote(expression)}"
        try:
            with urllib.request.urlopen(url, timeout=HANG_GUARD) as response:
                answer = json.load(response)
        except OSError:
            return []
        return [float(each["value"][1]) for each in answer["data"]["result"]]

    def remove(self):
        self.process.terminate()
        self.process.wait(HANG_GUARD)
        shutil.rmtree(self.folder, ignore_errors=True)
