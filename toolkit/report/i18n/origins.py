"""Offers of one product by origin: how they are called, and what they have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from toolkit.records.controls import ControlState
from toolkit.records.factors import AssetModel, FactorAsset
from toolkit.records.positions import Position
from toolkit.report.i18n import names
from toolkit.report.i18n.countries import CHINA
from toolkit.report.i18n.language import Language

Row = TypeVar("Row", Position, AssetModel, FactorAsset, AssetModel | FactorAsset)


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer of a product.

    Attributes:
        product: Key of the product, and `product_name` its name.
        name: Of the offer in a table.
        spoken: In a sentence: the metal and where it is from.
        abroad: Whether it comes from elsewhere than China.
    """

    product: str
    product_name: str
    name: str
    spoken: str
    abroad: bool


def offers_of(positions: Iterable[Position], controls: Iterable[ControlState], say: Language) -> dict[str, Offer]:
    """The offers among positions by key. One of no single origin is from none of the others named for its product.

    Args:
        positions: Of a run.
        controls: Which name the products.
        say: The language.
    """
    offers = [p for p in positions if p.offer_of]
    products = {row.asset: row.name for row in controls}
    found: dict[str, Offer] = {}
    for offer in offers:
        product = offer.offer_of or offer.asset
        others = sorted(p.origin for p in offers if p.offer_of == product and p.origin)
        where = _place(offer.origin, others, say)
        name = products.get(product, offer.name.partition(" (")[0])
        found[offer.asset] = Offer(
            product,
            name,
            say.words("{product}, {where}", product=say.term("name", name), where=where),
            say.words("{product} {where}", product=_short(product, name, say), where=where),
            offer.origin != CHINA if offer.origin else CHINA in others,
        )
    return found


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


def by_product(rows: Iterable[Row], offers: Mapping[str, Offer]) -> tuple[Row, ...]:
    """One row a product, under its key and name: its offers have one price series, and one volatility between them."""
    found: dict[str, Row] = {}
    for row in rows:
        offer = offers.get(row.asset)
        own = row if offer is None else row.model_copy(update={"asset": offer.product, "name": offer.product_name})
        found.setdefault(own.asset, own)
    return tuple(found.values())
