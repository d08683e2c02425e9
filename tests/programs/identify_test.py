"""Identify access, where an address gives its name once, and open access (docs/PROTOCOL.md)."""
import unicodedata
import unittest

from support.case import PASSWORD, ServerCase


class Identify(ServerCase):
    options = ("--access", "identify")

    def test_an_unknown_address_identifies_itself(self):
        client = self.connect()
        self.assertEqual(client.hello().known_as, "")
        granted = client.request("identify", "Alice")
        self.assertEqual((granted.kind, granted.via, granted.name), ("granted", "identify", "Alice"))
        self.assertEqual((granted.session, granted.token, granted.expires_at), (0, "", 0))

    def test_a_known_address_is_granted_access_after_the_welcome(self):
        first = self.connect()
        first.get_access("identify", "Алиса")
        again = self.connect(first.address)
        self.assertEqual(again.hello().known_as, "Алиса")
        again.expect("granted", via="address", name="Алиса")
        again.send("text", "hello")
        again.expect("text", text="hello")

    def test_another_address_is_unknown(self):
        self.connect().get_access("identify", "Alice")
        self.assertEqual(self.connect().hello().known_as, "")

    def test_several_addresses_may_have_the_same_name(self):
        for _ in range(2):
            self.connect().get_access("identify", "The Smiths")

    def test_a_client_may_identify_itself_again_by_another_name(self):
        first = self.connect()
        first.get_access("identify", "Alice")
        again = self.start_access_phase(first.address)
        again.expect("granted", via="address", name="Alice")
        again.send("identify", "Bob")
        again.expect("granted", via="identify", name="Bob")
        again.expect_alive()
        third = self.connect(first.address)
        self.assertEqual(third.hello().known_as, "Bob")
        third.expect("granted", via="address", name="Bob")

    def test_after_an_invalid_name_a_valid_one_is_granted(self):
        bad = ["", " ", " Alice", "Alice ", "Al  ice", "Al\nice", "Al\tice", "Al\u00a0ice", "Al\u200bice",
               "Al\u202eice", "Al\x00ice", "Al\x7fice", "Al\u0085ice", "\ue000", "\U000e0041", "\u0378", "\u2028",
               "a" * 65, "\u00ad"]
        for name in bad:
            with self.subTest(name=name):
                client = self.start_access_phase()
                denied = client.request("identify", name)
                self.assertEqual((denied.kind, denied.code, denied.retry_after), ("denied", "invalid_name", 0))
                self.assertTrue(denied.reason, "the reason says the rule")
                client.send("identify", "Alice")
                client.expect("granted", via="identify", name="Alice")

    def test_an_invalid_name_after_access_changes_nothing(self):
        client = self.connect()
        client.get_access("identify", "Alice")
        client.send("identify", "Al\x1b[2Jice")
        client.expect("denied", code="invalid_name")
        client.expect_alive()
        self.assertEqual(self.connect(client.address).hello().known_as, "Alice")

    def test_a_name_has_up_to_64_code_points(self):
        for name in ("a", "a" * 64, "Я" * 64, "名" * 64, "\U0001f6aa" * 64, "Anna Maria O'Neill-Łukasiewicz 3rd"):
            with self.subTest(name=name):
                self.connect().get_access("identify", name)

    def test_a_name_is_stored_in_its_composed_form(self):
        decomposed = unicodedata.normalize("NFD", "Zoë" * 20)  # 80 code points, 60 after composition
        client = self.start_access_phase()
        client.send("identify", decomposed)
        client.expect("granted", name="Zoë" * 20)

    def test_requests_for_accounts_are_not_supported(self):
        client = self.start_access_phase()
        for request in (("register", "Alice", PASSWORD), ("login", "Alice", PASSWORD), ("resume", "prt_x")):
            client.send(*request)
            client.expect("denied", code="not_supported")
        client.send("identify", "Alice")
        client.expect("granted", via="identify")
        for request in (("register", "Alice", PASSWORD), ("login", "Alice", PASSWORD), ("resume", "prt_x"),
                        ("change_password", PASSWORD, PASSWORD), ("logout", 0), ("list_sessions",),
                        ("revoke_session", 1), ("prove", "123456"), ("second_factor", 0, "")):
            client.send(*request)
            client.expect("denied", code="not_supported")
        client.expect_alive()

    def test_the_fifth_denied_closes_the_connection(self):
        client = self.start_access_phase()
        for _ in range(5):
            client.send("identify", "")
            client.expect("denied", code="invalid_name")
        client.expect_closing("too_many_attempts")


class IdentifyAcrossRestarts(ServerCase):
    options = ("--access", "identify")

    def test_a_name_survives_a_restart(self):
        client = self.connect()
        client.get_access("identify", "Alice")
        self.server.restart()
        again = self.connect(client.address)
        self.assertEqual(again.hello().known_as, "Alice")
        again.expect("granted", via="address", name="Alice")

    def test_a_name_survives_a_kill(self):
        client = self.connect()
        client.get_access("identify", "Bob")
        self.server.kill()
        self.server.start()
        self.assertEqual(self.connect(client.address).hello().known_as, "Bob")


class Open(ServerCase):
    options = ("--access", "open")

    def test_access_is_granted_right_after_the_welcome(self):
        client = self.connect()
        welcome = client.hello()
        self.assertEqual((welcome.access, welcome.known_as), ("open", ""))
        client.expect("granted", via="open", name="", session=0, token="", expires_at=0, last_login_at=0,
                      last_address="", failed_since=0)
        client.send("text", "hello")
        client.expect("text", text="hello")

    def test_identify_is_a_protocol_error(self):
        client = self.connect_with_access()
        client.send("identify", "Alice")
        client.expect_closing("protocol_error")


if __name__ == "__main__":
    unittest.main()
