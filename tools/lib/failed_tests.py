#!/usr/bin/env python3
"""Prints the tests that failed in reports of ctest: failed_tests.py JUNIT_XML ...

For each of them the beginning and the end of its output, then the names of all. A whole suite prints thousands
of lines, of which a CI often keeps only the last."""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

FIRST_LINES, LAST_LINES, WIDTH = 10, 20, 160


def failed_in(report):
    """(name, output) of each test that failed."""
    for case in ElementTree.parse(report).iter("testcase"):
        if case.find("failure") is not None:
            yield f"{report.parent.name}: {case.get('name')}", case.findtext("system-out") or ""


def shortened(output):
    lines = [f"    {line[:WIDTH]}" for line in output.rstrip().splitlines()]
    if len(lines) > FIRST_LINES + LAST_LINES:
        lines[FIRST_LINES:-LAST_LINES] = ["    [...]"]
    return lines


def main():
    failed = [test for report in sys.argv[1:] for test in failed_in(Path(report))]
    for name, output in failed:
        print(f"\n{name}", *shortened(output), sep="\n")
    print("\nFailed:", *(f"    {name}" for name, _ in failed), sep="\n")


if __name__ == "__main__":
    main()
