"""Allocation: weights now and proposed, what they cost, what rounding to lots changed, and the orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from toolkit.records.positions import Position
from toolkit.report.compose import section
from toolkit.report.document import Bar, BarTable, Block, Column, Columns, Figure, Missing, Paragraph, Row, Table
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import NONE, Span, Text, muted, sources, strong, text
from toolkit.report.tables.costs import CENT, cost_waterfall, costs_by_trade, entry_rests_on, items
from toolkit.report.tables.orders import expected_returns, orders

UNCHANGED = 0.0005
"""A change of weight that would be shown as zero."""


@section("allocation", mark("Allocation"), needs=["positions"])
def allocation(run: Findings) -> tuple[Block, ...] | Missing:
    """Weights beside costs, the orders and the sum that closes, and the effect of lots.

    A cost of several parts has its way from the budget drawn; one of a single part is told by the sum alone.
    """
    if not run.shown:
        kept = run.money(run.proposal.cash.value, 2)
        return Missing(run.say.words("Nothing is held and nothing is bought: {cash} stays in cash.", cash=kept))
    drawn = len(items(run)) > 1
    if run.short:  # the bar of the first screen has the weights
        return (orders(run), Paragraph(_equation(run), "equation"), *_folded(run, _rounding(run)))
    return (
        *_paired([_weights(run), costs_by_trade(run)]),
        *(_paired([cost_waterfall(run), _rounding(run)]) if drawn else ()),
        orders(run),
        Paragraph(_equation(run), "equation"),
        *((found,) if (found := expected_returns(run)) else ()),
        *(() if drawn else _folded(run, _rounding(run))),
    )


def _paired(figures: list[Figure | None]) -> tuple[Block, ...]:
    """Figures side by side; a single one has the width for itself."""
    found = tuple(figure for figure in figures if figure)
    return (Columns(found),) if len(found) > 1 else found


def _folded(run: Findings, figure: Figure | None) -> tuple[Block, ...]:
    """A finding with its table behind it."""
    if figure is None:
        return ()
    (table,) = figure.body
    sub = text(figure.sub, sources(*run.of_prices()))
    return (replace(figure, sub=sub, body=(), source=(), data=table if isinstance(table, Table) else None),)


def _weights(run: Findings) -> Figure:
    say, before, cash, shown = run.say, run.before, run.proposal.cash, run.shown
    caps = run.proposal.caps.assets
    known = {p.asset: caps.get(p.asset, caps.get(p.element or "")) for p in shown}
    weights = [*(p.weight for p in shown), *(p.previous_weight for p in shown), cash.weight]
    scale = 1.12 * max(*map(abs, weights), *(cap for cap in known.values() if cap))
    short = any(weight < -UNCHANGED for weight in weights)
    bars = [
        Bar(
            text(run.head(p)),
            _weight_cells(run, p.weight, p.previous_weight),
            abs(p.weight) / scale,
            abs(p.previous_weight) / scale if before else None,
            None if (cap := known[p.asset]) is None else cap / scale,
            hollow=p.weight < 0,
        )
        for p in shown
    ]
    cash_cells = _weight_cells(run, cash.weight, cash.previous_weight)
    had = abs(cash.previous_weight) / scale if before else None
    owed = cash.weight < -UNCHANGED
    bars.append(Bar(say("Cash"), cash_cells, abs(cash.weight) / scale, had, hollow=owed, total=True))
    heads = (say.words("now"), say.words("new"), say.words("change")) if before else (say.words("weight"),)
    distinct = sorted({cap for cap in known.values() if cap is not None})
    marks = ((distinct[0] / scale, say.words("limit {limit}", limit=run.fmt.limit(distinct[0]))),) if len(distinct) == 1 else ()
    legend = (("now", say.words("now")),) * bool(before) + (("new", say.words("proposed")),)
    legend += (("cap", say.words("limit per holding")),) * bool(distinct)
    legend += (("hollow", say.words("sold short or borrowed")),) * short
    sub = say("Share of value after trading costs.")
    if before:
        sub = say("Share of value after trading costs. Grey is today, blue is proposed; change in percentage points.")
    table = BarTable(say.words("Weights"), say.words("Holding"), tuple(Column(head) for head in heads), tuple(bars), marks)
    return Figure(_weights_finding(run), sub, (table,), legend, _calculated(run))


def _calculated(run: Findings) -> Text:
    return run.say("Own calculation{markers}.", markers=sources(*run.of_prices()))


def _weight_cells(run: Findings, new: float, old: float) -> tuple[Text, ...]:
    fmt = run.fmt
    # Cash below zero is a debt, and no dash.
    now = text(strong(fmt.percent(new))) if new > 0 or new < -UNCHANGED else text(NONE)
    if run.before is None:
        return (now,)
    change = text(NONE) if abs(new - old) < UNCHANGED else text(muted(fmt.points(new - old)))
    return (text(muted(fmt.percent(old))) if old > 0 or old < -UNCHANGED else text(NONE), now, change)


def _change_finding(run: Findings) -> Text:
    say = run.say
    if all(row.side == "keep" for row in run.proposal.orders):
        return say("Nothing is bought or sold")
    largest = max(run.shown, key=lambda p: abs(p.weight - p.previous_weight))
    step = largest.weight - largest.previous_weight
    words = {"metal": run.metal(largest), "points": run.fmt.number(100 * abs(step), 1)}
    if step > 0:
        return say("The largest change is in {metal}, which gains {points} points", **words)
    return say("The largest change is in {metal}, which loses {points} points", **words)


def _weights_finding(run: Findings) -> Text:
    say, fmt = run.say, run.fmt
    if not run.held:
        return say("Everything held today is sold")
    if run.before:
        return _change_finding(run)
    first = run.held[0]
    head, weight = run.head(first), fmt.percent(first.weight)
    if len(run.held) == 1:
        return say("{metal} is the one holding, with {share} of value", metal=head, share=weight)
    if len(run.held) <= 3:
        return say("{metal} is the largest holding, with {share} of value", metal=head, share=weight)
    three = run.held[:3]
    return say(
        "{metals} hold {share} of value together",
        metals=say.listed([head, *(run.metal(p) for p in three[1:])]),
        share=fmt.percent(sum(p.weight for p in three), 0),
    )


def _rounding(run: Findings) -> Figure | None:
    """From today through the optimum of divisible metals to whole lots; None where nothing is traded in lots."""
    say, fmt, cash = run.say, run.fmt, run.proposal.cash
    if all(p.lots is None for p in run.proposal.positions):
        return None
    ideal = {p.asset: p.relaxed_weight for p in run.proposal.positions}
    rows = [p for p in run.proposal.positions if max(p.weight, ideal[p.asset]) >= UNCHANGED]
    rows.sort(key=lambda p: (-max(p.weight, ideal[p.asset]), p.asset))
    steps = [(run.head(p), p.previous_weight, ideal[p.asset], p.weight) for p in rows]
    steps.append((Span(say.words("Cash")), cash.previous_weight, run.proposal.relaxed.cash, cash.weight))
    moved = sum(abs(lots - best) for _, _, best, lots in steps) / 2
    table = Table(
        say.words("Today, divisible, whole lots"),
        (
            Column(say.words("Holding"), "left"),
            *((Column(say.words("Today")),) if run.before else ()),
            Column(say.words("Divisible")),
            Column(say.words("Whole lots"), short=say.words("Lots")),
            Column(say.words("Rounding, points"), short=say.words("Rounding")),
        ),
        tuple(
            Row(
                (
                    text(label),
                    *((_share(run, was),) if run.before else ()),
                    _share(run, best),
                    text(strong(fmt.percent(lots))) if lots >= UNCHANGED else text(NONE),
                    text(fmt.points(lots - best)) if abs(lots - best) >= UNCHANGED else text(NONE),
                ),
                total=i == len(steps) - 1,
            )
            for i, (label, was, best, lots) in enumerate(steps)
        ),
        stacks=False,
    )
    return Figure(_rounding_finding(run, rows, ideal, moved), _loss(run), (table,), source=_calculated(run))


def _rounding_finding(run: Findings, rows: Sequence[Position], ideal: Mapping[str, float], moved: float) -> Text:
    if moved < UNCHANGED or not rows:
        return run.say("Rounding to lots changes next to nothing")
    largest = max(rows, key=lambda p: abs(p.weight - ideal[p.asset]))
    return run.say(
        "Rounding to lots moves {points} points of value, most in {metal} ({step})",
        points=run.fmt.number(100 * moved, 1),
        metal=run.metal(largest),
        step=run.fmt.points(largest.weight - ideal[largest.asset]),
    )


def _share(run: Findings, weight: float) -> Text:
    return text(muted(run.fmt.percent(weight))) if abs(weight) >= UNCHANGED else text(NONE)


def _loss(run: Findings) -> Text:
    """What is compared, what lots do to the volatility, and how near to the best of whole lots these are proven to be."""
    say, fmt, gap = run.say, run.fmt, run.proposal.solver.lots_gap
    if gap is None:
        told = say("Share of value: the optimum if metals were divisible, and the nearest in whole lots.")
    else:
        told = say(
            "Share of value: the optimum if metals were divisible, and the best in whole lots, proven to within {gap} of it.",
            gap=fmt.percent(gap, 2),
        )
    volatility = say(
        "Volatility is {lots} a year in whole lots, and would be {divisible} if metals were divisible.",
        lots=fmt.percent(run.proposal.risk.volatility),
        divisible=fmt.percent(run.proposal.relaxed.volatility),
    )
    return text(told, " ", volatility)


def _equation(run: Findings) -> Text:
    """Values, cash and costs add up to the budget; a continuous proposal may miss it by rounding, and then says so."""
    record = run.proposal
    placed = sum((Decimal(str(p.value)) for p in record.positions), Decimal(0))
    parts = (placed, Decimal(str(record.cash.value)), Decimal(str(record.costs.entry)))
    rounded = [part.quantize(CENT, ROUND_HALF_UP) for part in parts]
    budget = Decimal(str(record.budget)).quantize(CENT, ROUND_HALF_UP)
    metals, cash, costs = (run.money(float(part), 2) for part in rounded)
    return run.say(
        "{metals} placed + {cash} in cash + {costs} trading costs {sign} {budget} budget",
        metals=strong(metals),
        cash=strong(cash),
        costs=run.derived(costs, *entry_rests_on(run)),
        sign="=" if sum(rounded) == budget else "≈",
        budget=strong(run.money(float(budget), 2)),
    )
