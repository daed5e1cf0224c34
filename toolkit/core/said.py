"""Sentences that remember how they were made, so that a report can say them again in another language.

A note of a model is an English string to every caller; to a report it is a template with typed values as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any


class Said(str):
    """An English sentence with its template and values.

    Attributes:
        template: With places in the syntax of `str.format`; the specification of a place says what its value is
            (``{share:.0%}``, ``{day:%Y-%m}``).
        values: What stands in the places: words, lists of words, numbers, dates.
    """

    __slots__ = ("template", "values")
    template: str
    values: Mapping[str, Any]

    def __new__(cls, template: str, values: Mapping[str, Any]) -> Said:
        """The sentence; a list is written with commas."""
        shown = {key: ", ".join(value) if isinstance(value, list | tuple) else value for key, value in values.items()}
        sentence = super().__new__(cls, template.format(**shown))
        sentence.template = template
        sentence.values = MappingProxyType(dict(values))
        return sentence

    def to_json(self) -> dict[str, Any]:
        """Template and values in the types that JSON has."""
        return {"said": self.template, "with": {key: _plain(value) for key, value in self.values.items()}}


def said(template: str, /, **values: Any) -> Said:
    """A sentence from a literal template: it is the key of the translation."""
    return Said(template, values)


def phrases(sentences: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Sentence -> template and values, of those that remember them."""
    return {str(sentence): sentence.to_json() for sentence in sentences if isinstance(sentence, Said)}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Said):
        return value.to_json()
    return list(value) if isinstance(value, list | tuple) else value
