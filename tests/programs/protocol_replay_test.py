"""Replays the exchange that docs/PROTOCOL.md shows in hex: porterd must answer the client's bytes with the server's."""
import pathlib
import re
import socket
import unittest

from support.server import Server

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "PROTOCOL.md"


def exchange(markdown):
    """The frames of the exchange on the page: (sender, [byte, or None for any byte])."""
    block = re.search(r"^```porter-exchange\n(.*?)^```", markdown, re.MULTILINE | re.DOTALL)
    frames = []
    for line in block[1].splitlines():
        start = re.match(r"([CS]): ", line)
        if start:
            frames.append((start[1], []))
        for byte in line.partition("#")[0].removeprefix(start[0] if start else "").split():
            frames[-1][1].append(None if byte == ".." else int(byte, 16))
    return frames


class ExchangeOfThePage(unittest.TestCase):
    def test_the_header_of_every_frame_has_its_length(self):
        frames = exchange(PAGE.read_text(encoding="utf-8"))
        self.assertGreater(len(frames), 8)
        for _, frame in frames:
            self.assertEqual(int.from_bytes(frame[:4], "big"), len(frame) - 4)

    def test_a_new_server_answers_as_on_the_page(self):
        server = Server()
        self.addCleanup(server.remove)
        client = server.connect()
        self.addCleanup(client.close)
        for sender, frame in exchange(PAGE.read_text(encoding="utf-8")):
            if sender == "C":
                client.send_raw(bytes(frame))
                continue
            received = client.socket.recv(len(frame), socket.MSG_WAITALL)
            shown = [None if expected is None else byte for byte, expected in zip(received, frame)]
            self.assertEqual(shown, frame, f"the server answers differently: {received.hex(' ')}")
        self.assertEqual(client.socket.recv(1), b"", "the server sends more than the page shows")
        server.stop()


if __name__ == "__main__":
    unittest.main()
