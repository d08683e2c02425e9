"""Runs steps, prints a line for each, and counts failures."""
import subprocess
import time
import traceback


_FAILURES = (AssertionError, OSError, subprocess.SubprocessError)


class Steps:
    def __init__(self):
        self.failed = self.passed = 0

    def run(self, walkthrough):
        """Runs each step and prints its docstring. After a failure the next step gets new terminals."""
        for step in walkthrough.steps():
            started = time.monotonic()
            title = " ".join(step.__doc__.split())
            try:
                step()
            except _FAILURES as error:
                self.failed += 1
                frame = traceback.extract_tb(error.__traceback__)[1]
                print(f"NOT  {title}\n     {frame.name}: {str(error).strip()}".replace("\n", "\n     "), flush=True)
                try:
                    walkthrough.recover()
                except _FAILURES:
                    print("     no new terminal: the remaining steps are skipped", flush=True)
                    break
            else:
                self.passed += 1
                print(f"ok   {title} ({time.monotonic() - started:.0f} s)", flush=True)


def same(actual, expected):
    assert actual == expected, f"actual: {actual!r}\nexpected: {expected!r}"
