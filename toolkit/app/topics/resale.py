"""Resale of each kind of lot: measures of its origin that single out a buyer, and the export law of its storage place."""

from __future__ import annotations

from collections.abc import Iterable

from toolkit.app.topics.part import Ask, part
from toolkit.core.grouping import by_key
from toolkit.holdings.exposure import STORED_SAFE, LotExposure
from toolkit.holdings.resale import resale_answer, resale_buyers
from toolkit.records.resale import Buyer, LotGroup, Resale, ResaleAnswer
from toolkit.records.subjects import Holdings

_ORDER = {"civil": 0, "military": 1, "listed": 2}


@part("resale")
def resale(ask: Ask) -> Resale | None:
    """The answer for every metal, form and origin held and every buyer that a notice singles out; None for a run."""
    if not ask.lots or not isinstance(ask.record, Holdings):
        return None
    routes, owner = [(lot.destination, lot.end_user) for lot in ask.lots], ask.record.owner.country
    named = resale_buyers(ask.context.ledger, on=ask.as_of, routes=routes, owner=owner)
    buyers = sorted(named, key=lambda buyer: (buyer[0] != "USA", buyer[0], _ORDER.get(buyer[1], 9)))
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
                answers=tuple(_answer(ask, lot, buyer) for buyer in buyers),
            )
        )
    return Resale(
        buyers=tuple(Buyer(destination=place, end_user=user) for place, user in buyers),
        groups=tuple(sorted(groups, key=lambda group: (-(group.value or 0.0), group.asset, group.form, group.origin))),
        data=ask.provenance(controls=ask.context.snapshot["controls"]),
    )


def _groups(lots: Iterable[LotExposure]) -> list[list[LotExposure]]:
    """Lots that the law does not tell apart."""

    def kind(lot: LotExposure) -> tuple[object, ...]:
        return lot.asset, lot.form, lot.origin, *lot.piece.values(), lot.export_from, lot.delivery != STORED_SAFE, lot.place

    return [*by_key((kind(lot), lot) for lot in lots).values()]


def _answer(ask: Ask, lot: LotExposure, buyer: tuple[str, str]) -> ResaleAnswer:
    """The answer by the controls of the country that the lot is exported from."""
    place = {
        "origin": lot.export_from,
        "at_origin": lot.delivery != STORED_SAFE,
        "lies_in": lot.place,
        "supposed": lot.supposed,
    }
    law = resale_answer(ask.context.ledger, lot.asset, lot.form, buyer, on=ask.as_of, **place, **lot.piece)
    return ResaleAnswer.from_objects(
        law,
        export_bans=tuple(m.event_id for m in law.export_bans),
        certain=all(m.certainty == "named" for m in law.measures),
    )
