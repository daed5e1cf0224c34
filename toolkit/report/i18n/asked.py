"""What a limit of a strategy asks, in words, before there is an answer: from its keys, not from its value at a proposal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from toolkit.records.conflict import AskedLimit
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.measures import SIDES, SQUARES, measure_words, scale
from toolkit.report.i18n.text import Text, name, plain, text

RULES: Mapping[str, tuple[str | None, str | None]] = {
    "lots": (mark("whole lots of every metal that is sold in lots"), mark("whole lots")),
    "min_ticket": (None, mark("a smallest amount for each holding")),
    "no_trade": (mark("no trade in what it names"), mark("what is not traded")),
    "buy_only": (mark("no sale of what it names"), mark("what is only bought")),
    "no_sell": (mark("no sale of what it names"), mark("what is not sold")),
    "no_buy": (mark("no purchase of what it names"), mark("what is not bought")),
    "whole_pieces": (mark("trades in whole pieces"), None),
    "control_exposure": (None, mark("the share under control, of which nothing here is known")),
}
"""Kind of a constraint without a number -> what it asks where there is no answer, and what an answer keeps."""
SMALLEST_MOVE = 1e-3
"""A move that is told as less than this: a tenth of a point."""


def asked(run: Findings, limit: AskedLimit) -> Text:
    """What a constraint asks: its sides, its rule, or its expression as it was written."""
    kind = limit.kind
    if kind == "linear":
        return text(name(limit.expression or ""))
    if kind == "min_ticket":
        least = run.fmt.limit(limit.fraction or 0.0) if limit.value is None else run.money(limit.value)
        if not limit.assets:
            return run.say("at least {amount} in each holding", amount=least)
        return run.say("at least {amount} in each holding of {assets}", amount=least, assets=run.say.series(limit.assets))
    sides = [plain(side_asked(run, limit, side, value)) for side in SIDES if (value := getattr(limit, side)) is not None]
    if not sides:
        words, _ = RULES.get(kind, (None, None))
        return run.say(words) if words else text(run.say.word(kind))
    told = run.say.series(sides)
    if kind == "cardinality" and (of := [*(limit.assets or ()), *(limit.groups or ())]):
        told = plain(run.say("{asked} of {assets}", asked=told, assets=run.say.series(of)))
    if limit.measure is not None:
        words = measure_words(SQUARES.get(limit.measure, limit.measure), limit.confidence, run.say)
        return run.say("{measure} {asked}", measure=words, asked=told)
    return text(told)


def kept(run: Findings, kind: str) -> str:
    """What an answer keeps of a constraint without a number."""
    _, words = RULES.get(kind, (None, None))
    return run.say.words(words) if words else run.say.word(kind)


def side_asked(run: Findings, limit: AskedLimit, side: str, value: float | str) -> Text:
    """One side of a constraint at a value: at most 20%, at least two holdings; an expression as it was written.

    Args:
        run: Findings of a run without an answer.
        limit: The constraint.
        side: ``upper`` or ``lower``; of an expression, its key.
        value: In the unit of the constraint, or the expression.
    """
    if limit.kind == "linear":
        return text(name(str(value)))
    if limit.kind == "cardinality":
        if side == "lower":
            return run.say.counted(int(value), "at least {n} holding", "at least {n} holdings")
        return run.say.counted(int(value), "at most {n} holding", "at most {n} holdings")
    return run.say(SIDES[side], limit=scale(run.say, limit.kind, limit.measure).asked(float(value)))


def changed(settings: Sequence[str], limit: AskedLimit) -> Iterator[tuple[str, float | str]]:
    """(key, new value) of a constraint among the options of a relaxation, `constraint.NAME.KEY=VALUE`."""
    own = limit.name.startswith("objective.")
    start = f"{limit.name}." if own else f"constraint.{limit.name}."
    for setting in settings:
        if own and setting.startswith(f"{limit.name}="):
            yield "upper", float(setting.partition("=")[2])
        elif setting.startswith(start):
            key, _, value = setting.removeprefix(start).partition("=")
            yield key, value if limit.kind == "linear" else float(value)


def step(run: Findings, limit: AskedLimit, key: str, new: float | str) -> Text | None:
    """By how much a limit gives way, in points, holdings or the unit of a loading; None where there is no number for it.

    Args:
        run: Findings of a run without an answer.
        limit: The constraint.
        key: The side that gives way.
        new: Its new value, in the unit of the constraint.
    """
    old, fmt = limit.upper if key == "upper" else limit.lower, run.fmt
    if limit.kind == "linear" or old is None:
        return None
    if limit.kind == "cardinality":
        return run.say.counted(abs(int(new) - int(old)), "{n} holding", "{n} holdings")
    read = scale(run.say, limit.kind, limit.measure)
    move = abs(read.told(float(new)) - read.told(old))
    if read.loading:
        return text(fmt.number(move, 2))
    if move < SMALLEST_MOVE:
        return run.say("less than {points} points", points=fmt.number(100 * SMALLEST_MOVE, 1))
    return run.say("{points} points", points=fmt.number(100 * move, 1))
