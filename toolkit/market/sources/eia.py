"""Monthly spot prices of oil and gas of the US Energy Information Administration, by its JSON service (version 2)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Literal

import polars as pl

from toolkit.market.sources.base import DataSource, Query, SeriesResult, end_of_month, published_after
from toolkit.market.sources.client import FetchError
from toolkit.records.store import Use

DATA = "https://api.eia.gov/v2/{route}/data/"
ROUTES: Mapping[str, tuple[str, str, str, str]] = MappingProxyType(
    {
        "brent": ("petroleum/pri/spt", "RBRTE", "$/BBL", "bbl"),
        "natural_gas_us": ("natural-gas/pri/fut", "RNGWHHD", "$/MMBTU", "mmbtu"),
    }
)
"""Asset -> route, series, unit of the service, and unit of the table."""
ROWS_OF_REPLY = 5000
"""Rows of one reply; a hundred years of months are 1200."""


class Eia(DataSource):
    """Energy Information Administration: averages of a month, known from day 15 of the next."""

    kind: Literal["eia"] = "eia"
    title: ClassVar[str] = "US Energy Information Administration, spot prices"
    url: ClassVar[str] = "https://www.eia.gov/opendata/"
    terms: ClassVar[str] = "public domain (US government work)"
    use: ClassVar[Use] = "bundling"
    rhythm_days: ClassVar[int] = 31
    lag_days: ClassVar[int] = 15
    overlap_days: ClassVar[int] = 200
    key_variable: ClassVar[str] = "EIA_API_KEY"
    table: ClassVar[str] = "energy"

    def series(self) -> tuple[str, ...]:
        """Brent and Henry Hub."""
        return tuple(ROUTES)

    def one(self, series: str, query: Query) -> SeriesResult:
        """One request."""
        start, client = query.since.get(series), query.client
        route, name, quoted, unit = ROUTES[series]
        params = {
            "api_key": self.key(), "frequency": "monthly", "data[0]": "value", "facets[series][]": name,
            "sort[0][column]": "period", "sort[0][direction]": "asc", "offset": 0, "length": ROWS_OF_REPLY,
        }  # fmt: skip
        url = DATA.format(route=route)
        rows = client.get(url, params | ({"start": f"{start:%Y-%m}"} if start else {}), secret=True).json()["response"]["data"]
        odd = {row["units"] for row in rows} - {quoted}
        if odd:
            raise FetchError("format", f"{series} in {', '.join(sorted(odd))}")
        records = [(end_of_month(row["period"]), float(row["value"])) for row in rows if row["value"] is not None]
        frame = pl.DataFrame(records, schema={"date": pl.Date, "price": pl.Float64}, orient="row").with_columns(
            asset=pl.lit(series), currency=pl.lit("USD"), unit=pl.lit(unit), source=pl.lit(self.kind),
            known_from=published_after(1, 15, client.today),
        )  # fmt: skip
        return self.result(series, {"energy": frame}, client, [url])
