"""Concentration of the supply of a metal, stage by stage, and its official ratings, as known on a day."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from toolkit.controls.events import COUNTING
from toolkit.controls.ledger import CHINA
from toolkit.core.assets import Asset
from toolkit.core.errors import SpecError
from toolkit.core.limits import LARGEST_RATIO, check_number
from toolkit.core.messages import Message, message
from toolkit.market.market import Snapshot
from toolkit.records.supply import StudyBase
from toolkit.supply.concentration import (
    GovernanceRisk,
    GovernedConcentration,
    SupplyShares,
    governance_risk,
    governance_weighted_hhi,
    newest_shares,
    newest_supplies,
    scored_stage,
)
from toolkit.supply.criticality import (
    NEUTRAL_TRADE,
    PRESENT_METHOD,
    PublishedScore,
    ScenarioRatio,
    published_scores,
    scenario_ratio,
)

if TYPE_CHECKING:
    from toolkit.app.context import Context

REFINING = "processing"
BY_PRODUCT = "yes"
"""The word of the column `by_product` for a metal whose concentration is scored at refining (DOMAIN 0)."""

NOTED = ("eu_list_2023", "us_list_2025", "us_net_import_reliance", "by_product", "host")
"""Columns of the reference notes (`toolkit.core.frames.Metals`) that records have."""
SCENARIO_TRADE = 1.3
"""Default t of the scenario, between no restriction (1.0) and the highest that the EU study uses (1.5); DOMAIN 1."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A trade parameter that the user supposes for one country; never an EU figure.

    Raises:
        SpecError: for a trade parameter that is not a positive number.
    """

    trade_parameter: float = SCENARIO_TRADE
    country: str = CHINA

    def __post_init__(self) -> None:
        if not check_number("--trade-parameter", self.trade_parameter, LARGEST_RATIO) > 0:
            hint = message(
                "Give a positive number; {neutral_trade:g} is no restriction, such as {scenario_trade:g} a restriction.",
                neutral_trade=NEUTRAL_TRADE,
                scenario_trade=SCENARIO_TRADE,
            )
            raise SpecError(
                "--trade-parameter {trade_parameter:g} is no trade parameter.", hint=hint, trade_parameter=self.trade_parameter
            )


def shown_shares(supply: SupplyShares) -> dict[str, Any]:
    """Fields of records of a stage beside those of its shares; ranges where compilations disagree on the largest producer."""
    others = supply.elsewhere.get(supply.top_country)
    return {
        "elsewhere": dict(others) if others else None,
        "top_share_range": supply.share_range(supply.top_country) if others else None,
        "n_minus_1_range": supply.n_minus_1_range if others else None,
        "hhi_range": supply.hhi_range if others else None,
    }


@dataclass(frozen=True, slots=True)
class StageSupply:
    """The newest shares of one stage, and what is computed from them.

    Attributes:
        scored: Whether this is the stage at which the metal is scored.
        governed: None when no governance indicator was known.
        ratio: The scenario's ratio; None when no governance indicator was known.
        study_trade: The study's own t for the country of the scenario, 1 where it has none.
    """

    supply: SupplyShares
    scored: bool
    governed: GovernedConcentration | None
    ratio: ScenarioRatio | None
    study_trade: float


@dataclass(frozen=True, slots=True)
class MetalSupply:
    """Everything known of the supply of one metal.

    Attributes:
        stage: The stage at which it is scored; None when neither a product nor a note decides.
        stage_basis: ``by-product`` (scored at refining), ``product`` (the products table), ``shares`` (there are none at
            any other) or None.
        product_stage: What the products table says, which `exposure` and `optimize` use.
        stages: One a stage, the scored one first; stages are never mixed.
        scores: EU scores of all studies known, oldest first.
        notes: The row of the reference notes; empty without one.
    """

    asset: str
    name: str
    stage: str | None
    stage_basis: str | None
    product_stage: str | None
    stages: tuple[StageSupply, ...]
    scores: tuple[PublishedScore, ...]
    notes: Mapping[str, Any]

    @property
    def scored(self) -> StageSupply | None:
        """The shares at the stage at which the metal is scored; None where there are none: no other stage replaces it."""
        return next((stage for stage in self.stages if stage.scored), None)

    @property
    def is_known(self) -> bool:
        """Whether anything of its supply was known: shares, scores or notes."""
        return bool(self.stages or self.scores or self.notes)

    @property
    def newest_score(self) -> PublishedScore | None:
        """The newest score, the metal's own before one of its group."""
        return _newest(self.scores)


def is_critical(score: PublishedScore) -> bool | None:
    """Whether a score reaches both thresholds; None when one is not published or the study is older than the thresholds."""
    return score.above_thresholds if score.year >= PRESENT_METHOD else None


def _newest(scores: Sequence[PublishedScore]) -> PublishedScore | None:
    return max(scores, key=lambda score: (score.year, score.scope == "material"), default=None)


