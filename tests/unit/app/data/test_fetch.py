"""Fetching into a store: what comes is checked and kept, what does not is told, and nothing stored is lost."""

import socket
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import ClassVar, Literal

import pytest

from tests.loopback import Answer, Loopback
from tests.recorded import RECORDED
from tests.yahoo_charts import CHART, Listing, serve, weekdays
from toolkit.app.data.fetch import FetchRequest, Stored, fetch
from toolkit.core.errors import SpecError
from toolkit.market.sources.base import DataSource, Query, data_source, fetch_all
from toolkit.market.sources.client import Budget, Client, Pace
from toolkit.market.store.store import Store
from toolkit.market.store.verify import verify
from toolkit.records.store import Use
from tools.fetch_kills import kills

TODAY = date(2026, 11, 26)
DAYS = [day for day in weekdays(date(2026, 10, 1), 40) if day <= date(2026, 11, 25)]
CLOSES = [(day, 60.0 + i * 0.1 + (i % 5) * 0.07) for i, day in enumerate(DAYS)]
LISTINGS = {
    name: Listing([(day, base + close) for day, close in CLOSES])
    for name, base in (("REMX", 0.0), ("LIT", 10.0), ("GLD", 300.0))
}


@pytest.fixture
def server():
    with Loopback().running() as running:
        serve(running, LISTINGS)
        yield running


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "store"


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


def fetched(server, folder, *sources, **more):
    so_far, progress = more.pop("so_far", None), more.pop("progress", None)
    request = FetchRequest(
        folder=folder, now=noon(more.pop("today", TODAY)), sources=sources or ("yahoo",), mirror=server.address,
        pace=more.pop("pace", Pace(2.0, 2, 0.01)), **{"series": ("REMX", "LIT"), **more},
    )  # fmt: skip
    return fetch(request, progress, so_far)


def by_series(found):
    return {outcome.series: outcome for outcome in found.series}


def quotations(folder, as_of=None):
    return Store.open(folder).scan("quotations", as_of).collect()


def test_what_comes_is_stored_with_both_closes_and_the_terms_are_told(server, folder):
    found = fetched(server, folder)
    assert [(one.series, one.status, one.new, one.revised) for one in found.series] == [
        ("LIT", "ok", len(DAYS), 0), ("REMX", "ok", len(DAYS), 0),
    ]  # fmt: skip
    [terms] = found.sources
    assert (terms.source, terms.use) == ("yahoo", "personal")
    assert terms.commits in (1, 2)  # as long as the batch took
    rows = quotations(folder).filter(asset="REMX").sort("date")
    assert rows["close"].to_list() == [close for _, close in CLOSES]
    assert Store.open(folder).sources()["yahoo"].licence == terms.terms


def test_a_second_fetch_asks_for_what_is_missing_and_adds_nothing_twice(server, folder):
    fetched(server, folder)
    server.asked.clear()
    found = fetched(server, folder)
    assert {(one.new, one.revised) for one in found.series} == {(0, 0)}
    assert found.sources[0].commits == 0
    first = min(int(asked.query["period1"]) for asked in server.asked if "period1" in asked.query)
    assert first > noon(DAYS[-1] - timedelta(days=12)).timestamp()
    assert quotations(folder).height == 2 * len(DAYS)


def test_a_revised_value_is_a_vintage_that_changes_no_answer_before_it(server, folder):
    fetched(server, folder)
    server.routes[CHART + "REMX"] = lambda asked: Listing([*CLOSES[:-1], (DAYS[-1], 65.55)]).chart("REMX", asked)
    later = TODAY + timedelta(days=1)
    found = by_series(fetched(server, folder, today=later))
    assert (found["REMX"].new, found["REMX"].revised) == (0, 1)
    assert {finding.rule: finding.action for finding in found["REMX"].findings}["revision"] == "new_vintage"
    last = [quotations(folder, day).filter(asset="REMX", date=DAYS[-1])["close"].to_list() for day in (TODAY, later)]
    assert last == [[CLOSES[-1][1]], [65.55]]


