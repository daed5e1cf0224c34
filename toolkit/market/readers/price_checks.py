"""Checks of the prices of a file: positive, within bounds, of one kind, one an asset and date, no jumps, and no returns."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from datetime import date

import numpy as np
import polars as pl

from toolkit.core.countries import fold
from toolkit.core.errors import DataError
from toolkit.core.forecast import FloatArray
from toolkit.core.messages import Message, message, quoted
from toolkit.core.places import place
from toolkit.core.text import one_line
from toolkit.core.trade_names import includes_tax
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.price_series import one_by_one
from toolkit.market.readers import cells
from toolkit.market.readers.columns import texts
from toolkit.market.readers.faults import cell_frame, raise_row_errors
from toolkit.market.readers.price_titles import days_in
from toolkit.market.readers.tabular import Table

LOWEST, HIGHEST_PRICE = 1e-9, 1e15
"""No price of a unit is beyond these, in any currency."""
JUMP = 10.0
"""A price this many times the one before it, or less than one over it, is taken for an error or a change of unit."""
JUMPS = "jumps"
"""Name that accepts the jumps of every asset."""
LEAST_ROWS, NEAR_ONE, LEAST_SPREAD, WHITE = 24, 0.05, 2e-3, 1.4
"""Of 1 + r taken for prices: least rows, mean beside 1, standard deviation (a coin pegged to 1 has less), and ratio of von
Neumann (1941), 2 of what does not remember its level; walks around 1 exceed it in 24 rows once in 150 times, in 36 in 3000."""
BESIDE, OF_FEW = (0.5, 1.5), (0.7, 1.3)
"""A series of 1 + r lies between these, one of fewer rows between the second: of that nothing else tells it from prices."""
FEWEST_ROWS = 3
"""From which rows around 1 are asked about."""
FALLS = 0.2
"""A file of which a larger part is below zero has changes in it, no prices."""
FIRSTS = 6
"""Dates from which on they are told if all of them are the first of a month."""
MOST_NAMED = 5
"""A hint names no more assets than these one by one."""
COLUMNS_AT_ONCE = 64
"""Columns that are checked together: what is made of them stays in the cache of a processor."""
CUSTOMS = "customs_unit_value"
"""Basis whose observation model expects entry errors of any size (`toolkit.returns.observation.mixture`)."""
DEALER_ASK, DEALER_BID = "dealer_ask", "dealer_bid"
OF_DEALERS = (DEALER_ASK, DEALER_BID)
"""Bases of what a dealer asks or pays for a product: prices of a day, and no part of the product's series."""
DEALER_BOTH = "dealer_bid_ask"
"""Basis of the mid price between bid and ask of a dealer."""
EUROPE = "Europe"
"""Place of a price that is paid in Europe, in whichever country."""
AS_GIVEN = "as_given"
"""Basis of prices that state none."""
WITHOUT_TAX = message("Give prices without tax: divided by 1.19 where the tax is 19 %, by 1.13 where it is 13 %.")
MOST_ASKED = 3.0
"""Largest ask over bid of a dealer, and upper over lower end of a range; a larger one is an error of units or of writing."""


def check_untaxed(table: Table, worded: Mapping[str, Sequence[str]]) -> None:
    """Check that no line above the header and no cell says that prices include value added tax; names of assets are told.

    Args:
        table: The file.
        worded: Column, none of assets -> its cells with words, each once.

    Raises:
        DataError: for such a line.
        FrameError: rule ``tax`` for such a cell.
    """
    hint = WITHOUT_TAX
    if line := next(filter(includes_tax, table.titles), None):
        raise DataError('{file:s}: prices include tax, by the line "{line}".', hint=hint, file=table.name, line=one_line(line))
    for name in (name for name in worded if name in table.columns):
        no = vocabulary().texts["untaxed"]
        said = {word: word if not no.isdisjoint(fold(word).split()[:1]) else f"{name} {word}" for word in worded[name]}
        if taxed := [word for word in said if includes_tax(word) or includes_tax(said[word])]:
            rows = pl.DataFrame({"row": table.rows, "value": table.cells[name]}).filter(pl.col("value").is_in(taxed))
            raise_row_errors(table.name, rows, rule="tax", fault="a price that includes tax", hint=hint)


