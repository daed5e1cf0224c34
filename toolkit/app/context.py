"""The context of a command: settings, day, and the market as known on it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import polars as pl

from toolkit.app.config import Settings
from toolkit.app.controls.own_events import Events, ledger_of, notes_of, products_of, visible_ids, with_own_events
from toolkit.app.data.places import load_data, package_folder, store_in_use
from toolkit.controls.events import COUNTING, NEUTRAL
from toolkit.controls.ledger import ControlLedger
from toolkit.controls.periods import control_periods
from toolkit.core.assets import Universe
from toolkit.core.baskets import MEMBERS
from toolkit.core.errors import DataError
from toolkit.core.trade_names import METALS, is_mix, metal_and_form
from toolkit.market.layouts.layout import Layout, load_layout
from toolkit.market.market import Market, Snapshot
from toolkit.market.package import descriptor
from toolkit.market.readers.cells import without_purity
from toolkit.market.readers.events import OwnEvents
from toolkit.market.readers.tabular import Table
from toolkit.returns.price_levels import LevelPath, level_paths
from toolkit.shocks.event_study import ANNOUNCEMENT, Case, Summary, study, summary
from toolkit.shocks.monthly_series import NOISY, MonthlySeries, monthly

if TYPE_CHECKING:
    from toolkit.app.supply import MetalSupply, Scenario
    from toolkit.market.store.store import Store
    from toolkit.records.store import UnusedSeries

BENCHMARK, METAL = "base_metals", "metal"


@dataclass(frozen=True, slots=True)
class ComparableCases:
    """Every official licence or ban that names the form of a series, from its announcement; non-reactions are among them.

    Attributes:
        series: Visible monthly prices.
        traded: Asset key -> the form that its price series is of.
        benchmark: Series of the basket: base metals that no measure of the ledger controls.
    """

    series: Mapping[str, MonthlySeries]
    traded: Mapping[str, str]
    benchmark: tuple[str, ...]
    cases: tuple[Case, ...]

    @property
    def summaries(self) -> tuple[Summary, ...]:
        """Median and range at each horizon."""
        return summary(self.cases)


def comparable_cases(context: Context) -> ComparableCases:
    """The comparable cases on what was known on the day; `Context.comparable_cases` keeps them."""
    series = monthly(context.snapshot["prices"])
    benchmark, traded = _benchmark(context), _traded(context)
    found = (
        study(context.ledger, event, series, traded=traded, benchmark=benchmark).cases
        for event in context.ledger.events
        if event.is_law and event.instrument in COUNTING and event.direction != NEUTRAL
    )
    cases = tuple(case for of_event in found for case in of_event if case.zero == ANNOUNCEMENT and case.form_named)
    return ComparableCases(series, traded, benchmark, cases)


def _traded(context: Context) -> dict[str, str]:
    """Asset key -> the form that its price series is of.

    Base metals are no products here; their series are of metal, so an ore ban does not name what they price.
    """
    return {**dict.fromkeys(MEMBERS[BENCHMARK], METAL), **{asset.key: asset.form for asset in context.products if asset.form}}


def _benchmark(context: Context) -> tuple[str, ...]:
    """Base metals with a series of month averages that no licence or ban has ever covered in any form named.

    A metal with a reported stop or a ban by another country in the ledger is left out too.
    """
    prices = context.snapshot["prices"]
    averaged = set(prices.filter(pl.col("basis") != NOISY)["asset"])
    touched = {scope.asset for scope in context.ledger.scopes if scope.certainty != "not_named"}
    untouched = [metal for metal in MEMBERS[BENCHMARK] if metal in averaged - touched]
    products = [product for product in context.products if product.key in untouched]
    controlled = set(control_periods(context.ledger, products, until=context.as_of)["asset"])
    return tuple(metal for metal in untouched if metal not in controlled)


@dataclass(frozen=True, eq=False)  # no slots: what is read is kept with the object
class Context:
    """The data package as known on a day, with the user's own control events in its ledger.

    Every table is read once, and the ledger is made once, when it is first asked for: that is where `DataError` is raised for a
    package or a file that cannot be used, and `FrameError` for own events that break a rule of the ledger, with file and row.

    Attributes:
        settings: Which data package; country, currency and money of the owner.
        as_of: Day of knowledge: nothing published later is visible.
        given_events: The user's own control events, None for the bundled ledger alone.
        today: The day of the question, which no file of the user may be beyond.
        package: The data package where it was read before, that of the settings.
        given_bids: Own bids in place of those that the settings name; None for these.
        origin: The context of which this one is another day, or for another owner; what was read for it counts while package
            and events are the same.
    """

    settings: Settings
    as_of: date
    given_events: Events = None
    today: date = field(default_factory=date.today)
    package: Market | None = None
    given_bids: str | Table | None = None
    origin: Context | None = field(default=None, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled without the package, which another process reads itself."""
        return Context, (self.settings, self.as_of, self.given_events, self.today, None, self.given_bids)

    def on(self, day: date) -> Context:
        """The same package and events as known on another day."""
        return replace(self, as_of=day, given_events=self.events, origin=self)

    def under(self, settings: Settings) -> Context:
        """The same package and events for another owner, or another budget."""
        return replace(self, settings=settings, given_events=self.events, origin=self)

    @property
    def _source(self) -> Context | None:
        """The origin, where it has the same package and events: either may have been replaced since."""
        if (origin := self.origin) is None or origin.events is not self.given_events:
            return None
        own = (self.settings.config.data, self.package, self.today)
        return origin if (origin.settings.config.data, origin.package, origin.today) == own else None

    @property
    def _of_the_day(self) -> Context | None:
        """The origin, where it is of the same day too."""
        return source if (source := self._source) is not None and source.as_of == self.as_of else None

    @cached_property
    def _amended(self) -> tuple[Market, OwnEvents | None]:
        if self._source is not None:
            return self._source._amended
        bundled = load_data(self.settings) if self.package is None else self.package
        return with_own_events(bundled, max(self.as_of, self.today), self.given_events)

    @property
    def market(self) -> Market:
        """Everything that the package holds, with the user's own events."""
        return self._amended[0]

    @property
    def events(self) -> OwnEvents | None:
        """The user's own control events, which are in the ledger and in the market."""
        return self._amended[1]

    @cached_property
    def snapshot(self) -> Snapshot:
        """The market as known on the day."""
        return self.market.until(self.as_of) if (source := self._of_the_day) is None else source.snapshot

    @cached_property
    def layout(self) -> Layout | None:
        """How files of lots are read, where the settings name it; `SpecError` for a file that is no layout."""
        file = self.settings.config.data.layout
        return None if file is None else load_layout(Path(file))

    @property
    def bids(self) -> str | Table | None:
        """File of the owner's own bids, or its cells; None for none."""
        return self.given_bids or self.settings.config.data.bids

    @cached_property
    def products(self) -> Universe:
        """The products, each in its traded form."""
        rows = self.snapshot["products"].height  # rows are only ever added: the same number is the same table
        return self.market.once(("products", rows), lambda: products_of(self.snapshot))

    @cached_property
    def ledger(self) -> ControlLedger:
        """The control ledger as known on the day."""
        products = self.products
        every = self.market.once(("ledger", products), lambda: ledger_of(self.market.until(date.max), products))
        return every.known(self.as_of)

    @cached_property
    def level_paths(self) -> Mapping[str, LevelPath]:
        """Levels behind the noisy prices of the products, for every question of the day and of earlier ones."""
        if self._source is not None and self._source.as_of >= self.as_of:  # a path up to a day is the beginning of a later one
            return self._source.level_paths
        return MappingProxyType(level_paths(self.snapshot.series, self.products.keys))

    @cached_property
    def metal_supply(self) -> Callable[[str, Scenario], MetalSupply]:
        """The supply of an asset under a scenario."""
        from toolkit.app.supply import metal_supplies  # noqa: PLC0415  # many commands do without

        return metal_supplies(self)

    @cached_property
    def comparable_cases(self) -> ComparableCases:
        """Event-study cases of every official licence or ban, as known on the day."""
        return comparable_cases(self) if (source := self._of_the_day) is None else source.comparable_cases

    @property
    def own(self) -> tuple[str, ...]:
        """Ids of the user's own events that were known on the day, sorted."""
        return () if self.events is None else visible_ids(self.events, self.as_of)

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on the user's own events."""
        return notes_of(self.events, self.as_of)

    @cached_property
    def symbols(self) -> Mapping[str, str]:
        """Element symbol, in small letters, -> asset key."""
        listed = self.snapshot["metals"].select("symbol", "asset").iter_rows()
        of_metals = {symbol.casefold(): asset for symbol, asset in listed if asset in self.ledger.assets}
        return MappingProxyType(of_metals | {asset.element.casefold(): asset.key for asset in self.products if asset.element})

    def metal(self, name: str) -> str:
        """The asset key of a metal named by key or by its element symbol; `DataError` with the nearest names otherwise."""
        return self.ledger.metal(self.symbols.get(name.strip().casefold(), name))

    def product(self, name: str) -> tuple[str, str | None, str | None]:
        """The asset key of a metal, and the form and the purity that stand with it: ``Wolframpulver``, ``InP``, ``Gallium 4N``.

        Raises:
            DataError: for a name of no metal, with the nearest ones.
        """
        try:
            return self.metal(name), None, None
        except DataError:
            bare, purity = without_purity(name)
            found = metal_and_form(bare, {spelling: key for spelling, key in METALS.items() if key in self.ledger.assets})
            if is_mix(name):
                raise DataError("unknown metal {name!r:s}.", hint="It is of two metals: ask for each.", name=name) from None
            if found is None:
                raise
        return found[0], self.ledger.form(found[0], found[1]) if found[1] else None, purity

    @cached_property
    def store(self) -> Store | None:
        """The store over the data package; None where none is in use."""
        folder = store_in_use(self.settings)
        if folder is None:
            return None
        from toolkit.market.store.store import Store  # noqa: PLC0415  # where one is in use

        return Store.open(folder)

    @cached_property
    def listed(self) -> tuple[str, ...]:
        """Symbols of which the store has a quotation that was known on the day, sorted."""
        if self.store is None:
            return ()
        symbols = self.store.scan("quotations", self.as_of).select("asset").unique().collect(engine="streaming")
        return tuple(sorted(symbols["asset"]))

    def quoted(self, symbols: Collection[str]) -> pl.DataFrame:
        """Prices of symbols from the quotations of the store, rows of `toolkit.core.frames.Prices`; none without a store."""
        none = self.snapshot["prices"].clear()
        if self.store is None or not symbols:
            return none
        from toolkit.market.store.merge import quoted_prices  # noqa: PLC0415  # where one is in use

        return quoted_prices(self.store, symbols, self.as_of).select(none.columns)

    @cached_property
    def own_prices(self) -> pl.DataFrame:
        """Prices of the user's own files in the store that are in no series of the market; without rows where no store is."""
        prices = self.snapshot["prices"]
        if self.store is None:
            return prices.clear()
        from toolkit.market.store.merge import own_prices  # noqa: PLC0415  # where one is in use

        return own_prices(self.store, prices, self.as_of)

    @cached_property
    def unused_series(self) -> tuple[UnusedSeries, ...]:
        """Series in the store that no answer uses; none without a store."""
        if self.store is None:
            return ()
        from toolkit.market.store.merge import unread_series, unused_flows, unused_prices  # noqa: PLC0415  # where one is in use

        package, store, day = self.market.under({}).until(self.as_of), self.store, self.as_of
        known = {*package["flows"]["asset"], *package["metals"]["asset"]}
        return (
            *unused_prices(store, package["prices"], self.snapshot["prices"], self.own_prices, self.products.keys, day),
            *unused_flows(store, self.snapshot["flows"], known, day),
            *unread_series(store, day),
        )

    @cached_property
    def weaknesses(self) -> Mapping[str, tuple[str, ...]]:
        """Table -> known weaknesses."""
        return {table.name: tuple(table.weaknesses) for table in descriptor(package_folder(self.settings)).resources}
