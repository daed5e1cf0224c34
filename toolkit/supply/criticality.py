"""Criticality after the European Commission: published scores, their world term, and scenarios marked as ours.

Source: European Commission (2017), Methodology for establishing the EU list of critical raw materials; in law as Regulation
(EU) 2024/1252, Annex II. The published scores rest on 2016 to 2020 and are blind to every control since; a scenario raises the
trade parameter of the controlling country. It is never an EU figure. Only a few metals have public inputs (constants of the
reference tests): the published score and a scenario ratio are given, never a supply risk of our own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from toolkit.core.errors import DataError, GapError, did_you_mean
from toolkit.core.grouping import sums_by_key
from toolkit.supply.concentration import GovernanceRisk, SupplyShares

SUPPLY_RISK_THRESHOLD, IMPORTANCE_THRESHOLD = 1.0, 2.8
"""A material is critical from these values of SR and EI on (Annex II)."""

PRESENT_METHOD = 2017
"""First study under the method whose thresholds are in law; earlier ones had another EI, and a threshold of their own."""

NEUTRAL_TRADE = 1.0
"""Trade parameter t of a country without a restriction or an agreement; members of the EU have 0.8."""


@dataclass(frozen=True, slots=True)
class PublishedScore:
    """Supply risk and economic importance of one EU study, as published (one decimal, both without unit).

    Attributes:
        material: The name under which the study scores it.
        scope: ``material``, or ``group`` when the score is shared with other elements.
        year: Of the study; its data are older.
    """

    asset: str
    material: str
    scope: str
    year: int
    supply_risk: float | None
    economic_importance: float | None
    source: str
    known_from: date

    @property
    def above_thresholds(self) -> bool | None:
        """Whether SR >= 1.0 and EI >= 2.8; None when one is not published. Listing may differ: strategic metals join by law."""
        if self.supply_risk is None or self.economic_importance is None:
            return None
        return self.supply_risk >= SUPPLY_RISK_THRESHOLD and self.economic_importance >= IMPORTANCE_THRESHOLD


def published_scores(criticality: pl.DataFrame, materials: pl.DataFrame, asset: str) -> tuple[PublishedScore, ...]:
    """The scores of `asset` in every EU study, oldest first.

    Args:
        criticality: Table with the contract of `toolkit.core.frames.Criticality`.
        materials: Table with the contract of `toolkit.core.frames.CriticalityMaterials`.
        asset: Asset key.

    Raises:
        DataError: for an asset that no study scores under a name known here, with the nearest names.
    """
    names = materials.filter(pl.col("asset") == asset)
    if names.is_empty():
        raise DataError("no EU study scores {asset!r:s}.", hint=did_you_mean(asset, materials["asset"].unique()), asset=asset)
    rows = names.select("asset", "material", "scope").join(criticality, on="material", how="inner").sort("year", "material")
    fields = PublishedScore.__dataclass_fields__
    return tuple(PublishedScore(**{name: row[name] for name in fields}) for row in rows.iter_rows(named=True))


def weighted_hhi(shares: Mapping[str, float], governance: Mapping[str, float], trade: Mapping[str, float]) -> float:
    """HHI(WGI, t) = sum of S_c^2 WGI_c t_c: 0..10 at t = 1 (EU 2017 methodology, supply risk).

    Args:
        shares: ISO-3 code -> fraction of world supply.
        governance: ISO-3 code -> WGI on 0..10, 10 worst.
        trade: ISO-3 code -> trade parameter t; 1 where a country is missing.

    Raises:
        GapError: for a producer without a governance value: the EU method knows no default.
    """
    missing = sorted(set(shares) - set(governance))
    if missing:
        raise GapError("no governance value of {missing}.", hint="Give WGI on 0..10 for every producer.", missing=[*missing])
    return sum(share**2 * governance[c] * trade.get(c, NEUTRAL_TRADE) for c, share in sorted(shares.items()))


@dataclass(frozen=True, slots=True)
class ScenarioRatio:
    """Factor by which a trade parameter raises the world term of a supply risk whose inputs are not all public.

    It is a ratio of HHI(WGI, t) over public shares, with political stability in place of six dimensions. It stands beside the
    published score and is not multiplied into one here: the EU term behind that score is not known. Who multiplies them takes
    what the EU buys to react as world supply does, and says so; recycling and substitution cancel.

    Attributes:
        published: The newest published score; None when there is none.
        ratio: Scenario over present, without unit; 1 when the country supplies nothing.
        unrated: Producers without an indicator, counted at g = 0.5.
    """

    published: PublishedScore | None
    asset: str
    stage: str
    country: str
    trade_parameter: float
    ratio: float
    governance_year: int
    unrated: tuple[str, ...]


def scenario_ratio(
    supply: SupplyShares,
    governance: GovernanceRisk,
    trade_parameters: pl.DataFrame,
    country: str,
    trade_parameter: float,
    published: Collection[PublishedScore] = (),
) -> ScenarioRatio:
    """The ratio of HHI(WGI, t) with `trade_parameter` for `country` to the one with the study's parameters.

    Args:
        supply: Shares of world supply; ``OTH`` is left out of both sums.
        governance: Risk by country. Its scale cancels in the ratio.
        trade_parameters: Table with the contract of `toolkit.core.frames.TradeParameters`.
        country: ISO-3 code of the controlling country.
        trade_parameter: Its t in the scenario.
        published: Scores of the metal; the newest stands beside the ratio.
    """
    at_stage = trade_parameters.filter((pl.col("asset") == supply.asset) & (pl.col("stage") == supply.stage))
    present = dict(at_stage.select("country", "trade_parameter").iter_rows())
    shares = dict(zip(supply.countries, supply.shares, strict=True))
    risks = {producer: governance.risk(producer) for producer in shares}
    before = weighted_hhi(shares, risks, present)
    after = weighted_hhi(shares, risks, {**present, country: trade_parameter})
    if before == 0:
        raise GapError(
            "the governance-weighted index of {asset} is zero.", hint="A ratio to it does not exist.", asset=supply.asset
        )
    return ScenarioRatio(
        published=max(published, key=lambda score: score.year, default=None),
        asset=supply.asset,
        stage=supply.stage,
        country=country,
        trade_parameter=trade_parameter,
        ratio=after / before,
        governance_year=governance.year,
        unrated=tuple(producer for producer in supply.countries if producer not in governance.risks),
    )


@dataclass(frozen=True, slots=True)
class CompanionShare:
    """The weight of a portfolio by how its metals are won.

    Attributes:
        kinds, weights: ``yes`` (by-product), ``co-product``, ``partly``, ``no`` as far as they occur, and the sum of
            weights, sorted by kind.
        unknown: Weight of assets without a note, cash among them.
    """

    kinds: tuple[str, ...]
    weights: tuple[float, ...]
    unknown: float

    def weight(self, kind: str) -> float:
        """The weight of one kind; 0 when none is held."""
        return dict(zip(self.kinds, self.weights, strict=True)).get(kind, 0.0)


def companion_share(weights: Mapping[str, float], metals: pl.DataFrame) -> CompanionShare:
    """Weights of a portfolio by how its metals are won: the share of by-products.

    Source: the companion fraction of Graedel et al. (2012), Environ. Sci. Technol. 46, here over held weights.

    Args:
        weights: Fraction of the portfolio by asset key.
        metals: Table with the contract of `toolkit.core.frames.Metals`.
    """
    noted: dict[str, str] = {asset: kind for asset, kind in metals.select("asset", "by_product").iter_rows() if kind}
    sums = sums_by_key((noted[asset], weight) for asset, weight in sorted(weights.items()) if asset in noted)
    missing = {asset: weight for asset, weight in weights.items() if asset not in noted and weight != 0}
    return CompanionShare(
        kinds=tuple(sorted(sums)),
        weights=tuple(sums[kind] for kind in sorted(sums)),
        unknown=sum(weight for _, weight in sorted(missing.items())),
    )
