#!/usr/bin/env python3
"""Draws docs/pictures/session.svg, the picture at the top of README.md, from a real run of porterd and porter.

Each program runs on a terminal of its own and gets the keys of a user. The picture shows both screens, with two
substitutions: the port of this run is PORT, and the home folder of this run is HOME.
Usage: draw_session.py [FILE]; the environment variables PORTERD and PORTER name the programs (build/release/bin).
tests/programs/session_picture_test.py fails if the programs print other lines than the picture shows."""
import argparse
import os
import pathlib
import random
import re
import sys
import tempfile
from xml.etree import ElementTree
from xml.sax.saxutils import escape

ROOT = pathlib.Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "pictures" / "session.svg"
for variable, program in (("PORTERD", "porterd"), ("PORTER", "porter")):
    os.environ.setdefault(variable, str(ROOT / "build/release/bin" / program))
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests" / "programs"))
from support.server import PORTER, PORTERD  # noqa: E402
from support.terminal import CTRL_C, Terminal  # noqa: E402

PORT, HOME, PASSWORD = "9000", "/home/alice", "four quiet lanterns"
COLUMNS = 100
FREE_PORTS = range(20000, 32000)  # below Linux's range for outgoing connections
PASSWORD_STEPS = ((r"^Password for Alice: ", PASSWORD), (r"^Password again: ", PASSWORD))
SESSIONS = (
    ((r"Trust this server\? \(yes/no\) ", "yes"), (r"^Name: ", "Alice"), (r"^New here\? \(yes/no\) ", "yes"),
     *PASSWORD_STEPS, (r"^Welcome[^\n]*\n> ", "hello"), (r"^hello\n> ", "привет"), (r"^привет\n> ", "/quit")),
    ((r"^Welcome[^\n]*\n> ", "the session was kept"), (r"^the session was kept\n> ", "/logout")),
    (PASSWORD_STEPS[0], (r"^Welcome[^\n]*\n> ", "/quit")),
)


class Transcript:
    """The lines of one pane: each is a list of (text, kind), where kind is "prompt", "typed" or empty."""

    def __init__(self, title):
        self.title, self.lines = title, []

    def command(self, text):
        self.lines.append([("$ ", "prompt"), (text, "typed")])

    def screen(self, text, answers):
        """Adds the final screen of a program: output, and prompts with the typed answers. A password is not shown."""
        for line in text.rstrip("\n").split("\n"):
            prompt = re.match(rf"(> |.*[:)] )((?:{'|'.join(map(re.escape, answers))})?)$", line)
            self.lines.append([(prompt[1], "prompt"), (prompt[2], "typed")] if prompt else [(line, "")])


def record():
    """Runs a server and the sessions of one client; returns the transcripts of both."""
    with tempfile.TemporaryDirectory(prefix="porter-session-") as home:
        programs = {str(pathlib.Path(program).resolve().parent) for program in (PORTERD, PORTER)}
        environment = {"XDG_STATE_HOME": f"{home}/.local/state",
                       "PATH": os.pathsep.join([*programs, os.environ["PATH"]])}

        def start(*arguments):
            return Terminal(*arguments, home=home, env=environment, columns=COLUMNS)

        def shown(terminal):
            return terminal.text().replace(port, PORT).replace(home, HOME)

        while True:
            port = str(random.choice(FREE_PORTS))
            server = start("porterd")
            try:
                server.expect(r"^Port \[7678\]: \Z")
                server.send_line(port)
                server.expect(r"^Only this machine[^\n]*\n")
                if f"127.0.0.1:{port}," not in server.text():  # the port was taken: porterd uses another
                    continue
                transcripts = Transcript("server"), Transcript("client")
                transcripts[0].command("porterd")
                transcripts[0].screen(shown(server), [PORT])
                for steps in SESSIONS:
                    transcripts[1].command(f"porter localhost {PORT}")
                    screen = play(start("porter", "localhost", port), steps, shown)
                    transcripts[1].screen(screen, [answer for _, answer in steps])
                transcripts[1].lines.append([("$ ", "prompt")])
                server.send(CTRL_C)
                assert server.wait() == 0, server.text()
                return transcripts
            finally:
                server.close()


def play(terminal, steps, shown):
    """Answers each prompt; returns the final screen."""
    try:
        for prompt, answer in steps:
            terminal.expect(prompt + r"\Z")
            terminal.send_line(answer)
        assert terminal.wait() == 0, terminal.text()
        return shown(terminal)
    finally:
        terminal.close()


CHARACTER, LINE, MARGIN, BAR = 7.85, 18, 16, 26
STYLE = """
.frame { fill: #ffffff; stroke: #d0d7de; } .bar { fill: #f6f8fa; stroke: #d0d7de; }
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
text { white-space: pre; fill: #1f2328; }
.title { fill: #59636e; } .prompt { fill: #59636e; } .typed { fill: #0550ae; font-weight: 600; }
@media (prefers-color-scheme: dark) {
  .frame { fill: #0d1117; stroke: #3d444d; } .bar { fill: #151b23; stroke: #3d444d; }
  text { fill: #d1d7e0; } .title { fill: #9198a1; } .prompt { fill: #9198a1; } .typed { fill: #79c0ff; }
}
"""


def draw(transcripts):
    """The SVG: it has text as text, loads nothing, and follows the colour scheme of the reader."""
    width = round(COLUMNS * CHARACTER + 2 * MARGIN)
    parts, top = [], 0
    for transcript in transcripts:
        height = BAR + len(transcript.lines) * LINE + MARGIN
        box = f'x="0.5" y="{top + 0.5}" width="{width - 1}"'
        parts += [f'<rect class="frame" {box} height="{height - 1}" rx="6"/>',
                  f'<rect class="bar" {box} height="{BAR}" rx="6"/>',
                  f'<text class="title" x="{MARGIN}" y="{top + 18}">{transcript.title}</text>']
        for number, line in enumerate(transcript.lines, start=1):
            spans = "".join(f'<tspan class="{kind}">{escape(text)}</tspan>' if kind else escape(text)
                            for text, kind in line if text)
            attributes = f'xml:space="preserve" x="{MARGIN}" y="{top + BAR + number * LINE}"'
            parts.append(f'<text class="line" {attributes}>{spans}</text>')
        top += height + 8
    size = f'viewBox="0 0 {width} {top - 8}" width="{width}" height="{top - 8}"'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
                      "<title>A session with porterd and porter</title>", f"<style>{STYLE}</style>", *parts,
                      "</svg>\n"])


def lines_of(svg):
    """The lines of the panes in an SVG by draw()."""
    root = ElementTree.fromstring(svg)
    texts = root.iter("{http://www.w3.org/2000/svg}text")
    return ["".join(text.itertext()) for text in texts if text.get("class") == "line"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("file", nargs="?", type=pathlib.Path, default=PICTURE,
                        help="the output (%(default)s)")
    arguments = parser.parse_args()
    arguments.file.write_text(draw(record()), encoding="utf-8")


if __name__ == "__main__":
    main()
