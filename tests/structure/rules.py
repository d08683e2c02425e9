"""Rules of the tree. A rule takes the tree and yields one line for each violation."""

import re
from pathlib import PurePosixPath

from tree import line_of, table

TOP_LEVEL = {
    ".ci", ".clang-format", ".clang-tidy", ".devcontainer", ".editorconfig", ".gitattributes", ".github", ".gitignore",
    ".pre-commit-config.yaml", "Doxyfile",
    "ARCHITECTURE.md", "CHANGELOG.md", "CMakeLists.txt", "CMakePresets.json", "CONTRIBUTING.md", "LICENSE",
    "README.md", "README.ru.md", "SECURITY.md", "docs", "include", "migrations", "src", "tests", "tools",
}
FILE_LINES = 500
FUNCTION_LINES = 70
COLUMNS = 120
UNWRAPPED_YET = ()
FENCED_OR_ROW = re.compile(r"^( *)```.*?^\1```|^\|.*?$", re.MULTILINE | re.DOTALL)
URL = re.compile(r"https?://\S+")
# Inputs of fuzzers, and migrations: a database records the steps that it has, so a released step is never edited.
GENERATED_OR_FROZEN = ("docs/monitoring/grafana.json", "migrations/", "tests/fuzz/corpus/")

# The package of a header, by its first folder. Headers of the language and of POSIX are free for every module.
PACKAGES = {
    "asio": "Asio", "CLI": "CLI11", "crypt.h": "libcrypt", "editline": "libedit", "fmt": "fmt", "histedit.h": "libedit",
    "qrencode.h": "qrencode",
    "httplib.h": "cpp-httplib", "libpq-fe.h": "libpq", "nlohmann": "nlohmann-json", "openssl": "OpenSSL",
    "sodium": "libsodium", "sodium.h": "libsodium", "sqlite3.h": "SQLite", "toml++": "toml++", "utf8proc.h": "utf8proc",
}
PUBLIC_PACKAGES = {"Asio"}

# The files that may name versions and experimental parts of Asio: one for all modules, and the public headers, which
# cannot include it. The examples, too: they are programs of users, who have no header for it.
ASIO_CONFIG = "porter/detail/asio_config.hpp"
ASIO_VERSIONS = {"src/base/asio.hpp", "src/base/awaitable_operators.hpp", "include/porter/task.hpp",
                 "include/porter/message_socket.hpp", f"include/{ASIO_CONFIG}"}

# What of porterctl knows which store it has: the opening of a file and of a server, and the commands of a file alone.
PORTERCTL_STORES = {"database_file", "database_server", "file_commands"}

INCLUDE = re.compile(r'^\s*#\s*include\s+(?P<mark>["<])(?P<name>[^">]+)[">]', re.MULTILINE)


def includes(tree, path):
    text = tree.text(path)
    for match in INCLUDE.finditer(text):
        yield line_of(text, match.start()), match["mark"] == '"', match["name"]


def modules(tree):
    """ARCHITECTURE.md's table: module -> (the modules that it may include, the packages that it may use)."""
    rows = table(tree.text("ARCHITECTURE.md"), ["module", "purpose", "may include", "packages"]) or []
    split = lambda cell: set(re.findall(r"[\w/+-]+", cell.replace("`", "")))
    return {row[0].strip("`"): (split(row[2]), split(row[3])) for row in rows}


def module_of(allowed, path):
    """The module of a path below src/: the nearest folder that is one."""
    for parent in PurePosixPath(path).parents:
        if parent.as_posix() in allowed:
            return parent.as_posix()
    return None


def modules_are_those_of_the_table(tree):
    allowed = modules(tree)
    if not allowed:
        yield "ARCHITECTURE.md: no table with the columns module, purpose, may include, packages"
    folders = {PurePosixPath(path).parent.relative_to("src").as_posix() for path in tree.cpp("src")}
    for folder in sorted(folders - allowed.keys()):
        yield f"src/{folder}: not a module of ARCHITECTURE.md"
    for module in sorted(allowed.keys() - folders):
        yield f"ARCHITECTURE.md: the module {module} has no file in src/{module}"
    for module, (others, _) in allowed.items():
        for other in sorted(others - allowed.keys()):
            yield f"ARCHITECTURE.md: {module} may include {other}, which is no module"


