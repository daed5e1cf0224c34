"""The shapes of price tables, each a small function: what they come to is a row for each price.

A row a price, or its bid and ask, or the ends of a range, of which the price is the middle; a column a series; metals in rows
and months across; and the fields of days of trading (Yahoo, yfinance, Stooq,
Investing), whose adjusted close is the price, else the close.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from operator import and_
from pathlib import PurePath
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from toolkit.core.currencies import MINOR_UNITS, currency_hint
from toolkit.core.currencies import currency as currency_of
from toolkit.core.errors import DataError
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import Message, first_names, message
from toolkit.market.layouts.headers import MASSES, Header, is_price, stated_in
from toolkit.market.layouts.prices import MONEY, key_of, side_in
from toolkit.market.layouts.texts import is_derived, says_none
from toolkit.market.price_series import days_of
from toolkit.market.readers import cells
from toolkit.market.readers.columns import IS_NO_NAME, alike
from toolkit.market.readers.faults import raise_row_errors
from toolkit.market.readers.price_checks import (
    DEALER_ASK,
    DEALER_BID,
    DEALER_BOTH,
    MOST_ASKED,
    OF_DEALERS,
    are_sound,
    may_be_returns,
)
from toolkit.market.readers.tabular import TITLES, Table

LOW, HIGH, MID = "low", "high", "mid"
UPPER_END = "upper end of a range"
"""Column of the upper end where `price` is the lower one."""
_SIDES = {"bid": DEALER_BID, "ask": DEALER_ASK}
_DOWNLOADED = ("historical data", "historische daten", "historical prices")
_ENDINGS = (".csv", ".txt", ".tsv", ".parquet", ".xlsx", ".xlsm")
_FEWEST = 3
"""Dates in a header from which they are its columns; beside a column of metals and none of prices one is enough."""


@dataclass(frozen=True, slots=True)
class PriceColumn:
    """A column of prices.

    Attributes:
        header: Its name in the table.
        asset: Of which they are; None where each row names it.
        kind: ``mid``, ``bid``, ``ask``, ``low`` and ``high`` of a range, or ``close`` and ``adjusted`` of days of trading.
        currency: Code that its header or its layout states; empty for none.
        unit: What a price is of, likewise.
    """

    header: str
    asset: str | None
    kind: str = MID
    currency: str = ""
    unit: str = ""


def check_sides(table: Table, names: Collection[str], is_asset: Callable[[str], bool]) -> None:
    """Check that no column of a wide file is a side, an end or the middle of the prices of a metal: ``Gallium Bid``.

    Args:
        table: The file.
        names: Of its series.
        is_asset: Whether a name is a metal's: one column of a metal is of its bid or ask as well.

    Raises:
        DataError: for such a column.
    """
    of_sides = {name: found[0] for name in names if (found := side_in(name))}
    several = Counter([*of_sides.values(), *names])
    for name, asset in of_sides.items():
        if several[asset] > 1 or (is_asset(asset) and not is_asset(name)):
            hint = message("Give a row for each metal and day: date, asset, and bid and ask, low and high, or price.")
            raise table.header_error("{name!r:s} is one of several prices of a metal.", hint, name=name)


def no_column(table: Table, key: str) -> DataError:
    """The error of a file with a row for each price of which a column is missing.

    Args:
        table: The file.
        key: Field of the column.
    """
    hint = message("The header needs {columns:s}.", columns="date, asset, price")
    return table.header_error("no column {columns}.", hint, details={"missing": [key]}, columns=repr(key))


def one_end(table: Table, name: str) -> DataError:
    """The error of one end of a range without the other.

    Args:
        table: The file.
        name: Header of the end.
    """
    hint = message("Bring both ends, or name the column as the metal if it is its price.")
    return table.header_error("{name!r:s} is one end of a range without the other.", hint, name=name)


def down(table: Table, columns: Sequence[PriceColumn]) -> tuple[Table, tuple[Message, ...]]:
    """A table with a row for each price of some columns: `asset`, `price`, and what its header states of it.

    Args:
        table: With its columns of prices; every other one is said of each price in its row.
        columns: Of prices.

    Returns:
        The table, and notes on ranges, and on prices that are not quoted.
    """
    of_header = dict(zip((one.header for one in columns), alike([table.cells[one.header] for one in columns]), strict=True))
    others = table.cells[[name for name in table.columns if name not in of_header]]
    if len(columns) > 1 and columns[0].asset is None:
        _check_priced(table, [*of_header])
    upper = next((of_header[one.header] for one in columns if one.kind == HIGH), None)
    groups: dict[tuple[str, str, str], list[PriceColumn]] = {}
    for one in sorted(columns, key=lambda one: one.asset or ""):  # rows below then need no sorting
        if one.kind != HIGH:
            groups.setdefault((one.kind, one.currency, one.unit), []).append(one)
    parts, rows = [], []
    for (kind, currency, unit), group in groups.items():
        prices = pl.concat([of_header[one.header].alias("price") for one in group])
        part = pl.concat([others] * len(group)).with_columns(prices)
        said = {"currency": currency, "unit": unit}
        part = part.with_columns(
            pl.coalesce(name, pl.lit(text)).alias(name) if name in part.columns else pl.lit(text).alias(name)
            for name, text in said.items() if text
        )  # fmt: skip
        if group[0].asset is not None:
            part = part.with_columns(_repeated("asset", [one.asset for one in group], table.cells.height))
        part = part.with_columns(basis=pl.lit(_SIDES[kind])) if kind in _SIDES else part
        part = part.with_columns(upper.alias(UPPER_END)) if kind == LOW and upper is not None else part
        kept = (
            part["price"].is_not_null()
            if len(columns) > 1 or group[0].asset
            else pl.repeat(value=True, n=part.height, eager=True)
        )
        parts.append(part.filter(kept))
        rows.append(pl.concat([table.rows] * len(group)).filter(kept))
    notes = ()
    if upper is not None:
        notes = (message("{file}: where a price is a range, its middle is taken.", file=table.name),)
    read, more = _quoted(replace(table, cells=pl.concat(parts, how="diagonal_relaxed"), rows=pl.concat(rows)))
    return read, tuple(dict.fromkeys((*notes, *more)))


class Quotation(NamedTuple):
    """Currency and unit of the prices of an asset, and whether they are stated."""

    currency: str
    unit: str
    is_stated: bool


Wide = tuple[list[str], list[Quotation], pl.Series, FloatArray]
"""Names of n columns, sorted, a quotation of each, T days, ascending, and prices (T, n), NaN where there is none."""


def wide_prices(table: Table, columns: Sequence[PriceColumn], currency: str, unit: str, as_of: date) -> Wide | None:
    """The prices of a wide table by column; None where one of them may break a rule, which its row then tells.

    Args:
        table: With a column `date` of days and the columns of prices.
        columns: Of prices.
        currency: Code of that of prices that name none.
        unit: What prices are of that state nothing.
        as_of: Day of the question.
    """
    of_name = {one.asset: one for one in columns if one.asset is not None and one.kind == MID}
    of_kind = {kind: _quotation(*kind, currency, unit) for kind in {(one.currency, one.unit) for one in columns}}
    quotations = {name: found for name, one in of_name.items() if (found := of_kind[one.currency, one.unit])}
    days = days_of(dates := table.cells["date"])
    order = np.argsort(days, kind="stable")
    if (
        {*table.columns} != {"date", *(one.header for one in columns)}
        or len(quotations) < len(columns)
        or any(map(_states_more, of_name))
        or pl.Series([*of_name, table.name]).to_frame("value").select(IS_NO_NAME.any()).item()
        or not np.diff(days[order]).all()
    ):
        return None
    names = sorted(of_name)
    if (values := _numbers(table, [of_name[name].header for name in names])) is None:
        return None
    if (order[1:] < order[:-1]).any():
        dates, values = dates[order], np.asfortranarray(values[order])
    if (unknown := np.isnan(values)).any():
        rows, priced = (np.flatnonzero(~unknown.all(axis=axis)) for axis in (1, 0))
        dates, names, values = dates[rows], [names[i] for i in priced], values[np.ix_(rows, priced)]
    if not names or not are_sound(values) or may_be_returns(values[: int((dates <= as_of).sum())]):
        return None
    return names, [quotations[name] for name in names], dates, values


def _states_more(name: str) -> bool:
    """Whether a name states currency and unit, which `toolkit.market.readers.prices` takes from it."""
    said = stated_in(name)
    return said.per_unit and bool(said.currency)


def _quotation(stated: str, per: str, currency: str, unit: str) -> Quotation | None:
    """Currency and unit that a column states, or those of others; None for no currency, and a unit that is no piece or mass."""
    code, per = currency_of(stated or currency), per or unit
    return Quotation(code, per, bool(stated)) if code and per in (*MASSES, cells.PIECE) else None


def _numbers(table: Table, headers: Sequence[str]) -> FloatArray | None:
    """The cells (T, n) of some columns, NaN where they are empty; None where one is no number."""
    given = table.cells[list(headers)]
    texts = [name for name, kind in given.schema.items() if kind == pl.String]
    if not all(kind.is_numeric() or kind in (pl.String, pl.Null) for kind in given.dtypes):
        return None
    if texts and (table.separator != "," or table.mark == ","):
        return None
    read = given.select(pl.all().cast(pl.Float64, strict=False))
    if texts and read[texts].null_count().row(0) != given[texts].null_count().row(0):
        return None
    missing, values = sum(read.null_count().row(0)), np.asarray(read.to_numpy(), order="F")
    return values if (np.isnan(values).sum() == missing if missing else not np.isnan(values.sum())) else None


def _repeated(name: str, values: Sequence[str | None], times: int) -> pl.Series:
    return pl.Series(name, values, dtype=pl.String).gather(np.repeat(np.arange(len(values)), times))


def _quoted(table: Table) -> tuple[Table, tuple[Message, ...]]:
    """A table of prices without rows that say that none is quoted, and a note on their words."""
    price = table.cells["price"]
    if price.dtype != pl.String:
        return table, ()
    no_number = price.cast(pl.Float64, strict=False).is_null() & price.is_not_null()
    none = [text for text in price.filter(no_number).unique(maintain_order=True) if says_none(text)]
    if not none:
        return table, ()
    gone, words = price.is_in(none).fill_null(value=False), [text for text in none if any(map(str.isalpha, text))]
    of_words = table.cells.filter(price.is_in(words).fill_null(value=False)).select("asset", "price")
    named = first_names([f"{asset} ({word})" for asset, word in of_words.unique(maintain_order=True).rows()])
    note = message("{file}: no price is quoted for {names}.", file=table.name, names=named)
    return replace(table, cells=table.cells.filter(~gone), rows=table.rows.filter(~gone)), (note,) if words else ()


def middle(table: Table, low: pl.Series, high: pl.Series) -> pl.Series:
    """The middle of ranges, and the price where there is none.

    Args:
        table: The file.
        low: Lower ends, or prices.
        high: Upper ends; null where a price is no range.

    Raises:
        FrameError: for an upper end that is below the lower one, or `MOST_ASKED` times it.
    """
    odd = (high < low) | (high > MOST_ASKED * low)
    written = table.cells.select(what=pl.col("asset").cast(pl.String), value=pl.format("{}-{}", "price", UPPER_END))
    raise_row_errors(
        table.name, written.with_columns(row=table.rows).filter(odd), rule="range", fault="a range that is none",
        hint="Write the lower price first, both in full, or give one price.",
    )  # fmt: skip
    return pl.select(pl.mean_horizontal(low, high)).to_series()


def price_header(records: Sequence[Sequence[str]]) -> tuple[list[str], int, int] | None:
    """The first record that names a date and something beside it, else asset and price; or None."""
    third = [cell.strip() for cell in records[2]] if len(records) > 3 else []
    if len(third) > 1 and key_of(third[0]) == "date" and not any(third[1:]):  # fields, tickers, and the name of the index
        return (
            [third[0], *(f"('{field}', '{ticker}')" for field, ticker in zip(records[0][1:], records[1][1:], strict=False))],
            0,
            3,
        )
    for at, found in enumerate(records[:TITLES]):
        below = records[at + 1][:1] if at + 1 < len(records) else ()
        unnamed = found[:1] == [""] and any(map(cells.day, below))  # an index, as pandas writes it
        record = ["date", *found[1:]] if unnamed else found
        names = [name.strip() for name in record]
        dated = [i for i, name in enumerate(names) if key_of(name) == "date"]
        filled = [text.strip() for text in record if text.strip()]
        of_a_line = len(filled) == 2 and any(cells.is_day(text) or cells.month(text) for text in filled)  # ``Monat;Mai 2026``
        if dated and len(filled) > 1 and not of_a_line:
            return names, at, at + 1
    for at, record in enumerate(records[:TITLES]):
        if "asset" in (keys := {key_of(text) for text in record}) and not keys.isdisjoint(MONEY):
            return [text.strip() for text in record], at, at + 1
    across = (at for at, record in enumerate(records[:TITLES]) if days_across([text.strip() for text in record]))
    return next((([text.strip() for text in records[at]], at, at + 1) for at in across), None)


def check_stated(table: Table, header: str, *, is_known: bool) -> Header:
    """What a header of prices states, which of a mass is a currency too: they would be others, or count as pieces.

    Args:
        table: The file.
        header: As in the file.
        is_known: Whether its layout names the currency.

    Raises:
        DataError: for pence, and for a mass without a known currency: its prices may be a hundredth or a thousand times.
    """
    said = stated_in(header)
    if not is_known and said.money in MINOR_UNITS:
        raise table.header_error("{name!r:s} is not in a currency.", currency_hint(said.money), name=header)
    if not is_known and said.unit and not said.money and not is_price(said.name):
        name = (said.name.rpartition(" ")[0] or said.name).rstrip(" ([,")
        hint = message(
            "Name the currency, as in {name!r:s}, and give prices in it, not in cents or thousands of it.",
            name=f"{name} USD/{said.unit}",
        )
        raise table.header_error("{name!r:s} states a unit and no currency that is known.", hint, name=header)
    return said


def days_across(header: Sequence[str]) -> list[str]:
    """The names of a header that are days or months, where they are its columns: metals stand in its rows."""
    found = [name for name in header if any(map(str.isdigit, name)) and (cells.month(name) or cells.day(name))]
    names = {key_of(name) for name in header if name not in found} if found else set()
    fewest = 1 if "asset" in names and not names & {"price", "bid", "ask", LOW, HIGH} else _FEWEST
    return found if fewest <= len(found) < len(header) and "date" not in names else []


def months_across(table: Table, days: Sequence[str]) -> tuple[Table, tuple[Message, ...]]:
    """The table with a row for each metal and day, and a note on columns that are made of others.

    Args:
        table: With days or months in its header.
        days: These.
    """
    derived = [name for name in table.columns if name not in days and is_derived(name)]
    others = [name for name in table.columns if name not in days and name not in derived]
    name = next((name for name in others if key_of(name) == "asset"), others[0])
    _check_priced(table, days)
    prices = alike([table.cells[day] for day in days])
    frame = pl.concat([table.cells[others].rename({name: "asset"})] * len(days))
    frame = frame.with_columns(_repeated("date", days, table.cells.height), pl.concat([one.alias("price") for one in prices]))
    kept = frame["price"].is_not_null()
    rows = pl.concat([table.rows] * len(days)).filter(kept)
    # The corner of the table says what its cells are: ``Prices in USD/kg``.
    return replace(table, cells=frame.filter(kept), rows=rows, titles=(*table.titles, name)), note_derived(table.name, derived)


def _check_priced(table: Table, columns: Sequence[str]) -> None:
    """`FrameError` for a row without a price in any of several columns: a line of words, or a metal to be left out."""
    none = reduce(and_, (table.cells[name].is_null() for name in columns))
    hint = message("Leave the row out, or fill in a price.")
    rows = pl.DataFrame({"row": table.rows, "what": table.cells.to_series(0).cast(pl.String)}).filter(none)
    raise_row_errors(table.name, rows, rule="empty", fault="a row without a price", hint=hint)


def note_derived(file: str, names: Sequence[str]) -> tuple[Message, ...]:
    """The note on columns or rows that are made of others; none where there are none.

    Args:
        file: File name as shown.
        names: Of these.
    """
    told = message("{file}: sums, averages, changes and premiums of others are not read: {names}.", file=file, names=[*names])
    return (told,) if names else ()


def check_levels(table: Table) -> None:
    """`DataError` for a header of fields and tickers, as pandas writes that of a download of yfinance."""
    if any(name.startswith("('") for name in table.columns):
        code = "data['Close'].to_csv('prices.csv')"
        hint = message("Give one field of it, in Python: {code:s}.", code=code)
        raise table.header_error("a header of fields and tickers in several rows.", hint)


def asset_of(file: str) -> str:
    """The asset that a file is named for: ``GLD (1).csv`` and ``GLD Historical Data.csv`` are of ``GLD``.

    Raises:
        DataError: for standard input, which has no name.
    """
    name = PurePath(file).name.rpartition("#")[2]  # a workbook of several sheets names its sheets for assets
    name = next((name[: -len(end)] for end in _ENDINGS if name.lower().endswith(end)), name).strip()
    while name:
        words = name.lower().rstrip(" _-")
        end = next((end for end in (*_DOWNLOADED, "_d", "_w", "_m") if words.endswith(end)), "")
        end = words[words.rfind("(") :] if words.endswith(")") and words[words.rfind("(") + 1 : -1].isdigit() else end
        if not end:
            break
        name = name[: len(words) - len(end)].rstrip(" _-")
    if file == "stdin" or not name:
        raise DataError(
            "{file:s} holds quotations of one asset, and no file name says which.",
            hint="Give it as a file that is named for the asset, or as date,asset,price.",
            file=file,
        )
    return name


def with_mids(frame: pl.DataFrame, quotes: pl.DataFrame) -> pl.DataFrame:
    """Prices, with the mid prices of assets that have none and of which a dealer's bid and ask are known on several days.

    Args:
        frame: Columns of `core.frames.Prices`, sorted by asset and date.
        quotes: The same of rows on a basis of `OF_DEALERS`.

    Raises:
        DataError: for a dealer who asks less than he pays, or `MOST_ASKED` times as much.
    """
    if quotes.is_empty():
        return frame
    of_day = pl.col("basis").n_unique().over("asset", "date") == len(OF_DEALERS)
    both = quotes.filter(of_day & ~pl.col("asset").is_in(frame["asset"].implode()))
    both = both.filter(pl.col("date").n_unique().over("asset") > 1)
    if both.is_empty():
        return frame
    days = both.sort("asset", "date", "basis").group_by("asset", "date", maintain_order=True)
    bid, ask = (pl.col("price").filter(pl.col("basis") == side).first() for side in (DEALER_BID, DEALER_ASK))
    mids = days.agg(pl.exclude("price", "basis").first(), bid=bid, ask=ask)
    for row in mids.filter(~pl.col("ask").is_between("bid", MOST_ASKED * pl.col("bid"))).head(1).iter_rows(named=True):
        raise not_both_sides(row, ask=row["ask"], bid=row["bid"])
    mids = mids.with_columns(price=(pl.col("bid") + pl.col("ask")) / 2.0, basis=pl.lit(DEALER_BOTH))
    return pl.concat([frame, mids.select(frame.columns)]).sort("asset", "date")


def not_both_sides(row: Mapping[str, Any], *, ask: float, bid: float) -> DataError:
    """The error of a dealer who asks less than he pays, or `MOST_ASKED` times as much.

    Args:
        row: Of `core.frames.Prices`.
        ask: What he asks.
        bid: What he pays.
    """
    return DataError(
        "{source}: for {key:s} a dealer asks {ask:g} and pays {bid:g} {currency} on {date}.",
        hint="Check both prices and their columns: dealer_ask (Verkauf, Brief) is what a purchase pays, "
        "dealer_bid (Ankauf, Geld) what a sale brings.",
        details={"asset": row["asset"]},
        source=row["source"],
        key=row["asset"],
        ask=ask,
        bid=bid,
        currency=row["currency"],
        date=row["date"],
    )
