"""Frames over a real socket: order, limits and malformed frames (docs/PROTOCOL.md; SECURITY.md: N1)."""
import threading
import unittest

from support.case import PASSWORD, ServerCase
from support.wire import INVALID_LENGTHS, KIND, MIB, as_bytes, header, message


class OpenAccessCase(ServerCase):
    options = ("--access", "open")


class Echo(OpenAccessCase):
    def test_pipelined_texts_are_echoed_unchanged_and_in_order(self):
        client = self.connect_with_access()
        texts = [f"text {number} привет" for number in range(5000)]
        sender = threading.Thread(target=client.send_raw, args=(b"".join(message("text", text) for text in texts),))
        sender.start()
        self.assertEqual([client.expect("text").text for _ in texts], texts)
        sender.join()

    def test_an_empty_text_is_echoed(self):
        client = self.connect_with_access()
        client.send("text", "")
        client.expect("text", text="")

    def test_data_is_echoed_byte_for_byte(self):
        client = self.connect_with_access()
        for body in (b"", bytes(range(256)), b"\xff\xfe\x00"):
            client.send("data", body)
            client.expect("data", data=body)

    def test_a_text_may_contain_any_character(self):
        client = self.connect_with_access()
        text = "\0\n\r\t\x1b[2J\u2028\U0001f6aa"
        client.send("text", text)
        client.expect("text", text=text)

    def test_a_frame_may_arrive_in_single_bytes(self):
        client = self.connect_with_access()
        for byte in message("text", "slowly"):
            client.send_raw(bytes([byte]))
        client.expect("text", text="slowly")

    def test_texts_and_data_keep_their_order_between_pings(self):
        client = self.connect_with_access()
        for number in range(100):
            client.send_raw(message("text", str(number)) + message("ping", b"%d" % number)
                            + message("data", b"%d" % number))
        got = [client.receive() for _ in range(300)]
        for kind in ("text", "data", "pong"):
            self.assertEqual([int(getattr(each, "text", None) or each.data) for each in got if each.kind == kind],
                             list(range(100)))

    def test_a_text_that_is_not_utf_8_is_invalid_utf8(self):
        for bad in (b"\xff", b"\xc3", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"fine until \x80"):
            with self.subTest(bad=bad):
                client = self.connect_with_access()
                client.send("text", bad)
                client.expect_closing("invalid_utf8")

    def test_frames_before_a_malformed_one_are_answered(self):
        client = self.connect_with_access()
        client.send_raw(message("text", "good") + message("text", b"\xff") + message("text", "too late"))
        client.expect("text", text="good")
        client.expect_closing("invalid_utf8")


class Pings(OpenAccessCase):
    def test_a_ping_is_answered_with_its_own_bytes(self):
        client = self.connect_with_access()
        for body in (b"", b"x", b"\xff\x00", b"p" * 125):
            client.send("ping", body)
            client.expect("pong", data=body)

    def test_a_ping_of_126_bytes_is_a_protocol_error(self):
        client = self.connect_with_access()
        client.send("ping", b"p" * 126)
        client.expect_closing("protocol_error")

    def test_a_pong_of_126_bytes_is_a_protocol_error(self):
        client = self.connect_with_access()
        client.send("pong", b"p" * 126)
        client.expect_closing("protocol_error")

    def test_an_unsolicited_pong_is_ignored(self):
        client = self.connect_with_access()
        client.send("pong", b"p" * 125)
        client.expect_alive()


class Limits(OpenAccessCase):
    def test_a_frame_of_exactly_the_limit_is_echoed(self):
        client = self.connect_with_access()
        self.assertEqual(client.welcome.max_frame, MIB)
        for kind, field in (("text", "text"), ("data", "data")):
            body = bytes(range(32, 127)) * (MIB // 95) + b"!" * MIB
            body = body[:MIB - 1]
            client.send(kind, body)
            self.assertEqual(as_bytes(getattr(client.expect(kind), field)), body)

    def test_a_header_one_byte_over_the_limit_is_too_large(self):
        client = self.connect_with_access()
        client.send_raw(header(MIB + 1))
        client.expect_closing("frame_too_large")

    def test_a_frame_one_byte_over_the_limit_is_too_large(self):
        client = self.connect_with_access()
        client.send_raw(header(MIB + 1) + bytes([KIND["text"]]) + b"x" * 1000)
        client.expect_closing("frame_too_large")

    def test_invalid_lengths_are_too_large(self):
        for length in INVALID_LENGTHS:
            with self.subTest(length=hex(length)):
                client = self.connect_with_access()
                client.send_raw(header(length) + b"\x40")
                client.expect_closing("frame_too_large")

    def test_a_length_of_0_is_a_protocol_error(self):
        client = self.connect_with_access()
        client.send_raw(header(0))
        client.expect_closing("protocol_error")

    def test_a_declared_length_costs_no_memory(self):
        clients = [self.connect_with_access() for _ in range(200)]
        before = self.memory()
        for client in clients:
            client.send_raw(header(MIB) + b"\x40")
        clients[-1].close()
        self.connect_with_access().expect_alive()
        self.assertLess(self.memory() - before, 100 * MIB, "the server allocated the declared length of 200 frames")

    def memory(self):
        with open(f"/proc/{self.server.process.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * 4096


class SmallFrames(OpenAccessCase):
    options = ("--access", "open", "--max-frame", "4KiB")

    def test_the_configured_limit_is_announced_and_enforced(self):
        client = self.connect_with_access()
        self.assertEqual(client.welcome.max_frame, 4096)
        client.send("text", "x" * 4095)
        client.expect("text", text="x" * 4095)
        client.send("text", "x" * 4096)
        client.expect_closing("frame_too_large")


class Pipelining(ServerCase):
    def test_a_large_text_may_be_pipelined_after_a_login(self):
        account = self.account()
        client = self.connect()
        large = "x" * (MIB - 1)
        client.send_raw(message("hello", 1, "t") + message("login", account.name, PASSWORD) + message("text", large))
        client.expect("welcome")
        client.expect("granted", via="login")
        self.assertEqual(client.expect("text").text, large)

    def test_a_large_text_after_a_failed_login_is_over_the_limit_before_access(self):
        account = self.account()
        client = self.connect()
        client.send_raw(message("hello", 1, "t") + message("login", account.name, "not " + PASSWORD)
                        + message("text", "x" * 5000))
        client.expect("welcome")
        client.expect("denied", code="bad_credentials")
        client.expect_closing("frame_too_large")

    def test_hello_and_resume_may_be_one_segment(self):
        account = self.account()
        client = self.connect()
        client.send_raw(message("hello", 1, "t") + message("resume", account.token))
        client.expect("welcome")
        client.expect("granted", via="resume", session=account.session)

    def test_a_wrong_and_a_valid_login_may_be_pipelined(self):
        account = self.account()
        client = self.connect()
        client.send_raw(message("hello", 1, "t") + message("login", account.name, "not " + PASSWORD)
                        + message("login", account.name, PASSWORD) + message("text", "in"))
        client.expect("welcome")
        client.expect("denied", code="bad_credentials")
        client.expect("granted", via="login")
        client.expect("text", text="in")

    def test_requests_of_a_session_are_answered_in_order(self):
        account = self.account()
        client = self.resume(account)
        client.send_raw(message("list_sessions") + message("revoke_session", 1 << 60) + message("list_sessions")
                        + message("logout", 0))
        client.expect("sessions")
        client.expect("denied", code="not_found")
        client.expect("sessions")
        client.expect("done")
        client.expect_closing("normal")


if __name__ == "__main__":
    unittest.main()
