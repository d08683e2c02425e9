"""One run: a cluster, clients and faults for some time, and the report."""
import contextlib
import pathlib
import random
import shutil
import tempfile
import time

from ..case import PASSWORD
from ..waiting import until
from .checks import ABANDONED_AFTER, SLACK, Report
from .clients import Guesser, Opener, Registrar, Revoker, Sleeper
from .cluster import Cluster
from .faults import Faults
from .history import History

SHORTEST_PAUSE, LONGEST_PAUSE = 3.0, 8.0  # seconds between two faults
PENDING_AGE = ("SELECT coalesce(max(extract(epoch FROM clock_timestamp()) - begun_ms / 1000.0), 0)"
               " FROM attempts WHERE is_pending")
GUESSED, NO_NAME = "guessed account", "a name without an account"
FAULT_GUARD = 60.0  # seconds that the database may be away, in which nothing is rolled back


def start_clients(cluster, history, seed):
    with contextlib.closing(cluster.connect()) as connection:
        connection.get_access("register", GUESSED, PASSWORD)
    one_network = cluster.fresh_address()
    clients = [Registrar(cluster, history, f"{seed} {number}") for number in range(3)]
    clients += [Revoker(cluster, history, f"{seed} {number}") for number in range(3)]
    clients += [Opener(cluster, history, seed), Sleeper(cluster, history, seed)]
    for node in range(len(cluster.nodes)):
        clients += [Guesser(cluster, history, seed, node, GUESSED), Guesser(cluster, history, seed, node, NO_NAME),
                    Guesser(cluster, history, seed, node, address=one_network)]
    for client in clients:
        client.start()
    return clients


def look_at_pending_attempts(cluster, history):
    age = float(cluster.pair.psql(PENDING_AGE))
    history.largest_pending_age = max(history.largest_pending_age, age)
    if age > ABANDONED_AFTER + FAULT_GUARD:
        history.on_violation(f"an attempt is pending for {age:.0f} s")


def wait_for_all_nodes(cluster):
    """Each grants access again."""
    def grants(number):
        try:
            with contextlib.closing(cluster.connect(number)) as connection:
                connection.hello()
                answer = connection.request("register", f"last {number} {time.monotonic()}", PASSWORD)
        except OSError:
            return False
        return answer is not None and answer.kind == "granted"
    for number in range(len(cluster.nodes)):
        until(lambda number=number: grants(number), f"node {number + 1} grants access")


def copy_logs(cluster, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for node in cluster.nodes:
        shutil.copy(node.server.log_file, folder / f"{node.name}.log")
    for member in cluster.pair.members:
        shutil.copy(member.folder / "log", folder / f"{member.name}.log")


def chaos(seconds, seed, slack=SLACK, tell=lambda line: None, faults=(), logs=None):
    """Returns the report. `tell` is called with a line for each fault; `faults` are the names of some of them; `logs`
    is a folder to which the logs are copied at the end."""
    pauses = random.Random(f"pauses {seed}")
    history = History()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="porter-chaos-"))
        cluster = Cluster(pathlib.Path(folder))
        stack.callback(cluster.remove)
        if logs:
            stack.callback(copy_logs, cluster, pathlib.Path(logs))
        clients = start_clients(cluster, history, seed)
        for client in clients:
            stack.callback(client.stopping.set)
        chosen = Faults(cluster, history, seed, time.sleep, faults)
        begin = time.monotonic()
        while time.monotonic() < begin + seconds and not any(client.error for client in clients):
            time.sleep(pauses.uniform(SHORTEST_PAUSE, LONGEST_PAUSE))
            at = time.monotonic() - begin
            tell(f"{at:7.1f} s {chosen.next()} ({time.monotonic() - begin - at:.1f} s)")
            look_at_pending_attempts(cluster, history)
        for client in clients:
            client.stop()
        wait_for_all_nodes(cluster)
        report = Report(cluster, history, time.monotonic(), slack)
        report.run()
        return report
