"""Names of metals and places in the language of the reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from toolkit.report.i18n import countries
from toolkit.report.i18n.formats import DASH, readable
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.text import Span, name

if TYPE_CHECKING:
    from toolkit.records.base import Named
    from toolkit.records.exit import TaxLot
    from toolkit.records.factors import AssetModel
    from toolkit.records.positions import Position

    Asset = Named | Position | AssetModel | TaxLot
    """A row of a table that names its asset: key, name, and symbol of the element."""


def metal(row: Asset, say: Language) -> Span:
    """The name of a metal in a sentence: the key of a known element, the asset's own name otherwise."""
    if row.name == row.asset:
        return name(of_key(row.asset, say))
    known = row.element and row.name.casefold().startswith(row.asset.casefold())
    return name(say.term("metal", row.asset) if known else say.term("name", row.name))


def of_strategy(words: str, say: Language) -> Span:
    """Words of the strategy, such as the name of a limit: those of a shipped strategy are translated."""
    return name(say.term("strategy", words))


def of_key(key: str, say: Language) -> str:
    """The name of a metal or a group of metals that is known by its key alone."""
    told = say.term("metal", key)
    return readable(key) if told == key else told


def country(code: str, say: Language) -> str:
    """The name of a country."""
    return say.term("country", countries.country(code))


def short_country(code: str, say: Language) -> str:
    """The name of a country where room is scarce."""
    return say.term("country", countries.short_country(code))


def place(code: str, say: Language) -> str:
    """The short name of a country with its article, as it follows "for" or "against": a translation is in the accusative."""
    words = countries.in_sentence(code)
    return say.term("place", words) if ("place", words) in say.catalogue else say.term("country", words)


def towards(code: str, say: Language) -> str:
    """A place as somewhere to go, with its preposition, which depends on the place in some languages: to Germany, to the US."""
    words = countries.in_sentence(code)
    return say.term("to", words) if ("to", words) in say.catalogue else say.words("to {place}", place=place(code, say))


def origin(code: str, say: Language) -> str:
    """The short name of a country as it follows "from" or "out of": in the dative where a language has one."""
    words = countries.in_sentence(code)
    return say.term("from", words) if ("from", words) in say.catalogue else place(code, say)


def source_of_dealer(source: str) -> str:
    """The source whose asks and bids are series of their own, as ``kontor (dealer_bid)`` is of ``kontor``."""
    return source.partition(" (dealer_")[0]


STAGES: Mapping[str, str] = {"extraction": mark("mining"), "processing": mark("refining")}
WON: Mapping[str, str] = {
    "yes": mark("by-product"),
    "co-product": mark("co-product"),
    "partly": mark("partly a by-product"),
    "no": mark("for its own sake"),
}
"""How a metal is won."""


def stage(say: Language, key: str | None) -> str:
    """The stage at which a figure is taken, in words; a dash where none decides."""
    return say.words(STAGES[key]) if key is not None and key in STAGES else DASH


def years(start: str, end: str) -> str:
    """The years of a period by its first and last day."""
    return end[:4] if start[:4] == end[:4] else f"{start[:4]}–{end[:4]}"
