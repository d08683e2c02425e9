"""porterd writes no password, token or text of a client to a file or the console (SECURITY.md: P4)."""
import base64
import json
import unittest

from support.case import ServerCase
from support.waiting import until

PASSWORD = "canary-Passw0rd-4711-verdigris"
NEW_PASSWORD = "canary-Renewed-0815-ultramarine"
WRONG = "canary-wrong-guess-23"
AS_NAME = "canary password typed as a name"
TEXT = "canary text of two friends"
DATA = b"canary data \x01\x02\x03"


class Secrets(ServerCase):
    options = ("--log-level", "trace")

    def use_secrets(self):
        """Sends every request that carries a secret, granted and denied; returns the secrets."""
        client = self.start_access_phase()
        client.request("login", AS_NAME, WRONG)
        client.request("register", "Canary", "weak")
        first = client.request("register", "Canary Bird", PASSWORD)
        for kind, body in (("text", TEXT), ("data", DATA), ("ping", DATA)):
            client.request(kind, body)
        self.assertEqual(client.request("change_password", WRONG, NEW_PASSWORD).kind, "denied")
        self.assertEqual(client.request("change_password", PASSWORD, NEW_PASSWORD).kind, "done")
        other = self.start_access_phase()
        other.request("resume", "prt_" + "canary" * 7 + "A")
        other.request("login", "Canary Bird", WRONG)
        second = other.request("login", "Canary Bird", NEW_PASSWORD)
        third = self.connect()
        self.assertEqual(third.get_access("resume", second.token).via, "resume")
        secrets = {name: value.encode() for name, value in globals().items()
                   if isinstance(value, str) and value.startswith("canary")}
        secrets["data"] = DATA
        secrets["token guessed"] = b"canary" * 7
        for name, token in (("first", first.token), ("second", second.token)):
            raw = base64.urlsafe_b64decode(token[4:] + "=")
            secrets |= {f"{name} token": token.encode(), f"{name} token without prt_": token[4:].encode(),
                        f"{name} token, raw": raw, f"{name} token, hex": raw.hex().encode(),
                        f"{name} token, HEX": raw.hex().upper().encode()}
        return secrets

    def assert_absent(self, secrets, file, content):
        for name, secret in secrets.items():
            self.assertNotIn(secret, content, f"{name} is in {file}")

    def test_no_secret_is_in_database_log_or_console(self):
        secrets = self.use_secrets()
        self.server.expect_log("Canary Bird")
        searched = self.search(secrets)
        self.server.restart()
        self.assertIn("porter.db", searched | self.search(secrets))
        self.assertIn("porterd.log", searched)

    def search(self, secrets):
        names = set()
        for path in self.server.folder.rglob("*"):
            if path.is_file():
                names.add(path.name)
                self.assert_absent(secrets, path.name, path.read_bytes())
        return names


class TextLog(ServerCase):
    options = ("--log-level", "trace", "--access", "identify")

    def test_text_of_a_client_is_escaped_and_stays_on_one_line(self):
        client = self.connect()
        client.hello(agent="agent\n2026-01-01T00:00:00.000Z info forged address=127.0.0.1\x1b[2J\r\u2028\u202e\x9b")
        client.send("identify", 'Al "ice" address=10.0.0.1 \\')
        client.expect("granted")
        until(lambda: "ice" in self.server.log(), "the access is logged")
        log = self.server.log_file.read_bytes().decode()
        for line in log.splitlines():
            self.assertRegex(line, r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d{3}Z? +(\S+) +\S+")
        self.assertNotRegex(log, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]")
        for line in [line for line in log.splitlines() if "ice" in line]:
            self.assertIn(r"\"ice\"", line)
            self.assertLess(line.index(client.address), line.index("ice"),
                            "the address comes before text of the client")


class JsonLog(ServerCase):
    options = ("--log-level", "trace", "--log-format", "json", "--access", "identify")

    def test_each_line_is_an_object(self):
        client = self.connect()
        client.hello(agent='"}\n{"forged": true}\x1b')
        client.send("identify", 'Al "ice" \\')
        client.expect("granted")
        until(lambda: "ice" in self.server.log(), "the access is logged")
        rows = [json.loads(line) for line in self.server.log().splitlines()]
        self.assertTrue(all(isinstance(row, dict) and "forged" not in row for row in rows))
        self.assertTrue(any('Al "ice" \\' in row.values() for row in rows))


if __name__ == "__main__":
    unittest.main()
