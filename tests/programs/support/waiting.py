"""Bounded waiting for an event that nobody announces: a file, an exit, a number of descriptors."""
import time

HANG_GUARD = 120  # seconds
_PAUSE = 0.01


def until(happened, what, guard=HANG_GUARD):
    """Returns the first truthy result of happened(); fails when it does not come."""
    deadline = time.monotonic() + guard
    while True:
        result = happened()
        if result:
            return result
        assert time.monotonic() < deadline, f"this did not happen: {what}"
        time.sleep(_PAUSE)
