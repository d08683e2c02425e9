"""TLS on the port of plaintext: handshakes, rejections, key and certificate (SECURITY.md: N9)."""
import base64
import concurrent.futures
import functools
import hashlib
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import stat
import struct
import subprocess
import tempfile
import unittest

from support.case import PASSWORD, ServerCase
from support.key_pair import KeyPair
from support.server import PORTERD, Server, run
from support.terminal import Terminal
from support.waiting import until
from support.wire import tls_context

FINGERPRINT = r"SHA256:[A-Za-z0-9+/]{43}"


def own_address():
    """An address of this machine that is not loopback, or None. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = probe.getsockname()[0]
    return None if address.startswith(("127.", "0.")) else address


def openssl(*arguments, **more):
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, **more).stdout


def fingerprint(certificate):
    """SHA-256 of the SubjectPublicKeyInfo in unpadded base64, as docs/PROTOCOL.md defines it."""
    public = openssl("x509", "-inform", "der", "-pubkey", "-noout", input=certificate)
    digest = hashlib.sha256(openssl("pkey", "-pubin", "-outform", "der", input=public)).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def make_certificate(folder, name, kind=("ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
    key, certificate = folder / f"{name}.key", folder / f"{name}.crt"
    openssl("req", "-x509", "-newkey", *kind, "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
            "-subj", f"/CN={name}")
    key.chmod(0o600)
    return key, certificate


def lines_of(server, client):
    """The lines of the log with the client's address."""
    return [line for line in server.log().splitlines() if re.search(rf"\b{re.escape(client.address)}\b", line)]


class OverTls(ServerCase):
    def test_an_account_registers_logs_in_and_exchanges_texts(self):
        name = self.fresh_name()
        granted = self.connect(tls=True).get_access("register", name, PASSWORD)
        client = self.connect(tls=True)
        client.get_access("login", name, PASSWORD)
        for text in ("hello", "", "x" * 100_000):
            client.send("text", text)
            client.expect("text", text=text)
        again = self.connect(tls=True)
        again.get_access("resume", granted.token)
        again.send("logout", 0)
        again.expect("done")
        again.expect_closing("normal")

    def test_the_connection_ends_with_a_close_notify(self):
        client = self.connect(tls=True)
        client.send_raw(b"\x00\x00\x00\x00")
        client.expect_closing("protocol_error")  # without a close_notify this raises SSLEOFError

    def test_a_session_of_tls_is_not_resumed_in_plaintext(self):
        token = self.connect(tls=True).get_access("register", self.fresh_name(), PASSWORD).token
        plain = self.start_access_phase()
        plain.send("resume", token)
        plain.expect("denied", code="tls_required")
        self.connect(tls=True).get_access("resume", token)

    def test_openssl_sees_tls_1_3_and_the_protocol(self):
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.port}", "-alpn", "porter/1"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        self.assertRegex(done.stdout, r"TLSv1\.3")
        self.assertRegex(done.stdout, r"ALPN protocol: porter/1")
        self.assertNotIn("Post-Handshake New Session Ticket", done.stdout)


    def test_openssl_connects_with_the_pinned_groups_and_with_no_other(self):
        """SECURITY.md, N12, with another implementation."""
        def connects(groups):
            done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.port}", "-alpn",
                                   "porter/1", "-groups", groups],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
            return "Cipher is TLS_" in done.stdout
        for groups in ("X25519", "P-256", "P-384", "ffdhe8192:X25519"):
            self.assertTrue(connects(groups), groups)
        for groups in ("ffdhe2048", "ffdhe8192", "X448", "P-521"):
            self.assertFalse(connects(groups), groups)


