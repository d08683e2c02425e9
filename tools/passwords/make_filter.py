#!/usr/bin/env python3
"""Makes src/auth/common_passwords.bloom, the filter of common passwords that is built into porterd and porterctl.

    tools/passwords/make_filter.py [--cache FOLDER] [--output FILE] [--hold-out]

Downloads the public lists to FOLDER (default: build/password_lists) if they are missing. The same lists give the same
file, byte for byte. --hold-out omits every second line of each list and all walks, so that measure.py can measure the
filter with passwords that it does not contain.

Format of the file, all numbers little-endian: the magic "PORTERCP", the version (u32), the number of probes for an item
(u32), of bits (u64) and of items (u64), then the bits, starting with the lowest bit of the first byte. An item is the
canonical spelling of a password. Its two hashes are the halves of BLAKE2b-128 as u64 numbers; its probe j is
(first + j * second) mod 2^64 mod bits, where the lowest bit of the second hash is set."""
import argparse
import hashlib
import pathlib
import struct
import sys

import lists
import schemes
import spelling
import walks

MAGIC = b"PORTERCP"
VERSION = 1
BITS_PER_ITEM = 24  # with 17 probes: one false positive in 100,000
PROBES = 17
LARGEST = 4 * 1024 * 1024
MIN_RUN = 4  # letters in a row before a text can count as Russian typed on Latin keys


def windows(text, size=3):
    return (text[at:at + size] for at in range(len(text) - size + 1))


def runs(text):
    """The runs of Cyrillic letters in the text."""
    return "".join(letter if letter in schemes.CYRILLIC else " " for letter in text).split()


class RussianTest:
    """Whether a text could be Russian: each three letters in a row occur in a word of the dictionary."""

    def __init__(self, words):
        self.known = {window for word in words for run in runs(word) for window in windows(run)}

    def __call__(self, text):
        found = runs(text)
        return max(map(len, found), default=0) >= MIN_RUN and all(
            window in self.known for run in found for window in windows(run))


def longest_latin(word):
    """The length of a Cyrillic text in the scheme that makes it longest."""
    return max(len(word.translate(table)) for table in schemes.SCHEMES.values())


def items_of(sources, hold_out):
    """The canonical spellings of all passwords that can have 8 characters or more as typed."""
    part = (lambda lines: lines[::2]) if hold_out else (lambda lines: lines)
    russian = sorted({spelling.lower_case(word) for word in part(sources.russian)})
    could_be_russian = RussianTest(spelling.lower_case(word) for word in sources.russian)
    made = set()
    for line in sources.all_but_russian(part):
        lower = spelling.lower_case(line)
        if len(lower) >= lists.SHORTEST:
            made.add(spelling.canonical(lower))
        cyrillic = lower.translate(spelling.TO_CYRILLIC_KEYS)
        if could_be_russian(cyrillic) and longest_latin(cyrillic) >= lists.SHORTEST:
            made.add(spelling.canonical(cyrillic))
    made |= {spelling.canonical(word) for word in russian if longest_latin(word) >= lists.SHORTEST}
    if not hold_out:
        made |= {spelling.canonical(walk) for walk in walks.walks()}
    return made


def bloom(items):
    size = (len(items) * BITS_PER_ITEM + 7) // 8
    bits = bytearray(size)
    count = 8 * size
    for item in sorted(items):
        first, second = struct.unpack("<QQ", hashlib.blake2b(item.encode(), digest_size=16).digest())
        second |= 1
        for probe in range(PROBES):
            at = (first + probe * second) % 2**64 % count
            bits[at >> 3] |= 1 << (at & 7)
    return struct.pack("<8sIIQQ", MAGIC, VERSION, PROBES, count, len(items)) + bits


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=pathlib.Path, default=spelling.ROOT / "build/password_lists")
    parser.add_argument("--output", type=pathlib.Path, default=spelling.ROOT / "src/auth/common_passwords.bloom")
    parser.add_argument("--hold-out", action="store_true")
    given = parser.parse_args()
    lists.fetch(given.cache)
    items = items_of(lists.Lists(given.cache), given.hold_out)
    made = bloom(items)
    if len(made) > LARGEST:
        sys.exit(f"{len(items):,} items take {len(made):,} bytes, more than {LARGEST:,}")
    given.output.write_bytes(made)
    print(f"{given.output}: {len(items):,} items in {len(made):,} bytes")


if __name__ == "__main__":
    main()
