"""Yahoo: the real yfinance against charts that a loopback server plays."""

from datetime import date

import pytest

from tests.loopback import Answer, as_json
from tests.yahoo_charts import CHART, Listing, serve, utc, weekdays
from toolkit.market.fetched_quality import _open_days
from toolkit.market.sources.base import Query
from toolkit.market.sources.client import Budget
from toolkit.market.sources.yahoo import Yahoo, _yfinance

DAYS = weekdays(date(2026, 11, 16), 8)  # to 2026-11-25
CLOSES = [(day, 60.0 + i) for i, day in enumerate(DAYS)]


def fetched(client, *tickers, since=None, **more):
    return {result.outcome.series: result for result in Yahoo().fetch(Query(tickers, since or {}, client(**more)))}


def test_both_closes_come_with_their_names_and_days_without_zones(server, client):
    paid = {DAYS[5]: 0.65}
    adjusted = {day: close - (0.65 if day < DAYS[5] else 0.0) for day, close in CLOSES}
    serve(server, {"REMX": Listing(CLOSES, dividends=paid, adjusted=adjusted)})
    result = fetched(client, "REMX")["REMX"]
    rows = result.tables["quotations"]
    assert result.outcome.status == "ok"
    assert (result.outcome.rows, result.outcome.first, result.outcome.last) == (8, "2026-11-16", "2026-11-25")
    assert rows["date"].to_list() == DAYS
    assert rows["close"].to_list() == [close for _, close in CLOSES]
    assert rows["adjusted_close"].to_list() == pytest.approx(list(adjusted.values()))
    assert rows["dividend"].to_list()[5] == 0.65
    assert rows["known_from"].to_list() == DAYS
    assert rows["currency"].unique().to_list() == ["USD"]
    assert rows["factor"].unique().to_list() == [1.0]
    assert rows["exchange"].unique().to_list() == ["PCX"]


def test_a_ticker_is_one_request_of_the_budget(server, client):
    serve(server, {name: Listing(CLOSES) for name in ("REMX", "LIT", "COPX")})
    found = fetched(client, "REMX", "LIT", "COPX", since={"COPX": DAYS[2]}, budget=Budget(3, 600.0))
    assert {result.outcome.status for result in found.values()} == {"ok"}
    assert len([asked for asked in server.asked if asked.path.startswith(CHART)]) == 3


def test_pence_become_pounds_and_the_factor_is_recorded(server, client):
    rio = Listing([(day, 6000.0 + i) for i, day in enumerate(DAYS)], currency="GBp", exchange="LSE", kind="EQUITY")
    serve(server, {"RIO.L": rio, "AGL.JO": Listing(rio.closes, currency="ZAc", exchange="JNB", kind="EQUITY")})
    found = fetched(client, "RIO.L", "AGL.JO")
    outcome, rows = found["RIO.L"].outcome, found["RIO.L"].tables["quotations"]
    assert (outcome.quoted_currency, outcome.factor) == ("GBp", 0.01)
    assert rows["currency"].unique().to_list() == ["GBP"]
    assert rows["close"].to_list() == pytest.approx([60.0 + i / 100 for i in range(8)])
    assert rows["factor"].unique().to_list() == [0.01]
    assert found["AGL.JO"].tables["quotations"]["currency"].unique().to_list() == ["ZAR"]


def test_a_currency_pair_is_a_series_too(server, client):
    serve(server, {"EURUSD=X": Listing([(day, 1.1 + i / 100) for i, day in enumerate(DAYS)], exchange="CCY", kind="CURRENCY")})
    assert fetched(client, "EURUSD=X")["EURUSD=X"].outcome.status == "ok"


def test_a_crumb_that_is_refused_stops_nothing_and_is_not_logged(server, client, caplog):
    serve(server, {"REMX": Listing(CLOSES)})
    server.routes["/query1.finance.yahoo.com/v1/test/getcrumb"] = Answer(b"Too Many Requests", status=429)
    assert fetched(client, "REMX")["REMX"].outcome.status == "ok"
    assert not caplog.records


@pytest.mark.parametrize("answer", [{"chart": {"result": [], "error": None}}, {"finance": 1}])
def test_what_is_no_chart_is_not_found(server, client, answer):
    serve(server, {})
    server.routes[CHART + "REMX"] = as_json(answer)
    outcome = fetched(client, "REMX")["REMX"].outcome
    assert (outcome.status, outcome.reason) == ("failed", "not_found")


def test_a_chart_without_a_price_is_empty_and_days_without_one_are_told(server, client):
    serve(
        server, {"EMPTY": Listing([(day, None) for day in DAYS]), "HOLES": Listing([*CLOSES[:3], (DAYS[3], None), *CLOSES[4:]])}
    )
    found = fetched(client, "EMPTY", "HOLES")
    assert found["EMPTY"].outcome.status == "empty"
    assert not found["EMPTY"].tables
    assert (found["HOLES"].outcome.status, found["HOLES"].outcome.reason) == ("partial", "missing_rows")
    assert found["HOLES"].tables["quotations"].height == 7


def test_the_price_of_a_session_that_runs_is_no_close(server, client):
    serve(server, {"REMX": Listing(CLOSES, seen=utc(2026, 11, 25, 15))})  # New York closes at 21:00
    result = fetched(client, "REMX", today=date(2026, 11, 25))["REMX"]
    assert result.outcome.last == "2026-11-24"


def test_a_dividend_since_makes_the_whole_history_be_fetched_again(server, client):
    paid = {DAYS[6]: 0.5}
    serve(server, {"REMX": Listing(CLOSES, dividends=paid), "LIT": Listing(CLOSES)})
    found = fetched(client, "REMX", "LIT", since={"REMX": DAYS[4], "LIT": DAYS[4]})
    assert found["REMX"].outcome.rows == 8
    assert found["LIT"].outcome.rows == 4


def test_deprecations_of_pandas_inside_yfinance_are_no_errors(server, client, recwarn):
    serve(server, {"REMX": Listing(CLOSES)})
    assert fetched(client, "REMX")["REMX"].outcome.status == "ok"
    assert not recwarn.list


def test_a_source_that_ends_while_a_calendar_is_made_lets_no_deprecation_through(client, monkeypatch):
    import exchange_calendars

    session, made = _yfinance(client()), exchange_calendars.get_calendar
    session.__enter__()

    def ends_meanwhile(name):
        session.__exit__(None, None, None)
        return made(name)

    monkeypatch.setattr(exchange_calendars, "get_calendar", ends_meanwhile)
    assert date(2026, 11, 25) in _open_days.__wrapped__("XWBO").to_list()
