"""Offers of one product by origin: how they are called, and what they have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from toolkit.report.i18n import names
from toolkit.report.i18n.countries import CHINA
from toolkit.report.i18n.language import Language

Row = Mapping[str, Any]


def named_by_origin(record: Row, say: Language) -> Row:
    """The run object with its offers named in words, where it has any.

    Rows of positions, of assets and of the factor model get `spoken`, the metal and where it is from, and `abroad`, whether
    it comes from elsewhere than China. An offer of no single origin is from none of the others named for its product.
    """
    offers = [p for p in record.get("positions", ()) if p.get("offer_of")]
    if not offers:
        return record
    products = {row["asset"]: row["name"] for row in record["controls"]}
    words: dict[str, dict[str, Any]] = {}
    for offer in offers:
        product = offer["offer_of"]
        others = sorted(p["origin"] for p in offers if p["offer_of"] == product and p["origin"])
        where = _place(offer["origin"], others, say)
        name = products.get(product, offer["name"].partition(" (")[0])
        words[offer["asset"]] = {
            "name": say.words("{product}, {where}", product=say.term("name", name), where=where),
            "product": name,
            "offer_of": product,
            "spoken": say.words("{product} {where}", product=_short(product, name, say), where=where),
            "abroad": offer["origin"] != CHINA if offer["origin"] else CHINA in others,
        }

    def renamed(rows: Iterable[Row]) -> list[Row]:
        return [{**row, **words.get(row["asset"], {})} for row in rows]

    model = record.get("factor_model")
    changed = {"positions": renamed(record["positions"]), "assets": renamed(record["assets"])}
    return {**record, **changed, **({"factor_model": {**model, "assets": renamed(model["assets"])}} if model else {})}


def _place(origin: str | None, others: Sequence[str], say: Language) -> str:
    if origin:
        return say.words("from {place}", place=names.origin(origin, say))
    if not others:
        return say.words("from elsewhere")
    places = say.listed([names.origin(code, say) for code in others], alternatives=True)
    return say.words("not from {place}", place=places)


def _short(product: str, name: str, say: Language) -> str:
    """Gallium ingot is gallium in a sentence; a name that does not begin with the product's key stays whole."""
    return say.term("metal", product) if name.casefold().startswith(product.casefold()) else say.term("name", name)


def product_of(row: Row) -> str:
    """Key of the product that an asset is, or is an offer of."""
    return row.get("offer_of") or row["asset"]


def by_product(rows: Iterable[Row]) -> tuple[Row, ...]:
    """One row a product: its offers have one price series, and one volatility between them."""
    found: dict[str, Row] = {}
    for row in rows:
        product = product_of(row)
        # Without the words of its origin, the row is that of the product.
        own = {"asset": product, "name": row["product"], "spoken": None} if "product" in row else {}
        found.setdefault(product, {**row, **own})
    return tuple(found.values())