def test_pence_that_are_labelled_pounds_are_refused_unless_they_are_meant(server, folder):
    pence = Listing([(day, close * 100 if day > DAYS[20] else close) for day, close in CLOSES], currency="GBP", exchange="LSE")
    serve(server, {**LISTINGS, "ODD.L": pence})
    outcome = by_series(fetched(server, folder, series=("ODD.L", "REMX")))
    assert (outcome["ODD.L"].status, outcome["ODD.L"].reason, outcome["ODD.L"].detail) == ("failed", "quality", "unit_jump")
    assert quotations(folder)["asset"].unique().to_list() == ["REMX"]
    outcome = by_series(fetched(server, folder, series=("ODD.L",), accept=("unit_jump:ODD.L",)))
    assert (outcome["ODD.L"].status, outcome["ODD.L"].new) == ("ok", len(DAYS))


def test_quoted_pence_are_stored_as_pounds_with_their_factor(server, folder):
    serve(server, {"RIO.L": Listing([(day, close * 100) for day, close in CLOSES], currency="GBp", exchange="LSE")})
    [outcome] = fetched(server, folder, series=("RIO.L",)).series
    assert (outcome.quoted_currency, outcome.factor) == ("GBp", 0.01)
    assert quotations(folder)["factor"].unique().to_list() == [0.01]


def test_series_that_did_not_come_are_told_and_missing_where_they_are_required(server, folder):
    found = fetched(server, folder, series=("REMX", "NONE", "LIT", "NADA"))
    assert {one.series: one.status for one in found.series} == {"REMX": "ok", "LIT": "ok", "NONE": "failed", "NADA": "failed"}
    assert found.missing == ()
    found = fetched(server, folder, series=("REMX", "NONE"), required=("yahoo:NONE",))
    assert found.missing == ("yahoo:NONE",)
    assert fetched(server, folder, series=("REMX", "NONE"), required=("yahoo",)).missing == ("yahoo:NONE",)


def test_a_source_that_was_named_and_gives_nothing_is_missing(server, folder):
    server.routes[CHART] = server.routes[CHART + "REMX"] = server.routes[CHART + "LIT"] = Answer(status=503)
    assert fetched(server, folder).missing == ("yahoo:LIT", "yahoo:REMX")


def test_several_sources_are_asked_at_the_same_time_and_fail_by_themselves(server, folder, tmp_path):
    RECORDED["ecb"].play(server, tmp_path)
    server.routes["/www.worldbank.org/"] = Answer(status=500)
    found = fetched(
        server, folder, "yahoo", "ecb", "world_bank_pink_sheet", series=("yahoo:REMX", "ecb:USD", "world_bank_pink_sheet:gold")
    )
    assert {(one.source, one.status, one.reason) for one in found.series} == {
        ("yahoo", "ok", None), ("ecb", "ok", None), ("world_bank_pink_sheet", "failed", "server_error"),
    }  # fmt: skip
    assert Store.open(folder).scan("fx").collect().height == 2


def test_without_a_source_all_are_asked_that_need_no_key(server, folder, monkeypatch):
    found = fetch(FetchRequest(folder, noon(TODAY), offline=True))
    assert {"comtrade", "eia", "us_census"} <= {*found.skipped}
    assert {"ecb", "komis", "usgs", "world_bank_pink_sheet", "yahoo"} <= {terms.source for terms in found.sources}
    monkeypatch.setenv("EIA_API_KEY", "x")
    found = fetch(FetchRequest(folder, noon(TODAY), offline=True))
    assert "eia" in [terms.source for terms in found.sources]


def test_a_workbook_that_has_not_changed_is_not_sent_again(server, folder, tmp_path):
    RECORDED["world_bank_pink_sheet"].play(server, tmp_path)
    more = {"series": ("brent", "gold")}
    assert {one.new for one in fetched(server, folder, "world_bank_pink_sheet", **more).series} == {2, 3}
    assert {(one.status, one.rows) for one in fetched(server, folder, "world_bank_pink_sheet", **more).series} == {("ok", 0)}
    # Another series was never read from it, and a day that is asked for is looked up.
    assert by_series(fetched(server, folder, "world_bank_pink_sheet", series=("brent", "gold", "copper")))["copper"].new == 3


def test_offline_no_socket_is_opened_and_the_store_answers(server, folder, monkeypatch):
    fetched(server, folder)
    server.asked.clear()

    def refuse(*_, **__):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr("curl_cffi.requests.Session.request", refuse)
    found = fetched(server, folder, series=("REMX", "GLD"), offline=True, required=("yahoo",))
    outcome = by_series(found)
    assert (outcome["REMX"].status, outcome["REMX"].last) == ("ok", "2026-11-25")
    assert (outcome["GLD"].status, outcome["GLD"].reason) == ("failed", "offline")
    assert found.missing == ("yahoo:GLD",)
    assert not server.asked
    old = by_series(fetched(server, folder, series=("REMX",), offline=True, today=TODAY + timedelta(days=90)))
    assert old["REMX"].status == "stale"


