#!/usr/bin/env python3
"""A PostgreSQL for the tests: cluster.py start FOLDER, cluster.py stop FOLDER... It is in memory, listens on a Unix
socket in the folder alone, and does not wait for a disk. The database porter_template has Porter's schema. Exit 77:
PostgreSQL is not installed."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "programs"))
from support.postgres import Cluster, programs  # noqa: E402


def start(folder):
    if not programs():
        print("PostgreSQL is not installed: apt-get install postgresql")
        sys.exit(77)
    stop(folder)
    folder.mkdir(mode=0o700)
    cluster = Cluster(folder)
    cluster.create({})
    cluster.start()
    cluster.create_templates()


def stop(*folders):
    for folder in folders:
        if folder.exists() and programs():
            Cluster(folder).remove()


if __name__ == "__main__":
    {"start": start, "stop": stop}[sys.argv[1]](*map(pathlib.Path, sys.argv[2:]))
