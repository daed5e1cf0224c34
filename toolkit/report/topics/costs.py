"""What entering costs: from the budget to metal and cash as a waterfall."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from toolkit.records.positions import Position
from toolkit.report.charts.waterfall import Step, waterfall
from toolkit.report.document import Chart, Figure, Row, Table, left, legend, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import capital
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import NONE, Inline, Span, sources, strong
from toolkit.report.markers import CHARGES, COSTS, OFFERS, SET

ASSUMED = ("assumption", "published_fee")
"""Terms of which spread and lot are assumed: what a vault publishes is its fee."""
CENT = Decimal("0.01")
LINES = {
    "spread": mark("half spread"),
    "premium": mark("origin premium"),
    "vat": mark("VAT"),
    "impact": mark("market impact"),
    "fees": mark("fees"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """A part of the entry cost.

    Attributes:
        key: ``spread``, ``premium``, ``vat``, ``impact`` or ``fees``; empty where the run does not keep them apart.
        amount: In the reporting currency, whole cents.
        rests_on: Keys of the assumptions that this run makes and the amount rests on.
    """

    key: str
    amount: float
    rests_on: tuple[str, ...]


def items(run: Findings) -> tuple[Item, ...]:
    """The parts of the entry cost, the largest first; their cents add up to those of the cost."""
    total = run.proposal.costs.entry
    parts = run.entry_items or {"": total}
    return tuple(Item(key, amount, _rests_on(run, key)) for key, amount in to_the_cent(parts, total).items() if amount > 0)


def _rests_on(run: Findings, key: str) -> tuple[str, ...]:
    traded = any(p.terms in ASSUMED for p in run.shown if p.cost > 0)
    if key == "premium":
        found: tuple[str, ...] = (OFFERS,)
    elif key in SET:
        found = (CHARGES,)
    else:
        found = (COSTS,) if traded else ()
    return found if run.rests_on(*found).refs else ()


def entry_rests_on(run: Findings) -> tuple[str, ...]:
    """Keys of the assumptions that the entry cost rests on."""
    return tuple(dict.fromkeys(key for item in items(run) for key in item.rests_on))


def to_the_cent(parts: Mapping[str, float], total: float) -> dict[str, float]:
    """Parts in whole cents that add up to the cents of `total`: those with the largest rests are rounded up.

    Of a total whose own parts were rounded one by one, which is some cents away, each part takes its share.
    """
    scale = Decimal(str(total)) / whole if (whole := sum(Decimal(str(value)) for value in parts.values())) else Decimal(1)
    exact = {key: Decimal(str(value)) * scale / CENT for key, value in parts.items()}
    cents = {key: value.to_integral_value(ROUND_FLOOR) for key, value in exact.items()}
    missing = int((Decimal(str(total)) / CENT).to_integral_value(ROUND_HALF_UP) - sum(cents.values()))
    for key in sorted(parts, key=lambda key: cents[key] - exact[key])[: max(missing, 0)]:
        cents[key] += 1
    return {key: float(value * CENT) for key, value in cents.items()}


def cost_waterfall(run: Findings) -> Figure | None:
    """From the budget through each part of the entry cost to cash and metal; None where entering costs nothing."""
    record, say, fmt = run.proposal, run.say, run.fmt
    if record.costs.entry <= 0:
        return None
    placed, cash = sum(p.value for p in record.positions), record.cash.value
    found = items(run)
    assumed = any(item.rests_on for item in found)
    steps = [Step(say.words("Budget"), fmt.number(record.budget), record.budget, "whole")]
    steps += [
        Step(capital(_line(run, item.key)), fmt.number(-item.amount), item.amount, "cost", bool(item.rests_on))
        for item in found
    ]
    steps.append(Step(say.words("Stays in cash"), fmt.number(cash), cash, "kept"))
    steps.append(Step(say.words("Placed in metal"), fmt.number(placed), placed, "kept"))
    cost = run.derived(run.money(record.costs.entry), *entry_rests_on(run), marked=False)
    title = say(
        "Of {budget}, {placed} becomes metal, {cash} stays in cash and {cost} goes into trading",
        budget=run.money(record.budget),
        placed=run.money(placed),
        cash=run.money(cash),
        cost=cost,
    )
    told = [f"{step.label} {step.written}" for step in steps]
    return Figure(
        title,
        say("From the budget to what is held, in {currency}.", currency=run.currency),
        (Chart(waterfall(steps, fmt), f"{'; '.join(told)}."),),
        legend((assumed, "hollow", say.words("rests on an assumption"))),
        say("Own calculation{markers}.", markers=sources(run.of_prices(), run.rests_on(*entry_rests_on(run)))),
        _table(run, found),
    )


def _table(run: Findings, found: tuple[Item, ...]) -> Table:
    """The steps with their cents and what is left after each."""
    say, fmt = run.say, run.fmt
    level = Decimal(str(run.proposal.budget)).quantize(CENT, ROUND_HALF_UP)
    steps: list[tuple[Inline, Inline, Inline]] = [(say("Budget"), NONE, strong(fmt.number(float(level), 2)))]
    for item in found:
        level -= Decimal(str(item.amount))
        amount = run.derived(fmt.number(-item.amount, 2), *item.rests_on)
        steps.append((capital(_line(run, item.key)), amount, fmt.number(float(level), 2)))
    cash = Decimal(str(run.proposal.cash.value)).quantize(CENT, ROUND_HALF_UP)
    steps.append((say("Stays in cash"), fmt.number(float(-cash), 2), fmt.number(float(level - cash), 2)))
    return run.table(
        "From the budget to what is held",
        steps,
        left("Step", lambda step: step[0]),
        right("Amount, {currency}", lambda step: step[1]),
        right("Left, {currency}", lambda step: step[2]),
        # What is left: of a divisible answer the rounded values may add up to a cent more or less.
        below=[Row.of(say("Placed in metal"), NONE, strong(fmt.number(float(level - cash), 2)), total=True)],
        stacks=False,
    )


def _line(run: Findings, key: str) -> str:
    if not key:
        return run.say.words("Trading cost")
    return run.say.word(key, LINES)


def trade_rests_on(run: Findings, p: Position) -> tuple[str, ...]:
    """Keys of the assumptions that the cost of a trade rests on: terms of the dealer, a premium, charges of the strategy."""
    own = (COSTS,) if p.terms in ASSUMED else ()
    offered = (OFFERS,) if p.offer_of and "premium" in run.entry_items else ()
    charged = (CHARGES,) if run.rests_on(CHARGES).refs else ()
    keys = (*own, *offered, *charged)
    return keys if run.rests_on(*keys).refs else ()


def cost_of(run: Findings, p: Position, words: str) -> Span:
    """A cost in words, as data or as derived from what its trade rests on."""
    return run.derived(words, *trade_rests_on(run, p), marked=False)
