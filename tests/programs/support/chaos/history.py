"""What was acknowledged to clients, and when. Times are those of one monotonic clock."""
import collections
import threading
from dataclasses import dataclass, field

from ..failover import digest


@dataclass
class Registration:
    name: str
    token: str
    session: int
    at: float
    ended: bool = False  # its session, by a request that was acknowledged or may have been carried out

    @property
    def digest(self):
        return digest(self.token)


@dataclass
class EndedSession:
    """A session whose end was acknowledged, and what its live connection and its token were still good for."""

    name: str
    node: int  # of its live connection
    by: str
    at: float
    last_echo: float = 0.0  # when the last text was sent that was echoed; 0: none after the end
    resumes: list = field(default_factory=list)  # (node, time of the request) of each one that was granted


@dataclass
class Guess:
    """A wrong password that was checked: the answer was bad_credentials."""

    name: str
    network: str
    sent: float
    answered: float


class History:
    """For many threads."""

    def __init__(self):
        self._lock = threading.Lock()
        self.registrations, self.ended_sessions, self.guesses = [], [], []
        self.unavailable_names = []  # whose registration was denied as unavailable
        self.answers = collections.Counter()  # (request, answer)
        self.faults = collections.Counter()
        self.absences = []  # (node, begin, end) in which porterd could not know what happened elsewhere
        self.takeovers = []  # when a primary was about to be replaced
        self.violations = []
        self.removed = set()  # ids of sessions that a shell has deleted
        self.largest_pending_age = 0.0  # seconds
        self.lateness = 0.0  # seconds, the greatest of a thread of this machine

    def add(self, collection, item):
        with self._lock:
            getattr(self, collection).append(item)

    def count(self, request, answer):
        with self._lock:
            self.answers[request, answer] += 1

    def on_fault(self, name):
        with self._lock:
            self.faults[name] += 1

    def on_violation(self, text):
        with self._lock:
            self.violations.append(text)

    def on_sessions_removed(self, ids):
        """By hand, in a moment."""
        with self._lock:
            self.removed |= ids
            for each in self.registrations:
                each.ended = each.ended or each.session in self.removed

    def add_registration(self, registration):
        with self._lock:
            registration.ended = registration.session in self.removed
            self.registrations.append(registration)

    def sample_of_registrations(self, generator):
        """One whose session has not ended; None if there is none yet."""
        with self._lock:
            candidates = self.registrations[-200:]
        live = [each for each in candidates if not each.ended]
        return generator.choice(live) if live else None
