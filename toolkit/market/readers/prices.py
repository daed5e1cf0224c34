"""A price file of the user: long, wide or of quotations, read strictly into the columns of `core.frames.Prices`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Literal

import polars as pl

from toolkit.core.countries import fold
from toolkit.core.currencies import currency as currency_of
from toolkit.core.currencies import currency_hint
from toolkit.core.errors import DataError, SpecError
from toolkit.core.frames import Prices
from toolkit.core.messages import Message, message, together
from toolkit.core.units import KG_PER_UNIT
from toolkit.market.layouts.headers import MASSES, stated_in
from toolkit.market.layouts.layout import Layout
from toolkit.market.layouts.prices import Key, is_known, key_of, tickers_among
from toolkit.market.layouts.texts import is_harmless
from toolkit.market.layouts.unconfirmed import Unconfirmed
from toolkit.market.price_series import PriceSeries
from toolkit.market.readers import cells
from toolkit.market.readers.columns import (
    amounts,
    check_names,
    days,
    distinct,
    required_cells,
    running_months,
    texts,
)
from toolkit.market.readers.contents import check_size
from toolkit.market.readers.faults import raise_row_errors
from toolkit.market.readers.price_checks import (
    AS_GIVEN,
    OF_DEALERS,
    check_kinds,
    check_rows,
    check_series,
    expired,
    firsts_of_months,
    in_order,
    places_of,
    visible,
)
from toolkit.market.readers.price_columns import PriceColumns, read_columns
from toolkit.market.readers.price_shapes import UPPER_END, PriceColumn, down, middle, no_column, wide_prices
from toolkit.market.readers.price_titles import stated_above, with_date
from toolkit.market.readers.tabular import Source, Table

_FACTOR = r"^\s*(1|10|100|1000)\s*(\p{L}.*)$"


@dataclass(frozen=True, eq=False)  # frames have no truth value, so files are compared by identity; no slots: rows are made once
class PriceFile:
    """Prices as a file gives them.

    Attributes:
        prices: The columns of `core.frames.Prices`, sorted by (asset, date); of a wide table without faults the series.
        quotes: Rows of the same columns on a basis of `OF_DEALERS`, which are in no series.
        name: File name as shown.
        shape: ``wide`` (one column an asset), ``long`` (one row a price), ``ohlc`` (fields of a day's trading), or
            ``several`` files.
        notes: Months that have not ended, rows published later; one message each.
        reading: How the file was read (what is the price, what was left out), which holds for any part of its rows.
        assumed: Messages of `reading` on prices that name no currency.
        places: Asset -> ISO-3 code of the country in which its prices are paid, where the file says so.
        unstated: Assets of files in which some price names no currency.
        least: Asset -> least quantity that its newest price is for, in kg, or in units where that is of one.
    """

    prices: pl.DataFrame | PriceSeries
    quotes: pl.DataFrame
    name: str
    shape: Literal["wide", "long", "ohlc", "several"]
    notes: tuple[str, ...]
    reading: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    unstated: frozenset[str] = frozenset()
    least: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def frame(self) -> pl.DataFrame:
        """The columns of `core.frames.Prices`, sorted by (asset, date)."""
        return self.prices.frame(self.name) if isinstance(self.prices, PriceSeries) else self.prices

    @property
    def assets(self) -> Collection[str]:
        """Keys of all prices."""
        return self.prices.assets if isinstance(self.prices, PriceSeries) else {*self.frame["asset"].unique()}


def read_prices(
    path: Source | Table | PriceColumns,
    *,
    default_currency: str = "USD",
    today: date,
    as_of: date | None = None,
    accept: Collection[str] = (),
    key: Key = None,
    several: bool = False,
) -> PriceFile:
    """Read a price file; its header decides its shape.

    Where the file has no column: `currency` is `default_currency`, `unit` is ``unit`` (the caller knows which assets are
    products quoted per kg), `basis` is ``as_given``, `source` is the file name, `known_from` is the date itself.

    A month (``2026-05``) is dated at its last day. The month that has not ended on `today` is accepted and dated `today`,
    with a note. Later months are refused.

    An empty cell of a wide file is missing. A long row exists to give a price, so one without a price is refused.
    A `known_from` later than `today` is kept: such rows stay invisible to `Market.until` until that day.

    Args:
        path: CSV or Parquet file, ``-`` for standard input, or cells (`toolkit.market.readers.tabular.table_of`).
        default_currency: Of prices that name none, in any spelling of `core.currencies`.
        today: No price may have a later date.
        as_of: Day of the question: jumps after it, or known later, are not checked. `today` by default.
        accept: Assets whose jumps by `JUMP` are meant, or `JUMPS` for those of all assets.
        key: Name in the file -> asset that it means, None for one of the file's own; of a quotation file, tickers stay. By
            default every name is its asset.
        several: Whether jumps are checked later, when the file is joined with others.

    Raises:
        SpecError: if `default_currency` is no currency.
        DataError: for a file or a header that cannot be used.
        FrameError: for faulty rows; rule, count and first rows (header = row 1) are in `details`.
    """
    code = currency_of(default_currency)
    if code is None:
        raise SpecError("{name!r:s} is no currency.", hint=currency_hint(default_currency), name=default_currency)
    found = path if isinstance(path, PriceColumns) else read_columns(path, key=key)
    if found.questions:
        raise Unconfirmed(found)
    every, name = found.layout.every, found.table.name
    default_currency = every.get("currency", code)
    late = expired(found.table, today)
    table = replace(found.table, cells=found.table.cells.drop("valid_until", strict=False))
    table, reading = with_date(table)
    running = running_months(table, "date", today)
    table = replace(table, cells=table.cells.with_columns(_dates(table, today)))
    prices, above = found.prices, None if "currency" in table.columns else stated_above(table)
    if above and not all(one.currency for one in prices):
        money, unit = above[0].currency or "", "" if "unit" in table.columns else above[0].unit or ""
        prices = tuple(one if one.currency else replace(one, currency=money, unit=one.unit or unit) for one in prices)
        reading += above[1:]
    if found.shape == "wide" and (file := _by_column(found, table, prices, default_currency, key, as_of or today)):
        notes = (*_notes(running, 0, today), *late)
        return replace(file, notes=notes, reading=(*table.notes, *found.notes, *reading, *file.reading))
    table, told = down(_with_least(table, prices), prices)
    rows, more, assumed = _rows(table, default_currency, key)
    if found.shape == "ohlc":
        close = message("{file} is read as quotations of {assets}: the close is the price.", file=name, assets=_keys(rows))
        if any(one.kind == "adjusted" for one in prices):
            close = message(
                "{file} is read as quotations of {assets}: the adjusted close is the price.", file=name, assets=_keys(rows)
            )
        more = (close, *more)
    reading = (*found.notes, *reading, *told, *more)
    assumed = () if "currency" in every else assumed
    rows = _of_one(rows.with_columns(pl.col("unit").replace("unit", every["unit"])) if "unit" in every else rows)
    for column in ("asset", "unit", "basis", "source"):
        is_one = column != "asset" and rows.select(pl.col(column).n_unique()).item() == 1
        check_names(name, rows.select("row", value=column).head(1 if is_one else rows.height))
    priced = _keys(rows)
    check_size(name, columns=len(priced))
    rows, keys = _keyed(name, rows, priced, key, ticker=found.shape == "ohlc")
    rows = rows if in_order(rows, ("asset", "date", "row")) else rows.sort("asset", "date", "row")
    reading = (*table.notes, *reading, *_left_out(prices, priced), *assumed, *keys, *firsts_of_months(name, rows["date"]))
    later = rows.filter(pl.col("known_from") > today).height
    notes = (*_notes(running, later, today), *late)
    of_dealer = pl.col("basis").is_in(OF_DEALERS)
    places, unstated = places_of(name, rows), frozenset(_keys(rows) if assumed else ())
    rows, quotes = rows.filter(~of_dealer), rows.filter(of_dealer)
    for part in (rows, *quotes.partition_by("basis")):
        check_rows(name, part)
    frame = rows.select(Prices.column_names())
    if not several:
        check_series(visible(rows, as_of or today), accept, file=name)
    quotes, least = quotes.select(frame.columns), _least(pl.concat([rows, quotes]), found.layout, name)
    return PriceFile(frame, quotes, name, found.shape, notes, reading, assumed, places, unstated, least)


def _by_column(
    found: PriceColumns, table: Table, columns: Sequence[PriceColumn], currency: str, key: Key, as_of: date
) -> PriceFile | None:
    """The prices of a wide table of which none breaks a rule; None for any other.

    Args:
        found: How its columns are read.
        table: With its days as dates.
        columns: Of prices.
        currency: Code of that of prices that name none.
        key: As of `read_prices`, like `as_of`.
        as_of: Day of the question.
    """
    every, name = found.layout.every, table.name
    if (wide := wide_prices(table, columns, currency, every.get("unit", cells.PIECE), as_of)) is None:
        return None
    names, quotations, dates, values = wide
    check_size(name, columns=len(names))
    per_piece = {one for one, quoted in zip(names, quotations, strict=True) if quoted.unit == cells.PIECE}
    means, notes = _meanings(name, names, per_piece, key, ticker=False)
    keys = [means.get(one, one) for one in names]
    if len({*keys}) < len(keys):  # two names are of one asset
        return None
    order = sorted(range(len(keys)), key=keys.__getitem__)
    values = values if order == [*range(len(keys))] else values[:, order]
    series = PriceSeries.of_columns(values, dates, {keys[i]: quotations[i][:2] for i in order}, AS_GIVEN)
    is_stated = "currency" in every or all(quoted.is_stated for quoted in quotations)
    assumed = () if is_stated else (_silent(name, currency),)
    reading = (*_left_out(columns, names), *assumed, *notes, *firsts_of_months(name, dates))
    unstated = frozenset(series.assets if assumed else ())
    return PriceFile(series, Prices.create_empty(), name, "wide", (), reading, assumed, unstated=unstated)


def _keyed(
    file: str, rows: pl.DataFrame, names: Sequence[str], key: Key, *, ticker: bool
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Rows with the keys of known assets, and the notes of `_meanings`.

    Raises:
        DataError: for a name of two meanings.
        FrameError: for a series in two kinds, and for two names of an asset with different prices on a day; equal ones
            are kept once.
    """
    per_piece = {*names} - {*_keys(rows.filter(pl.col("unit") != cells.PIECE))}
    means, notes = _meanings(file, names, per_piece, key, ticker=ticker)
    if ticker:
        return rows, notes
    named = rows.with_columns(name="asset", asset=pl.col("asset").replace(means)) if means else rows
    check_kinds(file, named)
    if means and named["asset"].n_unique() < named["name"].n_unique():
        kind = pl.when(pl.col("basis").is_in(OF_DEALERS)).then(pl.col("basis")).otherwise(pl.lit("")).alias("kind")
        day = ["asset", "date", kind]
        unlike = (pl.col("name").n_unique().over(day) > 1) & (pl.col("price").n_unique().over(day) > 1)
        both = pl.col("name").unique().sort().str.join(", ").over("asset")
        raise_row_errors(
            file,
            named.with_columns(value=both).filter(unlike).select("row", "value", what="asset"),
            fault="names of one metal with different prices on a day",
            hint="Keep one of them, or give the other a name that is not the metal's.",
            rule="two_names",
        )
        named = named.filter(pl.col("name") == pl.col("name").first().over(day))
    return named, notes


def _meanings(
    file: str, names: Sequence[str], per_piece: Collection[str], key: Key, *, ticker: bool
) -> tuple[dict[str, str], tuple[Message, ...]]:
    """Names that mean another asset -> it, and notes on them and on tickers that read like one.

    Args:
        file: As shown.
        names: Of series.
        per_piece: Those whose prices are of no mass.
        key: As of `read_prices`.
        ticker: Whether names are tickers.

    Raises:
        DataError: for a name of two meanings.
    """
    means: dict[str, str] = {}
    for name in names:
        try:
            asset = key(name) if key else None
        except DataError as error:
            if ticker:
                continue
            fault = message("{file:s}: {fault}", file=file, fault=error.message)
            raise DataError(fault, hint=error.hint, details={"file": file, "asset": name}) from None
        if asset and asset != name:
            means[name] = asset
    # In small letters it is the metal.
    shares = [*means] if ticker else tickers_among(per_piece, [name for name in means if name in per_piece and name.isupper()])
    notes = [message("{ticker} is taken as a listed instrument, not as {asset}.", ticker=a, asset=means.pop(a)) for a in shares]
    told = [f"{name} = {asset}" for name, asset in means.items() if name.lower() != asset]
    notes += [message("Names of {file}: {names}.", file=file, names=told)] if told else []
    return means, tuple(notes)


def _keys(rows: pl.DataFrame) -> list[str]:
    return distinct(rows, "asset").sort().to_list()


def _rows(table: Table, currency: str, key: Key) -> tuple[pl.DataFrame, tuple[Message, ...], tuple[Message, ...]]:
    """Prices with their row numbers in the file, notes on how numbers were read, and that no currency is named."""
    table = _names_apart(_goods_named(table, key))
    if "asset" not in table.columns:
        raise no_column(table, "asset")
    if table.cells.is_empty():
        raise DataError("{file:s} holds no price of today.", hint="Fill in prices.", file=table.name)
    required_cells(table, "asset")
    assets, dates = texts(table, "asset"), table.cells["date"]
    columns = [name for name in ("price", UPPER_END, "quantity") if name in table.columns]
    read = amounts(table, columns, money=("price", UPPER_END), what=assets)
    values = read.values
    price = middle(table, values["price"], values[UPPER_END]) if UPPER_END in values.columns else values["price"]
    required_cells(table, "price", what=assets)
    named = texts(table, "currency")
    if read.currency:
        means = {text: currency_of(text) for text in named.unique().drop_nulls()}
        other = named.replace_strict(means, default=None, return_dtype=pl.String) != read.currency
        two = pl.DataFrame({"row": table.rows, "what": assets, "value": named}).filter(other)
        fault = message("a price in another currency than its row names")
        raise_row_errors(table.name, two, rule="one_currency", fault=fault, hint="Keep one of them.")
        named = named.fill_null(read.currency)
    rows = pl.DataFrame({"row": table.rows, "date": dates, "asset": assets, "price": price, "currency": named}).with_columns(
        pl.col("currency").fill_null(currency),
        unit=_said(table, "unit", "unit"),
        quantity=values["quantity"] if "quantity" in values.columns else pl.lit(None, pl.Float64),
        basis=_said(table, "basis", AS_GIVEN),
        place=_said(table, "place"),
        terms=_said(table, "terms").str.to_lowercase(),
        least=_said(table, "least"),
        source=_said(table, "source", table.name),
        known_from=days(table, "known_from").fill_null(dates) if "known_from" in table.columns else dates,
    )
    negative = rows.filter(pl.col("quantity") < 0).select("row", what="asset", value=pl.col("quantity").cast(pl.String))
    raise_row_errors(table.name, negative, fault="negative quantity", hint="Give kg, or leave the cell empty.", rule="quantity")
    codes = {text: currency_of(text) for text in distinct(rows, "currency")}
    odd = [text for text, code in codes.items() if code is None]
    if odd:
        wrong = rows.filter(pl.col("currency").is_in(odd)).select("row", what="asset", value="currency")
        hint = together(*dict.fromkeys(currency_hint(text) for text in sorted(odd)[:3]))
        raise_row_errors(table.name, wrong, fault="not a currency code", hint=hint, rule="currency")
    if any(code != text for text, code in codes.items()):
        rows = rows.with_columns(pl.col("currency").replace(codes))
    return rows, read.notes, (_silent(table.name, currency),) if named.null_count() else ()


def _of_one(rows: pl.DataFrame) -> pl.DataFrame:
    """Prices of one unit where they are of several, by its sign: 265 per ``100 g`` are 2.65 per ``g``, and ``mt`` is ``t``.

    Args:
        rows: With `price` and `unit`.
    """
    units = rows.select(pl.col("unit").unique()).to_series()  # a column of one constant is not written out
    spelled = {text: found for text in units if (found := cells.UNITS.get(text.casefold())) in MASSES and found != text}
    rows = rows.with_columns(pl.col("unit").replace(spelled)) if spelled else rows
    if not units.str.contains(_FACTOR).any():
        return rows
    parts = pl.col("unit").str.extract_groups(_FACTOR).struct
    count = parts.field("1").cast(pl.Float64).fill_null(1.0)
    return rows.with_columns(price=pl.col("price") / count, unit=pl.coalesce(parts.field("2"), "unit"))


def _silent(file: str, currency: str) -> Message:
    return message(
        "{file} names no currency of its prices: taken as {currency} (--prices-currency).", file=file, currency=currency
    )


def _left_out(columns: Sequence[PriceColumn], priced: Collection[str]) -> Iterator[Message]:
    empty = sorted({one.asset for one in columns if one.asset} - {*priced})
    return (message("{name!r} has no prices and is left out.", name=one) for one in empty)


def _with_least(table: Table, prices: Sequence[PriceColumn]) -> Table:
    """The table with the least quantity that the header of its one column of prices names: of ``ab 10 kg`` the ``10 kg``."""
    found = cells.amount(prices[0].header) if len(prices) == 1 and "least" not in table.columns else None
    if found is None or key_of(f"{found.before} {found.after}") != "least":
        return table
    return replace(table, cells=table.cells.with_columns(least=pl.lit(f"{found.digits} {found.after}")))


def _least(rows: pl.DataFrame, layout: Layout, file: str) -> dict[str, float]:
    """Asset -> least quantity that its newest price is for; of a number without a unit in that of the header, or of the price.

    Args:
        rows: With their names and keys of assets.
        layout: Of the file.
        file: Name as shown.

    Raises:
        FrameError: for a text without a number.
    """
    header = next((header for header, one in layout.columns.items() if one.reads == "least"), "")
    of_header = next((cells.UNITS[word] for word in fold(header).split() if word in cells.UNITS), None)
    newest = rows.sort("date").group_by("asset", maintain_order=True).last().drop_nulls("least")
    read = {text: found for text in newest["least"] if (found := cells.amount(text)) is not None}
    odd = newest.filter(~pl.col("least").is_in([*read]))
    hint = message("Write the least quantity as 25 kg, or leave the cell empty.")
    raise_row_errors(file, odd.select("row", what="asset", value="least"), rule="least", fault="no least quantity", hint=hint)
    found = {}
    for asset, text, of_price in newest.select("asset", "least", "unit").iter_rows():
        amount = read[text]
        unit = cells.unit_in(amount.after) or of_header or of_price
        found[asset] = max(amount.readings.values()) * KG_PER_UNIT.get(unit, 1.0)
    return found


def _said(table: Table, column: str, default: str | None = None) -> pl.Expr:
    """The texts of a column; where there is none, one constant for all rows, which is not written out for each."""
    return pl.lit(texts(table, column, default=default)) if column in table.columns else pl.lit(default, pl.String)


def _goods_named(table: Table, key: Key) -> Table:
    """The table with assets that say what its columns `form` and `purity` say of them: ``gallium`` of 7N is ``gallium 7N``."""
    if "asset" not in table.columns or not {"form", "purity"} & {*table.columns}:
        return table
    given = texts(table, "asset")
    known = {name for name in given.unique().drop_nulls() if is_known(name, key)}
    goods = pl.DataFrame({"asset": given, "form": texts(table, "form"), "purity": texts(table, "purity")})
    named: dict[tuple[str | None, ...], str | None] = {}
    for asset, *beside in goods.unique(maintain_order=True).rows():
        name = asset
        for cell in beside if asset in known else ():
            name = name if not cell or fold(cell) in fold(name) else f"{name} {cell.strip()}"
        named[(asset, *beside)] = name
    names = pl.Series("asset", [named[row] for row in goods.iter_rows()], dtype=pl.String)
    return replace(table, cells=table.cells.drop("form", "purity", strict=False).with_columns(names))


def _names_apart(table: Table) -> Table:
    """The table with what its names (``Gallium, in-whs Rotterdam, $/kg``) and its units (``USD/lb``) state in their columns.

    Raises:
        FrameError: for a row that says another currency or unit than its name or its unit.
    """
    for column, prefix in (("unit", "x "), ("asset", "")):
        if column not in table.columns:
            continue
        given = texts(table, column)
        said = {
            text: stated_in(f"{prefix}{text}") for text in distinct(table.cells.select(given.alias("of")), "of").drop_nulls()
        }
        said = {text: one for text, one in said.items() if one.name and one.currency and (one.per_unit or column == "unit")}
        if column == "unit":  # a mtu, and a kg of contained metal as in ``USD/kg V``, are units of their own
            said = {
                text: one if one.per_unit and is_harmless(one.name.removeprefix("x"), "untaxed") else replace(one, unit=text)
                for text, one in said.items()
            }
        if not said:
            continue
        columns = {}
        for name in ("currency", "unit"):
            stated = given.replace_strict(
                {text: getattr(one, name) for text, one in said.items()}, default=None, return_dtype=pl.String
            )
            own = texts(table, name) if name != column else stated.clear().extend_constant(None, len(given))
            rows = pl.DataFrame({"row": table.rows, "what": given, "value": own})
            meaning = currency_of if name == "currency" else lambda text: cells.UNITS.get(text.casefold())
            means = {text: meaning(text) for text in {*own, *stated} - {None}}
            differs = own.replace_strict(means, default=None, return_dtype=pl.String) != stated.replace(means)
            fault, hint = message("another {column:s} than its name states", column=name), message("Keep one of them.")
            raise_row_errors(table.name, rows.filter(differs), rule="one_unit", fault=fault, hint=hint)
            columns[name] = pl.select(pl.coalesce(own, stated, given if name == column else own)).to_series()
        if column == "asset":
            columns["asset"] = given.replace({text: one.name for text, one in said.items()})
        table = replace(table, cells=table.cells.with_columns(**columns))
    return table


def _dates(table: Table, today: date) -> pl.Series:
    """The column `date`."""
    required_cells(table, "date")
    dates = days(table, "date", month_until=today)
    _check_past(table.name, pl.DataFrame({"row": table.rows, "value": dates}), today)
    return dates


def _check_past(file: str, dates: pl.DataFrame, today: date) -> None:
    """`FrameError` for days, the `value` of rows, that are to come."""
    raise_row_errors(
        file,
        dates.filter(pl.col("value") > today).with_columns(pl.col("value").cast(pl.String)),
        rule="future",
        fault=message("a date after today ({day})", day=today),
        hint=message("A price cannot be known before its day: correct the date or leave the row out."),
    )


def _notes(running: pl.Series, later: int, today: date) -> Iterator[Message]:
    if len(running):
        yield message(
            "{month:%Y-%m} is still running: its prices (first in row {row:d}) are dated {day:%Y-%m-%d}.",
            month=today,
            day=today,
            row=running[0],
        )
    if later:
        yield message("Rows published after {today:%Y-%m-%d} and so not visible yet: {count}.", today=today, count=later)
