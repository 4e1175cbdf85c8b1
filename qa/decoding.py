"""Bytes to text without silent loss: a file is decoded exactly, or refused with a reason."""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import NamedTuple

from qa.errors import ReadError

# UTF-32 first: its little-endian mark begins with that of UTF-16.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# What files mean by the name they declare, tried in order. Browsers read the same names the same way.
DECLARED_MEANS = {
    "ascii": ("cp1252",),
    "iso8859-1": ("cp1252",),
    "iso8859-9": ("cp1254",),
    "iso8859-11": ("cp874",),
    "gb2312": ("gb2312", "gb18030"),
    "gbk": ("gb18030",),
    "big5": ("big5", "cp950", "big5hkscs"),
    "shift_jis": ("cp932",),
    "x-sjis": ("cp932",),
    "x-gbk": ("gb18030",),
    "x-euc-jp": ("euc_jp",),
    "ks_c_5601-1987": ("cp949",),
    "euc_kr": ("euc_kr", "cp949"),
    "x-mac-cyrillic": ("mac_cyrillic",),
}

# Python codecs that are no character sets: escapes and domain names.
NOT_CHARACTER_SETS = {"unicode_escape", "raw_unicode_escape", "utf_7", "idna", "punycode", "undefined", "mbcs", "oem"}

# What undeclared files are in practice. A tie goes to the earlier one.
GUESSED = (
    *("cp1252", "cp1251", "cp1250", "cp1254", "cp1257", "cp1253", "cp1255", "cp1256", "koi8_r", "cp866", "cp855"),
    *("mac_roman", "gb18030", "big5", "euc_jp", "cp932", "cp949", "johab"),
)

# The letters beyond a to z of the languages written in each Latin character set. They tell character sets apart
# that turn any bytes into letters: Czech read as cp1252 is all letters, but of no one language.
WESTERN = (
    "äöüß",
    "àâæçéèêëîïôœùûüÿ",
    "áéíñóúüªº",
    "áàâãçéêíóôõúüªº",
    "àèéìîòóù",
    "åäöæøéèüòôó",
    "áéíóúýþæðö",
    "ëïéèöüóáê",
)
ALPHABETS = {
    "cp1252": WESTERN,
    "mac_roman": WESTERN,
    "cp1250": ("ąćęłńóśźż", "áäčďéěíĺľňóôŕřšťúůýž", "áéíóöőúüű", "čćđšž", "ăâîşţ"),
    "cp1254": ("çğıiöşüâîû\u0307",),
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž"),
}

ENOUGH_FOREIGN_BYTES = 8  # with fewer, only a Western reading is believed: a quotation mark, a name with an accent
ENOUGH_FOREIGN_LETTERS = 0.02  # below this share of all letters, names in English text: any Latin language goes
FITTING = 0.95  # share of the foreign letters that one alphabet must cover
HIGHEST_DOUBT = 0.12  # right guesses on 80 real files stay below .1, wrong ones were above .15
MOST_CONTROLS = 0.001  # share of control characters above which bytes are not text
NATURALLY_GLUED = "°®™"  # 20°C
SAMPLE = 20_000  # characters weighed per candidate

_DECLARATION = re.compile(
    rb"""<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([\w.:-]+)|<meta[^>]{0,400}?charset\s*=\s*["']?\s*([\w.:-]+)""", re.I
)
_CONTROLS = bytes({*range(32)} - {*b"\t\n\r\f\x1a\x1b"})
_FOREIGN_WORD = re.compile(r"\S*[^\x00-\x7f]\S*")


class Decoded(NamedTuple):
    """Text, the Python codec that gave it, and how the codec was found: mark, utf-8, declared or guessed."""

    text: str
    encoding: str
    found: str


