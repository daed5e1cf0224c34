"""What a strategy's constraints allow, from least risk to the largest return or the least cost."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.records.frontier import EfficientFrontier, FrontierPoint
from toolkit.report.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language
from toolkit.report.i18n.text import plain

POINTS_PASSED = 5
"""Of the points, how many pass before the next is shown."""
HOLDINGS_NAMED = 4
"""Holdings named in a line."""


def document(record: EfficientFrontier, say: Language) -> Document:
    """Every fifth point and all turning points."""
    answer, last = Answer(say, record.as_of), len(record.points)
    turning = len(record.critical)
    values = {
        "title": record.strategy.title, "day": record.as_of,
        "points": plain(say.counted(last, "1 point", "{count} points", count=str(last))),
        "turning": plain(say.counted(turning, "1 turning point", "{count} turning points", count=str(turning))),
    }  # fmt: skip
    if record.against == "return":
        answer.heading("{title}: volatility against expected return, as of {day:%Y-%m-%d}, {points}, {turning}", **values)
    else:
        answer.heading("{title}: volatility against cost a year, as of {day:%Y-%m-%d}, {points}, {turning}", **values)
    if record.is_point:
        answer.line(
            "The frontier is a point: within the constraints nothing trades risk against that, and all points are this one."
        )
    answer.table(
        ">point | >volatility | >return | >cost | >aversion | largest holdings, or what turns",
        (
            _point(answer, row)
            for row in record.in_order
            if row.point == last or (not record.is_point and (row.point is None or row.point % POINTS_PASSED == 1))
        ),
    )
    answer.notes(record.notes)
    return answer.document("frontier", answer.told("Efficient frontier: {title}", title=record.strategy.title))


def _point(answer: Answer, row: FrontierPoint) -> Iterator[Cell]:
    yield "*" if row.point is None else row.point
    for figure in (row.volatility, row.expected, row.cost):
        yield answer.number(figure, ".2%")
    yield answer.number(row.risk_aversion, ".1f")
    if row.point is None:
        yield "; ".join(plain(answer.sentence(words)) for words in row.changes)
        return
    cash = answer.say.words("cash")
    held = sorted({**row.weights, cash: row.cash}.items(), key=lambda item: -abs(item[1]))[:HOLDINGS_NAMED]
    yield ", ".join(f"{answer.metal(key)} {answer.number(weight, '.0%')}" for key, weight in held if abs(weight) >= 0.005)
