"""Factors: what brings the variance of the proposal, and what the price of each metal moves with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolkit.core.grouping import by_key
from toolkit.records.factors import Factor, FactorAsset, FactorModel, Loading
from toolkit.records.risk import Correlation
from toolkit.report.charts.heatmap import Pair, heatmap
from toolkit.report.compose import beside, section
from toolkit.report.document import Bar, Block, Chart, Figure, Missing, Paragraph, Shown, Table, left, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import capital
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.origins import by_product
from toolkit.report.i18n.text import NONE, Inline, Text, muted, name, strong, text
from toolkit.report.sections.risk import between, seen
from toolkit.report.tables.outlook import factor, own_calculation

CHANCE = 20
"""One true zero in so many has a t-statistic beyond two; one 95 % interval of an unrelated pair leaves out zero."""
SPECIFIC = "specific"
"""What no named factor brings, among the shares of `risk.factor_shares`."""
FROM = {
    "own daily": mark("own daily prices"),
    "own monthly": mark("own monthly prices"),
    "own annual": mark("own annual prices"),
    "group": mark("the group"),
    "all assets": mark("all assets"),
}
"""What an estimate is from."""


@section("factors", mark("What drives the risk"), needs=["positions"])
def factors(run: Findings) -> tuple[Block, ...] | Missing:
    """Shares of the variance beside how far each metal is explained, then who was estimated from what."""
    model = run.proposal.factor_model
    together = tuple(figure for figure in (correlations(run),) if figure)
    if model is None:
        without = run.say.words("The covariance of this strategy has no named factors, so there are no loadings to show.")
        return (Paragraph(text(without)), *together) if together else Missing(without)
    model = model.model_copy(update={"assets": by_product(model.assets, run.offers)})
    return (*beside(_shares(run, model), _explained(run, model)), *together, _coverage(run, model.assets))


def _shares(run: Findings, model: FactorModel) -> Figure | None:
    """What each factor brings of the variance of the proposal; None where the run does not tell, or nothing has risk."""
    say, fmt = run.say, run.fmt
    found, exposures = run.proposal.risk.factor_shares, run.proposal.exposures.factors
    if not found:
        return None
    named = sorted((key for key in found if key != SPECIFIC), key=lambda key: (-found[key], key))
    scale = 1.05 * max(*found.values(), 0.01)
    top = named[0]
    written = {"factor": name(_head(run, top)), "share": fmt.percent(found[top], 0), "own": fmt.percent(found[SPECIFIC], 0)}
    if found[SPECIFIC] > found[top]:
        title = say("The metals themselves bring {own} of the variance, more than any factor", **written)
    else:
        title = say("{factor}: {share} of the variance; the metals themselves bring {own}", **written)
    sub = say(
        "Share of the variance of the proposal, volatility {volatility} a year. A factor brings its exposure times its"
        " covariance with the whole; a minus hedges the others.",
        volatility=fmt.percent(run.proposal.risk.volatility),
    )
    table = run.bars(
        "Shares of the variance",
        (*named, SPECIFIC),
        left("Factor", lambda key: name(_head(run, key))),
        right("exposure", lambda key: NONE if key == SPECIFIC else muted(fmt.number(exposures[key], 2))),
        right("variance", lambda key: strong(fmt.percent(found[key]))),
        bar=lambda key: Bar(value=found[key] / scale if found[key] > 0 else None, total=key == SPECIFIC),
    )
    return Figure(title, sub, (table,), (), own_calculation(run), _factor_table(run, model))


def _head(run: Findings, key: str) -> str:
    return run.say.words("The metals themselves") if key == SPECIFIC else capital(factor(run.say, key))


def _factor_table(run: Findings, model: FactorModel) -> Table:
    """What each factor is made of, how much it moves, and what it did in the last year."""
    fmt = run.fmt
    return run.table(
        "Factors, each without the metal itself",
        model.factors,
        left("Factor", lambda f: name(_head(run, f.name))),
        right("Volatility a year", lambda f: fmt.percent(f.volatility)),
        right("Last 12 months", lambda f: fmt.percent(f.return_12m, signed=True)),
        left("To", lambda f: fmt.month(f.last)),
        left("Made of", lambda f: _members(run, f)),
        stacks=False,
    )


def _members(run: Findings, f: Factor) -> Text:
    say = run.say
    told = say.series([_series(run, key) for key in f.members if ":" not in key]) if f.members else ""
    if f.against:
        against = say.series([_series(run, key) for key in f.against])
        return say("{members}; against {others}", members=name(told or say.words("none today")), others=name(against))
    return text(name(told)) if told else say("exchange rate")


def _series(run: Findings, key: str) -> str:
    """The name of a price series: a metal's, or that of a good that only explains."""
    words = run.say.term("metal", key)
    return run.say.word(key) if words == key else words


