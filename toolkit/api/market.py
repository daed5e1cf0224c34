"""The market of the Python API: a data package, with the user's own prices over it and control events beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from toolkit.api.frames import DATE, as_polars, check_levels, day_part, price_path
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.data.places import load_data
from toolkit.app.prices import PriceFiles
from toolkit.core.assets import CASH
from toolkit.core.currencies import currency as currency_of
from toolkit.core.currencies import currency_hint
from toolkit.core.errors import DataError, SpecError
from toolkit.core.text import repeated
from toolkit.market.market import Market as Package
from toolkit.market.market import Snapshot
from toolkit.market.readers.price_checks import JUMPS
from toolkit.market.readers.price_columns import PriceColumns, indices
from toolkit.market.readers.price_files import read_price_files
from toolkit.market.readers.tabular import Table, table_of

PathText = str | PathLike[str]
OVER_ONE = 1e-6
"""By which weights that were rounded may add up to more than 1."""


@dataclass(frozen=True, eq=False)
class Market:
    """What is known of prices, supply and controls. Make one with `load_market` or `Market.from_prices`.

    Attributes:
        package: The tables of the data package, which are read once.
        folder: Of the data package.
        prices: The user's own prices; None for those of the package alone.
        events: File of the user's own control events.
    """

    package: Package = field(repr=False)
    folder: str | None = None
    prices: PriceFiles | None = field(default=None, repr=False)
    events: str | None = None

    def __deepcopy__(self, memo: Any) -> Market:
        return self  # nothing of a market changes

    def __reduce__(self) -> tuple[Any, ...]:
        return _read_again, (self.folder, self.prices, self.events)  # another process reads the package itself

    @cached_property
    def last_day(self) -> date | None:
        """Day of the newest own price, where nothing else is priced; None for a market that has prices of its own."""
        return _last_day(self.prices.paths) if self.prices is not None and self.prices.only else None

    @classmethod
    def from_prices(cls, prices: Any, *, currency: str | None = None, accept: str | Iterable[str] = ()) -> Market:
        """A market in which nothing is priced but what a frame prices.

        Products, supply, exchange rates and export controls are those of the bundled data: a column `gold` is gold, and a
        column that names no product is an asset of which nothing but its price is known.

        Args:
            prices: A frame with a column `date` and one column of prices an asset, or rows of `date`, `asset`, `price` and
                optional columns as in a price file (docs/prices.md).
            currency: Of prices that name none, ISO 4217; without it that of the answer, with a warning.
            accept: Assets whose jumps or levels are meant although they look like errors.
        """
        return load_market().with_prices(prices, currency=currency, accept=accept, only=True)

    def with_prices(
        self, prices: Any, *, currency: str | None = None, accept: str | Iterable[str] = (), only: bool = False
    ) -> Market:
        """The same market with own prices in place of those of the package of the same assets.

        Args:
            prices: A frame as of `from_prices`, the path of a price file or of a folder of them, or several paths.
            currency: Of prices that name none; without it that of the answer, where nothing else is priced.
            accept: Assets whose jumps or levels are meant although they look like errors.
            only: Whether nothing is taken from the prices of the package.
        """
        if currency is not None:
            _check_currency(currency)
        if isinstance(prices, str | PathLike):
            sources: tuple[str | Table | PriceColumns, ...] = (str(prices),)
        elif isinstance(prices, Sequence) and prices and all(isinstance(path, str | PathLike) for path in prices):
            sources = tuple(map(str, prices))
        else:
            found = as_polars(prices, "prices")
            check_levels(found)
            sources = (table_of(found, "prices"),)
        accepted = (accept,) if isinstance(accept, str) else tuple(accept)
        return replace(self, prices=PriceFiles(sources, currency, only, accepted))

    def with_returns(self, returns: Any, *, currency: str | None = None) -> Market:
        """The market of assets of which only returns are known: nothing else is priced.

        Answers have weights and values, and no prices, quantities or lots.

        Args:
            returns: A frame with a column `date` and one column of simple returns an asset, as fractions.
            currency: In which they were earned; by default that of the settings.
        """
        code = currency or resolve({}).config.owner.currency
        _check_currency(code)
        columns = indices("returns", price_path(as_polars(returns, "returns")))
        return replace(self, prices=PriceFiles((columns,), code, only=True, returns_only=True))

    def until(self, as_of: str | date) -> Snapshot:
        """The tables of the package as known on a day."""
        return self.package.until(day_of(as_of))

    def context(self, *, as_of: str | date | None = None, **settings: Any) -> Context:
        """What a question is put to.

        Args:
            as_of: Nothing published later is looked at; today by default.
            settings: Key path, with `__` for the dot, -> value: ``owner__country="USA"``.
        """
        options = {key.replace("__", "."): value for key, value in settings.items()}
        today = date.today()
        day = (self.last_day or today) if as_of is None else day_of(as_of)
        return Context(resolve({"data.path": self.folder, **options}), day, self.events, today, self.package)


def load_market(
    folder: PathText | None = None,
    *,
    prices: Any = None,
    prices_currency: str | None = None,
    events: PathText | None = None,
) -> Market:
    """The bundled market, or that of a data package of one's own.

    Args:
        folder: Of a data package; by default the configured one, else the bundled one.
        prices: Own prices over it: see `Market.with_prices`.
        prices_currency: Of prices that name none; without it that of the answer, where nothing else is priced.
        events: File of own control events over its ledger (docs/events.md).

    Raises:
        DataError: for a folder that is no data package, or whose tables break their contracts, and a file that is missing.
    """
    if events is not None and not Path(events).is_file():
        raise DataError(f"no file {str(events)!r}.", hint="Check the path of events.", details={"file": str(events)})
    place = None if folder is None else str(folder)
    package = load_data(resolve({"data.path": place}))
    market = Market(package, place, events=None if events is None else str(events))
    return market if prices is None else market.with_prices(prices, currency=prices_currency)


def _read_again(folder: str | None, prices: PriceFiles | None, events: str | None) -> Market:
    return replace(load_market(folder, events=events), prices=prices)


def market_of(given: Any) -> Market:
    """The market that is given, by default the bundled one; `SpecError` for what is no market."""
    if given is None:
        return load_market()
    if not isinstance(given, Market):
        hint = "Did you mean prices=? A market is tk.load_market() or tk.Market.from_prices(prices)."
        raise SpecError(f"market: {type(given).__name__} is no market.", hint=hint)
    return given


def day_of(given: Any) -> date:
    """The day of a date, of a moment in its own time zone, or of an ISO text; `SpecError` for anything else."""
    text: Any = day_part(given) if isinstance(given, date | np.datetime64) else given
    if type(text) is date:
        return text
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        raise SpecError(f"{given!r} is not a date.", hint="Write it as 2026-05-31.") from None


def holdings_of(given: Any) -> str | Table:
    """The path of a file of lots, a stored run or ``last``; of a frame of lots its cells; `SpecError` for a run itself."""
    if isinstance(given, str | PathLike):
        return str(given)
    if hasattr(given, "save"):
        hint = "Store the run first: holdings=run.save(); or give weights=run.weights."
        raise SpecError(f"holdings is a file or a frame of lots, not a {type(given).__name__}.", hint=hint)
    return table_of(as_polars(given, "holdings"), "holdings")


def weights_of(given: Any) -> dict[str, float]:
    """Asset -> fraction of the whole, without cash, of a mapping or a frame with columns `asset` and `weight`.

    Raises:
        SpecError: for weights that are no numbers, or add up to more than 1.
    """
    if isinstance(given, Mapping) and all(isinstance(value, int | float | np.number) for value in given.values()):
        found = {str(key): float(value) for key, value in given.items()}
    else:
        frame = as_polars(given, "weights")
        if not {"asset", "weight"} <= {*frame.columns}:
            raise SpecError(
                "weights have no columns 'asset' and 'weight'.", hint="Give {'GLD': 0.4, 'SLV': 0.6}, or run.weights."
            )
        if twice := repeated(frame["asset"]):
            raise SpecError(f"weights: {twice[0]!r} occurs twice.", hint="Give each asset once.")
        found = dict(zip(frame["asset"].to_list(), frame["weight"].cast(pl.Float64).to_list(), strict=True))
    found.pop(CASH, None)
    if odd := next((key for key, value in found.items() if value is None or not np.isfinite(value)), None):
        raise SpecError(f"weights: that of {odd!r} is no number.", hint="What is not held has 0.")
    if (total := sum(found.values())) > 1.0 + OVER_ONE:
        raise SpecError(f"weights add up to {total:.6g}.", hint="They are fractions of the whole; the rest is cash.")
    return found


def _check_currency(text: str) -> None:
    if currency_of(text) is None:
        raise SpecError(f"currency: {text!r} is no currency.", hint=currency_hint(text))


def _last_day(sources: Sequence[str | Table | PriceColumns]) -> date | None:
    """The day on which the newest of own prices was known, today at the latest; None for standard input, which is read once."""
    if "-" in sources:
        return None
    today = date.today()
    only = sources[0] if len(sources) == 1 else None
    table = only.table if isinstance(only, PriceColumns) else only
    cells = table.cells if isinstance(table, Table) else None
    if cells is not None and cells.schema.get(DATE) == pl.Date and all(kind.is_numeric() for kind in cells.drop(DATE).dtypes):
        newest = cells[DATE].max()  # a wide frame of days and numbers
        return min(newest, today) if isinstance(newest, date) else today
    file = read_price_files(sources, today=today, accept=(JUMPS,))
    newest = pl.concat([file.frame["known_from"], file.quotes["known_from"]]).max()
    return min(newest, today) if isinstance(newest, date) else None
