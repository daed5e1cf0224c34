"""The picture of the first screen: what is held, or the whole market, as one bar in the colours of its controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolkit.records.controls import Standing
from toolkit.records.positions import Position
from toolkit.report.charts.basket import Slice, basket
from toolkit.report.document import Chart, Figure
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import Text, sources
from toolkit.report.markers import UNCERTAIN

STANDINGS: Mapping[Standing, tuple[str, str]] = {
    "controlled": ("on", mark("licence or ban in force")),
    "unsettled": ("uncertain", mark("controlled only in part")),
    "plain": ("plain", mark("no control applies")),
}
"""Class of the mark of a standing, and the words beside it."""
UNKNOWN = ("whitelist", mark("unknown to the ledger"))
CASH = ("cash", mark("cash"))


def proposed(run: Findings) -> Figure | None:
    """The proposal by product: what is under control first, the largest of each first, cash last.

    None where something is sold short: parts of a bar would not add up to the whole.
    """
    if any(p.weight < 0 for p in run.held):
        return None
    say, fmt = run.say, run.fmt
    unknown = {p.asset for p in run.unjudged}

    def mark_of(p: Position) -> str:
        return UNKNOWN[0] if p.asset in unknown else STANDINGS[run.standing(p.product)][0]

    order = [key for key, _ in (*STANDINGS.values(), UNKNOWN)]
    rows = sorted((p for p in run.held if p.weight > 0), key=lambda p: (order.index(mark_of(p)), -p.weight, p.asset))
    if not rows:
        return None
    slices = [Slice(p.weight, f"{run.head(p).text} {fmt.percent(p.weight)}", mark_of(p)) for p in rows]
    cash = run.proposal.cash.weight
    if cash > 0:
        slices.append(Slice(cash, f"{say.words('Cash')} {fmt.percent(cash)}", CASH[0]))
    marks = [*STANDINGS.values(), UNKNOWN, CASH]
    return basket_figure(
        run, slices, marks, say("Each product by its share of value, for delivery {towards}.", towards=_towards(run))
    )


def market(run: Findings) -> Figure | None:
    """Every product, each as large as any other, by its standing."""
    rows = sorted(run.record.controls, key=lambda row: ([*STANDINGS].index(run.standing(row.asset)), run.head(row).text))
    slices = [Slice(1.0, run.head(row).text, STANDINGS[run.standing(row.asset)][0]) for row in rows]
    sub = run.say("Each product once, for delivery {towards}.", towards=_towards(run))
    return basket_figure(run, slices, [*STANDINGS.values()], sub) if slices else None


def _towards(run: Findings) -> str:
    return run.towards(run.record.owner.country)


def basket_figure(run: Findings, slices: Sequence[Slice], marks: Sequence[tuple[str, str]], sub: Text, *rests: str) -> Figure:
    """A bar of a whole in the colours of its controls.

    Args:
        run: The findings.
        slices: Parts of the bar, from the top down.
        marks: Class and words of each kind of part.
        sub: What the parts are.
        rests: Keys of further assumptions behind it.
    """
    there = {part.fill for part in slices}
    legend = tuple((key, run.say.words(words)) for key, words in marks if key in there)
    told = "; ".join(part.label for part in slices)
    foot = run.say(
        "Source: notices of the Chinese authorities{markers}.",
        markers=sources(run.of_tables("controls"), run.rests_on(UNCERTAIN, *rests)),
    )
    title = run.say("What of it export controls reach")
    return Figure(title, sub, (Chart(basket(slices, run.fmt), f"{told}."),), legend, foot)
