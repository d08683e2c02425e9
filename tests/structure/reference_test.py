#!/usr/bin/env python3
"""The reference of the public headers is generated without a warning: reference_test.py ROOT OUTPUT_DIRECTORY. Each
public class, function and member has a comment, and each comment names what exists."""

import pathlib
import shutil
import subprocess
import sys


def main(root, output):
    if not shutil.which("doxygen"):
        print("doxygen is missing: apt-get install doxygen")
        return 1
    output.mkdir(parents=True, exist_ok=True)
    settings = (root / "Doxyfile").read_text(encoding="utf-8") + f'OUTPUT_DIRECTORY = "{output}"\n'
    done = subprocess.run(["doxygen", "-"], cwd=root, input=settings, text=True, check=False)
    if done.returncode == 0 and not (output / "html/classporter_1_1connection.html").exists():
        print(f"{output}/html has no page for porter::connection")
        return 1
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])))
