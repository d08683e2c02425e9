"""One line for each step, and how many went wrong."""
import subprocess
import time
import traceback


_DIFFERS = (AssertionError, OSError, subprocess.SubprocessError)


class Steps:
    def __init__(self):
        self.failed = self.passed = 0

    def play(self, walkthrough):
        """Runs each step of the walkthrough; its docstring is the line that is printed. After a failure the next step gets new terminals."""
        for step in walkthrough.steps():
            started = time.monotonic()
            title = " ".join(step.__doc__.split())
            try:
                step()
            except _DIFFERS as differs:
                self.failed += 1
                where = traceback.extract_tb(differs.__traceback__)[1]
                print(f"NOT  {title}\n     {where.name}: {str(differs).strip()}".replace("\n", "\n     "), flush=True)
                try:
                    walkthrough.recover()
                except _DIFFERS:
                    print("     no terminal any more: the steps after it are not played", flush=True)
                    break
            else:
                self.passed += 1
                print(f"ok   {title} ({time.monotonic() - started:.0f} s)", flush=True)


def same(came, expected):
    assert came == expected, f"came: {came!r}\nexpected: {expected!r}"
