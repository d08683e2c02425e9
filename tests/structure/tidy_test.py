#!/usr/bin/env python3
"""Runs clang-tidy with the checks of .clang-tidy: tidy_test.py [--all] ROOT BUILD. Version 19, as for clang-format.

A file takes seconds, all files take a quarter of an hour. So the suite checks the files of a change: those that differ
from the upstream branch or, on that branch, from the commit before the last. `tools/prove/tidy` checks all files."""

import argparse
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

from tree import Tree  # noqa: E402

TOOL = "clang-tidy-19"
SKIPPED = 77  # SKIP_RETURN_CODE in CMakeLists.txt
# The compile commands are those of g++. With clang, Asio needs these definitions for coroutines.
FLAGS = ["-DASIO_HAS_CO_AWAIT=1", "-DASIO_HAS_STD_COROUTINE=1", "-Wno-unknown-warning-option"]
MOST_FILES = 40  # in a run of the suite; tools/prove/tidy checks larger changes


def git(root, *words):
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True)
    return done.stdout.split("\n") if done.returncode == 0 else []


def changed_since(root, commit):
    return {path for path in git(root, "diff", "--name-only", commit) if path}


def changed_files(root):
    """The files that differ from the upstream branch; on that branch, the changes since the commit before the last."""
    return changed_since(root, "@{upstream}") or changed_since(root, "HEAD~1")


def sources_of(tree, changed):
    """The changed .cpp files, and the .cpp files of changed headers."""
    sources = set(tree.under("src", suffixes={".cpp"}))
    return sorted(sources & {str(Path(path).with_suffix(".cpp")) for path in changed})


def findings(root, build, path):
    command = [TOOL, "--quiet", "-p", str(build), "--warnings-as-errors=*", *(f"--extra-arg={flag}" for flag in FLAGS)]
    done = subprocess.run([*command, str(root / path)], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout or done.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="check all sources, not only changed ones")
    parser.add_argument("root", type=Path)
    parser.add_argument("build", type=Path, help="a build folder with compile_commands.json")
    given = parser.parse_args()
    if not shutil.which(TOOL):
        print(f"{TOOL} is missing: apt-get install {TOOL}")
        return 1
    tree = Tree(given.root)
    sources = list(tree.under("src", suffixes={".cpp"}))
    if not given.all:
        sources = sources_of(tree, changed_files(given.root))
        if len(sources) > MOST_FILES:
            print(f"{len(sources)} sources changed, of which {MOST_FILES} are checked: tools/prove/tidy checks all.")
            sources = sources[:MOST_FILES]
    if not sources:
        print("The change touches no source.")
        return SKIPPED
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        reports = threads.map(lambda path: findings(given.root, given.build, path), sources)
        found = [report for report in reports if report]
    print("\n".join(found) or f"{len(sources)} files: no findings.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
