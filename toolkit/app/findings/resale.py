"""To whom each kind of lot may be passed on: the measures of its origin that single out a buyer, and permits on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from toolkit.app.control_states import RESALE
from toolkit.app.findings.part import Ask, part
from toolkit.supply.chronology import IN_FORCE, SUSPENDED
from toolkit.supply.controls import CHINA
from toolkit.supply.exposure import STORED_AT_ORIGIN
from toolkit.supply.purity import purity_fraction
from toolkit.supply.resale import RESTRICTING, restricted_buyers
from toolkit.supply.state import Measure
from toolkit.supply.traceability import UNKNOWN_ORIGIN

YES, PERMIT, LICENCE, SUSPENDED_NO, UNSETTLED, NO = "yes", "permit", "licence", "suspended", "unsettled", "no"
"""Answers: nothing known stands in the way; a permit of another jurisdiction may be needed; the metal is still at its origin
and needs a licence to leave; a ban is suspended today; a clause on goods made abroad is in force, and the ledger does not say
whether it reaches the metal itself when it is passed on; forbidden."""
REACHING = "extraterritorial"
CERTAIN = "named"
TOLD = (
    "event_id", "instrument", "number", "authority", "status", "since", "until", "standing", "confidence", "source_id",
)  # fmt: skip
_ORDER = {"civil": 0, "military": 1, "listed": 2}
Kind = tuple[str, str, str, float | None, bool]
"""Metal, form, origin, purity as a fraction, whether the lot is stored at its origin: what the law can tell apart."""


@part("resale")
def resale(ask: Ask) -> dict[str, Any] | None:
    """The answer for every metal, form and origin held and every buyer that a notice singles out; None for a run."""
    exposure = ask.record.get("exposure")
    if exposure is None or not exposure["lots"]:
        return None
    buyers = tuple(dict.fromkeys((*RESALE, *restricted_buyers(ask.inputs.ledger, on=ask.as_of, origin=CHINA))))
    buyers = tuple(sorted(buyers, key=lambda buyer: (buyer[0] != "USA", buyer[0], _ORDER.get(buyer[1], 9))))
    names = {asset.key: (asset.name, asset.element, asset.form) for asset in ask.inputs.products}
    groups = []
    for kind, lots in _groups(exposure["lots"]).items():
        metal, form, origin, _, there = kind
        name, element, traded = names.get(metal, (metal, None, None))
        groups.append({
            "asset": metal, "name": name, "element": element, "form": form, "traded": form == traded, "origin": origin,
            "at_origin": there, "lots": len(lots), "value": sum(lot["value"] or 0.0 for lot in lots),
            "answers": [_answer(ask, kind, buyer) for buyer in buyers],
        })  # fmt: skip
    return {
        "buyers": [{"destination": place, "end_user": user} for place, user in buyers],
        "groups": sorted(groups, key=lambda group: (-group["value"], group["asset"], group["form"], group["origin"])),
        "data": ask.provenance(controls=ask.inputs.snapshot["controls"]),
    }


def _groups(lots: list[Mapping[str, Any]]) -> dict[Kind, list[Mapping[str, Any]]]:
    found: dict[Kind, list[Mapping[str, Any]]] = {}
    for lot in lots:
        there = lot["delivery"] == STORED_AT_ORIGIN
        found.setdefault((lot["asset"], lot["form"], lot["origin"], purity_fraction(lot["purity"]), there), []).append(lot)
    return found


def _answer(ask: Ask, kind: Kind, buyer: tuple[str, str]) -> dict[str, Any]:
    """The gravest of what meets a buyer; an unknown origin is asked about as China, the safe side."""
    metal, form, origin, purity, there = kind
    place, user = buyer
    state = ask.inputs.ledger.state(
        metal, form, on=ask.as_of, destination=place, origin=CHINA if origin == UNKNOWN_ORIGIN else origin, end_user=user,
        purity=purity,
    )  # fmt: skip
    met = sorted(_meeting(state.measures, place, user), key=lambda m: (m.status != IN_FORCE, m.instrument != "ban", m.event_id))
    barred = [m for m in met if m.status == IN_FORCE]
    leaving = [m for m in state.measures if there and m.counts and m.is_law]
    permits = [m for m in state.elsewhere if not m.conditional]
    reaching = [
        m for m in state.measures if m.instrument == REACHING and m.is_law and m.status == IN_FORCE and not m.conditional
    ]
    found: tuple[tuple[str, list[Measure]], ...] = (
        (NO, barred), (LICENCE, leaving), (UNSETTLED, reaching), (SUSPENDED_NO, met), (PERMIT, permits),
    )  # fmt: skip
    answer, shown = next(((word, measures) for word, measures in found if measures), (YES, []))
    return {"answer": answer, "certain": all(m.certainty == CERTAIN for m in shown), "measures": [_told(m) for m in shown]}


def _meeting(measures: tuple[Measure, ...], place: str, user: str) -> Iterator[Measure]:
    """Bans and lists of the origin that single this buyer out, in force or suspended; what holds for all is none of them."""
    for m in measures:
        if not m.is_law or m.conditional or m.instrument not in RESTRICTING or m.status not in (IN_FORCE, SUSPENDED):
            continue
        if place in m.destinations and m.end_user in ("all", user):
            yield m


def _told(m: Measure) -> dict[str, Any]:
    return {key: getattr(m, key) for key in TOLD}
