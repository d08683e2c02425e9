"""An unmodified redis-cli through porter and porterd to a real Redis (docs/tunnel.md)."""
import contextlib
import random
import shutil
import subprocess
import unittest

from support.administrator import AdministratorCase
from support.memory import ENVIRONMENT, MIB, resident
from support.peers import Haproxy, Redis
from support.server import Server
from support.tunnel import TunnelCase, need
from support.upstream import ProxyHeader, Upstream, echo, receive_exactly
from support.waiting import HANG_GUARD, until

TUNNELS = 200  # at once
LARGE = 20_000_000


@need("redis-server", "redis-cli")
class RedisCase(TunnelCase, AdministratorCase):
    options = ("--strict-port",)
    environment = ENVIRONMENT

    @classmethod
    def setUpClass(cls):
        cls.redis = cls.forward_to(Redis())
        super().setUpClass()

    def tunnel(self):
        """A listener of a new account."""
        self.name = self.fresh_name()
        self.log_in(self.name)
        return self.listen("--name", self.name, env=ENVIRONMENT)

    def cli(self, listener, *words, stdin=b""):
        """What redis-cli prints."""
        done = subprocess.run(["redis-cli", "-p", str(listener.port), *map(str, words)], input=stdin,
                              capture_output=True, timeout=HANG_GUARD, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""), listener.log())
        return done.stdout.removesuffix(b"\n")

    def subscribe(self, listener, channel):
        """A redis-cli that prints what is published; returns it and the file of its output."""
        output = self.home / f"{channel}.out"
        with open(output, "wb") as out:
            process = subprocess.Popen(["redis-cli", "-p", str(listener.port), "SUBSCRIBE", channel], stdout=out,
                                       stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        self.addCleanup(process.wait, HANG_GUARD)
        self.addCleanup(process.kill)
        until(lambda: output.read_text().startswith("subscribe\n"), "it is subscribed")
        return process, output


class Commands(RedisCase):
    def test_a_value_is_set_and_read(self):
        listener = self.tunnel()
        self.assertEqual(self.cli(listener, "SET", "greeting", "hello"), b"OK")
        self.assertEqual(self.cli(listener, "GET", "greeting"), b"hello")
        self.assertEqual(self.redis.ask("GET", "greeting"), "hello")
        listener.stop()

    def test_a_large_value_goes_both_ways(self):
        listener = self.tunnel()
        value = random.Random(1).randbytes(LARGE)
        self.assertEqual(self.cli(listener, "-x", "SET", "large", stdin=value), b"OK")
        self.assertTrue(self.cli(listener, "--raw", "GET", "large") == value)
        listener.stop()

    def test_a_hundred_thousand_commands_in_a_pipeline(self):
        listener = self.tunnel()
        commands = b"".join(b"SET piped:%d %d\r\n" % (number, number) for number in range(100_000))
        printed = self.cli(listener, "--pipe", stdin=commands)
        self.assertIn(b"errors: 0, replies: 100000", printed)
        self.assertEqual(self.cli(listener, "GET", "piped:99999"), b"99999")
        listener.stop()

    def test_what_is_published_is_pushed(self):
        listener = self.tunnel()
        _, output = self.subscribe(listener, "news")
        self.assertEqual(self.cli(listener, "PUBLISH", "news", "hello"), b"1")
        until(lambda: output.read_text().endswith("message\nnews\nhello\n"), "redis-cli prints it")
        listener.stop()

    def test_a_unix_socket_leads_there_too(self):
        self.log_in(name := self.fresh_name())
        listener = self.listen("--name", name, where=f"unix:{self.home}/redis.sock")
        done = subprocess.run(["redis-cli", "-s", self.home / "redis.sock", "PING"], capture_output=True, check=False,
                              timeout=HANG_GUARD)
        self.assertEqual(done.stdout, b"PONG\n", done.stderr)
        listener.stop()


class Failures(RedisCase):
    def test_a_revoked_session_cuts_a_live_tunnel(self):
        listener = self.tunnel()
        subscriber, output = self.subscribe(listener, "cut")
        self.ctl("sessions", "revoke", "--account", self.name)
        subscriber.wait(HANG_GUARD)
        listener.expect("closed: session_ended")
        until(lambda: self.redis.ask("PUBSUB", "NUMSUB", "cut").split()[-1] == "0", "Redis sees the end, too")
        self.assertRegex(listener.log(), r"porter: connection 1 from 127\.0\.0\.1:\d+: closed: session_ended")
        self.assertTrue(output.read_text().startswith("subscribe\ncut\n1\n"))
        listener.stop()

    def test_a_redis_that_is_killed_and_started_again(self):
        listener = self.tunnel()
        subscriber, _ = self.subscribe(listener, "killed")
        self.redis.kill()
        subscriber.wait(HANG_GUARD)
        self.redis.start()
        self.assertEqual(self.cli(listener, "PING"), b"PONG")
        listener.stop()

    def test_a_porterd_that_is_killed_and_started_again(self):
        listener = self.tunnel()
        subscriber, _ = self.subscribe(listener, "restart")
        self.server.requested_port = self.server.port
        self.server.kill()
        subscriber.wait(HANG_GUARD)
        listener.expect("connection 1 from 127.0.0.1:")
        until(lambda: self.redis.connected_clients() == 0, "Redis sees the end, too")
        self.server.start()
        self.assertEqual(self.cli(listener, "PING"), b"PONG")
        listener.stop()


class ManyTunnels(RedisCase):
    def test_all_are_open_at_the_same_time_and_leave_no_memory(self):
        listener = self.tunnel()
        self.redis.ask("--pipe", stdin=b"".join(b"SET key:%d %d\r\n" % (i, i * i) for i in range(TUNNELS)))
        self.open_all(listener, 20)  # what the first connections allocate once
        before = resident(self.server.process)
        self.open_all(listener, TUNNELS)
        growth = resident(self.server.process) - before
        self.assertLess(growth, 32 * MIB)
        self.assertEqual(listener.log().count("porter: "), 1, listener.log())  # that it listens
        listener.stop()

    def open_all(self, listener, count):
        """Each of these tunnels gets its own key; they are closed once all are open."""
        with contextlib.ExitStack() as stack:
            programs = [stack.enter_context(listener.connect()) for _ in range(count)]
            for number, local in enumerate(programs):
                local.sendall(b"GET key:%d\r\n" % number)
            for number, local in enumerate(programs):
                value = str(number * number)
                answer = f"${len(value)}\r\n{value}\r\n".encode()
                self.assertEqual(receive_exactly(local, len(answer)), answer)
            self.assertEqual(self.redis.connected_clients(), count)
        until(lambda: self.redis.connected_clients() == 0, "Redis sees the end of all")
        until(lambda: self.server.connections() == 0, "porterd has closed all")


class Identity(RedisCase):
    """Upstream programs that read the PROXY protocol learn the account of the tunnel."""

    def serve(self, target):
        server = Server("--service", f"forward:{target}", "--forward-identity", "proxy-v2")
        self.addCleanup(server.remove)
        self.log_in("Alice", server)
        return server, self.listen("--name", "Alice", server=server)

    def test_a_program_reads_the_name(self):
        def handle(connection):
            connection.sendall(ProxyHeader(connection).values[0xe0] + b"\n")
            echo(connection)
        upstream = Upstream(handle)
        self.addCleanup(upstream.close)
        server, listener = self.serve(upstream.target)
        with listener.connect() as local:
            self.assertEqual(receive_exactly(local, 6), b"Alice\n")
        listener.stop()
        server.stop()

    @unittest.skipUnless(shutil.which("haproxy"), "haproxy is missing")
    def test_haproxy_reads_the_name_in_front_of_redis(self):
        knows_name = Haproxy.version() >= (2, 9)  # older ones know no types of ours
        name = "name=%[fc_pp_tlv(0xE0)]." if knows_name else ""
        haproxy = Haproxy(f"unix@{self.redis.socket}", f"id=%[fc_pp_unique_id] from=%[src]. {name}")
        self.addCleanup(haproxy.remove)
        server, listener = self.serve(haproxy.target)
        self.assertEqual(self.cli(listener, "ECHO", "through haproxy"), b"through haproxy")
        while "from=127.0.0.1." not in (line := haproxy.log_line()):
            pass
        self.assertRegex(line, r"\bid=[1-9][0-9]* ")
        if knows_name:
            self.assertIn("name=Alice.", line)
        listener.stop()
        server.stop()


if __name__ == "__main__":
    unittest.main()