def modules_include_only_allowed_modules(tree):
    allowed = modules(tree)
    for path in tree.cpp("src"):
        module = module_of(allowed, path.removeprefix("src/"))
        others, packages = allowed.get(module, (set(), set()))
        for line, quoted, name in includes(tree, path):
            package = PACKAGES.get(name.split("/")[0])
            if not quoted:
                if package and package not in packages:
                    yield f"{path}:{line}: {module} may not use {package}"
            elif name.startswith("porter/"):
                if not tree.exists(f"include/{name}") and name != "porter/version.hpp":
                    yield f"{path}:{line}: there is no include/{name}"
            elif not tree.exists(f"src/{name}"):
                yield f"{path}:{line}: there is no src/{name}: own headers are named from src"
            elif (other := module_of(allowed, name)) != module and other not in others:
                yield f"{path}:{line}: {module} may not include {other}"


def modules_have_no_cycles(tree):
    allowed = modules(tree)
    for module in allowed:
        seen, todo = set(), list(allowed[module][0])
        while todo:
            other = todo.pop()
            if other not in seen:
                seen.add(other)
                todo += allowed.get(other, (set(), set()))[0]
        if module in seen:
            yield f"ARCHITECTURE.md: {module} includes itself through other modules"


def public_headers_include_nothing_private(tree):
    for path in tree.cpp("include"):
        for line, quoted, name in includes(tree, path):
            if quoted and not name.startswith("porter/"):
                yield f'{path}:{line}: a public header includes "{name}"'
            package = PACKAGES.get(name.split("/")[0])
            if not quoted and package and package not in PUBLIC_PACKAGES:
                yield f"{path}:{line}: a public header includes {package}"


def public_headers_configure_asio_first(tree):
    for path in tree.cpp("include"):
        names = [name for _, _, name in includes(tree, path)]
        if path != f"include/{ASIO_CONFIG}" and any(name.startswith("asio") for name in names):
            if names[0] != ASIO_CONFIG:
                yield f"{path}: includes Asio, and not {ASIO_CONFIG} before all other headers"


def examples_begin_with_asio_or_porter(tree):
    """With Asio 1.22 a standard header before its first one changes how coroutine frames are allocated
    (docs/embedding.md). Users copy the examples, and are not compiled with PorterAsio.cmake."""
    for path in tree.cpp("tests/examples"):
        first = next(includes(tree, path), None)
        if first and not first[2].startswith(("asio/", "porter/")):
            yield f"{path}:{first[0]}: {first[2]} comes before the first header of Asio or Porter"


def the_client_program_uses_the_public_library(tree):
    """programs/porter is what a user of the library could write: beside public headers only modules that all programs
    share and that are no part of the library."""
    for path in tree.cpp("src/programs/porter"):
        for line, quoted, name in includes(tree, path):
            if quoted and not name.startswith(("porter/", "programs/porter/", "config/", "terminal/")):
                yield f"{path}:{line}: {name} is not public"


def porterctl_knows_its_store_in_three_places(tree):
    """Its other commands see store::administration, which any store can implement."""
    for path in tree.cpp("src/programs/porterctl"):
        for line, quoted, name in includes(tree, path):
            if quoted and re.match(r"store/\w+/", name) and PurePosixPath(path).stem not in PORTERCTL_STORES:
                yield f"{path}:{line}: {name} is of one store: use store/administration.hpp"


def asio_versions_are_named_in_one_place(tree):
    for path in tree.cpp("src", "include", "tests"):
        if path not in ASIO_VERSIONS and not path.startswith("tests/examples/"):
            for match in re.finditer(r"asio/experimental|asio::experimental|ASIO_VERSION", tree.code(path)):
                yield f"{path}:{line_of(tree.code(path), match.start())}: {match.group()} belongs in base/asio.hpp"


