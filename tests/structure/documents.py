"""Rules about the documents: their statements about the tree are true."""

import re
from pathlib import PurePosixPath

from tree import line_of, table

LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\((?P<target>[^)\s]+)\)")
FENCE = re.compile(r"^```(?P<language>[^\n]*)\n(?P<body>.*?)^```", re.MULTILINE | re.DOTALL)
PROGRAMS = {"porterd", "porter", "porterctl"}


def pages(tree):
    return [path for path in tree.files if path.endswith(".md")]


def anchors(markdown):
    """The anchors of a page, as renderers make them from the headings."""
    for heading in re.findall(r"^#+ +(.+?)\s*$", FENCE.sub("", markdown), re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def links_have_targets(tree):
    for page in pages(tree):
        text = FENCE.sub(lambda block: "\n" * block.group().count("\n"), tree.text(page))
        for match in LINK.finditer(text):
            where = f"{page}:{line_of(text, match.start())}"
            target, _, anchor = match["target"].partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            path = page if not target else (PurePosixPath(page).parent / target).as_posix()
            if not (tree.root / path).resolve().is_relative_to(tree.root.resolve()) or not tree.exists(path):
                yield f"{where}: the link to {match['target']} has no target"
            elif anchor and path.endswith(".md"):
                markdown = (tree.root / path).read_text(encoding="utf-8")
                if anchor not in anchors(markdown):
                    yield f"{where}: {path} has no heading for #{anchor}"


def every_page_is_linked(tree):
    """Readers find a page through links only."""
    linked = set()
    for page in pages(tree):
        for match in LINK.finditer(tree.text(page)):
            target = match["target"].partition("#")[0]
            if target and not re.match(r"[a-z]+:", target):
                path = (tree.root / page).parent / target
                linked.add(path.resolve())
    for page in tree.under("docs", suffixes={".md"}):
        if (tree.root / page).resolve() not in linked:
            yield f"{page}: no other page links to it"


def the_commands_of_the_readme_exist(tree):
    for page in ("README.md", "README.ru.md"):
        if not tree.exists(page):
            yield f"{page}: missing"
            continue
        for block in FENCE.finditer(tree.text(page)):
            if not block["language"].startswith("sh"):
                continue
            for script in re.findall(r"\./([\w./-]+)", block["body"]):
                if not tree.exists(script):
                    yield f"{page}: there is no ./{script}"
            for program in re.findall(r"build/release/bin/(\w+)", block["body"]):
                if program not in PROGRAMS or not tree.exists(f"src/programs/{program}"):
                    yield f"{page}: there is no program {program}"


def the_readme_is_short(tree):
    for page in ("README.md", "README.ru.md"):
        if tree.exists(page) and (lines := tree.text(page).count("\n")) > 180:
            yield f"{page}: {lines} lines, 180 at most"


def without_indentation(text):
    return re.sub(r"^[ \t]+", "", text, flags=re.MULTILINE)


def the_code_of_the_pages_is_compiled(tree):
    """One of the examples contains each cpp block word for word, but for the indentation."""
    examples = [without_indentation(tree.text(path)) for path in tree.cpp("tests/examples")]
    for page in ("README.md", "README.ru.md", "docs/embedding.md"):
        for block in FENCE.finditer(tree.text(page) if tree.exists(page) else ""):
            code = without_indentation(block["body"])
            if block["language"] == "cpp" and not any(code in example for example in examples):
                where = line_of(tree.text(page), block.start())
                yield f"{page}:{where}: no file of tests/examples contains this code"


def both_readmes_run_the_same_commands(tree):
    if tree.exists("README.md") and tree.exists("README.ru.md"):
        blocks = [[block["body"] for block in FENCE.finditer(tree.text(page)) if block["language"].startswith("sh")]
                  for page in ("README.md", "README.ru.md")]
        if blocks[0] != blocks[1]:
            yield "README.ru.md: its sh blocks are not those of README.md"


def enumerators(text, name):
    """The enumerators of an enum class with their numbers."""
    body = re.search(rf"enum class {name}\b[^{{]*\{{(.*?)\}};", text, re.DOTALL)
    pairs = re.findall(r"^\s*(\w+) = (0x[0-9a-fA-F]+|\d+),", body[1], re.MULTILINE) if body else []
    return {label: int(number, 0) for label, number in pairs}


def the_protocol_page_has_every_number(tree):
    page, codes, messages = "docs/PROTOCOL.md", "include/porter/error.hpp", "src/protocol/messages.hpp"
    for heading, source, enum in ((["code", "name"], codes, "code"), (["kind", "name"], messages, "kind")):
        if not tree.exists(page) or not tree.exists(source):
            yield f"{page} or {source}: missing"
            continue
        rows = table(tree.text(page), heading) or []
        written = {row[1].strip("`"): int(row[0].strip("`"), 0) for row in rows}
        # `register` is a keyword of C++.
        built = {name.removesuffix("_account"): number for name, number in enumerators(tree.text(source), enum).items()}
        for name in sorted(written.keys() | built.keys()):
            if written.get(name) != built.get(name):
                yield f"{page}: {enum} {name} is {written.get(name)} on the page and {built.get(name)} in {source}"


DIRECT_CALL = re.compile(
    r'\b(?:log_?|logger|log\(\))(?:\.with\((?:[^()]|\([^()]*\))*\))?\s*\.(trace|debug|info|warn|error)'
    r'\(\s*"([a-z][a-z0-9_]*)"'
)
CALL_OF_A_HELPER = re.compile(
    r'(?<!\.)\b(?:trace|log_as|log_denied|announce|log_record)[({][^;"{]*?"([a-z][a-z0-9_]*)"\s*[,)]'
)


def logged_events(tree):
    """event -> the levels of its calls; a helper function may choose the level"""
    found = {}
    for path in tree.cpp("src"):
        text = tree.text(path)
        for level, event in DIRECT_CALL.findall(text):
            found.setdefault(event, set()).add(level)
        for event in CALL_OF_A_HELPER.findall(text):
            found.setdefault(event, set())
    return found


def events_of_the_page(markdown):
    """event -> its levels, from all tables whose first columns are event and level"""
    found, is_inside = {}, False
    for line in markdown.split("\n"):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if is_inside and cells:
            for event in re.findall(r"`(\w+)`", cells[0]):
                found[event] = set(re.findall(r"\w+", cells[1]))
        else:
            is_inside = cells[:2] == ["event", "level"]
    return found


def the_log_page_has_every_event(tree):
    page = "docs/log.md"
    written = events_of_the_page(tree.text(page) if tree.exists(page) else "")
    logged = logged_events(tree)
    for event in sorted(written.keys() | logged.keys()):
        if event not in logged:
            yield f"{page}: src does not log {event}"
        elif event not in written:
            yield f"{page}: has no {event}"
        elif not logged[event] <= written[event]:
            yield f"{page}: {event} is logged at {', '.join(sorted(logged[event]))}"


CLASS = re.compile(
    r"^(?P<comment>(?:///[^\n]*\n)*)(?:template [^\n]*\n)?class (?P<name>\w+)[^;{]*\{\n(?P<body>.*?)^\};",
    re.MULTILINE | re.DOTALL,
)
OPERATION = re.compile(r"^ +(?:static )?(?:task|awaitable)<", re.MULTILINE)


def classes_say_what_holds_for_their_operations(tree):
    """A public class that can be awaited. Ports are described once for all, in their namespace."""
    for path in tree.cpp("include"):
        for match in CLASS.finditer(tree.text(path)):
            if not OPERATION.search(match["body"].partition("\nprivate:")[0]):
                continue
            for heading in ("Threads", "Cancellation", "Errors", "Lifetime"):
                if not re.search(rf"^/// {heading}\b", match["comment"], re.MULTILINE):
                    yield f"{path}: the comment of {match['name']} has no {heading}:"


IDENTIFIER = r"[a-z]\w*"
QUALIFIED = re.compile(rf"{IDENTIFIER}(?:::{IDENTIFIER})*")
PATH = re.compile(rf"{IDENTIFIER}(?:/{IDENTIFIER})+")


def section(markdown, heading):
    match = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", markdown, re.MULTILINE | re.DOTALL)
    return match[1] if match else ""


def named_on_the_way(text):
    """(path or qualified name, whether it is called), of the code in backticks and of the picture"""
    for code in re.findall(r"`([^`\n]+)`", FENCE.sub("", text)):
        name = code.removesuffix("()")
        if PATH.fullmatch(name) or QUALIFIED.fullmatch(name):
            yield name, name != code
    for block in FENCE.finditer(text):
        for match in re.finditer(rf"({QUALIFIED.pattern})(\(\))?", block["body"]):
            if match[2] or "::" in match[1] or "_" in match[1]:
                yield match[1], bool(match[2])


def is_in_the_code(name, is_called, tree, codes):
    *owners, last = re.split("::|/", name)
    if "/" in name:
        is_there = any(tree.exists(f"src/{name}{suffix}") for suffix in (".hpp", ".cpp"))
        declared = re.compile(rf"\b(?:class|struct) {last}\b")
        return is_there and any(declared.search(code) for code in codes)
    use = re.compile(rf"\b{last}\(" if is_called else rf"\b{last}\b")
    owner = re.compile(rf"\b(?:class|struct|namespace) (?:\w+::)*{owners[-1]}\b" if owners else "")
    return tree.exists(f"src/{name}") or any(use.search(code) and owner.search(code) for code in codes)


def the_way_of_a_connection_is_in_the_code(tree):
    """Each class, function and file that ARCHITECTURE.md names on the way of a connection."""
    page, heading = "ARCHITECTURE.md", "The way of one connection"
    codes = [tree.code(path) for path in tree.cpp("src", "include")]
    if not (text := section(tree.text(page), heading)):
        yield f"{page}: no section {heading}"
    for name, is_called in sorted(set(named_on_the_way(text))):
        if not is_in_the_code(name, is_called, tree, codes):
            yield f"{page}: {name} is not in the code"


def every_promise_names_its_tests_and_they_name_it(tree):
    page = "SECURITY.md"
    for match in re.finditer(r"^\| ([NPS]\d+) \|.*$", tree.text(page) if tree.exists(page) else "", re.MULTILINE):
        tests = re.findall(r"\]\(((?:tests/|\.ci/)[^)#]+)\)", match[0])
        if not tests:
            yield f"{page}: {match[1]} has no test"
        for path in tests:
            if tree.exists(path) and not re.search(rf"\b{match[1]}\b", tree.text(path)):
                yield f"{path}: does not name {match[1]}, which it proves according to {page}"


def the_changelog_knows_the_version(tree):
    version = re.search(r"project\(\w+ VERSION ([\d.]+)", tree.text("CMakeLists.txt"))
    if version and f"## {version[1]}" not in (tree.text("CHANGELOG.md") if tree.exists("CHANGELOG.md") else ""):
        yield f"CHANGELOG.md: no section {version[1]}"
