"""Authenticate access: register, login and resume, and each of their denials (docs/PROTOCOL.md)."""
import re
import time
import unicodedata
import unittest

from support.case import OTHER_PASSWORD, PASSWORD, ServerCase

DAY = 24 * 3600


class Register(ServerCase):
    def test_register_creates_an_account_and_a_session(self):
        client = self.start_access_phase()
        granted = client.request("register", "Alice", PASSWORD)
        self.assertEqual((granted.kind, granted.via, granted.name), ("granted", "register", "Alice"))
        self.assertRegex(granted.token, r"^prt_[A-Za-z0-9_-]{43}$")
        self.assertGreater(granted.session, 0)
        self.assertAlmostEqual(granted.expires_at, time.time() + 30 * DAY, delta=DAY)
        self.assertEqual((granted.last_login_at, granted.last_address, granted.failed_since), (0, "", 0))
        client.send("text", "in")
        client.expect("text", text="in")

    def test_a_name_is_taken_in_all_its_spellings(self):
        for first, others in {"Алиса": ("Алиса", "АЛИСА", "алиса"),
                              "Zoë Straße": (unicodedata.normalize("NFD", "Zoë Straße"), "ZOË STRASSE", "zoë straße"),
                              "file": ("\ufb01le", "FILE", "\uff26\uff29\uff2c\uff25"),
                              "Ångström": ("\u212bngström", "ÅNGSTRÖM")}.items():
            self.account(first)
            for other in others:
                with self.subTest(first=first, other=other):
                    client = self.start_access_phase()
                    client.send("register", other, PASSWORD)
                    client.expect("denied", code="name_taken")

    def test_a_login_by_another_spelling_is_granted_the_registered_name(self):
        account = self.account("Мария Кюри")
        client = self.start_access_phase()
        client.send("login", "МАРИЯ КЮРИ", account.password)
        client.expect("granted", via="login", name="Мария Кюри")

    def test_an_invalid_name_is_denied_with_the_rule(self):
        for name in ("", " x", "x ", "x  y", "x\ny", "x\u200by", "y" * 65, "\x1b[2J"):
            with self.subTest(name=name):
                client = self.start_access_phase()
                client.send("register", name, PASSWORD)
                self.assertTrue(client.expect("denied", code="invalid_name").reason)

    def test_a_weak_password_is_denied_with_the_rule(self):
        name = "Bartholomew Quist"
        weak = ["password1", "P@ssw0rd", "qwertyuiop", "йцукенгшщз", "gfhjkm123", "пароль123", "porterporter",
                "Bartholomew", "quist1234", "", "a", "xK9$vQ2", "Ünïcöd7", name, name.lower(), "plum velvet\norbit 41",
                "plum velvet\x00orbit", "pl\x7fum velvet orbit", "x y" * 86, "🚪" * 256 + "x"]
        for password in weak:
            with self.subTest(password=password):
                client = self.start_access_phase()
                client.send("register", name, password)
                self.assertTrue(client.expect("denied", code="weak_password").reason)

    def test_passwords_of_8_and_of_256_code_points_are_accepted(self):
        for password in ("xK9$vQ2w", "Ж4ъЩю!зХ", "boat of brass " * 18 + "open"):
            with self.subTest(password=password):
                self.assertIn(len(password), (8, 256))
                account = self.account(password=password)
                self.log_in(account)

    def test_a_password_is_compared_to_its_last_character(self):
        account = self.account(password="boat of brass " * 18 + "open")
        client = self.start_access_phase()
        client.send("login", account.name, "boat of brass " * 18 + "opem")
        client.expect("denied", code="bad_credentials")

    def test_spaces_around_a_password_are_significant(self):
        account = self.account(password=" plum velvet orbit ")
        client = self.start_access_phase()
        client.send("login", account.name, "plum velvet orbit")
        client.expect("denied", code="bad_credentials")
        client.send("login", account.name, " plum velvet orbit ")
        client.expect("granted")

    def test_the_denial_names_the_first_rule_that_fails(self):
        self.account("Taken Already")
        for name, password, code in ((" bad", "a", "invalid_name"), ("Taken Already", "a", "weak_password"),
                                     ("Taken Already", PASSWORD, "name_taken")):
            client = self.start_access_phase()
            client.send("register", name, password)
            client.expect("denied", code=code)

    def test_a_request_after_denied_may_be_granted(self):
        client = self.start_access_phase()
        client.send("register", "Second Try", "short")
        client.expect("denied", code="weak_password")
        client.send("register", "Second Try", PASSWORD)
        client.expect("granted", via="register")


