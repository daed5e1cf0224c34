"""Limits on every date of a walk-forward: a decision leaves none exceeded, and finds an answer at every look."""

from datetime import date

import pytest

from toolkit.app.allocation.request import Request
from toolkit.app.backtest.decide import PastDecisions, universe_of
from toolkit.app.backtest.evidence import followed_with_limits
from toolkit.app.backtest.run import BacktestRequest, past_markets, past_prices
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.backtest.simulate import decision_dates
from toolkit.records.evidence import LimitsKept

DAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def asked():
    request = Request("physical-basket", Context(resolve({}, file=None), DAY))
    return BacktestRequest((request,), start=date(2025, 3, 31), end=date(2026, 5, 31)), past_markets(request)


@pytest.mark.parametrize("name", ["physical-basket", "control-pressure-views", "maximum-diversification"])
def test_no_decision_leaves_a_limit_for_holding_exceeded_and_every_look_has_an_answer(asked, name):
    """Bills beyond the cash left no answer for quarters, and a limit that was exceeded freed a metal to be sold whole."""
    request, markets = asked
    strategy = universe_of(Request(name, request.requests[0].context).read_strategy(), markets.last)
    prices, _ = past_prices(request, [strategy], markets.last)
    decide = PastDecisions(request.requests[0], markets, strategy)
    run, kept = followed_with_limits(request, strategy, decide, prices, 100_000.0, markets.last)
    assert not {incident.kind for incident in run.incidents} & {"unsolved", "no_forecast"}
    assert strategy.rebalance is not None
    assert run.decided == decision_dates(run.dates, strategy.rebalance.every, monthly=True)
    assert (kept.beyond, kept.decisions) == (0, len(run.decided))
    assert kept.exceeded < kept.dates == len(run.dates) - 1


def test_a_limit_that_is_lowered_counts_on_every_date_on_which_what_is_held_exceeds_it(asked):
    """The account of another strategy is measured by limits that it never had."""
    request, markets = asked
    strategy = universe_of(Request("equal-weight", request.requests[0].context).read_strategy(), markets.last)
    prices, _ = past_prices(request, [strategy], markets.last)
    capped = Request("ex-china", request.requests[0].context).read_strategy()
    cap = next(limit for limit in capped.constraints if limit.name == "under export control")
    limited = strategy.model_copy(update={"constraints": (cap.model_copy(update={"upper": 0.01}),)})

    class Judged(PastDecisions):
        def __call__(self, day, account):
            return PastDecisions(self.request, self.markets, strategy)(day, account)

    decide = Judged(request.requests[0], markets, limited)
    _, kept = followed_with_limits(request, strategy, decide, prices, 100_000.0, markets.last)
    assert kept == LimitsKept(
        dates=kept.dates, exceeded=kept.dates, decisions=kept.decisions, beyond=kept.decisions, names=(cap.name,)
    )
