"""What a visitor sets, on a grid: two visitors who see the same sliders ask the same question."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, get_args

Scenario = Literal["today", "wider", "lifted"]
"""Export controls: those in force; also on every metal of the strategy of which China makes at least half; none of those in
force."""
SCENARIOS: tuple[Scenario, ...] = get_args(Scenario)


NOISE = 1e-6
"""Difference to a value of a grid that is none."""


@dataclass(frozen=True, slots=True)
class Range:
    """The values of a slider."""

    least: float
    most: float
    step: float

    def on_grid(self, value: float) -> float:
        """The nearest value of the grid within the range."""
        inside = min(max(value, self.least), self.most)
        return round(self.least + round((inside - self.least) / self.step) * self.step, 6)

    def holds(self, value: float) -> bool:
        """Whether a value is one of the slider's."""
        return math.isfinite(value) and abs(self.on_grid(value) - value) < NOISE


BUDGET = Range(10_000, 500_000, 10_000)
AVERSION = Range(0.5, 20.0, 0.5)
CAP = Range(0, 100, 1)
"""Per cent of the value that may be under export control."""
GRIDS = {"budget": BUDGET, "aversion": AVERSION, "cap": CAP}
"""Field of `Position` -> values that it may have."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where the sliders stand: a key of the cache.

    Attributes:
        strategy: Name, or path.
        budget: In the reporting currency.
        aversion: Risk aversion.
        cap: Largest share under export control, in per cent.
        scenario: Which controls hold.
        whole: Whether amounts are whole lots; while a slider moves they are divisible.
    """

    strategy: str
    budget: float
    aversion: float
    cap: float
    scenario: Scenario = "today"
    whole: bool = True

    def __post_init__(self) -> None:
        for name, grid in GRIDS.items():
            value = getattr(self, name)
            if not grid.holds(value):
                raise ValueError(f"{name} is {value}")
            object.__setattr__(self, name, grid.on_grid(value))


@dataclass(frozen=True, slots=True)
class Holding:
    """One asset of an allocation.

    Attributes:
        weight, value, lots: Fraction of the wealth, amount in the reporting currency, number of whole lots; None without lots.
        controlled: Whether its traded form is under a licence or a ban.
    """

    asset: str
    name: str
    weight: float
    value: float
    lots: int | None
    controlled: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer at a position.

    Attributes:
        status: ``optimal``, ``infeasible`` or ``failed``.
        holdings: In the order of the strategy.
        cash: Fraction of the wealth.
        volatility: A year.
        controlled: Fraction of the wealth under export control; None where nothing is known of the assets.
        country: Country of the largest share of supply (ISO-3) and that share.
        cost: A year, as a fraction of the wealth, with the entry spread over the holding period.
        further: Metals under control by this scenario and not today.
        conflict: Names of limits that contradict each other, where there is no answer; else the kind of error.
        least_cap: Smallest limit of the slider at which there is an answer then, in per cent; None where none was found.
        as_of: Day of knowledge, ISO.
        oldest: Day of the oldest price of what is held, ISO; empty where nothing is.
        exceeded: Names of limits of the strategy that the answer exceeds: they are soft, or gave way to whole lots.
        wealth: What is left of the budget after the costs of buying, assets and cash; 0 in a step that an earlier version kept.
    """

    status: str
    as_of: str
    currency: str
    holdings: tuple[Holding, ...] = ()
    cash: float = 0.0
    volatility: float = 0.0
    controlled: float | None = None
    country: tuple[str, float] | None = None
    cost: float = 0.0
    further: tuple[str, ...] = ()
    conflict: tuple[str, ...] = ()
    least_cap: float | None = None
    oldest: str = ""
    wealth: float = 0.0
    exceeded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Start:
    """Where the sliders of a strategy stand at first.

    Attributes:
        least_cap: Where the slider of the largest share under export control begins: below it there is no answer.
    """

    position: Position
    title: str
    currency: str
    has_aversion: bool
    has_cap: bool
    pdf: bool = False
    least_cap: float = CAP.least

    @property
    def ranges(self) -> dict[str, Range]:
        """Field of `Position` -> values of its slider, for the sliders that the strategy has."""
        cap = replace(CAP, least=self.least_cap)
        return {
            "budget": BUDGET,
            **({"aversion": AVERSION} if self.has_aversion else {}),
            **({"cap": cap} if self.has_cap else {}),
        }
