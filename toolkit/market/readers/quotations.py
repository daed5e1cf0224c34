"""Quotation files: the daily open, high, low, close and volume that Yahoo, yfinance, Stooq and Investing.com export.

Such a file describes one asset, or one for each ticker: its columns are fields of a quotation and never assets. The price that
is used is the adjusted close where there is one, else the close.

Layouts, with their headers:
    Yahoo: ``Date,Open,High,Low,Close,Adj Close,Volume``
    yfinance `download`: rows ``Price,Close,...``, ``Ticker,AAPL,...``, ``Date,,...``; grouped by ticker the other way round,
        older ones without names in the first column; flattened, ``Date,"('Close', 'AAPL')",...``
    yfinance `Ticker.history`: ``Date,Open,High,Low,Close,Volume,Dividends,Stock Splits``
    Stooq: ``Date,Open,High,Low,Close,Volume`` and ``<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>``
    Investing.com: ``"Date","Price","Open","High","Low","Vol.","Change %"``, in German ``"Datum","Zuletzt","Eröffn.",...``
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from toolkit.core.errors import DataError
from toolkit.core.messages import message, named
from toolkit.market.readers.price_units import key_of
from toolkit.market.readers.tabular import Table

_PRICES = ("open", "high", "low", "close", "adjusted")
_OF_A_DAY = (*_PRICES, "price", "ignore")
_FLAT = re.compile(r"\(\s*'([^']*)'\s*,\s*'([^']*)'\s*\)")
_SUFFIX = re.compile(r"([ _-]*(historical data|historische daten|historical prices)|_[dwm]|\s*\(\d+\))+$", re.IGNORECASE)
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
        fields=tuple(name for name in table.columns if name in (*_PRICES, "price")),
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
    name = _SUFFIX.sub("", re.sub(r"\.(csv|txt|tsv|parquet|xlsx|xlsm|xls|ods)$", "", whole, flags=re.IGNORECASE)).strip()
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
    fields = tuple(name for name, (field, _) in pairs.items() if key_of(field) in _PRICES)
    return Quotation(date=dates[0], prices=prices, ticker=None, fields=fields, adjusted=adjusted)
