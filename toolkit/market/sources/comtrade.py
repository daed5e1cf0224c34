"""Monthly trade by six-digit subheading and partner of UN Comtrade, by its JSON service (version 1)."""

from __future__ import annotations

import re
from datetime import date
from types import MappingProxyType
from typing import ClassVar, Literal

import polars as pl

from toolkit.core.countries import CODES
from toolkit.market.sources.base import DataSource, Query, SeriesResult, end_of_month, months_until
from toolkit.market.sources.client import Budget, FetchError
from toolkit.records.store import Use

GET = "https://comtradeapi.un.org/data/v1/get/C/M/HS"
REPORTERS = MappingProxyType(
    {"CHN": 156, "DEU": 276, "GBR": 826, "IND": 699, "JPN": 392, "KOR": 410, "MYS": 458, "NLD": 528, "USA": 842, "VNM": 704}
)
"""ISO-3 code -> code of the reporter at the United Nations."""
FLOWS = MappingProxyType({"export": "X", "import": "M"})
FIRST = date(2017, 1, 1)
MONTHS_OF_REQUEST = 12
"""Months of one request."""
MOST_ROWS = 100_000
_SERIES = re.compile(r"([A-Z]{3})-(export|import)-(\d{6})")


class Comtrade(DataSource):
    """UN Comtrade: value (USD) and net mass (kg) of a reporter with each partner.

    A series is REPORTER-FLOW-CODE, ``CHN-export-250410``; its asset is ``hs250410``: a subheading may hold several metals.
    When a country's month was published is not told: it counts as known from the day of the fetch.
    """

    kind: Literal["comtrade"] = "comtrade"
    title: ClassVar[str] = "UN Comtrade, monthly merchandise trade"
    url: ClassVar[str] = "https://comtradeplus.un.org/"
    terms: ClassVar[str] = "own use and analysis with attribution; no redistribution of the data without permission"
    use: ClassVar[Use] = "never"
    rhythm_days: ClassVar[int] = 31
    lag_days: ClassVar[int] = 180
    overlap_days: ClassVar[int] = 400
    key_variable: ClassVar[str] = "COMTRADE_API_KEY"
    table: ClassVar[str] = "flows"
    budget: ClassVar[Budget] = Budget(requests=10, seconds=60.0, workers=1)

    def series(self) -> tuple[str, ...]:
        """Chinese exports of what its export controls are about."""
        return ("CHN-export-250410", "CHN-export-811292", "CHN-export-811010", "CHN-export-284180")

    def accepts(self, series: str) -> bool:
        """REPORTER-FLOW-CODE."""
        found = _SERIES.fullmatch(series)
        return found is not None and found[1] in REPORTERS

    def stored_as(self, series: str) -> str:
        """The flow with all partners."""
        reporter, flow, code = series.split("-")
        return f"{reporter}/WLD/{flow}/hs{code}"

    def one(self, series: str, query: Query) -> SeriesResult:
        """A request for each year of the series."""
        start, client = query.since.get(series, FIRST), query.client
        reporter, flow, code = series.split("-")
        months = [month.replace("-", "") for month in months_until(start, client.today)]
        rows: list[tuple[date, str, float, float]] = []
        others: set[str] = set()
        for first in range(0, len(months), MONTHS_OF_REQUEST):
            params = {
                "reporterCode": REPORTERS[reporter], "period": ",".join(months[first : first + MONTHS_OF_REQUEST]),
                "cmdCode": code, "flowCode": FLOWS[flow], "partner2Code": 0, "customsCode": "C00", "motCode": 0,
                "includeDesc": "true", "maxRecords": MOST_ROWS,
            }  # fmt: skip
            reply = client.get(GET, params, headers={"Ocp-Apim-Subscription-Key": self.key()}, secret=True).json()
            if len(reply["data"]) >= MOST_ROWS:
                raise FetchError("missing_rows", f"more than {MOST_ROWS} rows a request")
            for row in reply["data"]:
                partner = "WLD" if row["partnerCode"] == 0 else row["partnerISO"]
                if partner != "WLD" and partner not in CODES:
                    others.add(partner)
                else:
                    rows.append(
                        (end_of_month(str(row["period"])), partner, float(row["primaryValue"]), float(row["netWgt"] or 0))
                    )
        columns = {"date": pl.Date, "partner": pl.String, "value": pl.Float64, "quantity": pl.Float64}
        frame = pl.DataFrame(rows, schema=columns, orient="row").with_columns(
            reporter=pl.lit(reporter), direction=pl.lit(flow), asset=pl.lit(f"hs{code}"), hs_code=pl.lit(code),
            currency=pl.lit("USD"), basis=pl.lit("reported"), source=pl.lit(self.kind), known_from=pl.lit(client.today),
        )  # fmt: skip
        # Areas that are no country, as "areas not elsewhere specified", are in the total alone.
        partial = f"areas that are no country: {', '.join(sorted(others))}" if others else None
        return self.result(series, {"flows": frame}, client, [GET], partial=partial)