def migrations_have_no_gaps(tree):
    """Those of each folder have their own numbers."""
    paths = [PurePosixPath(path) for path in tree.under("migrations")]
    for folder in sorted({path.parent for path in paths}):
        names = sorted(path.name for path in paths if path.parent == folder)
        for expected, name in enumerate(names, start=1):
            if not re.fullmatch(rf"{expected:04d}_[a-z0-9_]+\.sql", name):
                yield f"{folder / name}: expected {expected:04d}_words.sql"


def files_are_short(tree):
    """A warning only: a file is split along a seam, never to stay below a number."""
    for path in tree.cpp("src", "include", "tests", "tools"):
        if (lines := tree.text(path).count("\n")) > FILE_LINES:
            yield f"{path}: {lines} lines, more than {FILE_LINES}"


def functions_are_short(tree):
    for path in tree.cpp("src", "include", "tests", "tools"):
        lines = tree.code(path).split("\n")
        opened = {}  # indentation of an opening brace on a line of its own -> number of the line
        for number, line in enumerate(lines, start=1):
            indent = len(line) - len(line.lstrip())
            if line.strip() == "{":
                opened[indent] = number
            elif line.lstrip().startswith("}") and indent in opened:
                if (length := number - opened.pop(indent) - 1) > FUNCTION_LINES:
                    yield f"{path}:{number}: a function of {length} lines, {FUNCTION_LINES} at most"


def is_wrapped_by_people(path):
    return not path.startswith(GENERATED_OR_FROZEN + UNWRAPPED_YET) and not path.endswith(".svg")


def lines_have_at_most_120_columns(tree):
    """Except, in Markdown, rows of a table and blocks of code or output, and lines that are long because of one URL."""
    for path in tree.files:
        try:
            text = tree.text(path) if is_wrapped_by_people(path) else ""
        except UnicodeDecodeError:
            continue
        if path.endswith(".md"):
            text = FENCED_OR_ROW.sub(lambda match: "\n" * match.group().count("\n"), text)
        for number, line in enumerate(text.split("\n"), start=1):
            if len(line) > COLUMNS and len(URL.sub("", line)) > COLUMNS - 20:
                yield f"{path}:{number}: {len(line)} columns"


def only_known_entries_at_the_top(tree):
    for entry in sorted({PurePosixPath(path).parts[0] for path in tree.files} - TOP_LEVEL):
        yield f"{entry}: not an entry of the top folder"


def nothing_is_detached(tree):
    for path in tree.cpp("src", "include", "tests", "tools"):
        for match in re.finditer(r"\bdetached\b", tree.code(path)):
            yield f"{path}:{line_of(tree.code(path), match.start())}: detached: its exception would be lost"


def tests_do_not_sleep(tree):
    for path in tree.cpp("tests"):
        for match in re.finditer(r"\b(sleep_for|sleep_until|usleep|nanosleep)\b", tree.code(path)):
            yield f"{path}:{line_of(tree.code(path), match.start())}: {match.group()} in a test"


def test_names_can_be_discovered(tree):
    for path in tree.cpp("tests"):
        for match in re.finditer(r'TEST_CASE\(\s*"([^"]*)"', tree.text(path)):
            if set(match[1]) & set(";,["):
                yield f'{path}: "{match[1]}": the name of a test has a semicolon, comma or bracket'


def headers_are_guarded(tree):
    for path in tree.under("src", "include", "tests", suffixes={".hpp"}):
        if "#pragma once" not in tree.text(path):
            yield f"{path}: no #pragma once"
        if re.search(r"^\s*using namespace", tree.code(path), re.MULTILINE):
            yield f"{path}: using namespace in a header"


