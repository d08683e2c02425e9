#!/usr/bin/env python3
"""Checks that clang-format would change nothing. Debian 12 and 13 both have version 19; other versions format the same
style differently. tools/test installs it."""

import shutil
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

from tree import Tree  # noqa: E402

TOOL = "clang-format-19"


def main():
    if not shutil.which(TOOL):
        print(f"{TOOL} is missing: apt-get install {TOOL}")
        return 1
    tree = Tree(sys.argv[1])
    files = [str(tree.root / path) for path in tree.cpp("src", "include", "tests", "tools")]
    return subprocess.run([TOOL, "--dry-run", "-Werror", *files]).returncode


if __name__ == "__main__":
    sys.exit(main())