def check_rows(file: str, rows: pl.DataFrame) -> None:
    """The rules that both shapes share: positive prices, and one price an asset and day; `rows` are sorted by them."""
    price = pl.col("price").cast(pl.String)
    returns = len(rows) >= LEAST_ROWS and int((rows["price"] < 0).sum()) > FALLS * len(rows)
    raise_row_errors(
        file,
        rows.filter(pl.col("price") <= 0).select("row", what="asset", value=price),
        fault="a price that is not positive",
        hint="These are changes: give prices, or the running product of 1 + r as an index."
        if returns
        else "Leave the cell of a wide file empty, or the row of a long file out, where a price is missing.",
        rule="positive",
    )
    raise_row_errors(
        file,
        rows.filter(~pl.col("price").is_between(LOWEST, HIGHEST_PRICE)).select("row", what="asset", value=price),
        rule="range",
        fault=message("a price that is not between {low:s} and {high:s}", low=f"{LOWEST:g}", high=f"{HIGHEST_PRICE:g}"),
        hint=message("Correct the cell, or leave it empty."),
    )
    # Sorted rows: those of one asset and day are neighbours.
    again = (pl.col("asset") == pl.col("asset").shift()) & (pl.col("date") == pl.col("date").shift())
    twice = rows.filter(again | again.shift(-1))
    raise_row_errors(
        file,
        twice.select("row", what="asset", value=pl.col("date").cast(pl.String)),
        fault="more than one price for the same asset and date",
        hint="Keep one row a date; a month counts as its last day.",
        rule="duplicate",
    )


def expired(table: Table, today: date) -> tuple[Message, ...]:
    """The warning of offers that are no longer valid: each asset with its last day, or the line above the header.

    Args:
        table: The file.
        today: Day on which the file is read.
    """
    found: dict[str, date] = {}
    if {"asset", "valid_until"} <= {*table.columns}:
        for asset, text in zip(texts(table, "asset"), texts(table, "valid_until", default=""), strict=True):
            if asset and (read := cells.day(text)) and read.day:
                found[asset] = max(read.day, found.get(asset, read.day))
    if {"date", "valid_until"} <= {*table.columns}:
        columns = table.rows, texts(table, "date", default=""), texts(table, "valid_until", default="")
        ended = [(row, None, last) for row, first, last in zip(*columns, strict=True) if _is_before(last, first)]
        raise_row_errors(
            table.name, cell_frame(ended), rule="valid_until",
            fault="an offer that ended before its own day", hint="Correct the last day, or the day of the price.",
        )  # fmt: skip
    over = [message("{asset} ({day:%Y-%m-%d})", asset=asset, day=day) for asset, day in found.items() if day < today]
    until = vocabulary().texts["until"]
    ends = {line: day for line in table.titles for word, day in days_in(line) if word in until}
    over += [message('"{line}"', line=one_line(line)) for line, day in ends.items() if day < today]
    return (message("{file}: offers that are no longer valid: {offers}.", file=table.name, offers=over),) if over else ()


def _is_before(last: str, first: str) -> bool:
    """Whether one day lies before another, where both are known."""
    days = [found.day if (found := cells.day(text)) else None for text in (last, first)]
    return days[0] is not None and days[1] is not None and days[0] < days[1]


def places_of(file: str, rows: pl.DataFrame) -> dict[str, str]:
    """Asset -> ISO-3 code of the country in which its prices are paid, or `EUROPE`, of a long file that has a column `place`.

    Args:
        file: File name as shown.
        rows: Columns row, asset, place.

    Raises:
        FrameError: for a place that is not understood, and for prices of one asset in two countries: two series.
    """
    if "place" not in rows.columns:
        return {}
    written = rows.select(pl.col("place").unique()).to_series().drop_nulls()
    if written.is_empty():
        return {}
    found = {text: EUROPE if fold(text) in ("eu", "europe", "europa") else place(text).country for text in written}
    told = rows.select("row", what="asset", value="place").drop_nulls("value")
    raise_row_errors(
        file, told.filter(pl.col("value").is_in([text for text, code in found.items() if code is None])), rule="place",
        fault="a place that is not understood", hint="Write the country or the city in which the price is paid.",
    )  # fmt: skip
    told = told.with_columns(country=pl.col("value").replace_strict(found, return_dtype=pl.String))
    raise_row_errors(
        file, told.filter(pl.col("country") != pl.col("country").first().over("what")), rule="one_place",
        fault="a second place in the series of an asset",
        hint="Keep the rows of one, or give each an asset name of its own: series of two kinds are never joined.",
    )  # fmt: skip
    return dict(told.select("what", "country").unique().rows())


