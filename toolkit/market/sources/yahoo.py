"""Yahoo Finance through yfinance: listed instruments, futures and currency pairs, daily, for personal use.

Measured on yfinance 1.7.0. `download` hides errors behind a process-global switch and is not used. A status of 500 or a page of
HTML becomes "possibly delisted" and an empty frame unless `hide_exceptions` is off; the cache of past ranges keeps a bad reply,
and is cleared before each attempt. Status and `Retry-After` are read in a session of ours, before yfinance sees the reply.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import polars as pl

from toolkit.core.currencies import MINOR_UNITS
from toolkit.market.sources.base import DataSource, Query, SeriesResult
from toolkit.market.sources.client import ENCODING, MOST_BYTES, MOST_REDIRECTS, Body, Budget, Client, FetchError, Reply
from toolkit.records.store import Reason, Use

CHART = "/v8/finance/chart/"
LISTED = ("REMX", "LIT", "COPX", "PICK", "GLD", "SLV", "PPLT", "PALL", "URA", "XME")
"""Funds of `strategies/listed-proxies.toml` and their neighbours: what is fetched where nothing is named."""


OF_CURL: Mapping[int, Reason] = MappingProxyType({18: "cut_off", 28: "timeout", 47: "not_found", 61: "not_data"})
"""Code of an error of curl -> reason: a body shorter or in another compression than stated, too slow, too many redirects."""
LASTING = ("not_data", "not_found")
"""Reasons for which nothing is asked again."""


class Yahoo(DataSource):
    """Yahoo Finance: any ticker that it knows.

    A ticker gives rows of `quotations` with both closes: as quoted, and adjusted for splits and dividends, whose changes are
    returns. Where a dividend or a split was paid since, the whole history is fetched again: its adjusted closes are others.
    """

    kind: Literal["yahoo"] = "yahoo"
    title: ClassVar[str] = "Yahoo Finance"
    url: ClassVar[str] = "https://finance.yahoo.com/"
    terms: ClassVar[str] = "Personal use only; no redistribution, no publication (Yahoo terms of service)"
    use: ClassVar[Use] = "personal"
    table: ClassVar[str] = "quotations"
    budget: ClassVar[Budget] = Budget(requests=24, seconds=60.0, workers=2)  # as yfinance advises: two in five seconds

    def series(self) -> tuple[str, ...]:
        """The funds of the strategies that ship with the toolkit."""
        return LISTED

    def accepts(self, series: str) -> bool:
        """Whether it can be a ticker."""
        return 0 < len(series) <= 32 and not set(series) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-=^&_")

    def fetch(self, query: Query) -> Iterator[SeriesResult]:
        """Each ticker, two at a time."""
        with _yfinance(query.client) as session:
            yield from self.each(query, lambda ticker: self._one(ticker, query, session))

    def _one(self, ticker: str, query: Query, session: Any) -> SeriesResult:
        since, client = query.since.get(ticker), query.client
        history, about = client.attempts(lambda: _history(ticker, since, session))
        if since is not None and _pays(history):
            history, about = client.attempts(lambda: _history(ticker, None, session))
        whole = MINOR_UNITS.get(about["currency"])
        currency, factor = (whole, 0.01) if whole else (about["currency"], 1.0)
        missing = history.filter(pl.col("close").is_null())
        quoted = history.filter(pl.col("close").is_not_null(), pl.col("date").ne_missing(pl.lit(_running(about), pl.Date)))
        quotations = quoted.select(
            "date", asset=pl.lit(ticker), close=pl.col("close") * factor, adjusted_close=pl.col("adjusted") * factor,
            currency=pl.lit(currency), factor=pl.lit(factor), volume=pl.col("volume"),
            # Of a price in pence it is not certain whether its dividends are.
            dividend=pl.when(factor == 1.0, pl.col("paid") > 0).then("paid"), split=pl.when(pl.col("split") > 0).then("split"),
            exchange=pl.lit(about.get("exchangeName")), repaired=pl.lit(value=False), source=pl.lit(self.kind),
            known_from=pl.col("date"),
        )  # fmt: skip
        holes = f"{missing.height} days without a price" if missing.height else None
        converted = (about["currency"], factor) if factor != 1.0 else None
        address = f"https://query2.finance.yahoo.com{CHART}{ticker}"
        return self.result(ticker, {"quotations": quotations}, client, [address], partial=holes, quoted=converted)


def _history(ticker: str, since: date | None, session: Any) -> tuple[pl.DataFrame, Mapping[str, Any]]:
    """Days with both closes and what was paid on them, and what Yahoo says of the ticker.

    Raises:
        FetchError: without any day.
    """
    import yfinance  # noqa: PLC0415
    from yfinance.data import YfData  # noqa: PLC0415
    from yfinance.exceptions import YFException, YFRateLimitError  # noqa: PLC0415

    YfData.cache_get.cache_clear()
    asked = {"period": "max"} if since is None else {"start": since.isoformat()}
    found = yfinance.Ticker(ticker, session=session)
    found._tz = "UTC"  # else it is asked for by a request of its own; days are read in the zone that the chart names
    try:
        frame = found.history(auto_adjust=False, actions=True, keepna=True, **asked)
    except YFRateLimitError:
        raise FetchError("rate_limited", "HTTP 429", again=True) from None
    except YFException as error:
        raise FetchError("not_found", str(error)) from None
    except OSError as error:  # of curl: no connection, too slow, cut off
        reason = OF_CURL.get(getattr(error, "code", 0), "unreachable")
        raise FetchError(reason, str(error).partition(". See ")[0], again=reason not in LASTING) from None
    columns = {"close": "Close", "adjusted": "Adj Close", "volume": "Volume", "split": "Stock Splits"}
    values = {name: frame[column].to_numpy(dtype=float) for name, column in columns.items()}
    paid = frame["Dividends"].to_numpy(dtype=float) + (
        frame["Capital Gains"].to_numpy(dtype=float) if "Capital Gains" in frame else 0
    )
    days = pl.DataFrame({"date": [stamp.date() for stamp in frame.index], **values, "paid": paid})
    days = days.with_columns(pl.selectors.float().fill_nan(None))
    repeated = _repeated(session.charts.pop(found.ticker))
    # As a mapping the metadata would ask Yahoo for the hours of trading, too.
    about = found.get_history_metadata()
    return pl.concat([days, repeated], how="diagonal").sort("date", maintain_order=True), about


def _pays(history: pl.DataFrame) -> bool:
    """Whether a dividend, a split or a capital gain falls into the history."""
    return history.select(((pl.col("paid") > 0) | (pl.col("split") > 0)).any()).item()


def _running(about: Mapping[str, Any]) -> date | None:
    """The day of the exchange's session that has not ended, whose last price is no close."""
    session = (about.get("currentTradingPeriod") or {}).get("regular") or {}
    ends, seen = _moment(session.get("end")), _moment(about.get("regularMarketTime"))
    if ends is None or seen is None or seen >= ends:
        return None
    zone = ZoneInfo(about.get("exchangeTimezoneName") or "UTC")
    day = ends.astimezone(zone).date()
    return day if seen.astimezone(zone).date() == day else None


