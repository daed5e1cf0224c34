"""What past prices say of strategies: whether what would refute each came true, and what following it cost and earned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from types import MappingProxyType

from toolkit.records.backtest import Interval
from toolkit.records.evidence import EvidenceList, EvidenceState, Followed, Refutation, StrategyEvidence
from toolkit.records.lists import StrategyCheck, StrategyList
from toolkit.report.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.names import of_strategy
from toolkit.report.i18n.text import Text

FIGURES = MappingProxyType(
    {
        "volatility": mark("volatility"),
        "growth": mark("growth a year"),
        "return_over_volatility": mark("return over volatility"),
        "return_over_tail": mark("return over tail loss"),
        "utility": mark("utility"),
        "tail_loss": mark("tail loss"),
        "drawdown": mark("deepest fall"),
        "diversification": mark("volatility over that of its parts"),
        "unequal_risk": mark("inequality of risk"),
        "largest_risk": mark("largest part of the risk"),
        "largest_tail": mark("largest part of the tail loss"),
        "group_risk": mark("part of the risk"),
    }
)
RIVALS = MappingProxyType(
    {
        "followed": mark("followed"),
        "held": mark("bought and held"),
        "equal-weight": mark("equal weights"),
        "sample-minimum-risk": mark("sample covariance"),
        "gold-only": mark("gold"),
    }
)
RATIOS = ("return_over_volatility", "return_over_tail", "diversification", "largest_tail", "unequal_risk")
"""Figures that are no percentages."""
EVERY = MappingProxyType(
    {"month": mark("by month"), "quarter": mark("by quarter"), "year": mark("by year"), "never": mark("once")}
)
RHYTHMS = ("month", "quarter", "year")
TOO_LONG = 50.0
"""Years beyond which their number says nothing."""


def document(found: EvidenceList, say: Language) -> Document:
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


def figure(say: Language, name: str | None, value: float | None) -> str:
    """The value of a figure; empty where there is none."""
    return "" if value is None else say.figure(value, ".2f" if name in RATIOS else ".1%")


def rival(say: Language, name: str) -> str:
    """What a strategy is held against."""
    return say.words(RIVALS[name]) if name in RIVALS else name


def state(say: Language, found: EvidenceState) -> str:
    """Whether what would refute a strategy came true, in few words."""
    if found.verdict != "cannot_tell":
        return say.words(mark("holds")) if found.verdict == "holds" else say.words(mark("refuted"))
    against = say.words(mark(", so far against it")) if found.against else ""
    if found.years_needed is None:
        return say.words("cannot tell yet{against}", against=against)
    if found.years_needed > TOO_LONG:
        return say.words("cannot tell for decades{against}", against=against)
    return say.words(
        "cannot tell yet: {years} years needed{against}", years=say.figure(found.years_needed, ".1f"), against=against
    )


def verdict(say: Language, found: StrategyEvidence) -> Text:
    """The same as a sentence, with the day of the evidence."""
    day = say.fmt.long_date(found.day)
    if found.verdict == "refuted":
        broken = next(one for one in found.refutations if one.verdict == "refuted")
        return say("This strategy is refuted (evidence of {day}): {how}.", day=day, how=_how(say, broken))
    if found.verdict == "holds":
        return say("What would refute this strategy has not come true (evidence of {day}).", day=day)
    return _open(say, found, day)


def _open(say: Language, found: StrategyEvidence, day: str) -> Text:
    """Why nothing can be said yet."""
    if found.years is None:
        return say("Whether this strategy is refuted cannot be told: the evidence of {day} has no prices for it.", day=day)
    years = {"seen": say.figure(found.years, ".1f"), "day": day}
    if against := [one for one in found.refutations if one.so_far == "refuted"]:
        return say(
            "So far past prices speak against this strategy ({seen} years, evidence of {day}): {how}.",
            how=_how(say, against[0]), **years,
        )  # fmt: skip
    if any(_disagree(one) for one in found.refutations):
        return say(
            "Whether this strategy is refuted cannot be told yet: {seen} years are seen, in which estimated and observed "
            "prices speak against each other (evidence of {day}).",
            **years,
        )
    if found.years_needed is None or found.years_needed > TOO_LONG:
        return say("Whether this strategy is refuted cannot be told yet: {seen} years are seen (evidence of {day}).", **years)
    needed = say.figure(found.years_needed, ".1f")
    return say(
        "Whether this strategy is refuted cannot be told yet: {seen} years are seen, {needed} are needed (evidence of {day}).",
        needed=needed, **years,
    )  # fmt: skip


def _disagree(one: Refutation) -> bool:
    """Whether a figure is on the good side at estimated prices and on the other at observed ones, or the other way round."""
    return one.margin is not None and one.margin_prints is not None and one.margin * one.margin_prints < 0


def _how(say: Language, one: Refutation) -> Text:
    told = {"figure": say.words(FIGURES[one.figure or ""]), "value": figure(say, one.figure, one.value)}
    other = figure(say, one.figure, one.other)
    if one.against is None:
        return say("{figure} {value}, and {other} is the limit", other=other, **told)
    return say("{figure} {value}, {rival} {other}", other=other, rival=rival(say, one.against), **told)


def following(say: Language, found: StrategyEvidence, every: str | None = None) -> Iterator[Text]:
    """What following it cost and earned, beside bought and held; nothing where there are no prices.

    Args:
        say: The language.
        found: Evidence on the strategy.
        every: The one rhythm that is told, where it was followed in it; None for each.
    """
    rows = [row for row in found.followed if row.name == "followed"]
    held = next((row for row in found.followed if row.name == "held"), None)
    if not rows or held is None or found.start is None or found.end is None:
        return
    shown = [row for row in rows if row.every == every] or [row for row in rows if row.every in RHYTHMS]
    yield say(
        "Followed from {start} to {end} on past prices, the strategy earned net and paid for trades after the first purchase, "
        "a year: {rhythms}; bought once and held it earned {held} (evidence of {day}, {fee} for the first purchase).",
        start=say.fmt.month(date.fromisoformat(found.start)),
        end=say.fmt.month(date.fromisoformat(found.end)),
        rhythms=say.listed([_rhythm(say, row) for row in shown]),
        held=say.figure(held.growth, ".1%"),
        day=say.fmt.long_date(found.day),
        fee=say.figure(held.first_costs, ".1%"),
    )  # fmt: skip
    yield holding(say, held)


def _rhythm(say: Language, row: Followed) -> str:
    return say.words(
        "{every} {growth} and {costs}",
        every=say.words(EVERY[row.every]),
        growth=say.figure(row.growth, ".1%"),
        costs=say.figure(row.costs, ".1%"),
    )


def holding(say: Language, held: Followed) -> Text:
    """Whether holding was better than following."""
    if held.ahead_interval is not None and held.ahead_interval.high < 0:
        return say("To buy once and hold was better.")
    if held.ahead_interval is not None and held.ahead_interval.low > 0:
        return say("To follow it was better than to hold, by more than chance; it need not stay so.")
    return say("The difference is within chance: to buy once and hold may be better.")


def limits_kept(say: Language, found: StrategyEvidence) -> Iterator[Text]:
    """On how many dates, and after how many decisions, a limit was exceeded in its holding form; nothing without figures."""
    kept = found.limits
    if kept is None:
        return
    if not kept.names:
        yield say("Its limits held on all of {dates} dates.", dates=str(kept.dates))
        return
    yield say(
        "A limit for holding was exceeded on {exceeded} of {dates} dates, by prices or law since the last look, and after "
        "{beyond} of {decisions} decisions: {names}.",
        exceeded=str(kept.exceeded),
        dates=str(kept.dates),
        beyond=str(kept.beyond),
        decisions=str(kept.decisions),
        names=say.listed([of_strategy(name, say) for name in kept.names]),
    )  # fmt: skip


def strategies(found: StrategyList, as_of: date, say: Language) -> Document:
    """Every strategy by name, with its title and where it came from."""
    answer = Answer(say, as_of)
    answer.table(
        "name | title | refuted | from",
        (
            (
                row.name,
                say.term("strategy", row.title),
                "" if row.evidence is None else state(say, row.evidence),
                say.term("term", row.origin),
            )
            for row in found.strategies
        ),
    )
    return answer.document("strategies")


def strategy_check(found: StrategyCheck, constraints: int, as_of: date, say: Language) -> Document:
    """A strategy without a fault.

    Args:
        found: Its name.
        constraints: How many it has.
        as_of: Day that was asked about.
        say: The language.
    """
    answer = Answer(say, as_of)
    answer.paragraph(
        say.counted(constraints, "{name}: {n} constraint, no fault", "{name}: {n} constraints, no fault", name=found.name)
    )
    return answer.document("strategies-check")
