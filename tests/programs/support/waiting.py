"""Bounded waiting for a condition without a notification: a file, an exit, a number of descriptors."""
import time

HANG_GUARD = 120  # seconds; only a hang takes this long; no test measures time by it
_PAUSE = 0.01


def until(condition, description, guard=HANG_GUARD):
    """Polls condition() and returns its first truthy result; fails after `guard` seconds."""
    deadline = time.monotonic() + guard
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, f"timed out waiting until {description}"
        time.sleep(_PAUSE)
