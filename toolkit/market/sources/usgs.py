"""Annual prices and world production of USGS Mineral Commodity Summaries, by the data release in ScienceBase's catalogue."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import ClassVar, Literal

import polars as pl

from toolkit.core.countries import country
from toolkit.core.units import KG_PER_UNIT
from toolkit.market.market import Source
from toolkit.market.sources.base import OneFile, Query, SeriesResult
from toolkit.market.sources.client import Client, FetchError
from toolkit.records.store import Use

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
"""Asset -> chapter of its prices."""
NAMES: Mapping[str, str] = MappingProxyType(
    {
        "antimony metal, average, dollars per pound": "metal 99.65 % cif",
        "bismuth average, dollars per pound": "99.99 % Rotterdam",
        "cobalt average, dollars per pound: London Metal Exchange (LME), cash": "LME cash",
        "cobalt average, dollars per pound: U.S. spot, cathode": "US spot cathode",
        "gallium average unit value of imports, dollars per kilogram": "import unit value, metal",
        "germanium annual average, dollars per kilogram: Germanium dioxide": "dioxide 99.999 % Europe",
        "germanium annual average, dollars per kilogram: Germanium metal": "metal 99.999 % Europe",
        "indium annual average, dollars per kilogram: Rotterdam, duties unpaid": "Rotterdam duties unpaid 99.99 %",
        "indium annual average, dollars per kilogram: U.S. warehouse, free on board": "US warehouse fob 99.99 %",
        "molybdenum average, dollars per kilogram": "US molybdic oxide",
        "rhenium average value, gross weight, dollars per kilogram: Ammonium perrhenate": "APR catalytic",
        "rhenium average value, gross weight, dollars per kilogram: Metal, 99.99% pure": "metal pellets",
        "tellurium annual average, dollars per kilogram: Europe": "Europe",
        "tellurium annual average, dollars per kilogram: United States": "US warehouse 99.95 %",
        "vanadium average, vanadium pentoxide, dollars per pound": "vanadium pentoxide",
    }
)
"""Asset and price of the release -> series of the data package that it continues; others keep the words of the release."""
BEGINNINGS: Mapping[str, str] = MappingProxyType(
    {
        "tantalum tantalite, annual average, dollars per kilogram of tantalum oxide": "tantalite, per kg of oxide",
        "tungsten concentrate, average in-warehouse Rotterdam": "concentrate in-whs Rotterdam",
    }
)
"""The same for long texts, by their beginnings."""
MINE, REFINERY, SMELTER = "Mine production", "Refinery production", "Smelter production"
PRODUCTION: Mapping[tuple[str, str], tuple[str, str]] = MappingProxyType(
    {
        ("aluminium", "processing"): ("Aluminum", SMELTER),
        ("antimony", "extraction"): ("Antimony", MINE),
        ("bismuth", "processing"): ("Bismuth", REFINERY),
        ("cobalt", "extraction"): ("Cobalt", MINE),
        ("copper", "extraction"): ("Copper", MINE),
        ("copper", "processing"): ("Copper", REFINERY),
        ("gallium", "processing"): ("Gallium", "Primary production"),
        ("gold", "extraction"): ("Gold", MINE),
        ("graphite_flake", "extraction"): ("Graphite (Natural)", MINE),
        ("indium", "processing"): ("Indium", REFINERY),
        ("lead", "extraction"): ("Lead", MINE),
        ("lithium", "extraction"): ("Lithium", MINE),
        ("magnesium", "processing"): ("Magnesium Metal", SMELTER),
        ("molybdenum", "extraction"): ("Molybdenum", MINE),
        ("nickel", "extraction"): ("Nickel", MINE),
        ("palladium", "extraction"): ("Palladium", "Mine production: Palladium"),
        ("platinum", "extraction"): ("Platinum", "Mine production: Platinum"),
        ("rare_earths", "extraction"): ("Rare Earths", MINE),
        ("rhenium", "extraction"): ("Rhenium", MINE),
        ("silicon", "processing"): ("Silicon", "Silicon metal"),
        ("silver", "extraction"): ("Silver", MINE),
        ("tellurium", "processing"): ("Tellurium", REFINERY),
        ("tin", "extraction"): ("Tin", MINE),
        ("titanium_sponge", "processing"): ("Titanium Sponge Metal", "Titanium sponge metal production"),
        ("tungsten", "extraction"): ("Tungsten", MINE),
        ("vanadium", "extraction"): ("Vanadium", MINE),
        ("zinc", "extraction"): ("Zinc", MINE),
    }
)
"""Asset and stage -> commodity and statistics of the release."""
MASSES: Mapping[str, float] = MappingProxyType(
    {"kilograms": 1.0, "metric tons": KG_PER_UNIT["t"], "thousand metric tons": 1000 * KG_PER_UNIT["t"]}
)
UNITS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "dollars per kilogram": ("kg", 1.0),
        "dollars per gram": ("kg", KG_PER_UNIT["g"]),
        "dollars per metric ton": ("kg", KG_PER_UNIT["t"]),
        "dollars per pound": ("kg", KG_PER_UNIT["lb"]),
        "cents per pound": ("kg", KG_PER_UNIT["lb"] * 100.0),
        "dollars per troy ounce": ("kg", KG_PER_UNIT["ozt"]),
        "dollars per dry metric ton unit": ("mtu WO3", 1.0),
    }
)
"""Unit of the release -> unit of the table, and what a price is divided by."""
FORMS = ("concentrate", "rounded")
"""What the release may write behind the statistics of a single row."""
TOTAL_ROUNDED = 0.1
"""Part of the world's total, which is rounded, that its countries may be off."""
OTHER = "OTH"
"""Countries that the release does not name."""
EDITION = "usgs_mcs_"
_EDITION = re.compile(r"Mineral Commodity Summaries (\d{4})")
_PREFIX = re.compile(r"^Price,?\s*")


