"""The part `history`: cases, paths and price points against figures made from the tables by hand."""

from __future__ import annotations

import json
import math
from datetime import date

import polars as pl
import pytest

from tests.records import asked, json_of
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.topics.history import event, history

AS_OF = date(2026, 11, 24)
HELD = ("antimony", "gallium", "gold")


def ask(day=AS_OF, assets=HELD):
    settings = resolve({}, file=None)
    return asked(Context(settings, day), assets, {"timeline": []})


@pytest.fixture(scope="module")
def part():
    return json_of(history.find(ask()))


def case_of(part, event, asset):
    return next(case for case in part["cases"] if (case["event_id"], case["asset"]) == (event, asset))


def weighted(prices, asset, months):
    rows = prices.filter((pl.col("asset") == asset) & pl.col("date").is_in(months))
    return (rows["price"] * rows["quantity"]).sum() / rows["quantity"].sum()


def test_a_reaction_is_the_weighted_level_over_base_metals(part):
    prices = ask().context.snapshot["prices"]
    before = weighted(prices, "gallium", [date(2023, 4, 30), date(2023, 5, 31), date(2023, 6, 30)])
    after = weighted(prices, "gallium", [date(2023, 8, 31), date(2023, 9, 30), date(2023, 10, 31)])
    logs = []
    for metal in part["benchmark"]:
        own = dict(prices.filter(pl.col("asset") == metal).select("date", "price").iter_rows())
        logs.append(math.log(own[date(2023, 10, 31)] / own[date(2023, 6, 30)]))
    expected = after / before / math.exp(sum(logs) / len(logs)) - 1
    (found,) = (r for r in case_of(part, "EV020", "gallium")["reactions"] if r["horizon"] == 3)
    assert found["adjusted"] == pytest.approx(expected)
    assert found["verdict"] == "up"


def test_a_path_meets_the_reactions_and_never_crosses_the_event(part):
    for case in part["cases"]:
        path = {month["shift"]: month for month in case["path"]}
        assert path[0]["level"] is None
        assert path[-1]["level"] == pytest.approx(100.0)
        for reaction in case["reactions"]:
            if reaction["change"] is not None:
                assert path[reaction["horizon"]]["level"] == pytest.approx(100 * (1 + reaction["change"]), abs=0.06)
        assert path[-1]["benchmark"] == pytest.approx(100.0)


def test_prints_are_the_prices_themselves(part):
    prices = ask().context.snapshot["prices"]
    base = weighted(prices, "antimony", [date(2024, 5, 31), date(2024, 6, 30), date(2024, 7, 31)])
    (raw,) = prices.filter((pl.col("asset") == "antimony") & (pl.col("date") == date(2025, 2, 28)))["price"]
    month = next(m for m in case_of(part, "EV032", "antimony")["path"] if m["month"] == "2025-02")
    assert month["printed"] == pytest.approx(100 * raw / base, abs=0.06)


def test_non_reactions_are_cases_and_are_counted(part):
    still = [c for c in part["cases"] for r in c["reactions"] if r["horizon"] == 3 and r["verdict"] == "none"]
    (row,) = (r for r in part["summary"] if r["horizon"] == 3)
    assert row["none"] == len(still) > 0
    assert ("molybdenum", "EV039") in {(c["asset"], c["event_id"]) for c in still}
    assert all(abs(r["adjusted"]) < part["no_reaction"] for c in still for r in c["reactions"] if r["horizon"] == 3)


def test_only_the_reports_metals_concern_it(part):
    assert {case["asset"] for case in part["cases"] if case["concerns"]} == {"antimony", "gallium"}
    assert {case["asset"] for case in part["cases"]} > {"antimony", "gallium"}


def test_overlaps_are_named(part):
    numbers = {other["number"] or other["instrument"] for other in case_of(part, "EV032", "antimony")["overlaps"]}
    assert {"No. 46 of 2024 para 2", "exporter_whitelist"} <= numbers


def test_points_stand_apart_from_series_with_one_basis_each(part):
    covered = {(case["number"].split(" para")[0], case["asset"]) for case in part["cases"]}
    keys = [(point["notice"], point["asset"], point["basis"]) for point in part["points"]]
    assert len(set(keys)) == len(keys)
    assert not {(notice, asset) for notice, asset, _ in keys} & covered
    terbium = next(p for p in part["points"] if p["asset"] == "terbium")
    assert terbium["change"] == pytest.approx(3000 / 965 - 1)
    assert terbium["press"]
    asks = [p for p in part["points"] if p["kind"] == "ask"]
    assert {p["asset"] for p in asks} == {"dysprosium", "yttrium"}
    assert all(p["last"] is None and p["change"] is None for p in asks)


def test_nothing_later_is_known():
    early = json_of(history.find(ask(date(2025, 3, 1))))
    assert case_of(early, "EV032", "antimony")["reactions"][-1]["change"] is None
    assert all(month["month"] <= "2025-02" for c in early["cases"] for month in c["path"] if month["printed"] is not None)
    assert json_of(history.find(ask(date(2023, 6, 1)))) is None


def test_it_is_small_and_traced(part):
    assert len(json.dumps(part)) < 150_000
    tables = {row["table"] for row in part["data"]}
    assert {"prices", "price_points"} <= tables
    assert part["assumptions"]["no_reaction"]["with"]["limit"] == part["no_reaction"]


def test_an_event_has_its_own_cases_beside_those_of_the_report(part):
    context = ask().context
    found = json_of(event(context, "EV037b"))
    own = {(case["asset"], case["zero"]): case for case in found["asked"]["cases"]}
    assert {case["asset"] for case in found["cases"] if case["concerns"]} == {"antimony", "gallium", "germanium"}
    for case in found["cases"]:
        same = case_of(part, case["event_id"], case["asset"])
        assert {**case, "concerns": None} == {**same, "concerns": None}
        if case["concerns"]:
            assert own[case["asset"], "announcement"] == case
    assert found["summary"] == part["summary"]
    assert found["asked"]["without_series"] == ["superhard_materials"]


def test_prices_of_the_notice_stand_with_the_event_also_where_a_case_covers_it(part):
    found = json_of(event(ask().context, "EV020"))["points"]
    assert {point["notice"] for point in found} == {"No. 23 of 2023"}
    table = ask().context.snapshot["price_points"].filter(pl.col("event") == "No. 23/2023")
    held = [price for one in found for price in (one["first"], *one["between"], one["last"]) if price]
    assert len(held) == table.height > 3
    assert "No. 23 of 2023" not in {point["notice"] for point in part["points"] if point["asset"] == "gallium"}
