#!/usr/bin/env python3
"""Registers accounts from one address as fast as porterd accepts them (promise N15 of SECURITY.md), and prints their
number and the disk space that they take.
Usage: register_flood.py [--seconds 30] [--parallel 4] [--long] [--limit N]; the variable PORTERD names the program.
"""
import argparse
import collections
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "programs"))
from support.server import Server  # noqa: E402
from support.wire import Connection, message  # noqa: E402

PASSWORD = "plum velvet orbit 41"
SOURCE = "127.44.0.1"


def register(port, seconds, worker, padding, answers):
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        number += 1
        try:
            client = Connection(port, source=SOURCE)
            name = f"{worker}-{number}-{padding}"[:64]
            client.send_raw(message("hello", 1, "x") + message("register", name, PASSWORD))
            client.expect("welcome")
            got = client.receive()
            answers["granted" if got.kind == "granted" else f"{got.kind} {got.code}"] += 1
            if getattr(got, "retry_after", 0):
                answers[f"{got.kind} {got.code}, longest retry_after"] = max(
                    got.retry_after, answers[f"{got.kind} {got.code}, longest retry_after"])
            client.close()
        except (OSError, AssertionError, AttributeError) as error:
            answers[type(error).__name__] += 1


def size_of(path):
    return sum(one.stat().st_size for one in path.parent.glob(path.name + "*"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--parallel", type=int, default=4)
    parser.add_argument("--long", action="store_true", help="names with the longest possible folded form")
    parser.add_argument("--limit", help="--max-registrations-per-address")
    options = parser.parse_args()

    server = Server(*(("--max-registrations-per-address", options.limit) if options.limit is not None else ()))
    try:
        database, log = size_of(server.database), size_of(server.log_file)
        answers = [collections.Counter() for _ in range(options.parallel)]
        padding = "\ufdfa" * 54 if options.long else ""
        threads = [threading.Thread(target=register, args=(server.port, options.seconds, number, padding, counts))
                   for number, counts in enumerate(answers)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        server.stop()  # moves the write-ahead log into the file
        total = collections.Counter()
        for counts in answers:
            for answer, count in counts.items():
                total[answer] = max(total[answer], count) if "longest" in answer else total[answer] + count
        database, log = size_of(server.database) - database, size_of(server.log_file) - log
        print(f"{total['granted']} accounts in {options.seconds:.0f} s from one address; "
              f"database +{database} bytes, log +{log} bytes")
        for answer, count in sorted(total.items()):
            print(f"  {answer}: {count}")
    finally:
        server.remove()


if __name__ == "__main__":
    main()
