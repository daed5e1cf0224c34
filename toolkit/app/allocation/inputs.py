"""Inputs of a run: the market as known at a date, the universe, prices, controls and shares of supply."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import polars as pl

from toolkit.app.context import Context
from toolkit.app.controls.own_events import notes_of
from toolkit.app.data.unused import unused_remarks
from toolkit.app.holdings.names import LotNames
from toolkit.app.prices import CHECK, NAME_METAL, OwnPrices, PriceFiles, read_own, with_stored
from toolkit.controls.ledger import ControlLedger
from toolkit.controls.periods import begun_by, control_periods
from toolkit.core.assets import Asset, Universe
from toolkit.core.errors import DataError, GapError, SpecError, did_you_mean, nearest
from toolkit.core.forecast import Forecast
from toolkit.core.grouping import by_key
from toolkit.core.messages import Message, message, named
from toolkit.core.remarks import Remark, note
from toolkit.market.market import Market, Snapshot
from toolkit.market.price_series import PriceSeries
from toolkit.market.quality import findings, quality
from toolkit.market.readers.events import OwnEvents
from toolkit.market.readers.price_checks import CUSTOMS
from toolkit.returns.history import ANNUAL_AVERAGE, annual_rows
from toolkit.returns.price_errors import YEARLY
from toolkit.returns.price_levels import LevelPath
from toolkit.returns.volatility_prior import yearly_prices
from toolkit.strategy.model import OwnAsset, Strategy, UniverseSpec
from toolkit.supply.concentration import SupplyShares, scored_supplies


@dataclass(frozen=True)  # no slots: prices are filtered once
class Inputs:
    """Inputs of an allocation.

    Attributes:
        snapshot: The market as known at `as_of`, with the user's prices in place of the bundled ones of the same assets.
        universe: What may be held, in order.
        products: Every known product, for the tables of controls.
        read_ledger: Gives the control ledger as known on the day, which not every question needs.
        supply: Asset key -> shares of supply at the stage the asset is scored at; only where they are known.
        unknown: Assets that are no known product.
        unpriced: Products without a series among the bundled prices or the user's.
        own_prices: Name of the user's price files, None for the bundled prices.
        own: Assets of the user's price files that have a series there.
        returns_only: Whether only returns are known, so that prices are indices and assets have no lots.
        quotes: Own prices of a day (`toolkit.returns.quotes`), rows of `toolkit.core.frames.Prices`, one a product.
        least: Asset -> least quantity that the user's newest price of it is for, in kg, or in units where that is of one.
        read_notes: Gives remarks on the market and how it was read, which who asks for an answer alone does not need.
        further: Remarks of those who made more of the inputs.
        price_notes: How the user's price files were read and which prices of a day are taken; `notes` has them too.
        events: The user's own control events, which are in the ledger and in the snapshot.
        level_paths: Levels behind the noisy prices among the bundled ones, where the universe has any.
        read_controlled: Gives the periods under control of each product (`toolkit.controls.periods`) for a destination.
    """

    snapshot: Snapshot
    universe: Universe
    products: Universe
    read_ledger: Callable[[], ControlLedger] = field(repr=False)
    supply: Mapping[str, SupplyShares]
    unknown: tuple[str, ...]
    unpriced: tuple[str, ...]
    own_prices: str | None
    read_notes: Callable[[], tuple[Remark, ...]] = field(repr=False)
    further: tuple[Remark, ...] = ()
    own: tuple[str, ...] = ()
    returns_only: bool = False
    quotes: pl.DataFrame | None = None
    least: Mapping[str, float] = field(default_factory=dict)
    price_notes: tuple[str, ...] = ()
    events: OwnEvents | None = None
    level_paths: Mapping[str, LevelPath] | None = None
    read_controlled: Callable[[str], pl.DataFrame] = field(repr=False, kw_only=True)

    @property
    def ledger(self) -> ControlLedger:
        """The control ledger as known on the day."""
        return self.read_ledger()

    @cached_property
    def notes(self) -> tuple[Remark, ...]:
        """How the inputs were read."""
        return (*self.read_notes(), *self.further)

    @property
    def event_notes(self) -> tuple[str, ...]:
        """Notes on the user's own events; `notes` has them too."""
        return notes_of(self.events, self.snapshot.as_of)

    @cached_property
    def prices(self) -> pl.DataFrame:
        """The visible prices that estimates are made from: the user's alone where they are all that the universe needs."""
        rows = self.snapshot["prices"]
        return rows.filter(pl.col("asset").is_in(self.own)) if self._is_own else rows

    @cached_property
    def sources(self) -> Mapping[str, str]:
        """Asset -> source of its newest price."""
        if self.returns_only:
            return dict.fromkeys(self.series.assets, self.own_prices or "")
        if len(names := self.prices.select(pl.col("source").unique()).to_series()) == 1:
            return dict.fromkeys(self.series.assets, str(names[0]))
        newest = pl.col("source").get(pl.col("date").arg_max())
        return dict(self.prices.group_by("asset", maintain_order=True).agg(newest).iter_rows())

    @property
    def series(self) -> PriceSeries:
        """The same as arrays."""
        return self.snapshot.series.take(self.own) if self._is_own else self.snapshot.series

    @property
    def _is_own(self) -> bool:
        return {*self.universe.keys} <= {*self.own}

    @property
    def yearly_tables(self) -> tuple[str, ...]:
        """Tables of decades that count where a customs value or an annual average of the universe has so few of its own."""
        bases = dict(zip(self.series.assets, self.series.bases, strict=True))
        short = any(bases.get(key) in (CUSTOMS, ANNUAL_AVERAGE) for key in self.universe.keys)
        return () if not short or any(name not in self.snapshot for name in YEARLY) else YEARLY

    @property
    def history(self) -> pl.DataFrame | None:
        """Yearly prices of decades from these tables; None where they do not count."""
        tables = self.yearly_tables
        return yearly_prices(*(self.snapshot[name] for name in tables)) if tables else None


