"""The efficient frontier of a strategy: `toolkit frontier --json`."""

from collections.abc import Mapping

from toolkit.records.base import Record, Rows, Sentence
from toolkit.records.fields import Currency, DataUsed, DayAsked, SchemaVersion
from toolkit.records.sources import StrategyName

POINTS_ALIKE = 5e-5
"""Volatility and target a year within which all points print alike: the constraints leave nothing to trade."""


class FrontierPoint(Record):
    """A point of the frontier: fractions of wealth, and of it a year."""

    point: int | None = None
    """Its number, from 1; missing for a turning point."""
    target: float
    """What is traded against risk: the expected return less costs, or minus the cost."""
    risk_aversion: float | None
    """Price of variance, halved, at which it is the optimum; null at the least risk, where none is high enough."""
    volatility: float
    """A year."""
    expected: float | None
    """Expected return; null where the strategy forecasts none."""
    cost: float
    """Of entry and storage."""
    weights: Mapping[str, float]
    """By asset."""
    cash: float
    """Of the budget."""
    changes: Rows[Sentence] = ()
    """What turns there; missing for a numbered point."""

    @property
    def traded(self) -> float:
        """The expected return, or the cost where the strategy forecasts none."""
        return self.cost if self.expected is None else self.expected


class FrontierSolver(Record):
    """How the frontier was traced."""

    name: str
    """Of the solver."""
    worst_residual: float
    """Largest relative violation of the optimality conditions at any point."""


class EfficientFrontier(Record, schema="frontier"):
    """What the constraints of a strategy allow, from least risk to the largest return or the least cost."""

    schema_version: SchemaVersion
    as_of: DayAsked
    strategy: StrategyName
    """Whose constraints they are."""
    currency: Currency
    against: str
    """What is traded against risk: return or cost."""
    assets: Rows[str]
    """Keys of the universe."""
    points: Rows[FrontierPoint]
    """Evenly spaced in the target, the least risk first."""
    critical: Rows[FrontierPoint]
    """Turning points, at which the set of limits that bind changes."""
    unresolved: Rows[Rows[float]]
    """Pairs of targets between which turning points were not found exactly."""
    solver: FrontierSolver
    """How it was traced."""
    notes: Rows[Sentence]
    """How it is to be read."""
    data: DataUsed

    @property
    def is_point(self) -> bool:
        """Whether all of its points print alike."""
        spans = ([point.volatility for point in self.points], [point.target for point in self.points])
        return all(max(span) - min(span) < POINTS_ALIKE for span in spans)

    @property
    def in_order(self) -> tuple[FrontierPoint, ...]:
        """Points and turning points together, in the order of what is traded against risk."""
        return tuple(sorted((*self.points, *self.critical), key=lambda point: (point.target, point.point is None)))
