"""A small Debian that boots under systemd-nspawn, with the network of this machine or with a private one."""
import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

from support.server import clean_environment
from support.terminal import CTRL_C, Terminal
from support.waiting import until

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "porter" / "booted"
MIRROR = "http://deb.debian.org/debian"
# The packages of every Debian server, which the pages assume. The libraries of the programs are not among them.
PACKAGES = ("ca-certificates", "dbus", "iproute2", "libpam-systemd", "logrotate", "openssl", "procps", "python3",
            "sqlite3", "ssl-cert", "sudo", "systemd", "systemd-sysv")
OTHER_MACHINE = ("192.0.2.1/24", "2001:db8::1/64")  # in the networks of the page's addresses
CLONE_NEWNET = 0x40000000  # <sched.h>
REBOOT = 133  # systemd-nspawn's exit code
BOOT_GUARD = 240  # seconds; a process that does not exit delays a shutdown by 90 s
LOGOUT_GUARD = 10
INSTALL_GUARD = 1200


def base_tree(release, packages):
    """The base tree of this release with these packages, or without any. The first call makes it."""
    tree = CACHE / (release if packages else f"{release}-minimal")
    if not tree.exists():
        print(f"making {tree} with debootstrap ...", flush=True)
        CACHE.mkdir(parents=True, exist_ok=True)
        unfinished = pathlib.Path(tempfile.mkdtemp(prefix=f"{release}-unfinished-", dir=CACHE))
        unfinished.chmod(0o755)
        with open(CACHE / f"{release}.log", "wb") as log:
            include = [f"--include={','.join(packages)}"] if packages else []
            subprocess.run(["debootstrap", "--variant=minbase", *include, release, str(unfinished), MIRROR],
                           check=True, stdout=log, stderr=subprocess.STDOUT)
        (unfinished / "etc/machine-id").write_text("")
        unfinished.rename(tree)
    return tree


