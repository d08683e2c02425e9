"""Two PostgreSQL servers, a primary and its synchronous standby, one of which takes over from the other."""
import contextlib
import shutil
import signal

from .key_pair import KeyPair
from .peers import free_port
from .postgres import SUPERUSER, TEMPLATE, Cluster, new_folder, programs, skip_without_postgresql
from .waiting import until

# fsync stays off: what is killed here are processes, and what they wrote is in the cache of the kernel.
SETTINGS = {"synchronous_commit": "on", "autovacuum": "on", "full_page_writes": "on", "wal_keep_size": "256MB",
            "max_wal_size": "256MB", "wal_sender_timeout": "5s", "wal_receiver_timeout": "5s",
            "wal_retrieve_retry_interval": "200ms"}
NAMES = ("a", "b")
STANDBYS = f"ANY 1 ({', '.join(NAMES)})"


class Member(Cluster):
    """One of the two. It listens on `address` and `port`, and on a Unix socket in its folder, by which psql reaches it
    whatever happens to the network."""

    def __init__(self, folder, name, address, port, prefix=()):
        super().__init__(folder, port, prefix)
        self.name, self.address = name, address
        self.tls = None  # the file names of certificate, key and authority

    def use_tls(self, authority, pair):
        for kind, file in (("certificate", pair.certificate), ("key", pair.key), ("authority", authority.certificate)):
            self.add_file(f"{kind}.pem", file.read_bytes())
        self.tls = {kind: self.folder / f"{kind}.pem" for kind in ("certificate", "key", "authority")}

    def settings(self):
        own = {"listen_addresses": f"'{self.address}'", "port": self.port, "cluster_name": f"'{self.name}'",
               "unix_socket_directories": f"'{self.folder}'"}
        if self.tls:
            own |= {"ssl": "on", "ssl_cert_file": f"'{self.tls['certificate']}'",
                    "ssl_key_file": f"'{self.tls['key']}'", "ssl_ca_file": f"'{self.tls['authority']}'"}
        return SETTINGS | own

    def copy_from(self, primary):
        """Replaces its data by those of the primary, as a standby of it."""
        shutil.rmtree(self.data, ignore_errors=True)
        self._run(programs() / "pg_basebackup", "--host", primary.folder, "--port", primary.port, "--username",
                  SUPERUSER, "--pgdata", self.data, "--wal-method=stream", "--checkpoint=fast", "--no-sync")
        link = f"host={primary.address} port={primary.port} user={SUPERUSER} application_name={self.name}"
        if self.tls:
            link += (f" sslmode=verify-full sslrootcert={self.tls['authority']} sslcert={self.tls['certificate']}"
                     f" sslkey={self.tls['key']} tcp_user_timeout=2000")
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.writelines(f"{name} = {value}\n" for name, value in self.settings().items())
            file.write(f"primary_conninfo = '{link}'\n")
        self.add_file("data/standby.signal", "")

    def set_standbys(self, names):
        """Those for which a commit waits; empty: it waits for none."""
        self.psql("postgres", f"ALTER SYSTEM SET synchronous_standby_names = '{names}'", "SELECT pg_reload_conf()")

    def promote(self):
        self._run(programs() / "pg_ctl", "--wait", "--silent", "--pgdata", self.data, "promote")


