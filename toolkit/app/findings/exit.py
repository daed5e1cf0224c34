"""Exit from holdings: spread, storage and days of a sale, the rise that pays for them, and holding periods of lots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from toolkit.app.assumptions import Assumption, find_assumption
from toolkit.app.findings.part import Ask, part
from toolkit.core.assets import Asset, Universe
from toolkit.core.messages import Message, message
from toolkit.holdings.exit_cost import ExitTerms
from toolkit.holdings.exposure import PLANS, sale_obstacle
from toolkit.holdings.holding_period import RULES, HoldingRule
from toolkit.records.parts.exit import HORIZONS

YEARS = 3.0
"""Years of storage where no strategy says how long it holds."""
SOON_DAYS = 90
ASSUMED, PUBLISHED_FEE, GIVEN, MIXED = "assumption", "published_fee", "given", "mixed"
"""What spread and storage rest on: dealer terms of the package, a published storage fee beside an assumed spread, the user's
file, or both."""
HELD = 1e-6
AMOUNTS = ("value", "entry", "sale", "storage_paid", "net_now", "net")
FREE, SOON, LATER = "free", "soon", "later"


@dataclass(frozen=True, slots=True)
class Stake:
    """A value that can be sold, with the terms that hold for it.

    Attributes:
        entry: Paid beyond the value to come into it today; 0 for what is held already.
        spread: Round trip; `storage` a year; both fractions of the value.
        terms: One of ASSUMED, PUBLISHED_FEE, GIVEN, MIXED, or as the product file says.
    """

    asset: Asset
    value: float
    entry: float
    spread: float
    storage: float
    terms: str
    vat: str | None = None


@part("exit")
def exit_(ask: Ask) -> dict[str, Any] | None:
    """The exit of a proposal or of lots; None for a subject that holds nothing which could be sold."""
    exposure = ask.record.get("exposure")
    stakes = list(_of_run(ask)) if exposure is None else list(_of_lots(exposure, ask.context.products))
    rows = [row for row in exposure["lots"] if row["delivery"] not in PLANS] if exposure else []
    stopped = [row for row in rows if not _for_sale(row)]
    tax = None if exposure is None else _tax(exposure, ask)
    if not stakes and not (tax and tax["lots"]):
        return None
    years = ask.record["costs"]["holding_years"] if exposure is None else YEARS
    products = [_product(list(group), years, ask) for group in _by_asset(stakes)]
    days = [row["days"] for row in products if row["days"]]
    used = ask.context.snapshot["assumptions"]
    return {
        "of": "proposal" if exposure is None else "lots",
        "years": years,
        "horizons": HORIZONS,
        "products": sorted(products, key=lambda row: (-row["value"], row["asset"])),
        "total": _total(products, years),
        "open": {"lots": len(stopped), "value": sum(row["value"] or 0.0 for row in stopped)},
        "unpriced": [row["lot_id"] for row in rows if row["value"] is None and _for_sale(row)],
        "tax": tax,
        "assumptions": dict(_assumptions(ask, stakes, tax, has_days=bool(days))),
        "data": ask.provenance(assumptions=used.filter(used["name"] == "exit_days")),
    }  # fmt: skip


def _for_sale(lot: Mapping[str, Any]) -> bool:
    """Whether a lot of an exposure can be sold today."""
    obstacle = sale_obstacle(lot["delivery"], threatened=lot["controlled"] or bool(lot["practice"]))
    return obstacle is None and not lot.get("at_most")


def _of_run(ask: Ask) -> Iterator[Stake]:
    """Positions of a proposal, at the terms the run was made with."""
    terms = {row["asset"]: row for row in ask.record.get("assets", ())}
    for row in ask.record.get("positions", ()):
        if row["weight"] <= HELD or row["asset"] not in terms:
            continue
        known = terms[row["asset"]]
        asset = Asset(key=row["asset"], name=row["name"], element=row["element"], group=row["group"])
        bought = row["weight"] > row["previous_weight"]
        yield Stake(asset, row["value"], row["cost"] if bought else 0.0, known["spread"], known["storage"], known["terms"])


def _of_lots(exposure: Mapping[str, Any], products: Universe) -> Iterator[Stake]:
    """Lots that are for sale and have a price, at the terms of the file where it gives them."""
    known = {asset.key: asset for asset in products}
    for lot, bought in zip(exposure["lots"], exposure["purchases"], strict=True):
        asset = known.get(lot["asset"])
        if lot["value"] is None or not _for_sale(lot) or asset is None:
            continue
        spread, storage = bought["spread"], bought["storage"]
        own = (spread is not None) + (storage is not None)
        yield Stake(
            asset,
            lot["value"],
            entry=0.0,
            spread=asset.spread if spread is None else spread,
            storage=asset.storage if storage is None else storage,
            terms=GIVEN if own == 2 else MIXED if own else asset.terms,
            vat=bought["vat_state"],
        )


def _by_asset(stakes: Iterable[Stake]) -> Iterator[list[Stake]]:
    groups: dict[str, list[Stake]] = {}
    for stake in stakes:
        groups.setdefault(stake.asset.key, []).append(stake)
    yield from groups.values()


def _product(stakes: list[Stake], years: float, ask: Ask) -> dict[str, Any]:
    """One product: its stakes added up, rates weighted by value."""
    asset, value = stakes[0].asset, sum(stake.value for stake in stakes)
    sale = sum(stake.value * stake.spread / 2 for stake in stakes)
    storage = sum(stake.value * stake.storage for stake in stakes)
    entry = sum(stake.entry for stake in stakes)
    rates = ExitTerms(entry / value, sale / value, storage / value) if value > 0 else None
    kinds = {stake.terms for stake in stakes}
    days = find_assumption(ask.context.snapshot, "exit_days", asset.group)
    return {
        "asset": asset.key,
        "name": asset.name,
        "element": asset.element,
        "group": asset.group,
        "lots": len(stakes),
        "value": value,
        "entry": entry,
        "spread": 2 * sale / value if value > 0 else None,
        "storage": storage / value if value > 0 else None,
        "sale": sale,
        "storage_paid": years * storage,
        "net_now": value - sale,
        "net": value - sale - years * storage,
        "rise": [None if rates is None else rates.required_rise(horizon) for horizon in HORIZONS],
        "terms": kinds.pop() if len(kinds) == 1 else MIXED,
        "days": None if days is None else _days(days),
        "vat": dict(Counter(stake.vat or "" for stake in stakes)),
    }


def _total(products: list[dict[str, Any]], years: float) -> dict[str, Any]:
    """Amounts of all products together, and the rise that all need."""
    sums: dict[str, Any] = {key: sum(row[key] for row in products) for key in AMOUNTS}
    value = sums["value"]
    rates = ExitTerms(sums["entry"] / value, sums["sale"] / value, sums["storage_paid"] / years / value) if value > 0 else None
    return {**sums, "rise": [None if rates is None else rates.required_rise(horizon) for horizon in HORIZONS]}


def _days(row: Assumption) -> dict[str, Any]:
    return {"low": row.low, "central": row.central, "high": row.high}


def _tax(exposure: Mapping[str, Any], ask: Ask) -> dict[str, Any]:
    """Holding period of every bought lot, by the law of the owner's country where a rule is bundled."""
    country = ask.record["owner"]["country"]
    rule = RULES.get(country)
    limit = find_assumption(ask.context.snapshot, "tax_exemption", country)
    known = {asset.key: asset for asset in ask.context.products}
    lots, left_out = [], 0
    for lot, bought in zip(exposure["lots"], exposure["purchases"], strict=True):
        # A plan, or a purchase after the day of the report, has no holding period yet.
        if bought["bought"] is None or lot["delivery"] in PLANS or date.fromisoformat(bought["bought"]) > ask.as_of:
            left_out += 1
            continue
        asset = known.get(lot["asset"])
        lots.append({
            "lot_id": lot["lot_id"], "asset": lot["asset"], "name": lot["asset"] if asset is None else asset.name,
            "element": asset and asset.element, "form": lot["form"], "mass": lot["mass"], "status": lot["status"],
            "bought": bought["bought"], "cost": bought["cost"], "value": lot["value"],
            "doubted": bought["doubted"],
            "gain": None if bought["doubted"] or lot.get("at_most") or None in (lot["value"], bought["cost"])
            else lot["value"] - bought["cost"],
            **_clock(rule, date.fromisoformat(bought["bought"]), ask.as_of),
        })  # fmt: skip
    return {
        "country": country,
        "years": rule and rule.years,
        "exemption": limit and limit.central,
        "left_out": left_out,
        "soon_days": SOON_DAYS,
        "lots": sorted(lots, key=lambda lot: (lot["free_from"] or lot["bought"], lot["lot_id"])),
    }


