"""Annual prices of the data release of USGS Mineral Commodity Summaries, found in ScienceBase's catalogue."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import ClassVar, Literal

import polars as pl

from toolkit.core.units import KG_PER_UNIT
from toolkit.market.sources.base import DataSource, Query, SeriesResult
from toolkit.market.sources.client import Client, FetchError
from toolkit.records.fetch import Use

CATALOGUE = "https://www.sciencebase.gov/catalog/items"
HOST = "https://www.sciencebase.gov/"
FILE = "commodities_data.csv"
"""Ending of the name of the release's file of all chapters, in small letters."""
METALS: Mapping[str, str] = MappingProxyType(
    {
        "antimony": "ANTIMONY", "beryllium": "BERYLLIUM", "bismuth": "BISMUTH", "cobalt": "COBALT", "gallium": "GALLIUM",
        "germanium": "GERMANIUM", "indium": "INDIUM", "molybdenum": "MOLYBDENUM", "rhenium": "RHENIUM", "tantalum": "TANTALUM",
        "tellurium": "TELLURIUM", "tungsten": "TUNGSTEN", "vanadium": "VANADIUM",
    }
)  # fmt: skip
"""Asset -> chapter of the release."""
UNITS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "dollars per kilogram": ("kg", 1.0),
        "dollars per gram": ("kg", KG_PER_UNIT["g"]),
        "dollars per metric ton": ("kg", KG_PER_UNIT["t"]),
        "dollars per pound": ("kg", KG_PER_UNIT["lb"]),
        "cents per pound": ("kg", KG_PER_UNIT["lb"] * 100.0),
        "dollars per troy ounce": ("kg", KG_PER_UNIT["ozt"]),
        "dollars per dry metric ton unit": ("mtu", 1.0),
    }
)
"""Unit of the release -> unit of the table, and what a price is divided by."""
_EDITION = re.compile(r"Mineral Commodity Summaries (\d{4})")
_PREFIX = re.compile(r"^Price,?\s*")


class Usgs(DataSource):
    """US Geological Survey: average prices of five years by edition, known from 6 February of the year of the edition."""

    kind: Literal["usgs"] = "usgs"
    title: ClassVar[str] = "USGS Mineral Commodity Summaries, data release"
    url: ClassVar[str] = "https://www.usgs.gov/centers/national-minerals-information-center/mineral-commodity-summaries"
    terms: ClassVar[str] = "public domain (US government work)"
    use: ClassVar[Use] = "bundling"
    rhythm_days: ClassVar[int] = 366
    table: ClassVar[str] = "prices_annual"
    lag_days: ClassVar[int] = 60

    def series(self) -> tuple[str, ...]:
        """Metals with a chapter of their own and a price in it."""
        return tuple(METALS)

    def stored_as(self, series: str) -> None:
        """None: it is read as a whole."""

    def fetch(self, query: Query) -> Iterator[SeriesResult]:
        """All series from the file of the newest edition."""
        yield from self.whole(query, lambda: self._load(query))

    def _load(self, query: Query) -> dict[str, SeriesResult]:
        series, client = query.series, query.client
        edition, url = _newest(client)
        reply = client.get(url, kind="file", conditional=",".join(sorted(series)))
        if reply.unchanged:
            return {asset: self.unchanged(asset, [url]) for asset in series}
        records = list(csv.DictReader(io.StringIO(_text(reply.content))))
        known = min(date(edition, 2, 6), client.today)
        found = {}
        for asset in series:
            rows = [_price(row) for row in records if row["MCS chapter"] == METALS[asset] and row["Statistics"] == "Price"]
            columns = {"date": pl.Date, "series": pl.String, "price": pl.Float64, "unit": pl.String, "status": pl.String}
            frame = pl.DataFrame([row for row in rows if row is not None], schema=columns, orient="row").with_columns(
                asset=pl.lit(asset), currency=pl.lit("USD"), source=pl.lit(self.kind), known_from=pl.lit(known)
            )
            lacking = len(rows) - frame.height
            partial = f"{lacking} figures withheld or not available" if lacking else None
            found[asset] = self.result(asset, {"prices_annual": frame}, client, [url], partial=partial)
        return found


def _newest(client: Client) -> tuple[int, str]:
    """The newest edition with a data release, and the address of its CSV."""
    query = {"q": "Mineral Commodity Summaries data release", "format": "json", "max": 50, "fields": "title,files"}
    releases: list[tuple[int, str]] = []
    for item in client.get(CATALOGUE, query).json()["items"]:
        edition = _EDITION.search(item["title"])
        # The catalogue is told by others too: an address elsewhere is none of the release's.
        named = [file for file in item.get("files", ()) if str(file.get("name", "")).casefold().endswith(FILE)]
        files = [url for file in named if (url := str(file.get("downloadUri") or file.get("url"))).startswith(HOST)]
        if edition is not None and len(files) == 1:
            releases.append((int(edition[1]), files[0]))
    if not releases:
        raise FetchError("format", "the catalogue lists no data release with one CSV")
    return max(releases)


def _text(content: bytes) -> str:
    """The text of a release, which is UTF-8 in some years and of Windows in others."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")


def _price(row: Mapping[str, str]) -> tuple[date, str, float, str, str] | None:
    """One price; None for one that is withheld or not available.

    Raises:
        FetchError: for a unit that is not known.
    """
    if row["Unit"] not in UNITS:
        raise FetchError("format", f"price in {row['Unit']!r}")
    unit, divisor = UNITS[row["Unit"]]
    try:
        value = float(row["Value"].replace(",", ""))
    except ValueError:
        return None
    status = "estimate" if "stimate" in row["Notes"] else "reported"
    return date(int(row["Year"]), 12, 31), _PREFIX.sub("", row["Statistics_detail"]), value / divisor, unit, status
