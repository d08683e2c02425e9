"""porter --listen and --stdio: bytes of local programs through connections of their own."""
import hashlib
import os
import random
import signal
import socket
import stat
import subprocess
import threading
import unittest

from support.case import OTHER_PASSWORD
from support.scripted_server import ScriptedServer, grant_open_access, wait_for_close
from support.server import PORTER, Server, clean_environment, run
from support.tunnel import Listener, TunnelCase, receive_all
from support.waiting import HANG_GUARD, until


def exchange(local, data):
    """Sends and receives at the same time, as an echo needs it; returns what came back."""
    sender = threading.Thread(target=lambda: (local.sendall(data), local.shutdown(socket.SHUT_WR)))
    sender.start()
    received = receive_all(local)
    sender.join()
    return received


def is_closed(local):
    """Waits until the local socket is closed or reset."""
    try:
        return receive_all(local) == b""
    except ConnectionResetError:
        return True


class Listening(TunnelCase):
    def test_each_local_program_has_its_own_connection(self):
        self.log_in("Fifty")
        listener = self.listen("--name", "Fifty")
        programs = [listener.connect() for _ in range(50)]
        for number, local in enumerate(programs):
            local.sendall(f"program {number}\n".encode())
        for number, local in enumerate(programs):
            with local:
                local.shutdown(socket.SHUT_WR)
                self.assertEqual(receive_all(local), f"program {number}\n".encode())
        listener.stop()
        self.assertEqual(listener.log().count("porter: "), 1, listener.log())  # that it listens

    def test_a_large_transfer_comes_back_unchanged(self):
        self.log_in("Large")
        listener = self.listen()
        data = random.Random(1).randbytes(20_000_000)
        with listener.connect() as local:
            received = exchange(local, data)
        self.assertEqual(hashlib.sha256(received).digest(), hashlib.sha256(data).digest())
        listener.stop()

    def test_a_reader_that_pauses_loses_nothing(self):
        self.log_in("Pause")
        listener = self.listen()
        data = random.Random(2).randbytes(6_000_000)
        with listener.connect() as local:
            sender = threading.Thread(target=lambda: (local.sendall(data), local.shutdown(socket.SHUT_WR)))
            sender.start()
            sender.join()  # nothing is read before all is sent
            self.assertEqual(receive_all(local), data)
        listener.stop()

    def test_the_port_file_exists_while_it_listens(self):
        self.log_in("Port File")
        listener = self.listen()
        self.assertRegex(listener.port_file.read_text(), r"\A\d+\n\Z")
        self.assertIn(f"porter: listening on 127.0.0.1:{listener.port} for 127.0.0.1:{self.server.port}\n",
                      listener.log())
        listener.stop()
        self.assertFalse(listener.port_file.exists())

    def test_the_password_opens_one_session_for_all(self):
        account = self.account()
        listener = self.listen("--name", account.name, "--password-file", self.password, "--trust-first-use",
                               "--no-save")
        for _ in range(20):
            with listener.connect() as local:
                self.assertEqual(exchange(local, b"hello"), b"hello")
        client = self.resume(account)
        client.send("list_sessions")
        self.assertEqual(len(client.expect("sessions").sessions), 2)
        listener.stop()
        client.send("list_sessions")
        self.assertEqual(len(client.expect("sessions").sessions), 1, "an unsaved session ends at exit")

    def test_ctrl_c_ends_it_with_success(self):
        self.log_in("Interrupted")
        listener = self.listen()
        with listener.connect() as local:
            local.sendall(b"x")
            self.assertEqual(local.recv(1), b"x")
            listener.process.send_signal(signal.SIGINT)
            self.assertTrue(is_closed(local))
            self.assertEqual(listener.process.wait(HANG_GUARD), 0, listener.log())

    def test_a_unix_socket_is_for_its_owner_and_removed_at_exit(self):
        self.log_in("Unix")
        path = self.server.folder / "tunnel.sock"
        listener = self.listen(where=f"unix:{path}")
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        with listener.connect() as local:
            self.assertEqual(exchange(local, b"by a file"), b"by a file")
        second = self.porter("--listen", f"unix:{path}", "127.0.0.1", self.server.port)
        self.assertEqual((second.returncode, second.out), (69, ""), second.err)
        listener.kill()
        self.assertTrue(path.exists(), "a killed listener leaves its socket")
        listener = self.listen(where=f"unix:{path}")
        with listener.connect() as local:
            self.assertEqual(exchange(local, b"again"), b"again")
        listener.stop()
        self.assertFalse(path.exists())

    def test_a_file_that_is_no_socket_is_not_replaced(self):
        self.log_in("File")
        path = self.home / "file"
        path.write_text("kept")
        done = self.porter("--listen", f"unix:{path}", "127.0.0.1", self.server.port)
        self.assertEqual(done.returncode, 69, done.err)
        self.assertEqual(path.read_text(), "kept")

    def test_a_taken_port_is_an_error(self):
        self.log_in("Taken")
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            done = self.porter("--listen", port, "127.0.0.1", self.server.port)
        self.assertEqual(done.returncode, 69, done.err)
        self.assertIn(f"cannot listen on 127.0.0.1:{port}", done.err)


