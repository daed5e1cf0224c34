"""A run without an answer: the limits that contradict each other, and the least that would give way."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from toolkit.records.base import Record, Rows, Sentence
from toolkit.records.controls import OwnerControls
from toolkit.records.fields import TermName
from toolkit.records.sources import About, StrategyName


class AskedLimit(Record):
    """A constraint as the strategy states it: the keys of its kind, and these where the kind has them."""

    kind: str
    """Of the strategy: bounds, group, risk_limit, ..."""
    name: TermName
    upper: float | None = None
    """Most that is allowed, in the unit of the kind."""
    lower: float | None = None
    """Least that is asked, in the unit of the kind."""
    measure: str | None = None
    """Measure of a limit on risk."""
    confidence: float | None = None
    """Where its tail begins, as a probability."""
    expression: str | None = None
    """Of a linear constraint, as it was written."""
    value: float | None = None
    """Smallest amount of a holding, in the reporting currency."""
    fraction: float | None = None
    """Smallest amount of a holding, as a fraction of wealth."""
    assets: Rows[str] | None = None
    """What the constraint names, where it does."""
    groups: Rows[str] | None = None
    """Whole groups that it names, where it does."""


class ConflictDetails(Record):
    """What contradicts what."""

    conflict: Rows[str]
    """Names of the limits that contradict each other."""
    relaxation: Mapping[str, float] = {}
    """By how much each limit would give way, in its own unit."""
    settings: Rows[str] = Field((), alias="set")
    """The same as options of the command line, `constraint.NAME.KEY=VALUE`."""
    irreducible: bool = True
    """Whether any fewer of them can be met together."""
    proven: bool = True
    """Whether it is proven that there is no answer."""
    relaxation_known: bool | None = None
    """Whether a relaxation, or that there is none, was found; missing as `proven`."""
    relaxation_least: bool = True
    """Whether it is proven that nothing less is enough."""
    not_sold: Sentence | None = None
    """Lots that are not sold and are part of it, in words."""


class ConflictAnswer(Record):
    """The error in place of an answer."""

    message: Sentence
    """What is wrong."""
    hint: Sentence
    """What to do."""
    details: ConflictDetails
    """The limits concerned."""
    limits: Rows[AskedLimit]
    """Every limit of the strategy."""


class Conflict(OwnerControls, schema="conflict"):
    """`run.json` of a run without an answer."""

    kind: Literal["conflict"] = "conflict"
    """What tells it from a run with an answer."""
    run_id: str
    """Derived from everything that went in."""
    strategy: StrategyName
    """Which one was run."""
    about: About
    """What the strategy says of itself."""
    budget: float
    """Money to place, in the reporting currency."""
    conflict: ConflictAnswer
    """What contradicts what."""
    assets: Rows[str] | None = None
    """Keys of what could be held, of an offer its product; missing from what was stored before it was told."""
    versions: Mapping[str, str]
    """Of the toolkit and of the libraries behind the numbers."""
    seed: int
    """Of whatever was random."""
