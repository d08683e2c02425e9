"""Builds the stages of a Dockerfile in trees of debootstrap, each RUN by chroot in namespaces of its own: where there
is no podman, buildah or docker. What it makes has the files of an image, and no layers."""
import glob
import os
import pathlib
import shlex
import shutil
import subprocess

from booting.container import base_tree

BUILD_GUARD = 7200  # seconds; two builds, beside other work
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# In a mount and PID namespace: $0 is the tree, $1 the folder, $2 the command.
INSIDE = """
mount --bind "$0" "$0"
mount -t proc proc "$0/proc"
exec chroot "$0" /bin/sh -c 'cd "$1" && exec /bin/sh -c "$2"' sh "$1" "$2"
"""


class Builder:
    def __init__(self, release, context, folder):
        """context: the folder of the project; folder: for the trees."""
        self.base = base_tree(release, ())
        self.context, self.folder = pathlib.Path(context), pathlib.Path(folder)
        self.trees = {}

    def build(self, stages, say):
        """Returns the tree of the last stage."""
        for number, stage in enumerate(stages):
            tree = self.folder / f"stage{number}"
            say(f"FROM {stage.base}: {tree}")
            subprocess.run(["cp", "-a", "--reflink=auto", self.base, tree], check=True)
            shutil.copy("/etc/resolv.conf", tree / "etc/resolv.conf")
            self.trees[stage.name or str(number)] = tree
            self._make(stage, tree, say)
        return tree

    def _make(self, stage, tree, say):
        folder, environment = "/", {"PATH": PATH, "HOME": "/root"}
        for name, text in stage.instructions:
            say(f"{name} {text}")
            if name == "WORKDIR":
                folder = text
                (tree / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
            elif name == "ENV":
                environment |= dict(word.split("=", 1) for word in shlex.split(text))
            elif name == "ARG":
                variable, _, default = text.partition("=")
                environment[variable] = os.environ.get(variable, default)
            elif name == "COPY":
                self._copy(shlex.split(text), tree, folder)
            elif name == "RUN":
                self._run(text, tree, folder, environment)

    def _copy(self, words, tree, folder):
        source = self.context
        if words[0].startswith("--from="):
            source = self.trees[words.pop(0).partition("=")[2]]
        *patterns, target = words
        wanted = tree / os.path.join(folder, target).lstrip("/")
        found = [pathlib.Path(path) for pattern in patterns
                 for path in sorted(glob.glob(str(source / pattern.lstrip("/"))))]
        assert found, f"COPY: there is no {' '.join(patterns)}"
        for path in found:
            if path.is_dir():  # its contents
                shutil.copytree(path, wanted, symlinks=True, dirs_exist_ok=True)
            else:
                file = wanted / path.name if target.endswith("/") else wanted
                file.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, file)

    @staticmethod
    def _run(command, tree, folder, environment):
        done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", INSIDE, str(tree),
                               folder, command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=BUILD_GUARD, check=False, env=environment)
        assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
