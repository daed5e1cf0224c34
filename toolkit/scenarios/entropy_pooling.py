"""Views on a scenario set by entropy pooling: the probabilities of least relative entropy under the views.

Meucci (2008, Fully Flexible Views, Risk 21(10)): of all probabilities that satisfy the views, take those of least relative
entropy to the prior's. Every view is linear in the probabilities, so the dual has one multiplier a view (his equations
17-25), whatever the number of scenarios.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from toolkit.core.errors import NumericalFailure, SpecError
from toolkit.core.forecast import FloatArray, read_only_arrays
from toolkit.core.messages import message, together
from toolkit.scenarios.sets import Scenarios

Side = Literal["equal", "at_least", "at_most"]


@dataclass(frozen=True, slots=True)
class MomentView:
    """A view on the mean of a figure over the scenarios.

    Attributes:
        name: Name of the view in messages.
        figure: (S,) one number a scenario: a return, its square, 1 where something happens.
        value: Bound of the mean.
        side: Whether the mean is exactly, at least or at most that.
    """

    name: str
    figure: FloatArray
    value: float
    side: Side = "equal"

    def __post_init__(self) -> None:
        read_only_arrays(self)


def probability_view(name: str, happens: NDArray[np.bool_], value: float, side: Side = "equal") -> MomentView:
    """A view on the probability, over the period of a scenario set, that something happens.

    Args:
        name: Name of the view, for messages.
        happens: (S,) scenarios in which it happens.
        value: Probability.
        side: Whether it is exactly, at least or at most that.
    """
    return MomentView(name, happens.astype(float), value, side)


def mean_view(name: str, scenarios: Scenarios, row: FloatArray, value: float, side: Side = "equal") -> MomentView:
    """A view on the expected return of a combination of assets.

    Args:
        name: Name of the view, for messages.
        scenarios: Set of S scenarios of n assets.
        row: (n,) coefficients of the combination.
        value: Return a year.
        side: Whether it is exactly, at least or at most that.
    """
    return MomentView(name, scenarios.returns @ row, value / scenarios.periods_per_year, side)


def volatility_view(
    name: str, scenarios: Scenarios, row: FloatArray, value: float, side: Side = "equal", *, mean: float | None = None
) -> MomentView:
    """A view on the volatility of a combination of assets about a given mean.

    It is a view on the second moment about a mean that is given (Meucci 2008, section 3), because that is linear in the
    probabilities. It is one on the volatility if another view holds the mean there.

    Args:
        name: Name of the view, for messages.
        scenarios: Set of S scenarios of n assets.
        row: (n,) coefficients of the combination.
        value: Standard deviation a year.
        side: Whether it is exactly, at least or at most that.
        mean: Return a year; that under the probabilities of `scenarios` by default.
    """
    about = scenarios.mean @ row if mean is None else mean / scenarios.periods_per_year
    return MomentView(name, (scenarios.returns @ row - about) ** 2, value**2 / scenarios.periods_per_year, side)


RESIDUAL = 1e-10
"""Largest residual of a view, in standard deviations of its figure."""
ITERATIONS = 200
EXTREME_VIEWS = 0.2
"""Views whose exp(-relative entropy) is below this are called extreme: a convention."""
IMPOSSIBLE, SHORTEST_STEP = 1e6, 1e-12
"""Multipliers beyond which a view is taken for impossible, and the shortest fraction of a Newton step."""
ARMIJO, ROUNDING = 1e-4, 1e-15
"""Armijo condition: share of the expected decrease that a step must reach, and rise of the dual that counts as rounding."""
AT_EXTREME = 1e-9
"""Distance, relative to the range of a figure, within which a value counts as the least or the largest of all scenarios."""


@dataclass(frozen=True, slots=True)
class Pooling:
    """Scenarios under views.

    Attributes:
        scenarios: The same outcomes with the new probabilities.
        relative_entropy: Kullback-Leibler divergence from the old probabilities (nats): 0 where the prior satisfies the views.
        effective, effective_before: exp(entropy) of the new and the old probabilities: the number of equally probable
            scenarios that would be as spread out (Meucci 2012, Effective Number of Scenarios).
        multipliers: One a view, of `figure` in units of its standard deviation; 0 where a view does not bind, infinite where
            only the least or the largest figure satisfies it.
        residual: Largest miss of a view, in standard deviations of its figure.
        before, after: Mean of each figure under the old and the new probabilities.
    """

    scenarios: Scenarios
    views: tuple[MomentView, ...]
    relative_entropy: float
    effective: float
    effective_before: float
    multipliers: tuple[float, ...]
    residual: float
    before: tuple[float, ...]
    after: tuple[float, ...]

    @property
    def extreme(self) -> bool:
        """Whether exp(-relative entropy) is below `EXTREME_VIEWS`.

        Of equally probable scenarios that is the share of their effective number that is left; others may become more even.
        """
        return math.exp(-self.relative_entropy) < EXTREME_VIEWS

    @property
    def note(self) -> str:
        """Note on the effective number of scenarios, and on extreme views."""
        told = message(
            "Views weigh {count:,} scenarios anew by entropy pooling (Meucci 2008): relative entropy {entropy:.3f}, effective "
            "number of scenarios {effective:,.0f}, before the views {before:,.0f}.",
            count=len(self.scenarios),
            entropy=self.relative_entropy,
            effective=self.effective,
            before=self.effective_before,
        )
        return together(told, message("The views are extreme: few scenarios carry the answer.")) if self.extreme else told


def entropy_pooling(scenarios: Scenarios, views: Sequence[MomentView]) -> Pooling:
    """Probabilities of least relative entropy under the views.

    Raises:
        SpecError: for views that no probabilities of these scenarios satisfy, with a smallest set of them that conflicts;
            and for views that hold together only at the very edge of what the scenarios allow.
        NumericalFailure: if a view is missed by more than `RESIDUAL`.
    """
    views = tuple(views)
    prior = scenarios.probabilities
    support, free = _support(views, prior)
    p, found = np.zeros(len(scenarios)), np.full(len(views), np.inf)
    inner, multipliers = _solve(views, free, support, prior)
    p[support] = inner
    found[list(free)] = multipliers
    scale = [_spread(view, prior) for view in views]
    after = tuple(float(p @ view.figure) for view in views)
    residual = max((_miss(v, a) / s for v, a, s in zip(views, after, scale, strict=True)), default=0.0)
    if residual > RESIDUAL:
        raise NumericalFailure(
            "the views were missed by {residual:.1e} standard deviations.",
            hint="Ask for something less extreme.",
            residual=residual,
        )
    kept = p > 0
    return Pooling(
        scenarios=scenarios.reweighted(p),
        views=views,
        relative_entropy=max(float(p[kept] @ np.log(p[kept] / prior[kept])), 0.0),
        effective=_effective(p),
        effective_before=_effective(prior),
        multipliers=tuple(float(value) for value in found),
        residual=residual,
        before=tuple(float(prior @ view.figure) for view in views),
        after=after,
    )


def _effective(p: FloatArray) -> float:
    """exp(entropy)."""
    kept = p[p > 0]
    return math.exp(-float(kept @ np.log(kept)))


def _spread(view: MomentView, p: FloatArray) -> float:
    """Standard deviation of the figure, 1 where it is the same in all scenarios."""
    deviation = math.sqrt(max(float(p @ (view.figure - p @ view.figure) ** 2), 0.0))
    return deviation if deviation > 0 else 1.0


def _miss(view: MomentView, mean: float) -> float:
    """Distance of `mean` from the values that the view allows."""
    gap = mean - view.value
    return max(-gap, 0.0) if view.side == "at_least" else max(gap, 0.0) if view.side == "at_most" else abs(gap)


def _support(views: tuple[MomentView, ...], prior: FloatArray) -> tuple[NDArray[np.intp], tuple[int, ...]]:
    """Scenarios that views leave possible, and the views that these do not satisfy by themselves.

    A view of a probability of 0 or 1, or of a mean at the least or largest figure, has no finite multiplier: it excludes
    every other scenario, and the other views are then on the remaining ones.

    Raises:
        SpecError: if nothing is left.
    """
    possible, free, settled = prior > 0, list(range(len(views))), list[int]()
    changed = True
    while changed:
        changed = False
        for j in tuple(free):
            view, figure = views[j], views[j].figure[possible]
            low, high = float(figure.min()), float(figure.max())
            near = AT_EXTREME * (high - low)
            at_low = view.side != "at_least" and abs(view.value - low) <= near
            at_high = view.side != "at_most" and abs(view.value - high) <= near
            if at_low or at_high:
                possible = possible & (np.abs(view.figure - (low if at_low else high)) <= near)
                free.remove(j)
                settled.append(j)
                changed = True
            elif not _within(view, low, high):
                raise _conflict(views, prior, (*settled, j))
    return np.flatnonzero(possible), tuple(free)


def _within(view: MomentView, low: float, high: float) -> bool:
    """Whether a mean between `low` and `high` can satisfy the view."""
    return (view.side == "at_most" or view.value <= high) and (view.side == "at_least" or view.value >= low)


def _solve(
    views: tuple[MomentView, ...], free: tuple[int, ...], support: NDArray[np.intp], prior: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Probabilities of the scenarios in `support`, and the multipliers of the views in `free` (scaled figures).

    The dual is minimised by projected Newton steps (Bertsekas 1982, SIAM J. Control Optim. 20(2)): its gradient is the miss
    of each view and its Hessian the covariance of the figures, both under the probabilities of the step.
    """
    log_prior = np.log(prior[support] / prior[support].sum())
    if not free:
        return np.exp(log_prior), np.zeros(0)
    base = np.exp(log_prior)
    spread = [_spread(MomentView(views[j].name, views[j].figure[support], 0.0), base) for j in free]
    rows = np.array([(views[j].figure[support] - views[j].value) / s for j, s in zip(free, spread, strict=True)])
    sign = np.array([{"equal": 0, "at_least": 1, "at_most": -1}[views[j].side] for j in free])
    multipliers = np.zeros(len(free))
    for _ in range(ITERATIONS):
        value, p = _partition(rows, multipliers, log_prior)
        gradient = rows @ p
        # An inequality stays at zero where its own gradient holds it there.
        moving = (sign == 0) | (sign * multipliers > 0) | (sign * gradient < 0)
        if np.abs(gradient[moving]).max(initial=0.0) <= RESIDUAL / 10:
            return p, multipliers
        step = np.zeros(len(free))
        step[moving] = _newton_step(rows[moving], p, gradient[moving])
        trial = _shorter(rows, log_prior, multipliers, step, sign, value, float(gradient @ step))
        if trial is None or np.abs(trial).max() > IMPOSSIBLE:
            break
        multipliers = trial
    raise _conflict(views, prior, tuple(range(len(views))))


