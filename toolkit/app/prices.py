"""The user's own prices: read, converted to the units of products, and compared with the bundled level."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from toolkit.app.holdings.names import LotNames
from toolkit.core.assets import CASH, Universe
from toolkit.core.countries import foldings
from toolkit.core.errors import DataError, GapError, SpecError, did_you_mean
from toolkit.core.messages import Message, first_names, message
from toolkit.core.remarks import Remark, note
from toolkit.core.units import KG_PER_UNIT
from toolkit.holdings.price_slips import FAR_RATIO, WRONG, KnownPrices, is_far, is_of_pound
from toolkit.market.market import Snapshot
from toolkit.market.price_series import PriceSeries
from toolkit.market.quality import gap_findings
from toolkit.market.readers.cells import unit
from toolkit.market.readers.price_columns import PriceColumns
from toolkit.market.readers.price_files import Prices, read_price_files
from toolkit.market.readers.prices import PriceFile
from toolkit.market.readers.tabular import Table, table_of
from toolkit.returns.quotes import QUOTE_DAYS, newest_quotes, too_short

if TYPE_CHECKING:
    from toolkit.app.context import Context

STORED = "store"
"""Name of the prices that a store keeps of the user's files."""
LEVELS = "levels"
"""Name that accepts every own price far from the bundled level of its metal."""
STATE_CURRENCY = message("Name it in a column currency, with --prices-currency, or in Python with prices_currency=.")
CHECK = message("Check these rows in the file.")
NAME_METAL = message(
    "Name them as the metal, as gallium or Terbium metal, if they are its prices (without tax and premium); a share or a fund "
    "in the strategy, under universe.own."
)
STATE_UNIT = message("State it in a column unit (kg, g, lb, ozt, t).")


@dataclass(frozen=True, slots=True)
class PriceFiles:
    """The user's price files and the options of their reading.

    Attributes:
        paths: Files and folders, ``-`` for standard input, and cells of frames that were given in Python.
        currency: Of prices that name none, ISO 4217; None for that of the answer with a warning, where nothing else is priced.
        only: Whether nothing is taken from the bundled prices.
        accept: Assets whose jumps or levels are meant although they look like errors; ``jumps`` or ``levels`` for all.
        returns_only: Whether prices are indices made from returns, whose levels mean nothing.
    """

    paths: tuple[str | Table | PriceColumns, ...]
    currency: str | None = None
    only: bool = False
    accept: tuple[str, ...] = ()
    returns_only: bool = False


