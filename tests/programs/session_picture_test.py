"""docs/pictures/session.svg, the picture at the top of README.md, holds the lines that a run prints today."""
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import draw_session  # noqa: E402  # pylint: disable=wrong-import-position

CHANGES = ((r"\d{4}-\d\d-\d\d( \d\d:\d\d)?", "DATE"), (r"SHA256:[\w+/]{43}", "FINGERPRINT"))


def constant(lines):
    """The lines without what differs from run to run; draw_session replaces the port and the home folder itself."""
    for pattern, name in CHANGES:
        lines = [re.sub(pattern, name, line) for line in lines]
    return lines


class ThePictureOfASession(unittest.TestCase):
    maxDiff = None

    def test_its_lines_are_those_of_a_run(self):
        picture = draw_session.PICTURE.read_text(encoding="utf-8")
        run = draw_session.draw(draw_session.record())
        self.assertEqual(constant(draw_session.lines_of(picture)), constant(draw_session.lines_of(run)),
                         "the programs print other lines than the picture shows: renew it with tools/draw_session.py")

    def test_it_loads_nothing_from_elsewhere(self):
        picture = draw_session.PICTURE.read_text(encoding="utf-8")
        self.assertNotRegex(picture, r"href|url\(|@import|<script|<image")


if __name__ == "__main__":
    unittest.main()
