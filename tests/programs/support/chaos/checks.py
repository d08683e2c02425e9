"""What must hold at the end, whatever has happened."""
import concurrent.futures
import itertools

from ..waiting import until
from .cluster import GRACE, LIMIT_OF_SESSIONS

PROMISE = 1.0  # seconds after its acknowledged end a session is served at most
SLACK = 0.5  # seconds that this machine may add, beside its measured lateness: it has all machines of the cluster
ABANDONED_AFTER = 60.0 + 15.0  # seconds: porterd rolls back what is pending for a minute, and looks each 15 seconds
FREE_GUESSES, PAUSES = 4, (1.0, 3.0, 5.0, 10.0)  # of an account
GUESSES_OF_A_NETWORK, WINDOW = 20, 600.0
FORGOTTEN = 1.0  # seconds: a takeover may forget the guesses of the moment before it
_ROUNDING = 0.1  # seconds, of a pause: the clock of the database is corrected by up to a millisecond, and log times


def pause_after(count):
    """After this number of wrong guesses."""
    if count < FREE_GUESSES:
        return 0.0
    return PAUSES[min(count - FREE_GUESSES, len(PAUSES) - 1)]


def first_guess_too_many(guesses):
    """The number of the first guess that the rules for an account do not allow, whatever the order in which those that
    overlap were counted; 0: there is none.

    Each guess was counted between its request and its answer. Sorted by themselves, the requests are lower bounds of
    the first, second ... count, and the answers upper bounds."""
    earliest = 0.0
    requests, answers = sorted(each.sent for each in guesses), sorted(each.answered for each in guesses)
    for number, (sent, answered) in enumerate(zip(requests, answers)):
        earliest = max(sent, earliest + pause_after(number) - _ROUNDING if number else 0.0)
        if earliest > answered:
            return number + 1
    return 0


def most_within(guesses, window):
    """The largest number of guesses that were certainly counted within a window."""
    ordered = sorted(guesses, key=lambda each: each.sent)
    return max((sum(first.sent <= each.sent and each.answered < first.sent + window for each in ordered)
                for first in ordered), default=0)


def absences_of(node, number, history, end):
    """(begin, end, end of the grace) of the times in which a node could not know what happened elsewhere."""
    lost = None
    for at, event in itertools.chain(node.events(), [(end, "end")]):
        if event == "partitioned" and lost is None:
            lost = at
        elif event in ("rejoined", "started", "end") and lost is not None:
            # It says so a second after its last contact.
            yield lost - PROMISE, at, lost + GRACE
            lost = None
    for where, begin, until_ in history.absences:
        if where == number:
            yield begin, until_, until_


def may_be_served_until(ended_at, absences):
    """Until when a session may be served whose end was acknowledged at this time."""
    limit, is_moving = ended_at + PROMISE, True
    while is_moving:
        is_moving = False
        for begin, end, grace_end in absences:
            later = min(end, grace_end) + PROMISE
            if begin <= limit <= end and later > limit:
                limit, is_moving = later, True
    return limit


