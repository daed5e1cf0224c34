"""What changed since last month, against the ledger and the tables themselves."""

import json
from datetime import date

import polars as pl
import pytest

import toolkit as tk
from tests.blocks import figures
from tests.lots import TWELVE, ask_of
from tests.records import asked, facts_of
from tests.subjects import context
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.subjects import base
from toolkit.app.topics.changes import changes
from toolkit.app.topics.flows import flows_of_report
from toolkit.cli.main import run
from toolkit.records.changes import Changes
from toolkit.records.findings import Parts
from toolkit.report.findings import Findings
from toolkit.report.i18n.text import plain
from toolkit.report.topics.changes import changes as section
from toolkit.report.topics.changes import newest_months


def part(day: date) -> dict:
    settings = resolve({}, file=None)
    inputs = Context(settings, day)
    found = facts_of(changes.find(asked(inputs, inputs.products.keys, base(inputs))))
    assert found is not None
    return found


def test_an_announcement_is_new_then_its_first_day_is_a_change_then_it_is_old():
    announced = {row["event_id"]: row for row in part(date(2023, 7, 20))["controls"]}
    assert (announced["EV020"]["was"], announced["EV020"]["now"], announced["EV020"]["day"]) == (
        None,
        "announced",
        date(2023, 7, 3),
    )
    begun = {row["event_id"]: row for row in part(date(2023, 8, 15))["controls"]}
    assert (begun["EV020"]["was"], begun["EV020"]["now"], begun["EV020"]["day"]) == ("announced", "in_force", date(2023, 8, 1))
    assert "EV020" not in {row["event_id"] for row in part(date(2023, 9, 15))["controls"]}


def test_a_suspension_that_ends_puts_what_it_suspended_back_in_force():
    rows = {row["event_id"]: row for row in part(date(2026, 12, 20))["controls"]}
    ended = rows["EV063"]
    assert (ended["was"], ended["now"], ended["day"]) == ("in_force", "expired", date(2026, 11, 28))
    assert "No. 46 of 2024 para 2" in ended["targets"]
    assert ended["targets_now"] == ["in_force"]
    assert "EV037b" not in rows  # one change, told once


def test_flows_are_new_only_when_published_since():
    for day, news in ((date(2026, 9, 20), True), (date(2026, 11, 24), False)):
        inputs = context(day)
        ask = asked(inputs, inputs.products.keys, base(inputs))
        found = Findings.of(ask.record, Parts(changes=changes.find(ask), flows=flows_of_report.find(ask)))
        table, rows = inputs.snapshot["flows"], newest_months(found)
        for code, new in rows:
            mine = table.filter(pl.col("asset") == code.asset)
            newest = mine.filter(pl.col("date") == mine["date"].max())
            assert code.partners[0].latest == newest.filter(pl.col("partner") == "WLD")["quantity"].sum()
            assert code.partners[0].month == f"{newest['date'][0]:%Y-%m}"
            assert new == (newest["known_from"].max() > date.fromisoformat(found.part(Changes).since))
        assert any(new for _, new in rows) == news


def test_prices_change_only_by_what_became_known():
    late = part(date(2026, 11, 24))["prices"]
    assert late
    assert not any(row["new"] for row in late)
    # The exchange rate is one of each day, and moves every price in euros alike.
    assert {round(row["change"], 12) for row in late} == {round(late[0]["change"], 12)}
    assert abs(late[0]["change"]) < 0.03
    fresh = {row["asset"]: row for row in part(date(2026, 6, 20))["prices"]}
    assert fresh["gold"]["new"]
    # A month's change of gold in dollars; the exchange rate moves it by a few per cent.
    gold = context(date(2026, 6, 20)).snapshot["prices"].filter(pl.col("asset") == "gold").sort("date")
    assert fresh["gold"]["change"] == pytest.approx(gold["price"][-1] / gold["price"][-2] - 1, abs=0.05)


def test_the_ledger_tells_how_far_it_reaches():
    assert part(date(2026, 11, 24))["ledger_until"] < date(2026, 10, 24)


def test_lots_are_valued_at_the_prices_of_both_days(tmp_path):
    ask = ask_of(tmp_path, TWELVE[0], TWELVE[2], TWELVE[11])
    found, lots = changes.find(ask), ask.record.exposure.lots
    assert (found.value.lots, found.value.left_out) == (2, 1)  # an oxide of gallium has no price
    assert found.value.now == pytest.approx(sum(lot.value for lot in lots if lot.value))
    earlier = {row.asset: row.before.price / row.price for row in found.prices}
    assert found.value.before == pytest.approx(sum(lot.value * earlier[lot.asset] for lot in lots if lot.value))
    figure = next(one for one in figures(section.build(Findings.of(ask.record, Parts(changes=found)))) if not one.body)
    assert "The lots are worth" in plain(figure.title)


def test_a_run_of_another_day_tells_the_law_and_the_prices_between(tmp_path, capsys):
    """The opposite order says the same of them: what changed goes from the earlier day to the later."""
    for day in ("2024-11-24", "2025-06-30"):
        assert run(["optimize", "minimum-risk", "--as-of", day, "--out", str(tmp_path), "--quiet", "--no-report"]) == 0
    later, earlier = (row["run_id"] for row in tk.runs(tmp_path).table.iter_rows(named=True))
    capsys.readouterr()
    told = []
    for pair in ((earlier, later), (later, earlier)):
        assert run(["runs", "diff", *pair, "--out", str(tmp_path), "--json"]) == 0
        told.append(json.loads(capsys.readouterr().out))
    one, other = told
    for key in ("since", "as_of", "controls", "prices", "law_compared"):
        assert one[key] == other[key]
    ledger = context(date(2025, 6, 30)).ledger
    assert one["law_compared"]
    assert one["controls"]
    for row in one["controls"]:
        assert date(2024, 11, 24) < ledger[row["event_id"]].known_from <= date(2025, 6, 30) or row["was"] is not None
    first, second = (tk.runs(tmp_path).show(name) for name in (earlier, later))
    price = {side: {row.asset: row.price for row in record.positions} for side, record in (("then", first), ("now", second))}
    assert one["prices"]
    for row in one["prices"]:
        assert (row["before"]["price"], row["price"]) == (price["then"][row["asset"]], price["now"][row["asset"]])
    assert run(["runs", "diff", earlier, later, "--out", str(tmp_path), "--format", "html"]) == 0
    page = capsys.readouterr().out
    assert "since 24" in page
    assert "moved most" in page
