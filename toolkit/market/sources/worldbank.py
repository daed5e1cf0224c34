"""Monthly averages of metals and energy of the World Bank's Pink Sheet, from its workbook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import polars as pl

from toolkit.core.errors import DataError
from toolkit.core.units import KG_PER_UNIT
from toolkit.market.readers.workbook import load
from toolkit.market.sources.base import OneFile, Query, SeriesResult, end_of_month, published_after
from toolkit.market.sources.client import FetchError
from toolkit.records.store import Use

PAGE = "https://www.worldbank.org/en/research/commodity-markets"
"""Page with the address of the workbook, which is another one after some updates."""
WORKBOOK = re.compile(rb"https://thedocs\.worldbank\.org/[^\"'<>\s]*?CMO-Historical-Data-Monthly\.xlsx")
SHEET = "Monthly Prices"
COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "aluminium": "Aluminum",
        "copper": "Copper",
        "lead": "Lead",
        "nickel": "Nickel",
        "tin": "Tin",
        "zinc": "Zinc",
        "gold": "Gold",
        "platinum": "Platinum",
        "silver": "Silver",
        "brent": "Crude oil, Brent",
        "natural_gas_us": "Natural gas, US",
    }
)
"""Asset -> heading of its column."""
UNITS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "($/mt)": ("kg", KG_PER_UNIT["t"]),
        "($/troy oz)": ("kg", KG_PER_UNIT["ozt"]),
        "($/kg)": ("kg", 1.0),
        "($/bbl)": ("bbl", 1.0),
        "($/mmbtu)": ("mmbtu", 1.0),
    }
)
"""Unit below a heading -> unit of the series, and what a price is divided by."""
_MONTH = re.compile(r"\d{4}M\d{2}")


class WorldBank(OneFile):
    """World Bank: average prices of a month, known from day 5 of the next."""

    kind: Literal["world_bank_pink_sheet"] = "world_bank_pink_sheet"
    title: ClassVar[str] = "World Bank Commodity Price Data (The Pink Sheet)"
    url: ClassVar[str] = PAGE
    terms: ClassVar[str] = "CC-BY-4.0"
    use: ClassVar[Use] = "bundling"
    rhythm_days: ClassVar[int] = 31
    lag_days: ClassVar[int] = 5
    overlap_days: ClassVar[int] = 400

    def series(self) -> tuple[str, ...]:
        """Assets with a column of their own."""
        return tuple(COLUMNS)

    def load(self, query: Query) -> dict[str, SeriesResult]:
        """All series from one workbook."""
        series, client = query.series, query.client
        address = WORKBOOK.search(client.get(PAGE, kind="page").content)
        if address is None:
            raise FetchError("format", f"{PAGE} names no workbook")
        url = address.group().decode()
        reply = client.get(url, kind="file", conditional=",".join(sorted(series)))
        if reply.unchanged:
            return {asset: self.unchanged(asset, [url]) for asset in series}
        names, units, rows = _table(reply.content)
        found: dict[str, SeriesResult] = {}
        for asset in series:
            if COLUMNS[asset] not in names:
                continue
            at = names.index(COLUMNS[asset])
            if units[at] not in UNITS:
                raise FetchError("format", f"{COLUMNS[asset]} in {units[at]!r}")
            unit, divisor = UNITS[units[at]]
            values = [(end_of_month(row[0]), float(row[at]) / divisor) for row in rows if isinstance(row[at], int | float)]
            frame = pl.DataFrame(values, schema={"date": pl.Date, "price": pl.Float64}, orient="row").with_columns(
                asset=pl.lit(asset), currency=pl.lit("USD"), unit=pl.lit(unit), quantity=pl.lit(None, dtype=pl.Float64),
                basis=pl.lit("monthly_average"), source=pl.lit(self.kind), known_from=published_after(1, 5, client.today),
            )  # fmt: skip
            wanted = frame.filter(pl.col("date") >= query.since.get(asset, date.min))
            found[asset] = self.result(asset, {"prices": wanted}, client, [url])
        return found


def _table(content: bytes) -> tuple[list[str], list[str], list[list[Any]]]:
    """Headings, units and rows of months of the sheet of prices."""
    try:
        _, _, sheets = load("workbook", content, SHEET)
    except DataError as error:
        raise FetchError("format", f"{SHEET}: {error.message}") from None
    records = sheets[SHEET][0] if SHEET in sheets else []
    first = next((i for i, row in enumerate(records) if _MONTH.fullmatch(str(row[0]).strip())), None)
    known = {*COLUMNS.values()}
    heads = next((i for i, row in enumerate(records) if known & {str(cell).strip() for cell in row}), None)
    if first is None or heads is None or heads + 1 >= first:
        raise FetchError("format", f"{SHEET} has no table of months")
    names = [str(cell).strip().rstrip("*").strip() for cell in records[heads]]
    units = [str(cell).strip() for cell in records[heads + 1]]
    return names, units, [row for row in records[first:] if _MONTH.fullmatch(str(row[0]).strip())]
