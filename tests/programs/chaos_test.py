"""A whole cluster for a minute of faults (SECURITY.md: S14): HAProxy, three porterd, a primary and a synchronous
standby in network namespaces. What must hold is in support/chaos/checks.py; tools/prove/chaos runs it for an hour. It
needs root."""
import unittest

from support import network
from support.chaos.checks import first_guess_too_many, may_be_served_until, most_within
from support.chaos.history import Guess
from support.chaos.run import chaos
from support.postgres import skip_without_postgresql
from support.server import checks_types_at_run_time

SECONDS, SEED = 60, 1
SLACK = 30.0  # seconds: no time is asserted on a machine with other work; tools/prove/chaos asserts the promised second


@unittest.skipIf(checks_types_at_run_time(), "too slow with sanitizers; try a release build")
class Chaos(unittest.TestCase):
    def test_a_minute_of_faults_breaks_no_promise(self):
        network.skip_if_missing("haproxy")
        skip_without_postgresql()
        report = chaos(SECONDS, SEED, SLACK)
        print(f"seed {SEED}\n{report.text()}")
        self.assertEqual(report.problems(), [])
        for kind in ("registrations", "ended_sessions", "guesses"):
            self.assertTrue(getattr(report.history, kind), f"there were no {kind}")


class Checks(unittest.TestCase):
    """The checks themselves: each can fail."""

    @staticmethod
    def guesses(*times, took=0.05):
        return [Guess("name", "192.0.2.1", at, at + took) for at in times]

    def test_four_guesses_are_free_and_a_fifth_waits(self):
        self.assertEqual(first_guess_too_many(self.guesses(1, 1, 1, 1)), 0)
        self.assertEqual(first_guess_too_many(self.guesses(1, 1, 1, 1, 1.5)), 5)
        self.assertEqual(first_guess_too_many(self.guesses(1, 1, 1, 1, 2, 5, 10, 20)), 0)
        self.assertEqual(first_guess_too_many(self.guesses(1, 1, 1, 1, 2, 5, 10, 15)), 8)

    def test_a_guess_that_took_long_may_have_been_counted_late(self):
        self.assertEqual(first_guess_too_many(self.guesses(1, 1, 1, 1) + self.guesses(1, took=1.2)), 0)

    def test_guesses_of_a_network_are_counted_in_a_window(self):
        self.assertEqual(most_within(self.guesses(0, 1, 2, 700, 701), 600), 3)

    def test_a_session_is_served_for_a_second_and_longer_by_a_node_without_its_database(self):
        self.assertEqual(may_be_served_until(10, []), 11)
        self.assertEqual(may_be_served_until(10, [(20, 30, 24)]), 11)
        self.assertEqual(may_be_served_until(10, [(10.5, 13, 15)]), 14)  # it reached the database again at 13
        self.assertEqual(may_be_served_until(10, [(10.5, 30, 15)]), 16)  # its grace ended at 15


if __name__ == "__main__":
    if not network.missing("haproxy"):
        network.isolate()
    unittest.main()
