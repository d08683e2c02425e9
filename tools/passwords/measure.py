#!/usr/bin/env python3
"""Measures the shares of common and of good passwords that porterd refuses, and prints the tables of docs/passwords.md.

    cmake --preset release && cmake --build build/release --target judge_passwords
    tools/passwords/measure.py [--judge FILE] [--cache FOLDER]

Only passwords of 8 characters or more count, as typed: shorter ones are refused anyway. The random samples are the same
in each run. The exit code is 1 if promise P7 of SECURITY.md does not hold."""
import argparse
import pathlib
import random
import subprocess
import sys
import tempfile

import lists
import make_filter
import schemes
import spelling
import walks

SAMPLE = 5_000
LEAST_REFUSED = 0.95
MOST_WRONGLY_REFUSED = 0.001
PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


class Judge:
    """The server's own rules, through judge.cpp."""

    def __init__(self, program, bloom=None):
        self.command = [program, *([bloom] if bloom else [])]

    def refused(self, passwords):
        """(the number refused, the number in all) of the passwords with 8 characters or more."""
        typed = [password for password in passwords if len(password) >= lists.SHORTEST]
        with tempfile.TemporaryFile() as file:
            file.write("".join(password + "\n" for password in typed).encode())
            file.seek(0)
            answers = subprocess.run(self.command, stdin=file, capture_output=True, check=True).stdout.decode().split()
        if len(answers) != len(typed):
            sys.exit(f"{len(answers)} answers to {len(typed)} passwords")
        return answers.count("refused"), len(typed)


def row(name, counted):
    refused, total = counted
    print(f"| {name} | {total:,} | {refused:,} | {100 * refused / total:.3f} % |", flush=True)
    return refused / total


def heading(first):
    print(f"\n| {first} | passwords | refused | share |\n|---|---:|---:|---:|")


def rows_of_variants(judge, name, passwords):
    """Rows for Latin passwords as they are, on Cyrillic keys and in Cyrillic letters. Returns the smallest share."""
    variants = {name: passwords,
                f"{name}, typed on Cyrillic keys": map(schemes.on_cyrillic_keys, passwords),
                f"{name}, in Cyrillic letters by their sound": map(schemes.in_cyrillic_letters, passwords)}
    return min(row(variant, judge.refused(typed)) for variant, typed in variants.items())


def russian_on_latin_keys(passwords, words):
    """The passwords that contain a word of 5 letters or more, typed on Latin keys; in Cyrillic."""
    known = {word for word in words if len(word) >= 5}
    meant = (password.lower().translate(spelling.TO_CYRILLIC_KEYS) for password in passwords)
    return [text for text in meant if any(run in known for run in make_filter.runs(text))]


def russian_rows(judge, name, words):
    row(f"{name}, in Cyrillic", judge.refused(words))
    row(f"{name}, typed on Latin keys", judge.refused(map(schemes.on_latin_keys, words)))
    for scheme, table in schemes.SCHEMES.items():
        row(f"{name}, transliterated: {scheme}", judge.refused(word.translate(table) for word in words))


def common(judge, sources, russian):
    heading("in the filter")
    million = [password for password in sources.million if len(password) >= lists.SHORTEST]
    top = [password for password in sources.million[:10_000] if len(password) >= lists.SHORTEST]
    least = min(rows_of_variants(judge, "the first 10,000 of the million", top),
                rows_of_variants(judge, "the million", million))
    meant = russian_on_latin_keys(sources.million, russian)
    row("Russian of the million, meant in Cyrillic", judge.refused(meant))
    for scheme, table in schemes.SCHEMES.items():
        least = min(least, row(f"Russian of the million, transliterated: {scheme}",
                               judge.refused(text.translate(table) for text in meant)))
    row("John the Ripper's list", judge.refused(sources.john))
    row("cracklib's list", judge.refused(sources.cracklib))
    row("English words", judge.refused(sources.english))
    russian_rows(judge, "Russian words", russian)
    on_keys = sorted(walks.walks())
    row("walks over the keyboard", judge.refused(on_keys))
    row("walks over the keyboard, typed on Cyrillic keys", judge.refused(map(schemes.on_cyrillic_keys, on_keys)))
    return least


def held_out(judge, half, sources, russian):
    heading("not in the filter")
    other_forms = sorted(set(map(spelling.lower_case, sources.russian_forms())) - set(russian))
    russian_rows(judge, "Russian words with other endings", random.Random(1).sample(other_forms, SAMPLE))
    for name, source in (("the million", sources.million), ("John the Ripper's list", sources.john),
                         ("cracklib's list", sources.cracklib), ("English words", sources.english),
                         ("Russian words", russian)):
        row(f"{name}: one half, with a filter of the other half of each list and no walks", half.refused(source[1::2]))


def good(judge, sources, russian):
    heading("good passwords")
    draw = random.Random(2)
    english = [word for word in sources.english if word.isalpha() and word.islower()]
    drawn = {
        "four random English words": (" ".join(draw.choices(english, k=4)) for _ in range(4 * SAMPLE)),
        "the same without spaces": ("".join(draw.choices(english, k=4)) for _ in range(SAMPLE)),
        "four random Russian words": (" ".join(draw.choices(russian, k=4)) for _ in range(4 * SAMPLE)),
        "the same without spaces, typed on Latin keys":
            (schemes.on_latin_keys("".join(draw.choices(russian, k=4))) for _ in range(SAMPLE)),
        "12 random printable characters": ("".join(draw.choices(PRINTABLE, k=12)) for _ in range(4 * SAMPLE)),
        "12 random letters, small": ("".join(draw.choices(walks.LATIN, k=12)) for _ in range(4 * SAMPLE)),
        "12 random letters, small and Cyrillic":
            ("".join(draw.choices(schemes.CYRILLIC, k=12)) for _ in range(4 * SAMPLE)),
        "10 random letters and digits":
            ("".join(draw.choices(walks.LATIN + "0123456789", k=10)) for _ in range(4 * SAMPLE)),
    }
    return max(row(name, judge.refused(passwords)) for name, passwords in drawn.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judge", type=pathlib.Path, default=spelling.ROOT / "build/release/bin/judge_passwords")
    parser.add_argument("--cache", type=pathlib.Path, default=spelling.ROOT / "build/password_lists")
    given = parser.parse_args()
    lists.fetch(given.cache)
    sources = lists.Lists(given.cache)
    russian = sorted({spelling.lower_case(word) for word in sources.russian
                      if all(letter in schemes.CYRILLIC for letter in word.lower())})
    half = given.cache / "half.bloom"
    half.write_bytes(make_filter.bloom(make_filter.items_of(sources, hold_out=True)))
    judge = Judge(given.judge)
    refused = common(judge, sources, russian)
    held_out(judge, Judge(given.judge, half), sources, russian)
    wrongly = good(judge, sources, russian)
    print(f"\nP7: at least {100 * refused:.2f} % of the million refused in every form, "
          f"at most {100 * wrongly:.3f} % of good passwords.")
    return 0 if refused >= LEAST_REFUSED and wrongly <= MOST_WRONGLY_REFUSED else 1


if __name__ == "__main__":
    sys.exit(main())
