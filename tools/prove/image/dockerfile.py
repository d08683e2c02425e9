"""Reads a Dockerfile: the instructions that ours has, and no others."""
import json
import shlex

KNOWN = {"ARG", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "RUN", "STOPSIGNAL", "USER", "VOLUME",
         "WORKDIR"}


class Stage:
    """The instructions from one FROM to the next, as (name, text)."""

    def __init__(self, base, name):
        self.base, self.name = base, name
        self.instructions = []

    def texts(self, name):
        return [text for each, text in self.instructions if each == name]

    def last(self, name):
        """The text of the only or last instruction of this name, which must be there."""
        found = self.texts(name)
        assert found, f"the Dockerfile has no {name}"
        return found[-1]

    def environment(self):
        return dict(word.split("=", 1) for text in self.texts("ENV") for word in shlex.split(text))

    def entrypoint(self):
        return json.loads(self.last("ENTRYPOINT"))

    def health_command(self):
        return json.loads(self.last("HEALTHCHECK").partition("CMD ")[2])


def lines_of(text):
    """The instructions without comments, each in one line."""
    line = ""
    for part in text.splitlines():
        if part.lstrip().startswith("#"):
            continue
        line += part.strip() if not line else f" {part.strip()}"
        if line.endswith("\\"):
            line = line[:-1].rstrip()
        elif line:
            yield line
            line = ""
    assert not line, f"an incomplete instruction: {line}"


def parse(text):
    """The stages."""
    stages = []
    for line in lines_of(text):
        name, _, rest = line.partition(" ")
        assert name in KNOWN, f"an instruction that is not known here: {line}"
        rest = rest.strip()
        if name == "FROM":
            base, _, alias = rest.partition(" AS ")
            stages.append(Stage(base, alias))
        else:
            assert stages, f"before FROM: {line}"
            stages[-1].instructions.append((name, rest))
    return stages