def firsts_of_months(file: str, dates: pl.Series) -> tuple[Message, ...]:
    """The note on many dates that are all the first of a month.

    Args:
        file: File name as shown.
        dates: Of its rows.
    """
    if (dates.head(FIRSTS).dt.day() != 1).any() or (dates.dt.day() != 1).any() or dates.n_unique() < FIRSTS:
        return ()
    told = message(
        "{file}: every date is the first of a month. What is an average or the close of a month is known at its end: write "
        "such dates as {month:%Y-%m}.",
        file=file,
        month=dates.max(),
    )
    return (told,)


def check_kinds(file: str, rows: pl.DataFrame) -> None:
    """`FrameError` for a series in two currencies, units, bases or terms; a dealer's are in none, of one currency and unit."""
    of_dealer = pl.col("basis").is_in(OF_DEALERS)
    for column in ("currency", "unit", "basis", "terms"):
        if rows.select(pl.col(column).n_unique()).item() == 1:
            continue
        # Compared with the first row of the series in the file: the rows named are those a person would call different.
        differs = rows.filter(pl.col(column) != pl.col(column).first().over("asset", of_dealer))
        kind = "term of delivery" if column == "terms" else column
        if column == "basis":
            differs = differs.filter(~of_dealer)
        raise_row_errors(
            file,
            differs.select("row", what="asset", value=column),
            rule=f"one_{column}",
            fault=message("a second {column:s} in the series of an asset", column=kind),
            hint=message(
                "Say which are no price to value at: `toolkit data map {file:s} --set {answer:s} --write`.",
                file=shlex.quote(file),
                answer=shlex.quote(f"{differs[column][0]}=not_a_price"),
            )
            if column == "terms" and not differs.is_empty()
            else message("Give each {column:s} an asset name of its own: series of two kinds are never joined.", column=kind),
        )


def check_series(rows: pl.DataFrame, accept: Collection[str], *, file: str = "the price files") -> None:
    """`FrameError` or `DataError` for a price that jumps (rule ``jump``), and for 1 + r in place of prices (rule ``returns``).

    Args:
        rows: Sorted by asset and date; `row` where they are of one file.
        accept: As of `read_prices`.
        file: Name as shown.
    """
    check_jumps(rows, accept, file=file)
    first = rows.head(FEWEST_ROWS)
    # A price far from 1 in the first series, and the millions of others need not be looked at.
    if first.height == FEWEST_ROWS and first["asset"].n_unique() == 1 and not first["price"].is_between(*BESIDE).all():
        return
    price, mean = pl.col("price"), pl.col("price").mean()
    forgets = ((mean - 1).abs() < NEAR_ONE) & ((price.diff() ** 2).sum() > WHITE * ((price - mean) ** 2).sum())
    is_long = pl.len() >= LEAST_ROWS
    by_asset = rows.group_by("asset", maintain_order=True).agg(
        rows=pl.len(),
        like=(price.min() < 1) & (price.max() > 1) & (price.std() > LEAST_SPREAD)
        & pl.when(is_long).then(price.is_between(*BESIDE).all() & forgets).otherwise(price.is_between(*OF_FEW).all()),
    )  # fmt: skip
    long = by_asset.filter(pl.col("rows") >= FEWEST_ROWS)
    # A file of returns is one of returns alone: a price among them, or a single series that wanders less than most, is none.
    if long.is_empty() or not long["like"].all() or {*long["asset"]} & {*accept}:
        return
    asset = long["asset"][0]
    raise DataError(
        "{file:s}: the prices of {assets} lie around 1, as 1 + r of each period does.",
        hint="Give prices, or the running product of these numbers as an index; if they are prices: --accept {name:s}.",
        details={"rule": "returns", "asset": asset},
        file=file,
        assets=long["asset"].to_list(),
        name=repr(asset),
    )


