#!/usr/bin/env python3
"""Checks that the tree keeps the rules of the house: structure_test.py [ROOT]. Every rule is a function of rules.py
or documents.py whose name says it; self_test.py shows that each of them can fail."""

import inspect
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

import documents  # noqa: E402
import rules  # noqa: E402
from tree import Tree  # noqa: E402

HELPERS = {"includes", "modules", "module_of", "full_expressions", "pages", "anchors", "enumerators", "line_of", "table",
           "logged_events", "events_of_the_page"}


def all_rules():
    for module in (rules, documents):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if name not in HELPERS:
                yield name, function


def broken_rules(root):
    """rule -> the lines about the places where it is broken"""
    tree = Tree(root)
    found = {name: list(rule(tree)) for name, rule in all_rules()}
    return {name: lines for name, lines in found.items() if lines}


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    broken = broken_rules(root)
    for name, lines in broken.items():
        print(f"Broken: {name.replace('_', ' ')}")
        for line in lines:
            print(f"  {line}")
    if not broken:
        print(f"All {len(list(all_rules()))} rules are kept.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
