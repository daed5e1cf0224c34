"""Periods of control agree with the state of every day."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby

import polars as pl
import pytest

from toolkit.controls.ledger import ControlLedger
from toolkit.controls.periods import begun_by, control_periods, form_history
from toolkit.core.assets import Asset

UNTIL = date(2026, 12, 31)


def test_periods_of_the_traded_forms(ledger):
    forms = [("gallium", "metal"), ("holmium", "oxide"), ("indium", "metal"), ("silver", "metal")]
    found = control_periods(ledger, forms, until=UNTIL, destination="USA")
    assert list(found.iter_rows()) == [
        ("gallium", date(2023, 8, 1), UNTIL),
        ("holmium", date(2026, 11, 11), UNTIL),
    ]


def test_a_ban_alone_has_gaps(ledger):
    found = control_periods(ledger, [("gallium", "metal")], until=UNTIL, destination="USA", instruments=("ban",))
    assert list(found.select("from", "to").iter_rows()) == [
        (date(2024, 12, 3), date(2025, 11, 8)),
        (date(2026, 11, 28), UNTIL),
    ]


@pytest.mark.parametrize(("metal", "form"), [("dysprosium", "oxide"), ("antimony", "metal"), ("ytterbium", "metal")])
def test_a_day_lies_in_a_period_exactly_when_the_form_is_controlled(ledger, metal, form):
    periods = list(control_periods(ledger, [(metal, form)], until=UNTIL).select("from", "to").iter_rows())
    for offset in range(0, 1100, 3):
        day = date(2024, 1, 1) + timedelta(days=offset)
        if day <= UNTIL:
            inside = any(first <= day <= last for first, last in periods)
            assert inside == ledger.is_controlled(metal, form, on=day), day


def test_an_act_that_names_no_form_ends_a_period(frames):
    """A suspension of a licence, and the repeal of that suspension, cover nothing themselves."""
    later = {"acts_on": "a", "relation": "suspends", "instrument": "suspension", "coverage": "none"}
    begins, resumes = date(2021, 3, 1), date(2022, 5, 1)
    events, scopes = frames(
        {"event_id": "a"},
        {"event_id": "b", "announced": begins, "effective": begins, **later},
        {
            "event_id": "c",
            "announced": resumes,
            "effective": resumes,
            **later,
            "acts_on": "b",
            "relation": "repeals",
            "instrument": "repeal",
        },
    )
    ledger = ControlLedger.of(events, scopes)
    found = control_periods(ledger, [("gallium", "metal")], until=UNTIL).select("from", "to").rows()
    assert found == [(date(2020, 2, 1), date(2021, 2, 28)), (resumes, UNTIL)]


def test_assets_bring_their_form_and_those_without_have_no_period(ledger):
    assets = [Asset(key="gallium", name="Gallium", form="metal"), Asset.unknown("widget")]
    assert control_periods(ledger, assets, until=UNTIL)["asset"].to_list() == ["gallium"]


def test_periods_up_to_an_earlier_day_are_the_first_of_later_ones(ledger):
    """What makes the periods of all past days one computation: each day is judged by what was known on it."""
    # "compound" is asked about once a notice names certain compounds.
    forms = sorted({(scope.asset, scope.form) for scope in ledger.scopes if scope.form != "any"} - {("antimony", "compound")})
    later = control_periods(ledger, forms, until=UNTIL, destination="USA").sort("from")
    for day in (date(2023, 8, 1), date(2024, 12, 3), date(2025, 4, 4), date(2026, 11, 1)):
        found = begun_by(later, day).with_columns(to=pl.min_horizontal("to", pl.lit(day))).sort("asset", "from")
        assert found.equals(control_periods(ledger.known(day), forms, until=day, destination="USA")), day


@pytest.mark.parametrize(
    ("metal", "form", "place"), [("gallium", "metal", "USA"), ("dysprosium", "oxide", "DEU"), ("indium", "metal", "DEU")]
)
def test_each_day_of_a_history_is_that_of_the_ledger_on_it(ledger, metal, form, place):
    history = form_history(ledger, metal, form, until=UNTIL, destination=place)
    for offset in range(0, 1460, 7):
        day = date(2023, 1, 1) + timedelta(days=offset)
        standing = [one for one in history if one.since <= day][-1]
        assert standing.controlled == ledger.is_controlled(metal, form, on=day, destination=place), day


def test_a_measure_that_was_suspended_before_it_began_was_never_in_force(ledger):
    """Notice No. 61/2025 names holmium from 1 December 2025, and was suspended from 7 November 2025 to 10 November 2026."""
    history = form_history(ledger, "holmium", "oxide", until=UNTIL, destination="DEU")
    first = next(one for one in history if one.controlled)
    assert first.since == date(2026, 11, 11)
    assert any(one.suspended for one in history if one.since < first.since)


def test_a_suspended_ban_counts_for_nothing_and_is_no_repeal(ledger):
    history = form_history(ledger, "gallium", "metal", until=UNTIL, destination="USA")
    statuses = [status for one in history for _, number, status in one.measures if number == "No. 46 of 2024 para 2"]
    assert [status for status, _ in groupby(statuses)] == ["in_force", "suspended", "in_force"]


@pytest.mark.parametrize("day", [date(2024, 12, 3), date(2025, 10, 9), date(2026, 11, 1)])
def test_a_history_knows_nothing_of_what_came_later(ledger, day):
    for metal, form in (("gallium", "metal"), ("holmium", "oxide"), ("antimony", "metal")):
        whole = form_history(ledger, metal, form, until=UNTIL, destination="USA")
        known = form_history(ledger.known(day), metal, form, until=day, destination="USA")
        assert known == tuple(one for one in whole if one.since <= day)
