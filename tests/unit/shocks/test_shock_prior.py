"""The default size of a shock: parity with the event study, credibility by hand, and what is an assumption."""

from __future__ import annotations

import math
import statistics
from datetime import date

import pytest

from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.events import event_study
from toolkit.core.baskets import MEMBERS
from toolkit.shocks.base_rates import LIFT
from toolkit.shocks.monthly_series import monthly
from toolkit.shocks.shock_prior import control_cases, shock_prior
from toolkit.shocks.shock_size import ASSUMPTION, OBSERVED, ShockCase, lifted_sizes, sizes_of

ON = date(2026, 11, 24)


def case(asset, change, *, event="E", months=12):
    return ShockCase(event, asset, date(2024, 1, 1), change, months)


@pytest.fixture(scope="module")
def bundled():
    inputs = Context(resolve({}, environment={}), ON)
    traded = {**dict.fromkeys(MEMBERS["base_metals"], "metal"), **{a.key: a.form for a in inputs.products if a.form}}
    return inputs, monthly(inputs.snapshot["prices"]), {"traded": traded, "benchmark": ("copper", "lead", "zinc")}


def prior(bundled, **options):
    inputs, series, known = bundled
    metals = [asset for asset in inputs.products if asset.group != "precious_metals"]
    return shock_prior(inputs.ledger, metals, series, on=ON, **known, **options)


def test_cases_are_those_of_the_event_study(bundled):
    inputs, series, known = bundled
    answer = event_study(Context(resolve({}, environment={}), ON), "No. 23 of 2023")
    theirs = {(c.event_id, c.asset): c.at(12).adjusted for c in answer.comparable if c.at(12).adjusted is not None}
    own = {(c.event_id, c.asset): c.change for c in control_cases(inputs.ledger, series, **known)}
    assert own == pytest.approx(theirs, rel=1e-12)
    assert len(own) == 9


def test_one_case_a_metal_says_nothing_of_a_metal():
    sizes = sizes_of([case("a", 0.1), case("b", 0.4), case("c", 1.0)], ("a", "d"))
    assert sizes["a"].change == pytest.approx(0.4)
    assert sizes["a"].weight == 0
    assert sizes["d"].change == pytest.approx(0.4)
    assert (sizes["d"].n, sizes["d"].low, sizes["d"].high) == (3, 0.1, 1.0)


def test_metals_that_differ_beyond_their_own_cases_keep_their_own():
    cases = [case("a", 0.10), case("a", 0.12), case("b", 1.0), case("b", 1.1)]
    size = sizes_of(cases, ("a",))["a"]
    logs = [math.log1p(c.change) for c in cases]
    means = [statistics.fmean(logs[:2]), statistics.fmean(logs[2:])]
    within = sum((x - means[i // 2]) ** 2 for i, x in enumerate(logs)) / 2
    between = (2 * sum((m - statistics.fmean(means)) ** 2 for m in means) - within) / 2
    weight = 2 / (2 + within / between)
    pooled = math.log1p(statistics.median([0.10, 0.12, 1.0, 1.1]))
    assert size.weight == pytest.approx(weight)
    assert math.log1p(size.change) == pytest.approx(weight * means[0] + (1 - weight) * pooled)


def test_metals_that_do_not_differ_are_pooled_entirely():
    sizes = sizes_of([case("a", 0.1), case("a", 0.5), case("b", 0.1), case("b", 0.5)], ("a", "b"))
    assert {s.weight for s in sizes.values()} == {0.0}


def test_a_lifting_gives_back_what_a_control_added_until_there_are_enough():
    up = sizes_of([case("a", 0.25)], ("a",))
    few = lifted_sizes(up, [case("a", 0.3, months=6), case("b", -0.1)])
    assert few["a"].basis == ASSUMPTION
    assert (1 + few["a"].change) * (1 + up["a"].change) == pytest.approx(1)
    many = lifted_sizes(up, [case(k, -0.1 * i, event=f"E{i % 2}") for i, k in enumerate("abcde")])
    assert (many["a"].basis, many["a"].change) == (OBSERVED, pytest.approx(-0.2))


def test_the_bundled_prior_says_what_it_rests_on(bundled):
    found = prior(bundled)
    rate, cases, sizes = found.notes()
    assert "10 times" in rate
    assert "since 2023-07-03" in rate
    assert "90 % interval" in rate
    assert "9 past controls" in cases
    assert "without a control" in cases  # the same months, without one
    assert "no case of its own" in sizes
    # Metals at risk that no notice named by the end of the window moved far less.
    assert statistics.median(c.change for c in found.placebo) < 0.1 < statistics.median(c.change for c in found.cases)
    assert all(c.asset not in ("copper", "gold") for c in found.placebo)


def test_the_bundled_liftings_are_an_assumption_and_say_so(bundled):
    found = prior(bundled, direction=LIFT)
    assert {size.basis for size in found.sizes.values()} == {ASSUMPTION}
    assert all(-1 < size.change < 0 for size in found.sizes.values())
    assert {c.event_id for c in found.cases} == {"EV063"}
    assert "too few" in " ".join(found.notes())


def test_without_prices_there_is_a_rate_and_no_size(bundled):
    inputs, _, known = bundled
    found = shock_prior(inputs.ledger, [*inputs.products], {}, on=ON, **known)
    assert not found.sizes
    assert len(found.notes()) == 1


def test_an_earlier_date_knows_less():
    inputs = Context(resolve({}, environment={}), date(2025, 1, 30))
    traded = {**dict.fromkeys(MEMBERS["base_metals"], "metal"), **{a.key: a.form for a in inputs.products if a.form}}
    series = monthly(inputs.snapshot["prices"])
    found = shock_prior(
        inputs.ledger, [*inputs.products], series, on=date(2025, 1, 30), traded=traded, benchmark=("copper", "lead", "zinc")
    )
    assert {c.event_id for c in found.cases} == {"EV020", "EV025"}
    assert max(c.day for c in found.rate.changes) <= date(2025, 1, 30)
