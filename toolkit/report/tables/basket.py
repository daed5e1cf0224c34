"""The picture of the first screen: what is held, or the whole market, as one bar in the colours of its controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolkit.holdings.exposure import LotExposure
from toolkit.records.controls import Standing
from toolkit.records.positions import Position
from toolkit.report.charts.basket import Slice, basket
from toolkit.report.document import Chart, Figure
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import Text, sources
from toolkit.report.markers import UNCERTAIN
from toolkit.report.tables.lots import FORM, LEGEND, ORIGIN, PLANNED, Reach, reach

NAMES_BESIDE_BAR = 14
"""Names beside a bar of lots; smaller ones are one part."""
STANDINGS: Mapping[Standing, tuple[str, str]] = {
    "controlled": ("on", mark("licence or ban in force")),
    "unsettled": ("uncertain", mark("controlled only in part")),
    "plain": ("plain", mark("no control applies")),
}
"""Class of the mark of a standing, and the words beside it."""
UNKNOWN = ("whitelist", mark("unknown to the ledger"))
CASH = ("cash", mark("cash"))
RISK: tuple[Reach, ...] = ("may_not_return", "order", "unsettled", "unknown", "clear", "safe")
"""Where a lot stands, the worst first."""


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
    return _figure(
        run, slices, marks, say("Each product by its share of value, for delivery {towards}.", towards=_towards(run))
    )


def owned(run: Findings, lots: Sequence[LotExposure]) -> Figure | None:
    """What is owned or ordered by metal: what can be stopped first."""
    say, fmt = run.say, run.fmt
    sums: dict[tuple[Reach, str], float] = {}
    for lot in lots:
        if lot.status != PLANNED and lot.value:
            key = (reach(lot), lot.asset)
            sums[key] = sums.get(key, 0.0) + lot.value
    if not sums:
        return None
    rows = sorted(sums.items(), key=lambda row: (RISK.index(row[0][0]), -row[1], row[0][1]))
    small = sorted(rows, key=lambda row: -row[1])[NAMES_BESIDE_BAR:]
    small = [row for row in small if sum(other[0][0] == row[0][0] for other in small) > 1]  # one alone has its name
    slices = [
        Slice(value, f"{run.head(run.product(asset)).text} {run.money(value)}", LEGEND[where][0])
        for (where, asset), value in rows
        if ((where, asset), value) not in small
    ]
    for where in RISK:
        if rest := [value for (at, _), value in small if at == where]:
            words = say.words("{n} more, {value}", n=fmt.number(len(rest)), value=run.money(sum(rest)))
            slices.append(Slice(sum(rest), words, LEGEND[where][0]))
    slices.sort(key=lambda part: [LEGEND[where][0] for where in RISK].index(part.fill))
    marks = [LEGEND[where] for where in RISK]
    sub = say("Each metal by its value: what can be stopped stands above, what is stored outside its origin below.")
    return _figure(run, slices, marks, sub, ORIGIN, FORM)


def market(run: Findings) -> Figure | None:
    """Every product, each as large as any other, by its standing."""
    rows = sorted(run.record.controls, key=lambda row: ([*STANDINGS].index(run.standing(row.asset)), run.head(row).text))
    slices = [Slice(1.0, run.head(row).text, STANDINGS[run.standing(row.asset)][0]) for row in rows]
    sub = run.say("Each product once, for delivery {towards}.", towards=_towards(run))
    return _figure(run, slices, [*STANDINGS.values()], sub) if slices else None


def _towards(run: Findings) -> str:
    return run.towards(run.record.owner.country)


def _figure(run: Findings, slices: Sequence[Slice], marks: Sequence[tuple[str, str]], sub: Text, *rests: str) -> Figure:
    there = {part.fill for part in slices}
    legend = tuple((key, run.say.words(words)) for key, words in marks if key in there)
    told = "; ".join(part.label for part in slices)
    foot = run.say(
        "Source: notices of the Chinese authorities{markers}.",
        markers=sources(run.of_tables("controls"), run.rests_on(UNCERTAIN, *rests)),
    )
    title = run.say("What of it export controls reach")
    return Figure(title, sub, (Chart(basket(slices, run.fmt), f"{told}."),), legend, foot)
