"""Tests of accounts that porterctl has imported, for a server on any store."""
from .case import OTHER_PASSWORD

IMPORTED_PASSWORD = "four quiet lanterns"
# The hashes of this password that other programs have made; tests/auth/imported_hash_test.cpp says which.
HASHES = {
    "yescrypt": "$y$j75$ppWrGF2EymUvGyRvgSq3o/$.g8HcDWzTWdoYKeLN.8j/57gxTTCz/2/4uYoYIbjsd4",
    "bcrypt": "$2y$10$IoqN0mTjXXO6ahxj261GiOb.uypaFDN0EI/j0enRElzo.Z9PL.hRq",
    "sha512-crypt": "$6$u1ffTeU/W.Z2vF.L$zvanGmbmjD5pV9BBVdivbztyOtDYFsTPcNsZOvd7TFSUGARJukGNhpgK/BtQwbFdPWZ0rK2RFf1NCj"
                    "bdWNkKZ0",
    "ssha": "{SSHA}YJNtPcSgRxu/yrlJSPHbf+M05DikQNIQ",
    "django": "pbkdf2_sha256$1000$NaClSalt2026$BYJbjEMA5MzaCo/zFGpw5QQxvHtscJ8IyOGCjKD0Mq0=",
    "mosquitto": "$7$101$z09G6dPW1Dh6fVpB$7rTpv9OLD5VXqo86T/7Go5Vi/SuEwPk8SXMagKgn6B5A/vZ/dXpBosqAu7qFL7PgHhazfN96txzZ"
                 "jQEyY6n0lw==",
    "argon2": "$argon2id$v=19$m=64,t=1,p=2$hmvUlj7Miwc$vyRsy1nn/9lo4bDBw+6szw",
}
WRAPPED = ("sha512-crypt", "ssha", "django", "mosquitto")


def lines(accounts):
    """The text of a file for `accounts import`: [(name, hash), ...]"""
    return "".join("\t".join(account) + "\n" for account in accounts).encode()


class ImportedAccounts:
    """Tests for a subclass that is also a ServerCase, and has import_text() and hash_of()."""

    def import_text(self, text, *options):
        """Imports from standard input; returns porterctl's JSON."""
        raise NotImplementedError

    def hash_of(self, name):
        """The stored hash."""
        raise NotImplementedError

    def test_each_kind_of_hash_admits_its_password_once_and_is_argon2id_then(self):
        names = {kind: self.fresh_name() for kind in HASHES}
        report = self.import_text(lines((names[kind], made) for kind, made in HASHES.items()))
        self.assertEqual((report["imported"], report["new"], report["already_there"], report["refused"]),
                         (len(HASHES), len(HASHES), 0, 0))
        for kind, name in names.items():
            with self.subTest(kind):
                before = self.hash_of(name)
                self.assertTrue(before.startswith("$wrapped$argon2id$v=19$m=19456,t=2,p=1$") if kind in WRAPPED
                                else before == HASHES[kind])
                self.assertEqual(self.denial_code("login", name, OTHER_PASSWORD), "bad_credentials")
                self.assertEqual(self.hash_of(name), before)
                self.connect().get_access("login", name, IMPORTED_PASSWORD)
                renewed = self.hash_of(name)
                self.assertRegex(renewed, r"^\$argon2id\$v=19\$m=19456,t=2,p=1\$")
                self.connect().get_access("login", name, IMPORTED_PASSWORD)
                self.assertEqual(self.hash_of(name), renewed)

    def test_an_imported_account_changes_its_password(self):
        name = self.fresh_name()
        self.import_text(lines([(name, HASHES["bcrypt"])]))
        client = self.connect()
        client.get_access("login", name, IMPORTED_PASSWORD)
        client.send("change_password", IMPORTED_PASSWORD, OTHER_PASSWORD)
        client.expect("done")
        self.connect().get_access("login", name, OTHER_PASSWORD)

    def test_an_account_that_exists_stays_as_it_is(self):
        account = self.account()
        before = self.hash_of(account.name)
        report = self.import_text(lines([(account.name.upper(), HASHES["ssha"]),
                                         (self.fresh_name(), HASHES["ssha"])]))
        self.assertEqual((report["imported"], report["new"], report["already_there"]), (1, 1, 1))
        self.assertEqual(self.hash_of(account.name), before)
        self.log_in(account)

    def test_a_dry_run_changes_nothing(self):
        name = self.fresh_name()
        report = self.import_text(lines([(name, HASHES["bcrypt"])]), "--dry-run")
        self.assertEqual((report["imported"], report["new"]), (0, 1))
        self.assertEqual(self.denial_code("login", name, IMPORTED_PASSWORD), "bad_credentials")

    def test_a_disabled_account_is_imported_disabled(self):
        name = self.fresh_name()
        self.import_text(lines([(name, HASHES["bcrypt"], "disabled")]))
        self.assertEqual(self.denial_code("login", name, IMPORTED_PASSWORD), "bad_credentials")
