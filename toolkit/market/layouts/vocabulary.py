"""Words of people's files by language: data, a TOML file each, in which a word of one kind of file means one field."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from toolkit.core.countries import foldings
from toolkit.market.layouts.fields import AS_LOT, FIELDS, IGNORE, MOVEMENTS

_FOLDER = Path(__file__).parent / "vocabulary"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of all languages, by their folded spellings.

    Attributes:
        headers: Kind of file -> spelling of a header -> its field, and whether it can mean nothing else.
        meanings: ``kind``, ``status``, ``paid``, ``price_is``, ``custody``, ``metals``; of prices ``side``, ``delivery``; all:
            ``units``, ``months`` -> spelling of a cell -> what it means.
        texts: ``totals``, ``unknown``, ``harmless``, ``places``, ``rooms``, ``keepers`` -> spellings.
        first: Kind of file -> field -> its first header in each language, as it is written.
    """

    headers: Mapping[str, Mapping[str, tuple[str, bool]]]
    meanings: Mapping[str, Mapping[str, str]]
    texts: Mapping[str, frozenset[str]]
    first: Mapping[str, Mapping[str, tuple[str, ...]]]

    def names(self, kind: str, field: str) -> tuple[str, ...]:
        """Spellings of the headers that can mean nothing but a field."""
        return tuple(word for word, (meant, sure) in self.headers[kind].items() if meant == field and sure)


KINDS = ("holdings", "prices", "movements", "bids", "needs", "quotes", "licences")
_AS = {"bids": "prices", "needs": "holdings", "quotes": "prices"}
"""Kind of file -> the one whose words mean the same in it, for the fields that both have."""


@cache
def vocabulary() -> Vocabulary:
    """The vocabulary of the package.

    Raises:
        ValueError: for a word that two fields of a kind of file, or two meanings, share: an error of the package.
    """
    files = [tomllib.loads(file.read_text(encoding="utf-8")) for file in sorted(_FOLDER.glob("*.toml"))]
    headers = {kind: _once(_of_headers(files, kind)) for kind in KINDS}
    headers["movements"] = _inherited(headers["holdings"]) | headers["movements"]
    both = {kind: {field.key for field in FIELDS[kind]} | {IGNORE} for kind in _AS}
    for kind, like in _AS.items():
        headers[kind] = {word: said for word, said in headers[like].items() if said[0] in both[kind]} | headers[kind]
    meanings = {name: _once(_spelled(files, name)) for file in files for name in file if name not in (*KINDS, "texts")}
    texts = {
        name: frozenset(spelling for _, words in _words(files, "texts", name) for word in words for spelling in foldings(word))
        for name in sorted({name for file in files for name in file.get("texts", {})})
    }
    first = {
        kind: {
            field: tuple(file[kind]["headers"][field][0] for file in files if field in file.get(kind, {}).get("headers", {}))
            for field in {field for field, _ in headers[kind].values()}
        }
        for kind in KINDS
    }
    for kind, like in _AS.items():
        first[kind] = {key: (*first[like].get(key, ()), *words) for key, words in first[kind].items() if key in both[kind]}
    of_lots = {own: first["holdings"].get(key, ()) for key, own in _OF_MOVEMENT.items()}
    first["movements"] = {key: (*of_lots.get(key, ()), *words) for key, words in first["movements"].items()}
    return Vocabulary(headers, meanings, texts, first)


_OF_MOVEMENT = {
    **{field.key: field.key for field in MOVEMENTS},
    **{AS_LOT[field.key]: field.key for field in MOVEMENTS if field.key in AS_LOT},
    **dict.fromkeys(("arrival", "received"), "settled"),
    IGNORE: IGNORE,
    "cost": "cost",
}
"""Field of a lot -> that of a movement which its words mean, where they mean no other."""


def _inherited(headers: Mapping[str, tuple[str, bool]]) -> dict[str, tuple[str, bool]]:
    """Spellings of headers of lots that mean the same of a movement."""
    return {word: (_OF_MOVEMENT[key], sure) for word, (key, sure) in headers.items() if key in _OF_MOVEMENT}


def _words(files: list[dict[str, Any]], section: str, name: str | None = None) -> Iterator[tuple[str, list[str]]]:
    for file in files:
        for key, words in file.get(section, {}).items():
            if name in (None, key):
                yield key, words


def _spelled(files: list[dict[str, Any]], name: str) -> Iterator[tuple[str, str]]:
    for meaning, words in _words(files, name):
        for word in (meaning, *words):
            for spelling in foldings(word):
                yield spelling, meaning


def _of_headers(files: list[dict[str, Any]], kind: str) -> Iterator[tuple[str, tuple[str, bool]]]:
    for file in files:
        for sure in (True, False):
            for field, words in file.get(kind, {}).get("headers" if sure else "maybe", {}).items():
                own = (field,) if sure and field != "ignore" else ()
                for word in (*own, *words):
                    for spelling in _all(word):
                        yield spelling, (field, sure)


def _all(word: str) -> tuple[str, ...]:
    """Folded spellings of a header, or a sign as it stands."""
    return tuple(one for one in foldings(word) if one) or (word,)


def _once(pairs: Iterator[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for word, meaning in pairs:
        if found.setdefault(word, meaning) != meaning:
            raise ValueError(f"the word {word!r} means {found[word]} and {meaning}")
    return found
