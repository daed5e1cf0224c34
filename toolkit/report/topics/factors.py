"""Risk: who carries it, how much of an observed volatility is noise, what prices move with, and what may happen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from toolkit.core.grouping import by_key
from toolkit.core.messages import retellable
from toolkit.records.factors import (
    AssetModel,
    Bias,
    Correlation,
    Factor,
    FactorAsset,
    FactorModel,
    Factors,
    Loading,
    Scenario,
)
from toolkit.records.findings import Parts
from toolkit.records.prices import Fall
from toolkit.report.charts.heatmap import Pair, heatmap
from toolkit.report.charts.intervals import IntervalRow, intervals, is_logarithmic
from toolkit.report.compose import beside, folded, section, unfolded
from toolkit.report.document import (
    Bar,
    Block,
    Chart,
    Document,
    Figure,
    Missing,
    Notes,
    Paragraph,
    Section,
    Shown,
    Table,
    left,
    right,
)
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import capital
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.measures import ORDER, SQUARES, TAIL_LEVEL, measure_words
from toolkit.report.i18n.origins import by_product
from toolkit.report.i18n.text import NONE, Inline, Span, Text, muted, name, sentences, sources, strong, text
from toolkit.report.markers import SHOCKS

Modelled = AssetModel | FactorAsset
"""An asset with its volatility: of a proposal, or of the factor model alone."""
NOISY = 0.5
"""A print is called noisy when less than this share of its volatility is believed."""
SEEN = {
    "customs_unit_value": mark("through the noise of customs values"),
    "monthly_average": mark("as averages of a month"),
    "annual_average": mark("as averages of a year"),
    "annual": mark("once a year"),
    "geltner": mark("as smoothed assessments"),
    "getmansky_lo_makarov": mark("as smoothed assessments"),
    "as_is": mark("as published"),
}
"""How each observation model looks at a price."""
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
FACTORS = {"dollar": mark("the dollar"), "supply_shock": mark("the supply shock")}
"""Factors that are no group of prices; a group goes by its own name."""
DOUBT = 2.0
"""Standard errors within which a bias statistic cannot be told from right."""
FEW_OUTCOMES = 20
"""Dates below which the standard error of a bias statistic is itself a guess."""
FORECASTS = {
    "portfolios": mark("random portfolios of prices without noise"),
    "noisy": mark("single noisy prices"),
}
"""What a forecast of volatility is held against."""


def document(found: Factors, say: Language, *, correlations: bool = False) -> Document:
    """The answer of `toolkit factors`: the figures of reports as tables, and how past forecasts did; or the pairs alone."""
    run = Findings.alone(found.as_of, Parts(), say, found.currency, data=found.data)
    shown: tuple[Figure | None, ...] = (
        _volatilities(run, found.assets, found.assets),
        _explained(run, found) if found.factors else None,
        _made_of(run, found) if found.factors else None,
        _forecasts(run, found.bias),
        _coverage(run, found.assets),
    )
    if correlations:
        shown = (_correlations(run, found.correlations, found.assets),)
    figures = [
        replace(one, body=(), legend=()) if isinstance(next(iter(one.body), None), Chart) else one for one in shown if one
    ]
    notes = Notes(tuple(("", say.translate(retellable(words))) for words in found.notes))
    title = say.words(
        "Risk of {title}, in {currency} unless a note says otherwise, known on {day}",
        title=say.term("strategy", found.strategy.title), currency=found.currency, day=run.fmt.long_date(run.as_of),
    )  # fmt: skip
    content = (*unfolded(figures), notes)
    return Document(title, say.code, found.as_of, run.fmt.long_date(run.as_of), "", (Section("factors", title, content),))


@section("risk", mark("Risk"), needs=["positions"], uses=["prices"])
def risk(run: Findings) -> tuple[Block, ...] | Missing:
    """Contributions beside volatilities, then falls of factors, scenarios of the strategy and their tail."""
    model = run.proposal.factor_model
    believed = _volatilities(run, run.proposal.assets, () if model is None else model.assets)
    if not run.held:
        return (believed,) if believed else Missing(run.say.words("Nothing is held, so nothing carries risk."))
    return (
        *beside(_contributions(run), believed),
        *folded(rests_on_pairs(run)),
        *(figure for figure in (falls(run), shocks(run), tail(run)) if figure),
    )


def seen(run: Findings, model: str) -> str:
    """How an observation model looks at a price, in words."""
    return run.say.word(model, SEEN)


def _contributions(run: Findings) -> Figure:
    say, fmt, found = run.say, run.fmt, run.proposal.risk
    shares = run.proposal.risk_contributions
    rows = sorted(run.held, key=lambda p: (-shares[p.asset], p.asset))
    scale = 1.05 * max(max(shares[p.asset], abs(p.weight)) for p in rows)
    top = rows[0]
    title = say(
        "{metal} carries {share} of risk with {weight} of value",
        metal=run.head(top), share=fmt.percent(shares[top.asset], 0), weight=fmt.percent(top.weight, 0),
    )  # fmt: skip
    measure = found.contributions_of
    whole = measure_words(measure, None if measure == "variance" else run.proposal.objective.confidence, say)
    sub = say(
        "Share of the risk of the whole, measured by {measure}; volatility {volatility} a year.",
        measure=whole, volatility=fmt.percent(found.volatility),
    )  # fmt: skip
    ratio = found.diversification_ratio
    if ratio is not None:
        alone = say("Held alone, the holdings would move {ratio} times as much.", ratio=fmt.number(ratio, 1))
        sub = text(sub, " ", alone)
    legend = (("now", say.words("share of value")), ("new", say.words("share of risk")))
    table = run.bars(
        "Risk contributions",
        rows,
        left("Holding", run.head),
        right("value", lambda p: muted(fmt.percent(p.weight))),
        right("risk", lambda p: strong(fmt.percent(shares[p.asset]))),
        bar=lambda p: Bar(value=max(shares[p.asset], 0.0) / scale, reference=abs(p.weight) / scale),
    )
    return Figure(title, sub, (table,), legend, own_calculation(run))


def rests_on_pairs(run: Findings) -> Figure | None:
    """The pairs on which the volatility rests most, and its interval by the errors of correlations; None without either."""
    found = run.proposal.correlation_risk
    if found is None:
        return None
    say, fmt = run.say, run.fmt
    heads = {a.asset: run.head(a) for a in by_product(run.proposal.assets, run.offers)}
    title = say("On which correlations the volatility rests most")
    if found.low is not None and found.high is not None:
        title = say(
            "By the errors of correlations alone the volatility lies between {low} and {high}",
            low=fmt.percent(found.low), high=fmt.percent(found.high),
        )  # fmt: skip
    sub = say(
        "Pairs whose observed correlation, put in place of the one that is used, would change the volatility of {volatility} "
        "most.",
        volatility=fmt.percent(run.proposal.risk.volatility),
    )
    table = run.table(
        "On which correlations the volatility rests most",
        found.pairs,
        left("Metal", lambda r: heads[r.assets[0]]),
        left("With", lambda r: heads[r.assets[1]]),
        right("Correlation used", lambda r: fmt.number(r.forecast, 2)),
        right("Correlation observed", lambda r: fmt.number(r.observed, 2)),
        right("95% interval", lambda r: say("{low} to {high}", low=fmt.number(r.low, 2), high=fmt.number(r.high, 2))),
        right("Volatility with the observed", lambda r: strong(fmt.percent(r.volatility))),
        keys=2,
    )
    return Figure(title, sub, (table,), (), own_calculation(run))


def _volatilities(run: Findings, models: Sequence[Modelled], fitted: Sequence[FactorAsset]) -> Figure | None:
    """As used and as observed, with the interval of the corrected; the table behind tells how, and how deep prices fell.

    Args:
        run: What was found.
        models: Assets with their volatility.
        fitted: Those of the factor regression, which knows how far a volatility follows own prices.
    """
    say, fmt = run.say, run.fmt
    rows = sorted(by_product(models, run.offers), key=lambda a: (-a.volatility.used, a.asset))
    if not rows:
        return None
    drawn = tuple(IntervalRow(run.head(a).text, v.raw, v.used, v.low, v.high) for a in rows for v in (a.volatility,))
    noisy = [a for a in rows if a.volatility.raw > 0 and a.volatility.corrected < NOISY * a.volatility.raw]
    counts = sorted(a.volatility.observations for a in rows)
    sub = sentences(
        say(
            "Volatility a year in {currency}, from {n} price changes.",
            currency=run.currency, n=between(run, counts[0], counts[-1]),
        ),
        say("Logarithmic; band: 68% interval of the corrected figure.")
        if is_logarithmic(drawn)
        else say("Band: 68% interval of the corrected figure."),
    )  # fmt: skip
    legend = (("raw", say.words("as observed")), ("level", say.words("as used in this report; band: as corrected")))
    foot = text(say("Source: price series"), run.of_prices("fx"), ".")
    if noisy:
        foot = text(foot, " ", say("Customs values are noisy; a model takes the noise out."))
    if longer := remembered(rows):
        alone = sorted(a.volatility.without_history or 0.0 for a in longer)
        decades = say(
            "For {metals} yearly prices of decades count too: months alone would give {low} to {high}.",
            metals=run.metals(longer), low=fmt.percent(alone[0], 0), high=fmt.percent(alone[-1], 0),
        )  # fmt: skip
        foot = text(foot, " ", decades)
    if apart := [run.metal(a) for a in rows if fmt.percent(a.volatility.used, 0) != fmt.percent(a.volatility.corrected, 0)]:
        ahead = say(
            "For {metals} the year ahead is used: it weighs recent changes more than the corrected figure, an average of the "
            "whole history.",
            metals=say.listed(apart),
        )
        foot = text(foot, " ", ahead)
    chart = Chart(intervals(drawn, fmt), _volatilities_told(run, rows))
    return Figure(_volatility_title(run, rows, noisy), sub, (chart,), legend, foot, _volatility_table(run, rows, fitted))


def between(run: Findings, least: int, most: int) -> str:
    """One count, or the range of several."""
    low, high = run.fmt.number(least), run.fmt.number(most)
    return low if least == most else run.say.words("{low} to {high}", low=low, high=high)


def _volatility_title(run: Findings, rows: Sequence[Modelled], noisy: Sequence[Modelled]) -> Text:
    say, fmt = run.say, run.fmt
    if not noisy:
        return say(
            "Volatility lies between {low} and {high} a year",
            low=fmt.percent(rows[-1].volatility.used, 0),
            high=fmt.percent(rows[0].volatility.used, 0),
        )
    return say.counted(
        len(noisy),
        "For {metal} more than half of the observed volatility is noise",
        "In {n} of {total} price series more than half of the observed volatility is noise",
        metal=run.metal(noisy[0]), total=say.number_word(len(rows)),
    )  # fmt: skip


def _volatilities_told(run: Findings, rows: Sequence[Modelled]) -> str:
    """The figures of the chart in a sentence."""
    fmt = run.fmt
    each = [
        run.say.words(
            "{metal} {used}, observed {raw}, corrected {low} to {high}",
            metal=run.head(a).text,
            used=fmt.percent(v.used, 0),
            raw=fmt.percent(v.raw, 0),
            low=fmt.percent(v.low, 0),
            high=fmt.percent(v.high, 0),
        )
        for a in rows
        for v in (a.volatility,)
    ]
    return run.say.words("Volatility a year: {figures}.", figures="; ".join(each))


def _volatility_table(run: Findings, rows: Sequence[Modelled], fitted: Sequence[FactorAsset]) -> Table:
    """Everything behind the chart; what is known of no asset is left out as columns."""
    say, fmt = run.say, run.fmt
    model = {a.asset: a for a in by_product(fitted, run.offers)}
    fallen = {one.asset: one.fall for one in (run.parts.prices.series if run.parts.prices else ()) if one.fall}

    def between_ends(a: Modelled) -> Text:
        return say("{low} to {high}", low=fmt.percent(a.volatility.low), high=fmt.percent(a.volatility.high))

    def without(a: Modelled) -> Inline:
        return NONE if a.volatility.without_history is None else fmt.percent(a.volatility.without_history)

    return run.table(
        "Volatility a year, used, observed and corrected",
        rows,
        left("Metal", run.head),
        right("Used", lambda a: strong(fmt.percent(a.volatility.used))),
        right("Observed", lambda a: fmt.percent(a.volatility.raw)),
        right("Without history", without) if remembered(rows) else None,
        right("Corrected", lambda a: fmt.percent(a.volatility.corrected)),
        right("68% interval", between_ends),
        right("Noise of a price", lambda a: fmt.percent(a.volatility.noise) if a.volatility.noise else NONE),
        right("n", lambda a: fmt.number(a.volatility.observations)),
        left("From", lambda a: fmt.month(a.volatility.first)),
        left("To", lambda a: fmt.month(a.volatility.last)),
        left("Seen", lambda a: seen(run, a.volatility.model)),
        right("Own data", lambda a: _own(run, model.get(a.asset))) if model else None,
        right("Deepest fall", lambda a: _depth(run, fallen.get(a.asset))) if fallen else None,
        right("Months below a peak", lambda a: _waited(run, fallen.get(a.asset))) if fallen else None,
        stacks=False,
    )


def remembered(rows: Sequence[Modelled]) -> list[Modelled]:
    """Those whose volatility rests on decades of yearly prices too."""
    return [a for a in rows if a.volatility.without_history is not None]


def _own(run: Findings, a: FactorAsset | None) -> Inline:
    """How far the volatility follows the metal's own prices rather than its group's."""
    return NONE if a is None else run.fmt.percent(a.own_weight, 0)


def _depth(run: Findings, fall: Fall | None) -> Inline:
    """How deep the level fell from a peak in the months of the panel, which need not be those of the volatility."""
    if fall is None:
        return NONE
    return run.say("{depth} since {month}", depth=run.fmt.percent(fall.depth), month=run.fmt.month(fall.since))


def _waited(run: Findings, fall: Fall | None) -> Inline:
    """How long it stayed below one."""
    if fall is None:
        return NONE
    return text(run.fmt.number(fall.under_water), run.say(" (still)") if fall.lasts else ())


@section("factors", mark("What drives the risk"), needs=["positions"])
def factors(run: Findings) -> tuple[Block, ...] | Missing:
    """Shares of the variance beside how far each metal is explained, then who was estimated from what."""
    model = run.proposal.factor_model
    together = tuple(one for one in (_correlations(run, run.proposal.correlations, run.proposal.assets),) if one)
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
    foot = say(
        "An asterisk marks a t-statistic of {threshold} or more. Members of a group may share an estimate. Errors of prices "
        "seen through noise are somewhat too small.",
        threshold=fmt.plain_number(tests.threshold),
    )
    title, behind = _loadings_title(run, model), _loadings(run, model)
    return Figure(title, sub, (table,), (), text(own_calculation(run), " ", foot), behind)


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
    fmt, threshold = run.fmt, model.tests.threshold

    def loading(factor: str) -> Shown[FactorAsset]:
        return right(text(_head(run, factor)), lambda a: _loading(run, a.loadings[factor], threshold))

    return run.table(
        "Loadings, t-statistic in brackets",
        model.assets,
        left("Metal", run.head),
        *(loading(f.name) for f in model.factors),
        right("Explained", lambda a: fmt.percent(a.fit, 0)),
        stacks=False,
    )


def _loading(run: Findings, loading: Loading, threshold: float) -> Text:
    if loading.t is None:
        return text(NONE)
    figure, t = run.fmt.number(loading.loading, 2), muted(f" ({run.fmt.number(loading.t, 1)})")
    return text(strong(figure), t, "*") if abs(loading.t) >= threshold else text(figure, t)


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


def _correlations(run: Findings, rows: Sequence[Correlation], models: Sequence[Modelled]) -> Figure | None:
    """The pairs as a heat map in the order of their clusters; None where fewer than two assets can be compared."""
    if not any(row.forecast is not None for row in rows):
        return None
    say, fmt = run.say, run.fmt
    order = clustered(rows)
    assets = {a.asset: a for a in by_product(models, run.offers)}
    heads = {key: run.head(assets[key]).text for key in order}
    at = {key: i for i, key in enumerate(order)}
    pairs = [Pair(at[r.assets[0]], at[r.assets[1]], r.observed, r.forecast, unsure=_holds_zero(r)) for r in rows]
    known = [r for r in rows if r.observed is not None]
    apart = [r for r in known if not _holds_zero(r)]
    named = [(heads[key], assets[key].element or heads[key]) for key in order]
    chart = Chart(heatmap(named, pairs, fmt), _pairs_told(run, apart, heads))
    counts = sorted(r.periods for r in rows)
    sub = say(
        "Below the diagonal the rank correlation of the observed price changes of a pair ({n} that both have), above it the"
        " correlation that every risk figure of this report uses. What moves together stands together. Of {pairs} pairs that"
        " have"
        " nothing to do with each other, chance alone would set about {chance} apart from zero.",
        n=between(run, counts[0], counts[-1]),
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
    return Figure(_pairs_title(run, apart, len(rows)), sub, (chart,), legend, foot, _pairs(run, rows, heads))


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


def _pairs_title(run: Findings, apart: Sequence[Correlation], total: int) -> Text:
    if not apart:
        return run.say("No pair has an observed correlation that is distinguishable from zero")
    return run.say.counted(
        len(apart),
        "{N} of {total} pairs has an observed correlation that is distinguishable from zero",
        "{N} of {total} pairs have an observed correlation that is distinguishable from zero",
        total=run.fmt.number(total),
    )


def _pairs_told(run: Findings, apart: Sequence[Correlation], heads: Mapping[str, str]) -> str:
    """The pairs that are told apart from zero, in a sentence."""
    if not apart:
        return run.say.words("Correlations of each pair; the interval of every observed one holds zero.")
    each = [f"{run.say.series([heads[key] for key in r.assets])} {run.fmt.number(r.observed, 2)}" for r in apart]
    return run.say.words("Observed correlations that are distinguishable from zero: {pairs}.", pairs="; ".join(each))


def _pairs(run: Findings, rows: Sequence[Correlation], heads: Mapping[str, str]) -> Table:
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


def _made_of(run: Findings, model: FactorModel) -> Figure:
    return Figure(
        run.say("What each factor is made of, and what it did"), (), (_factor_table(run, model),), (), own_calculation(run)
    )


def _forecasts(run: Findings, found: Sequence[Bias]) -> Figure | None:
    """How large outcomes were in units of the forecasts made before them."""
    if not found:
        return None
    say, fmt = run.say, run.fmt
    table = run.table(
        "Past forecasts of volatility",
        found,
        left("Held against", lambda one: say.words(FORECASTS[one.what])),
        right("Series", lambda one: fmt.number(len(one.assets))),
        right("Months ahead", lambda one: fmt.number(one.horizon_months)),
        left("From", lambda one: fmt.month(one.first)),
        left("To", lambda one: fmt.month(one.last)),
        right("Dates", lambda one: fmt.number(one.dates)),
        right("Outcome to forecast", lambda one: NONE if one.error is None else strong(fmt.number(one.statistic, 2))),
        right("Standard error", lambda one: fmt.number(one.error, 2)),
        right("By the median", lambda one: NONE if one.error is None else fmt.number(one.median, 2)),
        left("So it was", lambda one: _verdict(run, one)),
        stacks=False,
    )
    title = say("How past forecasts of volatility did, made every quarter with what was known then")
    sub = say("A forecast that is right has 1.00. Outcomes of several months overlap, and their error allows for it.")
    foot = own_calculation(run)
    if any(one.dates < FEW_OUTCOMES for one in found):
        foot = text(foot, " ", say("Fewer than {n} dates make the error itself a guess.", n=FEW_OUTCOMES))
    return Figure(title, sub, (table,), (), foot)


def _verdict(run: Findings, one: Bias) -> Text:
    """What a bias statistic says, and no more than its error allows."""
    say, fmt, away = run.say, run.fmt, one.statistic - 1.0
    if one.error is None:
        return say("one date only: nothing can be said")
    if abs(away) < DOUBT * one.error:
        return say("not distinguishable from right")
    if away > 0:
        return say("too low by {share}", share=fmt.percent(away, 0))
    return say("too high by {share}", share=fmt.percent(1.0 / one.statistic - 1.0, 0))


def factor(say: Language, key: str) -> str:
    """The name of a factor."""
    return say.word(key, FACTORS)


def falls(run: Findings) -> Figure | None:
    """Losses by factor; statistical remainders have no name a reader could act on."""
    say, fmt = run.say, run.fmt
    exposures = run.proposal.exposures.factors
    rows = [(s, s.factor) for s in run.proposal.scenarios if s.factor is not None and s.factor in exposures]
    if not rows:
        return None
    rows.sort(key=lambda row: (-row[0].loss, row[1]))
    worst, key = rows[0]
    if worst.loss <= 0:
        title = say("No named factor would cost anything by falling")
    else:
        title = say(
            "A fall of {factor} costs most: {loss} of value",
            factor=name(factor(say, key)), loss=fmt.percent(worst.loss),
        )  # fmt: skip
    scale = 1.05 * max(worst.loss, 1e-9)
    table = run.bars(
        "Loss when a factor falls",
        rows,
        left("If this falls", lambda row: name(capital(factor(say, row[1])))),
        right("falls by", lambda row: muted(fmt.percent(row[0].size, 0))),
        right("exposure", lambda row: muted(fmt.number(exposures[row[1]], 2))),
        right("loss", lambda row: strong(fmt.percent(row[0].loss))),
        bar=lambda row: Bar(value=row[0].loss / scale if row[0].loss > 0 else None),
    )
    far = say(
        "Each factor falls by {count} standard deviations of a year, and the others follow as they are correlated.",
        count=fmt.quantity(worst.deviations or 0.0),
    )
    sub = text(far, " ", say("Loss of value over a year; a minus is a gain."))
    systematic = run.proposal.risk.systematic
    if systematic is not None:
        sub = text(sub, " ", say("The factors explain {share} of the variance.", share=fmt.percent(systematic, 0)))
    return Figure(title, sub, (table,), (), own_calculation(run))


def own_calculation(run: Findings, *more: Span) -> Text:
    """The source line of what was computed from prices, with further markers."""
    return text(run.say("Own calculation"), sources(run.of_prices("fx"), *more), ".")


def _stepped_back(words: Text) -> Text:
    return tuple(muted(span.text) if span.style == "plain" else span for span in words)


def shocks(run: Findings) -> Figure | None:
    """The scenarios that the strategy names, and the sentences on what they rest on."""
    rows, say = run.shocks, run.say
    if not rows:
        return None
    table = run.table(
        "Loss in the scenarios of the strategy",
        rows,
        left("If this happens", lambda s: name(capital(_scenario(run, s)))),
        right("Probability", lambda s: _chance(run, s)),
        right("Loss, %", lambda s: run.derived(run.fmt.number(100 * s.loss, 1), SHOCKS, marked=False)),
        left("Sizes and probability", lambda s: _stepped_back(run.sentence(s.method)), "Rests on"),
    )
    sub = say(
        "Loss of value at once; a minus is a gain. Probability within the horizon of the scenarios, after the strategy’s views."
    )
    foot = text(say("Own calculation"), sources(run.of_tables("controls"), run.of_prices(), run.rests_on(SHOCKS)), ".")
    return Figure(_shocks_finding(run, rows), sub, (table, *_scenario_notes(run)), (), foot)


def _scenario(run: Findings, s: Scenario) -> str:
    return run.say.term("strategy", s.name)


def _chance(run: Findings, s: Scenario) -> Span:
    return NONE if s.probability is None else run.assumed(run.fmt.percent(s.probability, 0), SHOCKS, marked=False)


def _shocks_finding(run: Findings, rows: Sequence[Scenario]) -> Text:
    """The costliest, and where there is one the scenario that brings most."""
    say, fmt, worst, best = run.say, run.fmt, rows[0], rows[-1]
    dear, good = name(_scenario(run, worst)), name(_scenario(run, best))
    loss, gain = (run.derived(fmt.percent(size), SHOCKS, marked=False) for size in (worst.loss, -best.loss))
    if worst.loss > 0 > best.loss:
        return say(
            "“{worst}” would cost {loss} of value; “{best}” would bring {gain}", worst=dear, loss=loss, best=good, gain=gain
        )
    if worst.loss > 0:
        return say("“{worst}” would cost {loss} of value", worst=dear, loss=loss)
    if best.loss < 0:
        return say("“{best}” would bring {gain}", best=good, gain=gain)
    return say("No scenario of the strategy would cost anything")


def tail(run: Findings) -> Figure | None:
    """Measures of risk over the scenarios of the strategy; squares are told by their roots."""
    risk, say, fmt = run.proposal.risk, run.say, run.fmt
    values = {key: v for key, v in risk.measures.items() if key not in SQUARES and v is not None}
    if not values:
        return None
    order = sorted(values, key=lambda key: (ORDER.index(key) if key in ORDER else len(ORDER), key))
    if run.normal_tail:
        over = say(
            "The strategy’s scenarios are one path: falls from a peak are along all of it, the other measures over one of its "
            "periods."
        )
    else:
        over = say("Scenarios: {method}.", method=run.sentence(risk.cvar_method))
    alone = say("Volatility of the forecast alone: {volatility} a year.", volatility=fmt.percent(risk.volatility))
    table = run.table(
        "Risk over the scenarios",
        order,
        left("Measure of risk", lambda key: capital(measure_words(key, TAIL_LEVEL, say))),
        right("% of value", lambda key: _bold(run.derived(fmt.number(100 * values[key], 1), SHOCKS, marked=False))),
    )
    body: tuple[Block, ...] = (table,) if run.shocks else (table, *_scenario_notes(run))
    return Figure(_tail_finding(run, values), text(over, " ", alone), body, (), own_calculation(run, run.rests_on(SHOCKS)))


def _bold(span: Span) -> Span:
    """A figure that carries its row, unless its type already says what it rests on."""
    return strong(span.text) if span.style == "plain" else span


def _tail_finding(run: Findings, values: Mapping[str, float]) -> Text:
    say, fmt = run.say, run.fmt
    if "cvar" in values and not run.normal_tail:
        loss = run.derived(fmt.percent(values["cvar"]), SHOCKS, marked=False)
        return say("The worst twentieth of the scenarios loses {loss} of value on average", loss=loss)
    if "max_drawdown" in values:
        fall = run.derived(fmt.percent(values["max_drawdown"]), SHOCKS, marked=False)
        return say("The largest fall from a peak in the scenarios is {fall} of value", fall=fall)
    return say("Risk over the scenarios of the strategy")


def _scenario_notes(run: Findings) -> tuple[Notes, ...]:
    """What the scenarios rest on, beside the table that shows them."""
    found = run.proposal.scenario_notes
    return (Notes(tuple(("", run.sentence(words)) for words in found)),) if found else ()
