"""Where the wealth of a backtest came from, costs as a part of it, and what did not go as decided."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.records.answers.backtest import Attribution, Incident
from toolkit.report.compose import section
from toolkit.report.document import Bar, Block, Figure, left, legend, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import capital
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.names import of_key
from toolkit.report.i18n.text import NONE, Inline, Span, Text, muted, name, strong
from toolkit.report.markers import HALF_A_CENT
from toolkit.report.tables.backtest import INCIDENTS, by_kind, calculated, first, of, title

PAID = (("costs", mark("Costs of trades")), ("storage", mark("Storage")), ("lost", mark("Lost to bans")))
ROOM = 1.1
"""The longest bar leaves a tenth of its room free."""


@section("attribution", mark("What it came from"), needs=["backtest"])
def attribution(run: Findings) -> tuple[Block, ...]:
    """Gains of each metal, then what was paid; they add up to the change of wealth."""
    say, found, one = run.say, of(run), first(run)
    parts = one.attribution
    gains = sorted(parts.gains.items(), key=lambda item: (-item[1], item[0]))
    paid = [(say.words(words), -getattr(parts, key)) for key, words in PAID if abs(getattr(parts, key)) > HALF_A_CENT]
    total = one.wealth[-1] - found.budget
    scale = ROOM * (
        max(abs(amount) for amount in (parts.interest, *parts.gains.values(), *(paid_ for _, paid_ in paid))) or 1.0
    )

    rows: list[tuple[str, float, bool]] = [
        *((capital(_named(run, key)), gain, False) for key, gain in gains),
        *([(say.words("Interest on cash"), parts.interest, False)] if abs(parts.interest) > HALF_A_CENT else []),
        *((words, amount, True) for words, amount in paid),
    ]

    def share(amount: float) -> Span:
        return muted(run.fmt.percent(amount / found.budget, 1, signed=True))

    def bar(row: tuple[str, float, bool]) -> Bar:
        _, amount, is_paid = row
        if is_paid:
            return Bar(value=-amount / scale, hollow=True)
        return Bar(value=max(amount, 0.0) / scale or None, reference=-min(amount, 0.0) / scale or None)

    table = run.bars(
        "Change of wealth by what it came from",
        rows,
        left("Part", lambda row: row[0]),
        right("Amount", lambda row: run.money(row[1])),
        right("Of the budget", lambda row: share(row[1])),
        bar=bar,
        below=[Bar.of(say("Change of wealth"), strong(run.money(total)), share(total), total=True)],
    )
    marked = legend(
        (True, "new", say.words("gained")),
        (any(gain < 0 for _, gain in gains), "now", say.words("lost")),
        (paid, "hollow", say.words("paid, by assumed terms")),
    )
    sub = say(
        "Gains of its holdings by prices and exchange rates, and what was paid, {first} to {last}; the sum is exact.",
        first=run.fmt.month(found.dates[0]),
        last=run.fmt.month(found.dates[-1]),
    )
    return (Figure(_finding(run, parts), sub, (table,), marked, calculated(run)),)


def _named(run: Findings, key: str) -> str:
    return run.metal(run.product(key)).text if key in run.controls else of_key(key, run.say)


def _finding(run: Findings, parts: Attribution) -> Text:
    """What part of the gains was paid away; where there was no gain, what was paid."""
    say, gained, paid = run.say, sum(parts.gains.values()), parts.costs + parts.storage + parts.lost
    if not parts.gains:
        return say("Nothing was ever held")
    if gained <= 0:
        return say("Its holdings lost {loss}, and {paid} were paid", loss=run.money(-gained), paid=run.money(paid))
    key, most = max(parts.gains.items(), key=lambda item: (item[1], item[0]))
    return say(
        "Its holdings gained {gained}, {metal} most with {most}; {share} of it went into costs",
        gained=run.money(gained),
        metal=name(_named(run, key)),
        most=run.money(most),
        share=run.fmt.percent(paid / gained, 0),
    )


@section("incidents", mark("What did not go as decided"), needs=["backtest"])
def incidents(run: Findings) -> tuple[Block, ...]:
    """Kinds of incidents of the first strategy: how often, the money concerned, the first and the last."""
    say, fmt, one = run.say, run.fmt, first(run)
    found = list(by_kind(one))
    count = sum(len(rows) for _, rows, _ in found)
    finding = (
        say.counted(
            count,
            "{N} order or decision of {strategy} did not go as decided",
            "{N} orders or decisions of {strategy} did not go as decided",
            strategy=name(title(run, one)),
        )
        if count
        else say("Every order of {strategy} was carried out as decided", strategy=name(title(run, one)))
    )

    def metals(kind: tuple[str, Sequence[Incident], float]) -> Inline:
        named = dict.fromkeys(_named(run, row.asset) for row in kind[1] if row.asset is not None)
        return say.series(list(named)) if named else NONE

    table = run.table(
        "Incidents by kind",
        found,
        left("What happened", lambda kind: capital(say.words(INCIDENTS[kind[0]]))),
        left("Metals", metals) if any(row.asset is not None for _, those, _ in found for row in those) else None,
        right("Times", lambda kind: fmt.number(len(kind[1]))),
        right("Money concerned, {currency}", lambda kind: fmt.number(kind[2]) if kind[2] else NONE),
        right("First", lambda kind: fmt.short_date(kind[1][0].day)),
        right("Last", lambda kind: fmt.short_date(kind[1][-1].day)),
    )
    if one.stuck:
        sub = say("At the end {money} were stuck in orders that a ban stopped; they count nothing.", money=run.money(one.stuck))
    else:
        sub = say("Orders wait for a price and lapse at the next decision; what is on its way may be late or stopped.")
    return (Figure(finding, sub, (table,) if found else ()),)
