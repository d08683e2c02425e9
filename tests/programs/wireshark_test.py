"""tools/wireshark/porter.lua: what tshark shows of recorded conversations with porterd, compared field by field with
what wire.py decodes from the same bytes."""
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

from support.case import OTHER_PASSWORD, PASSWORD
from support.one_time_code import one_time_code
from support.recording import LARGEST_SEGMENT, Recorder, resegmented, write_pcap
from support.server import Server
from support.waiting import HANG_GUARD
from support.wire import ACCESS, CODES, INVALID_LENGTHS, KIND, NAME, VIA, decode, fields_of, frame, header, message

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools"
sys.path.insert(0, str(TOOLS / "python"))
import porter  # noqa: E402

DISSECTOR = TOOLS / "wireshark" / "porter.lua"
NUMBERS = {"code": CODES, "access": dict(enumerate(ACCESS)), "via": dict(enumerate(VIA))}
RENAMED = {"current": "password", "new": "new_password", "id": "session"}
SECRETS = {"password", "new_password", "token", "redeemed", "one_time_code", "uri", "recovery_code"}


def hold_conversations(server, port, **options):
    """Holds conversations that contain every kind."""
    def connect():
        return porter.Client("127.0.0.1", port, timeout=HANG_GUARD, **options)

    with connect() as client:
        granted = client.register("Алиса", PASSWORD)
        client.send_all(["привет", "", b"\x00\xff", b"", "x" * 100_000])
        client.ping(b"alive?")
        client.ping()
        client.socket.send_message(porter.Pong(b"unrequested").encode())
        client.list_sessions()
        try:
            client.revoke_session(1 << 40)
        except porter.DeniedError:
            pass
        client.change_password(PASSWORD, OTHER_PASSWORD)
        recovery_codes = client.confirm_second_factor(one_time_code(client.begin_second_factor()))
    with connect() as client:
        client.resume(granted.token)
        client.ping()
    with connect() as client:
        try:
            client.login("Алиса", PASSWORD)
        except porter.DeniedError:
            pass
        try:
            client.redeem("0000-no-code", "Алиса", PASSWORD)
        except porter.DeniedError:
            pass
        try:
            client.login("Алиса", OTHER_PASSWORD)
        except porter.DeniedError:
            client.prove(recovery_codes[0])
        client.list_sessions()
        client.logout()
    with connect() as client:
        try:
            client.identify("Алиса")
        except porter.ClosedError:
            pass  # unauthorized: the server asks for an account


def frames_of(pieces):
    """The payloads of a stream, in the order in which each was complete: (whether from the client, payload)."""
    buffers = {True: b"", False: b""}
    for from_client, raw in pieces:
        buffers[from_client] += raw
        while len(buffers[from_client]) >= 4:
            length = struct.unpack(">I", buffers[from_client][:4])[0]
            if len(buffers[from_client]) < 4 + length:
                break
            yield from_client, buffers[from_client][4:4 + length]
            buffers[from_client] = buffers[from_client][4 + length:]


def expected_fields(decoded, secrets_are_shown=False):
    """The (field, value) pairs that the dissector shows of a message that wire.py has decoded."""
    pairs = [("kind", KIND[decoded.kind])] if hasattr(decoded, "kind") else []
    layout = fields_of(decoded.kind) if pairs else [(name, "") for name in vars(decoded)]
    for name, type_ in layout:
        value = getattr(decoded, name)
        if type_ == "list":
            pairs.append(("count", len(value)))
            for entry in value:
                pairs += expected_fields(entry)
            continue
        if type_ == "strings":
            pairs.append((name, len(value)))
            pairs += [("recovery_code", each if secrets_are_shown else f"({len(each)} bytes, hidden)")
                      for each in value]
            continue
        shown = name if decoded_is_entry(decoded) and name == "current" else RENAMED.get(name, name)
        if type_ in NUMBERS:
            value = next(number for number, word in NUMBERS[type_].items() if word == value)
        if shown in SECRETS and value and not secrets_are_shown:
            value = f"({len(value.encode())} bytes, hidden)"
        if value != b"":
            pairs.append((shown, value))
    return pairs


def decoded_is_entry(decoded):
    return not hasattr(decoded, "kind")


def shown_fields(proto):
    """The same from tshark's PDML."""
    pairs = []
    for each in proto.iter("field"):
        name = each.get("name").removeprefix("porter.")
        if not each.get("name").startswith("porter.") or name in ("length", "entry") or not each.get("value"):
            continue
        if name == "data":
            value = bytes.fromhex(each.get("value"))
        elif name in STRINGS:
            value = each.get("show")
        else:
            value = int(each.get("value"), 16)
        pairs.append((name, value))
    return pairs


STRINGS = {"agent", "name", "text", "reason", "server", "known_as", "last_address", "address"} | SECRETS


class WiresharkCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="porter-test-")))

    def environment(self):
        """Without the settings and plugins of the user."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8"}

    def tshark(self, pcap, *options):
        """The packets as PDML."""
        done = subprocess.run(["tshark", "-n", "-r", pcap, "-X", f"lua_script:{DISSECTOR}", "-T", "pdml", *options],
                              env=self.environment(), capture_output=True, timeout=HANG_GUARD, check=False)
        errors = done.stderr.decode()
        self.assertEqual(done.returncode, 0, errors)
        self.assertNotRegex(errors, "(?i)lua|error")
        self.assertFalse(b"Lua Error" in done.stdout, done.stdout.partition(b"Lua Error")[2][:300])
        return xml.etree.ElementTree.fromstring(done.stdout.decode(errors="replace"))

    def frames_shown(self, *streams, options=(), port=7678):
        """What tshark shows of streams: the elements of the frames, in order."""
        pcap = self.folder / "shown.pcap"
        write_pcap(pcap, streams, port)
        return self.tshark(pcap, *options).findall(".//proto[@name='porter']")

    def experts_shown(self, streams):
        """The texts of the expert information of each stream."""
        pcap = self.folder / "experts.pcap"
        write_pcap(pcap, streams)
        found = [[] for _ in streams]
        for packet in self.tshark(pcap):
            stream = int(packet.find(".//field[@name='tcp.stream']").get("show"))
            for each in packet.iterfind("proto[@name='porter']//field[@name='_ws.expert.message']"):
                found[stream].append(each.get("show"))
        return found


@unittest.skipUnless(shutil.which("tshark"), "tshark is not installed")
class RealConversations(WiresharkCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        server = Server()
        cls.addClassCleanup(server.remove)
        recorder = Recorder(server.port)
        hold_conversations(server, recorder.port, tls=False)
        recorder.join()
        server.stop()
        cls.streams = recorder.streams()
        cls.decoded = [[decode(payload, "client" if from_client else "server")
                        for from_client, payload in frames_of(pieces)] for pieces in cls.streams]

    def assert_shown(self, *streams, options=(), port=7678, **secrets):
        expected = [expected_fields(decode(payload, "client" if from_client else "server"), **secrets)
                    for pieces in streams for from_client, payload in frames_of(pieces)]
        shown = self.frames_shown(*streams, options=options, port=port)
        self.assertEqual([shown_fields(proto) for proto in shown], expected)

    def test_every_kind_is_in_the_conversations(self):
        kinds = {each.kind for stream in self.decoded for each in stream}
        self.assertEqual(kinds, set(NAME.values()))

    def test_every_field_of_every_kind_is_shown(self):
        self.assert_shown(*(list(resegmented(pieces, LARGEST_SEGMENT)) for pieces in self.streams))

    def test_frames_are_put_together_from_segments_of_any_size(self):
        for size in (1, 3, 7, 1448):
            self.assert_shown(*(list(resegmented(pieces, size))[:2000] for pieces in self.streams))

    def test_a_conversation_on_another_port_is_recognised_by_its_hello(self):
        self.assert_shown(list(resegmented(self.streams[2], 1448)), port=9000)

    def test_secrets_are_shown_on_request_only(self):
        pieces = list(resegmented(self.streams[2], 1448))
        self.assert_shown(pieces, options=("-o", "porter.show_secrets:TRUE"), secrets_are_shown=True)
        shown = "".join(xml.etree.ElementTree.tostring(proto, "unicode") for proto in self.frames_shown(pieces))
        for secret in (PASSWORD, OTHER_PASSWORD, "prt_"):
            self.assertNotIn(secret, shown)
            self.assertNotIn(secret.encode().hex(), shown)

    def test_a_session_of_the_list_is_an_entry(self):
        entries = [each.get("showname") for pieces in self.streams[2:]
                   for proto in self.frames_shown(list(resegmented(pieces, 1448)))
                   for each in proto.iter("field") if each.get("name") == "porter.entry"]
        self.assertEqual(len(entries), 2)

    def test_the_summary_names_kinds_and_codes(self):
        pcap = self.folder / "summary.pcap"
        write_pcap(pcap, [list(resegmented(self.streams[2], 1448))])
        done = subprocess.run(["tshark", "-n", "-r", pcap, "-X", f"lua_script:{DISSECTOR}", "-Y", "porter"],
                              env=self.environment(), capture_output=True, check=True, timeout=HANG_GUARD)
        words = " ".join(done.stdout.decode().split())
        self.assertIn(" Porter ", words)
        self.assertIn("hello", words)
        self.assertIn("denied(bad_credentials)", words)
        self.assertIn("done closing(normal)", words)


@unittest.skipUnless(shutil.which("tshark"), "tshark is not installed")
class Tls(WiresharkCase):
    def test_a_conversation_is_decrypted_with_the_keys_of_the_client(self):
        server = Server()
        self.addCleanup(server.remove)
        keys = self.folder / "keys"
        os.environ["SSLKEYLOGFILE"] = str(keys)
        self.addCleanup(os.environ.pop, "SSLKEYLOGFILE")
        recorder = Recorder(server.port)
        hold_conversations(server, recorder.port, trust=porter.first_use(self.folder / "known_servers"))
        recorder.join()
        server.stop()
        for port in (7678, 9000):
            pcap = self.folder / "tls.pcap"
            write_pcap(pcap, [list(resegmented(pieces, 1448)) for pieces in recorder.streams()], port)
            packets = self.tshark(pcap, "-o", f"tls.keylog_file:{keys}")
            shown = [dict(shown_fields(proto)) for proto in packets.findall(".//proto[@name='porter']")]
            self.assertEqual({NAME[each["kind"]] for each in shown}, set(NAME.values()))
            self.assertCountEqual([each["text"] for each in shown if each["kind"] == KIND["text"]],
                                  ["привет", "", "x" * 100_000] * 2)
            self.assertEqual(self.tshark(pcap).findall(".//proto[@name='porter']"), [], "shown without the keys")


HELLO = message("hello", 1, "test")
WELCOME = message("welcome", 1, "open", 4096, "porterd/0.1.0", "")


@unittest.skipUnless(shutil.which("tshark"), "tshark is not installed")
class Errors(WiresharkCase):
    def assert_experts(self, *cases):
        """A case: what is expected, the sender, and its frames."""
        streams = [[(True, HELLO), (False, WELCOME), *((sender == "client", raw) for raw in frames)]
                   for _, sender, *frames in cases]
        self.assertEqual(self.experts_shown(streams), [[case[0]] if case[0] else [] for case in cases])

    def test_a_conversation_in_order_has_none(self):
        self.assert_experts(("", "client", message("text", "привет 🙂"), message("closing", "normal", "")))

    def test_lengths_that_no_server_allows(self):
        self.assert_experts(("protocol_error: an empty payload", "client", header(0)),
                            *(("frame_too_large: no server allows this length", "client", header(length) + b"\x40")
                              for length in (1 << 25, *INVALID_LENGTHS)))

    def test_lengths_over_the_limit_of_the_welcome(self):
        too_large = "frame_too_large: 4096 bytes at most"
        cases = (("", "client", 4096), (too_large, "client", 4097), ("", "server", 5120), (too_large, "server", 5121))
        self.assert_experts(*((expected, sender, message("text", "x" * (length - 1)))
                              for expected, sender, length in cases))

    def test_kinds(self):
        self.assert_experts(*(("protocol_error: a kind that does not exist", "client", frame(bytes([kind])))
                              for kind in (0x00, 0x1f, 0x3f, 0x45, 0x80, 0x87, 0xff)),
                            ("protocol_error: a client sends no done", "client", message("done")),
                            ("protocol_error: a server sends no list_sessions", "server", message("list_sessions")))

    def test_bodies(self):
        short = (b"\x04\x00\x05Alice\x00", b"\x04\x00\x05Ali", b"\x04\x00\x05Alice\x00\x05word", b"\x07",
                 b"\x09\0\0\0\0\0\0\0", b"\x01", b"\x01\x01\x00\x01")
        self.assert_experts(*(("protocol_error: the body is too short", "client", frame(payload)) for payload in short),
                            *(("protocol_error: the body is too short", "server", frame(b"\x85\x00\x02" + bytes(size)))
                              for size in (0, 34, 35, 69)),
                            ("", "server", frame(b"\x85\x00\x02" + bytes(70))),
                            ("protocol_error: 2 trailing bytes", "client", frame(b"\x08\x00\x00")),
                            ("protocol_error: a scope that does not exist", "client", frame(b"\x07\x02")),
                            ("protocol_error: more than 125 bytes", "client", message("ping", b"p" * 126)),
                            ("", "client", message("ping", b"p" * 125), frame(b"\x01\x02 a version of tomorrow")))

    def test_text_that_is_not_utf8(self):
        valid = ["", "a", "é", "€", "🙂", "\u07ff\u0800\ufffd\U00010000\U0010ffff\ud7ff\ue000"]
        invalid = (b"\xff", b"a\x80", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x9f\xbf", b"\xed\xa0\x80",
                   b"\xf0\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xc3", b"\xe2\x82",
                   b"\xf0\x9f\x99", b"\xc3a")
        self.assert_experts(("", "client", *(message("text", text) for text in valid)),
                            *(("Text that is not UTF-8", "client", message("text", raw)) for raw in invalid),
                            ("Text that is not UTF-8", "client", message("identify", b"\xff")))

    def test_denials_and_closings_are_noted(self):
        self.assert_experts(("denied(busy)", "server", message("denied", "busy", 1, "later")),
                            ("closing(idle)", "server", message("closing", "idle", "no frame came")))

    def test_a_time_that_is_far_off_is_a_number(self):
        granted = message("granted", "login", "Alice", 7, "", (1 << 64) - 1, 0, "", 0)
        shown = self.frames_shown([(True, HELLO), (False, granted)])[1]
        names = {each.get("name"): each.get("showname") for each in shown.iter("field")}
        self.assertIn("18446744073709551615", names["porter.expires_at"])
        self.assertIn("(none)", names["porter.last_login_at"])

    def test_what_is_no_hello_is_left_to_others(self):
        for raw in (b"GET / HTTP/1.1\r\n\r\n", frame(b"\x01\x01\x00\x09short"), frame(b"\x40hello there")):
            self.assertEqual(self.frames_shown([(True, raw)], port=9000), [])


if __name__ == "__main__":
    unittest.main()
