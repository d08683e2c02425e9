"""The tree as the rules see it: the files of the project, and C++ text without comments and literals."""

import re
import subprocess
from functools import lru_cache
from pathlib import Path

CPP_SUFFIXES = {".cpp", ".hpp", ".ipp", ".h", ".c"}
NOT_SOURCES = {".git", "build", ".cache", "__pycache__"}


class Tree:
    def __init__(self, root):
        self.root = Path(root)
        self.files = sorted(self._list())

    def _list(self):
        """The files that git would commit; in an unpacked archive all files outside of the build folders."""
        command = ["git", "-C", str(self.root), "ls-files", "-co", "--exclude-standard", "-z"]
        if (self.root / ".git").exists():
            try:
                listed = subprocess.run(command, capture_output=True, check=True).stdout.decode()
                return [path for path in listed.split("\0") if path and (self.root / path).is_file()]
            except (OSError, subprocess.CalledProcessError):
                pass
        found = (path.relative_to(self.root) for path in self.root.rglob("*") if path.is_file())
        return [path.as_posix() for path in found if not NOT_SOURCES.intersection(path.parts)]

    def under(self, *folders, suffixes=None):
        for path in self.files:
            if any(path.startswith(folder + "/") for folder in folders):
                if suffixes is None or Path(path).suffix in suffixes:
                    yield path

    def cpp(self, *folders):
        return self.under(*folders, suffixes=CPP_SUFFIXES)

    def exists(self, path):
        return (self.root / path).exists()

    @lru_cache(maxsize=None)
    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8")

    @lru_cache(maxsize=None)
    def code(self, path):
        """C++ with comments blanked and literals emptied; line numbers stay."""
        return bare(self.text(path))


LITERAL_OR_COMMENT = re.compile(
    r'R"(?P<delimiter>[^()\s]*)\(.*?\)(?P=delimiter)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'"
    r"|//[^\n]*"
    r"|/\*.*?\*/",
    re.DOTALL,
)


def bare(text):
    def blank(match):
        lines = "\n" * match.group().count("\n")
        return lines if match.group().startswith("/") else '""' + lines

    # The names of included files are literals that matter.
    kept = [line if line.lstrip().startswith("#include") else None for line in text.split("\n")]
    blanked = LITERAL_OR_COMMENT.sub(blank, text).split("\n")
    return "\n".join(old if old is not None else new for old, new in zip(kept, blanked))


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def table(markdown, heading):
    """The rows (lists of cells) of the markdown table whose header row begins with the given cells."""
    rows = None
    for line in markdown.split("\n"):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.strip().startswith("|") else None
        if rows is None:
            if cells and [cell.lower() for cell in cells[: len(heading)]] == heading:
                rows = []
        elif cells is None:
            break
        elif not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
            rows.append(cells)
    return rows