def _moment(value: Any) -> datetime | None:
    """A moment that Yahoo gives in seconds and yfinance may have read already."""
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else value


def _repeated(chart: Any) -> pl.DataFrame:
    """Days that a reply has more than once, all but the first of each: yfinance drops them.

    The last day is no such day: beside its close Yahoo gives the price of the moment.
    """
    found = chart["chart"]["result"][0]
    offset, quote = found["meta"].get("gmtoffset", 0), found["indicators"]["quote"][0]
    closes = quote.get("close") or []
    adjusted = (found["indicators"].get("adjclose") or [{"adjclose": closes}])[0]["adjclose"]
    days = [datetime.fromtimestamp(stamp + offset, UTC).date() for stamp in found.get("timestamp") or []]
    rows = pl.DataFrame(
        {"date": days, "close": closes, "adjusted": adjusted},
        schema={"date": pl.Date, "close": pl.Float64, "adjusted": pl.Float64},
        strict=False,
    )
    return rows.filter(~pl.col("date").is_first_distinct() & (pl.col("date") != pl.col("date").max()))


@contextmanager
def _yfinance(client: Client) -> Iterator[Any]:
    """A session of yfinance that keeps to the budget and reads status and headers first; its warnings and logs are held."""
    import yfinance  # noqa: PLC0415
    from curl_cffi.requests import Session  # noqa: PLC0415

    class Polite(Session):
        """A session whose requests wait for their turn, and fail by status before yfinance retries them in its own way."""

        charts: ClassVar[dict[str, Any]] = {}

        def request(self, method: Any, url: str, *args: Any, **options: Any) -> Any:
            # Cookie and crumb are asked for once.
            if CHART in url:
                client.turn()
            asked = client.address(url)
            body = Body(MOST_BYTES["json"])
            limits = {"timeout": client.pace.deadline, "max_redirects": MOST_REDIRECTS, "accept_encoding": ENCODING}
            reply = super().request(method, asked, *args, **{**options, **limits, "content_callback": body.add})
            reply.content = body.whole()
            if CHART in url:
                headers = {name.lower(): value or "" for name, value in reply.headers.items()}
                if reply.status_code in (404, 422):
                    raise FetchError("not_found", _description(reply))
                client.check(reply.status_code, headers, asked, reply.url, reply.content, "json")
                self.charts[url.rpartition("/")[2]] = Reply(reply.content, url).json()
            return reply

    # It stays silent: after an interruption a thread may still be in it until the process ends.
    logging.getLogger("yfinance").setLevel(logging.CRITICAL)
    # Deprecations of pandas inside yfinance are no matter of the caller, who may have made warnings errors. `catch_warnings` in
    # several threads restores the filters of another.
    warnings.filterwarnings("ignore", module=r"yfinance(\.|$)")
    hidden = yfinance.config.debug.hide_exceptions
    yfinance.config.debug.hide_exceptions = False
    with Polite(impersonate="chrome") as session:
        try:
            yield session
        finally:
            yfinance.config.debug.hide_exceptions = hidden


def _description(reply: Any) -> str:
    """What Yahoo says of a ticker that it does not have."""
    try:
        return str(reply.json()["chart"]["error"]["description"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {reply.status_code}"
