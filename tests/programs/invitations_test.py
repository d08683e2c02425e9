"""Invitations and resets: porterctl makes their codes, porterd and porter redeem them (SECURITY.md: P10)."""
import sqlite3
import threading
import unittest

from support.administrator import AdministratorCase
from support.case import OTHER_PASSWORD, PASSWORD
from support.porter import PROMPT, PorterCase
from support.server import PORTER, run

CODE = r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){6}"
UNKNOWN = "0123-4567-89AB-CDEF-GHJK-MNPQ-RSJR"  # the right form, and of no invitation


class CodeCase(AdministratorCase, PorterCase):
    """Each test has codes and accounts of its own."""

    options = ("--registration", "invited")

    def code(self, *arguments):
        """What porterctl prints on its standard output: the code alone."""
        out = self.ctl(*arguments).out
        self.assertRegex(out, rf"\A{CODE}\n\Z")
        return out.rstrip()

    def invite(self, *options):
        return self.code("invitations", "add", *options)

    def account(self, name=None, password=PASSWORD, server=None):
        """Registration is by invitation."""
        name = name or self.fresh_name()
        client = self.connect()
        granted = client.get_access("redeem", self.invite(), name, password)
        granted.name = name
        client.close()
        return granted

    def redeem(self, code, name, password=PASSWORD, address=None):
        client = self.start_access_phase(address)
        reply = client.request("redeem", code, name, password)
        client.close()
        return reply

    def shell(self, statement):
        connection = sqlite3.connect(self.server.database, timeout=30, isolation_level=None)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()


