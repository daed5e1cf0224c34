"""What the movements earned of which holdings are the stock."""

from __future__ import annotations

from toolkit.app.topics.part import Ask, part
from toolkit.records.performance import Performance
from toolkit.records.subjects import Holdings


@part("performance")
def performance(ask: Ask) -> Performance | None:
    """Of all metals of a file of movements; None for a list of lots, and where the lots of one metal alone are asked for."""
    asked = ask.request
    if asked is None or asked.metal or not (isinstance(ask.record, Holdings) and ask.record.exposure.movements):
        return None
    from toolkit.app.performance import PerformanceRequest  # noqa: PLC0415  # what is of no movements does without scipy
    from toolkit.app.performance import performance as of_movements  # noqa: PLC0415

    return of_movements(PerformanceRequest(asked.holdings, ask.context, asked.prices, asked.client))
