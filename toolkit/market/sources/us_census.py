"""US imports by ten-digit tariff code, monthly: value, quantity and unit value, by the JSON service of the Census Bureau."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import polars as pl

from toolkit.market.sources.base import DataSource, Query, SeriesResult, end_of_month, published_after
from toolkit.market.sources.client import Client, FetchError
from toolkit.records.store import Use

IMPORTS = "https://api.census.gov/data/timeseries/intltrade/imports/hs"
CHINA = "5700"
"""Code of China in Schedule C."""
FIRST = date(2013, 1, 1)
"""First month of the service."""
KG = MappingProxyType({"KG": 1.0, "T": 1000.0, "G": 0.001, "GM": 0.001, "CKG": 1.0, "TON": 1000.0})
"""Units of quantity that are masses; `CKG` are kg of content."""
CODES: Mapping[str, str] = MappingProxyType(
    {
        "ammonium_paratungstate": "2841800010",
        "antimony": "8110100000",
        "bismuth": "8106100000",
        "gallium": "8112921000",
        "germanium": "8112926000",
        "germanium_powder": "8112926500",
        "graphite_flake": "2504101000",
        "indium": "8112923000",
        "molybdenum": "8102940000",
        "tellurium": "2804500020",
        "tungsten": "8101940000",
    }
)
"""Asset -> HTS10 code of its imports."""


class UsCensus(DataSource):
    """US Census Bureau: general imports of the metals that the toolkit follows, known from day 10 of the second month after.

    A series gives `flows` from the world and from China, and `prices`: unit values, in months with a quantity.
    """

    kind: Literal["us_census"] = "us_census"
    title: ClassVar[str] = "US Census Bureau, International Trade"
    url: ClassVar[str] = "https://www.census.gov/foreign-trade/"
    terms: ClassVar[str] = "public domain (US government work)"
    use: ClassVar[Use] = "bundling"
    rhythm_days: ClassVar[int] = 31
    lag_days: ClassVar[int] = 41
    overlap_days: ClassVar[int] = 400  # figures of a year are revised until June of the next
    key_variable: ClassVar[str] = "CENSUS_API_KEY"

    def series(self) -> tuple[str, ...]:
        """Assets with a tariff code of their own."""
        return tuple(CODES)

    def one(self, series: str, query: Query) -> SeriesResult:
        """Two requests: all partners together, and China."""
        start, client = query.since.get(series, FIRST), query.client
        world = self._imports(CODES[series], start, None, client)
        china = self._imports(CODES[series], start, CHINA, client)
        # A month in which the code has imports and China, which has others of it, none is one without imports from China.
        blank = world.join(china, on="date", how="anti").with_columns(value=pl.lit(0.0), quantity=pl.lit(0.0))
        parts = [(world, "WLD", "reported"), (china, "CHN", "reported")]
        parts += [(blank, "CHN", "inferred_zero")] if china.height else []
        flows = pl.concat(
            frame.with_columns(partner=pl.lit(partner), basis=pl.lit(basis)) for frame, partner, basis in parts
        ).with_columns(
            reporter=pl.lit("USA"), direction=pl.lit("import"), asset=pl.lit(series), hs_code=pl.lit(CODES[series]),
            currency=pl.lit("USD"), source=pl.lit(self.kind), known_from=published_after(2, 10, client.today),
        )  # fmt: skip
        priced = (pl.col("partner") == "WLD") & (pl.col("quantity") > 0) & (pl.col("value") > 0)
        prices = flows.filter(priced).with_columns(
            price=pl.col("value") / pl.col("quantity"), unit=pl.lit("kg"), basis=pl.lit("customs_unit_value")
        )
        return self.result(series, {"flows": flows, "prices": prices}, client, [IMPORTS])

    def _imports(self, code: str, start: date, partner: str | None, client: Client) -> pl.DataFrame:
        """Value (USD) and quantity (kg) by month."""
        params: dict[str, Any] = {
            "get": "GEN_VAL_MO,GEN_QY1_MO,UNIT_QY1",
            "I_COMMODITY": code,
            "COMM_LVL": "HS10",
            "time": f"from {start:%Y-%m} to {client.today:%Y-%m}",
            "key": self.key(),
        }
        if partner is not None:
            params["CTY_CODE"] = partner
        reply = client.get(IMPORTS, params, secret=True)
        schema = {"date": pl.Date, "value": pl.Float64, "quantity": pl.Float64}
        if not reply.content:  # no trade: 204 without a body
            return pl.DataFrame(schema=schema)
        header, *rows = reply.json()
        at = {name: header.index(name) for name in ("GEN_VAL_MO", "GEN_QY1_MO", "UNIT_QY1", "time")}
        records = []
        for row in rows:
            quantity, unit = float(row[at["GEN_QY1_MO"]] or 0), (row[at["UNIT_QY1"]] or "").strip().upper()
            if quantity and unit not in KG:
                raise FetchError("format", f"quantity in {unit or 'no unit'}")
            mass = quantity * KG.get(unit, 1.0)
            records.append((end_of_month(row[at["time"]]), float(row[at["GEN_VAL_MO"]] or 0), mass))
        return pl.DataFrame(records, schema=schema, orient="row").sort("date")