def _statement(year: int, years: tuple[int, int] | None, country: str, control: tuple[date, str] | None) -> Message:
    """The caution that belongs beside every score; years are words, not figures with separators."""
    if years is None:
        return message(
            "The EU supply risk of {year} rests on older years; which, the data package does not say.", year=str(year)
        )
    start, end = map(str, years)
    if control is None:
        return message(
            "The EU supply risk of {year} rests on {start}-{end}; no control of {country} after that was in force yet.",
            year=str(year), start=start, end=end, country=country,
        )  # fmt: skip
    return message(
        "The EU supply risk of {year} rests on {start}-{end} and is blind to controls of {country} "
        "since {day:%B %Y} ({notice}).",
        year=str(year), start=start, end=end, country=country, day=control[0], notice=control[1],
    )  # fmt: skip


def metal_supplies(context: Context) -> Callable[[str, Scenario], MetalSupply]:
    """The supply of an asset under a scenario, as known on the day; each is computed once."""
    snapshot = context.snapshot
    products = {asset.key: asset for asset in context.products if asset.element}
    governance = governance_risk(snapshot["governance"]) if snapshot["governance"].height else None
    return functools.cache(lambda key, scenario: _metal(key, products.get(key), snapshot, governance, scenario))


def _metal(
    key: str, product: Asset | None, snapshot: Snapshot, governance: GovernanceRisk | None, scenario: Scenario
) -> MetalSupply:
    materials = snapshot["criticality_materials"]
    scores: tuple[PublishedScore, ...] = ()
    if key in materials["asset"]:
        scores = published_scores(snapshot["criticality"], materials, key)
    noted = snapshot["metals"].filter(pl.col("asset") == key).to_dicts()
    notes = noted[0] if noted else {}
    product_stage = product.stage if product else None
    stage, basis = (product_stage, "product") if product_stage else (None, None)
    if notes.get("by_product") == BY_PRODUCT:
        stage, basis = REFINING, "by-product"
    supplies = newest_supplies(snapshot["shares"].filter(pl.col("asset") == key), snapshot["shares_elsewhere"]).values()
    known = scored_stage(stage, [one.stage for one in supplies])
    stage, basis = known, basis if known == stage else "shares"
    stages = [
        _stage(one, snapshot, governance, scenario, _newest(scores), scored=one.stage == stage)
        for one in sorted(supplies, key=lambda one: (one.stage != stage, one.stage))
    ]
    name = product.name if product else notes.get("name", key)
    return MetalSupply(
        asset=key,
        name=name,
        stage=stage,
        stage_basis=basis,
        product_stage=product_stage,
        stages=tuple(stages),
        scores=scores,
        notes=notes,
    )


def _stage(
    shares: SupplyShares,
    snapshot: Snapshot,
    governance: GovernanceRisk | None,
    scenario: Scenario,
    score: PublishedScore | None,
    *,
    scored: bool,
) -> StageSupply:
    governed = governance_weighted_hhi(shares, governance) if governance else None
    trade = snapshot["trade_parameters"]
    of_stage = (pl.col("asset") == shares.asset) & (pl.col("stage") == shares.stage)
    own = trade.filter(of_stage & (pl.col("country") == scenario.country))["trade_parameter"]
    ratio = None
    if governance is not None and governed is not None and governed.hhi > 0:
        published = (score,) if score else ()
        ratio = scenario_ratio(shares, governance, trade, scenario.country, scenario.trade_parameter, published)
    return StageSupply(
        supply=shares,
        scored=scored,
        governed=governed,
        ratio=ratio,
        study_trade=own[0] if len(own) else NEUTRAL_TRADE,
    )


def study_base(context: Context, metals: Iterable[MetalSupply], scenario: Scenario) -> StudyBase | None:
    """The years behind the newest study of metals, None without a study.

    They are those of the shares that the study published, on the same day, with its trade parameters.

    Args:
        context: What was known on the day.
        metals: Whose scores are shown.
        scenario: Names the country whose controls are looked at.
    """
    score = _newest([one for metal in metals if (one := metal.newest_score)])
    if score is None:
        return None
    snapshot, country = context.snapshot, scenario.country
    shares = snapshot["shares"].filter(
        pl.col("source").is_in(snapshot["trade_parameters"]["source"].unique().to_list())
        & (pl.col("known_from") == score.known_from)
    )
    first: Any = shares["period_start"].min()
    last: Any = shares["period_end"].max()
    after = [
        (event.effective, event.title)
        for event in context.ledger.events
        if event.is_law and event.instrument in COUNTING and event.origin == country and event.effective is not None
        if last is not None and last < event.effective <= snapshot.as_of
    ]
    years, control = None if last is None else (first.year, last.year), min(after, default=None)
    start, end = years or (None, None)
    statement = _statement(score.year, years, country, control)
    told = control and (control[0].isoformat(), control[1])
    return StudyBase(year=score.year, start=start, end=end, country=country, control=told, statement=statement)


def rows_used(snapshot: Snapshot, keys: Sequence[str]) -> dict[str, pl.DataFrame]:
    """The rows that an answer on these metals rests on, by table."""
    mine = pl.col("asset").is_in(list(keys))
    materials = snapshot["criticality_materials"].filter(mine)
    tables = {name: snapshot[name].filter(mine) for name in ("trade_parameters", "metals", "shares_elsewhere")}
    tables["shares"] = newest_shares(snapshot["shares"].filter(mine))
    tables["criticality"] = snapshot["criticality"].filter(pl.col("material").is_in(materials["material"].to_list()))
    tables["governance"] = snapshot["governance"].filter(pl.col("year") == pl.col("year").max())
    return tables
