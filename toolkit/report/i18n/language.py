"""What a report says, in the language of its reader: messages with named places for figures and names.

The English text of a message is its key (gettext). Other languages are catalogues under `reports/locale/LANGUAGE/*.po`; a
message without a translation is shown in English, and a test fails for it. Words that come from data, such as the names of
products, are looked up in a context of their own and stand for themselves where nobody translated them.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from toolkit.core.messages import LAST_WORDS, template_with
from toolkit.records.base import Phrase
from toolkit.report.i18n.countries import short_country
from toolkit.report.i18n.formats import DASH, Formats, capital, readable
from toolkit.report.i18n.text import Inline, Span, Text, joined, name, plain, text

CONTEXTS = ("name", "metal", "country", "table", "source", "term", "note", "strategy")
"""Contexts of words that come from data: names of products, metals, countries, tables and sources, terms of the field, notes of
the control ledger, and what strategies say of themselves."""
LISTED = 30
"""Items that a sentence names one by one: nobody reads a thousand names in it, and the answer in JSON has them all."""
AS_IT_STANDS = "s"
"""Specification of words that somebody typed, or has to type: they are in no language."""
COUNTRIES = frozenset(("country", "countries", "origin", "destination", "partner", "place", "other_place", "route"))
"""Places of messages that hold ISO-3 codes of countries: elsewhere ``ALB`` and ``MAR`` are what their owner calls so."""
_DECIMALS = re.compile(r"\.(\d+)")
ORDERED = " ordered"
"""Behind the id of a lot that is ordered beside what is there."""
_ROW = re.compile(r"(.+ )?row (\d+)")
Key = tuple[str | None, str]
"""(context, English text); the context of messages of the code is None."""


def mark(message: str) -> str:
    """The message itself: tells the catalogue of a message that is looked up later, from a table of words."""
    return message


def german_like(n: int) -> int:
    """One for one, the other for every other number: English, German and most of their neighbours."""
    return int(n != 1)


@dataclass(frozen=True)
class Language:
    """A language: `say("{metal} carries {share} of risk", metal=..., share=...)`.

    Attributes:
        fmt: Its numbers and dates.
        catalogue: Translations of messages, one for each plural form; empty for English.
        plural: Which of the plural forms a number takes.
    """

    fmt: Formats = field(default_factory=Formats)
    catalogue: Mapping[Key, tuple[str, ...]] = field(default_factory=dict, repr=False)
    plural: Callable[[int], int] = german_like

    @property
    def code(self) -> str:
        """Code of the language."""
        return self.fmt.code

    def __call__(self, message: str, /, **values: Inline | int) -> Text:
        """A message with its places filled, as spans.

        Args:
            message: In English, a literal: it is the key of the translation.
            values: What stands in its places; a whole number is written as one.

        Raises:
            KeyError: for a place that is given no value: a fault of the section.
        """
        return self._filled(self._found(None, message)[0], values)

    def words(self, message: str, /, **values: Inline | int) -> str:
        """A message with its places filled, as bare words for labels, captions and titles of graphics."""
        return plain(self(message, **values))

    def told(self, template: str, /, **values: Any) -> Text:
        """A message whose places say how figures and days are written, as in `toolkit.core.messages.Message`."""
        return self.translate(template_with(template, values))

    def counted(self, n: int, one: str, many: str, /, **values: Inline | int) -> Text:
        """A message with a count: `{n}` is the number, small ones in words, `{N}` the same at the start of a sentence."""
        found = self.catalogue.get((None, one))
        template = (one, many)[german_like(n)] if found is None else found[min(self.plural(n), len(found) - 1)]
        written = self.number_word(n)
        return self._filled(template, {"n": written, "N": capital(written), **values})

    def translate(self, sentence: str | Phrase) -> Text:
        """A sentence of the run in this language: `toolkit.core.messages` as JSON, or bare words of the run or of the data."""
        if isinstance(sentence, str):
            return text(self.fmt.sentence(self.known(sentence)))
        template, values = sentence["said"], sentence["with"]
        if not values:
            known = (None, template) in self.catalogue
            told = self._found(None, template)[0].format() if known else self.known(template.format())
            return text(self.fmt.sentence(told))
        places = [(place, spec) for _, place, spec in _parsed(template) if place is not None]
        written = {place: self._written(values[place], spec, place) for place, spec in places}
        return self._filled(self._found(None, template)[0], written, self.fmt.sentence)

    def known(self, words: str) -> str:
        """Words of data in whichever context knows them."""
        return next((self.term(context, words) for context in CONTEXTS if (context, words) in self.catalogue), self.lot(words))

    def lot(self, lot_id: str) -> str:
        """The id of a lot; one that is the row of its file, as the reader of the file made it, in this language."""
        lot, ordered = lot_id.removesuffix(ORDERED), lot_id.endswith(ORDERED)
        found = _ROW.fullmatch(lot)
        named = (found[1] or "") + self.words("row {row:d}", row=found[2]) if found else lot
        return self.words("{lot:s} ordered", lot=named) if ordered else named

    def number_word(self, n: int) -> str:
        """Small counts in words, others in digits."""
        return self.words(WORDS[n]) if 0 <= n < len(WORDS) else self.fmt.number(n)

    def term(self, context: str, words: str) -> str:
        """Words that come from data, in this language where the catalogue has them."""
        return self._found(context, words)[0]

    def word(self, identifier: str, known: Mapping[str, str] = MappingProxyType({})) -> str:
        """An identifier of the data in words, those of a table where it has it: a status, a form, an instrument."""
        return self.words(known[identifier]) if identifier in known else self.term("term", readable(identifier))

    def notice(self, title: str) -> str:
        """The number of a notice in short, or the authority of one without."""
        return self.fmt.notices(self.term("term", title))

    def name(self, words: str) -> Span:
        """A name that came from outside: translated where known, isolated from the text around it."""
        return name(self.lot(self.term("name", words)))

    def listed(self, items: Sequence[Inline], *, alternatives: bool = False) -> Text:
        """Items with commas between them, and “and” (or “or”) before the last; of a long list the first `LISTED`."""
        items = self.shortened(items)
        last = self.words(" or ") if alternatives else self.words(" and ")
        spans: list[Inline] = []
        for i, item in enumerate(items):
            spans += [item] if i == 0 else [last if i == len(items) - 1 else ", ", item]
        return text(*spans)

    def series(self, items: Sequence[str]) -> str:
        """A list as bare words, with "and" before the last."""
        return plain(self.listed(items))

    def _written(self, value: Any, spec: str, place: str) -> Inline:
        """A value as its specification and the name of its place say: a figure, a day, a country, words as known here."""
        if isinstance(value, Mapping):
            return self.translate(value)
        if isinstance(value, list):
            return self._several([self._written(item, "", place) for item in value], spec)
        if spec == AS_IT_STANDS:
            return name(value)
        if isinstance(value, str) and spec.startswith("%"):
            return self.fmt.short_date(value) if "%d" in spec else self.fmt.month(value)
        if isinstance(value, str):
            return name(self.fmt.notices(self.known(short_country(value) if place in COUNTRIES else value)))
        return DASH if value is None else self.figure(value, spec)  # a record has none where a number was not finite

    def _several(self, items: Sequence[Inline], spec: str) -> Inline:
        """The items of a list as its specification joins them: as a series, or with what stands there between them."""
        if spec in ("", *LAST_WORDS):
            return self.listed(items, alternatives=spec == "or") if items else self.words("none")
        return joined(self.shortened(items), self.words(spec))

    def shortened(self, items: Sequence[Inline]) -> Sequence[Inline]:
        """The first `LISTED` items and the number of the others; all of a list that is not much longer."""
        left = len(items) - LISTED
        return items if left < 2 else [*items[:LISTED], self.words("{n} others", n=left)]

    def figure(self, value: float, spec: str) -> str:
        """A number as a specification of `str.format` says: decimals, significant digits, a sign, per cent."""
        decimals = int(found[1]) if (found := _DECIMALS.search(spec)) else 0
        if spec == "d":
            return str(value)
        if spec.endswith("g"):
            return self.fmt.significant(value, spec)
        if spec.endswith("%"):
            return self.fmt.percent(value, decimals, signed="+" in spec)
        if spec.endswith("f") or isinstance(value, int):
            return self.fmt.number(value, decimals, signed="+" in spec)
        return self.fmt.plain_number(value)

    def _found(self, context: str | None, message: str) -> tuple[str, ...]:
        return self.catalogue.get((context, message)) or (message,)

    def _filled(self, template: str, values: Mapping[str, Inline | int], written: Callable[[str], str] = str) -> Text:
        spans: list[Inline] = []
        for literal, place, _ in _parsed(template):
            if literal:
                spans.append(written(literal))
            if place is not None:
                value = values[place]
                spans.append(self.fmt.number(value) if isinstance(value, int) else value)
        return text(*spans)


WORDS = (
    mark("no"), mark("one"), mark("two"), mark("three"), mark("four"), mark("five"), mark("six"),
    mark("seven"), mark("eight"), mark("nine"), mark("ten"), mark("eleven"), mark("twelve"),
)  # fmt: skip


@lru_cache(maxsize=4096)
def _parsed(template: str) -> tuple[tuple[str, str | None, str], ...]:
    """(literal, place behind it, specification) of a template; ``{name!r}`` stands in quotation marks."""
    parts: list[tuple[str, str | None, str]] = []
    closing = ""
    for literal, place, spec, conversion in string.Formatter().parse(template):
        quoted = conversion == "r"
        parts.append((closing + literal + ("“" if quoted else ""), place, spec or ""))
        closing = "”" if quoted else ""
    return (*parts, (closing, None, "")) if closing else tuple(parts)
