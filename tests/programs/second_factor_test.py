"""A second factor: porter's /2fa on a terminal with an authenticator (oathtool), porterctl (SECURITY.md: P11)."""
import base64
import re
import stat
import subprocess
import unittest

from support.administrator import AdministratorCase
from support.case import OTHER_PASSWORD, PASSWORD
from support.one_time_code import one_time_code, secret_of
from support.porter import PROMPT, PorterCase
from support.server import PORTER, run

RECOVERY_CODE = r"[a-z2-7]{4}(?:-[a-z2-7]{4}){3}"


def code_of_authenticator(secret):
    """What oathtool shows now."""
    return subprocess.run(["oathtool", "--totp", "--base32", "-"], input=secret, capture_output=True, text=True,
                          check=True).stdout.strip()


def modules_of_half_blocks(lines):
    """The rows of a QR code that was drawn light on dark, two modules a character; True is dark."""
    rows = []
    for line in lines:
        rows.append([character in " \u2584" for character in line])
        rows.append([character in " \u2580" for character in line])
    return rows


def modules_of_qrencode(text):
    """The same code as libqrencode's own program draws it: two characters a module."""
    drawn = subprocess.run(["qrencode", "-l", "L", "-m", "2", "-t", "ASCII"], input=text, capture_output=True,
                           text=True, check=True).stdout
    return [[line[at] == "#" for at in range(0, len(line), 2)] for line in drawn.splitlines()]


