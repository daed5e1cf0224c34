"""Hierarchical risk parity: inverse variances down a tree of correlations. A reference; it optimizes nothing.

Lopez de Prado, Building Diversified Portfolios that Outperform Out of Sample, J. Portfolio Management 42(4), 2016.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from toolkit.core.errors import SpecError
from toolkit.core.forecast import FloatArray
from toolkit.optimize.functions import ConvexConstraints
from toolkit.optimize.objectives.base import Objective
from toolkit.optimize.solvers.solve import Order

if TYPE_CHECKING:
    from toolkit.optimize.problem import LinearConstraints, Problem
    from toolkit.optimize.solvers.continuous import Continuous

TINY_VARIANCE = 1e-16
"""Variance below which an asset counts as this risky: weights are inverse variances."""


class HierarchicalRiskParity(Objective):
    """Recursive bisection of a tree of correlations (Lopez de Prado 2016): a reference, blind to every constraint.

    A strategy with constraints on weights is refused rather than answered as if it had none; whole lots track it.
    """

    prices_limits: ClassVar[bool] = False
    long_only: ClassVar[bool] = True

    kind: Literal["hierarchical_risk_parity"] = "hierarchical_risk_parity"
    measure: Literal["variance"] = "variance"

    def solve(
        self,
        problem: Problem,
        limits: LinearConstraints,  # noqa: ARG002
        convex: ConvexConstraints,  # noqa: ARG002
        order: Order,  # noqa: ARG002
    ) -> Continuous:
        """The weights; `SpecError` names the constraints that they do not hold."""
        from toolkit.optimize.solvers.continuous import Continuous  # noqa: PLC0415  # who only decodes loads no solver

        self.check(problem)
        return Continuous.formula(hierarchical_weights(problem.forecast.matrix, problem.universe.keys))

    def check(self, problem: Problem) -> None:
        """Raise the error of constraints, which it does not hold."""
        ignored = [constraint.name for constraint in problem.constraints if not constraint.ignorable]
        if ignored:
            raise SpecError(
                "hierarchical_risk_parity cannot hold constraints: {ignored}.",
                hint='Take them out, or use kind = "risk_parity", which holds them.',
                details={"constraints": ignored},
                ignored=[repr(name) for name in ignored],
            )


def hierarchical_weights(covariance: FloatArray, keys: tuple[str, ...]) -> FloatArray:
    """(n,) weights of hierarchical risk parity, summing to 1.

    Which branch of the tree comes first is arbitrary and moves the halves that the list is cut into. Assets are put in
    order of volatility, then of key, beforehand: so the order in which a user lists them changes nothing.

    Args:
        covariance: (n, n) a year.
        keys: (n,) names, to break ties.
    """
    n = len(covariance)
    if n == 1:
        return np.ones(1)
    first = np.array(sorted(range(n), key=lambda i: (covariance[i, i], keys[i])))
    ordered = covariance[np.ix_(first, first)]
    weights = np.empty(n)
    weights[first] = _bisected(ordered, _leaves(ordered))
    return weights / weights.sum()


def _leaves(covariance: FloatArray) -> list[int]:
    """Assets in the order of the tree: single linkage on the distances between columns of sqrt((1 - correlation) / 2)."""
    # Only this objective clusters: who optimizes otherwise does not pay for the import.
    from scipy.cluster.hierarchy import leaves_list, linkage  # noqa: PLC0415
    from scipy.spatial.distance import pdist  # noqa: PLC0415

    deviation = np.sqrt(np.clip(np.diag(covariance), TINY_VARIANCE, None))
    correlation = np.clip(covariance / np.outer(deviation, deviation), -1.0, 1.0)
    np.fill_diagonal(correlation, 1.0)
    distance = np.sqrt((1 - correlation) / 2)
    return [int(i) for i in leaves_list(linkage(pdist(distance), "single"))]


def _bisected(covariance: FloatArray, leaves: list[int]) -> FloatArray:
    """Recursive bisection: each half gets the share of the other half's variance."""
    weights = np.ones(len(covariance))
    parts = [leaves]
    while parts:
        part = parts.pop()
        if len(part) < 2:
            continue
        left, right = part[: len(part) // 2], part[len(part) // 2 :]
        risky = [_cluster_variance(covariance, half) for half in (left, right)]
        share = risky[1] / (risky[0] + risky[1])
        weights[left] *= share
        weights[right] *= 1 - share
        parts += [left, right]
    return weights


def _cluster_variance(covariance: FloatArray, members: list[int]) -> float:
    """Variance of the inverse-variance portfolio of some assets."""
    block = covariance[np.ix_(members, members)]
    inverse = 1 / np.clip(np.diag(block), TINY_VARIANCE, None)
    weights = inverse / inverse.sum()
    return max(float(weights @ block @ weights), TINY_VARIANCE)
