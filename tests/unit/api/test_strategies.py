"""Strategies as objects: the models of the language, with names and subjects that need no key, and the same text as a file."""

from __future__ import annotations

import inspect
import tomllib
from datetime import date
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

import toolkit as tk
from toolkit import api
from toolkit.cli.options import Common
from toolkit.cli.terminal import translator
from toolkit.core.decode import SpecMeta
from toolkit.optimize.constraints.base import Constraint
from toolkit.strategy.decode import decode_strategy, load_strategy

SHIPPED = sorted((Path(__file__).resolve().parents[3] / "strategies").glob("*.toml"))


def read(text: str, name: str) -> tk.Strategy:
    return decode_strategy(tomllib.loads(text), name=name, file="own.toml")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_strategy_is_read_from_its_own_text(path):
    strategy = load_strategy(path)
    again = read(strategy.to_toml(), strategy.name)
    assert again == strategy
    assert again.fingerprint == strategy.fingerprint


def test_an_object_is_read_from_its_own_text():
    strategy = tk.Strategy(
        objective=tk.MinRisk("cvar", level=0.95),
        constraints=[
            tk.Bounds(upper=0.2),
            tk.Group(["GLD", "SLV"], upper=0.4),
            tk.Linear("GLD <= 0.5 * SLV", name='at most "half"'),
            tk.CountryExposure("CHN", upper=0.5),
            tk.TrackingError({"GLD": 0.6, "a b": 0.1}, upper=0.1),
        ],
        universe={"assets": ["GLD", "SLV"]},
        forecast=tk.ForecastSpec(covariance=tk.LedoitWolfCovariance(), lookback="3 years"),
        costs={"fee": 2.5, "volumes": {"GLD": 1e6}},
        views=[tk.ViewSpec(expression="GLD - SLV", mean=tk.Range(at_least=0.01))],
    )
    assert read(strategy.to_toml(), strategy.name) == strategy
    assert strategy.objective.confidence == 0.95
    assert [constraint.name for constraint in strategy.constraints] == [
        "bounds", "group GLD, SLV", 'at most "half"', "country exposure CHN",
        "tracking error GLD, a b", "fully invested",
    ]  # fmt: skip


def test_an_explicit_default_that_another_key_would_change_is_written():
    strategy = tk.Strategy(objective=tk.MinRisk("cvar", risk_aversion=6.0))
    assert read(strategy.to_toml(), "own").objective.risk_aversion == 6.0


@pytest.mark.parametrize(
    "present",
    [
        {"costs": tk.CostsSpec()},
        {"forecast": tk.ForecastSpec(scenarios=tk.HistoricalScenarios())},
        {"forecast": tk.ForecastSpec(covariance=tk.LedoitWolfCovariance())},
        {"universe": tk.UniverseSpec(), "solver": tk.SolverSpec()},
    ],
    ids=["costs", "scenarios", "covariance", "universe"],
)
def test_a_table_that_is_all_default_is_written_where_its_presence_matters(present):
    strategy = tk.Strategy(objective=tk.MinRisk(), **present)
    again = read(strategy.to_toml(), strategy.name)
    assert again.fingerprint == strategy.fingerprint
    empty = read(tk.Strategy(objective=tk.MinRisk()).to_toml() + "\n[costs]\n", "own")
    assert read(empty.to_toml(), "own").costs == tk.CostsSpec()


@pytest.mark.parametrize(
    ("objective", "constraints", "names"),
    [
        (tk.MinRisk(), [], ["fully invested"]),
        (tk.MinRisk(), [tk.Cash(upper=0.1)], ["cash"]),
        (tk.Track({"gold": 0.5}), [], []),
    ],
)
def test_what_says_nothing_of_cash_is_fully_invested(objective, constraints, names):
    strategy = tk.Strategy(objective=objective, constraints=constraints)
    assert [constraint.name for constraint in strategy.constraints] == names
    assert read(strategy.to_toml(), "own") == strategy


def test_a_file_still_states_names():
    with pytest.raises(tk.SpecError) as found:
        read(tk.Strategy(objective=tk.MinRisk()).to_toml() + '\n[[constraint]]\nkind = "bounds"\nupper = 0.2\n', "own")
    assert [(fault["key"], fault["message"]) for fault in found.value.details["faults"]] == [
        ("constraint 2.name", "is required")
    ]


def test_two_constraints_of_one_name_and_an_unknown_key_are_faults():
    with pytest.raises(tk.SpecError, match="two constraints are named 'bounds'"):
        tk.Strategy(objective=tk.MinRisk(), constraints=[tk.Bounds(upper=0.2), tk.Bounds(lower=0.1)])
    with pytest.raises(tk.SpecError, match="uper"):
        tk.Bounds(uper=0.2)
    with pytest.raises(tk.SpecError, match="at most 1 without its key: assets"):
        tk.Bounds(["GLD"], 0.2)
    with pytest.raises(tk.SpecError, match=r"every value with its key.*Known: .*kind"):
        tk.Cash(0.2)


