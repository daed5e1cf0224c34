"""Resale of each kind of lot: measures of its origin that single out a buyer, and the export law of its storage place."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from toolkit.app.findings.part import Ask, part
from toolkit.controls.purity import purity_fraction
from toolkit.core.size import PieceSize
from toolkit.holdings.exposure import STORED_SAFE, LotExposure
from toolkit.holdings.resale import ResaleAnswer as LawAnswer
from toolkit.holdings.resale import resale_answer, resale_buyers
from toolkit.records.parts.resale import Buyer, LotGroup, Resale, ResaleAnswer, ResaleMeasure

_ORDER = {"civil": 0, "military": 1, "listed": 2}
Kind = tuple[str, str, str, float | None, PieceSize | None, str, bool, str | None]
"""Metal, form, origin, purity as a fraction, size of a piece, country it is exported from, whether it is there or may be, and
the country it lies in: what law tells apart."""


@part("resale")
def resale(ask: Ask) -> Resale | None:
    """The answer for every metal, form and origin held and every buyer that a notice singles out; None for a run."""
    if not ask.lots:
        return None
    buyers = resale_buyers(ask.context.ledger, on=ask.as_of)
    buyers = tuple(sorted(buyers, key=lambda buyer: (buyer[0] != "USA", buyer[0], _ORDER.get(buyer[1], 9))))
    traded = {(asset.key, asset.form) for asset in ask.context.products}
    groups = []
    for kind, lots in groups_of(ask.lots).items():
        metal, form, origin, *_, there, _ = kind
        groups.append(
            LotGroup(
                **dict(ask.named(metal)),
                form=form,
                traded=(metal, form) in traded,
                origin=origin,
                at_origin=there,
                lots=len(lots),
                value=sum(lot.value or 0.0 for lot in lots),
                answers=tuple(_answer(ask, kind, buyer) for buyer in buyers),
            )
        )
    return Resale(
        buyers=tuple(Buyer(destination=place, end_user=user) for place, user in buyers),
        groups=tuple(sorted(groups, key=lambda group: (-group.value, group.asset, group.form, group.origin))),
        data=ask.provenance(controls=ask.context.snapshot["controls"]),
    )


def groups_of(lots: Iterable[LotExposure]) -> dict[Kind, list[LotExposure]]:
    """Lots by what the law tells apart."""
    found: dict[Kind, list[LotExposure]] = {}
    for lot in lots:
        size = PieceSize.parse(lot.size) if lot.size else None
        purity, there = purity_fraction(lot.purity), lot.delivery != STORED_SAFE
        kind = (lot.asset, lot.form, lot.origin, purity, size, lot.export_from, there, lot.place)
        found.setdefault(kind, []).append(lot)
    return found


def law_of(ask: Ask, kind: Kind, buyer: tuple[str, str], day: date) -> LawAnswer:
    """The answer on a day by the law known today: on the controls of the country that the lot is exported from.

    Args:
        ask: The context.
        kind: What the law tells apart of the lot.
        buyer: Destination (ISO-3) and end user.
        day: Of the question.
    """
    metal, form, _, purity, size, exporter, there, lies_in = kind
    piece = {"purity": purity, "size": size}
    return resale_answer(
        ask.context.ledger, metal, form, buyer, on=day, origin=exporter, at_origin=there, lies_in=lies_in, **piece
    )


def _answer(ask: Ask, kind: Kind, buyer: tuple[str, str]) -> ResaleAnswer:
    found = law_of(ask, kind, buyer, ask.as_of)
    return ResaleAnswer(
        answer=found.answer,
        not_in_ledger=found.not_in_ledger,
        licence_to_leave=found.licence_to_leave,
        export_bans=tuple(m.event_id for m in found.export_bans),
        certain=all(m.certainty == "named" for m in found.measures),
        measures=tuple(map(ResaleMeasure.model_validate, found.measures)),
    )
