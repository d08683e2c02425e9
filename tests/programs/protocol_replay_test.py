"""The exchange that docs/PROTOCOL.md shows in hex, replayed: the client's bytes are sent as they stand there, and the
server must answer with the bytes that stand there."""
import pathlib
import re
import socket
import unittest

from support.server import Server

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "PROTOCOL.md"


def exchange(markdown):
    """The frames of the page's exchange: (who, [byte or None where any byte will do])."""
    block = re.search(r"^```porter-exchange\n(.*?)^```", markdown, re.MULTILINE | re.DOTALL)
    frames = []
    for line in block[1].splitlines():
        start = re.match(r"([CS]): ", line)
        if start:
            frames.append((start[1], []))
        for byte in line.partition("#")[0].removeprefix(start[0] if start else "").split():
            frames[-1][1].append(None if byte == ".." else int(byte, 16))
    return frames


class TheExchangeOfThePage(unittest.TestCase):
    def test_every_frame_is_as_long_as_it_says(self):
        frames = exchange(PAGE.read_text(encoding="utf-8"))
        self.assertGreater(len(frames), 8)
        for _, frame in frames:
            self.assertEqual(int.from_bytes(frame[:4], "big"), len(frame) - 4)

    def test_a_new_server_answers_as_the_page_says(self):
        server = Server()
        self.addCleanup(server.remove)
        client = server.connect()
        self.addCleanup(client.close)
        for who, frame in exchange(PAGE.read_text(encoding="utf-8")):
            if who == "C":
                client.send_raw(bytes(frame))
                continue
            came = client.socket.recv(len(frame), socket.MSG_WAITALL)
            shown = [None if expected is None else byte for byte, expected in zip(came, frame)]
            self.assertEqual(shown, frame, f"the page says otherwise than the server: {came.hex(' ')}")
        self.assertEqual(client.socket.recv(1), b"", "the page ends here, the server does not")
        server.stop()


if __name__ == "__main__":
    unittest.main()
