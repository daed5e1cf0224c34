"""`toolkit factors`: what drives the risk, how prices were corrected, and how past forecasts of risk did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli.options import Common, with_common
from toolkit.cli.request import DEFAULT_STRATEGY, StrategyName
from toolkit.cli.terminal import console, print_json, progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from toolkit.app.factors import FactorsAnswer
    from toolkit.app.walk_forward import Bias
    from toolkit.cli.tables import Table

DOUBT = 2.0
"""Standard errors within which a bias statistic cannot be told from right."""
CHANCE = 20
"""One true zero in so many has a t-statistic beyond two."""
LOADING_WIDTH = 16
"""Columns that a loading with its t-statistic needs."""
FEW = 20
"""Outcomes below which the standard error of a bias statistic is itself a guess."""
SEEN = {
    "customs_unit_value": "customs value",
    "monthly_average": "month average",
    "annual_average": "year average",
    "getmansky_lo_makarov": "assessed, GLM",
    "geltner": "assessed, Geltner",
}

NAMES = {"currency:USD": "the dollar's exchange rate"}
"""Members of factors that are no asset."""


@with_common
def factors(
    strategy: StrategyName = DEFAULT_STRATEGY,
    *,
    correlations: Annotated[
        bool, typer.Option("--correlations", help="Show what moves together instead, pair by pair.")
    ] = False,
    common: Common,
) -> None:
    """Show the factor model: loadings, fit, corrected volatilities, and whether past forecasts of risk held."""
    from toolkit.app.factors import factors as ask

    context = common.context()
    with progress("Estimating, and repeating past forecasts", common):
        answer = ask(context, strategy, prices=common.price_files(), seed=common.seed)
    if common.json:
        print_json(answer.to_json())
        return
    out = console(common)
    told = answer.to_json()
    out.print(
        f"Risk of {told['strategy']['title']}, in {answer.currency} unless a note says otherwise, known on {answer.as_of}",
        style="bold",
        markup=False,
    )
    if correlations:
        _correlations(told["correlations"], out)
    else:
        _volatilities(told["assets"], out)
        _loadings(told, out)
        _factors(told["factors"], out)
        described = () if answer.characteristics is None else answer.characteristics.notes
        _characteristics(told["characteristics"], described, out)
        _forecasts(answer, out)
    for note in answer.notes:
        out.print(f"Note: {note}", markup=False)


def _table(left: Sequence[str], right: Sequence[str], last: Sequence[str] = ()) -> Table:
    """A table of words, of figures, and of words again."""
    from toolkit.cli.tables import Table

    table = Table()
    for heading in left:
        table.add_column(heading)
    for heading in right:
        table.add_column(heading, justify="right")
    for heading in last:
        table.add_column(heading)
    return table


def _correlations(rows: Sequence[Mapping[str, Any]], out: Console) -> None:
    table = _table(("asset", "with"), ("forecast", "observed", "95% interval", "n"))
    for row in rows:
        known = row["observed"] is not None
        interval = f"{row['low']:+.2f} to {row['high']:+.2f}" if known else "too few"
        table.add_row(
            *row["assets"], f"{row['forecast']:+.2f}", f"{row['observed']:+.2f}" if known else "", interval, str(row["periods"])
        )
    out.print("Correlations, those of the forecast first", style="bold")
    out.print(table)
    apart = sum(row["observed"] is not None and not row["low"] <= 0.0 <= row["high"] for row in rows)
    out.print(
        f"observed: rank correlation of the changes of what was printed in n common periods; {apart} of {len(rows)} intervals"
        " leave out zero. Noise of customs values draws it to zero, which the forecast corrects for and shrinks.",
        markup=False,
    )


def _volatilities(assets: Sequence[Mapping[str, Any]], out: Console) -> None:
    table = _table(("asset", "price seen as"), ("n", "raw", "alone", "corrected", "68% interval", "now", "own", "R2"))
    for a in assets:
        interval = f"{_percent(a['low'])} to {_percent(a['high'])}"
        table.add_row(
            a["asset"], SEEN.get(a["observation"], str(a["observation"]).replace("_", " ")), str(a["changes"]),
            _percent(a["raw"]), "" if a["without_history"] is None else _percent(a["without_history"]),
            _percent(a["corrected"]), interval, _percent(a["forecast"]), _whole(a["own_weight"]),
            _whole(a["fit"]),
        )  # fmt: skip
    out.print("Volatility a year", style="bold")
    out.print(table)
    out.print(
        "n: changes. raw: of the prints. alone: corrected, without the decades of yearly prices that otherwise count. "
        "corrected: of the price behind the prints. now: the forecast for the year ahead. own: how far the figure follows the "
        "asset's own data, the rest is what came before and its group. R2: share the factors explain.",
        markup=False,
    )


def _loadings(told: Mapping[str, Any], out: Console) -> None:
    names = [factor["name"] for factor in told["factors"]]
    if not names:
        out.print(f"Covariance kind {told['covariance']!r} has no named factors: no loadings, no factor returns.", markup=False)
        return
    out.print("Loadings, with t-statistics in brackets", style="bold")
    first = max(len(a["asset"]) for a in told["assets"]) + 1
    room = max((out.width - min(first, 40)) // LOADING_WIDTH, 1)
    for start in range(0, len(names), room):
        shown = names[start : start + room]
        table = _table(("asset",), [name.replace("_", " ") for name in shown])
        for a in told["assets"]:
            marked = (_loading(a["loadings"][name], told["tests"]["threshold"]) for name in shown)
            table.add_row(a["asset"], *marked)
        out.print(table)
    tests = told["tests"]
    chance = f"{tests['estimates'] / CHANCE:.0f}"
    out.print(
        f"* |t| of {tests['threshold']:g} or more: {tests['significant']} of {tests['estimates']} different estimates, where"
        f" chance alone would mark about {chance}; no other loading is distinguishable from zero. Members of a group may share"
        " an estimate. Errors of prices seen through noise are somewhat too small.",
        markup=False,
    )


def _factors(factors: Sequence[Mapping[str, Any]], out: Console) -> None:
    if not factors:
        return
    table = _table(("factor",), ("volatility", "12 months", "to"), ("members",))
    for f in factors:
        members = ", ".join(NAMES.get(str(key), str(key)) for key in f["members"]) or "none today"
        table.add_row(
            f["name"].replace("_", " "), _percent(f["volatility"]), _signed(f["return_12m"]), (f["last"] or "")[:7],
            f"{members}; against {', '.join(f['against'])}" if f["against"] else members,
        )  # fmt: skip
    out.print("Factors: volatility a year, and what the last twelve months came to", style="bold")
    out.print(table)
    out.print("Each asset is explained by factors that leave it out itself.")


def _characteristics(rows: Sequence[Mapping[str, Any]], notes: Sequence[str], out: Console) -> None:
    if not rows:
        return
    table = _table(("characteristic",), ("premium a year", "error", "t", "periods"))
    for row in rows:
        # A mean over a few periods looks like a finding: without a test it is not shown.
        tested = row["t"] is not None
        figures = (_signed(row["premium"]), _percent(row["error"]), f"{row['t']:.1f}") if tested else ("", "", "too short")
        table.add_row(row["name"].replace("_", " "), *figures, str(row["months"]))
    out.print("What characteristics of supply earned, a year for one standard deviation more", style="bold")
    out.print(table)
    out.print(
        "These are descriptions of what happened, after smoothing that looked ahead: no forecast, and nobody could have earned"
        " them. " + " ".join(notes),
        markup=False,
    )


def _forecasts(answer: FactorsAnswer, out: Console) -> None:
    out.print("How past forecasts of volatility did, made every quarter with what was known then", style="bold")
    if not answer.bias:
        out.print("No forecast was old enough to be held against an outcome.")
    for bias in answer.bias:
        out.print(_told(bias), markup=False)


def _told(bias: Bias) -> str:
    """One sentence on one bias statistic, and no more than its error allows."""
    series = f"{len(bias.assets)} series"
    if bias.what == "portfolios":
        what = f"One-month changes of random portfolios of the {series} not seen through noise"
        after = f"{bias.dates} months"
    else:
        what = (
            f"Changes of the {series} seen through noise over {bias.horizon_months} months, from the believed level to a print"
        )
        after = f"{bias.dates} quarters"
    head = f"{what}, {bias.first:%Y-%m} to {bias.last:%Y-%m}: "
    if bias.dates == 1:
        return f"{head}one date only, {bias.outcomes} outcomes: nothing can be said."
    away = bias.statistic - 1.0
    if abs(away) < DOUBT * bias.error:
        verdict = "cannot be told from right"
    elif away > 0:
        verdict = f"says it was too low by {away:.0%}"
    else:
        verdict = f"says it was too high by {1.0 / bias.statistic - 1.0:.0%}"
    caution = " So few dates make the error itself a guess." if bias.dates < FEW else ""
    overlap = " Quarters overlap, and the error allows for it." if bias.what == "noisy" else ""
    return (
        f"{head}a forecast that is right has 1.00; {bias.statistic:.2f} +/- {bias.error:.2f} over {after} {verdict}."
        f" From the median outcome: {bias.median:.2f}.{overlap}{caution}"
    )


def _loading(loading: Mapping[str, Any], threshold: float) -> str:
    if loading["t"] is None:
        return "not fitted "
    mark = "*" if abs(loading["t"]) >= threshold else " "
    return f"{loading['loading']:.2f} ({loading['t']:.1f}){mark}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _whole(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.1%}"