@dataclass(frozen=True, eq=False)  # frames have no truth value; no slots: what is visible is filtered once
class OwnPrices:
    """The prices of the user's files, known products per kg.

    Attributes:
        rows: Of `toolkit.core.frames.Prices`, on the day of the question; None where they are the series themselves.
        series: Of these the visible ones.
        day: Of knowledge.
        quotes: Prices of a day (`toolkit.returns.quotes`): one visible row a product, in no series.
        goods: Newest prices of a kg in forms and grades that are not traded, rows of `quotes` with `form` and `purity`, null
            where none is stated: they value lots.
        file: As it was read, with the names of the files for known assets.
        notes: Notes on the whole files, without their gaps.
        reading: How they were read, and assumed units.
        apart: Those named for a metal and more than what is traded of it, which only a strategy that names them holds.
        only: Whether nothing is taken from the bundled prices.
        returns_only: Whether prices are indices made from returns.
        unstated: Those whose currency neither file nor user names, in that of the answer.
    """

    rows: pl.DataFrame | None
    series: PriceSeries
    day: date
    quotes: pl.DataFrame
    goods: pl.DataFrame
    file: PriceFile
    notes: tuple[Remark, ...]
    reading: tuple[Remark, ...]
    apart: tuple[str, ...] = ()
    only: bool = False
    returns_only: bool = False
    unstated: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Of the files."""
        return self.file.name

    @property
    def sentences(self) -> tuple[str, ...]:
        """How they were read, without what is a warning."""
        return tuple(remark.text for remark in self.reading if not remark.is_warning)

    @property
    def gaps(self) -> tuple[Remark, ...]:
        """Gaps of the series, which are never filled."""
        return tuple(Remark("data", words, CHECK, (words.values["asset"],)) for words in gap_findings(self.series))

    @property
    def assets(self) -> tuple[str, ...]:
        """Keys, sorted."""
        return self.series.assets

    @cached_property
    def frame(self) -> pl.DataFrame:
        """The visible rows."""
        if self.rows is None:
            return self.series.frame(self.name)
        return self.rows.filter((pl.col("known_from") <= self.day) & (pl.col("date") <= self.day))

    def until(self, day: date) -> OwnPrices:
        """The prices as known on an earlier day, without those of a single day."""
        quotes, goods = (rows if rows.is_empty() else rows.clear() for rows in (self.quotes, self.goods))
        return replace(self, series=self.series.until(day), day=day, quotes=quotes, goods=goods)

    def check_currency(self, assets: Collection[str]) -> None:
        """Check that assets which are added up or compared are not in part in a currency that nobody stated.

        Args:
            assets: Keys, of own series and of others.

        Raises:
            DataError: for own prices without a currency beside any other.
        """
        unstated = sorted(self.unstated & {*assets})
        if unstated and (others := sorted({*assets} - self.unstated)):
            raise DataError(
                "{file:s} names no currency of the prices of {unstated}, which stand beside those of {others}.",
                hint=STATE_CURRENCY,
                details={"assets": unstated, "others": others},
                file=self.name,
                unstated=first_names(unstated),
                others=first_names(others),
            )

    def over(self, bundled: pl.DataFrame) -> pl.DataFrame:
        """These rows, and the bundled ones of every other asset; these alone where nothing is taken from the bundle."""
        if self.only:
            return self.frame
        return pl.concat([bundled.filter(~pl.col("asset").is_in(self.assets)), self.frame.select(bundled.columns)])


def with_stored(files: PriceFiles | None, context: Context) -> PriceFiles | None:
    """The price files with the prices that the store keeps of earlier ones; the files alone where nothing else is taken."""
    if files is not None and files.only:
        return files
    if (stored := context.own_prices).is_empty():
        return files
    table = table_of(stored.with_columns(known_from=pl.max_horizontal("known_from", "date")), STORED)
    return PriceFiles((table,)) if files is None else replace(files, paths=(*files.paths, table))


def read_own(files: PriceFiles, snapshot: Snapshot, names: LotNames, currency: str, *, masses: bool = True) -> OwnPrices:
    """Read the user's price files.

    Args:
        files: Paths and how they are read.
        snapshot: The market on the day of the question.
        names: How assets are recognised; products are priced per kg.
        currency: Of the answer, and so of prices that name none.
        masses: Whether masses are valued at these prices. If not, a product whose file states no unit and whose price
            cannot be one per kg keeps the file's own unit, and a warning says so.

    Raises:
        SpecError: for a currency or an accepted name that makes no sense, and for masses where only returns are known.
        DataError, FrameError: for files, headers and rows that cannot be used, and a level far from the bundled one.
        GapError: where no price was known by then.
    """
    if files.returns_only and masses:
        raise SpecError("masses have no value in a market of which only returns are known.", hint="Give prices.")
    products = names.products
    bundled = snapshot["prices"]["asset"].unique().sort()
    spelled = {spelling: key for key in bundled for spelling in foldings(key)}

    def key(name: str) -> str | None:
        return next((spelled[found] for found in foldings(name) if found in spelled), None) or names.series(name)

    if files.returns_only:
        return _own_returns(files, snapshot.as_of, currency, key)
    accept = {*files.accept} - {LEVELS}
    options = {"default_currency": files.currency or currency, "today": date.today(), "as_of": snapshot.as_of, "accept": accept}
    file = read_known(files.paths, names, key=key, **options)
    if files.only and not masses and _is_of_others(file, {*products.keys, *bundled}):
        return _as_read(file, files, snapshot.as_of, names)
    levels = KnownPrices.of(snapshot["prices"], snapshot, products)
    known = (pl.col("known_from") <= snapshot.as_of) & (pl.col("date") <= snapshot.as_of)
    visible = file.frame.filter(known)
    few = () if files.only else too_short(visible, snapshot)
    visible, short = visible.filter(~pl.col("asset").is_in(few)), visible.filter(pl.col("asset").is_in(few))
    accepted = {*files.accept}
    without_unit = (pl.col("unit") == "unit") & pl.col("asset").is_in(list(products.keys))
    per_mass = pl.when(without_unit).then(pl.lit("kg")).otherwise(pl.col("unit"))
    odd: tuple[str, ...] = ()
    if not masses:
        as_kg = visible.filter(without_unit).with_columns(unit=per_mass)
        odd = tuple(row["asset"] for row, *_ in _far(as_kg, levels, accepted, WRONG))
    frame, unit_notes = per_kg(visible, products.take([key for key in products.keys if key not in odd]))
    if odd:
        text = message(
            "The file states no unit for {assets}, and it cannot be a price per kg: quantities are in the unit of the file, "
            "whatever that is.",
            assets=list(odd),
        )
        unit_notes += (Remark("data", text, STATE_UNIT, odd),)
    # Beside a series of one's own, a dealer's price counts while it is one of today.
    series = PriceSeries.of(frame)
    in_series = pl.col("asset").is_in(list(series.assets))
    of_today = pl.col("date") >= snapshot.as_of - timedelta(days=QUOTE_DAYS)
    quoted = pl.concat([short, file.quotes.filter(known & (of_today | ~in_series))])
    newest, of_quotes = newest_quotes(quoted, snapshot)
    goods = _of_other_goods(newest, frame, names)
    newest = newest.filter(~pl.col("asset").is_in(goods["name"].implode()))
    quotes, of_units = per_kg(newest, products)
    _check_visible(file.name, snapshot.as_of, quoted, series.assets, (quotes, goods))
    priced = {*products.keys, *levels.assets, *series.assets}
    _check_series(file.name, quotes["asset"], priced)
    compared = pl.col("asset").is_in(list(levels.assets)) & ~pl.col("asset").is_in(odd)
    stated = pl.concat([visible.filter(compared), newest.select(visible.columns)]).with_columns(unit=per_mass)
    far = _level_warnings(stated, levels, accepted, file.name, products)
    named = sorted({*series.assets, *newest["asset"]})
    lacking = tuple(Remark("data", words, CHECK, tuple(named)) for words in file.notes)
    apart = _apart(named, names)
    notes = (*_of_file(file, files), *dict.fromkeys((*unit_notes, *of_units)), *of_quotes, *far)
    reading = (*notes, *_of_home_market((visible, newest), products), *_told_apart(apart, names))
    kind = (files.only, False, _unstated(file, files, goods))
    return OwnPrices(frame, series, snapshot.as_of, quotes, goods, file, lacking, reading, apart, *kind)


def _own_returns(files: PriceFiles, day: date, currency: str, key: Callable[[str], str | None]) -> OwnPrices:
    """Indices made from returns, which have no unit, no level and no price of a day."""
    own = files.currency or currency
    file = read_price_files(files.paths, default_currency=own, today=date.today(), as_of=day, key=key)
    found = _as_read(file, files, day)
    text = message("Only returns are known: weights and values have no prices, quantities or lots.")
    reading = (*found.reading, Remark("data", text, message("Give prices for quantities.")))
    return replace(found, notes=(), reading=reading, only=True, returns_only=True, unstated=frozenset())


def _is_of_others(file: PriceFile, known: Collection[str]) -> bool:
    """Whether a file is of series alone, of no asset that is known, and of no mass."""
    return (
        isinstance(file.prices, PriceSeries)
        and {*file.assets}.isdisjoint(known)
        and {*file.prices.units}.isdisjoint(KG_PER_UNIT)
    )


def _as_read(file: PriceFile, files: PriceFiles, day: date, names: LotNames | None = None) -> OwnPrices:
    """Series as a file gives them, where nothing else has a price and none is of a known asset.

    Args:
        file: As it was read.
        files: Options of its reading.
        day: Of knowledge.
        names: How metals are recognised; None where no name says more than a metal.
    """
    series = PriceSeries.of(file.prices)
    rows = None if series is file.prices else file.frame.filter(pl.col("date") <= day)
    series = series.until(day) if rows is None else PriceSeries.of(rows)
    _check_visible(file.name, day, file.quotes, series.assets, ())
    apart = () if names is None else _apart(series.assets, names)
    reading = (*_of_file(file, files), *(() if names is None else _told_apart(apart, names)))
    notes, none = tuple(Remark("data", words, CHECK, series.assets) for words in file.notes), file.quotes
    unstated = file.unstated if files.currency is None else frozenset[str]()
    return OwnPrices(rows, series, day, none, none, file, notes, reading, apart, files.only, unstated=unstated)


def read_known(paths: Sequence[Prices], names: LotNames, **options: Any) -> PriceFile:
    """Price files, those of products in known units.

    Args:
        paths: Files, folders and cells.
        names: How assets are recognised.
        options: As of `read_price_files`.

    Raises:
        DataError, FrameError: as of `read_price_files`, and for a unit that is no mass.
    """
    file = read_price_files(paths, **{"key": names.series, **options})
    if isinstance(file.prices, PriceSeries) and {*file.assets}.isdisjoint(names.products.keys):
        return file
    return replace(file, prices=in_known_units(file.frame, names), quotes=in_known_units(file.quotes, names))


def of_no_product(assets: Iterable[str], known: Collection[str]) -> tuple[Message, ...]:
    """The sentence on series that are of nothing known: tickers of funds, or codes by which an agency calls a metal.

    Args:
        assets: Names in price files.
        known: Products, bundled series, and what else is told or held under its name.
    """
    # A name alone may be the code of a country, as the ticker ALB is.
    names = [f"'{name}'" for name in sorted({*assets} - {*known})]
    return (message("No product is named {names}: series of their own, which value no metal.", names=names),) if names else ()


def _check_visible(file: str, day: date, quoted: pl.DataFrame, series: Sequence[str], used: Sequence[pl.DataFrame]) -> None:
    """Check that a file has prices known on the day, some of which are not too old to be used, and none of cash."""
    if not series and quoted.is_empty():
        raise GapError(
            "{file:s}: no price was known on {day}.",
            hint="Choose a later --as-of, or leave --prices out.",
            file=str(file),
            day=day,
        )
    if not series and all(part.is_empty() for part in used) and file != STORED:  # a file that is named now is meant to be used
        newest = quoted.group_by("asset").agg(pl.col("date").max()).sort("asset")
        old = "; ".join(f"{asset} of {day}" for asset, day in newest.iter_rows())
        hint = message("Bring a price of this month, or a series of at least seven months, or leave --prices out.")
        raise GapError("{file:s}: every price is too old to be one of today: {old}.", hint=hint, file=str(file), old=old)
    if any(asset.casefold() == CASH for asset in (*series, *(asset for part in used for asset in part["asset"]))):
        raise DataError(
            "{file:s}: no asset may be named {cash!r:s}.",
            hint="Cash is always there; rename or remove it.",
            file=str(file),
            cash=CASH,
        )


def _check_series(file: str, quoted: Iterable[str], priced: Collection[str]) -> None:
    """Check that there is a series of every asset that has a price of a day."""
    for asset in quoted:
        if asset not in priced:
            raise DataError(
                "{file:s}: a dealer's price for {asset!r:s}, of which no price series is known.",
                hint="Of a bar or a coin name the metal, and write what its price is of in a column unit (100 g). Else leave "
                "the row out, or bring a series: one price tells no risk. {did_you_mean}",
                details={"asset": asset},
                file=str(file),
                asset=asset,
                did_you_mean=did_you_mean(asset, sorted(priced)),
            )


def _of_other_goods(quotes: pl.DataFrame, series: pl.DataFrame, names: LotNames) -> pl.DataFrame:
    """The newest price of a kg of each form and grade that is not traded, with `form`, `purity` and its `name` in the file."""
    # A series has one unit: those that are not of a mass are left out before they are sorted.
    series = series.filter(pl.col("unit").is_in(list(KG_PER_UNIT)))
    last = series.sort("date").group_by("asset", maintain_order=True).last().with_columns(spread=pl.lit(None, dtype=pl.Float64))
    rows = pl.concat([last.select(quotes.columns), quotes]).filter(pl.col("unit").is_in(list(KG_PER_UNIT)))
    means = {name: found for name in rows["asset"].unique() if (found := names.other_good(name))}
    asset, form, purity = (
        pl.col("asset").replace_strict({name: good[i] for name, good in means.items()}, return_dtype=pl.String)
        for i in range(3)
    )
    found = rows.filter(pl.col("asset").is_in([*means])).with_columns(
        name="asset",
        form=form,
        purity=purity,
        asset=asset,
        price=pl.col("price") / pl.col("unit").replace_strict(KG_PER_UNIT, return_dtype=pl.Float64),
        unit=pl.lit("kg"),
    )
    return found.sort("date", "name").unique(["asset", "form", "purity"], keep="last", maintain_order=True)


def _apart(assets: Iterable[str], names: LotNames) -> tuple[str, ...]:
    """The instruments whose names have a metal in them."""
    return tuple(name for name in assets if names.is_listed(name) and names.metal_within(name))


def _told_apart(apart: Sequence[str], names: LotNames) -> Iterator[Remark]:
    if of_no_form := tuple(name for name in apart if not names.other_good(name)):
        text = message(
            "Not taken as prices of a metal, and held only where a strategy names them, as their names say more than metal and "
            "form: {assets}.",
            assets=[*of_no_form],
        )
        yield Remark("data", text, NAME_METAL, of_no_form)


def _of_home_market(prices: Sequence[pl.DataFrame], products: Universe) -> Iterator[Remark]:
    """That quotations in yuan include tax: 13 % since 2019-04-01 (Announcement 39 of 2019 of China's Ministry of Finance)."""
    in_yuan = {asset for rows in prices for asset in rows.filter(pl.col("currency") == "CNY")["asset"].unique()}
    if taxed := sorted(in_yuan & {*products.keys}):
        text = message(
            "Prices of {assets} are in CNY: what is quoted on China's home market mostly includes 13 % tax.", assets=taxed
        )
        yield Remark("data", text, message("Give them without it, divided by 1.13."), tuple(taxed))


def _of_file(file: PriceFile, files: PriceFiles) -> Iterator[Remark]:
    """How a file was read: a note, or a warning where its currency is assumed; returns are in the reporting currency."""
    assumed = file.assumed if files.currency is None else ()
    for text in file.reading:
        if not (files.returns_only and text in file.assumed):
            yield Remark("data", text, STATE_CURRENCY) if text in assumed else note(text)


def _unstated(file: PriceFile, files: PriceFiles, goods: pl.DataFrame) -> frozenset[str]:
    """The assets of which a price, or that of another good of theirs, is in a currency that nobody names."""
    named = frozenset[str]() if files.currency is not None else file.unstated
    return named | {*goods.filter(pl.col("name").is_in([*named]))["asset"]}


def in_known_units(prices: pl.DataFrame, names: LotNames) -> pl.DataFrame:
    """Prices of products with their units in the spelling of `KG_PER_UNIT`, by the rule of holdings files."""
    products = names.products
    of_product = pl.col("asset").is_in(list(products.keys)) & (pl.col("unit") != "unit")
    for asset, text in prices.filter(of_product).select("asset", "unit").unique().sort("asset", "unit").iter_rows():
        try:
            found = unit(text, precious=names.is_precious(asset), listed=False)
        except DataError as error:
            raise DataError(
                "{asset} is priced per {text!r:s}.", hint=error.hint, details={"asset": asset}, asset=asset, text=text
            ) from None
        if found != text:
            of_these = (pl.col("asset") == asset) & (pl.col("unit") == text)
            prices = prices.with_columns(unit=pl.when(of_these).then(pl.lit(found)).otherwise(pl.col("unit")))
    return prices


def per_kg(prices: pl.DataFrame, products: Universe) -> tuple[pl.DataFrame, tuple[Remark, ...]]:
    """Prices of known products per kg, whatever mass they were quoted for; other assets stay as they are.

    A file that states no unit is taken to be in kg for a known product, and a note says so.
    """
    known = pl.col("asset").is_in(list(products.keys))
    if not prices.select(known.any()).item():
        return prices, ()
    without_unit = prices.filter(known & (pl.col("unit") == "unit"))["asset"].unique().sort()
    mass = pl.col("unit").replace_strict({**KG_PER_UNIT, "unit": 1.0}, default=1.0, return_dtype=pl.Float64)
    converted = prices.with_columns(
        price=pl.when(known).then(pl.col("price") / mass).otherwise(pl.col("price")),
        unit=pl.when(known).then(pl.lit("kg")).otherwise(pl.col("unit")),
    )
    if without_unit.is_empty():
        return converted, ()
    text = message("No unit given for {assets}: taken as a price per kg.", assets=without_unit.to_list())
    return converted, (Remark("data", text, STATE_UNIT, tuple(without_unit)),)


def _level_warnings(
    stated: pl.DataFrame, levels: KnownPrices, accepted: Collection[str], file: str, products: Universe
) -> list[Remark]:
    """A warning for each asset whose newest price is `FAR_RATIO` from the known one of its time; a `WRONG` one is an error."""
    found = []
    for row, price, level in _far(stated, levels, accepted, FAR_RATIO):
        key, per, times = row["asset"], row["unit"], price / level
        lot = products[key].lot_size if key in products else None
        slip = levels.slip(times, per, row["currency"], lot=lot)
        per = "kg" if per in KG_PER_UNIT else per
        if is_far(times, WRONG):
            raise DataError(
                "{file:s}: {key:s} costs {price:,.6g} {currency} a {per} on {date}, {times:,.3g} times the bundled "
                "{level:,.6g} (the median of up to three prices).{slip}",
                hint="State the unit of the price (column unit: kg, g, lb, ozt, t) and its currency; if it is meant: "
                "--accept {key:s}.",
                details={"asset": key, "rule": "level", "price": price, "level": level},
                file=str(file),
                key=key,
                price=price,
                currency=row["currency"],
                per=per,
                date=row["date"],
                times=times,
                level=level,
                slip=f" {slip}" if slip else "",
            )
        text = message(
            "{file}: {asset} costs {price:,.2f} {currency} a {unit} on {day:%Y-%m-%d}, {times:.2g} times the bundled "
            "{level:,.2f} (the median of up to three prices). {slip}",
            file=file, asset=key, price=price, currency=row["currency"], unit=per, day=row["date"], times=times, level=level,
            slip=slip or message("No slip of unit or currency explains it."),
        )  # fmt: skip
        remedy = message(
            "Check unit (column unit: kg, g, lb, ozt, t) and currency of the price; if it is meant: {option}.",
            option=f"--accept {key}",
        )
        found.append(Remark("data", text, remedy, (key,), comes_first=True))  # its own value would rank it by the slip
    return found


def _far(
    stated: pl.DataFrame, levels: KnownPrices, accepted: Collection[str], limit: float
) -> list[tuple[dict[str, Any], float, float]]:
    """The last row of each asset that is `limit` from the known price of its time; its price a kg, and that known one.

    Of those that are told (`FAR_RATIO`), also the prices of a pound among such of a kg.
    """
    if LEVELS in accepted:
        return []
    compared = [key for key in levels.assets if key not in accepted]
    own = stated.filter(pl.col("asset").is_in(compared)).sort("date")
    found = []
    for row in own.group_by("asset", maintain_order=True).last().sort("asset").iter_rows(named=True):
        mass = KG_PER_UNIT.get(row["unit"])
        level = levels.at(row["asset"], row["date"], row["currency"], unit=row["unit"] if mass is None else "kg")
        price = row["price"] / (mass or 1.0)
        if level is not None and (is_far(price / level, limit) or (limit == FAR_RATIO and is_of_pound(price / level))):
            found.append((row, price, level))
    return found
