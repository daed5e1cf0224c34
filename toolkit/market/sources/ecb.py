"""Euro reference rates of the European Central Bank: daily, all currencies in one request of its SDMX service."""

from __future__ import annotations

import io
from typing import ClassVar, Literal

import polars as pl

from toolkit.market.sources.base import OneFile, Query, SeriesResult
from toolkit.records.store import Use

RATES = "https://data-api.ecb.europa.eu/service/data/EXR/D.{currencies}.EUR.SP00.A"
CURRENCIES = (
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "GBP", "HKD", "HUF", "IDR", "ILS", "INR", "ISK", "JPY", "KRW", "MXN",
    "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "SEK", "SGD", "THB", "TRY", "USD", "ZAR",
)  # fmt: skip
"""Currencies with a reference rate that is published today."""


class Ecb(OneFile):
    """European Central Bank: units of a currency for one euro, known on their day (about 16:00 CET)."""

    kind: Literal["ecb"] = "ecb"
    title: ClassVar[str] = "European Central Bank, euro foreign exchange reference rates"
    url: ClassVar[str] = "https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/"
    terms: ClassVar[str] = "free reuse with attribution (ECB)"
    use: ClassVar[Use] = "bundling"
    required: ClassVar[bool] = True
    table: ClassVar[str] = "fx"

    def series(self) -> tuple[str, ...]:
        """Currencies by ISO 4217."""
        return CURRENCIES

    def stored_as(self, series: str) -> str:
        """The pair of the euro and the currency."""
        return f"EUR/{series}"

    def load(self, query: Query) -> dict[str, SeriesResult]:
        """All currencies in one request, from the earliest day that one of them lacks."""
        series, client = query.series, query.client
        days = [query.since[currency] for currency in series if currency in query.since]
        start = min(days) if len(days) == len(series) else None
        url = RATES.format(currencies="+".join(sorted(series)))
        params = {"format": "csvdata", "detail": "dataonly"} | ({"startPeriod": start.isoformat()} if start else {})
        content = client.get(url, params, kind="lines").content
        rows = pl.read_csv(io.BytesIO(content), infer_schema=False).select(
            date=pl.col("TIME_PERIOD").str.to_date("%Y-%m-%d"),
            base=pl.col("CURRENCY_DENOM"),
            quote=pl.col("CURRENCY"),
            # Days on which the bank published none are NaN or empty.
            rate=pl.col("OBS_VALUE").replace({"NaN": None, "": None}).cast(pl.Float64),
            source=pl.lit(self.kind),
        )
        rows = rows.filter(pl.col("rate").is_not_null()).with_columns(known_from=pl.col("date"))
        return {
            currency: self.result(currency, {"fx": frame}, client, [url])
            for currency, frame in ((name, rows.filter(pl.col("quote") == name)) for name in series)
        }
