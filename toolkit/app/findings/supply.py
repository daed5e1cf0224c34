"""The supply behind the metals of a report: concentration, the official views, and the host of a by-product."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from toolkit.app.findings.part import Ask, part
from toolkit.app.supply import NOTED, MetalSupply, Scenario, StageSupply, is_critical, rows_used, shown_shares, study_base
from toolkit.core.messages import Message, message
from toolkit.records.parts.supply import EuBase, EuScore, PortfolioSupply, ShareOf, SupplyPart, SupplyScenario, SupplyThresholds
from toolkit.records.parts.supply import MetalSupply as SuppliedMetal
from toolkit.records.parts.supply import StageSupply as SuppliedStage
from toolkit.report.i18n.countries import country
from toolkit.supply.concentration import HIGHLY_CONCENTRATED, country_exposure
from toolkit.supply.criticality import IMPORTANCE_THRESHOLD, SUPPLY_RISK_THRESHOLD, PublishedScore, companion_share

TRADE = "trade_parameter"
LEADING = 3
"""Producers of a stage that are named."""


@part("supply")
def supply(ask: Ask) -> SupplyPart | None:
    """What `toolkit supply` knows of each metal, and of all together by weight.

    Metals stand in the order of the report; one of which nothing is known is in the list with None in place of figures.
    """
    scenario = Scenario()
    found = {key: ask.context.metal_supply(key, scenario) for key in ask.assets}
    if not any(metal.is_known for metal in found.values()):
        return None
    metals, base = tuple(_metal(metal, ask) for metal in found.values()), study_base(ask.context, found.values(), scenario)
    return SupplyPart(
        metals=metals,
        portfolio=_portfolio(found, ask) if ask.weights else None,
        thresholds=SupplyThresholds(
            supply_risk=SUPPLY_RISK_THRESHOLD,
            economic_importance=IMPORTANCE_THRESHOLD,
            highly_concentrated=HIGHLY_CONCENTRATED,
        ),
        scenario=SupplyScenario.model_validate(scenario),
        eu_base=None if base is None else EuBase(**base),
        assumptions=_assumptions(scenario, metals),
        data=ask.context.snapshot.provenance(
            {**rows_used(ask.context.snapshot, ask.assets), "end_uses": _uses(ask, *ask.assets)}
        ),
    )


def _metal(metal: MetalSupply, ask: Ask) -> SuppliedMetal:
    at, score = metal.scored, metal.newest_score
    uses = _uses(ask, metal.asset)
    return SuppliedMetal.from_objects(
        metal,
        element=ask.named(metal.asset).element,
        weight=ask.weights.get(metal.asset) if ask.weights else None,
        scored=_stage(at) if at else None,
        other_stages=tuple(_stage(other) for other in metal.stages if not other.scored),
        eu=score and EuScore.from_objects(score, critical=is_critical(score)),
        scenario_supply_risk=_supposed(score, at),
        **{name: metal.notes.get(name) for name in NOTED},
        notes_source_id=metal.notes.get("source"),
        uses=tuple(ShareOf(key=row["application"], share=row["share"]) for row in uses.iter_rows(named=True)),
        uses_source_id=next(iter(uses["source"].to_list()), None),
    )


def _uses(ask: Ask, *assets: str) -> pl.DataFrame:
    """Uses of metals, the largest first, those that the study names with a share of zero among them."""
    rows = ask.context.snapshot["end_uses"].filter(pl.col("asset").is_in(assets))
    return rows.sort("share", "application", descending=[True, False])


def _stage(at: StageSupply) -> SuppliedStage:
    shares = at.supply
    return SuppliedStage.from_objects(
        shares,
        **shown_shares(shares),
        source_id=shares.source,
        scenario_ratio=at.ratio and at.ratio.ratio,
        leading=tuple(
            ShareOf(key=key, share=share)
            for key, share in zip(shares.countries[:LEADING], shares.shares[:LEADING], strict=True)
        ),
    )


def _supposed(score: PublishedScore | None, at: StageSupply | None) -> float | None:
    """The published supply risk times the ratio of the scenario: recycling and substitution cancel in it.

    The ratio is of world supply. Of what the EU buys no shares are public, so the report assumes that
    they react in the same way, and says so. None where one of the two is unknown, or where the scenario changes nothing.
    """
    if score is None or score.supply_risk is None or at is None or at.ratio is None or at.ratio.ratio <= 1:
        return None
    return score.supply_risk * at.ratio.ratio


def _portfolio(found: Mapping[str, MetalSupply], ask: Ask) -> PortfolioSupply:
    """Means and sums over the weights; `unknown` is the weight of metals without shares at their stage."""
    weights = {key: weight for key, weight in ask.weights.items() if weight > 0 and key in found}
    supplies = {key: at.supply for key in weights if (at := found[key].scored)}
    exposure = country_exposure(weights, supplies)
    won = companion_share(weights, ask.context.snapshot["metals"])
    scored = {key: score for key in weights if (score := found[key].newest_score)}
    return PortfolioSupply(
        weight=sum(weights.values()),
        hhi=exposure.hhi,
        n_minus_1=exposure.n_minus_1,
        unknown=exposure.unknown,
        won=dict(zip(won.kinds, won.weights, strict=True)),
        critical=sum(weights[key] for key, score in scored.items() if is_critical(score)),
        rated=sum(weights[key] for key in scored),
    )


def _assumptions(scenario: Scenario, metals: tuple[SuppliedMetal, ...]) -> dict[str, Message]:
    if not any(metal.scenario_supply_risk for metal in metals):
        return {}
    supposed = message(
        "Our scenario, not an EU figure: a trade parameter t of {t:g} for {country} in place of the one of the study, in the "
        "shares of world supply known today; what the EU buys is taken to react likewise.",
        t=scenario.trade_parameter,
        country=country(scenario.country),
    )
    return {TRADE: supposed}