def _shorter(
    rows: FloatArray,
    log_prior: FloatArray,
    at: FloatArray,
    step: FloatArray,
    sign: NDArray[np.int_],
    value: float,
    slope: float,
) -> FloatArray | None:
    """The multipliers after a step, halved until the dual falls enough (Armijo) or the views hold; None if it never does."""
    length = 1.0
    while length > SHORTEST_STEP:
        trial = at - length * step
        trial = np.where(sign * trial < 0, 0.0, trial)
        if _partition(rows, trial, log_prior)[0] <= value - ARMIJO * length * slope + ROUNDING * max(1.0, abs(value)):
            return trial
        length /= 2
    return None


def _newton_step(rows: FloatArray, p: FloatArray, gradient: FloatArray) -> FloatArray:
    """Solve Hessian @ step = gradient; views that say the same twice make it singular, and share the step."""
    centred = rows - (rows @ p)[:, None]
    hessian = (centred * p) @ centred.T
    return np.asarray(np.linalg.lstsq(hessian, gradient, rcond=1e-13)[0], dtype=np.float64)


def _partition(rows: FloatArray, multipliers: FloatArray, log_prior: FloatArray) -> tuple[float, FloatArray]:
    """Log of the partition function and the probabilities at these multipliers."""
    exponent = log_prior + multipliers @ rows
    top = float(exponent.max())
    weight = np.exp(exponent - top)
    total = float(weight.sum())
    return top + math.log(total), weight / total


