"""Runs the image: as a container of podman or docker, or its tree in namespaces. Both are read-only but for the volume
and /tmp, and porterd is the first process."""
import json
import os
import pathlib
import signal
import subprocess

from support.waiting import until

UID = 7678
STOP_GUARD = 20  # seconds
# In a mount and PID namespace: $0 is the tree, $1 the volume, $2 the user, the rest the command.
INSIDE = """
tree=$0 volume=$1 user=$2
shift 2
mount --rbind "$tree" "$tree"
mount --bind "$volume" "$tree/var/lib/porter"
mount -t proc proc "$tree/proc"
mount -t tmpfs -o mode=1777 tmpfs "$tree/tmp"
mount -o remount,bind,ro "$tree"
exec chroot --userspec="$user" "$tree" "$@"
"""


def environment_of(stage, more):
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/var/lib/porter", **stage.environment(), **more}


class RunningTree:
    """The tree of an image."""

    def __init__(self, tree, stage, folder):
        self.tree, self.stage, self.folder = tree, stage, pathlib.Path(folder)
        self.volume = self.folder / "volume"
        self.volume.mkdir(mode=0o700)
        os.chown(self.volume, UID, UID)  # as an engine does with a new volume: the image's folder has this owner
        self.process = None

    def start(self, port):
        self.environment = environment_of(self.stage, {"PORTERD_PORT": str(port)})
        user = self.stage.last("USER")
        self.log = open(self.folder / "output", "ab")
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", INSIDE, str(self.tree),
             str(self.volume), f"{user}:{user}", *self.stage.entrypoint()],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=self.environment)

    def output(self):
        return (self.folder / "output").read_text()

    def _first_process(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        assert len(children) == 1, f"the first process is not alone: {children}"
        return children[0]

    def run(self, *command):
        """Runs a command in the container as its user; returns what subprocess.run() does."""
        return subprocess.run(["nsenter", "--target", self._first_process(), "--mount", "--pid", "--root", "setpriv",
                               "--reuid", str(UID), "--regid", str(UID), "--clear-groups", *command],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, env=self.environment,
                              timeout=60, check=False)

    def is_healthy(self):
        return self.run(*self.stage.health_command()).returncode == 0

    def stop(self):
        """Returns the exit code."""
        os.kill(int(self._first_process()), getattr(signal, self.stage.last("STOPSIGNAL")))
        code = self.process.wait(STOP_GUARD)
        self.process = None
        self.log.close()
        return code

    def remove(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.log.close()


class RunningContainer:
    """A container of podman or docker, with a named volume."""

    def __init__(self, engine, image, stage, name):
        self.engine, self.image, self.stage, self.name = engine, image, stage, name
        self.is_there = False

    def _engine(self, *words, check=True):
        return subprocess.run([self.engine, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120, check=check)

    def start(self, port):
        self._engine("run", "--detach", "--name", self.name, "--read-only", "--tmpfs", "/tmp", "--cap-drop", "all",
                     "--network", "host", "--env", f"PORTERD_PORT={port}", "--volume",
                     f"{self.name}:/var/lib/porter", self.image)
        self.is_there = True

    def output(self):
        shown = self._engine("logs", self.name, check=False)
        return shown.stdout + shown.stderr

    def run(self, *command):
        return self._engine("exec", self.name, *command, check=False)

    def is_healthy(self):
        """By the health check of the image. docker runs it, podman on request where no systemd runs it."""
        if self.engine == "podman":
            return self._engine("healthcheck", "run", self.name, check=False).returncode == 0

        def status():
            return json.loads(self._engine("inspect", self.name).stdout)[0]["State"].get("Health", {}).get("Status")
        return until(lambda: status() in ("healthy", "unhealthy") and status(), "the health is known") == "healthy"

    def stop(self):
        self._engine("stop", "--time", str(STOP_GUARD), self.name)
        code = json.loads(self._engine("inspect", self.name).stdout)[0]["State"]["ExitCode"]
        self._engine("rm", self.name)
        self.is_there = False
        return code

    def remove(self):
        if self.is_there:
            self._engine("rm", "--force", self.name, check=False)
        self._engine("volume", "rm", self.name, check=False)
