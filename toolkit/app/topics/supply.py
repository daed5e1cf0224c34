"""The supply behind the metals of a report: concentration, the official views, and the host of a by-product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

import polars as pl

from toolkit.app.context import Context
from toolkit.app.controls.answers import check_country
from toolkit.app.supply import NOTED, MetalSupply, Scenario, StageSupply, is_critical, rows_used, shown_shares, study_base
from toolkit.app.topics.part import Ask, named, part
from toolkit.core.errors import GapError
from toolkit.core.messages import Message, message
from toolkit.core.trade_names import known_metal
from toolkit.records import supply as records
from toolkit.records.supply import EuStudy, PortfolioSupply, ShareOf, Stage, Supply, Thresholds, TradeScenario
from toolkit.report.i18n.countries import country
from toolkit.supply.concentration import HIGHLY_CONCENTRATED, country_exposure
from toolkit.supply.criticality import IMPORTANCE_THRESHOLD, SUPPLY_RISK_THRESHOLD, PublishedScore, companion_share

TRADE = "trade_parameter"


@part("supply")
def supply_of_report(ask: Ask) -> Supply | None:
    """What is known of each metal of a report, and of all together by weight; None where nothing is.

    Metals stand in the order of the report; one of which nothing is known is in the list with None in place of figures.
    """
    found = [ask.context.metal_supply(key, Scenario()) for key in ask.assets]
    return _answer(ask.context, found, Scenario(), weights=ask.weights) if any(metal.is_known for metal in found) else None


def supply(context: Context, metal: str | None = None, scenario: Scenario | None = None) -> Supply:
    """Concentration and official views as known on the day, the most concentrated metal first.

    Args:
        context: The day; nothing published later is looked at.
        metal: Asset key or element symbol; None for every product of one element.
        scenario: The trade parameter supposed; its default when None.

    Raises:
        DataError: for an unknown metal, with the nearest names, or a country that is no code.
        GapError: for a known metal of which neither shares, scores nor notes were known.
    """
    given = scenario or Scenario()
    supposed = Scenario(given.trade_parameter, check_country(given.country, "--origin"))
    asked = None if metal is None else _asked(metal, context)
    keys = [asset.key for asset in context.products if asset.element] if asked is None else [asked]
    found = sorted((context.metal_supply(key, supposed) for key in keys), key=_most_concentrated_first)
    if asked is not None and not found[0].is_known:
        raise GapError(
            "nothing of the supply of {asked} was known on {as_of}.",
            hint="Choose a later --as-of, or another metal: `toolkit supply` lists the products.",
            details={"metal": asked},
            asked=asked,
            as_of=context.as_of,
        )
    return _answer(context, found, supposed, asked=asked)


def _asked(text: str, context: Context) -> str:
    """The asset key that a word on the command line means."""
    snapshot = context.snapshot
    known = {*context.ledger.assets, *context.products.keys}
    known |= {asset for table in ("shares", "metals", "criticality_materials") for asset in snapshot[table]["asset"]}
    symbols = {symbol.casefold(): asset for symbol, asset in snapshot["metals"].select("symbol", "asset").iter_rows()}
    # Base metals are in no table of products or notes: the EU study names their symbols.
    for material, symbol in snapshot["recycling"].select("material", "symbol").drop_nulls().iter_rows():
        symbols.setdefault(symbol.casefold(), material.partition(" (")[0].casefold().replace(" ", "_"))
    return known_metal(text, known, symbols | dict(context.symbols))


def _most_concentrated_first(metal: MetalSupply) -> tuple[bool, float, str]:
    scored = metal.scored
    return scored is None, -scored.supply.hhi if scored else 0.0, metal.asset


def _answer(
    context: Context,
    found: Sequence[MetalSupply],
    scenario: Scenario,
    *,
    asked: str | None = None,
    weights: Mapping[str, float] | None = None,
) -> Supply:
    """What is known of some metals.

    Args:
        context: What was known on the day.
        found: Supply of each metal, in order.
        scenario: The trade parameter supposed.
        asked: Key of the metal that a command asks about.
        weights: Share of value by product; empty for none.
    """
    keys, snapshot = [metal.asset for metal in found], context.snapshot
    return Supply(
        schema_version=2,
        as_of=context.as_of.isoformat(),
        asked=asked,
        metals=tuple(_metal(metal, context, weights or {}) for metal in found),
        portfolio=_portfolio({metal.asset: metal for metal in found}, context, weights) if weights else None,
        thresholds=Thresholds(
            supply_risk=SUPPLY_RISK_THRESHOLD,
            economic_importance=IMPORTANCE_THRESHOLD,
            highly_concentrated=HIGHLY_CONCENTRATED,
        ),
        scenario=TradeScenario(**asdict(scenario)),
        eu_base=study_base(context, found, scenario),
        assumptions=_assumptions(scenario, found),
        data=snapshot.provenance({**rows_used(snapshot, keys), "end_uses": _uses(context, *keys)}),
    )


def _metal(metal: MetalSupply, context: Context, weights: Mapping[str, float]) -> records.MetalSupply:
    at, score, uses = metal.scored, metal.newest_score, _uses(context, metal.asset)
    return records.MetalSupply.from_objects(
        metal,
        element=named(context, metal.asset).element,
        weight=weights.get(metal.asset),
        scored=at and _stage(at),
        other_stages=tuple(_stage(other) for other in metal.stages if not other.scored),
        eu=score and _study(score),
        eu_studies=tuple(map(_study, metal.scores)),
        scenario_supply_risk=_supposed(score, at),
        **{name: metal.notes.get(name) for name in NOTED},
        notes_source_id=metal.notes.get("source"),
        uses=tuple(ShareOf(key=row["application"], share=row["share"]) for row in uses.iter_rows(named=True)),
        uses_source_id=next(iter(uses["source"].to_list()), None),
    )


def _study(score: PublishedScore) -> EuStudy:
    return EuStudy.from_objects(score, above_thresholds=is_critical(score))


def _uses(context: Context, *assets: str) -> pl.DataFrame:
    """Uses of metals, the largest first, those that the study names with a share of zero among them."""
    rows = context.snapshot["end_uses"].filter(pl.col("asset").is_in(assets))
    return rows.sort("share", "application", descending=[True, False])


def _stage(at: StageSupply) -> Stage:
    supply, governed = at.supply, at.governed
    return Stage.from_objects(
        supply,
        **shown_shares(supply),
        source_id=supply.source,
        producers=tuple(ShareOf(key=key, share=share) for key, share in zip(supply.countries, supply.shares, strict=True)),
        governance_hhi=governed and governed.hhi,
        governance_hhi_upper=governed and governed.hhi_upper,
        governance_year=governed and governed.year,
        governance_unrated=governed.unrated if governed else (),
        scenario_ratio=at.ratio and at.ratio.ratio,
        study_trade_parameter=at.study_trade,
    )


def _supposed(score: PublishedScore | None, at: StageSupply | None) -> float | None:
    """The published supply risk times the ratio of the scenario: recycling and substitution cancel in it.

    The ratio is of world supply. Of what the EU buys no shares are public, so the report assumes that
    they react in the same way, and says so. None where one of the two is unknown, or where the scenario changes nothing.
    """
    if score is None or score.supply_risk is None or at is None or at.ratio is None or at.ratio.ratio <= 1:
        return None
    return score.supply_risk * at.ratio.ratio


def _portfolio(found: Mapping[str, MetalSupply], context: Context, held: Mapping[str, float]) -> PortfolioSupply:
    """Means and sums over the weights; `unknown` is the weight of metals without shares at their stage."""
    weights = {key: weight for key, weight in held.items() if weight > 0 and key in found}
    supplies = {key: at.supply for key in weights if (at := found[key].scored)}
    exposure = country_exposure(weights, supplies)
    won = companion_share(weights, context.snapshot["metals"])
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


def _assumptions(scenario: Scenario, found: Iterable[MetalSupply]) -> dict[str, Message]:
    if not any(_supposed(metal.newest_score, metal.scored) for metal in found):
        return {}
    supposed = message(
        "Our scenario, not an EU figure: a trade parameter t of {t:g} for {country} in place of the one of the study, in the "
        "shares of world supply known today; what the EU buys is taken to react likewise.",
        t=scenario.trade_parameter,
        country=country(scenario.country),
    )
    return {TRADE: supposed}