class Failures(TunnelCase):
    def test_access_is_checked_at_the_start(self):
        account = self.account()
        server = Server()
        self.addCleanup(server.remove)
        server.stop()
        self.password.write_text(OTHER_PASSWORD + "\n")
        for port, options, code in ((server.port, (), 69), (self.server.port, (), 77),
                                    (self.server.port, ("--trust-first-use",), 64),
                                    (self.server.port, ("--trust-first-use", "--name", account.name,
                                                        "--password-file", self.password), 77)):
            with self.subTest(code=code, options=options):
                done = self.porter("--listen", "0", "127.0.0.1", port, *options)
                self.assertEqual((done.returncode, done.out), (code, ""), done.err)

    def test_a_server_that_restarts_is_reached_again(self):
        server = Server("--strict-port")
        self.addCleanup(server.remove)
        self.log_in("Restart", server)
        listener = self.listen(server=server)
        port = server.port
        with listener.connect() as lost:
            lost.sendall(b"x")
            self.assertEqual(lost.recv(1), b"x")
            server.stop()
            self.assertTrue(is_closed(lost))
        listener.expect("connection 1 from 127.0.0.1:")
        self.assertIn("closed: shutting_down", listener.log())
        with listener.connect() as local:
            self.assertTrue(is_closed(local))
        listener.expect("cannot connect to 127.0.0.1")
        server.requested_port = port
        server.start()
        with listener.connect() as local:
            self.assertEqual(exchange(local, b"back"), b"back")
        listener.stop()
        server.stop()

    def test_a_session_that_ends_closes_the_local_program(self):
        self.log_in("Ended")
        listener = self.listen()
        client = self.connect()
        client.get_access("login", "Ended", self.password.read_text().strip())
        with listener.connect() as local:
            local.sendall(b"x")
            self.assertEqual(local.recv(1), b"x")
            client.request("logout", 1)
            self.assertTrue(is_closed(local))
        listener.expect("closed: session_ended")
        with listener.connect() as local:
            self.assertTrue(is_closed(local))
        listener.expect(f"log in by: porter 127.0.0.1 {self.server.port}")
        listener.stop()

    def test_a_session_that_ends_is_replaced_by_the_password(self):
        account = self.account()
        listener = self.listen("--name", account.name, "--password-file", self.password, "--trust-first-use")
        client = self.resume(account)
        client.request("logout", 1)
        for _ in range(3):
            with listener.connect() as local:
                self.assertEqual(exchange(local, b"renewed"), b"renewed")
        self.password.write_text(OTHER_PASSWORD + "\n")
        client = self.connect()
        client.get_access("login", account.name, account.password)
        client.request("logout", 1)
        with listener.connect() as local:
            self.assertTrue(is_closed(local))
        self.assertEqual(listener.process.wait(HANG_GUARD), 77, listener.log())

    def test_the_reason_of_the_server_is_escaped(self):
        def check(connection):
            grant_open_access(connection)
            wait_for_close(connection)

        def script(connection):
            grant_open_access(connection)
            connection.send("closing", "internal", "bad \x1b[31m reason")
            wait_for_close(connection)
        server = ScriptedServer(check, script)
        listener = Listener(self.home, server.port, "--plain")
        self.addCleanup(listener.kill)
        with listener.connect() as local:
            self.assertTrue(is_closed(local))
        listener.expect(r"bad \x1b[31m reason")
        listener.stop()
        server.join()

    def test_a_server_that_asks_to_wait_is_not_asked_again(self):
        def grant(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "")
            connection.expect("login")
            connection.send("granted", "login", "Alice", 7, "prt_x", 4_000_000_000, 0, "", 0)
            wait_for_close(connection)

        def deny(connection):
            connection.expect("hello")
            connection.send("welcome", 1, "authenticate", 1 << 20, "porterd/0.1.0", "")
            connection.expect("resume")
            connection.send("denied", "busy", 600, "scripted")
            wait_for_close(connection)
        server = ScriptedServer(grant, deny)
        listener = Listener(self.home, server.port, "--plain", "--name", "Alice", "--password-file", self.password)
        self.addCleanup(listener.kill)
        for _ in range(3):  # the script ends after the first
            with listener.connect() as local:
                self.assertTrue(is_closed(local))
        until(lambda: listener.log().count("denied: busy: scripted") == 3, "each program has its line")
        server.join()


