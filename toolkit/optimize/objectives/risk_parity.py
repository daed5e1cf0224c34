"""Equal contributions to risk, and budgets of risk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from toolkit.core.assets import Universe
from toolkit.core.errors import SpecError, did_you_mean
from toolkit.core.forecast import FloatArray
from toolkit.optimize.functions import ConvexConstraints
from toolkit.optimize.objectives.base import Measured
from toolkit.optimize.solvers.solve import Order

if TYPE_CHECKING:
    from toolkit.optimize.problem import LinearConstraints, Problem
    from toolkit.optimize.solvers.continuous import Continuous

Budget = Annotated[float, Field(gt=0)]


class RiskParity(Measured):
    """Equal risk contributions (Maillard, Roncalli, Teiletche 2010), under constraints as in Richard and Roncalli (2019).

    `budgets` makes them unequal (risk budgeting: Bruder and Roncalli 2012; Spinu 2013): the contribution of each asset,
    element or (`by = "group"`) group is proportional to its budget, 1 where none is named. The budget of an element or
    group is shared equally by its members. Cash has no risk to contribute and is held at the least that the constraints allow.
    """

    prices_limits: ClassVar[bool] = False
    needs_risk: ClassVar[bool] = True
    holds_everything: ClassVar[bool] = True
    long_only: ClassVar[bool] = True

    kind: Literal["risk_parity"] = "risk_parity"
    budgets: Mapping[str, Budget] = Field(default_factory=dict)
    by: Literal["asset", "group"] = "asset"

    def solve(self, problem: Problem, limits: LinearConstraints, convex: ConvexConstraints, order: Order) -> Continuous:  # noqa: ARG002
        """By the log-barrier program."""
        from toolkit.optimize.infeasibility.relaxations import check_all_held  # noqa: PLC0415  # loads solvers
        from toolkit.optimize.solvers.parity import solve_parity_within  # noqa: PLC0415  # cvxpy is slow to import

        budgets = self.risk_budgets(problem.universe)
        check_all_held(problem, free_cash=bool(convex))
        return solve_parity_within(self.risk(problem), budgets, limits, convex)

    def check(self, problem: Problem) -> None:
        """Raise the error of a budget without an asset, or of scenarios that are missing."""
        self.risk_budgets(problem.universe)
        self.risk(problem)

    def risk_budgets(self, universe: Universe) -> FloatArray:
        """(n,) budgets with mean 1.

        The budget of an element or a group is shared equally by its members: so the members' contributions add up to it, and
        within it no member brings more risk than another.

        Raises:
            DataError: for a name that is neither an asset nor an element; SpecError for an unknown group, two names of
                one asset, and shares of all risk that leave an asset out.
        """
        groups = [asset.group for asset in universe]
        budgets = np.ones(len(universe))
        if self.by == "group":
            budgets = np.array([1 / groups.count(group) for group in groups])
        named: dict[int, str] = {}
        for name, budget in self.budgets.items():
            if self.by == "group":
                members = tuple(i for i, group in enumerate(groups) if group == name)
                if not members:
                    raise SpecError(
                        "objective.budgets: unknown group {name!r:s}.", hint=did_you_mean(name, set(groups)), name=name
                    )
            else:
                members = universe.members(name)
            for i in members:
                if i in named:
                    raise SpecError(
                        "objective.budgets: {named!r:s} and {name!r:s} both name {keys!r:s}.",
                        named=named[i],
                        name=name,
                        keys=universe.keys[i],
                    )
                named[i] = name
                budgets[i] = budget / len(members)
        rest = [groups[i] if self.by == "group" else key for i, key in enumerate(universe.keys) if i not in named]
        whole = sum(self.budgets.values())
        if rest and len(self.budgets) > 1 and min(abs(whole - 1), abs(whole - 100)) < 1e-9:
            raise SpecError(
                "objective.budgets add up to {whole:g}; left out, and so with 1 each: {fromkeys}.",
                hint="Name a budget of each, or leave them out of the universe.",
                whole=whole,
                fromkeys=[*dict.fromkeys(rest)],
            )
        return budgets / budgets.mean()
