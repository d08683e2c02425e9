"""Every kind from 0 to 255 in every phase of every access mode: only the protocol's entries pass (protocol page, 2 and 3; promise N2)."""
import unittest

from support.case import OTHER_PASSWORD, ServerCase
from support.wire import KIND, MESSAGES, NAME, frame, message

CLIENT_KINDS = {name for name, row in MESSAGES.items() if row[1] != "server"}
VERBS = {"change_password", "logout", "list_sessions", "revoke_session"}
SAMPLES = {
    "hello": (1, "t"), "identify": ("Sample",), "register": ("Sample", "short"), "login": ("nobody at all", "wrong guess here"),
    "resume": ("prt_nothing",), "change_password": ("wrong guess here", OTHER_PASSWORD), "logout": (0,), "list_sessions": (),
    "revoke_session": (1 << 40,), "text": ("hello",), "data": (b"\x00\xff",), "ping": (b"p",), "pong": (b"p",),
    "closing": ("normal", "bye")}


class Pairs:
    """One phase of one access mode. passes: kind -> a check of what comes back; all others are refused with refusal."""

    access = None
    refusals = ("protocol_error",)

    def enter_phase(self):
        raise NotImplementedError

    def passes(self):
        raise NotImplementedError

    def send_kind(self, number):
        client = self.enter_phase()
        name = NAME.get(number)
        sample = message(name, *SAMPLES[name]) if name in SAMPLES else frame(bytes([number]))
        client.send_raw(sample)
        return client

    def test_each_kind_does_what_the_protocol_says(self):
        passes = self.passes()
        for number in range(256):
            name = NAME.get(number, hex(number))
            with self.subTest(kind=name):
                client = self.send_kind(number)
                if name in passes:
                    passes[name](client)
                else:
                    got = client.expect("closing")
                    self.assertIn(got.code, self.refusals if number in NAME else ("protocol_error",))
                    client.expect_end()
                client.close()

    def test_the_kind_is_judged_before_the_body(self):
        """A body of garbage behind a kind that is not allowed here changes nothing about the refusal."""
        passes = self.passes()
        for number in (0x00, 0x02, 0x06, 0x0a, 0x3f, 0x40, 0x45, 0x80, 0x81, 0x86, 0xff):
            for body in (b"\xff" * 40, b""):
                if NAME.get(number) in passes:
                    continue
                with self.subTest(kind=hex(number), body=body):
                    client = self.enter_phase()
                    client.send_raw(frame(bytes([number]) + body))
                    self.assertIn(client.expect("closing").code,
                                  self.refusals if number in NAME else ("protocol_error",))
                    client.expect_end()


def closes(client):
    """The peer's closing is not answered; the connection ends."""
    client.expect_end()


def denied(code):
    def check(client):
        client.expect("denied", code=code)
        client.send("closing", "normal", "")
        client.expect_end()
    return check


def answered(kind, **fields):
    def check(client):
        client.expect(kind, **fields)
        client.expect_alive()
    return check


class Opening(Pairs):
    """Nothing but hello and closing opens a conversation. Which of the refusals the others get, the page leaves open:
    they are not allowed before access, and they are out of order."""

    refusals = ("unauthorized", "protocol_error")

    def enter_phase(self):
        return self.connect()

    def passes(self):
        return {"hello": lambda client: client.expect("welcome", access=self.access), "closing": closes}


class OpeningOfOpen(Opening, ServerCase):
    options, access = ("--access", "open"), "open"


class OpeningOfIdentify(Opening, ServerCase):
    options, access = ("--access", "identify"), "identify"


class OpeningOfAuthenticate(Opening, ServerCase):
    options, access = ("--access", "authenticate"), "authenticate"


class AccessOfIdentify(Pairs, ServerCase):
    options = ("--access", "identify")
    refusals = ("unauthorized",)

    def enter_phase(self):
        client = self.start_access_phase()
        return client

    def passes(self):
        return {"identify": answered("granted", via="identify", name="Sample"), "closing": closes,
                **dict.fromkeys(("register", "login", "resume"), denied("not_supported"))}


class AccessOfAuthenticate(Pairs, ServerCase):
    refusals = ("unauthorized",)

    def enter_phase(self):
        client = self.start_access_phase()
        return client

    def passes(self):
        return {"register": denied("weak_password"), "login": denied("bad_credentials"), "resume": denied("invalid_token"),
                "closing": closes}


def exchange(**more):
    """What every service that echoes does after access."""
    return {"text": answered("text", text="hello"), "data": answered("data", data=b"\x00\xff"),
            "ping": answered("pong", data=b"p"), "pong": lambda client: client.expect_alive(), "closing": closes, **more}


WITHOUT_ACCOUNTS = {name: answered("denied", code="not_supported") for name in VERBS | {"register", "login", "resume"}}


class ExchangeOfOpen(Pairs, ServerCase):
    options = ("--access", "open")

    def enter_phase(self):
        client = self.start_access_phase()
        client.expect("granted", via="open", name="", session=0, token="", expires_at=0)
        return client

    def passes(self):
        return exchange(**WITHOUT_ACCOUNTS)


class ExchangeOfIdentify(Pairs, ServerCase):
    options = ("--access", "identify")

    def enter_phase(self):
        client = self.connect()
        client.get_access("identify", "Somebody")
        return client

    def passes(self):
        return exchange(identify=answered("granted", via="identify", name="Sample"), **WITHOUT_ACCOUNTS)


class ExchangeOfAuthenticate(Pairs, ServerCase):
    """change_password, with a wrong current one, counts as a failed try: each of its tries is made with a new account."""

    def enter_phase(self):
        client = self.connect()
        client.get_access("resume", self.spare_token())
        return client

    def spare_token(self):
        if not getattr(self, "known", None):
            self.known = self.account()
        client = self.start_access_phase()
        granted = client.request("resume", self.known.token)
        client.close()
        if granted.kind == "denied":  # logged out by the pair before
            self.known = self.account()
        return self.known.token

    def passes(self):
        def logged_out(client):
            client.expect("done")
            client.expect_closing("normal")
        return exchange(change_password=answered("denied", code="bad_credentials"), logout=logged_out,
                        list_sessions=answered("sessions"), revoke_session=answered("denied", code="not_found"))


class AllKinds(unittest.TestCase):
    def test_the_samples_cover_every_kind_that_a_client_sends(self):
        self.assertEqual(set(SAMPLES), CLIENT_KINDS)
        self.assertEqual(len(KIND), 19)


if __name__ == "__main__":
    unittest.main()