AGED = message("It counts as the price of today, before the bundled one: bring newer prices with --prices, or leave it out.")


def _together(sentences: tuple[Message, ...]) -> tuple[Message, ...]:
    """Messages on an `{asset}`; equal ones on several assets are joined."""
    told = by_key((Message(sentence.template, {**sentence.values, "asset": ""}), sentence) for sentence in sentences)
    return tuple(
        Message(same[0].template, {**same[0].values, "asset": [sentence.values["asset"] for sentence in same]})
        for same in told.values()
    )


def _select(
    spec: UniverseSpec,
    priced: Universe,
    products: Universe,
    *,
    own: Collection[str] | None,
    aside: Collection[str],
    only: bool,
) -> Universe:
    """The universe of a strategy; products that have no series are left out of it.

    Args:
        spec: What the strategy names.
        priced: Assets with a series.
        products: Every product.
        own: Assets of the user's prices, which are what a strategy holds that names none; None without such prices.
        aside: Those of `own` that are held only where they are named.
        only: Whether no other asset has a series.
    """
    names = _Names(priced, products)
    if spec.names_assets and isinstance(spec.assets, tuple):
        keys = [key for name in spec.assets for key in names.keys(name)]
        missing = [key for key in keys if key not in priced]
        if missing and only:
            raise GapError(
                "the strategy holds {missing}, and the price file has no such column.",
                hint='Add the prices, or use a strategy with assets = "all".',
                details={"missing": missing},
                missing=[*missing],
            )
    elif spec.groups:
        known = {*spec.own_groups, *priced.groups, *products.groups}
        for group in spec.groups:
            if group not in known:
                raise SpecError("universe.groups: unknown group {group!r:s}.", hint=did_you_mean(group, known), group=group)
        keys = [asset.key for asset in (*priced, *products) if asset.group in spec.groups]
        keys = keys if own is None else [key for key in keys if key in own] or keys
    else:
        keys = [key for key in priced.keys if own is None or (key in own and key not in aside)]
        if aside and not keys:
            fault = message("the names of all own prices say more than a traded metal: {assets}.", assets=sorted(aside))
            raise GapError(fault, hint=NAME_METAL)
    excluded = {key for name in spec.exclude for key in names.keys(name)}
    wanted = [key for key in dict.fromkeys(keys) if key not in excluded]
    universe = priced.take([key for key in wanted if key in priced])
    if not universe.assets:
        raise GapError("nothing that the strategy may hold has a price series.", hint="Bring prices with --prices.")
    return universe


def _quoted(asset: Asset, unit: str) -> Asset:
    """A product in the unit of its quotation; in a unit that is not its own its lots are whole units."""
    return asset if unit == asset.unit else replace(asset, unit=unit, lot_size=1.0, minimum_lots=1)


