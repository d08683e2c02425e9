"""Reads the commands from the pages, so that the steps follow each change of a page."""
import pathlib
import re
import shlex

ROOT = pathlib.Path(__file__).resolve().parents[3]
_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[^\n]*)\n(?P<body>.*?)^(?P=indent)```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")


class Page:
    def __init__(self, name):
        self.name = name
        self.text = (ROOT / name).read_text(encoding="utf-8")
        self.used = set()  # the offsets of the blocks that a step has used

    def block(self, marker):
        """The only fenced block that contains the marker, without the indentation of its fence."""
        found = [fence for fence in _FENCE.finditer(self.text) if marker in fence["body"]]
        assert len(found) == 1, f"{self.name} has {len(found)} blocks with {marker!r}, not one"
        self.used.add(found[0].start())
        indent = len(found[0]["indent"])
        return "".join(line[indent:] for line in found[0]["body"].splitlines(keepends=True))

    def unused(self):
        """The blocks that no step has used."""
        return [fence["body"] for fence in _FENCE.finditer(self.text) if fence.start() not in self.used]

    def commands(self, marker, variant=None):
        """The commands of the block with the marker; of a block with `# VARIANT` lines those below the line of this
        variant."""
        kept, heading = [], None
        for command in _split(self.block(marker)):
            if command.startswith("#"):
                heading = command.lstrip("# ")
            elif heading is None or variant is None or heading == variant:
                kept.append(command)
        assert kept, f"{self.name} has no command for {variant} in the block with {marker!r}"
        return kept

    def marked(self, language, heading):
        """(commands, the text block directly below or None) for each block of this language below the heading."""
        start = self.text.index(f"\n## {heading}\n")
        following = self.text.find("\n## ", start + 1)
        end = following if following >= 0 else len(self.text)
        fences = list(_FENCE.finditer(self.text))
        for fence, after in zip(fences, [*fences[1:], None]):
            if fence["language"] == language and start < fence.start() < end:
                below = (after is not None and after["language"] == "text"
                         and not self.text[fence.end():after.start()].strip())
                yield _split(fence["body"]), after["body"] if below else None

    def first(self, language, heading=None):
        """The text of the first block of this language, on the page or below the heading."""
        start = self.text.index(f"\n## {heading}\n") if heading else 0
        return next(fence["body"] for fence in _FENCE.finditer(self.text, start) if fence["language"] == language)

    def span(self, start):
        """The first code span with this beginning. In a table a bar has a backslash."""
        for span in _SPAN.finditer(_FENCE.sub("", self.text)):
            if span[1].startswith(start):
                return span[1].replace(r"\|", "|")
        raise AssertionError(f"{self.name} has no `{start}...`")

    def spans(self, start):
        return [span[1] for span in _SPAN.finditer(_FENCE.sub("", self.text)) if span[1].startswith(start)]


def _split(text):
    """The commands of a block: one line each, or more with an open quote or a backslash at the end."""
    commands, command = [], ""
    for line in text.splitlines():
        command += ("\n" if command else "") + line
        if command.endswith("\\") or not (command.startswith("#") or _is_whole(command)):
            continue
        if command.strip():
            commands.append(command)
        command = ""
    assert not command, f"an incomplete command: {command}"
    return commands


def _is_whole(command):
    try:
        shlex.split(command)
    except ValueError:
        return False
    return True