class Container:
    """An overlay of the base tree, and the system that boots in it."""

    def __init__(self, name, release, private_network, packages=PACKAGES):
        self.name, self.private_network = name, private_network
        self.process = self.leader = None
        base = base_tree(release, packages)
        self.archives = CACHE / f"{release}-archives"  # packages are downloaded once
        self.archives.mkdir(exist_ok=True)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir=CACHE))
        self.root = self.folder / "root"
        for part in ("root", "upper", "work"):
            (self.folder / part).mkdir()
        self.folder.chmod(0o755)
        (self.folder / "upper").chmod(0o755)
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                        f"lowerdir={base},upperdir={self.folder}/upper,workdir={self.folder}/work", str(self.root)],
                       check=True)
        (self.root / "etc/hostname").write_text(self.name + "\n")
        (self.root / "etc/hosts").write_text(f"127.0.0.1 localhost\n::1 localhost\n127.0.1.1 {self.name}\n")

    def remove(self):
        if self.process:
            self.power_off()
        subprocess.run(["umount", str(self.root)], check=True)
        shutil.rmtree(self.folder)

    def _nspawn(self, *options):
        return ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--machine", self.name,
                "-D", str(self.root), f"--bind={self.archives}:/var/cache/apt/archives", *options]

    def prepare(self, command, guard=INSTALL_GUARD):
        """Runs a command in the tree before the boot, with the network of this machine."""
        done = subprocess.run(self._nspawn("--pipe", "--setenv=DEBIAN_FRONTEND=noninteractive",
                                           "bash", "-euo", "pipefail", "-c", command),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=guard, check=False)
        output = done.stdout[-2000:] + done.stderr[-2000:]
        assert done.returncode == 0, f"{command}\nexit code {done.returncode}\n{output}"
        return done.stdout

    def boot(self):
        # With a private network the other end of the veth is in a namespace of systemd-nspawn alone, not on this
        # machine, which may have the same addresses.
        network = ["--network-veth"] if self.private_network else []
        before = ["unshare", "--net"] if self.private_network else []
        with open(self.folder / "console", "ab") as console:
            # The systemd of Debian 13 needs this option to boot on cgroups of version 1.
            self.process = subprocess.Popen(
                [*before, *self._nspawn(*network, "--boot", "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1",
                                        "systemd.show_status=0")],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True)
        self._find_leader()

    def reboot(self):
        self.run("systemctl reboot")
        # With --keep-unit systemd-nspawn exits and its service manager, here this script, starts it again.
        code = self.process.wait(BOOT_GUARD)
        self.process = None
        assert code == REBOOT, f"systemd-nspawn ended with {code}:\n{self.console()}"
        self.boot()

    def _find_leader(self):
        """Process 1 of the container."""
        def booted():
            assert self.process.poll() is None, f"the container ended:\n{self.console()}"
            children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            for child in children:
                system = pathlib.Path(f"/proc/{child}")
                if (system / "comm").read_text() == "systemd\n" and (system / "root/run/systemd/private").exists():
                    return child
            return None
        self.leader = until(booted, "the container boots", BOOT_GUARD)
        if self.private_network:
            self._set_up_other_machine()
        until(lambda: self.run("systemctl is-system-running", check=False).stdout.strip() in ("running", "degraded"),
              "the system is up", BOOT_GUARD)

    def console(self):
        return (self.folder / "console").read_text(errors="replace")[-3000:]

    def _on_network(self, *command):
        return ["nsenter", "--target", str(self.process.pid), "--net", *command]

    def _set_up_other_machine(self):
        """Sets up the other machine's end of the veth; the steps set up the container's end."""
        interface = f"ve-{self.name}"  # 15 characters at most
        for address in OTHER_MACHINE:
            subprocess.run(self._on_network("ip", "address", "replace", address, "dev", interface,
                                            *(["nodad"] if ":" in address else [])), check=True)
        subprocess.run(self._on_network("ip", "link", "set", interface, "up"), check=True)

    @contextlib.contextmanager
    def network(self):
        """Sockets that are created within the context belong to the other machine."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net", "rb") as own, open(f"/proc/{self.process.pid}/ns/net", "rb") as other:
            if libc.setns(other.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
            try:
                yield
            finally:
                if libc.setns(own.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")

    def _inside(self, *command):
        return ["nsenter", "--target", self.leader, "--all", *command]

    def run(self, command, check=True):
        """Runs a command as root on the booted system, without a terminal."""
        done = subprocess.run(self._inside("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
                                           "bash", "-euo", "pipefail", "-c", command),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=INSTALL_GUARD,
                              check=False)
        assert not check or done.returncode == 0, f"{command}\nexit code {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def elsewhere(self, command):
        """Runs a command as another machine on the network, with the programs and libraries of the tree."""
        home = self.root / "root/elsewhere"
        home.mkdir(exist_ok=True, mode=0o700)
        done = subprocess.run(self._on_network("chroot", str(self.root), "bash", "-euo", "pipefail", "-c",
                                               f"cd /root/elsewhere; {command}"),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=BOOT_GUARD, check=False,
                              env=clean_environment("/root/elsewhere"))
        assert done.returncode == 0, f"{command}\nexit code {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def shell(self, user, folder="."):
        return Shell(self._inside("su", "--pty", "--login", user), folder)

    def power_off(self):
        self.process.send_signal(signal.SIGTERM)  # systemd-nspawn asks the system to power off
        try:
            self.process.wait(BOOT_GUARD)
        except subprocess.TimeoutExpired:
            self.process.kill()  # also kills its process 1
            self.process.wait()
        self.process = None


class Shell:
    """A login shell on a terminal."""

    PROMPT = r"\[(\d+)\] ready> "  # not only at the start of a line: it can follow the ^C of Ctrl-C

    def __init__(self, command, folder):
        self.terminal = Terminal(*command, home="/nonexistent", columns=240)
        self.prompts = 0
        self.terminal.expect(r"[$#] \Z")
        self.terminal.send_line("PS1='[$?] ready> '; PS2=")
        self._prompt()
        self.run(f"cd {folder}")

    def _prompt(self, **guard):
        self.prompts += 1
        return self.terminal.expect(self.PROMPT, times=self.prompts, **guard)

    def start(self, command):
        """Types a command without waiting for its end; returns the terminal."""
        self.typed = len(self.terminal.text())
        for line in command.splitlines():
            self.terminal.send_line(line)
        return self.terminal

    def ended(self, code=0, **guard):
        """Waits for the prompt; returns the output of the command."""
        found = self._prompt(**guard)
        shown = found.string[self.typed:found.start()]
        assert int(found[1]) == code, f"exit code {found[1]}, not {code}:\n{shown}"
        return shown

    def run(self, command, code=0, **guard):
        """Types a command and waits for its end; returns its output, without the typed line."""
        self.start(command)
        return self.ended(code, **guard).partition("\n")[2]

    def transcript(self):
        """The commands and what they printed."""
        shown = self.terminal.text()
        first = re.search(self.PROMPT, shown)
        return re.sub(self.PROMPT, "$ ", shown[first.start():]) if first else shown

    def close(self):
        """Interrupts and logs out: a shell that still runs would delay the next shutdown by 90 s."""
        try:
            self.terminal.send(CTRL_C)
            self.terminal.send_line("exit")
            self.terminal.expect(r"^logout$", guard=LOGOUT_GUARD)
        except (AssertionError, OSError):  # the system has ended, or the shell does not respond
            pass
        self.terminal.close()
