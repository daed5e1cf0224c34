"""Resale of each kind of lot: measures of its origin that single out a buyer, and the export law of its storage place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from toolkit.app.topics.part import Ask, part
from toolkit.core.grouping import by_key
from toolkit.holdings.exposure import STORED_SAFE, LotExposure
from toolkit.holdings.resale import resale_answer, resale_buyers
from toolkit.records.resale import Buyer, LotGroup, Resale, ResaleAnswer
from toolkit.records.subjects import Holdings
from toolkit.report.findings import official_dates

_ORDER = {"civil": 0, "military": 1, "listed": 2}


@part("resale")
def resale(ask: Ask) -> Resale | None:
    """The answer for every metal, form and origin held and every buyer that a notice singles out; None for a run.

    Answers are by the law known today, today and on the day after the next official date.
    """
    if not ask.lots or not isinstance(ask.record, Holdings):
        return None
    ahead = [date.fromisoformat(row.date) for row in official_dates(ask.record.upcoming)]
    days = [ask.as_of, *(one + timedelta(days=1) for one in ahead[:1])]
    routes, owner = [(lot.destination, lot.end_user) for lot in ask.lots], ask.record.owner.country
    named = (buyer for day in days for buyer in resale_buyers(ask.context.ledger, on=day, routes=routes, owner=owner))
    buyers = sorted(dict.fromkeys(named), key=lambda buyer: (buyer[0] != "USA", buyer[0], _ORDER.get(buyer[1], 9)))
    traded = {(asset.key, asset.form) for asset in ask.context.products}
    groups = []
    for lots in _groups(ask.lots):
        lot, values = lots[0], [one.value for one in lots if one.value is not None]
        groups.append(
            LotGroup(
                **dict(ask.named(lot.asset)),
                form=lot.form,
                traded=(lot.asset, lot.form) in traded,
                origin=lot.origin,
                at_origin=lot.delivery != STORED_SAFE,
                supposed=lot.supposed,
                lots=len(lots),
                value=sum(values) if values else None,
                answers=tuple(_answer(ask, lot, buyer, days) for buyer in buyers),
            )
        )
    return Resale(
        next_date=ahead[0].isoformat() if ahead else None,
        buyers=tuple(Buyer(destination=place, end_user=user) for place, user in buyers),
        groups=tuple(sorted(groups, key=lambda group: (-(group.value or 0.0), group.asset, group.form, group.origin))),
        data=ask.provenance(controls=ask.context.snapshot["controls"]),
    )


def _groups(lots: Iterable[LotExposure]) -> list[list[LotExposure]]:
    """Lots that the law does not tell apart."""

    def kind(lot: LotExposure) -> tuple[object, ...]:
        return lot.asset, lot.form, lot.origin, *lot.piece.values(), lot.export_from, lot.delivery != STORED_SAFE, lot.place

    return [*by_key((kind(lot), lot) for lot in lots).values()]


def _answer(ask: Ask, lot: LotExposure, buyer: tuple[str, str], days: Sequence[date]) -> ResaleAnswer:
    """The answer of today and that of the last of the days, on the controls of the country that the lot is exported from."""
    place = {
        "origin": lot.export_from,
        "at_origin": lot.delivery != STORED_SAFE,
        "lies_in": lot.place,
        "supposed": lot.supposed,
    }
    law = [resale_answer(ask.context.ledger, lot.asset, lot.form, buyer, on=day, **place, **lot.piece) for day in days]
    today, then = law[0], law[-1]
    return ResaleAnswer.from_objects(
        today,
        export_bans=tuple(m.event_id for m in today.export_bans),
        certain=all(m.certainty == "named" for m in today.measures),
        then=then.answer,
        then_numbers=tuple(dict.fromkeys(m.number or m.authority for m in then.measures)),
    )
