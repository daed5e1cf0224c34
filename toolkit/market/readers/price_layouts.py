"""Price tables that people keep in other shapes, as the long or wide table that `toolkit.market.readers.prices` reads.

Metals in rows and months across, a column of bid and one of ask for each metal (``Gallium Bid``, ``Gallium Ask``), and prices
that a reporting agency quotes as a range (``395-411``, or columns Low and High): the price is the middle. Sums, averages,
changes and premiums of others are left out, and so are the marks of provisional numbers and lines that are no row. A download
of quotations (Yahoo, yfinance, Stooq, Investing) describes one asset, or one for each ticker: its columns are fields of a day
of trading and never assets, and the adjusted close is the price, else the close.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

import polars as pl

from toolkit.core.countries import fold
from toolkit.core.currencies import currency as currency_of
from toolkit.core.errors import DataError
from toolkit.core.messages import Message, message, named
from toolkit.core.text import one_line
from toolkit.core.trade_names import metal_within
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers import cells
from toolkit.market.readers.columns import alike, in_numbers, texts, words
from toolkit.market.readers.faults import raise_row_errors
from toolkit.market.readers.price_checks import DEALER_ASK, DEALER_BID, DEALER_BOTH, MOST_ASKED, OF_DEALERS
from toolkit.market.readers.price_units import Stated, check_stated, is_known, key_of, stated_in, states_alone, unquoted
from toolkit.market.readers.tabular import Table

LOW, HIGH, MID = "low", "high", "mid"
UPPER_END = "upper end of a range"
"""Column of the upper end where `price` is the lower one."""
_MIDS = ("mid", "mittel", "mittelkurs", "mittelpreis", "avg", "average", "mean")
KINDS: Mapping[str, str] = {
    **{
        word: {"bid": DEALER_BID, "ask": DEALER_ASK}.get(key, key)
        for key in ("bid", "ask", LOW, HIGH)
        for word in vocabulary().names("prices", key)
    },
    **dict.fromkeys(_MIDS, MID),
}
"""Word beside the name of a metal in a header -> which of its prices the column holds."""
_WORDS = "|".join(sorted(map(re.escape, KINDS), key=len, reverse=True))
_BEHIND = re.compile(rf"(?i)(.*[\w%]\)?)[\s_,:(\[-]+({_WORDS})[)\]]?")
_BEFORE = re.compile(rf"(?i)({_WORDS})[\s_:-]+(.*[\w%]\)?)")
_RANGE = (
    r"(?i)^(?:(?:between|from|zwischen|von)\s)?(\D{0,4}?[0-9][0-9.,'’ ]*?)(?:\s?[-–\u{2014}]\s?|\s(?:to|bis|and|und)\s)"
    r"(\D{0,4}?[0-9][0-9.,'’ ]*(?:\s?\D{1,4})?)$"
)
"""``395-411``, ``$ 42,600 – 44,300``, ``130 to 140``, ``between 130 and 140``."""
_TICKER = re.compile(r"(?=[^a-z]*[A-Z]|[^A-Z]*[a-z])(?:[A-Z0-9]{1,5}|[a-z0-9]{1,5})(?:[.\-/][A-Za-z0-9]{1,3})?")
_DIGITS = r"[0-9.,'’\s+-]"
_WORD = re.compile(r"^(?![0-9]).*[^\W\d_]{3}")
"""Of a line of words, which a slip in a date is not."""
_FOOTNOTE = re.compile(rf"\s*[*{cells.RAISED}]+$")
_ROW = "row of the file"
_OF_A_DATE = ("year", "jahr"), ("month", "monat"), ("day", "tag")
_FEWEST = 3
"""Dates in a header from which they are its columns; beside a column of metals and none of prices one is enough."""


def is_ticker(name: str) -> bool:
    """Whether a name has the letters of a ticker, in one case: ``LOW``, ``BRK.B``, ``aapl``, ``7203.T``."""
    return _TICKER.fullmatch(name) is not None


def tickers_among(names: Sequence[str], fields: Collection[str]) -> tuple[str, ...]:
    """The headers of a wide table that are words of quotations elsewhere and tickers here: ``LOW`` and ``OPEN`` among shares.

    The others say so: tickers in the same case, of which there are more than words, and as many that are no metal.

    Args:
        names: Headers without that of the dates.
        fields: Of these the words.
    """
    others = [name for name in names if name not in fields and is_ticker(name)]
    clear = [name.isupper() for name in others if not metal_within(name)]

    def is_like_others(name: str) -> bool:
        alike = sum(other.isupper() == name.isupper() for other in others)
        return is_ticker(name) and alike > len(fields) <= clear.count(name.isupper())

    return tuple(fields) if all(map(is_like_others, fields)) else ()


def shares_among(names: Collection[str], means: Mapping[str, str]) -> tuple[str, ...]:
    """The names that are a metal's elsewhere and tickers here: ``W`` and ``GOLD`` among shares, as many as there are metals.

    Args:
        names: Of the series of a file whose prices are not of a mass.
        means: Those that are a metal's -> its key; in small letters it is the metal.
    """
    others = sum(name.isupper() and is_ticker(name) and not metal_within(name) for name in names if name not in means)
    return tuple(name for name in means if name in names and name.isupper() and is_ticker(name)) if others >= len(means) else ()


def days_across(header: Sequence[str]) -> dict[str, str]:
    """The names of a header that are days or months -> the date, where they are its columns: metals stand in its rows."""
    bare = {name: cells.marked(name) or (name, "") for name in header}
    short = cells.months_in_turn([name for name, _ in bare.values() if cells.SHORT_MONTH.fullmatch(name)])
    found = {
        header: f"{short.get(name, name)} {mark}".strip()
        for header, (name, mark) in bare.items()
        if name in short or cells.month(name) or cells.day(name)
    }
    names = {key_of(name) for name in header if name not in found}
    fewest = 1 if "asset" in names and not names & {"price", "bid", "ask", LOW, HIGH} else _FEWEST
    return found if fewest <= len(found) < len(header) and "date" not in names else {}


def header_levels(
    names: Sequence[str], date: int, above: Sequence[Sequence[str]], below: Sequence[Sequence[str]]
) -> tuple[list[str], int]:
    """The names of a header with the units and sides that rows right below it state, and how many such rows there are.

    ``USD/kg`` below ``Gallium`` is ``Gallium USD/kg``. A header that repeats sides alone (``Date,Low,High,Low,High``) has its
    names above it, in the first cell of those that are merged.

    Args:
        names: Of the header.
        date: Place of the column of dates.
        above: Rows above the header.
        below: Rows below the header.
    """
    levels = [[*names]]
    levels += map(list, itertools.takewhile(lambda row: len(row) == len(names) and _states_prices(row, date), below))
    depth = len(levels) - 1
    if len({*names}) < len(names) and _states_prices(names, date):
        for row in itertools.takewhile(lambda row: len(row) == len(names), reversed(above)):
            levels.insert(0, [*row])
            if not _states_prices(row, date):
                break
    if len(levels) == 1:
        return levels[0], 0
    first = levels[0]
    for i, cell in enumerate(first):
        if i and not cell.strip() and any(level[i].strip().lower() in KINDS for level in levels[1:]):
            first[i] = first[i - 1]
    joined = [" ".join(filter(None, map(str.strip, column))) for column in zip(*levels, strict=True)]
    return [*joined[:date], names[date], *joined[date + 1 :]], depth


def _states_prices(row: Sequence[str], date: int) -> bool:
    """Whether the cells of a row say of prices what they are and nothing else: currency, unit, side."""
    texts = [text.strip() for i, text in enumerate(row) if i != date and text.strip()]
    return bool(texts) and all(text.lower() in KINDS or states_alone(text) for text in texts)


def names_apart(table: Table) -> Table:
    """A long table with what its names say of currency and unit (``Gallium 99.99% min, in-whs Rotterdam, $/kg``) in columns.

    Raises:
        FrameError: for a row that says another currency or unit than its name.
    """
    assets = texts(table, "asset")
    found = {name: said for name in assets.unique().drop_nulls() if (said := stated_in(name)) and said[2] != "unit" and said[0]}
    found = {name: (bare, code, unit) for name, (bare, money, unit) in found.items() if (code := currency_of(money))}
    if not found:
        return table
    bare, code, unit = (
        assets.replace_strict({name: said[i] for name, said in found.items()}, default=None, return_dtype=pl.String)
        for i in range(3)
    )
    columns = [pl.select(pl.coalesce(bare, assets)).to_series().alias("asset")]
    for name, said, meaning in (("currency", code, currency_of), ("unit", unit, lambda text: cells.UNITS.get(text.casefold()))):
        given = texts(table, name)
        means = {text: meaning(text) for text in {*given, *said} - {None}}
        differs = given.replace_strict(means, default=None, return_dtype=pl.String) != said.replace(means)
        rows = pl.DataFrame({"row": table.rows, "what": assets, "value": given}).filter(differs)
        fault, hint = message("another {column:s} than its name states", column=name), message("Keep one of them.")
        raise_row_errors(table.name, rows, rule="one_unit", fault=fault, hint=hint)
        columns.append(pl.select(pl.coalesce(given, said)).to_series().alias(name))
    return replace(table, cells=table.cells.with_columns(columns))


def with_goods_named(table: Table, key: Callable[[str], str | None] | None) -> Table:
    """A long table whose assets say what its columns `form` and `purity` say of them: ``gallium`` of 7N is ``gallium 7N``.

    Args:
        table: As read.
        key: Name in the file -> asset that it means; a name that means none stays as it is.
    """
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


def with_days_down(table: Table) -> Table:
    """The table with a row for each price, where its header has days or months and its rows are of metals."""
    days = days_across(table.columns)
    if not days:
        return table
    others = [name for name in table.columns if name not in days]
    name = next((name for name in others if key_of(name) == "asset"), others[0])
    frame = pl.DataFrame([table.rows.alias(_ROW), *table.cells[others], *alike([table.cells[day] for day in days])])
    frame = frame.rename({name: "asset"})
    index = [column for column in frame.columns if column not in days]
    long = frame.unpivot([*days], index=index, variable_name="date", value_name="price")
    long = long.filter(_is_quoted(long["price"])).with_columns(pl.col("date").replace(days))
    # The corner of the table says what its cells are: ``Prices in USD/kg``.
    return replace(table, cells=long.drop(_ROW), rows=long[_ROW], titles=(*table.titles, name))


def without_lines(table: Table, key: Callable[[str], str | None] | None) -> Table:
    """The table without rows of one cell in the first column that is words: they are read as the lines above the header are.

    Args:
        table: As read.
        key: Name in the file -> asset that it means: a metal without a price is no such line.
    """
    first, others = table.cells.to_series(0), table.cells.columns[1:]
    alone = table.cells[others].select(pl.all_horizontal(pl.all().is_null())).to_series() if others else pl.Series([False])
    if first.dtype != pl.String or not alone.any():
        return table
    told = [text for text in first.filter(alone).unique(maintain_order=True) if _WORD.search(text)]
    lines = [text for text in told if not (cells.day(text) or cells.month(text) or cells.marked(text) or is_known(text, key))]
    if not lines:
        return table
    kept = ~(alone & first.is_in(lines).fill_null(value=False))
    shown = [message('"{line}"', line=one_line(line)) for line in lines]
    note = message("{file}: lines that are no prices: {lines}.", file=table.name, lines=shown)
    titles, notes = (*table.titles, *lines), (*table.notes, note)
    return replace(table, cells=table.cells.filter(kept), rows=table.rows.filter(kept), titles=titles, notes=notes)


def without_marks(table: Table) -> tuple[Table, dict[str, list[str]]]:
    """The table without the marks of provisional, revised or estimated numbers and dates, and of footnotes; a note counts them.

    Beside it the words of each column that has any, which in thousands of columns of numbers are not looked for twice.

    Args:
        table: As read; a letter behind every number of a column is a unit (``650p``) and stays.
    """
    counts: Counter[str] = Counter()
    columns = []
    worded = words(table.cells)
    for name, given in worded.items():
        text = table.cells[name].alias("")
        read = {cell: found for cell in given if (found := cells.marked(cell))}
        marks = text.replace_strict({cell: mark for cell, (_, mark) in read.items()}, default=None, return_dtype=pl.String)
        if read and marks.str.contains(r"^\pL").sum() < text.count():
            counts.update(marks.drop_nulls())
            columns.append(text.replace({cell: base for cell, (base, _) in read.items()}).alias(name))
    names = {name: _FOOTNOTE.sub("", name) for name in table.columns}
    names = names if len({*names.values()}) == len(names) and all(names.values()) else {}
    told = [message("{mark} ({n:d})", mark=mark.strip("()[]"), n=n) for mark, n in sorted(counts.items())]
    note = message("{file}: numbers and dates are read without the marks behind them: {marks}.", file=table.name, marks=told)
    notes = (*table.notes, note) if told else table.notes
    table = replace(table, cells=table.cells.with_columns(columns).rename(names), notes=notes)
    return table, {names.get(name, name): given for name, given in worded.items()}


def without_sums(table: Table) -> tuple[Table, tuple[Message, ...]]:
    """The table without rows of sums and averages (``Total``, ``Average 2025``), and a note on them."""
    left: list[str] = []
    for name in ("asset", "date"):
        if name in table.columns and table.cells[name].dtype == pl.String:
            sums = [text for text in table.cells[name].unique(maintain_order=True).drop_nulls() if is_derived(text)]
            kept = ~table.cells[name].is_in(sums).fill_null(value=False)
            table = replace(table, cells=table.cells.filter(kept), rows=table.rows.filter(kept)) if sums else table
            left += sums
    told = message("{file}: sums, averages, changes and premiums of others are not read: {names}.", file=table.name, names=left)
    return table, (told,) if left else ()


def is_derived(name: str, *, beside: str = "") -> bool:
    """Whether a name is that of a sum, an average or a change, of a time too: ``Total``, ``Average 2025``, ``YTD avg Oct-26``.

    Args:
        name: Of a row or a column.
        beside: Name of what it is derived from, folded, which may stand in it.
    """
    text = f" {fold(name)} "
    rest = text.replace(f" {beside} ", " ", 1).split() if beside else text.split()
    texts = vocabulary().texts
    made = texts["derived"] | texts["totals"]
    beside_it = texts["windows"].union(cells.MONTHS)
    words = [word for word in rest if not word[0].isdigit()]  # 30d
    return any(word in made for word in words) and all(word in made or word in beside_it for word in words)


def _is_quoted(prices: pl.Series) -> pl.Series:
    return prices.is_not_null() & ~prices.cast(pl.String).is_in(unquoted(prices))


def with_one_date(table: Table) -> Table:
    """The table with year and month, and day, as one column; any other comes back as it is."""
    names = {name.lower(): name for name in table.columns}
    year, month, day = (next((names[word] for word in words if word in names), None) for words in _OF_A_DATE)
    if year is None or month is None:
        return table
    parts = [table.cells[name].alias("").cast(pl.String).str.strip_suffix(".0") for name in (year, month, day) if name]
    digits = parts[1].str.contains(r"^[0-9]{1,2}$").all()
    if digits:  # as ISO, a month of one digit too
        parts[1:] = [part.str.zfill(2) for part in parts[1:]]
    elif day is not None:
        return table
    dates = pl.select(pl.concat_str(parts, separator="-") if digits else pl.concat_str(parts[::-1], separator=" ")).to_series()
    cells_of_date = table.cells.drop([name for name in (year, month, day) if name])
    return replace(table, cells=cells_of_date.insert_column(0, dates.alias("date")))


def with_kinds_apart(
    table: Table, stated: Stated, key: Callable[[str], str | None] | None = None
) -> tuple[Table, Stated, tuple[Message, ...]]:
    """A wide table with ranges, or columns of bid, ask, low, high or the middle of a metal, as a long one.

    Bid and ask stand beside the middle; low and high count where there is none of these.

    Args:
        table: With a column `date`; any other table comes back as it is.
        stated: Header -> currency and unit that it stated.
        key: Name -> metal, None for a name that is not known: one column of a metal is of its bid or ask as well.

    Returns:
        The table, what headers stated that are still there, and a note on what is the price.

    Raises:
        DataError: for the low or the high of a metal alone, for two columns of one price, and for a unit without a currency.
    """
    priced = [column for column in table.columns if column != "date"]
    if "date" not in table.columns or "asset" in table.columns or not priced:
        return table, stated, ()
    table, stated = _units_of_cells(table, priced, stated)
    check_stated(table, (column for column in priced if column not in stated))
    named = _columns_of_metals(table, priced, key)
    kinds = {asset: found for asset, found in named.items() if {*found} - {LOW, HIGH} or {LOW, HIGH} <= {*found}}
    counted = in_numbers(table, priced)
    texts = (column.alias("") for column in counted.cells[priced] if column.dtype == pl.String)  # of any name, regexes too
    ranges = any(text.str.contains(_RANGE).any() for text in texts)
    if not (kinds or ranges):
        return counted, stated, ()
    cells_of = dict(zip(priced, alike([table.cells[column] for column in priced]), strict=True))
    of_kinds = {column for found in kinds.values() for column in found.values()}
    plain = {column: {MID: column} for column in priced if column not in of_kinds}
    parts, rows = [], []
    for asset, found in (kinds | plain).items():
        better = [cells_of[found[kind]] for kind in (MID, *OF_DEALERS) if kind in found]
        for kind, column in found.items():
            if kind == HIGH or (kind == LOW and HIGH not in found):
                continue
            ends = [cells_of[found[HIGH]].alias(UPPER_END)] if kind == LOW else []
            part = pl.DataFrame([table.cells["date"], cells_of[column].alias("price"), *ends])
            said = dict(zip(("currency", "unit"), stated.get(column, ()), strict=False)) | {"asset": asset}
            said |= {"basis": kind} if kind in OF_DEALERS else {}
            part = part.with_columns(**{key: pl.lit(text) for key, text in said.items()})
            given = _is_quoted(part["price"])
            for other in better if kind == LOW else ():
                given &= ~_is_quoted(other)
            parts.append(part.filter(given))
            rows.append(table.rows.filter(given))
    several = sorted(asset for asset, found in kinds.items() if len(found) > 1)
    one = sorted(found[side] for found in kinds.values() for side in OF_DEALERS if {*found} == {side})
    notes = []
    if several:
        note = message("{file}: of several columns of {assets}, the price is the middle.", file=table.name, assets=several)
        notes.append(note)
    if one:
        notes.append(message("{file}: what a dealer pays or asks, and no series: {columns}.", file=table.name, columns=one))
    return replace(table, cells=pl.concat(parts, how="diagonal"), rows=pl.concat(rows)), {}, tuple(notes)


def _units_of_cells(table: Table, priced: Sequence[str], stated: Stated) -> tuple[Table, Stated]:
    """A wide table without what stands beside every number of a column (``$1,400/kg``), as if its header stated it."""
    found, bare = {}, []
    for name, text in ((name, table.cells[name].alias("").drop_nulls()) for name in priced if name not in stated):
        beside = text.str.replace_all(_DIGITS, "").unique() if text.dtype == pl.String and "/" in str(text.first()) else []
        beside = [] if len(beside) == 1 and text.str.contains(r"/\s*[0-9]").any() else beside  # USD 14/100 g
        if len(beside) == 1 and states_alone(beside[0]) and (said := stated_in(f"x {beside[0]}")) and currency_of(said[1]):
            found[name] = (currency_of(said[1]) or "", said[2])
            bare.append(table.cells[name].alias("").str.replace_all(_DIGITS.replace("[", "[^"), "").alias(name))
    return replace(table, cells=table.cells.with_columns(bare)), {**stated, **found}


def _columns_of_metals(
    table: Table, priced: Sequence[str], key: Callable[[str], str | None] | None
) -> dict[str, dict[str, str]]:
    """Metal -> kind of price -> header, of those with a column whose header says the kind."""
    named: dict[str, dict[str, str]] = {}
    again: dict[str, str] = {}
    for column in priced:
        match, side = _BEHIND.fullmatch(column), 2
        if match is None:
            match, side = _BEFORE.fullmatch(column), 1
        if match is None:
            continue
        asset = match[3 - side].strip()
        first = named.setdefault(asset, {}).setdefault(KINDS[match[side].lower()], column)
        again |= {asset: column} if first != column else {}
    named = {asset: found for asset, found in named.items() if len(found) > 1 or is_known(asset, key, [*found.values()])}
    for asset in [asset for asset in priced if asset in named]:
        again |= {asset: asset} if named[asset].setdefault(MID, asset) != asset else {}
    if twice := [column for asset, column in again.items() if asset in named]:
        hint = message("Leave one of them out.")
        raise table.header_error("{name!r:s} and another column are the same price of a metal.", hint, name=twice[0])
    for end in (found.get(LOW) or found.get(HIGH) for found in named.values() if len(found) == 1):
        if end:
            hint = message("Bring both ends, or name the column as the metal if it is its price.")
            raise table.header_error("{name!r:s} is one end of a range without the other.", hint, name=end)
    return named


def with_ends_apart(table: Table, stated: Stated) -> tuple[Table, Stated, tuple[Message, ...]]:
    """A long table whose prices are ranges with their upper ends in a column of their own.

    Args:
        table: With a column `asset`; any other comes back as it is.
        stated: Header -> currency and unit that it stated.

    Returns:
        The table, what headers stated, and a note on what is the price.
    """
    given = table.cells
    if "asset" not in table.columns or UPPER_END in table.columns:
        return table, stated, ()
    if "price" not in table.columns and {LOW, HIGH} <= {*table.columns}:
        given = given.rename({LOW: "price", HIGH: UPPER_END})
        stated = {{LOW: "price"}.get(name, name): said for name, said in stated.items()}
    elif "price" in table.columns and given["price"].dtype == pl.String and given["price"].str.contains(_RANGE).any():
        ends = pl.col("price").str.extract_groups(_RANGE).struct
        given = given.with_columns(pl.coalesce(ends.field("1"), "price").alias("price"), ends.field("2").alias(UPPER_END))
    else:
        return table, stated, ()
    note = message("{file}: where a price is a range, its middle is taken.", file=table.name)
    return replace(table, cells=given), stated, (note,)


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


_OF_TRADING = ("open", "high", "low", "close", "adjusted")
_OF_A_DAY = (*_OF_TRADING, "price", "ignore")
_FLAT = re.compile(r"\(\s*'([^']*)'\s*,\s*'([^']*)'\s*\)")
_OF_DOWNLOADS = re.compile(r"([ _-]*(historical data|historische daten|historical prices)|_[dwm]|\s*\(\d+\))+$", re.IGNORECASE)
LEVELS = "\x1f"
"""Stands between field and ticker in the name of a column whose header had two levels; no cell of a header may hold it."""


@dataclass(frozen=True, slots=True)
class Quotation:
    """Where a table has the prices of its assets.

    Attributes:
        date: Column of dates.
        prices: Asset -> column of its prices. None instead of an asset where `ticker` names it row by row.
        ticker: Column that names the asset of a row, if there is one.
        fields: Every column that holds prices: what tells the decimal mark of the file.
        adjusted: Whether the prices are adjusted closes.
    """

    date: str
    prices: Mapping[str | None, str]
    ticker: str | None
    fields: tuple[str, ...]
    adjusted: bool


def download_levels(records: Sequence[Sequence[str]]) -> tuple[list[str], int]:
    """Names of the columns, and how many records the header takes: three in a yfinance download, else one."""
    first = [cell.strip() for cell in records[0]]
    if len(records) < 4 or len(first) < 2 or first[0].lower() not in ("price", "ticker", "attributes", ""):
        return first, 1
    second, third = ([cell.strip() for cell in record] for record in records[1:3])
    if third[:1] and key_of(third[0]) == "date" and not any(third[1:]) and len(second) == len(first):
        for fields, tickers in ((first, second), (second, first)):
            if all(key_of(name) in _OF_A_DAY for name in fields[1:]) and all(tickers[1:]):
                return [third[0], *(f"{a}{LEVELS}{b}" for a, b in zip(fields[1:], tickers[1:], strict=True))], 3
    return first, 1


def quotation(table: Table) -> Quotation:
    """How to read a table of a day of trading, whose columns are named as fields or are pairs of a field and a ticker.

    Raises:
        DataError: for a table without a date or a close.
    """
    pairs = dict(_pairs(table.columns))
    if pairs:
        return _of_tickers(table, pairs)
    close = next((name for name in ("adjusted", "close", "price") if name in table.columns), None)
    if close is None or "date" not in table.columns:
        other = message("there is no close") if "date" in table.columns else message("there is no date")
        raise table.header_error(
            message("{names:, } is like a field of quotations, but {other}.", names=named(table.columns[:3]), other=other),
            message("Give one asset a file with Date and Close (or Adj Close), or one column an asset named for the asset."),
        )
    ticker = "asset" if "asset" in table.columns else None
    return Quotation(
        date="date",
        prices={None if ticker else asset_of(table.name): close},
        ticker=ticker,
        fields=tuple(name for name in table.columns if name in (*_OF_TRADING, "price")),
        adjusted=close == "adjusted",
    )


def has_pairs(columns: Sequence[str]) -> bool:
    """Whether a header has two levels, of fields and of tickers."""
    return any(True for _ in _pairs(columns))


def asset_of(file: str) -> str:
    """The asset that a file is named for: ``GLD (1).csv`` and ``GLD Historical Data.csv`` are of ``GLD``.

    Raises:
        DataError: for standard input, which has no name.
    """
    # A workbook of several sheets names its sheets for assets.
    whole = re.sub(r"^.*\.(xlsx|xlsm|xls|ods)#", "", PurePath(file).name, flags=re.IGNORECASE)
    name = _OF_DOWNLOADS.sub("", re.sub(r"\.(csv|txt|tsv|parquet|xlsx|xlsm|xls|ods)$", "", whole, flags=re.IGNORECASE)).strip()
    if file == "stdin" or not name:
        raise DataError(
            "{file:s} holds quotations of one asset, and no file name says which.",
            hint="Give it as a file that is named for the asset, or as date,asset,price.",
            file=file,
        )
    return name


def _pairs(columns: Sequence[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Column -> (field, ticker), for the columns of a header with two levels."""
    for name in columns:
        flat = _FLAT.fullmatch(name)
        if LEVELS in name:
            field, _, ticker = name.partition(LEVELS)
            yield name, (field, ticker)
        elif flat:
            field, ticker = flat.groups()
            yield name, (field, ticker) if key_of(field) in _OF_A_DAY else (ticker, field)


def _of_tickers(table: Table, pairs: Mapping[str, tuple[str, str]]) -> Quotation:
    dates = [name for name in table.columns if key_of(name) == "date"]
    others = [name for name in table.columns if name not in pairs and name not in dates]
    adjusted = any(key_of(field) == "adjusted" for field, _ in pairs.values())
    wanted = "adjusted" if adjusted else "close"
    prices: dict[str | None, str] = {ticker: name for name, (field, ticker) in pairs.items() if key_of(field) == wanted}
    missing = sorted({ticker for _, ticker in pairs.values()} - {str(ticker) for ticker in prices})
    if others or missing or len(dates) != 1:
        what = message("no date")
        if others or missing:
            what = (
                message("column {name!r:s} has no ticker", name=others[0])
                if others
                else message("{name!r:s} has no close", name=missing[0])
            )
        hint = message("Write the download again with its Close, one column a ticker.")
        raise table.header_error("a header of fields and tickers, but {what}.", hint, what=what)
    fields = tuple(name for name, (field, _) in pairs.items() if key_of(field) in _OF_TRADING)
    return Quotation(date=dates[0], prices=prices, ticker=None, fields=fields, adjusted=adjusted)
