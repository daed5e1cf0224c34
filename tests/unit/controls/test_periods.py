"""Periods of control agree with the state of every day."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby

import polars as pl
import pytest

from toolkit.controls.ledger import ControlLedger
from toolkit.controls.periods import begun_by, control_periods
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


def test_a_measure_that_was_suspended_before_it_began_was_never_in_force(ledger):
    """Notice No. 61/2025 names holmium from 1 December 2025, and was suspended from 7 November 2025 to 10 November 2026."""
    days = [date(2025, 9, 1) + timedelta(days=offset) for offset in range(500)]
    controlled = [day for day in days if ledger.is_controlled("holmium", "oxide", on=day, destination="DEU")]
    assert controlled[0] == date(2026, 11, 11)


def test_a_suspended_ban_counts_for_nothing_and_is_no_repeal(ledger):
    days = [date(2024, 11, 1) + timedelta(days=offset) for offset in range(760)]
    states = (ledger.state("gallium", "metal", on=day, destination="USA") for day in days)
    statuses = [m.status for state in states for m in state.measures if ledger[m.event_id].title == "No. 46 of 2024 para 2"]
    assert [status for status, _ in groupby(statuses)] == ["in_force", "suspended", "in_force"]
