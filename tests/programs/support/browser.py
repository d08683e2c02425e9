"""Chromium without a window, by the WebDriver protocol of its chromedriver."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request

from .lifetime import ENDS_WITH_TEST
from .peers import free_port
from .waiting import HANG_GUARD, until


def skip_without_chromium():
    """Skips the test; in CI, which has Chromium, the test fails."""
    if not shutil.which("chromium") or not shutil.which("chromedriver"):
        reason = "Chromium is not installed: apt-get install chromium chromium-driver"
        assert os.environ.get("CI") != "true", reason
        raise unittest.SkipTest(reason)


class Browser:
    """One window with one page. Its profile is a folder that is removed at the end."""

    def __init__(self):
        skip_without_chromium()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.base = f"http://127.0.0.1:{free_port()}"
        self.session = None
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                [*ENDS_WITH_TEST, "chromedriver", f"--port={self.base.rsplit(':', 1)[1]}"], stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, env={**os.environ, "HOME": str(self.folder)})
        try:
            until(self._is_ready, "chromedriver is ready")
            self.session = self._ask("POST", "/session", {"capabilities": {"alwaysMatch": {
                "goog:chromeOptions": {"args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage",
                                                "--disable-gpu", "--no-first-run", "--disable-background-networking",
                                                f"--user-data-dir={self.folder / 'profile'}"]},
                "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})["sessionId"]
        except BaseException:
            self.remove()
            raise

    def _is_ready(self):
        assert self.process.poll() is None, (self.folder / "log").read_text()
        try:
            return self._ask("GET", "/status")["ready"]
        except urllib.error.URLError:
            return False

    def _ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=HANG_GUARD) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"chromedriver: {error.read().decode()}") from error

    def command(self, path, body):
        return self._ask("POST", f"/session/{self.session}{path}", body)

    def open(self, url):
        self.command("/url", {"url": url})

    def run(self, script, *arguments):
        """What a JavaScript function body returns."""
        return self.command("/execute/sync", {"script": script, "args": list(arguments)})

    def devtools(self, name, **parameters):
        """A command of the DevTools protocol, for what WebDriver lacks."""
        return self.command("/goog/cdp/execute", {"cmd": name, "params": parameters})

    def press(self, key):
        """Presses a key, where the focus is."""
        self.command("/actions", {"actions": [{"type": "key", "id": "keys", "actions": [
            {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]}]})

    def set_width(self, width):
        """As on a phone; with 0 that of the window again."""
        if width:
            self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=740, deviceScaleFactor=2,
                          mobile=True)
        else:
            self.devtools("Emulation.clearDeviceMetricsOverride")

    def set_colours(self, scheme):
        """The user's preference, "dark" or "light"."""
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def console(self):
        """The messages of the console since the last call."""
        return [each["message"] for each in self.command("/se/log", {"type": "browser"})]

    def requested(self):
        """The URLs that were requested since the last call."""
        events = [json.loads(each["message"])["message"]
                  for each in self.command("/se/log", {"type": "performance"})]
        return [each["params"]["request"]["url"] for each in events if each["method"] == "Network.requestWillBeSent"]

    def remove(self):
        if self.session:
            self._ask("DELETE", f"/session/{self.session}")
        self.process.terminate()
        self.process.wait(HANG_GUARD)
        shutil.rmtree(self.folder, ignore_errors=True)
