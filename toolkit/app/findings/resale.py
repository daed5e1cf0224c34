"""Resale of each kind of lot: measures of its origin that single out a buyer, and the export law of its storage place."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from toolkit.app.findings.part import Ask, part
from toolkit.core.grouping import by_key
from toolkit.holdings.exposure import STORED_SAFE, LotExposure
from toolkit.holdings.resale import ResaleAnswer as LawAnswer
from toolkit.holdings.resale import resale_answer, resale_buyers
from toolkit.records.parts.resale import Buyer, LotGroup, Resale, ResaleAnswer

_ORDER = {"civil": 0, "military": 1, "listed": 2}


@part("resale")
def resale(ask: Ask) -> Resale | None:
    """The answer for every metal, form and origin held and every buyer that a notice singles out; None for a run."""
    if not ask.lots:
        return None
    routes = [(lot.destination, lot.end_user) for lot in ask.lots]
    buyers = resale_buyers(ask.context.ledger, on=ask.as_of, routes=routes, owner=ask.record.owner.country)
    buyers = tuple(sorted(buyers, key=lambda buyer: (buyer[0] != "USA", buyer[0], _ORDER.get(buyer[1], 9))))
    traded = {(asset.key, asset.form) for asset in ask.context.products}
    groups = []
    for lots in groups_of(ask.lots):
        lot = lots[0]
        groups.append(
            LotGroup(
                **dict(ask.named(lot.asset)),
                form=lot.form,
                traded=(lot.asset, lot.form) in traded,
                origin=lot.origin,
                at_origin=lot.delivery != STORED_SAFE,
                supposed=lot.supposed,
                lots=len(lots),
                value=sum(lot.value or 0.0 for lot in lots),
                answers=tuple(_answer(ask, lot, buyer) for buyer in buyers),
            )
        )
    return Resale(
        buyers=tuple(Buyer(destination=place, end_user=user) for place, user in buyers),
        groups=tuple(sorted(groups, key=lambda group: (-group.value, group.asset, group.form, group.origin))),
        data=ask.provenance(controls=ask.context.snapshot["controls"]),
    )


def groups_of(lots: Iterable[LotExposure]) -> list[list[LotExposure]]:
    """Lots that the law does not tell apart."""

    def kind(lot: LotExposure) -> tuple[object, ...]:
        return lot.asset, lot.form, lot.origin, *lot.piece.values(), lot.export_from, lot.delivery != STORED_SAFE, lot.place

    return [*by_key((kind(lot), lot) for lot in lots).values()]


def law_of(ask: Ask, lot: LotExposure, buyer: tuple[str, str], day: date) -> LawAnswer:
    """The answer on a day by the law known today: on the controls of the country that the lot is exported from.

    Args:
        ask: The context.
        lot: The lot, or one of those that the law does not tell apart.
        buyer: Destination (ISO-3) and end user.
        day: Of the question.
    """
    place = {
        "origin": lot.export_from,
        "at_origin": lot.delivery != STORED_SAFE,
        "lies_in": lot.place,
        "supposed": lot.supposed,
    }
    return resale_answer(ask.context.ledger, lot.asset, lot.form, buyer, on=day, **place, **lot.piece)


def _answer(ask: Ask, lot: LotExposure, buyer: tuple[str, str]) -> ResaleAnswer:
    found = law_of(ask, lot, buyer, ask.as_of)
    return ResaleAnswer.from_objects(
        found,
        export_bans=tuple(m.event_id for m in found.export_bans),
        certain=all(m.certainty == "named" for m in found.measures),
    )
