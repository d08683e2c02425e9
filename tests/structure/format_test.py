#!/usr/bin/env python3
"""Checks that clang-format would change nothing. Version 14 only (Debian 12's): others lay the same style out
differently. Without it the test is skipped (77)."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

from tree import Tree  # noqa: E402


def find_clang_format():
    for name in ("clang-format-14", "clang-format"):
        path = shutil.which(name)
        if path:
            said = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
            if re.search(r"version 14\.", said):
                return path
    return None


def main():
    tool = find_clang_format()
    if not tool:
        print("no clang-format 14 here")
        return 77
    tree = Tree(sys.argv[1])
    files = [str(tree.root / path) for path in tree.cpp("src", "include", "tests")]
    return subprocess.run([tool, "--dry-run", "-Werror", *files]).returncode


if __name__ == "__main__":
    sys.exit(main())
