#!/usr/bin/env python3
"""Makes accounts from one address as fast as porterd lets it (promise N15 of SECURITY.md), and prints how many, and their cost
on the disk. Usage: register_flood.py [--seconds 30] [--parallel 4] [--long] [--limit N]; PORTERD names the program.
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


def register(port, seconds, worker, filling, answers):
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        number += 1
        try:
            visitor = Connection(port, source=SOURCE)
            visitor.send_raw(message("hello", 1, "x") + message("register", f"{worker}-{number}-{filling}"[:64], PASSWORD))
            visitor.expect("welcome")
            got = visitor.receive()
            answers["granted" if got.kind == "granted" else f"{got.kind} {got.code}"] += 1
            if getattr(got, "retry_after", 0):
                answers[f"{got.kind} {got.code}, longest retry_after"] = max(
                    got.retry_after, answers[f"{got.kind} {got.code}, longest retry_after"])
            visitor.close()
        except (OSError, AssertionError, AttributeError) as error:
            answers[type(error).__name__] += 1


def size_of(path):
    return sum(one.stat().st_size for one in path.parent.glob(path.name + "*"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--parallel", type=int, default=4)
    parser.add_argument("--long", action="store_true", help="names whose folded form is as long as can be")
    parser.add_argument("--limit", help="--max-registrations-per-address")
    asked = parser.parse_args()

    server = Server(*(("--max-registrations-per-address", asked.limit) if asked.limit is not None else ()))
    try:
        database, log = size_of(server.database), size_of(server.log_file)
        answers = [collections.Counter() for _ in range(asked.parallel)]
        crew = [threading.Thread(target=register, args=(server.port, asked.seconds, number, "\ufdfa" * 54 if asked.long else "", mine))
                for number, mine in enumerate(answers)]
        for each in crew:
            each.start()
        for each in crew:
            each.join()
        server.stop()  # then the write-ahead log is in the file
        total = collections.Counter()
        for mine in answers:
            for answer, count in mine.items():
                total[answer] = max(total[answer], count) if "longest" in answer else total[answer] + count
        database, log = size_of(server.database) - database, size_of(server.log_file) - log
        print(f"{total['granted']} accounts in {asked.seconds:.0f} s from one address; database +{database} bytes, log +{log} bytes")
        for answer, count in sorted(total.items()):
            print(f"  {answer}: {count}")
    finally:
        server.remove()


if __name__ == "__main__":
    main()
