"""GeoPolRisk: geopolitical supply risk of the imports of an economic unit (a country, or the owner of lots).

Sources: Gemechu et al. (2015), J. Ind. Ecol. 20; Santillan-Saldivar et al. (2022), Resour. Conserv. Recycl. 178;
Koyamparambath et al. (2024), geopolrisk-py 2.0.1. Score and import risk are without unit; masses are kg.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from toolkit.core.errors import DataError, GapError
from toolkit.supply.concentration import GovernanceRisk, SupplyShares

COPPER_MIDPOINT = 0.409412948
"""Score times price of copper, USD/kg, OECD mean 2017 to 2021: the reference of the GSP (geopolrisk-py 2.0.1)."""

WORLD = "WLD"
UNKNOWN = "unknown"


def import_risk(weighted_imports: float, imports: float, production: float = 0.0) -> float:
    """Import risk = sum of g_i f_i / (p + F), 0..1.

    Args:
        weighted_imports: Sum over origins of governance risk times imports, kg.
        imports: All imports F, kg.
        production: Domestic production p, kg; 0 for a company or an owner of lots.

    Raises:
        DataError: for a negative mass.
        GapError: when there are neither imports nor production.
    """
    if min(weighted_imports, imports, production) < 0:
        raise DataError("imports and production cannot be negative.", hint="Give masses in kg.")
    if imports + production == 0:
        raise GapError("neither imports nor production: there is no supply to judge.", hint="Give at least one import.")
    return weighted_imports / (imports + production)


@dataclass(frozen=True, slots=True)
class GeoPolRisk:
    """The score of one material for one economic unit.

    Attributes:
        unit: The economic unit: a country, or words for the owner.
        hhi: Concentration of world production, 0..1.
        risk: Import risk, unknown origins at g = 0.5, 0..1.
        risk_low, risk_high: The same with every unknown origin at g = 0 and g = 1.
        imports, production: kg.
        unknown: Imports of unknown origin, kg; of a country that publishes no indicator, too.
        governance_year: Year of the governance indicator; see `GovernanceRisk` on years.
    """

    asset: str
    unit: str
    hhi: float
    risk: float
    risk_low: float
    risk_high: float
    imports: float
    production: float
    unknown: float
    governance_year: int

    @property
    def score(self) -> float:
        """HHI times import risk, 0..1."""
        return self.hhi * self.risk

    @property
    def score_bounds(self) -> tuple[float, float]:
        """The score with unknown origins best and worst governed."""
        return self.hhi * self.risk_low, self.hhi * self.risk_high


def supply_potential(score: float, price: float, reference: float = COPPER_MIDPOINT) -> float:
    """Geopolitical supply risk potential, kg copper equivalent per kg: score times price over the same of copper.

    Args:
        score: GeoPolRisk score, 0..1.
        price: USD/kg.
        reference: Score times price of the reference metal, USD/kg.

    Raises:
        DataError: for a price or a reference that is not positive.
    """
    if price <= 0 or reference <= 0:
        raise DataError("price and reference must be positive.", hint="Give USD/kg.")
    return score * price / reference


def geopolrisk(
    supply: SupplyShares,
    imports: Mapping[str, float],
    governance: GovernanceRisk,
    *,
    unit: str,
    production: float = 0.0,
) -> GeoPolRisk:
    """The score of imports by origin.

    Args:
        supply: World production by country; its HHI sums over named countries.
        imports: kg by ISO-3 code of the origin; any other key is an unknown origin.
        governance: Risk by country.
        unit: Name of the economic unit.
        production: Domestic production, kg.

    Raises:
        GapError: when there are neither imports nor production.
        DataError: for a negative mass.
    """
    negative = [origin for origin, mass in imports.items() if mass < 0]
    if negative:
        raise DataError(f"imports from {negative[0]} are negative.", hint="Give masses in kg.")
    total = sum(imports.values())
    known = sum(governance.risks[origin] * mass for origin, mass in sorted(imports.items()) if origin in governance.risks)
    unknown = sum(mass for origin, mass in sorted(imports.items()) if origin not in governance.risks)
    return GeoPolRisk(
        asset=supply.asset,
        unit=unit,
        hhi=supply.hhi,
        risk=import_risk(known + governance.risk(UNKNOWN) * unknown, total, production),
        risk_low=import_risk(known, total, production),
        risk_high=import_risk(known + unknown, total, production),
        imports=total,
        production=production,
        unknown=unknown,
        governance_year=governance.year,
    )


def geopolrisk_of_lots(
    lots: pl.DataFrame, supplies: Mapping[str, SupplyShares], governance: GovernanceRisk
) -> tuple[GeoPolRisk, ...]:
    """The scores of an owner's lots, one a metal: the owner is the economic unit and produces nothing.

    Args:
        lots: Columns asset, origin_country (ISO-3 or ``unknown``) and mass (kg).
        supplies: Shares by asset key; a metal without shares gets no score.
        governance: Risk by country.

    Returns:
        Scores sorted by asset key. Which metals have none, a caller sees by their absence.
    """
    masses = lots.group_by("asset", "origin_country").agg(pl.col("mass").sum()).sort("asset", "origin_country")
    return tuple(
        geopolrisk(supplies[asset], dict(of.select("origin_country", "mass").iter_rows()), governance, unit="own lots")
        for (asset,), of in masses.group_by("asset", maintain_order=True)
        if asset in supplies
    )


def imports_by_origin(flows: pl.DataFrame, asset: str, reporter: str, year: int) -> dict[str, float]:
    """Imports of a country in a year by origin, kg; what no row assigns to an origin is ``unknown``.

    Args:
        flows: Table with the contract of `toolkit.core.frames.TradeFlows`; ``WLD`` rows hold all partners together.
        asset: Asset key.
        reporter: ISO-3 code of the importer.
        year: Calendar year; it must be whole.

    Raises:
        GapError: when a month of the year is missing from the flow of any partner, or partners exceed the world.
    """
    rows = flows.filter(
        (pl.col("asset") == asset)
        & (pl.col("reporter") == reporter)
        & (pl.col("direction") == "import")
        & (pl.col("date").dt.year() == year)
    )
    sums = rows.group_by("partner").agg(mass=pl.col("quantity").sum(), months=pl.col("date").n_unique()).sort("partner")
    if sums.is_empty() or sums.filter(pl.col("months") < 12).height:
        raise GapError(f"imports of {asset} into {reporter} do not cover all of {year}.", hint="Choose a whole year.")
    masses = dict(sums.select("partner", "mass").iter_rows())
    world = masses.pop(WORLD, None)
    if world is None:
        return masses
    rest = world - sum(masses.values())
    if rest < -1e-6 * world:
        raise GapError(f"imports of {asset} from single origins exceed the total of {year}.", hint="Look at the flows.")
    return {**masses, UNKNOWN: max(0.0, rest)}
