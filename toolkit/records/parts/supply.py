"""Concentration and criticality of the supply of each metal."""

from collections.abc import Mapping

from toolkit.records.answers.supply import PublishedStudy, StageConcentration, StudyBase, Thresholds
from toolkit.records.base import Day, Named, Phrase, Record, Rows
from toolkit.records.fields import Assumed, DataUsed, SourceId


class ShareOf(Record):
    """A part of a whole."""

    key: str
    """ISO-3 code of a country, or the name of a use."""
    share: float
    """As a fraction."""


class StageSupply(StageConcentration):
    """Producers of a metal at one stage."""

    period_start: Day
    """First day of the period of the shares."""
    source_id: SourceId
    scenario_ratio: float | None
    """Supply risk under the scenario over that without."""
    leading: Rows[ShareOf] = ()
    """The three largest producers that are named, or fewer, as fractions of world supply."""


class EuScore(PublishedStudy):
    """The published assessment of the European Union."""

    known_from: Day | None  # pyright: ignore[reportIncompatibleVariableOverride]  # records are frozen
    """Day from which it was known."""
    critical: bool
    """Whether both are above their thresholds."""


class MetalSupply(Named):
    """What is known of a metal."""

    weight: float | None
    """Fraction of value; null for the market alone."""
    stage: str | None
    """Stage at which it is scored."""
    scored: StageSupply | None
    """Producers at that stage."""
    other_stages: Rows[StageSupply]
    """At the others."""
    eu: EuScore | None
    """The newest published assessment."""
    scenario_supply_risk: float | None
    """Supply risk if the country of the scenario restricted exports."""
    eu_list_2023: str | None
    """Entry of the list of critical raw materials of 2023."""
    us_list_2025: str | None
    """Entry of the list of 2025."""
    us_net_import_reliance: str | None
    """As published."""
    by_product: str | None
    """yes, partly or no."""
    host: str | None
    """Metal that it is won with."""
    notes_source_id: str | None
    """Key of the source of the last two."""
    uses: Rows[ShareOf] = ()
    """Uses within the European Union, the largest first; zero for one that the study names without a share."""
    uses_source_id: str | None = None
    """Key of their source."""


class PortfolioSupply(Record):
    """Supply behind all together, weighted by value."""

    weight: float
    """Fraction of value whose supply is known."""
    hhi: float | None
    """Herfindahl-Hirschman index, 0 to 1."""
    n_minus_1: float | None
    """Fraction of supply left without the largest producer."""
    unknown: float
    """Fraction of value whose supply is not known."""
    won: Mapping[str, float]
    """Fraction of value by how it is won: yes, partly, no."""
    critical: float
    """Fraction of value that is critical in the European Union."""
    rated: float
    """Fraction of value that is assessed there."""


class SupplyThresholds(Thresholds):
    """From which on a figure is high."""

    highly_concentrated: float
    """Herfindahl-Hirschman index, 0 to 1."""


class SupplyScenario(Record):
    """A country that restricts exports."""

    trade_parameter: float
    """Factor on its share in the index."""
    country: str
    """ISO-3 code."""


class EuBase(StudyBase):
    """What the assessment of the European Union rests on."""

    statement: Phrase
    """What that means."""


class SupplyPart(Record):
    """Supply of the metals."""

    metals: Rows[MetalSupply]
    """In the order of the report; of one of which nothing is known the figures are null."""
    portfolio: PortfolioSupply | None
    """Null for the market alone."""
    thresholds: SupplyThresholds
    """From which on a figure is high."""
    scenario: SupplyScenario
    """Behind `scenario_supply_risk`."""
    eu_base: EuBase | None
    """What the assessment rests on."""
    assumptions: Assumed
    data: DataUsed
