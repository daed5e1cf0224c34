"""Strategies as scikit-learn estimators (extra `sklearn`): `fit` on past returns, `predict` what the weights return.

`PortfolioAllocator` is the same as an optimization of skfolio, for its `WalkForward` and `cross_val_predict`.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import date, timedelta
from os import PathLike
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
from pydantic import BaseModel
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from toolkit.api.frames import no_returns
from toolkit.api.strategy import strategy_of
from toolkit.core.assets import CASH, Asset, Universe
from toolkit.core.decode import parse_toml
from toolkit.core.errors import SpecError, ToolkitError
from toolkit.core.forecast import FloatArray, Forecast
from toolkit.core.units import FREQUENCY_NAMES
from toolkit.optimize.allocate import allocate
from toolkit.optimize.constraints.base import ConstraintData
from toolkit.optimize.costs import Costs
from toolkit.optimize.objectives.min_risk import MinRisk
from toolkit.optimize.problem import Problem
from toolkit.returns.history import frequency
from toolkit.returns.observed_returns import Returns
from toolkit.risk_model.covariance.form import CovarianceInputs
from toolkit.risk_model.covariance.ledoit_wolf import LedoitWolfCovariance
from toolkit.scenarios.sets import Scenarios
from toolkit.strategy.decode import decode_strategy, override
from toolkit.strategy.encode import LISTED, strategy_toml, toml_value
from toolkit.strategy.model import Strategy

if TYPE_CHECKING:
    from typing import Self


def parameters(strategy: Strategy) -> dict[str, Any]:
    """Path of a key, ``objective__risk_aversion`` or ``constraint__NAME__upper`` -> its value."""
    entries = [(name, getattr(strategy, name)) for name in ("universe", "forecast", "solver", "objective")]
    entries += [
        (f"{LISTED[field]}__{one.name}", one) for field in LISTED for one in getattr(strategy, field) if hasattr(one, "name")
    ]
    found: dict[str, Any] = {}
    while entries:
        path, model = entries.pop()
        for key in type(model).model_fields:
            value = getattr(model, key)
            found[f"{path}__{key}"] = value
            entries += [(f"{path}__{key}", value)] if isinstance(value, BaseModel) else []
    return found


def with_parameters(strategy: Strategy, changes: Mapping[str, Any]) -> Strategy:
    """The strategy with the values of some keys (see `parameters`) changed, checked as its file would be.

    Raises:
        SpecError: for a key that is none, or a value that it cannot have.
    """
    plain = {
        path.replace("__", "."): value.item() if isinstance(value, np.generic) else value for path, value in changes.items()
    }
    data = override(parse_toml(strategy_toml(strategy)), tuple(f"{path}={toml_value(value)}" for path, value in plain.items()))
    return decode_strategy(data, name=strategy.name, file=strategy.name)


NESTED = "strategy__"
"""How parameters begin that are keys of the strategy."""
FIRST = date(1, 1, 1)
ROWS_OF_OTHER_PERIOD = 1.5
"""So many times the rows a year, or a part, are those of another period; every day of a year is 1.45 times its weekdays."""


class Allocator(BaseEstimator):
    """Weights of a strategy from past returns.

    A strategy that asks for what a table of returns does not tell (costs, scenarios of its own, supply, export controls, lots,
    what is held) is refused. Nothing is filled: a missing return is an error. Returns that look like prices or per cent, and an
    index of days that are another period, are a warning.

    Keys of the strategy are parameters of their own: ``strategy__objective__risk_aversion``,
    ``strategy__constraint__any metal__upper``, in `set_params` and in a search.

    Args:
        strategy: What is intended, itself, its name, or the path of its file; least variance by default. Its covariance is
            Ledoit and Wolf's where it names none.
        periods_per_year: Rows of X in a year, by which limits on risk and forecasts of returns are a year's.
        gaps: ``raise`` for a missing return, or ``drop``: `fit` leaves out the rows that have one, with a warning, and
            `predict` has no return where an asset with a weight has none.

    Attributes:
        weights_: (n,) of the assets; what they leave of 1 is cash.
        cash_: Its weight.
        allocation_: The answer with its certificate and limits.
    """

    def __init__(
        self,
        strategy: str | PathLike[str] | Strategy | None = None,
        periods_per_year: float = 252.0,
        gaps: str = "raise",
    ) -> None:
        self.strategy = strategy
        self.periods_per_year = periods_per_year
        self.gaps = gaps

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: FBT001, FBT002  # the protocol's
        """Parameters by name; `deep` adds the keys of the strategy, where it is one."""
        found = super().get_params(deep=False)
        if deep and isinstance(self.strategy, Strategy):
            found |= {f"{NESTED}{key}": value for key, value in parameters(self.strategy).items()}
        return found

    def set_params(self, **params: Any) -> Self:
        """Change parameters, keys of the strategy among them.

        Raises:
            ValueError: for one that there is not, and for a value that it cannot have.
        """
        nested = {key.removeprefix(NESTED): value for key, value in params.items() if key.startswith(NESTED)}
        super().set_params(**{key: value for key, value in params.items() if not key.startswith(NESTED)})
        if nested:
            try:
                self.strategy = with_parameters(_strategy(self.strategy), nested)
            except ToolkitError as error:
                raise ValueError(str(error)) from error
        return self

    @property
    def named_weights_(self) -> dict[str, float]:
        """Asset -> weight, that of cash last; names of columns, or x0, x1, ..."""
        check_is_fitted(self)
        names = _names(self, len(self.weights_))
        return dict(zip((*names, CASH), (*self.weights_.tolist(), float(self.cash_)), strict=True))

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002  # y is part of the protocol
        """Find the weights.

        Args:
            X: (T, n) simple returns as fractions, names of columns are names of assets (else x0, x1, ...); no column of dates.
            y: Ignored.

        Raises:
            ValueError: for a table that is no returns, or that the strategy finds no answer on, with the reason.
        """
        _refuse_dates(X)
        returns: Any = validate_data(self, X, dtype=np.float64, ensure_min_samples=2, ensure_all_finite=self._finite())
        whole = np.isfinite(returns).all(axis=1)
        if left := int((~whole).sum()):
            if left > len(returns) - 2:
                raise ValueError(f"{left} of {len(returns)} rows have a missing return: too few are left.")
            warnings.warn(f"{left} of {len(returns)} rows have a missing return and are left out.", stacklevel=2)
            returns = returns[whole]
        names = _names(self, returns.shape[1])
        if odd := next(filter(None, map(no_returns, names, returns.T)), None):
            warnings.warn(f"{odd.message} Give simple returns as fractions: 0.012 is 1.2 %.", stacklevel=2)
        _check_periods(X, float(self.periods_per_year))
        try:
            asked = _strategy(self.strategy)
            problem = _problem(asked, returns, names, float(self.periods_per_year))
            self.allocation_ = allocate(problem, asked.solver)
        except ToolkitError as error:
            raise ValueError(str(error)) from error
        self.weights_ = np.array(self.allocation_.weights)
        self.cash_ = self.allocation_.cash
        return self

    def predict(self, X: Any) -> Any:
        """(T,) returns of the weights, held at each row of X; of a frame of pandas a series with its index."""
        check_is_fitted(self)
        _refuse_dates(X)
        returns: Any = validate_data(self, X, dtype=np.float64, reset=False, ensure_all_finite=self._finite())
        held = self.weights_ != 0
        found = returns[:, held] @ self.weights_[held]
        return type(X.iloc[:, 0])(found, index=X.index) if hasattr(X, "iloc") else found

    def score(self, X: Any, y: Any = None) -> float:  # noqa: ARG002
        """Sharpe ratio a year of `predict`, by which a search chooses; a return that never changes has none and scores 0."""
        found = np.asarray(self.predict(X))
        found = found[np.isfinite(found)]
        spread = float(found.std(ddof=1)) if len(found) > 1 else 0.0
        return float(found.mean()) / spread * float(self.periods_per_year) ** 0.5 if spread else 0.0

    def _finite(self) -> bool | str:
        """Which values `validate_data` lets pass."""
        if self.gaps not in ("raise", "drop"):
            raise ValueError(f"gaps is 'raise' or 'drop', not {self.gaps!r}.")
        return "allow-nan" if self.gaps == "drop" else True


def _strategy(given: str | PathLike[str] | Strategy | None) -> Strategy:
    return Strategy(objective=MinRisk()) if given is None else strategy_of(given)


def _names(fitted: Allocator, count: int) -> tuple[str, ...]:
    """Names of the assets: of the columns, else x0, x1, ..."""
    return tuple(map(str, getattr(fitted, "feature_names_in_", [f"x{i}" for i in range(count)])))


def _refuse_dates(table: Any) -> None:
    """`ValueError` for a frame with a column of dates, which an array of numbers would hold as one more asset."""
    frame = nw.from_native(table, eager_only=True, pass_through=True)
    dates = [name for name, kind in frame.schema.items() if kind.is_temporal()] if isinstance(frame, nw.DataFrame) else []
    if dates:
        raise ValueError(f"column {dates[0]!r} has dates, and every column is an asset. Give the returns without it.")


def _check_periods(table: Any, periods: float) -> None:
    """A warning where days of the index of X are another period than is said, which limits on risk would be of."""
    days = sorted({*getattr(getattr(table, "index", None), "date", ())})
    known = {name: count for count, name in FREQUENCY_NAMES.items()}.get(frequency(days))
    if known is not None and not 1 / ROWS_OF_OTHER_PERIOD < periods / known < ROWS_OF_OTHER_PERIOD:
        told = f"the index of X has {known:g} rows a year, and periods_per_year is {periods:g}."
        warnings.warn(f"{told} Give periods_per_year={known:g}.", stacklevel=3)


def _check(strategy: Strategy) -> None:
    """Refuse what would be left out in silence."""
    parts = [(name, getattr(strategy, name)) for name in ("universe", "costs", "scenarios", "views")]
    parts += [(f"forecast.{name}", getattr(strategy.forecast, name)) for name in ("lookback", "scenarios")]
    usual = Strategy.model_fields
    asked = [name for name, value in parts if value and value != getattr(usual.get(name), "default", None)]
    asked += ["objective"] * strategy.objective.needs.holdings
    for constraint in strategy.constraints:
        needs = constraint.needs
        of_market = needs.countries or needs.stages or needs.controls or getattr(constraint, "groups", None)
        money = getattr(constraint, "value", None) or getattr(constraint, "values", None)
        of_owner = needs.holdings or constraint.of_dealer or money
        asked += [f"constraint {constraint.name!r}"] * bool(of_market or of_owner)
    if asked:
        raise SpecError(f"a table of returns does not tell what {asked[0]} asks for.", hint="Use toolkit.optimize.")


def _problem(asked: Strategy, returns: FloatArray, names: tuple[str, ...], periods: float) -> Problem:
    """The problem that a strategy poses on returns (T, n) of named assets."""
    _check(asked)
    universe, (count, n) = Universe(tuple(map(Asset.unknown, names))), returns.shape
    changes = Returns.exact(tuple(FIRST + timedelta(days=i) for i in range(count)), names, returns)
    inputs = CovarianceInputs(
        increments=changes,
        local=changes,
        assets=names,
        groups=("other",) * n,
        metals=(),
        state=np.zeros((count, n)),
        read_variance=lambda: returns.var(axis=0, ddof=1) * periods,
        periods_per_year=periods,
        elements=(None,) * n,
    )
    estimator = asked.forecast.covariance or LedoitWolfCovariance()
    form = estimator.estimate(inputs)
    expected = asked.forecast.returns.estimate(inputs, form)
    forecast = Forecast(
        assets=names,
        factors=form.factors,
        loadings=form.loadings,
        factor_cov=form.factor_cov,
        specific_var=form.specific_var,
        expected=expected.mean,
        expected_cov=expected.covariance,
        periods_per_year=periods,
        covariance=estimator.kind,
        levels=(),
        notes=(*form.notes, *expected.notes),
        model=form.model,
    )
    scenarios = Scenarios(names, returns, np.full(count, 1.0 / count), True, "historical", periods)  # noqa: FBT003
    data = ConstraintData(universe, 1.0, unknown_supply=names, unknown_assets=names, scenarios=scenarios)
    costs = Costs(np.zeros(n), np.zeros(n))
    return Problem(forecast, data, asked.objective, tuple(asked.constraints), costs, np.full(n, np.nan))


def __getattr__(name: str) -> Any:
    if name != "PortfolioAllocator":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from skfolio.optimization import BaseOptimization  # type: ignore[import-not-found]  # noqa: PLC0415

    class PortfolioAllocator(BaseOptimization):
        """`Allocator` as an optimization of skfolio: `predict` gives a `skfolio.Portfolio`."""

        def __init__(self, strategy: str | PathLike[str] | Strategy | None = None, periods_per_year: float = 252.0) -> None:
            super().__init__()
            self.strategy = strategy
            self.periods_per_year = periods_per_year

        def fit(self, X: Any, y: Any = None) -> Self:
            fitted = Allocator(self.strategy, self.periods_per_year).fit(X, y)
            validate_data(self, X)
            self.weights_, self.allocation_ = fitted.weights_, fitted.allocation_
            return self

    PortfolioAllocator.__module__, PortfolioAllocator.__qualname__ = __name__, name
    globals()[name] = PortfolioAllocator
    return PortfolioAllocator
