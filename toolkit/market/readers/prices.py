"""A price file of the user: long, wide or of quotations, read strictly into the columns of `core.frames.Prices`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Literal

import polars as pl

from toolkit.core.currencies import currency as currency_of
from toolkit.core.currencies import currency_hint
from toolkit.core.errors import DataError, SpecError
from toolkit.core.frames import Prices
from toolkit.core.messages import Message, message, named, together
from toolkit.market.layouts.unconfirmed import Unconfirmed
from toolkit.market.readers.columns import (
    amounts,
    check_columns,
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
    currencies,
    expired,
    firsts_of_months,
    in_order,
    places_of,
    visible,
)
from toolkit.market.readers.price_columns import PriceColumns, read_columns
from toolkit.market.readers.price_layouts import (
    UPPER_END,
    Quotation,
    middle,
    names_apart,
    quotation,
    shares_among,
    with_ends_apart,
    with_goods_named,
    with_kinds_apart,
    without_sums,
)
from toolkit.market.readers.price_units import (
    MISSING,
    Above,
    Stated,
    key_of,
    no_date,
    of_one,
    of_two_sides,
    stated_above,
    units_apart,
    with_date,
    without_units,
)
from toolkit.market.readers.tabular import Source, Table

REQUIRED = ("date", "asset", "price")
OPTIONAL = ("place", "currency", "unit", "quantity", "basis", "source", "known_from")
_OF_ROWS = ("unit", "currency", "quantity", "form", "purity", "place", "side", "basis", "known_from")
_OF_NONE = ("price", "bid", "ask", "low", "high", "open", "close", "adjusted")
Rows = tuple[pl.DataFrame, tuple[str, ...], tuple[str, ...]]
"""Prices of a file, how they were read, and that their currency is the default where none is named."""


@dataclass(frozen=True, slots=True, eq=False)  # frames have no truth value, so files are compared by identity
class PriceFile:
    """Prices as a file gives them.

    Attributes:
        frame: The columns of `core.frames.Prices`, sorted by (asset, date).
        quotes: The same of rows on a basis of `OF_DEALERS`, which are in no series.
        name: File name as shown.
        shape: ``wide`` (one column an asset), ``long`` (one row a price), ``quotation`` (fields of a day's trading), or
            ``several`` files.
        notes: Months that have not ended, rows published later; one message each.
        reading: How the file was read (what is the price, what was left out), which holds for any part of its rows.
        assumed: Messages of `reading` on prices that name no currency.
        places: Asset -> ISO-3 code of the country in which its prices are paid, where the file says so.
        unstated: Assets of files in which some price names no currency.
    """

    frame: pl.DataFrame
    quotes: pl.DataFrame
    name: str
    shape: Literal["wide", "long", "quotation", "several"]
    notes: tuple[str, ...]
    reading: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    unstated: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)  # frames have no truth value
class Indices:
    """Prices that are numbers already, of which nothing is read: indices made from returns.

    Attributes:
        name: By which faults call them.
        frame: A column `date` of days, and one of numbers an asset, null where there is none.
    """

    name: str
    frame: pl.DataFrame


def priced(
    indices: Indices,
    *,
    default_currency: str,
    today: date,
    as_of: date | None = None,
    accept: Collection[str] = (),
    key: Callable[[str], str | None] | None = None,
) -> PriceFile:
    """Indices under the rules of a wide price file, of which each name is that of an asset.

    Args:
        indices: Numbers, each asset's own.
        default_currency: Their currency; this and what follows as of `read_prices`, like errors.
        today: No index may have a later date.
        as_of: Day of the question.
        accept: Assets whose jumps are meant.
        key: Name -> asset that it means.
    """
    wide = indices.frame.with_row_index("row", offset=1).with_columns(pl.col("row").cast(pl.Int64))
    names = sorted(wide.columns[2:])  # the order of rows below, which then need no sorting
    rows = wide.unpivot(names, index=["row", "date"], variable_name="asset", value_name="price").drop_nulls("price")
    rows = _with_defaults(rows, indices.name, default_currency)
    check_names(indices.name, pl.DataFrame({"row": 1, "value": wide.columns[2:]}))
    found, keys = _keyed(indices.name, rows, key, ticker=False)
    _check_past(indices.name, wide.select("row", value="date"), today)
    rows = rows if found is rows and wide["date"].is_sorted() else found.sort("asset", "date", "row")
    check_rows(indices.name, rows)
    check_series(visible(rows, as_of or today), accept, file=indices.name)
    frame = rows.select(Prices.column_names())
    return PriceFile(frame, frame.clear(), indices.name, "wide", (), (*firsts_of_months(indices.name, wide["date"]), *keys))


def read_prices(
    path: Source | Table | PriceColumns,
    *,
    default_currency: str = "USD",
    today: date,
    as_of: date | None = None,
    accept: Collection[str] = (),
    key: Callable[[str], str | None] | None = None,
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
    default_currency = code
    found = path if isinstance(path, PriceColumns) else read_columns(path, key=key)
    if found.questions:
        raise Unconfirmed(found)
    table = found.table
    default_currency = found.layout.every.get("currency", default_currency)
    late = expired(table, today)
    table = replace(table, cells=table.cells.drop("valid_until", strict=False))
    shape: Literal["wide", "long", "quotation"] = "quotation" if found.shape == "ohlc" else found.shape
    if found.shape == "ohlc":
        rows, reading, assumed = _quoted(table, quotation(table), default_currency, today)
        reading = (*found.notes, *reading)
    else:
        table, sums = without_sums(table)
        table, stated = without_units(table)
        table, unquoted = of_two_sides(table, stated)
        table, dated = with_date(table)
        table, stated, middle = with_kinds_apart(table, stated, key)
        table, stated, ends = with_ends_apart(table, stated)
        above = stated_above(table)
        shape = "long" if {"asset", "price"} & {*table.columns} else "wide"
        read = partial(_long, key=key) if shape == "long" else partial(_wide, tickers=found.tickers)
        rows, reading, assumed = read(table, default_currency, today, stated, above)
        reading = (*found.notes, *sums, *dated, *unquoted, *middle, *ends, *reading)
    if "currency" in found.layout.every:
        assumed = ()
    if "unit" in found.layout.every:
        rows = rows.with_columns(pl.col("unit").replace("unit", found.layout.every["unit"]))
    rows = of_one(rows)
    for column in ("asset", "unit", "basis", "source"):
        check_names(table.name, rows.select("row", value=column))
    priced = {*_keys(rows)}
    check_size(table.name, columns=len(priced))
    rows, keys = _keyed(table.name, rows, key, ticker=shape == "quotation")
    rows = rows if in_order(rows, ("asset", "date", "row")) else rows.sort("asset", "date", "row")
    empty = [name for name in table.columns if shape == "wide" and name not in {"date", *priced}]
    left = (message("{name!r} has no prices and is left out.", name=name) for name in empty)
    reading = (*table.notes, *reading, *left, *assumed, *keys, *firsts_of_months(table.name, rows["date"]))
    notes = (*_notes(table, rows, today), *late)
    of_dealer = pl.col("basis").is_in(OF_DEALERS)
    places, unstated = places_of(table.name, rows), frozenset(_keys(rows) if assumed else ())
    rows, quotes = rows.filter(~of_dealer), rows.filter(of_dealer)
    for part in (rows, *quotes.partition_by("basis")):
        check_rows(table.name, part)
    frame = rows.select(Prices.column_names())
    if not several:
        check_series(visible(rows, as_of or today), accept, file=table.name)
    return PriceFile(frame, quotes.select(frame.columns), table.name, shape, notes, reading, assumed, places, unstated)


def _quoted(table: Table, quoted: Quotation, currency: str, today: date) -> Rows:
    """The closes of a quotation file, and a note on what was taken for the price."""
    fields = list(quoted.fields)
    dates = _dates(table, today, column=quoted.date)
    read = amounts(table, fields, money=False, missing=MISSING)
    closes = read.values
    parts = []
    for asset, column in quoted.prices.items():
        if asset is None and quoted.ticker is not None:
            required_cells(table, quoted.ticker)
        names = texts(table, quoted.ticker or "") if asset is None else pl.repeat(asset, len(dates), eager=True)
        parts.append(pl.DataFrame({"row": table.rows, "date": dates, "asset": names, "price": closes[column]}))
    rows = _with_defaults(pl.concat(parts).drop_nulls("price"), table.name, currency)
    sentence = (
        message(
            "{file} is read as quotations of {assets}: the adjusted close is the price.", file=table.name, assets=_keys(rows)
        )
        if quoted.adjusted
        else message("{file} is read as quotations of {assets}: the close is the price.", file=table.name, assets=_keys(rows))
    )
    return rows, (sentence, *read.notes), _in_default(table, currency)


def _keyed(
    file: str, rows: pl.DataFrame, key: Callable[[str], str | None] | None, *, ticker: bool
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Rows with the keys of known assets; notes on names that mean one, and on tickers that read like one.

    Raises:
        DataError: for a name of two meanings.
        FrameError: for a series in two kinds, and for two names of an asset with different prices on a day; equal ones
            are kept once.
    """
    means: dict[str, str] = {}
    for name in _keys(rows):
        try:
            asset = key(name) if key else None
        except DataError as error:
            if ticker:
                continue
            fault = message("{file:s}: {fault}", file=file, fault=error.message)
            raise DataError(fault, hint=error.hint, details={"file": file, "asset": name}) from None
        if asset and asset != name:
            means[name] = asset
    per_mass = rows.filter(pl.col("unit") != "unit")
    shares = [*means] if ticker else shares_among([*{*_keys(rows)} - {*_keys(per_mass)}], means)
    notes = [message("{ticker} is taken as a listed instrument, not as {asset}.", ticker=a, asset=means.pop(a)) for a in shares]
    if ticker:
        return rows, tuple(notes)
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
    told = [f"{name} = {asset}" for name, asset in means.items() if name.lower() != asset]
    notes += [message("Names of {file}: {names}.", file=file, names=told)] if told else []
    return named, tuple(notes)


def _keys(rows: pl.DataFrame) -> list[str]:
    return distinct(rows, "asset").sort().to_list()


def _with_defaults(rows: pl.DataFrame, file: str, currency: str) -> pl.DataFrame:
    """Rows of `row`, `date`, `asset`, `price` with the columns that the file does not have.

    Raises:
        DataError: for no row at all.
    """
    if rows.is_empty():
        raise DataError("{file:s} holds no price: every cell is empty.", hint="Fill in prices.", file=file)
    return rows.with_columns(
        currency=pl.lit(currency),
        unit=pl.lit("unit"),
        quantity=pl.lit(None, dtype=pl.Float64),
        basis=pl.lit(AS_GIVEN),
        source=pl.lit(file),
        known_from=pl.col("date"),
    )


def _wide(table: Table, currency: str, today: date, stated: Stated, above: Above | None, tickers: Collection[str] = ()) -> Rows:
    """One row a price, with its row number in the file, and how it was read; empty cells are missing."""
    assets = tuple(name for name in table.columns if name != "date")
    if "date" not in table.columns:
        raise no_date(table)
    misplaced = tuple(name for name in assets if name not in tickers and key_of(name) in _OF_ROWS)
    if misplaced:
        hint = message("Use date,asset,price and optional columns, or date and one column an asset.")
        raise table.header_error(
            "{name!r:s} belongs to the long shape, but no 'asset' and 'price' do.", hint, name=misplaced[0]
        )
    if not assets:
        raise table.header_error("there is no asset column.", "Add one column of prices an asset.")
    if of_none := next((n for n in assets if n not in tickers and key_of(n) in _OF_NONE), None):
        hint = message("Name it for what it is a price of, as 'Gallium EUR/kg', or add a column 'Metall'.")
        raise table.header_error("column {name!r:s} does not say of what it is the price.", hint, name=of_none)
    dates = _dates(table, today)
    read = amounts(table, assets, money=True, missing=MISSING)
    assets = tuple(sorted(assets))
    prices, signs = read.values[list(assets)].unpivot(variable_name="asset", value_name="price"), read.currencies
    rows = prices.with_columns(row=pl.concat([table.rows] * len(assets)), date=pl.concat([dates] * len(assets)))
    found = {code for name in assets if signs[name].null_count() < signs.height for code in signs[name].unique().drop_nulls()}
    if found:
        rows = rows.with_columns(pl.concat([signs[name].alias("sign") for name in assets]))
        other = rows.filter(pl.col("price").is_not_null() & (pl.col("sign").is_null() | (pl.col("sign") != min(found))))
        hint = message("Give every price of a wide file the same currency, or name it with --prices-currency alone.")
        odd = other.select("row", what="asset", value=pl.col("price").cast(pl.String))
        fault = message("a price that is not in {currency:s} as others of the file", currency=min(found))
        raise_row_errors(table.name, odd, rule="one_currency", fault=fault, hint=hint)
    rows = rows.select("row", "date", "asset", "price").drop_nulls("price")
    rows = _with_defaults(rows, table.name, *(found or {currency}))
    told: tuple[str, ...] = ()
    if tickers:
        told = (message("{file}: {names} are tickers, as the other columns are.", file=table.name, names=named(tickers)),)
    if above and not stated and found <= {above.currency}:
        rows = rows.with_columns(currency=pl.lit(above.currency), unit=pl.lit(above.unit or "unit"))
        found, told = {above.currency}, (*told, above.note)
    if stated:
        codes, units = ({name: pair[i] for name, pair in stated.items()} for i in (0, 1))
        rows = rows.with_columns(
            currency=pl.col("asset").replace_strict(codes, default=pl.col("currency")),
            unit=pl.col("asset").replace_strict(units, default=pl.col("unit")),
        )
    silent = () if found or {*assets} <= {*stated} else _in_default(table, currency)
    return rows, (*told, *read.notes), silent


def _in_default(table: Table, currency: str) -> tuple[str, ...]:
    return (
        message(
            "{file} names no currency of its prices: taken as {currency} (--prices-currency).",
            file=table.name,
            currency=currency,
        ),
    )


def _long(
    table: Table,
    currency: str,
    today: date,
    stated: Stated,
    above: Above | None,
    key: Callable[[str], str | None] | None = None,
) -> Rows:
    """One row a price, with its row number in the file, and how it was read."""
    header = stated.get("price")
    by_title: tuple[Message, ...] = ()
    if not (header and header[0]) and above and "currency" not in table.columns:
        header, by_title = (above.currency, header[1] if header else above.unit), (above.note,)
    if header is not None:
        constant = {name: pl.lit(text) for name, text in zip(("currency", "unit"), header, strict=True) if text}
        extra = {name: text for name, text in constant.items() if name not in table.columns}
        table = replace(table, cells=table.cells.with_columns(**extra))
    table = names_apart(units_apart(with_goods_named(table, key)))
    check_columns(replace(table, cells=table.cells.drop(UPPER_END, strict=False)), required=REQUIRED, optional=OPTIONAL)
    assets = texts(table, "asset")
    required_cells(table, "asset")
    dates = _dates(table, today)
    columns = [name for name in ("price", UPPER_END, "quantity") if name in table.columns]
    read = amounts(table, columns, money=True)
    values, signs = read.values, read.currencies
    price, sign = values["price"], signs["price"]
    if UPPER_END in values.columns:
        price, sign = middle(table, price, values[UPPER_END]), pl.select(pl.coalesce(sign, signs[UPPER_END])).to_series()
    if "quantity" in signs.columns:
        told = pl.DataFrame({"row": table.rows.filter(signs["quantity"].is_not_null())}).with_columns(what=pl.lit("quantity"))
        raise_row_errors(
            table.name, told, fault="a quantity in a currency", hint="Give kg, or leave the cell empty.", rule="number"
        )
    required_cells(table, "price", what=assets)
    rows = pl.DataFrame(
        {
            "row": table.rows,
            "date": dates,
            "asset": assets,
            "price": price,
            "currency": currencies(table, sign, assets, currency),
            "unit": texts(table, "unit", default="unit"),
            "quantity": values["quantity"]
            if "quantity" in values.columns
            else pl.Series([None] * values.height, dtype=pl.Float64),
            "basis": texts(table, "basis", default=AS_GIVEN),
            "place": texts(table, "place"),
            "source": texts(table, "source", default=table.name),
            "known_from": days(table, "known_from", local=True).fill_null(dates) if "known_from" in table.columns else dates,
        }
    )
    negative = rows.filter(pl.col("quantity") < 0).select("row", what="asset", value=pl.col("quantity").cast(pl.String))
    raise_row_errors(table.name, negative, fault="negative quantity", hint="Give kg, or leave the cell empty.", rule="quantity")
    codes = {text: currency_of(text) for text in rows["currency"].unique()}
    odd = [text for text, code in codes.items() if code is None]
    wrong = rows.filter(pl.col("currency").is_in(odd)).select("row", what="asset", value="currency")
    hint = together(*dict.fromkeys(currency_hint(text) for text in sorted(odd)[:3]))
    raise_row_errors(table.name, wrong, fault="not a currency code", hint=hint, rule="currency")
    rows = rows.with_columns(pl.col("currency").replace(codes))
    silent = table.cells["currency"].null_count() > 0 if "currency" in table.columns else True
    told = _in_default(table, currency) if silent and not sign.is_not_null().any() else ()
    return rows, (*by_title, *read.notes), told


def _dates(table: Table, today: date, *, column: str = "date") -> pl.Series:
    required_cells(table, column)
    dates = days(table, column, month_until=today, local=True)
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


def _notes(table: Table, rows: pl.DataFrame, today: date) -> Iterator[Message]:
    running = running_months(table, "date", today) if "date" in table.columns else table.rows.clear()
    if len(running):
        yield message(
            "{month:%Y-%m} is still running: its prices (first in row {row:d}) are dated {day:%Y-%m-%d}.",
            month=today,
            day=today,
            row=running[0],
        )
    if later := rows.filter(pl.col("known_from") > today).height:
        yield message("Rows published after {today:%Y-%m-%d} and so not visible yet: {count}.", today=today, count=later)
