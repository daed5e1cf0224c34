"""Parameters of models from the table `assumptions`, each with its range and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from toolkit.core.assets import Universe
from toolkit.core.errors import GapError, SpecError
from toolkit.core.forecast import FloatArray
from toolkit.core.limits import LARGEST_RATIO, check_number
from toolkit.core.messages import message, together
from toolkit.holdings.cover import LicenceDelay
from toolkit.market.market import Snapshot
from toolkit.market.readers.cells import number
from toolkit.records.sources import Vat
from toolkit.shocks.elasticity import Elasticity

EVERY = "all"


@dataclass(frozen=True, slots=True)
class Assumption:
    """One row of the table: see `toolkit.core.frames.Assumptions`."""

    name: str
    subject: str
    low: float | None
    central: float | None
    high: float | None
    unit: str
    basis: str
    statement: str
    citation: str


def find_assumption(snapshot: Snapshot, name: str, subject: str = EVERY) -> Assumption | None:
    """The assumption on `subject`, else the one on everything; None when none was known.

    Args:
        snapshot: What was known on a day.
        name: Name of the parameter.
        subject: Asset key, or `EVERY`.
    """
    rows = snapshot["assumptions"].filter((pl.col("name") == name) & pl.col("subject").is_in([subject, EVERY]))
    best = rows.sort(pl.col("subject") == EVERY).head(1).to_dicts()
    return Assumption(**{field: best[0][field] for field in Assumption.__dataclass_fields__}) if best else None


def _number(snapshot: Snapshot, name: str, column: str) -> tuple[float, str]:
    """One number of a parameter for all, and its source in words."""
    row = find_assumption(snapshot, name)
    value = None if row is None else getattr(row, column)
    if row is None or value is None:
        raise GapError(
            "no assumption {name!r:s} ({column:s}) was known on {as_of}.",
            hint="Choose a later --as-of, or give the figure as an option.",
            details={"assumption": name},
            name=name,
            column=column,
            as_of=snapshot.as_of,
        )
    return float(value), message("{statement} ({citation})", statement=row.statement, citation=row.citation)


def licence_delay(snapshot: Snapshot) -> LicenceDelay:
    """The delay of a licence: observed median, assumed tail and statutory time.

    Raises:
        GapError: on a day when one of the three was not known yet.
    """
    statutory, statutory_source = _number(snapshot, "licence_delay_statutory", "central")
    observed, observed_source = _number(snapshot, "licence_delay_observed", "central")
    tail, tail_source = _number(snapshot, "licence_delay_tail", "high")
    source = (
        f"Middle, observed: {observed_source}. Tail, assumption: {tail_source}. Statutory: {statutory_source}. "
        "Lognormal shape: assumption."
    )
    return LicenceDelay.of(observed=observed, tail=tail, statutory_working_days=statutory, source=source)


def grade_step(snapshot: Snapshot) -> float:
    """Root mean square of the logarithm of the price of a grade over that of one with a nine less.

    Raises:
        GapError: on a day when it was not known yet.
    """
    return _number(snapshot, "grade_step", "central")[0]


def metal_contents(snapshot: Snapshot) -> dict[tuple[str, str], float]:
    """(asset, form) -> fraction of the mass of a compound that is the metal."""
    rows = snapshot["compounds"].select("asset", "form", "content").rows()
    return {(asset, form): content for asset, form, content in rows}


def parse_elasticity(text: str | None, snapshot: Snapshot) -> Elasticity:
    """The range that the user gives (``0.4``, ``0.25:0.7`` or ``0.25:0.4:0.7``), else the marked assumption.

    The centre of a range given by its ends is their geometric mean: the formula divides by the elasticity.

    Raises:
        SpecError: for a text that is no such range.
        GapError: when nothing is given and no assumption was known.
    """
    if text is None:
        (low, source), (central, _), (high, _) = (
            _number(snapshot, "elasticity_sum", side) for side in ("low", "central", "high")
        )
        return Elasticity(low, central, high, "assumption", source)
    try:
        values = [number("--elasticity", part, LARGEST_RATIO) for part in text.split(":")]
    except SpecError as unread:
        raise SpecError(unread.message, hint=together(unread.hint, message("A range is 0.25:0.7 or 0.25:0.4:0.7."))) from None
    if len(values) == 1:
        values *= 3
    if len(values) == 2 and min(values) > 0:
        values.insert(1, (values[0] * values[1]) ** 0.5)
    if len(values) != 3:
        raise SpecError("--elasticity {text!r:s} is no range.", hint="Write it as 0.4, 0.25:0.7 or 0.25:0.4:0.7.", text=text)
    low, central, high = (check_number("--elasticity", value, LARGEST_RATIO) for value in values)
    return Elasticity(low, central, high, "given", "option --elasticity")


def value_added_tax(snapshot: Snapshot, country: str) -> Vat:
    """Country, standard rate on metal that is no investment gold, and where it stands; rate None where none is known."""
    row = find_assumption(snapshot, "value_added_tax", country)
    return Vat(country=country, rate=row and row.central, citation=row and row.citation)


def exit_days(snapshot: Snapshot, universe: Universe) -> FloatArray:
    """(n,) days that a sale takes by the group of each asset, the central figure; NaN where the table has none."""
    rows = (find_assumption(snapshot, "exit_days", asset.group) for asset in universe)
    return np.array([np.nan if row is None or row.central is None else row.central for row in rows])
