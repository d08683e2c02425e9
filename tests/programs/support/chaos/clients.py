"""The clients: each is a thread that repeats one kind of session until it is stopped."""
import itertools
import random
import threading
import time

from ..case import PASSWORD
from .history import EndedSession, Guess, Registration

PATIENCE = 15  # seconds for an answer: longer than porterd takes to say that the database is unavailable
WRONG_PASSWORD = "never the right password 7"
_PAUSE = 0.1  # seconds, after an answer that was no success
_ECHO_PAUSE = 0.02
GUESS_PAUSE = 0.4
_NAP = 0.05
_numbers = itertools.count(1)


def fresh_name(kind):
    return f"{kind} {next(_numbers)}"


class Client(threading.Thread):
    """Calls step() until stop(). An OSError is a lost connection; any other exception is raised by stop()."""

    def __init__(self, cluster, history, seed):
        super().__init__(daemon=True)
        self.cluster, self.history = cluster, history
        self.random = random.Random(f"{type(self).__name__} {seed}")
        self.stopping = threading.Event()
        self.error = None
        self._open = []

    def run(self):
        try:
            while not self.stopping.is_set():
                try:
                    self.step()
                except OSError:
                    self.history.count("any", "connection lost")
                    self.pause()
                finally:
                    self._close_all()
        except BaseException as error:
            self.error = error

    def stop(self):
        self.stopping.set()
        self.join()
        if self.error:
            raise self.error

    def pause(self, seconds=_PAUSE):
        self.stopping.wait(seconds)

    def any_node(self):
        return self.random.randrange(len(self.cluster.nodes))

    def _close_all(self):
        while self._open:
            try:
                self._open.pop().close()
            except OSError:
                pass

    def ask(self, request, *values, node=None, address=None):
        """A connection and the answer to its access request; raises OSError if it is lost before."""
        connection = self.cluster.connect(node, address, guard=PATIENCE)
        self._open.append(connection)
        connection.send("hello", 1, "chaos")
        connection.send(request, *values)
        answer = connection.receive()
        if answer and answer.kind == "welcome":
            answer = connection.receive()
        if answer is None:
            raise ConnectionResetError
        self.history.count(request, answer.kind if answer.kind == "granted" else f"{answer.kind} {answer.code}")
        return connection, answer

    def log_in(self, name, node=None):
        """With the right password. The connection and what was granted; None: it was denied."""
        connection, answer = self.ask("login", name, PASSWORD, node=node)
        if answer.kind == "granted":
            return connection, answer
        if answer.code == "bad_credentials":
            self.history.on_violation(f"bad_credentials for the right password of {name}")
        self.pause()
        return None


class Registrar(Client):
    """Registers accounts, and resumes some of them."""

    def step(self):
        name = fresh_name("account")
        _, answer = self.ask("register", name, PASSWORD)
        if answer.kind == "granted":
            self.history.add_registration(Registration(name, answer.token, answer.session, time.monotonic()))
        elif answer.code == "unavailable":
            self.history.add("unavailable_names", name)
            self.pause()
        if self.random.random() < 0.5:
            self._resume()

    def _resume(self):
        account = self.history.sample_of_registrations(self.random)
        if not account:
            return
        _, answer = self.ask("resume", account.token)
        if answer.kind == "denied" and answer.code == "invalid_token" and not account.ended:
            self.history.on_violation(f"the token of {account.name} was acknowledged, and is invalid")


class Revoker(Client):
    """Ends sessions that have a live connection at another node, and looks for how long they are served."""

    def step(self):
        name = fresh_name("revoked")
        _, registered = self.ask("register", name, PASSWORD)
        node = self.any_node()
        live = registered.kind == "granted" and self.log_in(name, node)
        remote = live and self.log_in(name, self.any_node())
        if not remote:
            self.pause()
            return
        connection, granted = live
        by = self.random.choice((self._by_revoking, self._by_logging_out, self._by_hand))
        if not self._echo(connection) or not by(remote[0], granted.session):
            return
        ended = EndedSession(name, node, by.__name__.removeprefix("_by_"), time.monotonic())
        self.history.count("end of a session", ended.by)
        self._follow(connection, ended)
        self._try_token(granted.token, ended)
        self.history.add("ended_sessions", ended)

    @staticmethod
    def _by_revoking(remote, session):
        answer = remote.request("revoke_session", session)
        return answer is not None and answer.kind == "done"

    @staticmethod
    def _by_logging_out(remote, _):
        answer = remote.request("logout", 1)
        return answer is not None and answer.kind == "done"

    def _by_hand(self, _, session):
        try:
            return self.cluster.pair.psql("WITH gone AS (DELETE FROM sessions WHERE id = "
                                          f"{session} RETURNING 1) SELECT count(*) FROM gone") == "1"
        except AssertionError:  # no primary just now, or its answer was lost
            return False

    @staticmethod
    def _echo(connection):
        connection.send("text", "still there?")
        answer = connection.receive()
        return answer is not None and answer.kind == "text"

    def _follow(self, connection, ended):
        try:
            while not self.stopping.is_set():
                sent = time.monotonic()
                if not self._echo(connection):
                    break
                ended.last_echo = sent
                time.sleep(_ECHO_PAUSE)
        except OSError:
            pass

    def _try_token(self, token, ended):
        """At each node, after what the promise allows."""
        self.pause(max(0.0, ended.at + 1.0 - time.monotonic()))
        for node in range(len(self.cluster.nodes)):
            sent = time.monotonic()
            try:
                _, answer = self.ask("resume", token, node=node)
            except OSError:
                continue
            if answer.kind == "granted":
                ended.resumes.append((node, sent))


class Sleeper(Client):
    """Measures how late this machine lets a thread go on, which is what other work on it adds to a promise."""

    def step(self):
        due = time.monotonic() + _NAP
        time.sleep(_NAP)
        self.history.lateness = max(self.history.lateness, time.monotonic() - due)


class Opener(Client):
    """Opens one session after the other with one account, more than an account may have."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.account = None

    def step(self):
        if self.account is None:
            name = fresh_name("opener")
            _, answer = self.ask("register", name, PASSWORD)
            self.account = name if answer.kind == "granted" else None
        else:
            self.log_in(self.account)
        self.pause()


class Guesser(Client):
    """Guesses passwords at one node. Several guess at the same time: at one name, each time from another network, or
    from one network, each time at another name."""

    def __init__(self, cluster, history, seed, node, name=None, address=None):
        super().__init__(cluster, history, f"{seed} {node} {name} {address}")
        self.node, self.target, self.address = node, name, address

    def step(self):
        name = self.target or fresh_name("nothing")
        address = self.address or self.cluster.fresh_address()
        sent = time.monotonic()
        _, answer = self.ask("login", name, WRONG_PASSWORD, node=self.node, address=address)
        if answer.kind == "granted":
            self.history.on_violation(f"a wrong password was granted access to {name}")
        elif answer.code == "bad_credentials":
            self.history.add("guesses", Guess(name, address, sent, time.monotonic()))
        self.pause(GUESS_PAUSE)