def test_settings_change_keys_of_a_named_strategy():
    strategy = tk.load_strategy("physical-basket", "constraint.any metal.upper=0.15")
    assert next(one.upper for one in strategy.constraints if one.name == "any metal") == 0.15


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: tk.Bounds(upper=40), "at most 1"),
        (lambda: tk.Bounds(uper=0.4), "Did you mean 'upper'"),
        (lambda: tk.Group("XGA", upper=0.3), "must be a list"),
        (lambda: tk.MinRisk("cvaar"), "Did you mean 'cvar'"),
        (lambda: tk.CostsSpec(include=["spraed"]), "Did you mean 'spread'"),
        (lambda: tk.Strategy(objective=tk.MinRisk(), constraints=tk.Bounds(upper=0.3)), r"write \[ \] around"),
        (lambda: tk.Strategy(objective={"kind": "min_rsk"}), "no kind itself"),
        (lambda: tk.Strategy(objective=tk.MinRisk(), constraints=[{"kind": "bounds"}]), "no kind itself"),
        (lambda: tk.Strategy(objective=tk.MinRisk(), universe={"asets": "all"}), "universe.asets .* Did you mean 'assets'"),
        (lambda: tk.Strategy("own"), "with its key"),
    ],
)
def test_faults_of_objects_are_those_of_a_file(make, told):
    with pytest.raises(tk.SpecError, match=told):
        make()


def test_limits_of_two_sectors_have_names_of_their_own():
    """Both were called `group`, and a strategy refused them."""
    limits = [tk.Group(groups=["utilities"], upper=0.3), tk.Group(groups=["technology"], upper=0.3), tk.Bounds(upper=0.1)]
    assert [limit.name for limit in limits] == ["group utilities", "group technology", "bounds"]
    assert tk.Strategy(objective=tk.MinRisk(), constraints=limits).constraints[:3] == tuple(limits)


@pytest.mark.parametrize("kind", [tk.Group, tk.Bounds])
def test_a_name_is_the_same_whether_its_subject_has_a_key(kind):
    assert kind(["GLD", "SLV"], upper=0.5).name == kind(assets=["GLD", "SLV"], upper=0.5).name
    assert kind(["GLD", "SLV"], upper=0.5).name.endswith(" GLD, SLV")


@pytest.mark.parametrize(
    ("made", "english", "german"),
    [
        (
            lambda: tk.Bounds(lower=0.5, upper=0.2),
            "lower 0.5 is above upper 0.2",
            "lower 0.5 liegt über upper 0.2",
        ),
        (
            lambda: tk.ViewsReturns(views=[{"expression": "gold + silver +", "value": 0.1, "error": 0.1}]),
            "not 'gold + silver +'; it cannot be read at 'silver +'",
            "nicht „gold + silver +“; ab „silver +“ ist es nicht zu lesen",
        ),
        (
            lambda: tk.ViewsReturns(views=[{"expression": "gold", "value": 5, "confidence": 0.5}]),
            "value must be at most 2, not 5. 5 % is 0.05.",
            "darf höchstens 2 sein, nicht 5",
        ),
        (
            lambda: tk.ShockSpec(name="fall", returns={"gold": -30}),
            "must be at least -1, not -30. -30 % is -0.3.",
            "muss mindestens -1 sein, nicht -30",
        ),
    ],
)
def test_what_is_wrong_with_a_value_can_be_typed_again_in_every_language(made, english, german):
    """German wrote the value of a key with a comma, and half of a sentence in English."""
    with pytest.raises(tk.SpecError) as found:
        made()
    assert english in str(found.value)
    assert german in translator(Common(lang="de"))(found.value.message)


def test_the_words_that_a_benchmark_may_be_are_among_the_nearest():
    prices = tk.frame([[1.0, 2.0], [1.1, 2.0], [1.0, 2.1]] * 9, names=["GLD", "SLV"], dates=pl.date_range(
        date(2024, 1, 31), date(2026, 3, 31), "1mo", eager=True).dt.month_end())  # fmt: skip
    strategy = tk.Strategy(objective=tk.Track("equal_weights"))
    with pytest.raises(tk.DataError) as found:
        tk.optimize(strategy, prices=prices, prices_currency="EUR")
    assert found.value.hint.startswith("Did you mean 'equal_weight'?")


def test_a_series_of_pandas_with_names_is_a_table_and_one_by_days_is_none():
    weights = pd.Series({"GLD": 0.6, "SLV": 0.4})
    given = tk.Strategy(objective=tk.MaxRatio(benchmark=weights), constraints=[tk.TrackingError(weights, upper=0.1)])
    named = tk.Strategy(
        objective=tk.MaxRatio(benchmark=dict(weights)), constraints=[tk.TrackingError(dict(weights), upper=0.1)]
    )
    assert given == named
    days = pd.Series([0.01, 0.02], index=pd.to_datetime(["2026-01-02", "2026-01-05"]))
    with pytest.raises(tk.SpecError, match=r"benchmark must be a table, not 2026-01-02 0.01 2026-01-05 0.02 dtype: float64"):
        tk.MaxRatio(benchmark=days)


KINDS = [kind for kind in vars(api).values() if isinstance(kind, SpecMeta)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_editor_completes_the_keys_of_every_part_of_a_strategy(kind):
    keys = inspect.signature(kind).parameters
    assert {*keys} == {*kind.model_fields} - {"kind"}
    assert all(one.kind is not inspect.Parameter.VAR_KEYWORD for one in keys.values())
    needed = [name for name, one in keys.items() if one.default is inspect.Parameter.empty]
    assert needed == [
        name for name in keys if kind.model_fields[name].is_required() and not (issubclass(kind, Constraint) and name == "name")
    ]


def test_keys_that_need_no_name_come_first():
    assert [*inspect.signature(tk.TrackingError).parameters][:2] == ["target", "upper"]
    assert inspect.signature(tk.Gross).bind(1.6).arguments == {"upper": 1.6}
    tk.Gross(1.6)  # pydantic completes the class, and would give it a signature of its own
    assert "kind" not in inspect.signature(tk.Gross).parameters
