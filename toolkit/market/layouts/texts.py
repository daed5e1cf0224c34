"""Whether every word of a text is known: of a place, of a custody, of a remark. What is not understood is asked about."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from toolkit.core.countries import country, fold
from toolkit.core.currencies import currency
from toolkit.core.places import is_us_state, place, words_beside
from toolkit.core.trade_names import METALS, without_purity_class, without_untaxed
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers.cells import MONTHS, UNITS, amount

_NUMBER = re.compile(r"\d+|\d+n\d?|\d+(e|k|kt|ct|karat|er)")
"""A word of a purity, as `fold` writes it: ``99``, ``4n5``, ``22k``; ``9999e-2`` is how a number of a workbook is shown."""
_CODE = re.compile(r"[^\s\d]*\d\S*")
_SIGN = re.compile("[?*~≈†‡¹²³→]|->")
_SIGNS = re.compile(r"[$+<=>^`|~?*%#]")
_BEHIND = re.compile(r"\w\s*[;:(\[]|\s[-\u2013\u2014]+\s|->|,\s*[^\W\d_A-ZÄÖÜ]|\w\s+[^\W\d_A-ZÄÖÜ]{4,}$")
"""What sets more behind a name: a sign between words, or a last word that is none of a name."""
_NUMBERED = re.compile(r"\bno (?=\d)")
"""The word for a number, as `fold` writes it: ``No. 7``; without one behind it denies."""
_ZIP = 5
"""Digits of a postal code; a year has four."""


def is_plain_place(text: str) -> bool:
    """Whether a text names places, rooms and keepers of metal and nothing else: ``Zollfreilager Zürich, Halle 3``."""
    texts = vocabulary().texts
    rest = _without_keepers(" ".join(words_beside(text)))
    rooms = {number for room, number in pairwise(fold(text).split()) if room in texts["rooms"]}
    known = texts["places"]
    return not is_marked(text) and all(
        word in known
        or (word.isdecimal() and (word in rooms or len(word) == _ZIP))
        or (len(word) == 1 and word in rooms)
        or (len(word) <= 3 and country(word.upper()) is not None)
        or (is_us_state(word) and place(text).country == "USA")
        for word in rest
    )


def _without_keepers(words: str) -> list[str]:
    """Words, as `fold` writes them, that name no keeper of metal; ``via mat`` is one, and ``via`` is none."""
    keepers, rest = vocabulary().texts["keepers"], f" {words} "
    for name in keepers:
        rest = rest.replace(f" {name} ", " ")
    return rest.split()


def is_plain_name(text: str) -> bool:
    """Whether no word of a name, as of a client or a dealer, says that something was sold, lost or is another's.

    Any text is a name: what these words say is asked about, and nothing is decided by them.
    """
    return vocabulary().texts["sells"].isdisjoint(words := fold(text).split()) and vocabulary().texts["bears"].isdisjoint(words)


def is_bare_name(text: str) -> bool:
    """Whether nothing stands behind a name: ``Alpha GmbH``, not ``Alpha GmbH - returned`` nor ``Lot 7 missing``."""
    return is_plain_name(text) and _BEHIND.search(text) is None


def is_known_custody(text: str) -> bool:
    """Whether a text says how metal is kept, and by whom, in known words."""
    known = vocabulary().meanings["custody"]
    return fold(text) in known or is_plain_place(text)


def is_paper(text: str) -> bool:
    """Whether each word of a certificate is of a paper, of who wrote it, or a number of it."""
    texts = vocabulary().texts
    known = texts["papers"]
    codes = [part for part in re.split(r"[\s,;]+", text) if any(map(str.isdigit, part))]
    words = _without_keepers(fold(" ".join(part for part in re.split(r"[\s,;]+", text) if part not in codes)))
    return not is_marked(text) and all(word in known or len(word) == 1 for word in words)


def is_code(text: str) -> bool:
    """Whether a text is a code, as of a bin, a batch or an article: one word with a digit in it."""
    return _CODE.fullmatch(text) is not None


@lru_cache(1 << 16)  # as of `fold`
def is_marked(text: str) -> bool:
    """Whether a sign beside words says more than they do: a doubt (``Japan?``, ``~4N``), or a note elsewhere (``Gallium*``)."""
    return _SIGN.search(text) is not None and any(map(str.isalnum, text))


@lru_cache(1 << 16)
def as_answered(text: str) -> str:
    """A header or a text as answers and layouts name it: folded, and its signs: of money, of a doubt, ``+``, ``✓``."""
    if text.isascii():
        signs = _SIGNS.findall(text)
    else:
        plain = unicodedata.normalize("NFKC", text)
        signs = [sign for sign in plain if unicodedata.category(sign)[0] == "S" or sign in "?*%#†‡"]
    return " ".join([*fold(text).split(), *signs]) if signs else fold(text)


def is_grade(text: str) -> bool:
    """Whether each word of a purity is a number, or a word of the trade beside one.

    A form is none of them, nor is ``electronic`` alone, which may be purer than what is traded, or less pure.
    """
    if (number := amount(text)) and not number.before and number.after in ("", "%"):
        return True
    texts, words = vocabulary().texts, fold(without_purity_class(text)[0]).split()
    stated = any(_NUMBER.fullmatch(word) for word in words)
    known = texts["grades"] | (texts["grade_names"] if stated else set())
    return not is_marked(text) and all(word in known or _NUMBER.fullmatch(word) or len(word) == 1 for word in words)


def is_harmless(text: str, *sections: str) -> bool:
    """Whether each word of a remark says nothing of where a lot is, whose it is or whether it exists.

    Args:
        text: The remark.
        sections: Of the vocabulary's texts that it is held against; ``harmless`` where none is named.
    """
    texts = vocabulary().texts
    known = [texts[section] for section in sections or ("harmless",)]
    return not is_marked(text) and all(any(word in words for words in known) for word in fold(text).split())


@lru_cache(1 << 16)
def is_derived(name: str) -> bool:
    """Whether a name is that of a sum, an average or a change: ``Total``, ``Average 2025``, ``YTD avg Oct-26``."""
    texts = vocabulary().texts
    made = texts["derived"] | texts["totals"]
    words = [word for word in fold(name).split() if not word[0].isdigit()]  # 30d
    return not made.isdisjoint(words) and all(word in made or word in texts["windows"] or word in MONTHS for word in words)


def says_none(text: str) -> bool:
    """Whether a cell says that no price is quoted: ``auf Anfrage``, ``closed``, ``n/a``."""
    return fold(text) in vocabulary().texts["no_price"] or not any(map(str.isalnum, text))


def undated(text: str) -> str:
    """A line without its numbers and months: that of the next month is the same."""
    return " ".join(word for word in as_answered(text).split() if word not in MONTHS and not re.search(r"\d", word))


def is_plain_title(text: str) -> bool:
    """Whether each word above a list of prices is a day, a unit, a currency, a metal, a place or a word of price lists."""
    texts = vocabulary().texts
    known = texts["harmless"] | texts["titles"] | texts["bases"] | texts["places"]
    words = _without_keepers(_NUMBERED.sub("", fold(" ".join(words_beside(without_untaxed(text))))))
    return not is_marked(text) and all(
        word in known
        or word.isdecimal()
        or word in MONTHS
        or word in METALS
        or word in UNITS
        or len(word) == 1
        or re.fullmatch(r"(kw|cw|q|h|m)?\d+(st|nd|rd|th)?", word)
        or (len(word) == 3 and currency(word.upper()) is not None)
        for word in words
    )