def _annual_only(spec: UniverseSpec, series: PriceSeries, products: Universe, also: tuple[str, ...]) -> Universe:
    """Products that the strategy names one by one and that have no faster series.

    ``all`` and groups mean assets with monthly prices: one with annual averages alone must be named.
    """
    own = spec.assets if isinstance(spec.assets, tuple) else ()
    wanted, priced = {*own, *also}, series.place
    return Universe(tuple(asset for asset in products if wanted & {asset.key, asset.element} and asset.key not in priced))


class _Names:
    """Keys of assets by what a strategy may call them: a key, or an element for all its products."""

    def __init__(self, priced: Universe, products: Universe) -> None:
        self.priced, self.products = priced, products

    @cached_property
    def named(self) -> dict[str, list[str]]:
        """Name -> keys of the assets that it is a key or an element of."""
        found: dict[str, list[str]] = {}
        for asset in (*self.priced, *self.products):
            for name in dict.fromkeys((asset.key, asset.element)):
                if name is not None:
                    found.setdefault(name, []).append(asset.key)
        return found

    def keys(self, name: str) -> list[str]:
        """The asset keys that a name means.

        Raises:
            DataError: for a name that is neither; the hint has the nearest.
        """
        if name in self.priced:
            return [name]
        if name not in self.named:
            known = {*self.priced.keys, *self.products.keys, *self.priced.elements}
            hint = did_you_mean(name, known)
            if name.isupper() and not nearest(name, known):
                hint = message(
                    "A listed one needs prices: `toolkit data fetch yahoo --series {name:s}` and --data store, or "
                    "--prices FILE.",
                    name=name,
                )
            raise DataError("universe: {name!r:s} is neither an asset nor an element.", hint=hint, name=name)
        return list(dict.fromkeys(self.named[name]))


