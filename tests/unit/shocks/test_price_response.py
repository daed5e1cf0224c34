"""The posterior of price responses: it recovers a simulated truth at its rate, pools, and never counts one window twice."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest

from toolkit.shocks.price_response import (
    LOSS_ERROR,
    OBSERVED,
    PUBLISHED,
    ResponseCase,
    import_fall,
    responses,
)
from toolkit.supply.flows import FlowSeries

DAY = date(2024, 1, 15)


def case(asset, b, loss=0.5, *, day=DAY, error=0.1, noise=0.0, kind=OBSERVED, fall=1.0):
    change = math.expm1(b * -math.log1p(-loss) + noise)
    return ResponseCase("EV", asset, kind, day, change, error, 12 if kind == OBSERVED else None, loss, fall)


def spread(found):
    return math.log(found.quantiles[-1] / found.quantiles[0])


FOUR = [case("a", 0.5), case("b", 0.7), case("c", 0.6), case("d", 2.0)]


def test_bands_cover_a_simulated_truth_at_their_rate():
    rng = np.random.default_rng(7)
    inside90, inside68, further = [], [], []
    for _ in range(150):
        centre, tau, sigma = math.log(1.2) + 0.6 * rng.normal(), 0.6 * abs(rng.normal()), 0.05 + 0.3 * abs(rng.normal())
        truth, cases = {}, []
        for asset in "abcdefgh":
            truth[asset] = math.exp(rng.normal(centre, tau))
            loss = rng.uniform(0.1, 0.7)
            measured = LOSS_ERROR * rng.normal() * truth[asset] * -math.log1p(-loss)
            noise = measured + rng.normal() * math.hypot(0.1, sigma)
            cases.append(case(asset, truth[asset], loss, noise=noise))
        truth["further"] = math.exp(rng.normal(centre, tau))
        found = responses(cases, tuple(truth), 1.0)
        assert found is not None
        for asset, b in truth.items():
            low, less, _, more, high = found[asset].quantiles
            (further if asset == "further" else inside90).append(low <= b <= high)
            if asset != "further":
                inside68.append(less <= b <= more)
    assert np.mean(inside90) == pytest.approx(0.90, abs=0.04)
    assert np.mean(inside68) == pytest.approx(0.68, abs=0.06)
    assert np.mean(further) == pytest.approx(0.90, abs=0.08)


def test_own_cases_pull_a_metal_away_from_the_others_and_a_further_metal_is_the_widest():
    found = responses(FOUR, ("a", "d", "further"), 1.0)
    assert found is not None
    assert found["a"].quantiles[2] < found["further"].quantiles[2] < found["d"].quantiles[2] < 2.0
    assert spread(found["further"]) > max(spread(found["a"]), spread(found["d"]))
    assert (found["a"].own, found["further"].own, found["a"].observed, found["a"].published) == (1, 0, 4, 0)


def test_order_and_company_of_the_question_change_nothing():
    alone, together = responses(FOUR, ("a",), 1.0), responses(FOUR[::-1], ("d", "a"), 1.0)
    assert alone is not None
    assert together is not None
    assert alone["a"].quantiles == pytest.approx(together["a"].quantiles)


def test_two_cases_of_one_window_are_one_vote():
    one = responses(FOUR, ("d",), 1.0)
    twice = responses([*FOUR, case("d", 2.0, day=date(2024, 6, 1))], ("d",), 1.0)
    later = responses([*FOUR, case("d", 2.0, day=date(2025, 6, 1))], ("d",), 1.0)
    assert one is not None
    assert twice is not None
    assert later is not None
    assert twice["d"].quantiles == pytest.approx(one["d"].quantiles)
    assert later["d"].quantiles[2] > one["d"].quantiles[2]


def test_a_case_without_a_loss_says_nothing_and_one_without_a_fall_nothing_of_the_response():
    bare = ResponseCase("EV", "d", OBSERVED, DAY, 9.0, 0.1, 12, None, 1.0)
    with_bare, without = responses([*FOUR, bare], ("d", "e"), 1.0), responses(FOUR, ("d", "e"), 1.0)
    assert with_bare == without
    zero = responses([*FOUR, case("e", 3.0, 0.5, fall=0.0)], ("d", "e", "further"), 1.0)
    assert zero is not None
    assert zero["e"].quantiles == pytest.approx(zero["further"].quantiles, rel=0.05)


def test_a_published_model_counts_with_its_error_and_three_observed_metals_are_the_fewest():
    low = case("a", 0.05, 0.98, kind=PUBLISHED, error=0.2)
    found, without = responses([*FOUR, low], ("a",), 1.0), responses(FOUR, ("a",), 1.0)
    assert found is not None
    assert without is not None
    assert found["a"].quantiles[2] < without["a"].quantiles[2]
    assert responses([*FOUR[:2], low], ("a",), 1.0) is None


def test_the_fall_of_imports_is_of_mean_months_and_no_rise_is_a_loss():
    months = [date(2023 + k // 12, k % 12 + 1, 28) for k in range(30)]

    def series(quantities):
        return FlowSeries("gallium", "1", "USA", "CHN", "import", tuple(months), tuple(quantities), (), "s")

    fell = [series([10.0] * 12 + [99.0] + [4.0] * 17), series([10.0] * 12 + [99.0] + [None] * 17)]
    assert import_fall(fell[:1], DAY, 12) == pytest.approx(0.6)
    assert import_fall(fell, DAY, 12) is None  # two codes, of which one ends: not known, never a zero
    assert import_fall([fell[0], series([30.0] * 12 + [99.0] + [1.0] * 17)], DAY, 12) == pytest.approx(0.875)
    assert import_fall([series([1.0] * 13 + [9.0] * 17)], DAY, 12) == 0.0
    assert import_fall([series([None] * 8 + [1.0] * 22)], DAY, 12) is None
    assert import_fall([], DAY, 12) is None
