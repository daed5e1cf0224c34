"""The contract of data sources: every source, its real client code, and payloads in its own format on a loopback server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import get_args

import pytest

from tests.loopback import Answer, Loopback, as_html, as_json
from tests.recorded import RECORDED, TODAY
from toolkit.core.errors import SpecError
from toolkit.market.sources.base import Query, data_source, data_sources
from toolkit.market.sources.client import Budget, Client, Pace
from toolkit.market.tables import STORE_TABLES, Table
from toolkit.records.store import SeriesOutcome, Use


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback().running() as running:
        yield running


@pytest.fixture
def client(server) -> Iterator[Client]:
    one = Client(Budget(1000, 1.0, workers=3), TODAY, Pace(deadline=2.0, attempts=2, backoff=0.01), mirror=server.address)
    yield one
    one.stop.set()
    one.close()


@pytest.fixture(params=sorted(RECORDED))
def played(request, server, tmp_path, monkeypatch):
    """A source, its recorded payloads, and the names of two series."""
    recorded = RECORDED[request.param]
    for name, value in recorded.keys.items():
        monkeypatch.setenv(name, value)
    return data_source(request.param), recorded, recorded.play(server, tmp_path)


def fetched(source, series, client, since=None):
    return {result.outcome.series: result for result in source.fetch(Query(series, since or {}, client))}


def test_every_source_has_recorded_payloads():
    assert {*RECORDED} == {*data_sources()}


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_terms_are_stated_and_series_are_accepted(name):
    source = data_source(name)
    assert source.title
    assert source.terms
    assert source.use in get_args(Use)
    assert source.url.startswith("http") or name == "files"
    assert all(source.accepts(series) for series in source.series())
    assert not source.accepts("")
    described = source.description
    assert (described.id, described.licence) == (name, source.terms)


def test_a_source_that_is_none_is_named_with_the_nearest():
    with pytest.raises(SpecError) as raised:
        data_source("yahooo")
    assert "'yahoo'" in raised.value.hint


def test_each_series_comes_with_rows_that_hold_the_contract(played, client):
    source, recorded, series = played
    found = fetched(source, series, client)
    assert {*found} == {*series}
    expected = recorded.rows(series)
    for name, result in found.items():
        outcome = result.outcome
        assert outcome.status in ("ok", "partial", "stale"), outcome
        assert SeriesOutcome.model_validate(outcome.to_json()) == outcome
        assert recorded.table in result.tables
        assert result.addresses
        for table, frame in result.tables.items():
            assert STORE_TABLES[table].is_valid(frame)
            assert frame["source"].str.starts_with(source.kind).all()  # with an edition behind it, or a side of the market
            assert frame["known_from"].max() <= TODAY
        rows = result.tables[recorded.table]
        assert outcome.rows == sum(frame.height for frame in result.tables.values())
        days = [day for table, frame in result.tables.items() for day in frame[Table.of(table).reference]]
        assert (outcome.first, outcome.last) == (min(days).isoformat(), max(days).isoformat())
        for day, values in expected[name].items():
            of_day = rows.filter(date=day).to_dicts()
            assert any(all(matches(row[key], value) for key, value in values.items()) for row in of_day), of_day


def matches(found, expected) -> bool:
    return found == pytest.approx(expected) if isinstance(expected, float) else found == expected


def test_a_later_fetch_brings_no_older_row(played, client):
    source, recorded, series = played
    first = fetched(source, series, client)
    since = {name: max(result.tables[recorded.table]["date"]) for name, result in first.items()}
    for name, result in fetched(source, series, client, since).items():
        if source.stored_as(name) is not None:
            # A request of KOMIS is for years, one of Comtrade for months.
            assert result.tables[recorded.table]["date"].min() >= since[name].replace(day=1)
            assert result.outcome.rows <= first[name].outcome.rows


@pytest.mark.parametrize(
    ("answer", "reasons"),
    [
        (Answer(b"", status=500), {"server_error"}),
        (as_html(), {"not_data", "format"}),  # of a page where the address of the data should stand
        (Answer(b"", status=302, headers={"Location": "/accounts.example/login"}), {"login"}),
        (Answer(b"", status=403), {"denied"}),
        (as_json({"unexpected": []}), {"format", "not_found", "not_data"}),
    ],
    ids=["500", "html", "login", "403", "other"],
)
def test_a_source_that_misbehaves_fails_each_series_with_a_reason(played, server, client, answer, reasons):
    source, _, series = played
    for route in server.routes:
        server.routes[route] = answer
    server.routes["/accounts.example/login"] = as_html()
    remote = [name for name in series if not name.startswith("/")]
    for result in source.fetch(Query(remote, {}, client)):
        assert (result.outcome.status, result.tables) == ("failed", {})
        assert result.outcome.reason in reasons, result.outcome


def test_a_missing_key_is_told_by_its_name(played, client, monkeypatch):
    source, recorded, series = played
    for name in recorded.keys:
        monkeypatch.delenv(name)
    for result in fetched(source, series, client).values():
        if recorded.keys:
            assert (result.outcome.reason, result.outcome.detail) == ("no_key", source.key_variable)
        else:
            assert result.outcome.reason is None or result.outcome.status == "partial"


def test_what_a_series_of_stored_rows_is_called_is_told_by_the_source(played, client):
    source, _, series = played
    for name, result in fetched(source, series, client).items():
        rows = result.tables[source.table]
        keys = {"/".join(map(str, row)) for row in rows.select(Table.of(source.table).series).unique().iter_rows()}
        assert source.stored_as(name) in {*keys, None}


def test_a_fetch_far_from_today_is_stale_where_the_source_has_a_rhythm(played, server, client):
    source, _, series = played
    late = Client(client.budget, TODAY + timedelta(days=1200), client.pace, mirror=server.address)
    for result in fetched(source, series, late).values():
        assert result.outcome.status == "stale" or not source.rhythm_days or result.outcome.status == "partial"
    late.close()


def test_imports_from_china_that_are_not_listed_are_inferred_only_where_china_has_others(server, client, tmp_path, monkeypatch):
    monkeypatch.setenv("CENSUS_API_KEY", "secret")
    source = data_source("us_census")
    RECORDED[source.kind].play(server, tmp_path)
    found = fetched(source, ("gallium", "tungsten"), client)
    gallium = found["gallium"].tables["flows"].filter(partner="CHN").sort("date")
    assert gallium["basis"].to_list() == ["reported", "inferred_zero", "reported"]
    assert gallium["quantity"].to_list() == [10.0, 0.0, 5.0]
    assert found["tungsten"].tables["flows"]["partner"].unique().to_list() == ["WLD"]
    # A month without a quantity has a flow and no unit value.
    assert found["gallium"].tables["prices"]["date"].to_list() == [date(2026, 7, 31), date(2026, 8, 31)]


def test_areas_that_are_no_country_are_in_the_total_alone(server, client, tmp_path, monkeypatch):
    monkeypatch.setenv("COMTRADE_API_KEY", "secret")
    source = data_source("comtrade")
    RECORDED[source.kind].play(server, tmp_path)
    result = fetched(source, ("CHN-export-811292",), client)["CHN-export-811292"]
    assert (result.outcome.status, result.outcome.reason) == ("partial", "missing_rows")
    rows = result.tables["flows"].filter(date=date(2026, 9, 30))
    assert dict(rows.select("partner", "quantity").iter_rows()) == {"WLD": 1000.0, "JPN": 600.0}
