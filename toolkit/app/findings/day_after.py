"""What the next official date changes for lots, buyer by buyer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from toolkit.app.findings.part import Ask, part
from toolkit.app.findings.resale import groups_of, law_of
from toolkit.holdings.exposure import LotExposure
from toolkit.holdings.resale import NO, resale_buyers
from toolkit.records.parts.resale import AnswerValue, BuyerChange, ChangedLots, DayAfter
from toolkit.records.subjects import Holdings
from toolkit.report.findings import official_dates


@part("day_after")
def day_after(ask: Ask) -> DayAfter | None:
    """The answers of `toolkit.holdings.resale` today and on the day after the next official date, by the law known today."""
    if not isinstance(ask.record, Holdings):
        return None
    dates = [row.date for row in official_dates(ask.record.upcoming)]
    groups = groups_of(ask.lots)
    if not dates or not groups:
        return None
    after = date.fromisoformat(dates[0]) + timedelta(days=1)
    ledger = ask.context.ledger
    routes, owner = [(lot.destination, lot.end_user) for lot in ask.lots], ask.record.owner.country
    buyers = dict.fromkeys(
        buyer for day in (ask.as_of, after) for buyer in resale_buyers(ledger, on=day, routes=routes, owner=owner)
    )
    changes = [change for buyer in buyers if (change := _change(ask, groups, buyer, after)).lots]
    return DayAfter(
        date=dates[0],
        after=after.isoformat(),
        buyers=tuple(sorted(changes, key=lambda one: (-one.closed, one.destination, one.end_user))),
        data=ask.provenance(controls=ask.context.snapshot["controls"]),
    )


def _change(ask: Ask, groups: Sequence[Sequence[LotExposure]], buyer: tuple[str, str], after: date) -> BuyerChange:
    today: dict[str, float] = {}
    later: dict[str, float] = {}
    closed, rows = 0.0, list[ChangedLots]()
    for lots in groups:
        value = sum(lot.value or 0.0 for lot in lots)
        now, then = (law_of(ask, lots[0], buyer, day) for day in (ask.as_of, after))
        for sums, found in ((today, now), (later, then)):
            sums[found.answer] = sums.get(found.answer, 0.0) + value
        if now.answer != then.answer:
            closed += value if then.answer == NO else 0.0
            rows.append(
                ChangedLots(
                    **dict(ask.named(lots[0].asset)),
                    form=lots[0].form,
                    origin=lots[0].origin,
                    value=value if any(lot.value is not None for lot in lots) else None,
                    today=now.answer,
                    after=then.answer,
                    numbers=tuple(dict.fromkeys(m.number or m.authority for m in then.measures)),
                )
            )
    return BuyerChange(
        destination=buyer[0],
        end_user=buyer[1],
        today=tuple(AnswerValue(answer=answer, value=value) for answer, value in today.items()),
        after=tuple(AnswerValue(answer=answer, value=value) for answer, value in later.items()),
        closed=closed,
        lots=tuple(sorted(rows, key=lambda row: (-(row.value or 0.0), row.asset, row.form, row.origin))),
    )