@dataclass(frozen=True, eq=False)  # frames have no truth value; no slots: remarks are made once
class PricedMarket:
    """What is known on a day with the user's prices in place of the bundled ones of the same assets, whatever the strategy.

    Attributes:
        context: Settings, day and bundled market.
        market: Market with the user's prices; `snapshot` is it as known on the day.
        supply: Asset key -> shares of supply at the stage the asset is scored at.
        own: The user's prices; None for the bundled prices.
        only: Whether nothing else has a price.
        controlled: Periods under control of each product by their first days, where these were found before.
        forecasts: Those made on the day, by what they depend on: strategies that estimate alike share one.
        supplies: Shares of supply of all days by the versions of the tables that they were read from.
    """

    context: Context
    market: Market
    snapshot: Snapshot
    supply: Mapping[str, SupplyShares]
    own: OwnPrices | None
    only: bool
    controlled: pl.DataFrame | None = None
    forecasts: dict[object, Forecast] = field(default_factory=dict)
    supplies: dict[object, Mapping[str, SupplyShares]] = field(default_factory=dict)

    def on(self, day: date) -> PricedMarket:
        """The market as known on an earlier day, without the user's prices of a single day; no file is read again."""
        context, snapshot = self.context.on(day), self.market.until(day)
        own = None if self.own is None else self.own.until(day)
        tables, priced = ("shares", "shares_elsewhere"), snapshot.series.place
        products = tuple(asset for asset in context.products if asset.key in priced or not self.only)
        known = (*(snapshot.version(table) for table in tables), products)
        if known not in self.supplies:
            self.supplies[known] = scored_supplies(products, *(snapshot[table] for table in tables)) if products else {}
        supply = self.supplies[known]
        controlled = None if self.controlled is None else begun_by(self.controlled, day)
        return PricedMarket(context, self.market, snapshot, supply, own, self.only, controlled, supplies=self.supplies)

    @cached_property
    def notes(self) -> tuple[Remark, ...]:
        """How the files were read, and what is odd about their prices."""
        told, own = tuple(map(note, self.context.notes)), self.own
        if own is None:
            return told
        # Notes of the whole file may speak of rows that were not known yet: an earlier date gets those of its own rows alone.
        whole = own.notes if self.context.as_of >= self.context.today else ()
        found = tuple(
            Remark("data", sentence, AGED, tuple(sentence.values["asset"]), comes_first=True)
            if "age" in sentence.values
            else Remark("data", sentence, CHECK, tuple(sentence.values["asset"]))
            for sentence in _together(findings(quality(own.series, as_of=self.context.as_of)))
        )
        return tuple(dict.fromkeys((*told, *whole, *own.reading, *found)))

    def inputs(self, strategy: Strategy, *, also: tuple[str, ...] = ()) -> Inputs:
        """The inputs of a strategy.

        Args:
            strategy: Names the universe, the history and the models.
            also: Keys of assets that are held and that the strategy does not name; those that have a price are in the universe.

        Raises:
            GapError: where nothing that the strategy names has a price.
            SpecError, DataError: for names the strategy uses and nobody knows.
        """
        snapshot, products = self.snapshot, self.context.products
        # Prices of a day alone bring no series: what a strategy may hold is what it is without them.
        own = self.own if self.own is not None and self.own.assets else None
        named = {} if own is None else dict.fromkeys((*own.assets, *own.quotes["asset"]))
        listed = self._listed(strategy.universe, also)
        if not self.only:
            yearly = _annual_only(strategy.universe, snapshot.series, products, (*also, *named))
            more = [annual_rows(snapshot["prices_annual"], yearly)] if len(yearly) else []
            more += [] if listed is None else [listed]
            if any(rows.height for rows in more):
                snapshot = self.market.replace("prices", pl.concat([snapshot["prices"], *more])).until(snapshot.as_of)
        series = snapshot.series
        if not series.assets:
            raise GapError(
                "no price was known on {as_of}.",
                hint="Choose a later --as-of, or bring prices with --prices.",
                as_of=snapshot.as_of,
            )
        held = {asset.key: asset for asset in products}
        mine = dict.fromkeys(() if own is None else own.assets)
        symbols = () if listed is None else tuple(listed["asset"].unique().sort())
        # Series that only explain (energy, base metals, intermediates) are no products; in a user's file every column is one.
        priced = Universe(
            tuple(
                _quoted(held[asset], unit) if asset in held else Asset.unknown(asset, unit)
                for asset, unit in zip(series.assets, series.units, strict=True)
                if asset in mine or asset in held or asset in symbols
            )
        )
        if strategy.universe.own:
            priced = self._with_own(strategy.universe.own, priced)
        returns_only = self.own is not None and self.own.returns_only
        if returns_only:
            priced = Universe(tuple(replace(asset, lot_size=None) for asset in priced))
        if own is None:
            priced = priced.take([key for key in (*products.keys, *symbols) if key in priced])
        aside = () if own is None else {*own.apart} - {one.asset for one in strategy.universe.own}
        universe = _select(strategy.universe, priced, products, own=None if own is None else named, aside=aside, only=self.only)
        universe = priced.take([*universe.keys, *(key for key in also if key in priced and key not in universe)])
        if self.own is not None:
            self.own.check_currency(universe.keys)
        customs = any(series.bases[series.place[key]] == CUSTOMS for key in universe.keys)
        excluded = {*strategy.universe.exclude}

        def notes() -> tuple[Remark, ...]:
            found = self.notes if self.only else (*self.notes, *unused_remarks(self.context, universe.keys))
            told = (remark for remark in found if not remark.assets or not {*remark.assets} <= excluded)
            return (*told, *self._notes_of_own_prices(mine, universe, excluded, aside))

        return Inputs(
            snapshot=snapshot,
            universe=universe,
            products=products,
            read_ledger=lambda: self.context.ledger,
            supply=self.supply,
            unknown=tuple(key for key in universe.keys if key not in held),
            unpriced=() if own is not None else tuple(key for key in products.keys if key not in priced),
            own_prices=None if self.own is None else self.own.name,
            read_notes=notes,
            own=tuple(mine),
            returns_only=returns_only,
            quotes=None if self.own is None else self.own.quotes,
            least={} if self.own is None else self.own.file.least,
            price_notes=() if self.own is None else self.own.sentences,
            events=self.context.events,
            level_paths=self.context.level_paths if customs else None,
            read_controlled=self._controlled,
        )

    def _controlled(self, destination: str) -> pl.DataFrame:
        """Periods under control of each product."""
        context = self.context
        if self.controlled is not None:
            return self.controlled
        return context.market.once(
            ("controlled", context.as_of, context.products, destination),
            lambda: control_periods(context.ledger, [*context.products], until=context.as_of, destination=destination),
        )

    def _notes_of_own_prices(
        self, mine: Collection[str], universe: Universe, excluded: Collection[str], aside: Collection[str]
    ) -> Iterator[Remark]:
        """Which of the user's prices are used, and why others are not.

        Args:
            mine: Keys of his series.
            universe: What may be held.
            excluded: Keys that the strategy leaves out.
            aside: Keys of his series that are held only where a strategy names them.
        """
        products, known = self.context.products, self.context.snapshot.series.place
        idle = [key for key in mine if not (key in universe or key in products or key in excluded or key in known)]
        names = LotNames(self.context.ledger, products) if idle else None
        if forms := tuple(key for key in idle if names is not None and names.other_good(key)):
            text = message(
                "Own prices of {assets} are of forms or grades that are not traded, and not used here.", assets=forms
            )
            yield Remark("data", text, message("`toolkit exposure` values lots of these by them."), forms)
        if idle := [key for key in idle if key not in {*forms, *aside}]:
            text = message(
                "Own prices of {assets} are not used: the strategy does not name them, and they are no product.", assets=idle
            )
            remedy = message("Call the series as the product is called (gold), or name them in the strategy.")
            yield Remark("data", text, remedy, tuple(idle), comes_first=True)
        used = [key for key in mine if key not in {*idle, *forms, *excluded}]
        if used and not {*universe.keys} <= {*mine}:
            yield note(message("Own prices for {assets}.", assets=used))

    def _with_own(self, own: Sequence[OwnAsset], priced: Universe) -> Universe:
        """The assets with the groups and terms that the strategy states for them.

        Raises:
            SpecError: for a name without a price on any day, and for the name or the group of a known metal.
        """
        held = self.context.products
        if absent := [one.asset for one in own if one.asset not in priced and one.asset not in held]:
            ever = {*self.market.until(date.max).series.assets, *self.context.listed}
            if never := [name for name in absent if name not in ever]:
                raise SpecError(
                    message("own assets: {names} has no price.", names=named(never[:1]))
                    if len(never) == 1
                    else message("own assets: {names} have no price.", names=named(never[:5])),
                    hint=did_you_mean(never[0], priced.keys)
                    or message("Call the asset as its series in the price file, or leave it out."),
                )
        if stated := [one for one in own if one.asset in held and (one.name or one.group)]:
            raise SpecError(
                "own assets: name and group of {asset} are known, and findings on a metal rest on them.",
                hint="Leave both out; a limit on several metals may name them under `assets`.",
                asset=stated[0].asset,
            )
        stated = {one.asset: one for one in own}
        return Universe(tuple(stated[asset.key].over(asset) if asset.key in stated else asset for asset in priced))

    def _listed(self, spec: UniverseSpec, also: tuple[str, ...]) -> pl.DataFrame | None:
        """Prices of listed instruments that are named one by one, and of which the store has quotations; None for none."""
        named = {*(spec.assets if isinstance(spec.assets, tuple) else ()), *also}
        named -= {*self.context.products.keys, *self.snapshot.series.assets}
        return None if self.only or not named else self.context.quoted(named)


