"""Offers of one product by origin: how they are called, and what they have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from toolkit.report import formats
from toolkit.report.countries import CHINA, in_sentence

Row = Mapping[str, Any]


def named_by_origin(record: Row) -> Row:
    """The run object with its offers named in words, where it has any.

    Rows of positions, of assets and of the factor model get `spoken`, the metal and where it is from, and `abroad`, whether
    it comes from elsewhere than China. An offer of no single origin is from none of the others named for its product.
    """
    offers = [p for p in record["positions"] if p.get("offer_of")]
    if not offers:
        return record
    products = {row["asset"]: row["name"] for row in record["controls"]}
    words: dict[str, dict[str, Any]] = {}
    for offer in offers:
        product = offer["offer_of"]
        others = sorted(p["origin"] for p in offers if p["offer_of"] == product and p["origin"])
        place = _place(offer["origin"], others)
        name = products.get(product, offer["name"].partition(" (")[0])
        words[offer["asset"]] = {
            "name": f"{name}, {place}",
            "product": name,
            "offer_of": product,
            "spoken": f"{_short(product, name)} {place}",
            "abroad": offer["origin"] != CHINA if offer["origin"] else CHINA in others,
        }

    def renamed(rows: Iterable[Row]) -> list[Row]:
        return [{**row, **words.get(row["asset"], {})} for row in rows]

    model = record.get("factor_model")
    changed = {"positions": renamed(record["positions"]), "assets": renamed(record["assets"])}
    return {**record, **changed, **({"factor_model": {**model, "assets": renamed(model["assets"])}} if model else {})}


def _place(origin: str | None, others: Sequence[str]) -> str:
    if origin:
        return f"from {in_sentence(origin)}"
    return f"not from {' or '.join(in_sentence(code) for code in others)}" if others else "from elsewhere"


def _short(product: str, name: str) -> str:
    """Gallium ingot is gallium in a sentence; a name that does not begin with the product's key stays whole."""
    return product if name.casefold().startswith(product.casefold()) else name


def product_of(row: Row) -> str:
    """Key of the product that an asset is, or is an offer of."""
    return row.get("offer_of") or row["asset"]


def by_product(rows: Iterable[Row]) -> tuple[Row, ...]:
    """One row a product: its offers have one price series, and one volatility between them."""
    found: dict[str, Row] = {}
    for row in rows:
        product = product_of(row)
        own = {"name": row["product"], "spoken": _short(product, row["product"])} if "product" in row else {}
        found.setdefault(product, {**row, **own})
    return tuple(found.values())


def in_names(sentence: str, rows: Iterable[Row]) -> str:
    """A sentence of the run with the keys of offers in words."""
    for row in sorted(rows, key=lambda row: -len(row["asset"])):
        if "spoken" in row:
            sentence = sentence.replace(row["asset"], row["spoken"])
    return formats.sentence(sentence)