def _explained(run: Findings, model: FactorModel) -> Figure:
    """How much of each metal's variance the factors explain; the loadings are in the table behind."""
    say, fmt = run.say, run.fmt
    rows = sorted(model.assets, key=lambda a: (-(a.fit or 0.0), a.asset))
    scale = 1.05 * max(*(a.fit or 0.0 for a in rows), 0.01)
    table = run.bars(
        "Variance explained by the factors",
        rows,
        left("Metal", run.head),
        left("clearest with", lambda a: _strongest(run, a, model.tests.threshold)),
        right("explained", lambda a: strong(fmt.percent(a.fit, 0))),
        bar=lambda a: Bar(value=None if a.fit is None else max(a.fit, 0.0) / scale),
    )
    tests = model.tests
    sub = say(
        "Share of the variance of the year ahead that the factors explain, and the factor whose loading is most clearly"
        " distinguishable from zero. Of {n} estimates chance alone would set about {chance} apart from zero.",
        n=fmt.number(tests.estimates), chance=fmt.number(tests.estimates / CHANCE),
    )  # fmt: skip
    return Figure(_loadings_title(run, model), sub, (table,), (), own_calculation(run), _loadings(run, model))


def _strongest(run: Findings, a: FactorAsset, threshold: float) -> Text:
    """The factor of the largest t-statistic, where one is distinguishable from zero."""
    known = [(abs(x.t), key) for key, x in a.loadings.items() if x.t is not None]
    t, key = max(known, default=(0.0, ""))
    return text(name(factor(run.say, key))) if t >= threshold else text(NONE)


def _loadings_title(run: Findings, model: FactorModel) -> Text:
    """The clearest loading, and how many estimates there is evidence for."""
    tests = model.tests
    tested = [(abs(x.t), a.asset, key, a) for a in model.assets for key, x in a.loadings.items() if x.t is not None]
    if not tests.significant or not tested:
        return run.say("No loading on any factor is distinguishable from zero")
    *_, key, asset = max(tested, key=lambda row: row[:2])
    return run.say(
        "{metal} moves most clearly with {factor}; {found} of {total} estimates are distinguishable from zero",
        metal=run.head(asset), factor=name(factor(run.say, key)), found=tests.significant, total=tests.estimates,
    )  # fmt: skip


def _loadings(run: Findings, model: FactorModel) -> Table:
    say, fmt, threshold = run.say, run.fmt, model.tests.threshold

    def loading(factor: str) -> Shown[FactorAsset]:
        return right(text(_head(run, factor)), lambda a: _loading(run, a.loadings[factor], threshold))

    return run.table(
        say("Loadings, t-statistic in brackets, bold from {threshold} on", threshold=fmt.plain_number(threshold)),
        model.assets,
        left("Metal", run.head),
        *(loading(f.name) for f in model.factors),
        right("Explained", lambda a: fmt.percent(a.fit, 0)),
        stacks=False,
    )


def _loading(run: Findings, loading: Loading, threshold: float) -> Text:
    if loading.t is None:
        return text(NONE)
    figure = run.fmt.number(loading.loading, 2)
    t = muted(f" ({run.fmt.number(loading.t, 1)})")
    return text(strong(figure) if abs(loading.t) >= threshold else figure, t)


def _coverage(run: Findings, rows: Sequence[FactorAsset]) -> Figure:
    """Who was estimated from what, those observed alike in one row, folded behind how much there was to observe."""
    say, fmt = run.say, run.fmt
    alike = by_key(((a.observation, a.volatility_from, a.comovement_from), a) for a in rows)
    table = run.table(
        "What the estimates are from",
        alike.values(),
        left("Metals", lambda those: run.metals(those, first=True)),
        left("Seen", lambda those: seen(run, those[0].observation)),
        right("Changes each", lambda those: _changes(run, those)),
        right("Gaps left out", lambda those: _gaps(run, those)) if any(a.gaps for a in rows) else None,
        left("To", lambda those: fmt.month(max(a.last for a in those))),
        left("Volatility from", lambda those: say.words(FROM[those[0].volatility_from])),
        left("Co-movement from", lambda those: say.words(FROM[those[0].comovement_from])),
    )
    title = say("The estimates of each metal rest on {n} price changes", n=_changes(run, rows))
    return Figure(title, (), (), data=table)


def _gaps(run: Findings, those: Sequence[FactorAsset]) -> Inline:
    missing = sum(a.gaps for a in those)
    return run.fmt.number(missing) if missing else NONE


def _changes(run: Findings, rows: Sequence[FactorAsset]) -> str:
    """How many changes of price were observed of each."""
    counts = sorted(a.changes for a in rows)
    return between(run, counts[0], counts[-1])


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
    chart = Chart(heatmap(named, pairs, fmt), _told(run, apart, heads))
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
        say("Source: price series"), run.of_prices("fx"), ". ",
        say("Noise of customs values draws what is observed towards zero; what is used of them rests on yearly prices of"
            " decades too, and stays within the interval."),
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

    def interval(r: Correlation) -> Inline:
        low, high = fmt.number(r.low, 2), fmt.number(r.high, 2)
        return NONE if r.observed is None else say("{low} to {high}", low=low, high=high)

    return run.table(
        "Correlations, pair by pair",
        rows,
        left("Metal", lambda r: name(heads[r.assets[0]])),
        left("With", lambda r: name(heads[r.assets[1]])),
        right("Correlation used", lambda r: fmt.number(r.forecast, 2)),
        right("Correlation observed", lambda r: fmt.number(r.observed, 2)),
        right("95% interval", interval),
        right("Common changes", lambda r: fmt.number(r.periods)),
        stacks=False,
    )