class Rejected(ServerCase):
    """Each handshake is rejected, and logged in one line with the client's address."""

    def handshake_error(self, context):
        client = self.connect()
        with self.assertRaises(ssl.SSLError) as raised:
            client.start_tls(context)
        self.assert_one_line(client)
        return str(raised.exception)

    def assert_one_line(self, client, reason="TLS handshake: "):
        found = until(lambda: lines_of(self.server, client), "the rejection is logged")
        self.assertEqual(len(found), 1, found)
        self.assertIn(reason, found[0])

    def test_tls_1_2(self):
        self.assertRegex(self.handshake_error(tls_context("porter/1", newest=ssl.TLSVersion.TLSv1_2)),
                         "(?i)protocol.version")

    def test_no_alpn(self):
        self.assertRegex(self.handshake_error(tls_context()), "(?i)no.application.protocol")

    def test_another_protocol(self):
        for protocol in ("h2", "porter/2", "porter"):
            self.assertRegex(self.handshake_error(tls_context(protocol)), "(?i)no.application.protocol")

    def client_hello(self):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = tls_context("porter/1").wrap_bio(incoming, outgoing)
        with self.assertRaises(ssl.SSLWantReadError):
            client.do_handshake()
        return outgoing.read()

    def test_garbage_after_a_client_hello(self):
        client = self.connect()
        client.send_raw(self.client_hello() + os.urandom(500))
        try:
            while client.socket.recv(4096):
                pass
        except ConnectionResetError:
            pass
        self.assert_one_line(client)

    def test_a_handshake_that_never_ends(self):
        hello = self.client_hello()
        silent = [self.connect() for _ in range(3)]
        for client, sent in zip(silent, (b"\x16", hello[:50], hello)):
            client.send_raw(sent)
        other = self.connect(tls=True)
        other.hello()
        for client in silent:
            while client.socket.recv(4096):
                pass
            self.assert_one_line(client, "timed out")
        other.close()

    def test_three_hundred_endless_handshakes_lock_no_client_out(self):
        address = self.fresh_address()
        silent = [self.connect(address) for _ in range(300)]
        for client in silent:
            client.send_raw(b"\x16\x03\x01")
        self.connect(tls=True).hello()
        for client in silent:
            client.close()


class Required(ServerCase):
    options = ("--tls", "required", "--access", "open")

    def test_plaintext_is_rejected_and_tls_is_served(self):
        plain = self.connect()
        plain.send("hello", 1, "t")
        plain.expect_closing("tls_required")
        secure = self.connect(tls=True)
        secure.hello()
        secure.expect("granted")


class Off(ServerCase):
    options = ("--tls", "off", "--access", "open")

    def test_a_tls_hello_is_a_protocol_error_and_no_key_is_created(self):
        client = self.connect()
        client.send_raw(b"\x16\x03\x01")
        client.expect_closing("protocol_error")
        self.assertEqual(list(self.server.data.glob("*.pem")), [])


class RemoteCase(ServerCase):
    """Connections from this machine's own address, which porterd treats as those of another machine."""

    options = ("--bind", "0.0.0.0")

    def connect_remotely(self):
        connection = self.server.connect(host=own_address())
        self.addCleanup(lambda: connection.close())
        return connection


@unittest.skipUnless(own_address(), "this machine has no other address than loopback")
class FromOtherMachines(RemoteCase):
    def test_plaintext_is_rejected_before_its_hello_is_decoded(self):
        plain = self.connect_remotely()
        plain.send("hello", 1, "t")
        plain.expect_closing("tls_required")
        self.connect_remotely().start_tls().hello()

    def test_plaintext_from_loopback_is_accepted(self):
        self.connect().hello()

    def test_a_token_in_plaintext_is_not_decoded(self):
        token = self.connect_remotely().start_tls().get_access("register", self.fresh_name(), PASSWORD).token
        plain = self.connect_remotely()
        plain.send("hello", 1, "t")
        plain.send("resume", token)
        plain.expect_closing("tls_required")


@unittest.skipUnless(own_address(), "this machine has no other address than loopback")
class TlsTurnedOff(RemoteCase):
    def test_a_token_of_tls_that_another_machine_sends_in_plaintext_is_revoked(self):
        token = self.connect_remotely().start_tls().get_access("register", self.fresh_name(), PASSWORD).token
        options = self.server.options
        for now, code in ((("--tls", "off"), "tls_required"), ((), "invalid_token")):
            self.server.stop()
            self.server.options = (*options, *now)
            self.server.start()
            client = self.connect_remotely()
            if not now:
                client.start_tls()
            client.hello()
            client.send("resume", token)
            client.expect("denied", code=code)
            client.close()


