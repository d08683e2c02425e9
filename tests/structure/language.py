#!/usr/bin/env python3
"""The rule of the language: language.py [FOLDER...] lists each private word of words.py, with what to say instead, and
counts them by folder. structure_test.py applies the rule to the folders of SWITCHED_ON."""

import collections
import io
import re
import sys
import tokenize
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

import words  # noqa: E402
from tree import CPP_SUFFIXES, LITERAL_OR_COMMENT, Tree, line_of  # noqa: E402

FOLDERS = ("src", "include", "tests", "docs", "tools", ".ci", ".github")
SWITCHED_ON = (
    ".ci", ".github", "docs", "include", "src", "tests", "tools",
    "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "README.md", "SECURITY.md",
)
EXCEPTIONS = {
    # The word lists, and the made-up trees that break the rule.
    "tests/structure/words.py", "tests/structure/self_test.py",
}

CODE, PROSE = "code", "prose"
TEXT_SUFFIXES = {".1", ".8", ".cmake", ".json", ".md", ".service", ".sh", ".toml", ".txt", ".yml"}
TOKEN = re.compile(r"[^\W\d]\w*")
PHRASES = [(re.compile(rf"\b{pattern}\b"), say) for pattern, say in words.PHRASES.items()]
STANDARD = re.compile(words.STANDARD)
TERMS = words.TERMS | {f"{term}s": say for term, say in words.TERMS.items()}
SPOKEN = TERMS | words.PRONOUNS
PARTS = SPOKEN | words.PARTS


def applies_to(path):
    in_folders = path.startswith(tuple(f"{folder}/" for folder in FOLDERS))
    at_top = "/" not in path and path.endswith((".md", ".txt", ".json"))
    return (in_folders or at_top) and path not in EXCEPTIONS


def cut(text, prose):
    """The text as (offset, CODE or PROSE, piece), by the (start, end) of what is prose."""
    end = 0
    for start, next_end in prose:
        yield end, CODE, text[end:start]
        yield start, PROSE, text[start:next_end]
        end = next_end
    yield end, CODE, text[end:]


def python_prose(text):
    """The (start, end) of each literal and comment."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    # From Python 3.12 on an f-string is several tokens; before, one.
    f_string_start, f_string_end = (getattr(tokenize, name, None) for name in ("FSTRING_START", "FSTRING_END"))
    open_f_strings = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        start, end = (starts[line - 1] + column for line, column in (token.start, token.end))
        if token.type == f_string_start:
            open_f_strings.append(start)
        elif token.type == f_string_end:
            start = open_f_strings.pop()
            if not open_f_strings:
                yield start, end
        elif token.type in (tokenize.STRING, tokenize.COMMENT) and not open_f_strings:
            yield start, end


def pieces(path, text):
    suffix = Path(path).suffix
    shebang = text.split("\n", 1)[0] if text.startswith("#!") else ""
    if suffix in CPP_SUFFIXES:
        return cut(text, [match.span() for match in LITERAL_OR_COMMENT.finditer(text)])
    if suffix == ".py" or "python" in shebang:
        return cut(text, python_prose(text))
    # In scripts a name of one word is also a command, so only words of prose are looked for.
    is_text = shebang or suffix in TEXT_SUFFIXES
    return [(0, PROSE, text)] if is_text else []


def split(identifier):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", identifier).lower().strip("_").split("_")


def parts_of(identifier):
    if identifier in words.CONTRACTS:
        return
    parts = split(identifier)
    for part in parts:
        if part in PARTS:
            yield part, PARTS[part]
    for pair in map("_".join, zip(parts, parts[1:])):
        if pair in words.PAIRS:
            yield pair, words.PAIRS[pair]


def in_code(piece, is_cpp):
    for match in TOKEN.finditer(piece):
        name = match.group()
        if name.startswith("test_"):  # a sentence
            for _, found in in_prose(name.replace("_", " ")):
                yield match.start(), found
            continue
        for found in parts_of(name):
            yield match.start(), found
        whole = "" if name.startswith("__") else name.strip("_")
        if whole in words.IDENTIFIERS and (is_cpp or whole not in words.CPP_ONLY):
            yield match.start(), (whole, words.IDENTIFIERS[whole])


def in_prose(piece):
    for match in TOKEN.finditer(piece):
        word = match.group()
        if "_" in word.strip("_"):
            for found in parts_of(word):
                yield match.start(), found
        elif not word.isupper() and word.lower() in SPOKEN:
            yield match.start(), (word.lower(), SPOKEN[word.lower()])
    for pattern, say in PHRASES:
        for match in pattern.finditer(piece):
            yield match.start(), (match.group().lower(), say or "leave it out")


def private_words(path, text):
    """(line, word, what to say instead) for each private word of a file."""
    text = STANDARD.sub(lambda match: " " * len(match.group()), text)
    is_cpp = Path(path).suffix in CPP_SUFFIXES
    for offset, sort, piece in pieces(path, text):
        for where, (word, say) in in_code(piece, is_cpp) if sort == CODE else in_prose(piece):
            yield line_of(text, offset + where), word, say


def texts(tree, folders):
    for path in tree.files:
        if applies_to(path) and any(path == folder or path.startswith(f"{folder}/") for folder in folders):
            try:
                yield path, tree.text(path)
            except UnicodeDecodeError:
                pass


def the_language_is_kept(tree):
    for path, text in texts(tree, SWITCHED_ON):
        for line, word, say in private_words(path, text):
            yield f"{path}:{line}: {word} -> {say}"


def main():
    root = Path.cwd()
    tree = Tree(root)
    folders = [Path(name).resolve().relative_to(root).as_posix() for name in sys.argv[1:]]
    counts = collections.Counter()
    for path, text in texts(tree, folders or {path.split("/")[0] for path in tree.files}):
        for line, word, say in private_words(path, text):
            print(f"{path}:{line}: {word} -> {say}")
            counts[str(Path(path).parent)] += 1
    for folder, count in sorted(counts.items()):
        print(f"{count:6} {folder}")
    print(f"{counts.total():6} in all")
    return 1 if counts else 0


if __name__ == "__main__":
    sys.exit(main())