def are_sound(values: FloatArray) -> bool:
    """Whether all prices (T, n) are within bounds, and none is a jump from the one before it; NaN where there is none."""
    near = JUMP * (1 - 1e-12)
    for start in range(0, values.shape[1], COLUMNS_AT_ONCE):
        price, counts = one_by_one(values[:, start : start + COLUMNS_AT_ONCE])
        ratio = price[1:] / price[:-1]
        ratio[np.cumsum(counts)[:-1] - 1] = 1.0
        is_bounded = price.min() >= LOWEST and price.max() <= HIGHEST_PRICE
        if not (is_bounded and ratio.min(initial=1.0) > 1 / near and ratio.max(initial=1.0) < near):
            return False
    return True


def may_be_returns(values: FloatArray) -> bool:
    """Whether every series of prices (T, n) that is long enough to tell lies around 1."""
    low, high = BESIDE
    found = False
    for column in values.T:
        if len(price := column[~np.isnan(column)]) >= FEWEST_ROWS:
            if not (low <= price.min() and price.max() <= high):
                return False
            found = True
    return found


def check_jumps(rows: pl.DataFrame, accept: Collection[str], *, file: str = "the price files") -> None:
    """`FrameError` (rule ``jump``) for a price `JUMP` times the one before it or more, or less than one over it.

    Args:
        rows: Sorted by asset and date; `row` where they are of one file.
        accept: As of `read_prices`.
        file: Name as shown.
    """
    if JUMPS in accept:
        return
    near, ratio = JUMP * (1 - 1e-12), pl.col("price") / pl.col("price").shift()
    far = (pl.col("asset") == pl.col("asset").shift()) & ~ratio.is_between(1 / near, near, closed="none")
    meant = (pl.col("basis") == CUSTOMS) | pl.col("asset").is_in(list(accept))
    jumping = rows.with_columns(before=pl.col("price").shift(), jumps=far & ~meant).filter("jumps")
    if jumping.is_empty():
        return
    # No `pl.format` here: of filtered rows it panics in polars 2.1.
    shown = [
        message("{price:,.6g} after {before:,.6g} on {day}", price=price, before=before, day=day)
        for price, before, day in jumping["price", "before", "date"].iter_rows()
    ]
    row = jumping["row"] if "row" in rows.columns else pl.Series([None] * jumping.height, dtype=pl.Int64)
    jumps = pl.DataFrame({"row": row, "what": jumping["asset"], "value": [*map(str, shown)]})
    asset = jumps["what"][0]
    names = jumps["what"].unique(maintain_order=True)
    each = " ".join(f"--accept {name!r}" for name in names)
    meant = quoted(each)
    if len(names) > MOST_NAMED:
        meant = message("--accept {word:s}, which accepts those of all {n:d} assets", word=JUMPS, n=len(names))
    hint = message("Correct the price or its unit (kg against g, pounds against pence); if it is meant: {meant}.", meant=meant)
    if "row" in rows.columns:
        raise_row_errors(
            file,
            jumps,
            rule="jump",
            fault=message("a price that jumps by a factor of {jump:g} or more", jump=JUMP),
            hint=hint,
            texts=shown,
        )
    raise DataError(
        "{file:s}: the price of {asset!r:s} jumps by a factor of {jump:g} or more: {what}.",
        hint=hint,
        details={"rule": "jump", "asset": asset},
        file=file,
        asset=asset,
        jump=JUMP,
        what=shown[0],
    )


def in_order(rows: pl.DataFrame, by: Sequence[str]) -> bool:
    """Whether no row is before the one above it, by columns without nulls."""
    before: pl.Expr = pl.lit(value=False)
    for name in reversed(by):
        before = (pl.col(name) < pl.col(name).shift()) | ((pl.col(name) == pl.col(name).shift()) & before)
    return not rows.select(before.any()).item()


def visible(rows: pl.DataFrame, day: date) -> pl.DataFrame:
    """The rows dated `day` or before that were known by then."""
    return rows.filter((pl.col("date") <= day) & (pl.col("known_from") <= day))