def decode(data: bytes) -> Decoded:
    """Decode a whole file, every byte of it; only a byte order mark is left out.

    A byte order mark decides; then UTF-8 where every byte fits; then what an XML or HTML head declares;
    then a guess, where it is a confident one. A file that is UTF-8 but for a few damaged bytes is refused
    with the place of the first: read as anything else, all its accents would turn into other letters.

    Raises ReadError for binary data, damaged text and character sets that cannot be told.
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return Decoded(_decode_marked(data[len(mark) :], encoding), encoding, "mark")
    _refuse_binary(data)
    if b"\x1b$" in data and (shifted := _first_that_fits(data, ("iso2022_jp_2", "iso2022_kr"), "guessed")):
        return shifted  # before UTF-8, because its bytes are all ASCII
    try:
        return Decoded(data.decode("utf-8"), "utf-8", "utf-8")
    except UnicodeDecodeError as error:
        _refuse_damaged_utf8(data, error.start)
    decoded = _first_that_fits(data, _declared(data), "declared") or _guess(data)
    if decoded is None:
        raise ReadError("its character set cannot be told for certain; save it as UTF-8")
    return decoded


def _decode_marked(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ReadError(f"is damaged {encoding.upper()} at byte {error.start:,}; save it again as UTF-8") from None
    if "\x00" in text:
        raise ReadError("holds NUL characters, so it is not plain text; save it as UTF-8 text")
    return text


def _refuse_binary(data: bytes) -> None:
    if b"\x00" in data:
        raise ReadError("holds NUL bytes, so it is not plain text; if it is UTF-16 without a mark, save it as UTF-8")
    controls = len(data) - len(data.translate(None, _CONTROLS))
    if controls > len(data) * MOST_CONTROLS:
        raise ReadError("holds binary data, not text; give it the suffix of its real format")


def _refuse_damaged_utf8(data: bytes, offset: int) -> None:
    """Refuse bytes in which whole UTF-8 characters are at least as many as places that fail."""
    text = data.decode("utf-8", errors="replace")
    damaged = text.count("\ufffd")
    whole = len(text) - len(text.encode("ascii", errors="ignore")) - damaged
    if whole >= damaged:
        raise ReadError(f"is UTF-8 with damaged bytes, the first at byte {offset:,}; save it again as UTF-8")


def _declared(data: bytes) -> tuple[str, ...]:
    """The codecs that an XML or HTML head asks for, in the order to try them; empty without one."""
    if not (found := _DECLARATION.search(data[:8192])):
        return ()
    name = (found[1] or found[2]).decode("ascii", errors="replace").lower()
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError):
        return DECLARED_MEANS.get(name, ())
    if codec.name.replace("-", "_") in NOT_CHARACTER_SETS or not getattr(codec, "_is_text_encoding", True):
        return ()
    return DECLARED_MEANS.get(codec.name, (codec.name,))


def _first_that_fits(data: bytes, encodings: tuple[str, ...], found: str) -> Decoded | None:
    for encoding in encodings:
        try:
            return Decoded(data.decode(encoding), encoding, found)
        except UnicodeError:
            continue
    return None


def _guess(data: bytes) -> Decoded | None:
    """The most plausible reading, or None where none is plausible enough."""
    from charset_normalizer import from_bytes

    matches = from_bytes(data, cp_isolation=list(GUESSED), preemptive_behaviour=False, enable_fallback=False)
    best: tuple[tuple[float, float, int], Decoded] | None = None
    for match in matches:
        for encoding in {match.encoding, *match.could_be_from_charset} & {*GUESSED}:
            reading = _first_that_fits(data, (encoding,), "guessed")
            if reading is None or not _fits_an_alphabet(reading):
                continue
            doubt = round(match.chaos + _oddness(reading.text), 2)
            rank = (doubt, -round(match.coherence, 2), GUESSED.index(encoding))
            if doubt <= HIGHEST_DOUBT and (best is None or rank < best[0]):
                best = (rank, reading)
    foreign_bytes = len(data) - len(data.translate(None, bytes(range(128, 256))))
    if best is None or (foreign_bytes < ENOUGH_FOREIGN_BYTES and best[1].encoding != GUESSED[0]):
        return None
    return best[1]


def _fits_an_alphabet(reading: Decoded) -> bool:
    """False for a Latin reading whose accented letters are those of no one language."""
    if reading.encoding not in ALPHABETS:
        return True
    sample = reading.text[: SAMPLE * 10].lower()
    foreign = [c for c in sample if c > "\x7f" and c.isalpha()]
    letters = sum(c.isalpha() for c in sample)
    if len(foreign) < max(2, letters * ENOUGH_FOREIGN_LETTERS):
        return True
    return any(
        sum(c in alphabet for c in foreign) >= FITTING * len(foreign) for alphabet in ALPHABETS[reading.encoding]
    )


def _oddness(text: str) -> float:
    """Share of non-ASCII characters that text in its right character set seldom has, 0 to 1.

    Those are symbols glued to letters, capitals inside or glued behind a word, capitals before a digit,
    and characters without a meaning of their own.
    """
    sample = "\n".join(_FOREIGN_WORD.findall(text[: SAMPLE * 10]))[:SAMPLE]
    odd = foreign = 0
    for before, char, after in zip("\n" + sample, sample, sample[1:] + "\n", strict=False):
        if char <= "\x7f":
            continue
        foreign += 1
        category = unicodedata.category(char)
        odd += (
            (category[0] in "SN" and char not in NATURALLY_GLUED and (before.isalpha() or after.isalpha()))
            or (category == "Lu" and (before.isalpha() or after.isdigit()))
            or category in ("Cc", "Co", "Cn")
        )
    return odd / max(foreign, 1)