class Report:
    """The checks of a history, on a cluster without faults and clients."""

    def __init__(self, cluster, history, end, slack=SLACK):
        self.cluster, self.history, self.end, self.slack = cluster, history, end, slack + history.lateness
        self.rows = []  # (what, how many or how much, of them wrong)
        self.latest = 0.0

    def run(self):
        self._registrations()
        self._ended_sessions()
        self._guesses()
        self._sessions_of_accounts()
        self._pending_attempts()
        self._nodes()
        for text in self.history.violations:
            self.rows.append((text, "", "wrong"))
        return not self.problems()

    def problems(self):
        return [row for row in self.rows if row[2]]

    def _add(self, label, amount, wrong=0):
        self.rows.append((label, amount, wrong))

    def _registrations(self):
        rows = self.cluster.pair.psql("SELECT name, encode(token_digest, 'hex') FROM accounts LEFT JOIN sessions ON "
                                      "account_id = accounts.id")
        stored = {tuple(row.split("|")) for row in rows.splitlines()}
        live = [each for each in self.history.registrations if not each.ended]
        lost = [each.name for each in live if (each.name, each.digest) not in stored]
        self._add("acknowledged registrations; not stored", len(live), len(lost))
        names = {name for name, _ in stored}
        kept = [name for name in self.history.unavailable_names if name in names]
        # Not wrong: a porterd that was killed cannot undo them. No client has a token of theirs.
        self._add("registrations denied as unavailable; of them kept by a kill",
                  f"{len(self.history.unavailable_names)}; {len(kept)}")
        sample = live[::max(1, len(live) // 2000)]
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            invalid = [name for name in threads.map(self._resume, sample) if name]
        self._add("of them resumed by their tokens; denied", len(sample), len(invalid))

    def _resume(self, account):
        """The name if the token is not that of a session of this name."""
        connection = self.cluster.connect()
        try:
            connection.hello()
            answer = connection.request("resume", account.token)
        finally:
            connection.close()
        is_good = answer.kind == "granted" and (answer.name, answer.session) == (account.name, account.session)
        return "" if is_good else account.name

    def _ended_sessions(self):
        absences = {number: list(absences_of(node, number, self.history, self.end))
                    for number, node in enumerate(self.cluster.nodes)}
        late, resumed, in_absence, over_a_second = [], [], 0, 0
        for each in self.history.ended_sessions:
            limit = may_be_served_until(each.at, absences[each.node])
            in_absence += limit > each.at + PROMISE
            if limit <= each.at + PROMISE and each.last_echo:
                self.latest = max(self.latest, each.last_echo - each.at)
                over_a_second += each.last_echo > limit
            if each.last_echo > limit + self.slack:
                late.append(each)
            # A resume asks the database: that takes no time that a machine could add to.
            resumed += [each for _, sent in each.resumes if sent > each.at + PROMISE]
        self._add("ended sessions; served for longer than promised", len(self.history.ended_sessions), len(late))
        self._add("of them at a node without its database, which has its grace", in_absence)
        self._add("longest service after the end, where the database was reached", f"{self.latest:.2f} s")
        self._add(f"of them served for longer than {PROMISE:g} s, at most {PROMISE + self.slack:.2f} s", over_a_second)
        self._add("greatest lateness of a thread of this machine", f"{self.history.lateness:.2f} s")
        self._add("of the ended sessions resumed", len(resumed), len(resumed))
        self.rows += [(f"{each.name} by {each.by} at node {each.node + 1}: {each.last_echo - each.at:.2f} s", "", 1)
                      for each in late]

    def _guesses(self):
        certain = [each for each in self.history.guesses
                   if not any(at - FORGOTTEN <= each.answered and each.sent <= at for at in self.history.takeovers)]
        names, networks = {}, {}
        for each in certain:
            names.setdefault(each.name, []).append(each)
            networks.setdefault(each.network, []).append(each)
        wrong = {name: first_guess_too_many(guesses) for name, guesses in names.items()}
        self._add("guesses that were checked; at names where the rules allow fewer", len(self.history.guesses),
                  sum(map(bool, wrong.values())))
        self._add("most guesses at one name", max(map(len, names.values()), default=0))
        most = max((most_within(guesses, WINDOW - PROMISE) for guesses in networks.values()), default=0)
        self._add("most guesses of one network in ten minutes", most, int(most > GUESSES_OF_A_NETWORK))

    def _sessions_of_accounts(self):
        most = int(self.cluster.pair.psql("SELECT coalesce(max(count), 0) FROM (SELECT count(*) FROM sessions GROUP BY "
                                          "account_id) AS counts") or 0)
        self._add(f"most sessions of one account (limit {LIMIT_OF_SESSIONS})", most, int(most > LIMIT_OF_SESSIONS))

    def _pending_attempts(self):
        self._add("oldest pending attempt during the run", f"{self.history.largest_pending_age:.0f} s")
        until(lambda: self.cluster.pair.psql("SELECT count(*) FROM attempts WHERE is_pending") == "0",
              "no attempt is pending", ABANDONED_AFTER * 2)
        self._add("pending attempts a minute after the last fault", 0)

    def _nodes(self):
        defects = 0
        for node in self.cluster.nodes:
            node.server.assert_healthy()
            defects += sum(event == "defect" for _, event in node.events())
        self._add("defects in the logs of porterd", defects, defects)

    def text(self):
        lines = ["| what | | wrong |", "|---|---|---|", *(f"| {' | '.join(map(str, row))} |" for row in self.rows), "",
                 "| fault | times |", "|---|---|"]
        lines += [f"| {name} | {count} |" for name, count in sorted(self.history.faults.items())]
        lines += ["", "| request: answer | times |", "|---|---|"]
        lines += [f"| {request}: {answer} | {count} |"
                  for (request, answer), count in sorted(self.history.answers.items())]
        return "\n".join(lines)
