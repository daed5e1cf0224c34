"""Exposure through time of real lots and of a backtest agrees with the exposure of the day and with the ledger."""

from __future__ import annotations

from datetime import date

import pytest

from tests.lots import HEADER, TWELVE
from tests.subjects import AS_OF, backtest, holdings, proposal, settings, with_parts
from toolkit.app.context import Context
from toolkit.app.topics.exposure_history import _periods
from toolkit.controls.periods import form_history


@pytest.fixture(scope="module")
def lots(tmp_path_factory):
    return holdings(tmp_path_factory.mktemp("lots") / "lots.csv", "\n".join((HEADER, *TWELVE)))


def test_the_last_point_of_lots_is_their_exposure_today(lots):
    exposure, last = lots.record["exposure"], lots.parts["control_history"]["points"][-1]
    assert last["stoppable"] == pytest.approx(exposure["at_risk"]["share"])
    assert last["stoppable"] + last["outside"] == pytest.approx(exposure["controlled"]["share"])


def test_before_the_first_notice_nothing_of_the_lots_was_under_control(lots):
    part = lots.parts["control_history"]
    assert part["points"][0]["day"] < "2023-07-03"
    assert (part["points"][0]["stoppable"], part["points"][0]["outside"]) == (0.0, 0.0)
    first = part["changes"][0]
    assert (first["day"], first["number"], first["status"]) == ("2023-08-01", "No. 23 of 2023", "in_force")


def test_a_backtest_is_exposed_by_what_it_held_on_each_date():
    subject = backtest()
    found, part = subject.record["backtest"], subject.parts["control_history"]
    context = Context(settings(), AS_OF)
    products = context.products
    assert [point["day"] for point in part["points"]] == found["dates"]
    for point, weights in zip(part["points"], found["strategies"][0]["weights"], strict=True):
        day = date.fromisoformat(point["day"])
        forms = {key: products[key].form for key in weights}
        under = sum(
            share for key, share in weights.items()
            if (form := forms[key]) and context.ledger.is_controlled(key, form, on=day, destination="DEU")
        )  # fmt: skip
        assert point["outside"] == pytest.approx(under)
        assert point["stoppable"] is None


@pytest.mark.parametrize(
    ("metal", "form", "to", "told"),
    [
        ("holmium", "oxide", "DEU", ["suspended 2025-11-07 2026-11-10", "controlled 2026-11-11 None"]),
        ("gallium", "metal", "USA", ["controlled 2023-08-01 None"]),
    ],
)
def test_days_in_one_state_are_one_period_and_one_state_follows_another(metal, form, to, told):
    ledger = Context(settings(), AS_OF).ledger
    found = [*_periods(form_history(ledger, metal, form, until=date(2026, 12, 31), destination=to))]
    assert [f"{one['status']} {one['since']} {one['until']}" for one in found] == told


def test_a_run_has_no_history_of_its_own():
    assert "control_history" not in with_parts(proposal()).parts
