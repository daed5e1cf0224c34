"""Charts as Yahoo's service sends them (v8), made from days and closes; and the routes that yfinance asks on its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from tests.loopback import Answer, Asked, Loopback, as_json

CHART = "/query2.finance.yahoo.com/v8/finance/chart/"
NOT_FOUND = as_json(
    {"chart": {"result": None, "error": {"code": "Not Found", "description": "No data found, symbol may be delisted"}}},
    status=404,
)
EXCHANGES = {
    "PCX": ("NYSEArca", "America/New_York", time(9, 30), time(16)),
    "LSE": ("LSE", "Europe/London", time(8), time(16, 30)),
    "JNB": ("Johannesburg", "Africa/Johannesburg", time(9), time(17)),
    "CCY": ("CCY", "Europe/London", time(0), time(23, 59)),
}


@dataclass(frozen=True)
class Listing:
    """A ticker: closes by day, dividends and splits by day, what adjusts the close, exchange and unit of quotation."""

    closes: Sequence[tuple[date, float | None]]
    dividends: Mapping[date, float] | None = None
    splits: Mapping[date, tuple[int, int]] | None = None
    adjusted: Mapping[date, float] | None = None
    currency: str = "USD"
    exchange: str = "PCX"
    kind: str = "ETF"
    seen: datetime | None = None
    """Moment of the last price; the end of the last day's session by default."""

    def chart(self, ticker: str, asked: Asked) -> Answer:
        """The chart of the days that are asked for, as `period1`, `period2` or `range` say."""
        name, zone_name, opens, ends = EXCHANGES[self.exchange]
        zone = ZoneInfo(zone_name)
        first, last = int(asked.query.get("period1", 0)), int(asked.query.get("period2", 2**40))
        rows = [(day, close) for day, close in self.closes if first <= _stamp(day, opens, zone) < last]
        if "range" in asked.query:
            rows = rows[-1:]
        if not rows:
            return NOT_FOUND
        day = self.closes[-1][0]
        close = datetime.combine(day, ends, zone)
        seen = self.seen or close
        offset = int(seen.astimezone(zone).utcoffset().total_seconds())  # type: ignore[union-attr]
        session = {"timezone": zone_name, "start": _stamp(day, opens, zone), "end": int(close.timestamp()), "gmtoffset": offset}
        meta = {
            "currency": self.currency, "symbol": ticker, "exchangeName": self.exchange, "fullExchangeName": name,
            "instrumentType": self.kind, "firstTradeDate": _stamp(self.closes[0][0], opens, zone),
            "regularMarketTime": int(seen.timestamp()), "hasPrePostMarketData": True, "gmtoffset": offset, "timezone": "X",
            "exchangeTimezoneName": zone_name, "regularMarketPrice": rows[-1][1], "priceHint": 2,
            "currentTradingPeriod": {"pre": session, "regular": session, "post": session}, "dataGranularity": "1d", "range": "",
            "validRanges": ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"],
        }  # fmt: skip
        stamps = [_stamp(day, opens, zone) for day, _ in rows]
        values = [close for _, close in rows]
        adjusted = [close if self.adjusted is None else self.adjusted.get(day, close) for day, close in rows]
        events: dict[str, Any] = {}
        within = {day: _stamp(day, opens, zone) for day, _ in rows}
        paid = {within[day]: amount for day, amount in (self.dividends or {}).items() if day in within}
        if paid:
            events["dividends"] = {str(at): {"amount": amount, "date": at} for at, amount in paid.items()}
        split = {within[day]: ratio for day, ratio in (self.splits or {}).items() if day in within}
        if split:
            events["splits"] = {
                str(at): {"date": at, "numerator": a, "denominator": b, "splitRatio": f"{a}:{b}"}
                for at, (a, b) in split.items()
            }
        quote = dict.fromkeys(("open", "high", "low", "close"), values) | {
            "volume": [None if v is None else 1000 for v in values]
        }
        result = {"meta": meta, "timestamp": stamps, "indicators": {"quote": [quote], "adjclose": [{"adjclose": adjusted}]}}
        return as_json({"chart": {"result": [result | ({"events": events} if events else {})], "error": None}})


def _stamp(day: date, opens: time, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, opens, zone).timestamp())


@cache
def _lasting_cache() -> TemporaryDirectory[str]:
    """Where yfinance keeps cookies as long as this process lives: it opens the database of the first command for all."""
    import yfinance.cache  # half a second that other tests need not take

    folder = TemporaryDirectory()
    yfinance.cache.set_cache_location(folder.name)
    return folder


def serve(server: Loopback, listings: Mapping[str, Listing]) -> None:
    """Yahoo with these tickers; any other is not found."""
    _lasting_cache()
    server.routes["/fc.yahoo.com"] = Answer(
        b"",
        status=404,
        headers={"Set-Cookie": "A3=d=AQABBK&S=AQAAAs; Expires=Fri, 26 Nov 2032 00:00:00 GMT; Domain=.yahoo.com"},
    )
    server.routes["/query1.finance.yahoo.com/v1/test/getcrumb"] = Answer(b"Crumb.1234", headers={"Content-Type": "text/plain"})
    server.routes[CHART] = NOT_FOUND
    for ticker, listing in listings.items():
        server.routes[CHART + ticker] = lambda asked, ticker=ticker, listing=listing: listing.chart(ticker, asked)


def weekdays(first: date, count: int) -> list[date]:
    """Days of the week from one on."""
    days, day = [], first
    while len(days) < count:
        if day.weekday() < 5:
            days.append(day)
        day += timedelta(days=1)
    return days


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)
