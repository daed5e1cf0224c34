"""The frozen `Strategy` and its parts: the data model of `strategies/NAME.toml`."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from toolkit.core.decode import Spec
from toolkit.factors.covariance import CovarianceSpec, FactorCovariance
from toolkit.factors.expected import ReturnsSpec, ZeroReturns
from toolkit.optimize.costs import COST_ITEMS
from toolkit.optimize.terms.base import Constraint, Objective

PERIOD = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(month|year)s?\s*$")


def months(text: str) -> float:
    """Months in a text such as ``36 months`` or ``3 years``."""
    match = PERIOD.match(text)
    if match is None or float(match[1]) <= 0:
        raise ValueError(f"must be a period such as '36 months' or '3 years', not {text!r}")
    return float(match[1]) * (12 if match[2] == "year" else 1)


def _period(text: str) -> str:
    months(text)
    return text


Period = Annotated[str, AfterValidator(_period)]


class About(Spec):
    """Who the strategy is for: all but `refuted_by` are required."""

    title: str = Field(min_length=1)
    idea: str = Field(min_length=1)
    source: str = Field(min_length=1)
    refuted_by: str | None = None


class UniverseSpec(Spec):
    """Which assets may be held: keys or ``all``, or whole groups, less `exclude`."""

    assets: tuple[str, ...] | Literal["all"] | None = None
    groups: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @property
    def names_assets(self) -> bool:
        """True where the strategy itself lists what it holds."""
        return self.assets is not None and self.assets != "all"


class ForecastSpec(Spec):
    """How risk and return are estimated."""

    covariance: CovarianceSpec = FactorCovariance()
    returns: ReturnsSpec = ZeroReturns()
    observation: Literal["latent", "raw"] = "latent"
    lookback: Period | None = None


class CostsSpec(Spec):
    """Costs in the objective. Without the table they are paid and shown, and not optimized."""

    holding_period: Period = "3 years"
    include: tuple[Literal["spread", "storage", "fees"], ...] = COST_ITEMS
    fee: float = Field(default=0.0, ge=0)


class RebalanceSpec(Spec):
    """When a strategy trades again, and what happens when it cannot."""

    every: Literal["month", "quarter", "year"] = "month"
    on_infeasible: Literal["stop", "hold"] = "stop"


class SolverSpec(Spec):
    """Solvers to try in order, seconds for one mixed-integer problem, and the gap at which whole lots are good enough."""

    order: tuple[str, ...] | None = None
    time_limit: float = Field(default=10.0, gt=0)
    gap: float = Field(default=1e-3, gt=0, lt=1)


class Strategy(Spec):
    """What we intend: frozen, comparable, and the same text gives the same fingerprint."""

    name: str
    about: About
    universe: UniverseSpec = UniverseSpec()
    forecast: ForecastSpec = ForecastSpec()
    objective: Objective
    constraints: tuple[Constraint, ...] = ()
    costs: CostsSpec | None = None
    rebalance: RebalanceSpec = RebalanceSpec()
    solver: SolverSpec = SolverSpec()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Strategy:
        names = [constraint.name for constraint in self.constraints]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two constraints are named {name!r}")
        return self

    def canonical(self) -> dict[str, Any]:
        """The strategy as JSON-ready data with every default written out; the name and the prose are left out."""
        data = self.model_dump(mode="json", exclude={"name", "about", "objective", "constraints"})
        data["objective"] = self.objective.model_dump(mode="json")
        data["constraints"] = [constraint.model_dump(mode="json") for constraint in self.constraints]
        return data

    @property
    def fingerprint(self) -> str:
        """Hash of what the strategy does: prose, order of keys and comments do not change it."""
        text = json.dumps(self.canonical(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
