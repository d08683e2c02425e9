#!/usr/bin/env python3
"""Checks the rules of the tree: structure_test.py [ROOT]. Each rule is a function of rules.py, documents.py,
language.py or operations.py named after what it requires; self_test.py shows that each can fail. A broken rule of
WARNINGS is printed, and is no error."""

import inspect
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

import documents  # noqa: E402
import language  # noqa: E402
import operations  # noqa: E402
import rules  # noqa: E402
from tree import Tree  # noqa: E402

HELPERS = {"modules", "pages", "logged_events"}
WARNINGS = {"files_are_short"}


def all_rules():
    """The functions of the tree alone, except helpers."""
    for module in (rules, documents, language, operations):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if list(inspect.signature(function).parameters) == ["tree"] and name not in HELPERS:
                yield name, function


def broken_rules(root):
    """rule -> one line for each place that breaks it"""
    tree = Tree(root)
    found = {name: list(rule(tree)) for name, rule in all_rules()}
    return {name: lines for name, lines in found.items() if lines}


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    broken = broken_rules(root)
    for name, lines in broken.items():
        print(f"{'Warning' if name in WARNINGS else 'Broken'}: {name.replace('_', ' ')}")
        for line in lines:
            print(f"  {line}")
    if broken.keys() <= WARNINGS:
        print(f"All {len(list(all_rules()))} rules are kept.")
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
