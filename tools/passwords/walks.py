"""Walks over a keyboard: rows, blocks, columns and zig-zags that are common as passwords. Keys have their QWERTY
characters; the server itself checks the ЙЦУКЕН characters of the same keys."""
import itertools

ROWS = ("1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./")
PAD = ("789", "456", "123", "0")
SHIFTED = str.maketrans("1234567890-=", "!@#$%^&*()_+")
LATIN = "abcdefghijklmnopqrstuvwxyz"
CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
LENGTHS = range(8, 17)  # shorter ones are refused anyway, longer ones begin like a shorter one


def cuts(text):
    return {text[:length] for length in LENGTHS if length <= len(text)}


def both_ways(text):
    return (text, text[::-1])


def straight(row):
    """From each key of a row to either end, each key one to four times."""
    for begin in range(len(row)):
        for line in (row[begin:], row[begin::-1]):
            for times in (1, 2, 3, 4):
                yield "".join(key * times for key in line)


def blocks(rows):
    """Pieces of adjacent rows, straight or slanted: qweasdzxc, zxcasdqwe, qweqwe123, poi098lkj."""
    for width, lean in itertools.product(range(2, 7), (0, 1)):
        for begin in range(10):
            sequenceof_rows = [(row, max(begin - lean * (number // 2), 0)) for number, row in enumerate(rows)]
            pieces = [row[at:at + width] for row, at in sequenceof_rows if len(row) >= at + width]
            for count in range(2, 5 if width < 5 else 4):
                for chosen in itertools.product(pieces, repeat=count):
                    yield "".join(chosen)
                    yield "".join(piece[::-1] for piece in chosen)
                    yield "".join(piece[::-1] if odd % 2 else piece for odd, piece in enumerate(chosen))


def columns(rows):
    """Adjacent columns, downward, upward or alternating, slanted to either side, with or without shift: 1qaz2wsx,
    qazwsxedc, zaq1xsw2, 0okm9ijn."""
    for (first, last), lean in itertools.product(((0, 4), (1, 4), (0, 3), (0, 2), (1, 3), (2, 4)), (0, -1)):
        for begin, step in itertools.product(range(12), (1, -1)):
            starts = range(begin, 12) if step > 0 else range(begin, -1, -1)
            down = ["".join(row[at] for row, at in zip(rows[first:last], itertools.count(start, lean))
                            if 0 <= at < len(row))
                    for start in starts]
            up = [column[::-1] for column in down]
            for one, other in itertools.product((down, up), repeat=2):
                sequence = [(other if odd % 2 else one)[odd] for odd in range(len(down))]
                yield "".join(sequence)
                if first > 0:
                    continue
                yield "".join(sequence).translate(SHIFTED)
                yield "".join(column.translate(SHIFTED) if odd % 2 else column for odd, column in enumerate(sequence))
                yield "".join(column if odd % 2 else column.translate(SHIFTED) for odd, column in enumerate(sequence))


def lines(row):
    """From each key of a row to either end."""
    for begin in range(len(row)):
        yield begin, row[begin:]
        yield begin, row[begin::-1]


def zig_zags(rows):
    """Two rows, alternating after one to four keys: q1w2e3r4, a1s2d3f4, 192837465, 13243546, 12qw34er."""
    for one, other in itertools.product(rows, repeat=2):
        for (left, upper), (right, lower) in itertools.product(lines(one), lines(other)):
            for width in (1, 2, 3, 4):
                if width > 1 and abs(left - right) > 1:
                    continue
                yield "".join(upper[at:at + width] + lower[at:at + width]
                              for at in range(0, min(len(upper), len(lower)), width))


def alphabets():
    for letters in (LATIN, CYRILLIC):
        for line in both_ways(letters):
            yield from straight(line)
            for digits in both_ways(ROWS[0][:10]):
                for begin in range(len(line)):
                    piece = line[begin:begin + 8]
                    for upper, lower in ((piece, digits), (digits, piece)):
                        yield "".join(a + b for a, b in zip(upper, lower))


def walks():
    """All walks, cut to each length from 8 to 16."""
    made = set()
    for rows in (ROWS, PAD):
        for row in rows:
            for text in straight(row):
                made |= cuts(text)
        for text in itertools.chain(blocks(rows), columns(rows), zig_zags(rows)):
            made |= cuts(text)
    for text in alphabets():
        made |= cuts(text)
    return made