# Forms that g++ 12 miscompiles or rejects in a statement with co_await (docs/coroutines.md).
COROUTINE_FORMS = [
    (re.compile(r"\s(&&|\|\|)\s.*\bco_await\b|\bco_await\b.*\s(&&|\|\|)\s", re.DOTALL), "beside && or ||"),
    (re.compile(r"\s\?\s.*\bco_await\b|\bco_await\b.*\s\?\s", re.DOTALL), "in a ?:"),
    (re.compile(r"\bco_await\b.*(?<![\w\])])\[(?!\]|&\])[^\]]*\]\s*(\(|\{|mutable)", re.DOTALL), "beside a lambda"),
    (re.compile(r"\bco_await\b.*[(,]\s*\w*\{(?!\s*\}|\w+\})", re.DOTALL), "beside an aggregate made on the spot"),
    (re.compile(r"\bco_await\b[^;]*(>|[(,]\s*)\{(?!\s*\})", re.DOTALL), "beside an initializer list"),
    (re.compile(r"[\w>]\{[^{};]*\bco_await\b", re.DOTALL), "in an initializer list"),
    (re.compile(r"\bco_await\b[^;]*\([^;]*\w\((?:[^()]*,\s*)?\{\s*\}", re.DOTALL),
     "beside an aggregate made on the spot"),
    (re.compile(r"\bco_spawn\(\s*co_await\b"), "as the executor of co_spawn"),
]
BALANCED = r"[^()]*"
for _ in range(4):
    BALANCED = rf"(?:[^()]|\({BALANCED}\))*"
# `co_await (reader() || writer());`: an operator of Asio makes one coroutine of two. It is safe, unlike the operator of
# the language, which may skip an operand.
COROUTINE_OPERATORS = re.compile(rf"\bco_await \({BALANCED}\)\s*;?\s*$")
CAPTURING_COROUTINE = re.compile(r"\[[^\]\[]+\]\s*(\([^()]*\)\s*)?(mutable\s*)?->\s*(porter::)?task<")


def full_expressions(code):
    """Roughly the full-expressions of C++ code: (offset, text). The condition of an if or a loop is one of its own."""
    start = 0
    for end in [match.end() for match in re.finditer(r";|\{\s*\n|\}\s*\n", code)] + [len(code)]:
        while control := re.match(r"\s*(?:else\s+)?(?:if|while)\s*(?:constexpr\s*)?\(", code[start:end]):
            closed, depth = start + control.end(), 1
            while depth and closed < end:
                depth += {"(": 1, ")": -1}.get(code[closed], 0)
                closed += 1
            yield start, code[start:closed]
            start = closed
        yield start, code[start:end]
        start = end


def co_await_stands_alone(tree):
    for path in tree.cpp("src", "include", "tests"):
        code = tree.code(path)
        for start, expression in full_expressions(code):
            if expression.count("co_await") == 1:
                expression = COROUTINE_OPERATORS.sub("co_await both;", expression)
            if "co_await" in expression:
                where = f"{path}:{line_of(code, start + expression.index('co_await'))}"
                for form, place_of in COROUTINE_FORMS:
                    if form.search(expression):
                        yield f"{where}: co_await {place_of}: not with g++ 12"
        if not path.startswith("tests/") or path.startswith("tests/examples/"):
            for match in CAPTURING_COROUTINE.finditer(code):
                yield f"{path}:{line_of(code, match.start())}: the captures of a coroutine lambda may die first"


LEFTOVERS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|/work/(main|shared)")


def no_notes_are_left(tree):
    for path in tree.files:
        if path.startswith("tests/structure/"):
            continue
        try:
            text = tree.text(path)
        except UnicodeDecodeError:
            continue
        for match in LEFTOVERS.finditer(text):
            yield f"{path}:{line_of(text, match.start())}: {match.group()}"


def scripts_are_executable(tree):
    for path in tree.files:
        with (tree.root / path).open("rb") as file:
            is_script = file.read(2) == b"#!"
        if is_script and not (tree.root / path).stat().st_mode & 0o111:
            yield f"{path}: a script that is not executable"