class Login(ServerCase):
    def test_the_right_password_opens_a_new_session(self):
        account = self.account()
        granted = self.log_in(account).granted
        self.assertEqual(granted.name, account.name)
        self.assertRegex(granted.token, r"^prt_[A-Za-z0-9_-]{43}$")
        self.assertNotEqual((granted.token, granted.session), (account.token, account.session))

    def test_wrong_password_unknown_name_and_invalid_name_get_the_same_answer(self):
        account = self.account()
        answers = []
        for name, password in ((account.name, OTHER_PASSWORD), ("no such name", PASSWORD), ("", PASSWORD),
                               (" invalid\n", PASSWORD), ("x" * 500, PASSWORD), (account.name, ""),
                               (account.name, "p" * 2000)):
            denied = self.start_access_phase().request("login", name, password)
            answers.append((denied.kind, denied.code, denied.retry_after, denied.reason))
        self.assertEqual(set(answers), {("denied", "bad_credentials", 0, answers[0][3])})

    def test_a_decomposed_password_matches_the_composed_one(self):
        password = "crème brûlée à la façon"
        account = self.account(password=unicodedata.normalize("NFC", password))
        account.password = unicodedata.normalize("NFD", password)
        self.log_in(account)

    def test_the_fifth_denied_closes_the_connection(self):
        client = self.start_access_phase()
        for number in range(5):
            client.send("login", f"unknown {number}", PASSWORD)
            client.expect("denied", code="bad_credentials")
        client.expect_closing("too_many_attempts")

    def test_a_valid_login_after_four_denied_is_granted(self):
        account = self.account()
        client = self.start_access_phase()
        for number in range(4):
            client.send("login", f"also unknown {number}", PASSWORD)
            client.expect("denied", code="bad_credentials")
        client.send("login", account.name, account.password)
        client.expect("granted", via="login")

    def test_denials_of_all_requests_count(self):
        client = self.start_access_phase()
        for request in (("register", "", PASSWORD), ("register", "Weak", "weak"), ("resume", "prt_"), ("resume", "x"),
                        ("login", "unknown", PASSWORD)):
            client.send(*request)
            client.expect("denied")
        client.expect_closing("too_many_attempts")

    def test_granted_has_the_last_login_and_the_failures_since(self):
        before = int(time.time())
        account = self.account()
        for _ in range(2):
            self.start_access_phase().request("login", account.name, OTHER_PASSWORD)
        second = self.log_in(account)
        self.assertEqual((second.granted.last_address, second.granted.failed_since), (account.address, 2))
        self.assertTrue(before <= second.granted.last_login_at <= time.time() + 1)
        third = self.log_in(account)
        self.assertEqual((third.granted.last_address, third.granted.failed_since), (second.address, 0))

    def test_a_resume_has_the_failures_and_does_not_reset_them(self):
        account = self.account()
        self.start_access_phase().request("login", account.name, OTHER_PASSWORD)
        for _ in range(2):
            granted = self.resume(account).granted
            self.assertEqual((granted.last_address, granted.failed_since), (account.address, 1))
        self.assertEqual(self.log_in(account).granted.failed_since, 1)


class Resume(ServerCase):
    def test_a_token_resumes_its_session(self):
        account = self.account()
        granted = self.resume(account).granted
        self.assertEqual((granted.name, granted.session, granted.token), (account.name, account.session, ""))
        self.assertGreater(granted.expires_at, time.time())

    def test_a_session_may_have_many_connections(self):
        account = self.account()
        for client in [self.resume(account) for _ in range(10)]:
            client.expect_alive()

    def test_an_invalid_token_is_denied(self):
        account = self.account()
        flipped = account.token[:-2] + ("A" if account.token[-2] != "A" else "B") + account.token[-1]
        for token in ("", "x", "prt_", account.token[4:], account.token[:-1], account.token + "A", flipped,
                      account.token.upper(), "prt_" + "A" * 43, "prt_" + "=" * 43, " " + account.token,
                      "prt_" + "é" * 21, "prt_" + "A" * 4000):
            with self.subTest(token=token[:60]):
                client = self.start_access_phase()
                client.send("resume", token)
                client.expect("denied", code="invalid_token")

    def test_a_token_with_other_spare_bits_is_denied(self):
        """43 characters encode two bits more than a token has; only one of the spellings is valid."""
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        account = self.account()
        other = account.token[:-1] + alphabet[alphabet.index(account.token[-1]) ^ 1]
        client = self.start_access_phase()
        client.send("resume", other)
        client.expect("denied", code="invalid_token")

    def test_a_session_survives_a_restart(self):
        account = self.account()
        self.server.restart()
        self.resume(account).expect_alive()


class KnownAs(ServerCase):
    def known_as(self, address):
        return self.connect(address).hello().known_as

    def test_known_as_is_the_name_last_seen_at_the_address(self):
        first, second = self.account("Alice Known"), self.account("Bob Known")
        self.assertEqual(self.known_as(first.address), "Alice Known")
        self.log_in(second, first.address)
        self.assertEqual(self.known_as(first.address), "Bob Known")
        self.resume(first, first.address)
        self.assertEqual(self.known_as(first.address), "Alice Known")

    def test_a_known_address_gets_no_access_without_a_password(self):
        account = self.account()
        client = self.start_access_phase(account.address)
        client.send("text", "let me in")
        client.expect_closing("unauthorized")

    def test_a_failed_login_does_not_change_known_as(self):
        account = self.account()
        client = self.start_access_phase()
        client.request("login", account.name, OTHER_PASSWORD)
        self.assertEqual(self.known_as(client.address), "")


class WithoutGreeting(ServerCase):
    options = ("--greet-by-address", "off")

    def test_known_as_stays_empty(self):
        account = self.account()
        self.assertEqual(self.connect(account.address).hello().known_as, "")


class RegistrationClosed(ServerCase):
    options = ("--registration", "closed")

    def test_register_is_denied_before_name_and_password_are_checked(self):
        for name, password in (("Alice", PASSWORD), ("", PASSWORD), ("Alice", "weak")):
            client = self.start_access_phase()
            client.send("register", name, password)
            client.expect("denied", code="registration_closed")


class LongerPasswords(ServerCase):
    options = ("--min-password-length", "15")

    def test_the_minimum_length_can_be_raised(self):
        client = self.start_access_phase()
        client.send("register", "Alice", "plum orbit 417")
        self.assertTrue(re.search(r"\b15\b", client.expect("denied", code="weak_password").reason))
        client.send("register", "Alice", "plum orbit 4179")
        client.expect("granted")


if __name__ == "__main__":
    unittest.main()
