"""The faults, one after the other, as a seed chooses them. Each ends before the next begins."""
import random
import time

from ..waiting import until

FROZEN = 5.0  # seconds
MOST_OPEN_ROWS = 20  # that a shell deletes in a transaction that stays open


class Faults:
    """`wait` is called with seconds. `names`: of some faults, otherwise all."""

    def __init__(self, cluster, history, seed, wait, names=()):
        self.cluster, self.history, self.wait = cluster, history, wait
        self.random = random.Random(f"faults {seed}")
        self.all = (self.cut_node, self.cut_primary, self.cut_standby, self.kill_node, self.kill_primary_and_promote,
                    self.kill_primary_and_restart, self.pause_node, self.pause_primary, self.pause_primary_and_promote,
                    self.end_database_sessions, self.open_transaction)
        if names:
            self.all = tuple(fault for fault in self.all if fault.__name__ in names)

    def next(self):
        fault = self.random.choice(self.all)
        name = fault.__name__.replace("_", " ")
        self.history.on_fault(name)
        fault()
        return name

    def _any_node(self):
        return self.random.randrange(len(self.cluster.nodes))

    def _some_seconds(self):
        return self.random.uniform(0.3, 6.0)

    def _absent(self, node, begin):
        """Until now."""
        self.history.add("absences", (node, begin, time.monotonic()))

    def cut_node(self):
        number = self._any_node()
        self._cut(self.cluster.nodes[number].machine)

    def cut_primary(self):
        self._cut(self._machine_of(self.cluster.pair.primary))
        until(self.cluster.pair.is_synchronous, "the standby is connected again")

    def cut_standby(self):
        """Commits wait for it."""
        self._cut(self._machine_of(self.cluster.pair.standby))
        until(self.cluster.pair.is_synchronous, "the standby is connected again")

    def _cut(self, machine):
        machine.cut()
        self.wait(self._some_seconds())
        machine.mend()

    def _machine_of(self, member):
        return self.cluster.pair.machines[member.name]

    def kill_node(self):
        node = self.cluster.nodes[self._any_node()]
        node.kill()
        self.wait(self.random.uniform(0.0, 2.0))
        node.start()

    def kill_primary_and_promote(self):
        self.history.add("takeovers", time.monotonic())
        self.cluster.pair.kill_primary()
        self.cluster.pair.promote()
        self.cluster.pair.attach()

    def kill_primary_and_restart(self):
        self.cluster.pair.kill_primary()
        self.cluster.pair.start_primary()

    def pause_node(self):
        number = self._any_node()
        begin = time.monotonic()
        self.cluster.nodes[number].pause()
        self.wait(FROZEN)
        self.cluster.nodes[number].resume()
        self._absent(number, begin)

    def pause_primary(self):
        self.cluster.pair.pause_primary()
        self.wait(FROZEN)
        self.cluster.pair.resume_primary()
        until(self.cluster.pair.is_synchronous, "the standby is connected again")

    def pause_primary_and_promote(self):
        self.history.add("takeovers", time.monotonic())
        self.cluster.pair.pause_primary()
        self.cluster.pair.promote()
        self.cluster.pair.attach()

    def end_database_sessions(self):
        self.cluster.pair.end_sessions()

    def open_transaction(self):
        """In a shell, which deletes sessions and commits some seconds later, or not."""
        rows = self.cluster.pair.psql(f"SELECT id FROM sessions ORDER BY id DESC LIMIT {MOST_OPEN_ROWS}").split()
        shell = self.cluster.shell()
        shell.stdin.write(f"BEGIN;\nDELETE FROM sessions WHERE id IN ({', '.join(rows) or 0});\n")
        shell.stdin.flush()
        self.wait(self._some_seconds())
        is_committed = self.random.random() < 0.5
        if is_committed:
            self.history.on_sessions_removed(set(map(int, rows)))
        shell.communicate("COMMIT;\n" if is_committed else "ROLLBACK;\n")
