"""What the proof of whole lots is worth in money, beside what is not known of the prices."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from toolkit.records.run import Run
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.text import Text

GAINS = MappingProxyType(
    {
        "cost": mark(
            "Under these limits no other whole lots are better by more than {gap} a year, in costs and risk at its price; the "
            "error of the prices alone is {error}."
        ),
        "variance": mark(
            "Under these limits no other whole lots have a volatility lower by more than {gap} a year; the error of the prices "
            "alone is {error}."
        ),
        "measure": mark(
            "Under these limits no other whole lots lower the measure of risk that is minimised by more than {gap}; the error "
            "of the prices alone is {error}."
        ),
        "return": mark(
            "Under these limits no other whole lots have a return expected to be higher by more than {gap} a year; the error "
            "of the prices alone is {error}."
        ),
    }
)
"""By the unit of the objective."""


def proof(say: Language, record: Run) -> Iterator[Text]:
    """What other whole lots could gain at most, and the error of the value; nothing where one is not known."""
    gap, error = record.solver.lots_gap_value, record.value_se
    if gap is None or not error or record.objective.unit not in GAINS:
        return
    most, off = (say.fmt.money(value, record.currency, 0) for value in (gap, error))
    yield say(GAINS[record.objective.unit], gap=most, error=off)
