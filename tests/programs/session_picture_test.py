"""docs/pictures/session.svg, the picture at the top of README.md, has the lines that the programs print."""
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import draw_session  # noqa: E402  # pylint: disable=wrong-import-position

CHANGES = ((r"\d{4}-\d\d-\d\d( \d\d:\d\d)?", "DATE"), (r"SHA256:[\w+/]{43}", "FINGERPRINT"))


def normalize(lines):
    """The lines without what differs between runs; draw_session replaces the port and the home folder."""
    for pattern, name in CHANGES:
        lines = [re.sub(pattern, name, line) for line in lines]
    return lines


class SessionPicture(unittest.TestCase):
    maxDiff = None

    def test_the_picture_has_the_lines_of_a_run(self):
        picture = draw_session.PICTURE.read_text(encoding="utf-8")
        run = draw_session.draw(draw_session.record())
        self.assertEqual(normalize(draw_session.lines_of(picture)), normalize(draw_session.lines_of(run)),
                         "the programs print other lines: update the picture with tools/draw_session.py")

    def test_the_picture_loads_no_external_resource(self):
        picture = draw_session.PICTURE.read_text(encoding="utf-8")
        self.assertNotRegex(picture, r"href|url\(|@import|<script|<image")


if __name__ == "__main__":
    unittest.main()
