"""A PostgreSQL of Debian's package that a test program starts for itself, with Porter's schema."""
import glob
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from .lifetime import ENDS_WITH_TEST, afterwards
from .peers import free_port
from .waiting import HANG_GUARD, until

ROOT = pathlib.Path(__file__).resolve().parents[3]
SUPERUSER = "postgres"
EMPTY = "porter_empty"  # the database with the schema porter, and no migration applied
TEMPLATE = "porter_template"  # the database with all migrations applied
LOGINS = {"node": "porter_node", "porterctl": "porter_administrator", "reader": "porter_reader",
          "owner": "porter_owner", "nothing": None}
# In memory, so nothing waits for a disk. All memory that a kill would leave behind is in the folder.
SETTINGS = {"listen_addresses": "''", "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off",
            "dynamic_shared_memory_type": "mmap", "shared_buffers": "32MB", "max_connections": "200",
            "autovacuum": "off", "min_wal_size": "4MB", "max_wal_size": "32MB"}


def programs():
    """The folder of initdb and pg_ctl, of the newest version; None: they are not installed. Debian does not put it into
    PATH."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda path: int(path.split("/")[4]))
    found = found[-1] if found else shutil.which("initdb")
    return pathlib.Path(found).parent if found and shutil.which("psql") else None


def skip_without_postgresql():
    """Skips the test; in CI, which has PostgreSQL, the test fails."""
    if not programs():
        reason = "PostgreSQL is not installed: apt-get install postgresql"
        assert os.environ.get("CI") != "true", reason
        raise unittest.SkipTest(reason)


def new_folder(prefix, where=None, members=()):
    """A folder for a Cluster, or for one in each of the subfolders `members`; in memory, if there is enough. When this
    program has ended, it is removed, and what runs there is ended."""
    if not where and os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free > 256 << 20:
        where = "/dev/shm"
    folder = pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir=where))
    afterwards(sys.executable, "-B", ROOT / "tests/store/postgres/cluster.py", "stop",
               *(folder / member for member in members), folder)
    return folder


def migrations():
    """The files in the order of their numbers."""
    return sorted((ROOT / "migrations/postgres").glob("[0-9]*.sql"))


class Postgres:
    """Starts a PostgreSQL, and creates the database `porter` with all migrations applied. The roles of LOGINS, and the
    superuser, log in without a password.

    It listens on a Unix socket in its folder, with is_tcp also on a free port of 127.0.0.1. `settings` are lines of
    postgresql.conf, by name; `hba` are lines before those of pg_hba.conf; `files` are put into the folder, by name.
    Without PostgreSQL the tests are skipped, in CI they fail."""

    def __init__(self, is_tcp=False, settings=None, hba=(), files=None):
        skip_without_postgresql()
        self.cluster = Cluster(new_folder("porter-postgres-"))
        self.folder, self.database, self._count = self.cluster.folder, "porter", 0
        for name, content in (files or {}).items():
            self.cluster.add_file(name, content)
        if is_tcp:
            self.cluster.port = free_port()
            settings = {"listen_addresses": "'127.0.0.1'", "port": self.cluster.port, **(settings or {})}
        self.port = self.cluster.port
        self.target = f"127.0.0.1:{self.port}"
        try:
            self.cluster.create(settings or {}, hba)
            self.cluster.start()
            self.cluster.create_templates()
            self.create_database("porter")
        except BaseException:
            self.remove()
            raise

    def create_database(self, name=None, source=TEMPLATE):
        """A copy of another database; returns its name. `source`: also EMPTY, or template0 without anything."""
        self._count += 1
        name = name or f"porter_{self._count}"
        self.cluster.psql("postgres", f'CREATE DATABASE "{name}" TEMPLATE {source}')
        return name

    def drop_database(self, name):
        self.cluster.psql("postgres", f'DROP DATABASE "{name}" WITH (FORCE)')

    def url(self, role="node", database=None, is_tcp=False):
        """The address for --database, by the Unix socket or by TCP."""
        database = database or self.database
        if is_tcp:
            return f"postgresql://{role}@127.0.0.1:{self.port}/{database}"
        return f"postgresql://{role}@/{database}?host={self.folder}&port={self.port}"

    def psql(self, *statements, role=SUPERUSER, database=None):
        """What psql -At prints for these statements, without the last line feed. Fails on an error."""
        return self.cluster.psql(database or self.database, *statements, role=role)

    def start(self):
        self.cluster.start()

    def stop(self, mode="fast"):
        """In the mode `fast` or `immediate` of pg_ctl, which both end the sessions."""
        self.cluster.stop(mode)

    def restart(self):
        self.stop()
        self.start()

    def kill(self):
        self.cluster.kill()

    def pause(self):
        """Stops all processes by SIGSTOP: connections stay open, and the kernel accepts and acknowledges for them."""
        self.cluster.signal(signal.SIGSTOP)
        until(lambda: all(state_of(pid) in "T" for pid in self.cluster.processes()), "PostgreSQL is stopped")

    def resume(self):
        self.cluster.signal(signal.SIGCONT)

    def end_sessions(self, database=None):
        """Ends the sessions of a database as an administrator does."""
        self.psql(f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = "
                  f"'{database or self.database}' AND pid <> pg_backend_pid()", database="postgres")

    def log(self):
        return (self.folder / "log").read_text()

    def remove(self):
        self.cluster.remove()


class Cluster:
    """The files and processes of a PostgreSQL in a folder. It listens on a Unix socket there. `prefix` runs a command
    on its machine."""

    def __init__(self, folder, port=5432, prefix=()):
        self.folder, self.port, self.prefix, self.data = folder, port, prefix, folder / "data"
        # PostgreSQL refuses to run as root.
        self.owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        self._own(folder)

    def _own(self, path):
        if self.owner:
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)

    def _run(self, *command):
        as_owner = ("setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups") if self.owner else ()
        done = subprocess.run([*self.prefix, *as_owner, *ENDS_WITH_TEST, *map(str, command)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, cwd="/", timeout=HANG_GUARD, check=False,
                              env={"PATH": os.environ["PATH"], "PGOPTIONS": "-c search_path=porter,public"})
        assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"
        return done.stdout

    def add_file(self, name, content):
        """Only PostgreSQL can read it."""
        file = self.folder / name
        file.touch(mode=0o600)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        self._own(file)

    def create(self, settings, hba=()):
        self._run(programs() / "initdb", "--no-sync", "--pgdata", self.data, "--encoding=UTF8", "--locale=C",
                  "--auth=trust", "--wal-segsize=1", f"--username={SUPERUSER}")
        lines = {**SETTINGS, "unix_socket_directories": f"'{self.folder}'", **settings}
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.writelines(f"{name} = {value}\n" for name, value in lines.items())
        rules = self.data / "pg_hba.conf"
        rules.write_text("".join(f"{line}\n" for line in hba) + rules.read_text())

    def create_templates(self):
        """The logins, and the databases EMPTY and TEMPLATE."""
        self._run("createdb", *self._address(), "--template=template0", "--encoding=UTF8", "--locale=C", EMPTY)
        self.psql("postgres", f"ALTER ROLE {SUPERUSER} SET search_path = porter, public")
        self.psql(EMPTY, (ROOT / "tools/postgres/roles.sql").read_text(encoding="utf-8"))
        self.psql("postgres", *(f"CREATE ROLE {login} LOGIN" + (f" IN ROLE {role}" if role else "")
                                for login, role in LOGINS.items()), f"CREATE DATABASE {TEMPLATE} TEMPLATE {EMPTY}")
        for step in migrations():
            self.psql(TEMPLATE, "BEGIN", "SET ROLE porter_owner", step.read_text(encoding="utf-8"), "COMMIT")

    def _address(self, role=SUPERUSER):
        return ["--host", self.folder, "--port", self.port, "--username", role]

    def psql(self, database, *statements, role=SUPERUSER):
        """Each statement is a transaction of its own, unless BEGIN is one of them."""
        words = [f"--command={statement}" for statement in statements]
        return self._run("psql", *self._address(role), "--no-psqlrc", "--quiet", "--no-align", "--tuples-only",
                         "--set=ON_ERROR_STOP=1", f"--dbname={database}", *words).removesuffix("\n")

    def start(self):
        """Waits until it accepts connections. It goes on when the program that has started it ends."""
        self._run(programs() / "pg_ctl", "--wait", "--silent", "--pgdata", self.data, "--log", self.folder / "log",
                  "start")

    def stop(self, mode):
        self._run(programs() / "pg_ctl", "--wait", "--silent", "--pgdata", self.data, f"--mode={mode}", "stop")

    def kill(self):
        """Kills all processes by SIGKILL, as a crash of the machine does; start() recovers the databases."""
        ended = self.processes()
        self.signal(signal.SIGKILL)
        until(lambda: not any(map(state_of, ended)), "PostgreSQL has ended")
        lock = self.data / "postmaster.pid"
        if ended:  # its segment of shared memory, which a start without the lock would not find
            self._run("ipcrm", "--shmem-id", lock.read_text().split("\n")[6].split()[1])
        for each in (lock, *self.folder.glob(".s.PGSQL.*.lock")):
            each.unlink(missing_ok=True)  # a start would take a zombie for a postmaster that runs

    def processes(self):
        """The postmaster and its children; empty if it does not run."""
        try:
            postmaster = int((self.data / "postmaster.pid").read_text().split("\n")[0])
        except (FileNotFoundError, ValueError):
            return []
        if not state_of(postmaster):
            return []
        return [postmaster, *(pid for pid in map(int, filter(str.isdigit, os.listdir("/proc")))
                              if state_of(pid, parent=postmaster))]

    def signal(self, number):
        """To the postmaster first, which then starts no further child. Each process has a session of its own."""
        found = self.processes()
        for pid in found[:1]:
            os.kill(pid, number)
        for pid in {*found[1:], *self.processes()[1:]}:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def remove(self):
        """Stops it if it runs, also if it is paused, and removes the folder."""
        self.signal(signal.SIGCONT)
        if self.processes():
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)


def state_of(pid, parent=None):
    """The state of a process as in /proc, such as T; empty if there is none with this parent, or it is a zombie: the
    children of a killed postmaster may remain as such."""
    try:
        state, of = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return state if state not in "ZX" and parent in (None, int(of)) else ""