class SecondFactors(PorterCase, AdministratorCase):
    def enrol(self, account):
        """Sets up a second factor by the protocol; returns the URI and the recovery codes."""
        client = self.resume(account)
        client.send("second_factor", 0, "")
        uri = client.expect("enrolment", recovery_codes=[]).uri
        client.send("second_factor", 1, one_time_code(uri))
        codes = client.expect("enrolment", uri="").recovery_codes
        self.assertEqual(len(set(codes)), 10)
        client.close()
        return uri, codes

    def half_log_in(self, account):
        client = self.start_access_phase()
        client.send("login", account.name, account.password)
        client.expect("denied", code="second_factor")
        return client

    def enter_password(self, name):
        """porter on a terminal without a saved session, up to the question for the code."""
        self.new_home()
        terminal = self.porter("--name", name)
        terminal.expect(f"Password for {name}: ")  # the server has seen the name at this address, so it has an account
        terminal.send_line(PASSWORD)
        terminal.expect(r"^Code: \Z")
        return terminal

    def set_up_on_terminal(self, name):
        """Runs /2fa; returns the terminal, the URI and the recovery codes."""
        terminal = self.register(name)
        terminal.send_line("/2fa")
        terminal.expect(r"^Code: \Z")
        shown = terminal.text()
        uri = re.search(r"link\s+(otpauth://\S+)$", shown, re.MULTILINE).group(1)
        self.assertEqual(re.search(r"secret\s+(\S+)$", shown, re.MULTILINE).group(1), secret_of(uri))
        drawn = [line for line in shown.split("\n") if re.fullmatch("[ \u2580\u2584\u2588]{20,}", line)]
        expected = modules_of_qrencode(uri)
        self.assertEqual(modules_of_half_blocks(drawn)[:len(expected)], expected)
        terminal.send_line("no code")
        terminal.expect("^This code is wrong")
        terminal.expect(r"^Code: \Z", times=1)
        terminal.send_line(code_of_authenticator(secret_of(uri)))
        terminal.expect(rf"^ *{RECOVERY_CODE}$", times=10)
        codes = re.findall(rf"^ *({RECOVERY_CODE})$", terminal.text(), re.MULTILINE)
        self.expect_echo(terminal, "the session goes on")
        return terminal, uri, codes

    def test_porter_sets_a_second_factor_up_asks_for_codes_and_removes_it(self):
        name = "Factor Alice"
        terminal, uri, codes = self.set_up_on_terminal(name)
        terminal.send_line("/2fa")
        terminal.expect("has a second factor already")
        self.quit(terminal)
        terminal = self.porter("--name", name)
        terminal.expect(PROMPT)  # a saved session asks for no code
        self.quit(terminal)

        terminal = self.enter_password(name)
        terminal.send_line("no code")
        terminal.expect("^This code is wrong, or was used already")
        terminal.expect(r"^Code: \Z")
        terminal.send_line(one_time_code(uri, 1))
        terminal.expect(rf"Welcome, {name}")
        terminal.expect(PROMPT)
        terminal.send_line("/2fa off")
        terminal.expect(r"^Code: \Z")
        terminal.send_line(codes[0])
        terminal.expect("^The second factor is removed")
        self.quit(terminal)
        self.assertFalse(self.json("accounts", "show", name)["second_factor"])
        secrets = [secret_of(uri), base64.b32decode(secret_of(uri)).decode("latin-1"), *codes]
        stored = [path for path in self.server.data.iterdir() if path.is_file()]
        for text in [path.read_bytes().decode("latin-1") for path in stored]:
            for secret in secrets:
                self.assertNotIn(secret, text)

    def test_in_a_pipe_a_code_cannot_be_asked_for(self):
        account = self.account()
        _, codes = self.enrol(account)
        done = run(PORTER, "127.0.0.1", self.server.port, "--plain", "--name", account.name, "--password-file",
                   self.password_file(PASSWORD), stdin=b"hello\n", home=self.home)
        self.assertEqual((done.returncode, done.out), (77, ""), done.err)
        self.assertRegex(done.err, r"(\A|\n)porter: denied: second_factor: [^\n]+log in on a terminal once[^\n]+\n\Z")
        client = self.half_log_in(account)
        client.send("prove", codes[3])
        client.expect("granted", via="login")

    def test_of_two_connections_with_one_code_one_gets_access(self):
        account = self.account()
        uri, codes = self.enrol(account)
        for code in (one_time_code(uri, 1), codes[0]):
            clients = [self.half_log_in(account) for _ in range(2)]
            for client in clients:
                client.send("prove", code)
            self.assertEqual(sorted(client.receive().kind for client in clients), ["denied", "granted"])

    def test_the_code_of_a_reset_is_not_enough(self):
        account = self.account()
        _, codes = self.enrol(account)
        reset = self.ctl("accounts", "reset", account.name).out.strip()
        client = self.start_access_phase()
        client.send("redeem", reset, account.name, OTHER_PASSWORD)
        client.expect("denied", code="second_factor")
        self.half_log_in(account)  # the password is still the old one
        client.send("prove", "no code")
        client.expect("denied", code="bad_credentials")
        client.send("prove", codes[0])
        client.expect("granted", via="redeem", name=account.name, failed_since=1)
        client.expect_alive()
        client = self.start_access_phase()
        client.send("login", account.name, account.password)
        client.expect("denied", code="bad_credentials")
        client.send("login", account.name, OTHER_PASSWORD)
        client.expect("denied", code="second_factor")

    def test_porterctl_shows_and_removes_it(self):
        account = self.account()
        _, codes = self.enrol(account)
        client = self.half_log_in(account)
        client.send("prove", codes[9].upper().replace("-", " "))
        client.expect("granted", via="login")
        shown = self.json("accounts", "show", account.name)
        self.assertEqual((shown["second_factor"], shown["recovery_codes"]), (True, 9))
        self.assertEqual([row[-1] for row in self.rows("accounts", "list") if row[0] == account.name], ["yes"])
        self.assertRegex(self.ctl("accounts", "export", "--with-password-hashes").err, "leaves out .* second factor")
        decision = self.json("why", account.name)
        self.assertEqual((decision["rule"], decision["answer"]), ("second_factor", "second_factor"))
        self.assertIn("--remove", self.ctl("accounts", "second-factor", account.name, code=64).err)
        done = self.ctl("accounts", "second-factor", account.name, "--remove")
        self.assertIn("has no second factor any more", done.err)
        self.ctl("accounts", "second-factor", account.name, "--remove", code=66)
        client.expect_alive()
        self.log_in(account).expect_alive()
        self.assertFalse(self.json("accounts", "show", account.name)["second_factor"])

    def test_the_key_of_the_secrets_is_for_its_owner_alone_and_outlives_a_restart(self):
        account = self.account()
        uri, _ = self.enrol(account)
        key = self.server.data / "second-factor-key"
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
        before = key.read_bytes()
        self.assertRegex(before, rb"\A[0-9a-f]{64}\n\Z")
        self.server.stop()
        self.server.start()
        self.assertEqual(key.read_bytes(), before)
        self.assertEqual(self.server.log().count("second_factor_key_made"), 1)
        client = self.half_log_in(account)
        client.send("prove", one_time_code(uri, 1))
        client.expect("granted", via="login")


if __name__ == "__main__":
    unittest.main()