class HalfClose(TunnelCase):
    def script_of(self, *steps):
        def script(connection):
            grant_open_access(connection)
            for step in steps:
                step(connection)
        return script

    def test_a_program_sends_on_after_the_server_has_ended(self):
        received = []

        def end_first(connection):
            connection.send("data", b"all")
            connection.send("text", "and a text")
            connection.send("closing", "normal", "")
            connection.socket.shutdown(socket.SHUT_WR)
            while (message := connection.receive()) is not None and message.kind == "data":
                received.append(message.data)
        server = ScriptedServer(self.script_of(wait_for_close), self.script_of(end_first))
        listener = Listener(self.home, server.port, "--plain")
        self.addCleanup(listener.kill)
        with listener.connect() as local:
            self.assertEqual(receive_all(local), b"alland a text")
            for part in (b"one ", b"two ", b"three"):
                local.sendall(part)
            local.shutdown(socket.SHUT_WR)
            server.join()
        self.assertEqual(b"".join(received), b"one two three")
        listener.stop()
        self.assertNotIn("connection 1", listener.log())

    def test_a_reset_of_the_server_reaches_a_program_that_only_sends(self):
        def end_and_reset(connection):
            connection.send("closing", "normal", "")
            connection.socket.shutdown(socket.SHUT_WR)
            connection.expect("data")
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        server = ScriptedServer(self.script_of(wait_for_close), self.script_of(end_and_reset))
        listener = Listener(self.home, server.port, "--plain")
        self.addCleanup(listener.kill)
        with listener.connect() as local:
            self.assertEqual(receive_all(local), b"")
            local.sendall(b"x")
            server.join()
            listener.expect("connection lost")
            until(lambda: self.is_reset(local), "the program gets an error")
        listener.stop()

    @staticmethod
    def is_reset(local):
        try:
            local.sendall(b"x")
        except ConnectionError:
            return True
        return False


