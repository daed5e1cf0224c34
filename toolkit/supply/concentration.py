"""Concentration of supply at one stage: Herfindahl-Hirschman index, leading country, N-1, country exposure.

``OTH`` in a table of shares is what the source does not name: many countries, never one. The index therefore sums over
named countries, relative to the whole world including ``OTH``: that is its lower bound, reached when the rest is scattered.
The upper bound counts ``OTH`` as a single country. Mine and refinery figures are different numbers and never mixed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from types import MappingProxyType
from typing import Any

import polars as pl

from toolkit.core.assets import Asset
from toolkit.core.errors import GapError
from toolkit.core.grouping import by_key, sums_by_key
from toolkit.core.messages import message

OTHER = "OTH"
HIGHLY_CONCENTRATED = 0.18
"""HHI above which the US merger guidelines of 2023 call a market highly concentrated (DOMAIN 6)."""

WGI_BEST, WGI_RANGE = 2.5, 5.0
"""Worldwide Governance Indicators run from about -2.5 to +2.5, high is good."""

RISK_WITHOUT_WGI = 0.5
"""Governance risk of a place without an indicator: the middle of the scale, as GeoPolRisk sets it."""


@dataclass(frozen=True, slots=True)
class SupplyShares:
    """World production of one metal at one stage in one period, by country, from one source.

    Attributes:
        countries, shares: Named countries (ISO-3) and their fractions of the world total, largest first.
        other: Fraction of countries that the source does not name, one by one unknown.
        period_start, period_end: The period of the figures; both days inclusive.
        known_from: Day of publication.
        elsewhere: Country -> compilation -> the share that it gives, where compilations other than `source` have one.
        asset: Key of the metal.
        stage: extraction or processing.
        source: Key of the source.
    """

    asset: str
    stage: str
    source: str
    period_start: date
    period_end: date
    known_from: date
    countries: tuple[str, ...]
    shares: tuple[float, ...]
    other: float
    elsewhere: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def hhi(self) -> float:
        """Sum of squared shares of named countries, 0..1: the lower bound when ``OTH`` is many small ones."""
        return sum(share**2 for share in self.shares)

    @property
    def hhi_upper(self) -> float:
        """The index, 0..1, if all of ``OTH`` were one country."""
        return self.hhi + self.other**2

    @property
    def top_country(self) -> str:
        """The largest named producer; the first in the alphabet among equals."""
        return self.countries[0]

    @property
    def top_share(self) -> float:
        """Its fraction of the world total."""
        return self.shares[0]

    @property
    def n_minus_1(self) -> float:
        """Fraction of world supply left without the largest named producer.

        It overstates what others can buy when that producer is also the main consumer (DOMAIN 5).
        """
        return max(0.0, 1.0 - self.top_share)

    def share(self, country: str) -> float:
        """The fraction of `country`; 0 when the source does not name it, although it may hide in ``OTH``."""
        return dict(zip(self.countries, self.shares, strict=True)).get(country, 0.0)

    def share_range(self, country: str) -> tuple[float, float]:
        """The lowest and the highest fraction of `country` that any source gives."""
        given = (self.share(country), *self.elsewhere.get(country, {}).values())
        return min(given), max(given)

    @property
    def n_minus_1_range(self) -> tuple[float, float]:
        """What is left at the highest and at the lowest share of the largest producer."""
        low, high = self.share_range(self.top_country)
        return 1.0 - high, 1.0 - low

    @property
    def hhi_range(self) -> tuple[float, float]:
        """The index at both ends of the share of the largest producer, the others in proportion; up to `hhi_upper`."""
        rest = self.hhi - self.top_share**2
        scale = 1.0 - self.top_share
        ends = [end**2 + (rest * ((1.0 - end) / scale) ** 2 if scale else 0.0) for end in self.share_range(self.top_country)]
        return min(*ends, self.hhi), max(*ends, self.hhi_upper)


def newest_shares(shares: pl.DataFrame) -> pl.DataFrame:
    """The rows of the newest period of each asset at each stage, from one source.

    Of several that end on the same day the latest published goes first, then the one that starts later (a year beats a
    five-year average), then the first in the alphabet.
    """
    keys = ["asset", "stage", "source", "period_start", "period_end"]
    tables = shares.lazy().group_by(keys).agg(known=pl.col("known_from").max())
    order = {"period_end": True, "known": True, "period_start": True, "source": False}
    newest = tables.sort([*order], descending=[*order.values()]).unique(["asset", "stage"], keep="first", maintain_order=True)
    return shares.lazy().join(newest, on=keys, how="semi").collect()


def newest_supplies(shares: pl.DataFrame, elsewhere: pl.DataFrame | None = None) -> dict[tuple[str, str], SupplyShares]:
    """(asset, stage) -> its newest shares, of all rows given, sorted; see `newest_shares`.

    Rows not yet known at the date of the question are the caller's to drop (`Market.until` does): no clock is read here.

    Args:
        shares: A table with the contract of `toolkit.core.frames.Shares`.
        elsewhere: What other compilations say, with the contract of `toolkit.core.frames.SharesElsewhere`.
    """
    order = {"asset": False, "stage": False, "share": True, "country": False}
    rows = newest_shares(shares).sort([*order], descending=[*order.values()]).rows(named=True)
    others: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    if elsewhere is not None:
        given = elsewhere.filter(pl.col("asset").is_in({row["asset"] for row in rows})).sort("country", "compilation")
        for row in given.iter_rows(named=True):
            countries = others.setdefault((row["asset"], row["stage"]), {})
            countries.setdefault(row["country"], {})[row["compilation"]] = row["share"]
    pairs = groupby(rows, key=lambda row: (row["asset"], row["stage"]))
    return {pair: _supply(*pair, [*of_pair], others.get(pair, {})) for pair, of_pair in pairs}


def _supply(
    asset: str, stage: str, rows: Sequence[Mapping[str, Any]], elsewhere: Mapping[str, Mapping[str, float]]
) -> SupplyShares:
    """The shares of an asset at a stage in their rows of the newest period, the largest share first."""
    first = rows[0]
    named = [row for row in rows if row["country"] != OTHER and row["share"] > 0]
    if not named:
        sentence = message(
            "the shares of {asset} at {stage} from {source} name no country.", asset=asset, stage=stage, source=first["source"]
        )
        raise GapError(sentence, hint="Give shares by country: concentration cannot be read from a remainder.")
    return SupplyShares(
        asset=asset,
        stage=stage,
        source=first["source"],
        period_start=first["period_start"],
        period_end=first["period_end"],
        known_from=max(row["known_from"] for row in rows),
        countries=tuple(row["country"] for row in named),
        shares=tuple(row["share"] for row in named),
        other=sum((row["share"] for row in rows if row["country"] == OTHER), 0.0),
        elsewhere=elsewhere,
    )


def scored_stage(stage: str | None, known: Collection[str]) -> str | None:
    """The stage at which a metal is scored: that of its form, and another where shares are `known` at no stage but that one.

    Args:
        stage: extraction or processing; None where no product decides.
        known: Stages at which the metal has shares.
    """
    return stage if stage is None or stage in known else next(iter(known), stage)


def scored_supplies(
    assets: Iterable[Asset], shares: pl.DataFrame, elsewhere: pl.DataFrame | None = None
) -> dict[str, SupplyShares]:
    """Shares of world supply at the `scored_stage` of each asset, by asset key; without assets that have none.

    Args:
        assets: Assets with their `stage`.
        shares: Table with the contract of `toolkit.core.frames.Shares`.
        elsewhere: As of `newest_supplies`.
    """
    asked = {asset.key: asset.stage for asset in assets if asset.stage is not None}
    found = newest_supplies(shares.filter(pl.col("asset").is_in([*asked])), elsewhere)
    stages = by_key(found)
    return {key: found[key, scored_stage(stage, stages[key]) or stage] for key, stage in asked.items() if key in stages}


@dataclass(frozen=True, slots=True)
class CountryExposure:
    """The share of a portfolio behind which each country stands as producer.

    Attributes:
        countries, exposures: ISO-3 codes and sums of weight times share, largest first.
        other: The same for countries that no source names: many, so never an exposure to one of them.
        unknown: Weight of the assets in `without_shares`; cash and metals whose shares are not known yet.
        hhi: Weighted mean of the index of the metals with shares, 0..1; None when no weight has shares.
        n_minus_1: Weighted mean of the supply left without each metal's largest producer; None when no weight has shares.
    """

    countries: tuple[str, ...]
    exposures: tuple[float, ...]
    other: float
    unknown: float
    without_shares: tuple[str, ...]
    hhi: float | None
    n_minus_1: float | None

    def exposure(self, country: str) -> float:
        """The exposure to `country`; 0 when no source names it."""
        return dict(zip(self.countries, self.exposures, strict=True)).get(country, 0.0)

    def as_mapping(self) -> dict[str, float]:
        """Exposure by ISO-3 code, largest first."""
        return dict(zip(self.countries, self.exposures, strict=True))


def country_exposure(weights: Mapping[str, float], supplies: Mapping[str, SupplyShares]) -> CountryExposure:
    """The countries behind a portfolio: for each, the sum over assets of weight times its share of supply.

    Args:
        weights: Fraction of the portfolio by asset key; an asset (or cash) without an entry in `supplies` is not guessed at
            but named in `without_shares`.
        supplies: Shares by asset key, each at the stage at which its metal is scored.
    """
    known = {asset: weight for asset, weight in weights.items() if asset in supplies and weight != 0}
    missing = {asset: weight for asset, weight in weights.items() if asset not in supplies and weight != 0}
    sums = sums_by_key(
        (country, weight * share)
        for asset, weight in sorted(known.items())
        for country, share in zip(supplies[asset].countries, supplies[asset].shares, strict=True)
    )
    ranked = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    total = sum(known.values())
    return CountryExposure(
        countries=tuple(country for country, _ in ranked),
        exposures=tuple(exposure for _, exposure in ranked),
        other=sum(weight * supplies[asset].other for asset, weight in sorted(known.items())),
        unknown=sum(weight for _, weight in sorted(missing.items())),
        without_shares=tuple(sorted(missing)),
        hhi=sum(weight * supplies[asset].hhi for asset, weight in sorted(known.items())) / total if total else None,
        n_minus_1=sum(weight * supplies[asset].n_minus_1 for asset, weight in sorted(known.items())) / total if total else None,
    )


@dataclass(frozen=True, slots=True)
class GovernanceRisk:
    """Governance risk g by country in one year, 0 (stable) to 1: g = (2.5 - WGI) / 5.

    Years are never mixed: the World Bank changed the scale in 2023, so a country rated in 2022 and one rated in 2023 do not
    compare. 2022 continues the older series. Source of the rescaling: DOMAIN 0, as in geopolrisk-py and the EU method.

    Attributes:
        year: Year of every risk.
        risks: Risk by ISO-3 code, 0..1; estimates beyond the ends of the scale are set to its ends.
    """

    year: int
    source: str
    known_from: date
    risks: Mapping[str, float] = field(repr=False)

    def risk(self, country: str) -> float:
        """The risk of `country`; 0.5 where the indicator is missing."""
        return self.risks.get(country, RISK_WITHOUT_WGI)


def governance_risk(governance: pl.DataFrame, year: int | None = None) -> GovernanceRisk:
    """Political stability of one year as a risk.

    Args:
        governance: A table with the contract of `toolkit.core.frames.Governance`, already narrowed to what was known.
        year: Year of the indicator; the newest in the table by default.

    Raises:
        GapError: when the table has no row of that year.
    """
    years = sorted(governance["year"].unique())
    chosen = year if year is not None else max(years, default=0)
    rows = governance.filter(pl.col("year") == chosen)
    if rows.is_empty():
        if year is None:
            raise GapError("no governance indicator of any year.")
        hint = message("Known: {names:s}.", names=", ".join(map(str, years))) if years else ""
        raise GapError("no governance indicator of {year:d}.", hint=hint, year=year)
    scaled = rows.select("country", risk=((WGI_BEST - pl.col("political_stability")) / WGI_RANGE).clip(0, 1)).sort("country")
    known_from: Any = rows["known_from"].max()
    return GovernanceRisk(
        year=chosen,
        source=", ".join(rows["source"].unique().sort()),
        known_from=known_from,
        risks=MappingProxyType(dict(scaled.iter_rows())),
    )


@dataclass(frozen=True, slots=True)
class GovernedConcentration:
    """The governance-weighted index of one supply.

    Attributes:
        hhi: Sum over named countries of g times squared share, 0..1.
        hhi_upper: The index if all of ``OTH`` were one country of the worst governance (g = 1).
        year: Year of the governance indicator.
        unrated: Named countries without an indicator, counted at g = 0.5.
    """

    asset: str
    stage: str
    hhi: float
    hhi_upper: float
    year: int
    unrated: tuple[str, ...]


def governance_weighted_hhi(supply: SupplyShares, governance: GovernanceRisk) -> GovernedConcentration:
    """Concentration in badly governed places: sum of g_c S_c^2, g and S as fractions.

    The EU study sums the same over g times ten and six indicators (DOMAIN 1, HHI(WGI)); this is political stability alone.
    """
    hhi = sum(governance.risk(country) * share**2 for country, share in zip(supply.countries, supply.shares, strict=True))
    return GovernedConcentration(
        asset=supply.asset,
        stage=supply.stage,
        hhi=hhi,
        hhi_upper=hhi + supply.other**2,
        year=governance.year,
        unrated=tuple(country for country in supply.countries if country not in governance.risks),
    )