class Invitations(CodeCase):
    def test_registration_is_by_invitation_only(self):
        client = self.start_access_phase()
        name = self.fresh_name()
        denied = client.request("register", name, PASSWORD)
        self.assertEqual((denied.code, denied.reason),
                         ("registration_closed", "this server takes new accounts by invitation only"))
        granted = client.request("redeem", self.invite(), name, PASSWORD)
        self.assertEqual((granted.kind, granted.via, granted.name, len(granted.token)), ("granted", "redeem", name, 47))
        client.expect_alive()
        self.server.expect_log(rf'invitation_redeemed address={client.address} connection=\d+ name="{name}"')

    def test_a_code_is_typed_in_any_case_and_grouping_and_spent_once(self):
        code = self.invite()
        self.assertEqual(self.redeem(code.lower().replace("-", " "), self.fresh_name()).kind, "granted")
        self.assertEqual(self.redeem(code, self.fresh_name()).code, "invalid_code")

    def test_an_invitation_has_its_uses_under_a_race(self):
        code = self.invite("--uses", "3")
        replies = []

        def redeem(name, address):
            replies.append(self.redeem(code, name, address=address))

        threads = [threading.Thread(target=redeem, args=(self.fresh_name(), self.fresh_address())) for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        outcomes = sorted(each.kind if each.kind == "granted" else each.code for each in replies)
        self.assertEqual(outcomes, ["granted"] * 3 + ["invalid_code"] * 5)

    def test_an_invitation_for_a_name_registers_that_name_alone(self):
        name = self.fresh_name()
        code = self.invite("--name", name)
        self.assertEqual(self.redeem(code, self.fresh_name()).code, "invalid_code")
        self.assertEqual(self.redeem(code, name.upper()).name, name.upper())
        done = self.ctl("invitations", "add", "--name", name, code=65)
        self.assertIn("already exists", done.err)

    def test_a_denied_choice_spends_nothing(self):
        account, code = self.account(), self.invite()
        self.assertEqual(self.redeem(code, " bad").code, "invalid_name")
        self.assertEqual(self.redeem(code, "Fine", "short").code, "weak_password")
        self.assertEqual(self.redeem(code, account.name).code, "name_taken")
        self.assertEqual(self.redeem(code, self.fresh_name()).kind, "granted")

    def test_invalid_codes_throttle_their_address(self):
        address, code = self.fresh_address(), self.invite()
        for _ in range(20):
            self.assertEqual(self.redeem(UNKNOWN, "Anyone", address=address).code, "invalid_code")
        self.assertEqual(self.redeem(code, self.fresh_name(), address=address).code, "throttled")
        self.assertEqual(self.redeem(code, self.fresh_name()).kind, "granted")

    def test_list_and_remove(self):
        first = self.json("invitations", "add", "--uses", "5", "--for", "1h")
        self.assertRegex(first["code"], rf"\A{CODE}\Z")
        self.assertEqual(self.redeem(first["code"], self.fresh_name()).kind, "granted")
        listed = next(row for row in self.json("invitations", "list") if row["id"] == first["id"])
        self.assertEqual((listed["name"], listed["used"], listed["uses"]), (None, 1, 5))
        self.assertNotIn("code", listed)
        self.assertEqual(self.json("invitations", "remove", str(first["id"])), {"id": first["id"]})
        self.assertEqual(self.redeem(first["code"], self.fresh_name()).code, "invalid_code")
        self.ctl("invitations", "remove", str(first["id"]), code=66)

    def test_an_end_that_is_moved_in_the_shell_takes_effect(self):
        made = self.json("invitations", "add")
        self.shell(f"UPDATE invitations SET expires_at = unixepoch() WHERE id = {made['id']}")
        self.assertEqual(self.redeem(made["code"], self.fresh_name()).code, "invalid_code")

    def test_bad_input_is_explained(self):
        for arguments, part in ((("--uses", "0"), "--uses: "), (("--uses", "many"), "--uses: "),
                                (("--for", "soon"), "--for: "), (("--for", "0"), "valid for 1 s to 3650 d"),
                                (("--name", " x"), "--name: "),
                                (("--name", "Xenia", "--uses", "2"), "no effect with --name")):
            with self.subTest(arguments=arguments):
                self.assertIn(part, self.ctl("invitations", "add", *arguments, code=64).err)
        self.assertIn("no id of an invitation", self.ctl("invitations", "remove", "x", code=64).err)

    def test_no_code_is_in_database_or_log(self):
        code, name = self.invite(), self.fresh_name()
        self.redeem(code, name)
        self.server.expect_log(rf'invitation_redeemed [^\n]*name="{name}"')
        for file in self.server.data.iterdir():
            if not file.is_file():
                continue
            for secret in (code, code.replace("-", ""), code.lower()):
                self.assertNotIn(secret.encode(), file.read_bytes(), file.name)


class Resets(CodeCase):
    def test_a_reset_sets_a_password_once_and_ends_the_sessions(self):
        account = self.account()
        live = self.connect()
        live.get_access("resume", account.token)
        code = self.code("accounts", "reset", account.name)
        live.expect_alive()
        granted = self.redeem(code, account.name, OTHER_PASSWORD)
        self.assertEqual((granted.via, granted.name), ("redeem", account.name))
        live.expect_closing("session_ended")
        self.assertEqual(self.redeem(code, account.name, PASSWORD).code, "invalid_code")
        self.assertEqual(self.denial_code("login", account.name, PASSWORD), "bad_credentials")
        self.assertEqual(self.start_access_phase().request("login", account.name, OTHER_PASSWORD).kind, "granted")
        self.server.expect_log(rf'password_reset [^\n]*name="{account.name}"')

    def test_a_reset_is_of_its_account_and_replaced_by_another(self):
        account, other = self.account(), self.account()
        first = self.code("accounts", "reset", account.name)
        self.assertEqual(self.redeem(first, other.name, OTHER_PASSWORD).code, "invalid_code")
        second = self.code("accounts", "reset", account.name, "--for", "2h")
        self.assertEqual(self.redeem(first, account.name, OTHER_PASSWORD).code, "invalid_code")
        self.ctl("accounts", "set-password", account.name, stdin=OTHER_PASSWORD.encode())
        self.assertEqual(self.redeem(second, account.name, PASSWORD).code, "invalid_code")

    def test_a_reset_unlocks_the_account(self):
        account = self.account()
        for _ in range(4):
            self.assertEqual(self.denial_code("login", account.name, "wrong guess here"), "bad_credentials")
        self.shell("UPDATE password_ladders SET failed = 100 WHERE account_id ="
                   f" (SELECT id FROM accounts WHERE name = '{account.name}')")
        self.assertEqual(self.denial_code("login", account.name, PASSWORD), "throttled")
        code = self.code("accounts", "reset", account.name)
        self.assertEqual(self.redeem(code, account.name, OTHER_PASSWORD).failed_since, 4)
        self.assertEqual(self.start_access_phase().request("login", account.name, OTHER_PASSWORD).kind, "granted")

    def test_a_disabled_account_is_denied_like_a_wrong_password(self):
        account = self.account()
        self.ctl("accounts", "disable", account.name)
        made = self.ctl("accounts", "reset", account.name)
        self.assertIn("is disabled", made.err)
        code = made.out.rstrip()
        self.assertEqual(self.redeem(code, account.name, OTHER_PASSWORD).code, "bad_credentials")
        self.ctl("accounts", "enable", account.name)
        self.assertEqual(self.redeem(code, account.name, OTHER_PASSWORD).kind, "granted")

    def test_an_unknown_account_has_no_reset(self):
        self.ctl("accounts", "reset", "Unknown Name", code=66)

    def test_json_has_the_code(self):
        account = self.account()
        made = self.json("accounts", "reset", account.name)
        self.assertEqual(set(made), {"code", "name", "expires_at"})
        self.assertEqual(self.redeem(made["code"], account.name, OTHER_PASSWORD).kind, "granted")


class OnATerminal(CodeCase):
    def answer(self, terminal, prompt, text, times=1):
        terminal.expect(prompt, times=times)
        terminal.send_line(text)

    def test_a_registration_asks_for_the_invitation(self):
        terminal = self.porter("--name", "Invited Client", "--register")
        for times in (1, 2):
            self.answer(terminal, r"[Pp]assword.*: ", PASSWORD, times)
        terminal.expect(r"^This server takes new accounts by invitation only\.\nInvitation code: \Z")
        terminal.send_line("1234")
        terminal.expect(r"^This is no code, or one that is mistyped")
        self.answer(terminal, r"^Invitation code: ", UNKNOWN, times=2)
        terminal.expect(r"^This code is not known, was used already, or has expired\.")
        self.answer(terminal, r"^Invitation code: ", self.invite(), times=3)
        terminal.expect(r"Welcome, Invited Client")
        terminal.expect(PROMPT)
        self.quit(terminal)

    def test_without_an_answer_the_registration_is_refused(self):
        terminal = self.porter("--name", "Uninvited Client", "--register")
        for times in (1, 2):
            self.answer(terminal, r"[Pp]assword.*: ", PASSWORD, times)
        self.answer(terminal, r"^Invitation code: ", "")
        self.assertEqual(terminal.wait(), 77)

    def test_redeem_asks_for_code_name_and_password(self):
        account = self.account("Forgetful")
        code = self.code("accounts", "reset", account.name)
        terminal = self.porter("--redeem")
        self.answer(terminal, r"^Code: ", code)
        self.answer(terminal, r"^Name.*: ", account.name)
        for times in (1, 2):
            self.answer(terminal, r"[Pp]assword.*: ", OTHER_PASSWORD, times)
        terminal.expect(r"Welcome, Forgetful")
        terminal.expect(PROMPT)
        self.quit(terminal)
        self.assertNotIn(OTHER_PASSWORD, terminal.raw.decode())

    def test_the_token_of_a_redemption_is_saved(self):
        terminal = self.porter("--redeem", "--name", "Saved Session")
        self.answer(terminal, r"^Code: ", self.invite())
        for times in (1, 2):
            self.answer(terminal, r"[Pp]assword.*: ", PASSWORD, times)
        terminal.expect(PROMPT)
        self.quit(terminal)
        again = self.porter("--name", "Saved Session")
        again.expect(r"Welcome.*, Saved Session")
        again.expect(PROMPT)
        self.quit(again)


class InAPipe(CodeCase):
    def pipe(self, *arguments, code=0):
        done = run(PORTER, "127.0.0.1", self.server.port, "--trust-first-use", "--quiet", *arguments,
                   stdin=b"hello\n", home=self.home)
        self.assertEqual(done.returncode, code, done.err)
        return done

    def file(self, line):
        path = self.home / f"file {next(self._numbers)}"
        path.write_text(line + "\n")
        path.chmod(0o600)
        return path

    def test_a_code_file_redeems_without_a_question(self):
        name = self.fresh_name()
        done = self.pipe("--name", name, "--code-file", self.file(self.invite()), "--password-file",
                         self.file(PASSWORD))
        self.assertEqual(done.out, "hello\n")
        self.assertEqual(self.start_access_phase().request("login", name, PASSWORD).kind, "granted")

    def test_what_is_missing_or_wrong_is_an_error(self):
        password = self.file(PASSWORD)
        for arguments, code, part in (
                (("--redeem", "--name", "X", "--password-file", password), 64, "--code-file FILE"),
                (("--code-file", self.file(self.invite()), "--password-file", password), 64, "--name NAME"),
                (("--code-file", self.file("1234"), "--name", "X", "--password-file", password), 65, "has no code"),
                (("--code-file", "/nowhere", "--name", "X", "--password-file", password), 66, "/nowhere"),
                (("--code-file", self.file(UNKNOWN), "--name", "X", "--password-file", password), 77, "invalid_code"),
                (("--register", "--name", "X", "--password-file", password), 77, "registration_closed")):
            with self.subTest(arguments=arguments):
                done = self.pipe(*arguments, code=code)
                self.assertIn(part, done.err)
                self.assertNotRegex(done.err, CODE)


if __name__ == "__main__":
    unittest.main()
