"""What the evidence of a strategy says in words: verdicts, years, and whether holding may be better."""

import pytest

from toolkit.app.languages import language
from toolkit.records.backtest import Interval
from toolkit.records.evidence import Followed, Refutation, StrategyEvidence
from toolkit.report.i18n.text import plain
from toolkit.report.topics.evidence import following, holding, state, verdict


def row(name="followed", every="quarter", *, growth=0.1, costs=0.01, ahead=0.0, interval=(-0.1, 0.1)):
    figures = {"growth_interval": None, "first_costs": 0.05, "turnover": 0.1, "volatility": 0.1, "volatility_prints": 0.2}
    span = Interval(*interval)
    return Followed(name=name, every=every, growth=growth, costs=costs, ahead=ahead, ahead_interval=span, **figures)


def refutation(**given):
    stated = {"figure": "volatility", "against": "equal-weight", "above": None, "below": None, "years": 3.0}
    return Refutation(**{**stated, "until": None, "needs": None, "value": 0.2, "other": 0.1, **given})


def evidence(*refutations, **given):
    about = {"name": "x", "title": "X", "fingerprint": "f", "day": "2026-11-24", "every": "quarter"}
    dates = {"start": "2024-01-31", "end": "2026-05-31", "years": 2.33}
    return StrategyEvidence(**{**about, **dates, "refutations": refutations, **given})


def test_a_refuted_strategy_says_so_first():
    found = evidence(refutation(verdict="refuted", so_far="refuted"), verdict="refuted")
    assert state(language("en"), found) == "refuted"
    assert plain(verdict(language("en"), found)).startswith("This strategy is refuted (evidence of")
    assert "volatility 20.0%, equal weights 10.0%" in plain(verdict(language("en"), found)).replace("\N{NO-BREAK SPACE}", " ")
    assert plain(verdict(language("de"), found)).startswith("Diese Strategie ist widerlegt")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"verdict": "holds"}, "holds"),
        ({"years_needed": 3.4}, "cannot tell yet: 3.4 years needed"),
        ({}, "cannot tell yet"),
        ({"years_needed": 300.0}, "cannot tell for decades"),
        ({"years_needed": 3.4, "against": True}, "cannot tell yet: 3.4 years needed, so far against it"),
    ],
)
def test_the_state_in_few_words(given, words):
    assert state(language("en"), evidence(**given)) == words


def test_prices_that_speak_against_each_other_are_named():
    found = plain(verdict(language("en"), evidence(refutation(margin=0.03, margin_prints=-0.08))))
    assert "estimated and observed prices speak against each other" in found


@pytest.mark.parametrize(
    ("interval", "words"), [((-0.1, 0.1), "may be better"), ((-0.2, -0.1), "hold was better"), ((0.1, 0.2), "To follow it")]
)
def test_whether_holding_may_be_better(interval, words):
    assert words in plain(holding(language("en"), row("held", "never", interval=interval)))


def test_each_rhythm_stands_beside_bought_and_held():
    rows = [row(every="quarter"), row(every="month", growth=0.2, costs=0.03), row("held", "never", growth=0.15)]
    told = " ".join(plain(one) for one in following(language("en"), evidence(followed=rows)))
    assert "by quarter 10.0% and 1.0% and by month 20.0% and 3.0%" in told
    assert "held it earned 15.0%" in told


def test_without_prices_nothing_is_said_of_following():
    assert [*following(language("en"), evidence(years=None, start=None))] == []