class Keys(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def server(self, *options):
        server = Server("--access", "open", *options, start=False)
        self.addCleanup(server.remove)
        server.start()
        return server

    def certificate(self, server):
        client = server.connect().start_tls()
        self.addCleanup(client.close)
        return client.socket.getpeercert(binary_form=True)

    def files(self, server):
        return server.data / "tls-key.pem", server.data / "tls-certificate.pem"

    def assert_rejected(self, *options):
        done = run(PORTERD, "--port", "0", *options, home=self.folder)
        self.assertEqual((done.returncode, done.out), (78, ""), done.err)
        self.assertRegex(done.err, r"^porterd: [^\n]+\n$")
        return done.err

    def test_key_and_certificate_are_created_once_for_their_owner_alone(self):
        server = self.server()
        before = [path.read_bytes() for path in self.files(server)]
        certificate = self.certificate(server)
        for path in self.files(server):
            self.assertEqual(oct(stat.S_IMODE(path.lstat().st_mode)), oct(0o600), path)
        server.restart()
        self.assertEqual(self.certificate(server), certificate)
        server.stop()
        self.assertEqual([path.read_bytes() for path in self.files(server)], before)

    def test_the_certificate_is_valid_for_years_and_for_localhost(self):
        server = self.server()
        shown = openssl("x509", "-in", self.files(server)[1], "-noout", "-text", "-checkend", 20 * 365 * 86400).decode()
        for wanted in ("prime256v1", "DNS:localhost", "IP Address:127.0.0.1"):
            self.assertIn(wanted, shown)
        server.stop()

    def test_servers_that_start_at_once_share_one_key(self):
        """One of them runs. The others have read the key before they find that the data directory is in use."""
        servers = [Server("--access", "open", start=False) for _ in range(4)]
        for server in servers:
            self.addCleanup(server.remove)
            server.log_file = server.folder / "log"
            server.options += ("--database", server.folder / "db", "--log-file", server.log_file)
            server.data = self.folder / "data"

        def start(server):
            try:
                server.start()
            except AssertionError as error:
                self.assertIn("another porterd runs with the data directory", str(error))
                return False
            return True
        with concurrent.futures.ThreadPoolExecutor() as executor:
            started = [server for server, runs in zip(servers, executor.map(start, servers)) if runs]
            # The server ends with the threads.
            self.assertEqual(len(started), 1)
            self.assertEqual(len({server.expect_log(r" tls_key fingerprint=(\S+)")[1] for server in servers}), 1)
            self.assertEqual(len(list((self.folder / "data").glob("tls-*"))), 2)
            started[0].stop()

    def test_a_key_that_others_can_read_is_rejected_and_not_changed(self):
        server = self.server()
        server.stop()
        key, _ = self.files(server)
        before = key.read_bytes()
        for mode in (0o644, 0o604, 0o660):
            key.chmod(mode)
            self.assertIn(str(key), self.assert_rejected("--data-dir", server.data))
            self.assertIn(str(key), self.assert_rejected("--data-dir", server.data, "--check"))
            self.assertEqual((oct(stat.S_IMODE(key.stat().st_mode)), key.read_bytes()), (oct(mode), before))

    def test_damaged_or_missing_files_are_rejected_and_not_changed(self):
        server = self.server()
        server.stop()
        key, certificate = self.files(server)
        kept = key.read_bytes()
        key.write_bytes(kept[:100])
        self.assertIn(str(key), self.assert_rejected("--data-dir", server.data))
        self.assertEqual(key.read_bytes(), kept[:100])
        key.unlink()
        self.assertIn(str(key), self.assert_rejected("--data-dir", server.data))
        self.assertTrue(certificate.exists())
        self.assertFalse(key.exists())

    def test_check_creates_nothing(self):
        done = run(PORTERD, "--check", "--data-dir", self.folder / "data", home=self.folder)
        self.assertEqual(done.returncode, 0, done.err)
        self.assertFalse((self.folder / "data").exists())

    def test_the_given_key_and_certificate_are_used_and_must_match(self):
        key, certificate = make_certificate(self.folder, "one")
        other, _ = make_certificate(self.folder, "other")
        server = self.server("--tls-key", key, "--tls-certificate", certificate)
        self.assertEqual(self.certificate(server), ssl.PEM_cert_to_DER_cert(certificate.read_text()))
        self.assertFalse(self.files(server)[0].exists(), "none is created")
        server.stop()
        data = self.folder / "data"
        self.assertIn("other.key",
                      self.assert_rejected("--data-dir", data, "--tls-key", other, "--tls-certificate", certificate))
        self.assertIn("missing", self.assert_rejected("--data-dir", data, "--tls-key", "missing", "--tls-certificate",
                                                      certificate))
        self.assert_rejected("--data-dir", data, "--tls-key", key)
        self.assertFalse((data / "porter.db").exists(), "nothing is created")

    def assert_order(self, server, event):
        """SIGHUP reopens the log first, so that the other events are in the new file."""
        events = [line.split()[2] for line in server.log().splitlines()]
        self.assertEqual([each for each in events if each in ("log_reopened", event)][-2:], ["log_reopened", event])

    def test_sighup_loads_a_valid_certificate_and_ignores_an_invalid_one(self):
        key, certificate = make_certificate(self.folder, "one")
        server = self.server("--tls-key", key, "--tls-certificate", certificate)
        first = self.certificate(server)
        client = server.connect().start_tls()
        self.addCleanup(client.close)
        client.hello()
        client.expect("granted")

        for path, new in zip((key, certificate), make_certificate(self.folder, "two")):
            os.replace(new, path)
        server.signal(signal.SIGHUP)
        until(lambda: "tls_key_reloaded" in server.log(), "the new key is loaded")
        second = self.certificate(server)
        self.assertNotEqual(first, second)
        client.expect_alive()
        self.assert_order(server, "tls_key_reloaded")

        certificate.write_text("nothing")
        server.signal(signal.SIGHUP)
        until(lambda: "tls_key_not_reloaded" in server.log(), "the invalid certificate is rejected")
        self.assert_order(server, "tls_key_not_reloaded")
        self.assertEqual(self.certificate(server), second)
        key.chmod(0o644)
        server.signal(signal.SIGHUP)
        until(lambda: server.log().count("tls_key_not_reloaded") == 2, "the open key is rejected")
        self.assertEqual(self.certificate(server), second)
        server.stop()

    def test_a_key_that_no_client_can_use_is_rejected_at_start_check_and_sighup(self):
        kinds = {"EC on secp256k1": ("ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"),
                 "EC on brainpoolP256r1": ("ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"),
                 "RSA of 1024 bits": ("rsa:1024",), "ED448": ("ed448",)}
        good = make_certificate(self.folder, "good")
        served = [self.folder / "served.key", self.folder / "served.crt"]
        for path, new in zip(served, good):
            shutil.copy(new, path)
        server = self.server("--tls-key", served[0], "--tls-certificate", served[1])
        first = self.certificate(server)
        for number, (kind, made_by) in enumerate(kinds.items(), 1):
            with self.subTest(kind=kind):
                key, certificate = make_certificate(self.folder, "bad", made_by)
                for more in ((), ("--check",)):
                    said = self.assert_rejected("--data-dir", self.folder / "data", "--tls-key", key,
                                                "--tls-certificate",
                                        certificate, *more)
                    for words in (f"{key}: ", kind, "P-256, P-384 or P-521, Ed25519, or RSA"):
                        self.assertIn(words, said)
                for path, new in zip(served, (key, certificate)):
                    os.replace(new, path)
                server.signal(signal.SIGHUP)
                until(lambda: server.log().count("tls_key_not_reloaded") == number, "the key is rejected")
                self.assertIn(kind, server.log().splitlines()[-1])
                self.assertEqual(self.certificate(server), first)
        server.stop()

    def test_no_certificate_is_created_for_a_key_that_no_client_can_use(self):
        key, _ = make_certificate(self.folder, "bad", ("ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"))
        data = self.folder / "data"
        data.mkdir(0o700)
        os.replace(key, data / "tls-key.pem")
        for more in (("--check",), ()):
            self.assertIn("secp256k1", self.assert_rejected("--data-dir", data, *more))
        self.assertFalse((data / "tls-certificate.pem").exists())

    def test_a_certificate_that_clients_would_reject_is_a_warning(self):
        authority = KeyPair(self.folder, "authority")
        issue = functools.partial(KeyPair.signed_by, authority, self.folder)
        cases = {"expired on ": issue("expired", days=-1), "expires on ": issue("soon", days=3),
                 "is for clients only": issue("for-clients", days=90, extensions=["extendedKeyUsage=clientAuth"]),
                 "names no host": issue("nameless", hosts=None, days=90)}
        good = issue("good", days=90)
        served = [self.folder / "served.key", self.folder / "served.crt"]

        def serve(pair):
            for path, new in zip(served, (pair.key, pair.certificate)):
                shutil.copy(new, path)
        for words, pair in cases.items():
            with self.subTest(words=words):
                serve(pair)
                own = ("--tls-key", served[0], "--tls-certificate", served[1])
                done = run(PORTERD, "--check", "--data-dir", self.folder / "data", *own, home=self.folder)
                self.assertEqual((done.returncode, done.out), (0, "configuration ok\n"), done.err)
                warning = rf"porterd: warning: {served[1]}: the certificate {words}[^\n]*\n"
                self.assertRegex(done.err, rf"\A{warning}\Z")
                server = self.server(*own)
                self.assertRegex(server.console(), rf"(\A|\n){warning}")
                logged = rf"warn tls_certificate_warning file={served[1]} why=\"it {words}"
                self.assertRegex(server.log(), logged)
                self.certificate(server)
                serve(good)
                server.signal(signal.SIGHUP)
                until(lambda: "tls_key_reloaded" in server.log(), "the valid certificate is loaded")
                serve(pair)
                server.signal(signal.SIGHUP)
                until(lambda: len(re.findall(logged, server.log())) == 2, "the warning is logged again")
                self.assertEqual(server.log().count("tls_certificate_warning"), 2)
                server.stop()

    @unittest.skipUnless(os.geteuid() == 0, "only root can change users and groups")
    def test_a_key_of_root_that_a_group_of_the_process_can_read_is_accepted(self):
        """As with Debian's group ssl-cert."""
        key, certificate = make_certificate(self.folder, "one")
        group, user = 54321, 54322
        os.chown(self.folder, user, user)

        def check(mode, owner=(0, group), groups=(group,), key=key, env=None):
            os.chown(key, *owner)
            key.chmod(mode)
            return run("setpriv", "--reuid", user, "--regid", user, "--groups", ",".join(map(str, groups)) or "0",
                       PORTERD, "--check", "--data-dir", self.folder / "data", "--tls-key", key, "--tls-certificate",
                       certificate, home=self.folder, env=env)
        for mode, owner in ((0o640, (0, group)), (0o440, (0, group)), (0o600, (user, user)), (0o400, (user, user))):
            done = check(mode, owner)
            self.assertEqual(done.returncode, 0, f"{mode:o} {owner} {done.err}")
        for mode, owner, words in ((0o644, (0, group), "open to others"), (0o660, (0, group), "open to others"),
                                   (0o640, (user, group), "chmod 600"), (0o640, (user + 1, group), "another user")):
            done = check(mode, owner)
            self.assertEqual(done.returncode, 78, f"{mode:o} {owner} {done.err}")
            self.assertIn(words, done.err)
            self.assertIn(f"{key}: ", done.err)

    @unittest.skipUnless(os.geteuid() == 0, "only root can set the access list for another user")
    def test_a_credential_of_systemd_is_accepted(self):
        user = 54322
        key, certificate = make_certificate(self.folder, "one")
        os.chown(self.folder, user, user)
        try:
            folder = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-", dir="/dev/shm"))
            self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
            folder.chmod(0o755)
            credential = folder / "key"
            shutil.copy(key, credential)
            credential.chmod(0o400)
            # As systemd's write_credential(), see acl(5): the user can read, and the mask is in the group's bits.
            entries = ((0x01, 4, 0xffffffff), (0x02, 4, user), (0x04, 0, 0xffffffff), (0x10, 4, 0xffffffff),
                       (0x20, 0, 0xffffffff))
            packed = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
            os.setxattr(credential, "system.posix_acl_access", packed)
        except OSError as error:
            self.skipTest(f"no file in memory with an access list: {error}")
        self.assertEqual(stat.S_IMODE(credential.stat().st_mode), 0o440)

        def check(env):
            return run("setpriv", "--reuid", user, "--regid", user, "--clear-groups", PORTERD, "--check", "--data-dir",
                       self.folder / "data", "--tls-key", credential, "--tls-certificate", certificate,
                       home=self.folder, env=env)
        done = check({"CREDENTIALS_DIRECTORY": str(folder)})
        self.assertEqual(done.returncode, 0, done.err)
        for env in ({}, {"CREDENTIALS_DIRECTORY": str(self.folder)}):
            done = check(env)
            self.assertEqual(done.returncode, 78, done.err)
            self.assertIn("open to others", done.err)

    def test_the_key_is_in_no_other_file(self):
        server = Server("--log-level", "trace", start=False)
        self.addCleanup(server.remove)
        server.start()
        self.certificate(server)
        server.signal(signal.SIGHUP)
        until(lambda: "tls_key_reloaded" in server.log(), "the key is read again")
        server.stop()
        secret = self.files(server)[0].read_text().splitlines()[1].encode()
        raw = base64.b64decode(secret)[-20:]
        for path in [*server.folder.iterdir(), *server.data.iterdir()]:
            if path.is_file() and path != self.files(server)[0]:
                content = path.read_bytes()
                self.assertNotIn(secret, content, path)
                self.assertNotIn(raw, content, path)

    def test_a_terminal_shows_the_fingerprint_and_the_option_bind(self):
        terminal = Terminal(PORTERD, "--data-dir", self.folder / "data", "--port", "0", home=self.folder)
        self.addCleanup(terminal.close)
        shown = terminal.expect(FINGERPRINT).group()
        terminal.expect(r"--bind ::")
        self.assertNotIn("--tls off", terminal.text())
        terminal.process.send_signal(signal.SIGTERM)
        self.assertEqual(terminal.wait(), 0)
        pem = (self.folder / "data" / "tls-certificate.pem").read_text()
        self.assertEqual(shown, fingerprint(ssl.PEM_cert_to_DER_cert(pem)))


if __name__ == "__main__":
    unittest.main()
