"""Risk: who carries it, how much of a printed volatility is noise, and what may happen."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.records.factors import FactorAsset
from toolkit.records.prices import Fall
from toolkit.records.risk import AssetModel
from toolkit.report.charts.intervals import Interval, intervals, is_logarithmic
from toolkit.report.compose import beside, folded, section
from toolkit.report.document import Bar, Block, Chart, Figure, Missing, Table, left, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.measures import measure_words
from toolkit.report.i18n.origins import by_product
from toolkit.report.i18n.text import NONE, Inline, Text, muted, sentences, strong, text
from toolkit.report.tables.outlook import falls, own_calculation, shocks, tail

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


@section("risk", mark("Risk"), needs=["positions"], uses=["prices"])
def risk(run: Findings) -> tuple[Block, ...] | Missing:
    """Contributions beside volatilities, then falls of factors, scenarios of the strategy and their tail."""
    believed = _volatilities(run)
    if not run.held:
        return (believed,) if believed else Missing(run.say.words("Nothing is held, so nothing carries risk."))
    return (
        *beside(_contributions(run), believed),
        *folded(_correlations(run)),
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


def _correlations(run: Findings) -> Figure | None:
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


def _volatilities(run: Findings) -> Figure | None:
    """As used and as printed, with the interval of the corrected; the table behind tells how, and how deep prices fell."""
    say, fmt = run.say, run.fmt
    rows = sorted(by_product(run.proposal.assets, run.offers), key=lambda a: (-a.volatility.used, a.asset))
    if not rows:
        return None
    drawn = tuple(Interval(run.head(a).text, v.raw, v.used, v.low, v.high) for a in rows for v in (a.volatility,))
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
    chart = Chart(intervals(drawn, fmt), _told(run, rows))
    return Figure(_volatility_title(run, rows, noisy), sub, (chart,), legend, foot, _table(run, rows))


def between(run: Findings, least: int, most: int) -> str:
    """One count, or the range of several."""
    low, high = run.fmt.number(least), run.fmt.number(most)
    return low if least == most else run.say.words("{low} to {high}", low=low, high=high)


def _volatility_title(run: Findings, rows: Sequence[AssetModel], noisy: Sequence[AssetModel]) -> Text:
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


def _told(run: Findings, rows: Sequence[AssetModel]) -> str:
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


def _table(run: Findings, rows: Sequence[AssetModel]) -> Table:
    """Everything behind the chart; what is known of no asset is left out as columns."""
    say, fmt, regression = run.say, run.fmt, run.proposal.factor_model
    model = {a.asset: a for a in by_product(regression.assets if regression else (), run.offers)}
    fallen = {one.asset: one.fall for one in (run.parts.prices.series if run.parts.prices else ()) if one.fall}

    def between_ends(a: AssetModel) -> Text:
        return say("{low} to {high}", low=fmt.percent(a.volatility.low), high=fmt.percent(a.volatility.high))

    def without(a: AssetModel) -> Inline:
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


def remembered(rows: Sequence[AssetModel]) -> list[AssetModel]:
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
