"""Messages: English sentences that keep their template and values, so that a report can translate them (as gettext_lazy).

To every caller a message is an English string; a report reads its template and typed values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from numbers import Integral, Real
from string import Formatter
from types import MappingProxyType
from typing import Any

from toolkit.core.text import figure, half_up

SIGNIFICANT = re.compile(r"(,?)(?:\.(\d+))?g")
"""Specification of significant digits."""
LAST_WORDS = ("and", "or")
"""Specifications of a list with a word before the last item."""


class Message(str):
    """An English sentence with its template and values.

    Attributes:
        template: With places in the syntax of `str.format`; the specification of a place says what its value is
            (``{share:.0%}``, ``{share:.1f %}`` with a gap, ``{day:%Y-%m}``), that of a list how it is joined (``{names}`` by
            commas, ``{names:and}`` and ``{names:or}`` with that word before the last, ``{parts:; }`` as written). Words of
            ``{key:s}`` and ``{name!r:s}`` stand as they are in every language: somebody typed them, or has to.
        values: What stands in the places: words, numbers, dates, sentences, and lists of these.
    """

    __slots__ = ("template", "values")
    template: str
    values: Mapping[str, Any]

    def __new__(cls, template: str, values: Mapping[str, Any]) -> Message:
        """The sentence in English."""
        sentence = super().__new__(cls, template.format(**{key: _shown(value) for key, value in values.items()}))
        sentence.template = template
        sentence.values = MappingProxyType(dict(values))
        return sentence

    def __reduce__(self) -> tuple[type[Message], tuple[str, dict[str, Any]]]:
        """Pickled as template and values."""
        return Message, (self.template, dict(self.values))

    def to_json(self) -> dict[str, Any]:
        """Template and values in the types that JSON has."""
        return template_with(self.template, self.values)


_FIXED = re.compile(r",\.(\d)f")


class _Share(float):
    """A number that can be written in per cent with a gap, and in significant digits without an exponent."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        if spec.endswith(" %"):
            return f"{format(100 * float(self), spec[:-2])} %"
        digits = SIGNIFICANT.fullmatch(spec)
        if digits is None and (fixed := _FIXED.fullmatch(spec)):
            return half_up(float(self), int(fixed[1]))
        if digits is None:
            return format(float(self), spec)
        return figure(float(self), int(digits[2] or 6), grouped=bool(digits[1]))


class _Listed(tuple[Any, ...]):
    """A list inside a sentence; ``!r`` quotes each item."""

    __slots__ = ()

    def __format__(self, joined: str) -> str:
        words = [str(item) for item in self]
        if joined in LAST_WORDS and len(words) > 1:
            return f"{', '.join(words[:-1])} {joined} {words[-1]}"
        return (", " if joined in LAST_WORDS else joined or ", ").join(words)

    def __repr__(self) -> str:
        return ", ".join(repr(item) for item in self)


def _shown(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return _Listed(value)
    return _Share(value) if isinstance(value, float) else value


def message(template: str, /, **values: Any) -> Message:
    """A sentence from a literal template: it is the key of the translation."""
    return Message(template, values)


def together(*sentences: str) -> str:
    """Several sentences as one message that keeps each of them, once; a single one is itself, and empty ones are left out."""
    sentences = tuple(dict.fromkeys(part for one in sentences for part in _parts(one)))
    if len(sentences) < 2:
        return sentences[0] if sentences else ""
    told = {f"s{i}": sentence if isinstance(sentence, Message) else quoted(sentence) for i, sentence in enumerate(sentences)}
    return Message(" ".join(f"{{{place}}}" for place in told), told)


def _parts(sentence: str) -> Iterable[str]:
    """The sentences that were put together before."""
    if isinstance(sentence, Message) and re.fullmatch(r"\{s0\}( \{s\d+\})+", sentence.template):
        return sentence.values.values()
    return (sentence,) if sentence else ()


def named(names: Iterable[str]) -> list[Message]:
    """Names that somebody gave, each in quotation marks."""
    return [message("{name!r:s}", name=name) for name in names]


def first_names(names: Sequence[str], most: int = 5) -> list[str]:
    """The first names of a long list, and how many more there are."""
    return [*names[:most], *([message("{n} more", n=len(names) - most)] if len(names) > most else [])]


def few(names: list[str], most: int = 8, of: int = 0) -> list[str]:
    """The first names of a long list, and how many more there are.

    Args:
        names: Of lots, for one.
        most: That are named.
        of: Lots of the file: the names of all of them are one word.
    """
    if len(names) == of > 1:
        return [message("every lot")]
    return first_names(names, most)


def quoted(words: str) -> Message:
    """A message of words from the data, in which braces are no places."""
    return Message(words.replace("{", "{{").replace("}", "}}"), {})


def sentence(template: str, values: Mapping[str, Any]) -> Message:
    """A template with those of the values that it has places for; a message stands, and without values any text."""
    if isinstance(template, Message):
        return template
    if not values:
        return quoted(template)
    return Message(template, {name: values[name] for _, name, _, _ in Formatter().parse(template) if name})


def phrases(sentences: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Sentence -> its template and values; of messages only."""
    return {str(sentence): sentence.to_json() for sentence in sentences if isinstance(sentence, Message)}


def retellable(sentence: str) -> dict[str, Any] | str:
    """JSON of a sentence in a record: template and values of a message, else the text."""
    return sentence.to_json() if isinstance(sentence, Message) else sentence


def template_with(template: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """A template and its values in the types that JSON has."""
    return {"said": template, "with": {key: _plain(value) for key, value in values.items()}}


def _plain(value: Any) -> Any:
    match value:
        case Message():
            return value.to_json()
        case str() | bool() | None | Mapping():  # a mapping is a sentence that is JSON already
            return value
        case date():
            return value.isoformat()
        case list() | tuple():
            return [_plain(item) for item in value]
        case Real():
            return int(value) if isinstance(value, Integral) else float(value)
        case _:  # a path, an error of a library: as it stands
            return str(value)