def test_an_interruption_keeps_what_had_come(server, folder):
    so_far = Stored()

    def interrupt(done, total, rows):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetched(server, folder, series=("REMX", "LIT", "GLD"), progress=interrupt, so_far=so_far)
    stored = {series for _, series in so_far.outcomes}
    assert stored
    assert {*quotations(folder)["asset"].unique()} == stored
    assert not verify(folder, TODAY).damaged
    found = fetched(server, folder, series=("REMX", "LIT", "GLD"))
    assert {one.status for one in found.series} == {"ok"}


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_killed_fetches_lose_no_vintage_and_the_next_one_completes(folder):
    found = kills(folder, 6)  # more of them: python -m tools.fetch_kills
    assert found["alive"] >= 4, "most kills must meet a fetch that runs"
    assert found["vintages"] >= 12 * 20


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"sources": ("yaho",)}, "yahoo"),
        ({"sources": ("ecb",), "series": ("USDD",)}, "USD"),
        ({"sources": ("ecb", "yahoo"), "series": ("USD",)}, "SOURCE:SERIES"),
        ({"sources": ("ecb",), "required": ("ecb:USDX",)}, "ecb:USD"),
        ({"sources": ("ecb",), "accept": ("unit_jumps",)}, "unit_jump"),
        ({"sources": ("files",)}, "--series"),
    ],
)
def test_names_that_are_none_are_refused_with_the_nearest(folder, more, named):
    with pytest.raises(SpecError) as raised:
        fetch(FetchRequest(folder, noon(TODAY), **more))
    assert named in raised.value.hint
    assert not folder.exists()


ODD = {
    "an address with a control character": ("https://files.example/a\x1b[31m", Answer(), "format"),
    "a redirect to one": (None, Answer(status=302, headers={"Location": "http://a\x1b[31m/"}), "cut_off"),
    "a redirect to itself": (None, Answer(status=302, headers={"Location": "?again"}), "not_found"),
    "brotli": (None, Answer(b"\x1b\xff", headers={"Content-Encoding": "br"}), "not_data"),
    "a false encoding": (None, Answer(b"date,asset", headers={"Content-Encoding": "gzip"}), "not_data"),
    "a price cut off": (None, Answer(b"date,asset,price\n2026-05-31,indium,1.1", length=False), "cut_off"),
}


@pytest.mark.parametrize("name", ODD)
def test_what_one_source_does_wrong_loses_no_row_of_another(server, folder, name):
    address, answer, reason = ODD[name]
    server.routes["/files.example/"] = answer
    series = f"files:{address or 'https://files.example/own.csv'}"
    found = fetched(server, folder, "files", "yahoo", series=(series, "yahoo:REMX"))
    assert {(one.source, one.status, one.reason) for one in found.series} == {
        ("files", "failed", reason),
        ("yahoo", "ok", None),
    }
    assert quotations(folder).height == len(CLOSES)
    detail = next(one.detail for one in found.series if one.source == "files")
    assert detail.isprintable()


class Panic(BaseException):
    """As of a reader in another language."""


class Panics(DataSource):
    kind: Literal["panics"] = "panics"
    title: ClassVar[str] = "A source that ends in the middle"
    url: ClassVar[str] = "https://panics.example"
    terms: ClassVar[str] = "none"
    use: ClassVar[Use] = "never"

    def fetch(self, query):
        yield self.failed(query.series[0], "not_found", None)
        raise Panic("out of bounds")


def test_a_source_that_ends_in_the_middle_fails_the_rest_of_its_series_alone(server):
    def query(*series):
        return Query(series, {}, Client(Budget(100, 1.0), TODAY, Pace(2.0, 2, 0.01), server.address))

    jobs = [(Panics(), query("a", "b", "c")), (data_source("yahoo"), query("REMX", "LIT"))]
    outcomes = [result.outcome for result in fetch_all(jobs)]
    assert {(one.series, one.status, one.reason, one.detail) for one in outcomes} == {
        ("REMX", "ok", None, None), ("LIT", "ok", None, None), ("a", "failed", "not_found", None),
        ("b", "failed", "format", "Panic: out of bounds"), ("c", "failed", "format", "Panic: out of bounds"),
    }  # fmt: skip
