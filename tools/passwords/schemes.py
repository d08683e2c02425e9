"""Russian on Latin keys and in Latin letters, as measure.py types it, independently of make_filter.py."""

UPPER_AND_LOWER = str.maketrans(
    "`qwertyuiop[]asdfghjkl;'zxcvbnm,./~QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>?@#$^&|",
    "ёйцукенгшщзхъфывапролджэячсмитьбю.ЁЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮ,\"№;:?/")
TO_QWERTY = str.maketrans({chr(cyrillic): chr(latin) for latin, cyrillic in UPPER_AND_LOWER.items()})

CYRILLIC = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"


def scheme(text):
    return str.maketrans({letter: "" if latin == "-" else latin for letter, latin in zip(CYRILLIC, text.split(),
                                                                                          strict=True)})


SCHEMES = {
    # ICAO Doc 9303, as in passports.
    "ICAO": scheme("a b v g d e e zh z i i k l m n o p r s t u f kh ts ch sh shch ie y - e iu ia"),
    # GOST 7.79-2000, system B, as typed without marks above letters.
    "GOST": scheme("a b v g d e yo zh z i j k l m n o p r s t u f x cz ch sh shh '' y' ' e' yu ya"),
    # Informal transliteration.
    "everyday": scheme("a b v g d e e zh z i y k l m n o p r s t u f h c ch sh sch - y - e yu ya"),
    "with j": scheme("a b v g d e jo zh z i j k l m n o p r s t u f h c ch sh sch - y - e ju ja"),
}


def on_cyrillic_keys(text):
    """The text that the same keys give with a Russian layout."""
    return text.translate(UPPER_AND_LOWER)


def on_latin_keys(text):
    return text.translate(TO_QWERTY)


LATIN = {"shch": "щ", "sch": "щ", "zh": "ж", "kh": "х", "ts": "ц", "ch": "ч", "sh": "ш", "yo": "ё", "yu": "ю",
         "ya": "я",
         **dict(zip("abcdefghijklmnopqrstuvwxyz", "а б к д е ф г х и й к л м н о п к р с т у в в кс й з".split()))}


def in_cyrillic_letters(text):
    """Latin letters replaced by their sounds: password is пассворд."""
    text = text.lower()
    made = ""
    while text:
        piece = next((text[:length] for length in (4, 3, 2) if text[:length] in LATIN), text[0])
        made += LATIN.get(piece, piece)
        text = text[len(piece):]
    return made