class Pair:
    """A primary and a synchronous standby with the database `porter`: a commit waits for both. Both are in memory.

    They listen on 127.0.0.1, or on `machines`, two of support.network, whose servers demand a certificate of each
    client. A primary that was replaced is dead, stopped or cut off, and attach() makes it the new standby."""

    def __init__(self, machines=()):
        skip_without_postgresql()
        self.folder = new_folder("porter-pair-", members=NAMES)
        self.folder.chmod(0o755)
        self.machines = dict(zip(NAMES, machines))
        self.authority = self.certificate = None
        self.members = [self._member(name) for name in NAMES]
        self.primary, self.standby = self.members
        try:
            if machines:
                self._use_tls()
            self._create()
        except BaseException:
            self.remove()
            raise

    def _member(self, name):
        folder = self.folder / name
        folder.mkdir(mode=0o700)
        if machine := self.machines.get(name):
            return Member(folder, name, machine.address, 5432, machine.prefix)
        return Member(folder, name, "127.0.0.1", free_port())

    def _use_tls(self):
        folder = self.folder / "certificates"
        folder.mkdir(mode=0o700)
        self.authority = KeyPair(folder, "authority", "DNS:authority")
        for member in self.members:
            member.use_tls(self.authority, KeyPair.signed_by(self.authority, folder, member.name,
                                                             f"IP:{member.address}"))
        self.certificate = KeyPair.signed_by(self.authority, folder, "client")

    def _create(self):
        rules = ["hostssl all,replication all 0.0.0.0/0 trust clientcert=verify-ca"] if self.machines else []
        self.primary.create(self.primary.settings(), rules)
        self.primary.start()
        self.primary.create_templates()
        self.psql(f"CREATE DATABASE porter TEMPLATE {TEMPLATE}", database="postgres")
        self._attach()
        # From now on, and after any takeover, nothing is acknowledged that one machine has alone.
        for member in self.members:
            member.set_standbys(STANDBYS)
        until(self.is_synchronous, "the standby is synchronous")

    def url(self, role="node", ports=None):
        """The address for --database. `ports`: of proxies on 127.0.0.1 before the servers, by name."""
        hosts = ",".join(f"{member.address}:{(ports or {}).get(member.name, member.port)}" for member in self.members)
        options = ""
        if self.authority:
            options = (f"?sslmode=verify-full&sslrootcert={self.authority.certificate}"
                       f"&sslcert={self.certificate.certificate}&sslkey={self.certificate.key}")
        return f"postgresql://{role}@{hosts}/porter{options}"

    def psql(self, *statements, role=SUPERUSER, database="porter"):
        return self.primary.psql(database, *statements, role=role)

    def psql_command(self, role=SUPERUSER):
        """The command of a shell on the primary."""
        return ["psql", "--host", str(self.primary.folder), "--port", str(self.primary.port), "--username", role,
                "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "porter"]

    def is_synchronous(self):
        return self.psql("SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')") == "1"

    def kill_primary(self):
        self.primary.kill()

    def start_primary(self):
        """After kill_primary(): it recovers."""
        self.primary.start()
        until(self.is_synchronous, "the standby has found the primary again")

    def pause_primary(self):
        """By SIGSTOP: connections stay open, and the kernel accepts and acknowledges for it."""
        self.primary.signal(signal.SIGSTOP)

    def resume_primary(self):
        self.primary.signal(signal.SIGCONT)

    def promote(self):
        """The standby becomes the primary. It commits nothing until attach()."""
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary

    @contextlib.contextmanager
    def two_primaries(self):
        """The primary freezes, and the standby takes over and commits alone. No one sees to it that the former primary,
        which is passed on, does not come back. In the end it becomes the standby."""
        self.pause_primary()
        self.promote()
        self.primary.set_standbys("")
        yield self.standby
        self.primary.set_standbys(STANDBYS)
        self.attach()

    def attach(self, before=None):
        """Kills the replaced primary and makes it a new standby. `before` is called between the two."""
        self.standby.kill()
        if before:
            before()
        self._attach()
        until(self.is_synchronous, "the standby is synchronous")

    def _attach(self):
        self.standby.copy_from(self.primary)
        self.standby.start()

    def end_sessions(self):
        """Ends the sessions of porterd, as an administrator does."""
        self.psql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = 'porter' AND "
                  "pid <> pg_backend_pid()", database="postgres")

    def remove(self):
        for member in self.members:
            member.remove()
        shutil.rmtree(self.folder, ignore_errors=True)