def _conflict(views: tuple[MomentView, ...], prior: FloatArray, among: tuple[int, ...]) -> SpecError:
    """The error that names a set of views of which none can be left out without the rest being possible.

    Deletion filter over linear programs (Chinneck and Dravnieks 1991).
    """
    chosen = sorted(among)
    if _possible([views[j] for j in chosen], prior):
        return SpecError(
            "the views {chosen} hold only at the edge of what the scenarios allow.",
            hint="Ask for something less extreme, or draw more scenarios.",
            chosen=_listed([views[j].name for j in chosen]),
        )
    for j in tuple(chosen):
        rest = [k for k in chosen if k != j]
        if not _possible([views[k] for k in rest], prior):
            chosen = rest
    names = list(dict.fromkeys(views[j].name for j in chosen))
    if len(names) > 1:
        return SpecError(
            "the views {names:s} contradict each other: no probabilities of the scenarios satisfy them together.",
            hint="Leave one of them out, or move its value.",
            details={"views": names},
            names=_listed(names),
        )
    view = views[chosen[0]]
    figure = view.figure[prior > 0]
    return SpecError(
        "the view {names!r:s} cannot hold: it asks for a mean of {value:.6g} a period, and the scenarios range from "
        "{min:.6g} to {max:.6g}.",
        hint="Move its value, or choose scenarios that hold such an outcome.",
        details={"views": names},
        names=names[0],
        value=view.value,
        min=figure.min(),
        max=figure.max(),
    )


def _possible(views: list[MomentView], prior: FloatArray) -> bool:
    """Whether some probabilities satisfy the views: a linear program in them."""
    from scipy.optimize import linprog  # noqa: PLC0415

    held = prior > 0
    equal = [view for view in views if view.side == "equal"]
    other = [view for view in views if view.side != "equal"]
    turned = [(view, 1.0 if view.side == "at_most" else -1.0) for view in other]
    scale = {id(view): _spread(view, prior) for view in views}
    ones = np.ones(int(held.sum()))
    found = linprog(
        np.zeros(len(ones)),
        A_ub=np.array([s * v.figure[held] / scale[id(v)] for v, s in turned]) if turned else None,
        b_ub=np.array([s * v.value / scale[id(v)] for v, s in turned]) if turned else None,
        A_eq=np.array([ones, *((v.figure[held] - v.value) / scale[id(v)] for v in equal)]),
        b_eq=np.array([1.0, *(0.0 for _ in equal)]),
        method="highs",
    )
    return found.status == 0


def _listed(names: Sequence[str]) -> str:
    quoted = [repr(name) for name in dict.fromkeys(names)]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
