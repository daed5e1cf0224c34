"""Concentration of supply by stage and the official views of metals: `toolkit supply --json`, and reports."""

from collections.abc import Mapping
from typing import Literal

from toolkit.records.base import Day, Named, Phrase, Record, Rows
from toolkit.records.fields import AsOf, Assumed, DataUsed, KnownFrom, MetalKey, SourceId

LEADING = 3
"""Producers of a stage that pages name."""


class StageConcentration(Record):
    """How concentrated a stage of supply is; shares and indices are 0..1."""

    stage: str
    """extraction or processing."""
    top_country: str
    """ISO-3 code of the largest producer."""
    top_share: float
    """Its fraction of world supply."""
    n_minus_1: float
    """Fraction of supply left without it."""
    hhi: float
    """Herfindahl-Hirschman index of the named countries: a lower bound."""
    hhi_upper: float
    """Upper bound, with everything unnamed in one country."""
    elsewhere: Mapping[str, float] | None
    """Share of the largest producer by other statistics; null where none disagrees, as are the ranges."""
    top_share_range: Rows[float] | None
    """Lowest and highest of them."""
    n_minus_1_range: Rows[float] | None
    """Lowest and highest of what is left."""
    hhi_range: Rows[float] | None
    """Lowest and highest index."""
    period_end: Day
    """Last day of the period of the shares."""


class ShareOf(Record):
    """A part of a whole."""

    key: str
    """ISO-3 code of a country, or the name of a use."""
    share: float
    """As a fraction."""


class Stage(StageConcentration):
    """The newest shares of one stage, and what is computed from them."""

    period_start: Day
    """First day of the period of the shares."""
    source_id: SourceId
    known_from: KnownFrom
    producers: Rows[ShareOf] = ()
    """The largest first, as fractions of world supply."""
    other: float
    """Fraction that no country is named for."""
    governance_hhi: float | None
    """Index with each square weighted by the political risk of the country; null without an indicator, as the next two."""
    governance_hhi_upper: float | None
    """Upper bound of it."""
    governance_year: int | None
    """Year of the indicator."""
    governance_unrated: Rows[str]
    """ISO-3 codes of producers without one."""
    scenario_ratio: float | None
    """Supply risk under the scenario over that without; it multiplies no published score."""
    study_trade_parameter: float
    """Of the study itself for the country of the scenario; 1 where it has none."""

    @property
    def leading(self) -> tuple[ShareOf, ...]:
        """The largest producers."""
        return self.producers[:LEADING]


class EuStudy(Record):
    """Supply risk and economic importance of a metal by one study of the European Union, as published."""

    asset: MetalKey
    material: str
    """Name under which it is scored."""
    scope: str
    """material, or group where the score is shared with other elements."""
    year: int
    """Of the study; its data are older."""
    supply_risk: float | None
    """Index."""
    economic_importance: float | None
    """Index."""
    above_thresholds: bool | None
    """Whether both reach their thresholds; null where one is not published, or the study is older than the thresholds."""
    source: SourceId
    known_from: KnownFrom


class MetalSupply(Named):
    """What is known of the supply of one metal."""

    weight: float | None
    """Fraction of value; null for the market alone."""
    stage: str | None
    """Stage at which it is scored; null where neither a product nor a note decides."""
    stage_basis: str | None
    """Why: by-product, product, or shares (there are none at any other)."""
    product_stage: str | None
    """Stage by the table of products, at which exposure and optimize weigh it."""
    scored: Stage | None
    """Producers at the stage at which it is scored; null without shares there."""
    other_stages: Rows[Stage]
    """At the others."""
    eu: EuStudy | None
    """The newest study."""
    eu_studies: Rows[EuStudy]
    """All, oldest first."""
    scenario_supply_risk: float | None
    """Supply risk if the country of the scenario restricted exports."""
    eu_list_2023: str | None
    """Entry of the list of critical raw materials of 2023."""
    us_list_2025: str | None
    """Entry of the list of 2025."""
    us_net_import_reliance: str | None
    """Per cent, as noted."""
    by_product: str | None
    """yes, co-product, partly or no."""
    host: str | None
    """Metal that it is won with."""
    notes_source_id: str | None
    """Key of the source of the last five; null without a reference note."""
    uses: Rows[ShareOf] = ()
    """Uses within the European Union, the largest first; zero for one that the study names without a share."""
    uses_source_id: str | None = None
    """Key of their source."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """All, the scored one first."""
        return (*((self.scored,) if self.scored else ()), *self.other_stages)


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


class Thresholds(Record):
    """From which on a figure is high."""

    supply_risk: float
    """Index of the European Union."""
    economic_importance: float
    """Index of the European Union."""
    highly_concentrated: float
    """Herfindahl-Hirschman index, 0 to 1."""


class TradeScenario(Record):
    """A trade parameter supposed for one country; never a figure of the European Union."""

    trade_parameter: float
    """Factor on its share in the index; 1 is no restriction."""
    country: str
    """ISO-3 code."""


class StudyBase(Record):
    """What the newest study of the European Union rests on."""

    year: int
    """Of its publication."""
    start: int | None
    """First year of its data; null where no shares of it are bundled."""
    end: int | None
    """Last year of its data."""
    country: str
    """ISO-3 code of the country whose controls are looked at."""
    control: Rows[str] | None
    """Day and notice of the first control after its data; null where there was none yet."""
    statement: Phrase
    """What that means."""


class Supply(Record, schema="supply"):
    """Concentration and official views of some metals, or of all products."""

    schema_version: Literal[2] = 2
    """Of this shape."""
    as_of: AsOf
    asked: str | None
    """Key of the metal asked about; null for several."""
    metals: Rows[MetalSupply]
    """In the order of the report; of a command the most concentrated first. Figures are null where nothing is known."""
    portfolio: PortfolioSupply | None
    """Null for the market alone."""
    thresholds: Thresholds
    """From which on a figure is high."""
    scenario: TradeScenario
    """Behind the ratios and `scenario_supply_risk`."""
    eu_base: StudyBase | None
    """Of the newest study; null where no score is shown."""
    assumptions: Assumed
    data: DataUsed
