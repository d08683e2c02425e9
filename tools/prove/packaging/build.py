"""Builds the packages, on this machine or in a new tree, and checks them with lintian."""
import pathlib
import shutil
import subprocess

from booting.container import Container
from booting.steps import same

ROOT = pathlib.Path(__file__).resolve().parents[3]
PACKAGES = ["libporter-dev", "porter", "porterd"]
BUILD_GUARD = 7200  # seconds; two builds, beside other work
LINTIAN = "lintian --allow-root --fail-on error,warning --tag-display-limit 0"


class OwnBuild:
    """On this machine, in the work tree."""

    def __init__(self, folder):
        self.folder = folder  # for the packages

    def close(self):
        pass

    def recover(self):
        pass

    def steps(self):
        return [self.build, self.lint]

    def build(self):
        """build_packages makes the three packages"""
        subprocess.run([ROOT / "tools/packaging/build_packages"], check=True, stdout=subprocess.DEVNULL)
        for package in (ROOT / "build/packages").glob("*.deb"):
            shutil.copy(package, self.folder)
        same(sorted(path.name.partition("_")[0] for path in self.folder.iterdir()), PACKAGES)

    def lint(self):
        """lintian finds no error and no warning"""
        done = subprocess.run([*LINTIAN.split(), *self.folder.glob("*.deb")], capture_output=True, text=True,
                              check=False)
        same((done.returncode, done.stdout), (0, ""))


class NewBuild:
    """In a new tree of a release."""

    def __init__(self, release, folder):
        self.folder = folder
        self.machine = Container("porter-build", release, private_network=False, packages=())

    def close(self):
        self.machine.remove()

    def recover(self):
        pass

    def steps(self):
        return [self.copy, self.build, self.lint]

    def copy(self):
        """the files of the work tree are copied into a new tree"""
        files = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], check=True, capture_output=True).stdout
        target = self.machine.root / "root/porter"
        for name in files.decode().split("\0")[:-1]:
            if (ROOT / name).exists():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, target / name)
        self.machine.prepare("apt-get -q update")

    def build(self):
        """build_packages installs what it needs and makes the three packages"""
        epoch = subprocess.run(["git", "-C", ROOT, "log", "-1", "--format=%ct"], check=True, capture_output=True,
                               text=True).stdout.strip()
        self.machine.prepare(f"SOURCE_DATE_EPOCH={epoch} /root/porter/tools/packaging/build_packages", BUILD_GUARD)
        for package in (self.machine.root / "root/porter/build/packages").glob("*.deb"):
            shutil.copy(package, self.folder)
        same(sorted(path.name.partition("_")[0] for path in self.folder.iterdir()), PACKAGES)

    def lint(self):
        """lintian finds no error and no warning"""
        self.machine.prepare("apt-get -qy install --no-install-recommends lintian")
        same(self.machine.prepare(f"{LINTIAN} /root/porter/build/packages/*.deb"), "")