class Usgs(OneFile):
    """US Geological Survey: average prices of five years, production of two, known from 6 February of the edition's year.

    Shares of production have the source ``usgs_mcs_YEAR``: an edition states the world of its two years anew, and its countries
    are not mixed with those of another. A country that it withholds is in no share.
    """

    kind: Literal["usgs"] = "usgs"
    title: ClassVar[str] = "USGS Mineral Commodity Summaries, data release"
    url: ClassVar[str] = "https://www.usgs.gov/centers/national-minerals-information-center/mineral-commodity-summaries"
    terms: ClassVar[str] = "public domain (US government work)"
    use: ClassVar[Use] = "bundling"
    rhythm_days: ClassVar[int] = 366
    begins_anew: ClassVar[bool] = True
    table: ClassVar[str] = "prices_annual"
    lag_days: ClassVar[int] = 60

    def series(self) -> tuple[str, ...]:
        """Metals with a price, or with production by country."""
        return tuple(sorted({*METALS, *(asset for asset, _ in PRODUCTION)}))

    def describe(self, source_id: str) -> Source:
        """An edition as the data package names those that it has."""
        edition = source_id.removeprefix(EDITION)
        if edition == source_id:
            return super().describe(source_id)
        return replace(self.description, id=source_id, title=f"USGS Mineral Commodity Summaries {edition}", lag_days=37)

    def load(self, query: Query) -> dict[str, SeriesResult]:
        """All series from the file of the newest edition."""
        series, client = query.series, query.client
        edition, url = _newest(client)
        reply = client.get(url, kind="lines", conditional=",".join(sorted(series)))
        if reply.unchanged:
            return {asset: self.unchanged(asset, [url]) for asset in series}
        records = pl.DataFrame(list(csv.DictReader(io.StringIO(_text(reply.content)))))
        known = min(date(edition, 2, 6), client.today)
        found = {}
        for asset in series:
            prices, lacking = _prices(records, asset)
            tables = {
                "prices_annual": prices.with_columns(source=pl.lit(self.kind), known_from=pl.lit(known)),
                "shares": _shares(records, asset).with_columns(source=pl.lit(f"{EDITION}{edition}"), known_from=pl.lit(known)),
            }
            partial = f"{lacking} figures withheld or not available" if lacking else None
            tables = {name: rows for name, rows in tables.items() if rows.height}
            found[asset] = self.result(asset, tables, client, [url], partial=partial)
        return found


