"""Assets, and the ordered universe of an allocation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from toolkit.core.errors import DataError, did_you_mean
from toolkit.core.units import KG_PER_UNIT

CASH = "cash"


@dataclass(frozen=True, slots=True)
class Asset:
    """Something that can be held: a physical product of one element, or a listed instrument.

    Attributes:
        key: The name in the `asset` column of prices and in strategies, e.g. ``gallium``.
        name: What a person calls it, e.g. ``Gallium ingot``.
        element: Symbol of the element; None for what is not one metal.
        form: Form in the words of the control notices (``metal``, ``oxide``, ...); controls name forms, not elements.
        purity: As traded, free text.
        group: ``technology_metals``, ``rare_earths``, ``precious_metals``, ``other``, or a name that the user gives.
        unit: Unit of the price and of the lot size; mass is kg.
        lot_size: Units in one lot; None for what is not traded in lots.
        minimum_lots: Smallest number of lots that is sold.
        spread: Round-trip bid-ask spread as a fraction of the price; half is paid on each trade.
        storage: Storage and insurance a year as a fraction of the value.
        fee: Fixed charge of a trade in the reporting currency; None for that of the strategy.
        stage: ``extraction`` or ``processing``: the stage at which concentration of supply is scored.
        hs_code: Tariff code of the traded form.
        terms: ``assumption``, ``published`` or ``unknown``: what spread, lot and storage rest on; ``published_fee`` where
            storage alone is published.
        offer_of: Key of the product that this is one origin of; None for a product itself.
        origin: ISO-3 code of the country an offer comes from; None where it is not one country.
        outside: ISO-3 codes of the countries that an offer does not come from.
    """

    key: str
    name: str
    element: str | None = None
    form: str | None = None
    purity: str | None = None
    group: str = "other"
    unit: str = "unit"
    lot_size: float | None = None
    minimum_lots: int = 1
    spread: float = 0.0
    storage: float = 0.0
    fee: float | None = None
    stage: str | None = None
    hs_code: str | None = None
    terms: str = "unknown"
    offer_of: str | None = None
    origin: str | None = None
    outside: tuple[str, ...] = ()

    @property
    def is_physical(self) -> bool:
        """Whether it is metal, known or by its unit of mass, and not a listed instrument."""
        return self.element is not None or self.unit in KG_PER_UNIT

    @classmethod
    @lru_cache(maxsize=10_000)
    def unknown(cls, key: str, unit: str = "unit") -> Asset:
        """An asset of which only a price is known (a column of a user's file); it has whole lots unless its unit is a mass."""
        return cls(key=key, name=key, unit=unit, lot_size=None if unit in KG_PER_UNIT else 1.0)

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Asset:
        """An asset from a row of the `products` table."""
        fields = cls.__dataclass_fields__
        values = {name: value for name, value in row.items() if name in fields and value is not None}
        return cls(key=row["asset"], **values)


@dataclass(frozen=True, slots=True)
class Universe:
    """An ordered set of assets: the one place where the order of an allocation is decided."""

    assets: tuple[Asset, ...]
    keys: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """Asset keys in order."""
    _by_key: Mapping[str, Asset] = field(init=False, repr=False, compare=False)
    _positions: Mapping[str, tuple[int, ...]] = field(init=False, repr=False, compare=False)
    """Key of an asset, or of the product of which it is an offer -> positions."""

    def __post_init__(self) -> None:
        keys = tuple(asset.key for asset in self.assets)
        by_key = dict(zip(keys, self.assets, strict=True))
        if len(by_key) < len(keys):
            twice = sorted({key for key in keys if keys.count(key) > 1})
            raise DataError("an asset occurs twice in the universe: {twice}.", twice=[*twice])
        object.__setattr__(self, "keys", keys)
        object.__setattr__(self, "_by_key", by_key)
        positions: dict[str, tuple[int, ...]] = {key: (i,) for i, key in enumerate(keys)}
        for i, asset in enumerate(self.assets):
            if (product := asset.offer_of) is not None and product != asset.key:
                positions[product] = tuple(sorted((*positions.get(product, ()), i)))
        object.__setattr__(self, "_positions", positions)

    def __hash__(self) -> int:
        return hash(self.keys)

    @property
    def groups(self) -> tuple[str, ...]:
        """The distinct groups, in order of first appearance."""
        return tuple(dict.fromkeys(asset.group for asset in self.assets))

    @property
    def elements(self) -> tuple[str, ...]:
        """The distinct elements, in order of first appearance."""
        return tuple(dict.fromkeys(asset.element for asset in self.assets if asset.element))

    @property
    def names(self) -> set[str]:
        """What the assets may be called: key, element, the product that an offer is of."""
        return {name for asset in self.assets for name in (asset.key, asset.element, asset.offer_of) if name}

    def __len__(self) -> int:
        return len(self.assets)

    def __iter__(self) -> Iterator[Asset]:
        return iter(self.assets)

    def __contains__(self, key: object) -> bool:
        return key in self._by_key

    def __getitem__(self, key: str) -> Asset:
        if (asset := self._by_key.get(key)) is not None:
            return asset
        raise DataError("unknown asset {key!r:s}.", hint=did_you_mean(key, self.keys), details={"asset": key}, key=key)

    def take(self, keys: Iterable[str]) -> Universe:
        """The universe of `keys`, in their order; `DataError` with the nearest names for an unknown one."""
        wanted = tuple(keys)
        return self if wanted == self.keys else Universe(tuple(self[key] for key in wanted))

    def members(self, name: str, also: Sequence[str] = ()) -> tuple[int, ...]:
        """Positions of the assets that `name` stands for: a product with all its origins, a key, else an element.

        Args:
            name: What was written.
            also: Other words that may stand in its place, for the hint.

        Raises:
            DataError: if `name` is none of them; the nearest names are in the hint.
        """
        found = self._positions.get(name) or tuple(i for i, asset in enumerate(self.assets) if asset.element == name)
        if not found:
            offered = dict.fromkeys(asset.offer_of for asset in self.assets if asset.offer_of)
            known = (*self.keys, *offered, *self.elements, *also)
            raise DataError("{name!r:s} is neither an asset nor an element here.", hint=did_you_mean(name, known), name=name)
        return found
