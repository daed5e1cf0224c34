"""The part `flows`: months, what became of a flow, and the controls on it, against the table of customs flows."""

from __future__ import annotations

import json
from datetime import date

import polars as pl
import pytest

from tests.records import asked, json_of
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.controls.states import timeline
from toolkit.app.topics.flows import flows_of_report

AS_OF = date(2026, 11, 24)
HELD = ("antimony", "bismuth", "gallium", "indium", "gold")


def ask(day=AS_OF, assets=HELD):
    settings = resolve({}, file=None)
    inputs = Context(settings, day)
    return asked(inputs, assets, {"timeline": timeline(inputs.ledger, ((a.key, a.form) for a in inputs.products), day)})


@pytest.fixture(scope="module")
def part():
    return json_of(flows_of_report.find(ask()))


def flow_of(part, asset):
    return next(flow for flow in part["flows"] if flow["asset"] == asset)


def watched(flow):
    return flow["partners"][flow["watched"]]


def rows_of(asset, partner):
    table = ask().context.snapshot["flows"]
    return table.filter((pl.col("asset") == asset) & (pl.col("partner") == partner)).sort("date")


def test_flows_follow_the_order_of_the_report(part):
    assert [flow["asset"] for flow in part["flows"]] == ["antimony", "bismuth", "gallium", "indium"]
    assert [row["asset"] for row in part["without_flow"]] == ["gold"]


def test_months_are_those_of_the_table(part):
    for asset in ("antimony", "indium"):
        flow, own = flow_of(part, asset), rows_of(asset, "CHN")
        told = dict(zip(flow["months"], watched(flow)["quantities"], strict=True))
        for day, quantity, basis in own.select("date", "quantity", "basis").iter_rows():
            month = day.isoformat()[:7]
            assert (told[month], month in watched(flow)["inferred"]) == (quantity, basis == "inferred_zero")
        assert flow["partners"][0]["quantities"] == rows_of(asset, "WLD")["quantity"].to_list()


def test_zero_is_counted_inside_a_collapse(part):
    became = watched(flow_of(part, "bismuth"))["became"]
    quantities = rows_of("bismuth", "CHN")["quantity"].to_list()
    months = next(i for i, q in enumerate(reversed(quantities)) if q)
    assert (became["state"], became["months"]) == ("zero", months)
    assert months > 1


def test_a_flow_is_back_at_half_of_what_it_was(part):
    became, quantities = watched(flow_of(part, "gallium"))["became"], rows_of("gallium", "CHN")["quantity"].to_list()
    assert became["state"] == "back"
    months = rows_of("gallium", "CHN")["date"].to_list()
    since = [q for day, q in zip(months, quantities, strict=True) if day.isoformat() >= became["since"]][-3:]
    assert became["level"] == pytest.approx(sum(since) / len(since))
    assert became["level"] >= became["base"] / 2


def test_the_year_is_compared_with_the_year_before(part):
    summary, quantities = watched(flow_of(part, "indium")), rows_of("indium", "CHN")["quantity"].to_list()
    now, before = sum(quantities[-12:]), sum(quantities[-24:-12])
    assert summary["year_on_year"]["value"] == pytest.approx(now / before - 1)
    assert summary["share"] == pytest.approx(now / sum(rows_of("indium", "WLD")["quantity"].to_list()[-12:]))


def test_controls_on_the_flow(part):
    ban = next(c for c in flow_of(part, "antimony")["controls"] if c["instrument"] == "ban")
    assert ban["number"] == "No. 46 of 2024 para 2"
    assert [period["status"] for period in ban["spells"]][:2] == ["in_force", "suspended"]
    # The metal of indium is in no notice: licences for its compounds are told apart, and the ban on other metals is none of it.
    indium = flow_of(part, "indium")["controls"]
    assert indium
    assert all(c["instrument"] == "licence" and not c["covers"] and not c["spells"] for c in indium)
    quantities = rows_of("antimony", "CHN")
    after = quantities.filter(pl.col("date").is_between(date(2024, 12, 1), date(2025, 2, 28)))["quantity"].mean()
    assert ban["around"]["after"] == pytest.approx(after)


def test_reported_points_stay_out_of_the_series(part):
    point = next(p for p in part["reported"] if p["event_id"] == "EV081")
    assert not point["confirmed"]
    assert "3 kg" in point["what"]
    gallium = flow_of(part, "gallium")
    assert watched(gallium)["quantities"][gallium["months"].index("2026-04")] == 260.0
    assert [p["event_id"] for p in json_of(flows_of_report.find(ask(date(2026, 5, 19))))["reported"]] == ["EV021"]


def test_without_a_flow_there_is_no_part():
    assert json_of(flows_of_report.find(ask(assets=("gold", "hafnium")))) is None
    assert json_of(flows_of_report.find(ask(assets=()))) is None


def test_nothing_later_is_known():
    early = json_of(flows_of_report.find(ask(date(2025, 3, 20))))
    assert max(month for flow in early["flows"] for month in flow["months"]) == "2025-01"
    assert all(c["around"] is None for flow in early["flows"] for c in flow["controls"] if c["effective"] >= "2024-12-03")


def test_it_is_small_and_traced(part):
    assert len(json.dumps(part)) < 150_000
    assert {row["table"] for row in part["data"]} == {"controls", "flows"}