def _prices(records: pl.DataFrame, asset: str) -> tuple[pl.DataFrame, int]:
    """Prices of a metal, and how many are withheld or not available."""
    rows = records.filter(pl.col("MCS chapter") == METALS.get(asset, ""), pl.col("Statistics") == "Price")
    prices = [_price(row, asset) for row in rows.iter_rows(named=True)]
    columns = {"date": pl.Date, "series": pl.String, "price": pl.Float64, "unit": pl.String, "status": pl.String}
    given = [row for row in prices if row is not None]
    frame = pl.DataFrame(given, schema=columns, orient="row").with_columns(asset=pl.lit(asset), currency=pl.lit("USD"))
    return frame, len(prices) - len(given)


def _shares(records: pl.DataFrame, asset: str) -> pl.DataFrame:
    """Production of a metal by stage, country and year: kg, and fractions of the sum of countries.

    Raises:
        FetchError: for a unit or a country that is not known.
    """
    rows: list[tuple[str, str, date, date, float]] = []
    for stage, (commodity, statistics) in ((stage, of) for (metal, stage), of in PRODUCTION.items() if metal == asset):
        of_stage = records.filter(
            pl.col("Section").str.starts_with("World"), pl.col("Statistics") == "Production", pl.col("Commodity") == commodity,
            pl.col("Statistics_detail").is_in([statistics, *(f"{statistics}: {form}" for form in FORMS)]),
        )  # fmt: skip
        for row in of_stage.iter_rows(named=True):
            name, quantity = row["Country"].strip(), _number(row["Value"])
            if name.startswith("World total") or quantity is None:
                continue
            code = OTHER if name.startswith("Other") else country(name)
            if code is None or row["Unit"] not in MASSES:
                raise FetchError("format", f"production of {name!r} in {row['Unit']!r}")
            year = int(row["Year"])
            rows.append((stage, code, date(year, 1, 1), date(year, 12, 31), quantity * MASSES[row["Unit"]]))
        _check_totals(of_stage, rows, stage)
    columns = {"stage": pl.String, "country": pl.String, "period_start": pl.Date, "period_end": pl.Date, "quantity": pl.Float64}
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    share = pl.col("quantity") / pl.col("quantity").sum().over("stage", "period_start")
    return frame.filter(pl.col("quantity") > 0).with_columns(asset=pl.lit(asset), unit=pl.lit("kg"), share=share)


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


def _check_totals(of_stage: pl.DataFrame, rows: Sequence[tuple[str, str, date, date, float]], stage: str) -> None:
    """Refuse production whose countries are far from the world's total: some of them are written in words that nobody reads."""
    for row in of_stage.iter_rows(named=True):
        total = _number(row["Value"])
        if row["Country"].startswith("World total") and total:
            named = sum(one[4] for one in rows if one[0] == stage and one[2].year == int(row["Year"])) / MASSES[row["Unit"]]
            if abs(named / total - 1) > TOTAL_ROUNDED:
                raise FetchError("format", f"countries make {named:g} of {total:g} {row['Unit']} in {row['Year']}")


def _price(row: Mapping[str, str], asset: str) -> tuple[date, str, float, str, str] | None:
    """One price; None for one that is withheld or not available.

    Raises:
        FetchError: for a unit that is not known.
    """
    if row["Unit"] not in UNITS:
        raise FetchError("format", f"price in {row['Unit']!r}")
    unit, divisor = UNITS[row["Unit"]]
    value = _number(row["Value"])
    if value is None:
        return None
    words = _PREFIX.sub("", row["Statistics_detail"])
    told = f"{asset} {words}"
    series = NAMES.get(told) or next((name for begun, name in BEGINNINGS.items() if told.startswith(begun)), words)
    status = "estimate" if "stimate" in row["Notes"] else "reported"
    return date(int(row["Year"]), 12, 31), series, value / divisor, unit, status


def _number(text: str) -> float | None:
    """A figure of the release; None for one that is withheld or not available."""
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None
