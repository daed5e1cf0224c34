"""Factors: what brings the variance of the proposal, and what the price of each metal moves with."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.records.factors import Factor, FactorAsset, FactorModel, Loading
from toolkit.report.compose import section
from toolkit.report.document import Bar, BarTable, Block, Column, Columns, Figure, Missing, Paragraph, Row, Table
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import capital, readable
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.origins import by_product
from toolkit.report.i18n.text import NONE, Text, muted, name, strong, text
from toolkit.report.sections.risk import between, seen
from toolkit.report.tables.correlations import correlations
from toolkit.report.tables.outlook import factor, own_calculation

CHANCE = 20
"""One true zero in so many has a t-statistic beyond two."""
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
    shares, explained = _shares(run, model), _explained(run, model)
    return (Columns((shares, explained)) if shares else explained, *together, _coverage(run, model.assets))


def _shares(run: Findings, model: FactorModel) -> Figure | None:
    """What each factor brings of the variance of the proposal; None where the run does not tell, or nothing has risk."""
    say, fmt = run.say, run.fmt
    found, exposures = run.proposal.risk.factor_shares, run.proposal.exposures.factors
    if not found:
        return None
    named = sorted((key for key in found if key != SPECIFIC), key=lambda key: (-found[key], key))
    scale = 1.05 * max(*found.values(), 0.01)
    order = (*named, SPECIFIC)
    bars = tuple(
        Bar(
            text(name(_head(run, key))),
            (
                text(NONE if key == SPECIFIC else muted(fmt.number(exposures[key], 2))),
                text(strong(fmt.percent(found[key]))),
            ),
            found[key] / scale if found[key] > 0 else None,
            total=key == SPECIFIC,
        )
        for key in order
    )
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
    columns = Column(say.words("exposure")), Column(say.words("variance"))
    table = BarTable(say.words("Shares of the variance"), say.words("Factor"), columns, bars)
    return Figure(title, sub, (table,), (), own_calculation(run), _factor_table(run, model))


def _head(run: Findings, key: str) -> str:
    return run.say.words("The metals themselves") if key == SPECIFIC else capital(factor(run.say, key))


def _factor_table(run: Findings, model: FactorModel) -> Table:
    """What each factor is made of, how much it moves, and what it did in the last year."""
    say, fmt = run.say, run.fmt
    columns = (
        Column(say.words("Factor"), "left"), Column(say.words("Volatility a year")), Column(say.words("Last 12 months")),
        Column(say.words("To"), "left"), Column(say.words("Made of"), "left"),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                text(name(_head(run, f.name))),
                text(fmt.percent(f.volatility)),
                text(NONE) if f.return_12m is None else text(fmt.percent(f.return_12m, signed=True)),
                text(fmt.month(f.last)) if f.last else text(NONE),
                _members(run, f),
            )
        )
        for f in model.factors
    )
    return Table(say.words("Factors, each without the metal itself"), columns, rows, stacks=False)


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
    return run.say.term("term", readable(key)) if words == key else words


def _explained(run: Findings, model: FactorModel) -> Figure:
    """How much of each metal's variance the factors explain; the loadings are in the table behind."""
    say, fmt = run.say, run.fmt
    rows = sorted(model.assets, key=lambda a: (-(a.fit or 0.0), a.asset))
    scale = 1.05 * max(*(a.fit or 0.0 for a in rows), 0.01)
    bars = tuple(
        Bar(
            text(run.head(a)),
            (_strongest(run, a, model.tests.threshold), text(strong(fmt.percent(a.fit, 0)))),
            None if a.fit is None else max(a.fit, 0.0) / scale,
        )
        for a in rows
    )
    columns = Column(say.words("clearest with"), "left"), Column(say.words("explained"))
    table = BarTable(say.words("Variance explained by the factors"), say.words("Metal"), columns, bars)
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
    say, fmt, found, threshold = run.say, run.fmt, model.factors, model.tests.threshold
    heads = (Column(_head(run, f.name)) for f in found)
    rows = tuple(
        Row(
            (
                text(run.head(a)),
                *(_loading(run, a.loadings[f.name], threshold) for f in found),
                text(fmt.percent(a.fit, 0)),
            )
        )
        for a in model.assets
    )
    caption = say.words("Loadings, t-statistic in brackets, bold from {threshold} on", threshold=fmt.plain_number(threshold))
    return Table(caption, (Column(say.words("Metal"), "left"), *heads, Column(say.words("Explained"))), rows, stacks=False)


def _loading(run: Findings, loading: Loading, threshold: float) -> Text:
    if loading.t is None:
        return text(NONE)
    figure = run.fmt.number(loading.loading, 2)
    t = muted(f" ({run.fmt.number(loading.t, 1)})")
    return text(strong(figure) if abs(loading.t) >= threshold else figure, t)


def _coverage(run: Findings, rows: Sequence[FactorAsset]) -> Figure:
    """Who was estimated from what, those observed alike in one row, folded behind how much there was to observe."""
    say, fmt = run.say, run.fmt
    alike: dict[tuple[str, str, str], list[FactorAsset]] = {}
    for a in rows:
        alike.setdefault((a.observation, a.volatility_from, a.comovement_from), []).append(a)
    gaps = any(a.gaps for a in rows)
    columns = (
        Column(say.words("Metals"), "left"), Column(say.words("Seen"), "left"), Column(say.words("Changes each")),
        *((Column(say.words("Gaps left out")),) if gaps else ()), Column(say.words("To"), "left"),
        Column(say.words("Volatility from"), "left"), Column(say.words("Co-movement from"), "left"),
    )  # fmt: skip
    cells: list[Row] = []
    for (observation, volatility, comovement), members in alike.items():
        missing = sum(a.gaps for a in members)
        row = (
            say.listed([run.head(members[0]), *(run.metal(a) for a in members[1:])]),
            text(seen(run, observation)),
            text(_changes(run, members)),
            *((text(fmt.number(missing)) if missing else text(NONE),) if gaps else ()),
            text(fmt.month(max(a.last for a in members))),
            text(say.words(FROM[volatility])),
            text(say.words(FROM[comovement])),
        )
        cells.append(Row(row))
    title = say("The estimates of each metal rest on {n} price changes", n=_changes(run, rows))
    return Figure(title, (), (), data=Table(say.words("What the estimates are from"), columns, tuple(cells)))


def _changes(run: Findings, rows: Sequence[FactorAsset]) -> str:
    """How many changes of price were observed of each."""
    counts = sorted(a.changes for a in rows)
    return between(run, counts[0], counts[-1])
