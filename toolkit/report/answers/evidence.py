"""What past prices say of strategies: whether what would refute each came true, and what following it cost and earned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.records.answers.backtest import Interval
from toolkit.records.answers.evidence import EvidenceList
from toolkit.records.evidence import Followed, Refutation, StrategyEvidence
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language
from toolkit.report.tables.evidence import EVERY, FIGURES, RIVALS, figure, following, limits_kept, rival, state, verdict


def evidence(found: EvidenceList, say: Language) -> Document:
    """The evidence of strategies; of a single one, with everything that it is compared with."""
    answer = Answer(say, found.as_of)
    one = found.strategies[0] if len(found.strategies) == 1 else None
    if one is not None:
        answer.paragraph(verdict(say, one))
        for sentence in (*following(say, one), *limits_kept(say, one)):
            answer.paragraph(sentence)
        _refutations(answer, one)
        answer.table(
            "compared with | every | >net growth | >strategy ahead | >95 % | >first purchase | >costs a year | >turnover | "
            ">volatility | >observed",
            (_compared(answer, row) for row in one.followed),
            keys=2,
        )
    else:
        answer.table("strategy | refuted", ((row.name, state(say, row)) for row in found.strategies))
        answer.table(
            "strategy | every | >growth | >held | >equal | >sample | >gold | >costs | >turnover",
            (_growth(answer, row) for row in found.strategies if row.followed),
            keys=2,
        )
        answer.table(
            "strategy | >volatility | >held | >equal | >sample | >observed | >held | >equal | >sample",
            (_risk(answer, row) for row in found.strategies if row.followed),
        )
    answer.line(
        "Net of all costs, from {budget:,.0f} {currency}, on past prices: decisions know what was published on their day. "
        "Costs and turnover are of a year, after the first purchase. Volatility is that of what was held, at estimated and at "
        "observed prices; a refutation is told only where both say the same by more than chance. What is compared has the "
        "universe, limits and terms of the strategy.",
        budget=found.budget, currency=found.currency,
    )  # fmt: skip
    return answer.document("strategies-evidence")


def _refutations(answer: Answer, one: StrategyEvidence) -> None:
    say = answer.say
    answer.table(
        "figure | against | >its own | >of the other | >margin | >95 % | >observed | >95 % | so far | >years asked | >needed",
        (_refutation(answer, row) for row in one.refutations if row.figure is not None),
        keys=2,
    )
    for row in one.refutations:
        if row.needs is not None:
            answer.line("Not to be told by prices: {what}", what=say.term("strategy", row.needs))
    if one.missing is not None:
        answer.line("No figures: {why}", why=one.missing)


def _refutation(answer: Answer, row: Refutation) -> Iterator[Cell]:
    say, name = answer.say, row.figure
    yield say.words(FIGURES[name or ""])
    yield rival(say, row.against) if row.against else say.words("a number")
    yield figure(say, name, row.value)
    yield figure(say, name, row.other)
    yield figure(say, name, row.margin)
    yield _range(answer, name, row.interval)
    yield figure(say, name, row.margin_prints)
    yield _range(answer, name, row.interval_prints)
    yield _so_far(answer, row)
    yield answer.number(row.years or None, ".1f")
    yield answer.number(row.years_needed, ".1f")


def _so_far(answer: Answer, row: Refutation) -> str:
    words = {"holds": answer.say.words("for it"), "refuted": answer.say.words("against it")}
    return words.get(row.so_far, answer.say.words("within chance"))


def _range(answer: Answer, name: str | None, interval: Interval | None) -> str:
    if interval is None:
        return ""
    low, high = figure(answer.say, name, interval.low), figure(answer.say, name, interval.high)
    return answer.say.words("{low} to {high}", low=low, high=high)


def _compared(answer: Answer, row: Followed) -> Iterator[Cell]:
    say = answer.say
    yield say.words(RIVALS[row.name])
    yield say.words(EVERY[row.every]) if row.every in EVERY else answer.word(row.every)
    yield answer.number(row.growth, ".1%")
    yield answer.number(row.ahead, "+.1%")
    yield _range(answer, None, row.ahead_interval)
    for value in (row.first_costs, row.costs, row.turnover, row.volatility, row.volatility_prints):
        yield answer.number(value, ".1%")


def _found(row: StrategyEvidence, name: str) -> Followed | None:
    return next((one for one in row.followed if one.name == name), None)


def _cells(answer: Answer, rows: Sequence[Followed | None], key: str) -> Iterator[Cell]:
    for one in rows:
        yield "" if one is None else answer.number(getattr(one, key), ".1%")


def _growth(answer: Answer, row: StrategyEvidence) -> Iterator[Cell]:
    own = row.followed[0]
    yield row.name
    yield answer.say.words(EVERY[row.every]) if row.every in EVERY else answer.word(row.every)
    rows = [own, *(_found(row, name) for name in ("held", "equal-weight", "sample-minimum-risk", "gold-only"))]
    yield from _cells(answer, rows, "growth")
    yield answer.number(own.costs, ".1%")
    yield answer.number(own.turnover, ".1%")


def _risk(answer: Answer, row: StrategyEvidence) -> Iterator[Cell]:
    rows = [row.followed[0], *(_found(row, name) for name in ("held", "equal-weight", "sample-minimum-risk"))]
    yield row.name
    yield from _cells(answer, rows, "volatility")
    yield from _cells(answer, rows, "volatility_prints")
