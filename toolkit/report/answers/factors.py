"""What drives the risk, how prices were corrected, and how past forecasts of risk did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.records.factors import Bias, CharacteristicPremium, Factor, FactorAsset, Factors, Loading
from toolkit.records.risk import Correlation
from toolkit.report.answers.answer import Answer, Cell
from toolkit.report.document import Document
from toolkit.report.i18n.formats import NBSP
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.text import Text, text

DOUBT = 2.0
"""Standard errors within which a bias statistic cannot be told from right."""
CHANCE = 20
"""One true zero in so many has a t-statistic beyond two."""
FEW_OUTCOMES = 20
"""Outcomes below which the standard error of a bias statistic is itself a guess."""
SEEN = {
    "customs_unit_value": mark("customs value"),
    "monthly_average": mark("month average"),
    "annual_average": mark("year average"),
    "getmansky_lo_makarov": mark("assessed, GLM"),
    "geltner": mark("assessed, Geltner"),
}
NAMES = {"currency:USD": mark("the dollar's exchange rate")}
"""Members of factors that are no asset."""


def factors(told: Factors, say: Language, *, correlations: bool = False) -> Document:
    """The model and how its forecasts did, or what moves together, pair by pair."""
    answer = Answer(say, told.as_of)
    title = say.term("strategy", told.strategy.title)
    answer.heading(
        "Risk of {title}, in {money} unless a note says otherwise, known on {day:%Y-%m-%d}",
        title=title, money=told.currency, day=told.as_of,
    )  # fmt: skip
    if correlations:
        _correlations(answer, told.correlations)
    else:
        _volatilities(answer, told.assets)
        _loadings(answer, told)
        _factors(answer, told.factors)
        _characteristics(answer, told.characteristics, told.characteristic_notes)
        _forecasts(answer, told.bias)
    answer.notes(
        answer.told("Note: {words}", words=words) for words in told.notes[: len(told.notes) - len(told.characteristic_notes)]
    )
    return answer.document("factors")


def _correlations(answer: Answer, rows: Sequence[Correlation]) -> None:
    answer.subtitle("Correlations, those of the forecast first")
    answer.table("asset | with | >forecast | >observed | >95% interval | >n", (_pair(answer, row) for row in rows))
    answer.line(
        "observed: rank correlation of the changes of observed prices in n common periods; {apart:d} of {total:d} intervals "
        "leave out zero. Noise of customs values draws it to zero: there the forecast rests on yearly prices of decades too, "
        "and stays within the interval.",
        apart=sum(None not in (row.low, row.high) and not (row.low or 0.0) <= 0.0 <= (row.high or 0.0) for row in rows),
        total=len(rows),
    )  # fmt: skip


def _pair(answer: Answer, row: Correlation) -> Iterator[Cell]:
    yield from map(answer.metal, row.assets)
    yield answer.number(row.forecast, "+.2f")
    yield answer.number(row.observed, "+.2f")
    if row.observed is None:
        yield answer.say.words("too few")
    else:
        yield answer.told("{low:+.2f} to {high:+.2f}", low=row.low, high=row.high)
    yield row.periods


def _volatilities(answer: Answer, assets: Sequence[FactorAsset]) -> None:
    answer.subtitle("Volatility a year")
    answer.table(
        "asset | price seen as | >n | >raw | >alone | >corrected | >68% interval | >now | >own | >R2",
        (_volatility(answer, asset) for asset in assets),
    )
    answer.line(
        "n: changes. raw: of the observed prices. alone: corrected, without the decades of yearly prices that otherwise count. "
        "corrected: of the price without its noise. now: the forecast for the year ahead. own: how far the figure follows the "
        "asset's own data, the rest is what came before and its group. R2: share the factors explain."
    )


def _volatility(answer: Answer, asset: FactorAsset) -> Iterator[Cell]:
    yield answer.metal(asset.asset)
    yield answer.words(SEEN, str(asset.observation))
    yield asset.changes
    for figure in (asset.raw, asset.without_history, asset.corrected):
        yield answer.number(figure, ".1%")
    yield answer.told("{low:.1%} to {high:.1%}", low=asset.low, high=asset.high)
    yield answer.number(asset.forecast, ".1%")
    for figure in (asset.own_weight, asset.fit):
        yield answer.number(figure, ".0%")


def _loadings(answer: Answer, told: Factors) -> None:
    names, tests = [factor.name for factor in told.factors], told.tests
    if not names:
        answer.line(
            "Covariance kind {kind!r} has no named factors: no loadings, no factor returns.",
            kind=answer.word(told.covariance),
        )
        return
    answer.subtitle("Loadings, with t-statistics in brackets")
    answer.table(
        "asset",
        (
            (answer.metal(asset.asset), *(_loading(answer, asset.loadings[name], tests.threshold) for name in names))
            for asset in told.assets
        ),
        figures=[answer.word(name) for name in names],
    )  # fmt: skip
    answer.line(
        "* |t| of {threshold:g} or more: {significant:d} of {estimates:d} different estimates, where chance alone would mark "
        "about {chance:.0f}; no other loading is distinguishable from zero. Members of a group may share an estimate. Errors "
        "of prices seen through noise are somewhat too small.",
        threshold=tests.threshold, significant=tests.significant, estimates=tests.estimates,
        chance=tests.estimates / CHANCE,
    )  # fmt: skip


def _loading(answer: Answer, loading: Loading, threshold: float) -> str:
    if loading.t is None:
        return answer.say.words("not fitted")
    star = "*" if abs(loading.t) >= threshold else NBSP
    return f"{answer.number(loading.loading, '.2f')} ({answer.number(loading.t, '.1f')}){star}"


def _factors(answer: Answer, found: Sequence[Factor]) -> None:
    if not found:
        return
    answer.subtitle("Factors: volatility a year, and what the last twelve months came to")
    answer.table("factor | >volatility | >12 months | >to | members", (_factor(answer, factor) for factor in found))
    answer.line("Each asset is explained by factors that leave it out itself.")


def _factor(answer: Answer, factor: Factor) -> Iterator[Cell]:
    say = answer.say
    members = ", ".join(say.words(NAMES[key]) if key in NAMES else answer.metal(key) for key in factor.members)
    members = members or say.words("none today")
    against = ", ".join(map(answer.metal, factor.against))
    yield answer.word(factor.name)
    yield answer.number(factor.volatility, ".1%")
    yield answer.number(factor.return_12m, "+.1%")
    yield (factor.last or "")[:7]
    yield say.words("{members}; against {factors}", members=members, factors=against) if against else members


def _characteristics(answer: Answer, rows: Sequence[CharacteristicPremium], notes: Sequence[str]) -> None:
    if not rows:
        return
    answer.subtitle("What characteristics of supply earned, a year for one standard deviation more")
    answer.table(
        "characteristic | >premium a year | >error | >t | >periods", (_characteristic(answer, row) for row in rows)
    )  # fmt: skip
    answer.line(
        "These are descriptions of what happened, after smoothing that looked ahead: no forecast, and nobody could have "
        "earned them."
    )
    answer.lines(*notes)


def _characteristic(answer: Answer, row: CharacteristicPremium) -> Iterator[Cell]:
    yield answer.word(row.name)
    # A mean over a few periods looks like a finding: without a test it is not shown.
    if row.t is None:
        yield from ("", "", answer.say.words("too short"))
    else:
        yield answer.number(row.premium, "+.1%")
        yield answer.number(row.error, ".1%")
        yield answer.number(row.t, ".1f")
    yield row.months


def _forecasts(answer: Answer, found: Sequence[Bias]) -> None:
    answer.subtitle("How past forecasts of volatility did, made every quarter with what was known then")
    if not found:
        answer.line("No forecast was old enough to be held against an outcome.")
    answer.notes(_bias(answer, bias) for bias in found)


def _bias(answer: Answer, bias: Bias) -> Text:
    """What one bias statistic says, and no more than its error allows."""
    told = answer.told
    span = {"series": len(bias.assets), "first": bias.first, "last": bias.last}
    if bias.what == "portfolios":
        head = told(
            "One-month changes of random portfolios of the {series:d} series not seen through noise, {first:%Y-%m} to "
            "{last:%Y-%m}: ",
            **span,
        )
    else:
        head = told(
            "Changes of the {series:d} series seen through noise over {months:d} months, from the estimated to an observed "
            "price, {first:%Y-%m} to {last:%Y-%m}: ",
            months=bias.horizon_months, **span,
        )  # fmt: skip
    if bias.error is None:
        return text(head, told("one date only, {n:d} outcomes: nothing can be said.", n=bias.outcomes))
    away, figures = bias.statistic - 1.0, {"statistic": bias.statistic, "error": bias.error, "dates": bias.dates}
    if bias.what == "portfolios":
        over = told("a forecast that is right has 1.00; {statistic:.2f} +/- {error:.2f} over {dates:d} months ", **figures)
    else:
        over = told("a forecast that is right has 1.00; {statistic:.2f} +/- {error:.2f} over {dates:d} quarters ", **figures)
    if abs(away) < DOUBT * bias.error:
        verdict = told("is not distinguishable from right.")
    elif away > 0:
        verdict = told("says it was too low by {share:.0%}.", share=away)
    else:
        verdict = told("says it was too high by {share:.0%}.", share=1.0 / bias.statistic - 1.0)
    parts = [text(head, over, verdict), told("From the median outcome: {median:.2f}.", median=bias.median)]
    if bias.what == "noisy":
        parts.append(told("Quarters overlap, and the error allows for it."))
    if bias.dates < FEW_OUTCOMES:
        parts.append(told("So few dates make the error itself a guess."))
    return text(*(part for sentence in parts for part in (sentence, " ")))
