"""Which metals move together: observed rank correlations with their intervals beside those that the risk figures use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolkit.records.risk import Correlation
from toolkit.report.charts.heatmap import Pair, heatmap
from toolkit.report.document import Column, Figure, Row, Table
from toolkit.report.findings import Findings
from toolkit.report.i18n.origins import by_product
from toolkit.report.i18n.text import NONE, Text, name, sources, text

CHANCE = 20
"""One 95 % interval of an unrelated pair in so many leaves out zero."""


def correlations(run: Findings) -> Figure | None:
    """The pairs as a heat map in the order of their clusters; None where fewer than two assets can be compared."""
    rows = run.proposal.correlations
    if not any(row.forecast is not None for row in rows):
        return None
    say, fmt = run.say, run.fmt
    order = clustered(rows)
    assets = {a.asset: a for a in by_product(run.proposal.assets, run.offers)}
    heads = {key: run.head(assets[key]).text for key in order}
    at = {key: i for i, key in enumerate(order)}
    pairs = [Pair(at[r.assets[0]], at[r.assets[1]], r.observed, r.forecast, unsure=_holds_zero(r)) for r in rows]
    known = [r for r in rows if r.observed is not None]
    apart = [r for r in known if not _holds_zero(r)]
    named = [(heads[key], assets[key].element or heads[key]) for key in order]
    chart = heatmap(named, pairs, _told(run, apart, heads), fmt)
    counts = sorted(r.periods for r in rows)
    sub = say(
        "Below the diagonal the rank correlation of the observed price changes of a pair ({n} that both have), above it the"
        " correlation that every risk figure of this report uses. What moves together stands together. Of {pairs} pairs that"
        " have"
        " nothing to do with each other, chance alone would set about {chance} apart from zero.",
        n=fmt.number(counts[0]) if counts[0] == counts[-1] else say.words(
            "{low} to {high}", low=fmt.number(counts[0]), high=fmt.number(counts[-1])
        ),
        pairs=fmt.number(len(known)), chance=fmt.number(round(len(known) / CHANCE)),
    )  # fmt: skip
    legend = (
        *(
            (mark, say.words("{low} to {high}", low=fmt.number(low, 2), high=fmt.number(high, 2)))
            for mark, low, high in (("r4", 0.75, 1), ("r3", 0.5, 0.75), ("r2", 0.25, 0.5), ("r1", 0, 0.25))
        ),
        *((("below", say.words("below zero")),) if any((r.forecast or 0) < 0 for r in rows) else ()),
        ("unsure", say.words("95% interval holds zero")),
    )
    foot = text(
        say("Source: price series"), sources(*run.of_prices("fx")), ". ",
        say("Noise of customs values draws what is observed towards zero; what is used corrects for that, and is drawn to what"
            " the factors explain."),
    )  # fmt: skip
    return Figure(_title(run, apart, len(rows)), sub, (chart,), legend, foot, _table(run, rows, heads))


def clustered(rows: Sequence[Correlation]) -> tuple[str, ...]:
    """Keys in the order of a tree by average linkage of the correlations in use, ends that are most alike together."""
    used = {frozenset(r.assets): r.forecast or 0.0 for r in rows}
    branches: list[tuple[str, ...]] = [(key,) for key in sorted({key for r in rows for key in r.assets})]

    def near(a: tuple[str, ...], b: tuple[str, ...]) -> float:
        return sum(used[frozenset((x, y))] for x in a for y in b) / (len(a) * len(b))

    while len(branches) > 1:
        a, b = max(((a, b) for i, a in enumerate(branches) for b in branches[i + 1 :]), key=lambda two: near(*two))
        turned = ((x, y) for x in (a, a[::-1]) for y in (b, b[::-1]))
        first, second = max(turned, key=lambda two: used[frozenset((two[0][-1], two[1][0]))])
        branches = [branch for branch in branches if branch not in (a, b)] + [first + second]
    return branches[0]


def _holds_zero(row: Correlation) -> bool:
    return row.low is not None and row.high is not None and row.low <= 0.0 <= row.high


def _title(run: Findings, apart: Sequence[Correlation], total: int) -> Text:
    if not apart:
        return run.say("No pair has an observed correlation that is distinguishable from zero")
    return run.say.counted(
        len(apart),
        "{N} of {total} pairs has an observed correlation that is distinguishable from zero",
        "{N} of {total} pairs have an observed correlation that is distinguishable from zero",
        total=run.fmt.number(total),
    )


def _told(run: Findings, apart: Sequence[Correlation], heads: Mapping[str, str]) -> str:
    """The pairs that are told apart from zero, in a sentence."""
    if not apart:
        return run.say.words("Correlations of each pair; the interval of every observed one holds zero.")
    each = [f"{run.say.series([heads[key] for key in r.assets])} {run.fmt.number(r.observed, 2)}" for r in apart]
    return run.say.words("Observed correlations that are distinguishable from zero: {pairs}.", pairs="; ".join(each))


def _table(run: Findings, rows: Sequence[Correlation], heads: Mapping[str, str]) -> Table:
    say, fmt = run.say, run.fmt
    columns = (
        Column(say.words("Metal"), "left"), Column(say.words("With"), "left"), Column(say.words("Correlation used")),
        Column(say.words("Correlation observed")), Column(say.words("95% interval")), Column(say.words("Common changes")),
    )  # fmt: skip
    cells = [
        Row(
            (
                *(text(name(heads[key])) for key in r.assets),
                text(NONE if r.forecast is None else fmt.number(r.forecast, 2)),
                text(NONE if r.observed is None else fmt.number(r.observed, 2)),
                text(NONE) if r.observed is None
                else say("{low} to {high}", low=fmt.number(r.low, 2), high=fmt.number(r.high, 2)),
                text(fmt.number(r.periods)),
            )
        )
        for r in rows
    ]  # fmt: skip
    return Table(say.words("Correlations, pair by pair"), columns, tuple(cells), stacks=False)