def priced_market(context: Context, prices: PriceFiles | None = None) -> PricedMarket:
    """The market of a day with the user's prices.

    Args:
        context: The day, and what is known on it.
        prices: Files of the user, None for the bundled prices.

    Raises:
        DataError, FrameError, GapError: for bad input or too little of it.
    """
    market, snapshot, products = context.market, context.snapshot, context.products
    own, prices = None, with_stored(prices, context)
    only = prices is not None and prices.only
    if prices is not None:
        names, currency = LotNames(context.ledger, products), context.settings.config.owner.currency
        own = read_own(prices, snapshot, names, currency, masses=False)
        market = market.replace("prices", lambda: own.over(snapshot["prices"]), series=own.series if only else None)
    tables = ("shares", "shares_elsewhere")
    supply = context.market.once(
        ("supply", products, *(snapshot.version(table) for table in tables)),
        lambda: scored_supplies(products, *(snapshot[table] for table in tables)),
    )
    return PricedMarket(context, market, snapshot if own is None else market.until(context.as_of), supply, own, only)


def load_inputs(strategy: Strategy, context: Context, *, prices: PriceFiles | None = None) -> Inputs:
    """The market data that a strategy works on.

    Args:
        strategy: Names the universe.
        context: What was known on the day.
        prices: Price files of the user; None for the bundled prices.
    """
    return priced_market(context, prices).inputs(strategy)
