"""Exposure through time of real lots and of a backtest agrees with the exposure of the day and with the ledger."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from tests.lots import HEADER, TWELVE
from tests.subjects import AS_OF, backtest, holdings, proposal, settings, with_parts
from toolkit.app.context import Context


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


def test_periods_of_a_metal_do_not_touch():
    for metal in backtest().parts["control_history"]["metals"]:
        periods = metal["periods"]
        for before, after in pairwise(periods):
            assert before["until"] < after["since"]
            touching = date.fromisoformat(after["since"]).toordinal() - date.fromisoformat(before["until"]).toordinal() == 1
            assert not (touching and before["status"] == after["status"])


def test_a_run_has_no_history_of_its_own():
    assert "control_history" not in with_parts(proposal()).parts
