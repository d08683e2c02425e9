"""porterd and porterctl reject common passwords and those of --password-list (SECURITY.md: P7)."""
import hashlib
import pathlib
import shutil
import tempfile
import unittest

from support.administrator import AdministratorCase
from support.case import PASSWORD
from support.server import PORTERD, run
from support.waiting import until

LISTED = "seven quiet lanterns"
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="porter-test-"))
LIST = FOLDER / "breached.txt"


def sha1(password):
    return hashlib.sha1(password.encode()).hexdigest().upper()


def setUpModule():
    sums = sorted(sha1(f"word {number}") for number in range(1000)) + [sha1(LISTED)]
    LIST.write_text("".join(f"{each}:{len(each)}\r\n" for each in sorted(sums)))


def tearDownModule():
    shutil.rmtree(FOLDER, ignore_errors=True)


class Listed(AdministratorCase):
    options = ("--password-list", LIST)

    def register(self, password):
        client = self.start_access_phase()
        return client.request("register", f"Alice {next(self._numbers)}", password)

    def test_a_listed_password_is_weak_and_a_strong_one_is_accepted(self):
        for password in (LISTED, "солнышко", "q1w2e3r4t5"):
            with self.subTest(password=password):
                self.assertEqual(self.register(password).code, "weak_password")
        self.assertIn("on a list", self.register(LISTED).reason)
        self.assertEqual(self.register(PASSWORD).kind, "granted")

    def test_porterctl_uses_the_same_list(self):
        weak = {"operands": ("Weak",), "stdin": LISTED.encode(), "code": 65}
        self.assertIn("on a list", self.ctl("accounts", "add", "--password-list", LIST, **weak).err)
        self.ctl("accounts", "add", env={"PORTERD_PASSWORD_LIST": str(LIST)}, **weak)
        self.ctl("accounts", "add", "--password-list", LIST, operands=("Good",), stdin=PASSWORD.encode())
        self.ctl("accounts", "set-password", "--password-list", LIST, operands=("Good",), stdin=LISTED.encode(),
                 code=65)
        self.ctl("accounts", "add", "--password-list", "/nowhere", operands=("Weak",), stdin=PASSWORD.encode(), code=78)

    def test_a_list_that_fails_is_logged_and_the_other_rules_apply(self):
        moved = LIST.rename(FOLDER / "moved")
        try:
            self.assertEqual(self.register(LISTED).kind, "granted")
            self.assertEqual(self.register("password1").code, "weak_password")
        finally:
            moved.rename(LIST)
        self.assertEqual(self.register(LISTED).code, "weak_password")
        until(lambda: "password_list_works" in self.server.log(), "the log reports that the list works again")
        self.server.expect_log(r"password_list_failed .*No such file")


class InvalidList(unittest.TestCase):
    def test_a_file_that_is_not_a_list_is_a_configuration_error(self):
        file = FOLDER / "none"
        for content, error in ((f"{sha1('a')}\n{'0' * 40}\n", "line 2 is less"), ("password\n", "line 1 is no SHA-1"),
                               ("", "it is empty"), (None, "it cannot be read: No such file")):
            for arguments in (("--check",), ("--port", "0", "--no-input")):
                with self.subTest(content=content, arguments=arguments):
                    file.unlink(missing_ok=True)
                    if content is not None:
                        file.write_text(content)
                    done = run(PORTERD, "--data-dir", FOLDER / "data", "--password-list", file, *arguments, home=FOLDER)
                    self.assertEqual((done.returncode, done.out), (78, ""), done.err)
                    self.assertRegex(done.err, rf"\Aporterd: the password list {file}: {error}[^\n]*\n\Z")

    def test_check_accepts_a_valid_list(self):
        done = run(PORTERD, "--data-dir", FOLDER / "data", "--password-list", LIST, "--check", home=FOLDER)
        self.assertEqual((done.returncode, done.out), (0, "configuration ok\n"), done.err)


if __name__ == "__main__":
    unittest.main()