def _clock(rule: HoldingRule | None, bought: date, today: date) -> dict[str, Any]:
    """First day of a sale that is free of tax, days until then, and in which of the three states the lot is."""
    if rule is None:
        return {"free_from": None, "days": None, "state": None}
    free = rule.free_from(bought)
    days = (free - today).days
    state = FREE if days <= 0 else SOON if days <= SOON_DAYS else LATER
    return {"free_from": free.isoformat(), "days": max(days, 0), "state": state}


def _usual_spread(low: float, high: float) -> Message:
    if low == high:
        return message(
            "Typical dealer terms where the file gives none: spread between buying and selling {rate:.0%}; half is lost at "
            "each trade.",
            rate=low,
        )
    return message(
        "Typical dealer terms where the file gives none: spread between buying and selling {low:.0%} to {high:.0%}; half is "
        "lost at each trade.",
        low=low, high=high,
    )  # fmt: skip


def _usual_storage(low: float, high: float) -> Message:
    if low == high:
        return message(
            "Storage and insurance where the file gives none: {rate:.1%} a year of today’s value, for {years:.0f} years.",
            rate=low, years=YEARS,
        )  # fmt: skip
    return message(
        "Storage and insurance where the file gives none: {low:.1%} to {high:.1%} a year of today’s value, for "
        "{years:.0f} years.",
        low=low, high=high, years=YEARS,
    )  # fmt: skip


def _assumptions(
    ask: Ask, stakes: list[Stake], tax: Mapping[str, Any] | None, *, has_days: bool
) -> Iterator[tuple[str, Message]]:
    """What the part takes as given; a run tells the terms of its dealer itself."""
    if "assets" not in ask.record:
        spreads = {stake.asset.spread for stake in stakes if stake.terms in (ASSUMED, PUBLISHED_FEE, MIXED)}
        rates = {stake.asset.storage for stake in stakes if stake.terms in (ASSUMED, PUBLISHED_FEE, MIXED)}
        if spreads:
            yield "costs", _usual_spread(min(spreads), max(spreads))
        if rates:
            yield "storage", _usual_storage(min(rates), max(rates))
    if has_days:
        yield (
            "exit_days",
            message(
                "Days from the decision to sell to the money are the toolkit’s own, by group of metal; an offer to buy back is "
                "a promise, not a market."
            ),
        )
    if tax and tax["lots"] and tax["years"]:
        yield "tax", RULES[tax["country"]].note(tax["exemption"])
