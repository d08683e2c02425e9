"""Machines of a test: network namespaces on one bridge. They end with the test, and need root."""
import os
import shutil
import subprocess
import sys
import unittest

from .lifetime import ENDS_WITH_TEST
from .waiting import HANG_GUARD, until

BRIDGE, BRIDGE_ADDRESS, PREFIX_LENGTH = "bridge0", "10.77.0.1", 24
CLIENTS = "10.78.0.0/16"  # every address of it is one of the test's own
NO_NAMESPACES = "network namespaces cannot be made here"
_MARK = "PORTER_TEST_NETWORK"


def command(*words):
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, timeout=HANG_GUARD)
    assert done.returncode == 0, f"{' '.join(map(str, words))}: {done.stdout}{done.stderr}"


def missing(*programs):
    """What a test that needs network namespaces and these programs says when it is skipped; empty: all is there."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    absent = [name for name in ("ip", "nsenter", "setpriv", "unshare", *programs) if not shutil.which(name)]
    if absent:
        return f"not installed: {', '.join(absent)} (apt-get install iproute2 util-linux haproxy)"
    probe = subprocess.run(["unshare", "--net", "ip", "link", "add", "probe0", "type", "bridge"], capture_output=True,
                           text=True, check=False, timeout=HANG_GUARD)
    return "" if probe.returncode == 0 else f"{NO_NAMESPACES}: {probe.stderr.strip()}"


def skip_if_missing(*programs):
    """Skips the test; in CI, which installs all programs, the test fails unless it is the kernel that has no such
    namespaces."""
    if absent := missing(*programs):
        assert os.environ.get("CI") != "true" or absent.startswith(NO_NAMESPACES), absent
        raise unittest.SkipTest(absent)


def isolate():
    """Runs this program again in a network namespace of its own, so that nothing that it does is seen elsewhere."""
    if os.environ.get(_MARK) != str(os.getpid()):
        os.environ[_MARK] = str(os.getpid())
        os.execvp("unshare", ["unshare", "--net", "--", sys.executable, *sys.orig_argv[1:]])


class Network:
    """A bridge with an address of this process, and the machines that are added to it. Call isolate() before."""

    def __init__(self):
        self.machines = []
        command("ip", "link", "set", "lo", "up")
        command("ip", "link", "add", BRIDGE, "type", "bridge")
        command("ip", "address", "add", f"{BRIDGE_ADDRESS}/{PREFIX_LENGTH}", "dev", BRIDGE)
        command("ip", "link", "set", BRIDGE, "up")
        command("ip", "route", "add", "local", CLIENTS, "dev", "lo")

    def add(self, name):
        self.machines.append(Machine(name, f"10.77.0.{len(self.machines) + 11}"))
        return self.machines[-1]

    @staticmethod
    def client_address(number):
        """One of 65,000, for the `source` of a connection."""
        return f"10.78.{number // 250 % 256}.{1 + number % 250}"

    def remove(self):
        for machine in self.machines:
            machine.remove()
        command("ip", "link", "delete", BRIDGE)
        command("ip", "route", "delete", "local", CLIENTS, "dev", "lo")


class Machine:
    """A network namespace with one cable to the bridge. `prefix` is the begin of a command that runs in it."""

    def __init__(self, name, address):
        self.name, self.address, self.cable = name, address, f"cable-{name}"
        # The namespace lasts as long as its processes.
        self.process = subprocess.Popen([*ENDS_WITH_TEST, "unshare", "--net", "sleep", "infinity"],
                                        stdin=subprocess.DEVNULL)
        namespace = f"/proc/{self.process.pid}/ns/net"
        until(lambda: os.readlink(namespace) != os.readlink("/proc/self/ns/net"), "the namespace is made")
        self.prefix = ["nsenter", f"--net={namespace}", "--"]
        command("ip", "link", "add", self.cable, "type", "veth", "peer", "name", "eth0", "netns", self.process.pid)
        command("ip", "link", "set", self.cable, "master", BRIDGE)
        command("ip", "link", "set", self.cable, "up")
        for words in (["address", "add", f"{address}/{PREFIX_LENGTH}", "dev", "eth0"], ["link", "set", "lo", "up"],
                      ["link", "set", "eth0", "up"], ["route", "add", CLIENTS, "via", BRIDGE_ADDRESS]):
            command(*self.prefix, "ip", *words)

    def cut(self):
        """Pulls the cable: packets are lost, and no connection is told."""
        command("ip", "link", "set", self.cable, "down")

    def mend(self):
        command("ip", "link", "set", self.cable, "up")

    def remove(self):
        self.process.kill()
        self.process.wait(HANG_GUARD)
