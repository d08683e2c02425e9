"""The canonical spellings of the filter of common passwords, as src/auth/keyboard_variants.cpp computes them. The
tables are read from that file."""
import pathlib
import re
import unicodedata

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = (ROOT / "src/auth/keyboard_variants.cpp").read_text(encoding="utf-8")


def table(name):
    """The pairs of strings in the C++ array of this name."""
    body = re.search(r"constexpr std::array<\w+, \d+> " + name + r"\{(.*?)\};", SOURCE, re.DOTALL).group(1)
    pairs = re.findall(r'\{"((?:\\.|[^"\\])*)", "((?:\\.|[^"\\])*)"\}', body)
    return [tuple(each.replace('\\"', '"').replace("\\\\", "\\") for each in pair) for pair in pairs]


KEYBOARD = table("keyboard")
LETTERS = table("letters")
FOLDS = table("folds")

TO_LATIN_KEYS = str.maketrans({cyrillic: latin for cyrillic, latin in KEYBOARD})
TO_CYRILLIC_KEYS = str.maketrans({latin: cyrillic for cyrillic, latin in KEYBOARD})
TO_LATIN_LETTERS = str.maketrans(dict(LETTERS))

FOLD_OF = dict(FOLDS)
# The first match in the order of the table, as in C++.
FOLD = re.compile("|".join(re.escape(source) for source, _ in FOLDS))
SOFT = re.compile("i+([eo])?")


def lower_case(text):
    """NFKC case folding, as base::fold_name does."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def canonical(text):
    """auth::canonical_spelling of a text in lower case."""
    folded = FOLD.sub(lambda found: FOLD_OF[found.group()], text.translate(TO_LATIN_LETTERS))
    return SOFT.sub(lambda found: "e" if found.group(1) else "i", folded)
