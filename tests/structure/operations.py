"""Rules about docs/operating.md: its lists of options, signals, exit codes and metrics are those of the source, and its
files those of docs/deploy.md."""

import re

PAGE, DEPLOY_PAGE = "docs/operating.md", "docs/deploy.md"
OPTION_TABLE = "src/config/option_table.cpp"
NAME_OF_FILE = re.compile(r"`([a-z][\w.-]*)`")
SIGNAL = re.compile(r"\bSIG[A-Z]+\d?\b")
EXIT_CODES = "src/config/exit_code.hpp"
MAN_PAGE = "docs/man/porterd.8"
METRIC = re.compile(r'\.(?:begin|write)\(\s*"(porter_\w+)",\s*kind::(\w+)')
SOURCES_OF_SIGNALS = ("src/programs/porterd/", "src/terminal/process.cpp", "src/terminal/prompts.cpp")


def rows_of(tree, *heading, page=PAGE):
    """The rows, as lists of cells, of all tables of the page whose heading begins with these columns."""
    found, is_inside = [], False
    for line in (tree.text(page) if tree.exists(page) else "").split("\n"):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            is_inside = False
        elif is_inside and not set(line) <= set("|-: "):
            found.append(cells)
        elif cells[: len(heading)] == list(heading):
            is_inside = True
    return found


def compare(name, written, built):
    """A line for each key that only one side has, or whose values differ."""
    for key in sorted(written.keys() | built.keys()):
        if key not in written:
            yield f"{PAGE}: has no {name} {key}"
        elif key not in built:
            yield f"{PAGE}: the source has no {name} {key}"
        elif written[key] != built[key]:
            yield f"{PAGE}: the {name} {key} is {written[key]} on the page and {built[key]} in the source"


def options_of(text):
    """option -> reload or restart, of the table in the source"""
    table = text.partition("constexpr option table[] = {")[2].partition("\n};")[0]
    parts = re.split(r'^\s*row\("([a-z-]+)"', table, flags=re.MULTILINE)[1:]
    return {name: "reload" if "reloadable<" in rest else "restart" for name, rest in zip(parts[::2], parts[1::2])}


def the_operating_page_has_every_option(tree):
    """With what a change of it takes."""
    written = {row[0].strip("`"): row[1] for row in rows_of(tree, "option", "takes effect")}
    yield from compare("option", written, options_of(tree.text(OPTION_TABLE) if tree.exists(OPTION_TABLE) else ""))


def the_operating_page_has_every_file(tree):
    """Those whose owner and mode porterd checks, with what may be deleted."""
    checked = rows_of(tree, "file", "mode", "otherwise", page=DEPLOY_PAGE)
    written = {name for row in rows_of(tree, "file", "mode", "may be deleted") for name in NAME_OF_FILE.findall(row[0])}
    for name in sorted({name for row in checked for name in NAME_OF_FILE.findall(row[0])} - written):
        yield f"{PAGE}: has no file {name}"


def the_operating_page_has_every_signal(tree):
    """Those that porterd handles or ignores."""
    written = {name for row in rows_of(tree, "signal") for name in SIGNAL.findall(row[0])}
    sources = [path for path in tree.cpp("src") if path.startswith(SOURCES_OF_SIGNALS)]
    handled = {name for path in sources for name in SIGNAL.findall(tree.code(path))}
    for name in sorted(handled - written - {"SIGSTOP"}):  # porterd sends this one to itself
        yield f"{PAGE}: has no signal {name}"
    for name in sorted(written - handled - {"SIGKILL"}):  # no program can handle it
        yield f"{PAGE}: porterd does not handle {name}"


def the_operating_page_has_every_exit_code(tree):
    """Those of the man page, each of which is one of the source."""
    written = {row[0] for row in rows_of(tree, "code", "meaning", "what to do")}
    manual = tree.text(MAN_PAGE) if tree.exists(MAN_PAGE) else ""
    named = set(re.findall(r"^\.It (\d+)$", manual.partition(".Sh EXIT STATUS")[2].partition(".Sh ")[0], re.MULTILINE))
    known = set(re.findall(r"= (\d+),", tree.text(EXIT_CODES))) if tree.exists(EXIT_CODES) else set()
    for code in sorted(written ^ named):
        yield f"{PAGE}: {code} is {'not ' if code in written else ''}in {MAN_PAGE}"
    for code in sorted(written - known):
        yield f"{PAGE}: {code} is no exit code of {EXIT_CODES}"


def the_operating_page_has_every_metric(tree):
    """With its type."""
    written = {row[0].strip("`"): row[1] for row in rows_of(tree, "metric", "type")}
    built = dict(pair for path in tree.cpp("src") for pair in METRIC.findall(tree.text(path)))
    yield from compare("metric", written, built)