class StandardStreams(TunnelCase):
    def stdio(self, *options, **more):
        return subprocess.Popen([PORTER, "--stdio", "127.0.0.1", str(self.server.port), *map(str, options)],
                                env=clean_environment(self.home), **more)

    def test_bytes_pass_through_pipes_unchanged(self):
        self.log_in("Pipes")
        data = random.Random(3).randbytes(5_000_000)
        process = self.stdio(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        received, errors = process.communicate(data, HANG_GUARD)
        self.assertEqual((process.returncode, errors), (0, b""))
        self.assertEqual(hashlib.sha256(received).digest(), hashlib.sha256(data).digest())

    def test_bytes_pass_through_files(self):
        self.log_in("Files")
        data = random.Random(4).randbytes(1_000_000)
        (self.home / "in").write_bytes(data)
        with open(self.home / "in", "rb") as source, open(self.home / "out", "wb") as target:
            process = self.stdio(stdin=source, stdout=target)
        self.assertEqual(process.wait(HANG_GUARD), 0)
        self.assertEqual((self.home / "out").read_bytes(), data)

    def test_one_socket_may_be_both_streams(self):
        self.log_in("Socket")
        ours, its = socket.socketpair()
        process = self.stdio(stdin=its, stdout=its)
        its.close()
        with ours:
            ours.settimeout(HANG_GUARD)
            self.assertEqual(exchange(ours, b"hello" * 100_000), b"hello" * 100_000)
        self.assertEqual(process.wait(HANG_GUARD), 0)

    def test_the_flags_of_the_streams_do_not_change(self):
        self.log_in("Flags")
        reader, writer = os.pipe()
        process = self.stdio(stdin=reader, stdout=subprocess.PIPE)
        os.write(writer, b"x")
        self.assertEqual(process.stdout.read(1), b"x")
        self.assertTrue(os.get_blocking(reader))
        self.assertTrue(os.get_blocking(process.stdout.fileno()))
        os.close(writer)
        self.assertEqual(process.wait(HANG_GUARD), 0)
        process.stdout.close()
        os.close(reader)

    def test_a_lost_connection_is_a_temporary_failure(self):
        server = Server("--access", "open")
        self.addCleanup(server.remove)
        process = subprocess.Popen([PORTER, "--stdio", "127.0.0.1", str(server.port), "--plain"],
                                   env=clean_environment(self.home), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        with process:
            process.stdin.write(b"x")
            process.stdin.flush()
            self.assertEqual(process.stdout.read(1), b"x")
            server.kill()
            self.assertEqual(process.stdout.read(), b"")
            self.assertIn("porter: connection lost", process.stderr.read().decode())
            self.assertEqual(process.wait(HANG_GUARD), 75)

    def test_failures_at_the_start_have_the_usual_codes(self):
        done = self.porter("--stdio", "127.0.0.1", self.server.port)
        self.assertEqual((done.returncode, done.out), (77, ""), done.err)
        done = self.porter("--stdio", "127.0.0.1", self.server.port, "--trust-first-use")
        self.assertEqual((done.returncode, done.out), (64, ""), done.err)

    def test_a_reader_that_is_gone_ends_it_with_success(self):
        self.log_in("Gone")
        process = self.stdio(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with process:
            process.stdin.write(b"x")
            process.stdin.flush()
            self.assertEqual(process.stdout.read(1), b"x")
            process.stdout.close()
            process.stdin.write(b"y" * 100_000)
            process.stdin.flush()
            self.assertEqual(process.wait(HANG_GUARD), 0)
            process.stdin.close()


class Options(unittest.TestCase):
    def test_options_that_contradict_each_other_are_wrong_usage(self):
        for words in (("--listen", "0", "--stdio", "h"), ("--listen", "x", "h"), ("--listen", "70000", "h"),
                      ("--listen", "::1:7000", "h"), ("--listen", "unix:", "h"), ("--listen", "unix:" + "x" * 108, "h"),
                      ("--listen", "example.org:7000", "h"), ("--listen", "0"), ("--stdio",),
                     ("--stdio", "--json", "h"),
                      ("--listen", "0", "--linger", "1s", "h"), ("--port-file", "f", "h"),
                      ("--listen", "unix:s", "--port-file", "f", "h")):
            with self.subTest(words=words):
                done = run(PORTER, *words)
                self.assertEqual((done.returncode, done.out), (64, ""), done.err)


if __name__ == "__main__":
    unittest.main()
