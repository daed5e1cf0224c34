"""Concentration of supply by stage and the official views of metals: `toolkit supply --json`."""

from collections.abc import Mapping

from toolkit.records.base import Day, Record, Rows, Sentence
from toolkit.records.fields import AsOf, DataUsed, KnownFrom, MetalKey, Name, SourceId


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


class Stage(StageConcentration):
    """The newest shares of one stage, and what is computed from them."""

    scored: bool
    """Whether the metal is scored at this stage."""
    governance_hhi: float | None
    """Index with each square weighted by the political risk of the country; null without an indicator, as the next two."""
    governance_hhi_upper: float | None
    """Upper bound of it."""
    governance_year: int | None
    """Year of the indicator."""
    governance_unrated: Rows[str]
    """ISO-3 codes of producers without one."""
    scenario_ratio: float | None
    """Supply risk under the scenario over that without."""
    study_trade_parameter: float
    """Of the study itself for the country of the scenario; 1 where it has none."""
    producers: Mapping[str, float]
    """Fraction of world supply by ISO-3 code, the largest first."""
    other: float
    """Fraction that no country is named for."""
    period_start: Day
    """First day of the period of the shares."""
    source: str
    """Title of the source."""
    source_id: str
    """Its key."""
    known_from: Day
    """Day from which they were known."""

    @property
    def years(self) -> str:
        """Year or years of the shares."""
        first, last = self.period_start[:4], self.period_end[:4]
        return last if first == last else f"{first}-{last}"


class PublishedStudy(Record):
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
    source: SourceId
    known_from: KnownFrom


class EuStudy(PublishedStudy):
    """Supply risk and economic importance of a metal by one study of the European Union, as published."""

    above_thresholds: bool | None
    """Whether both reach their thresholds; null where one is not published, or the study is older than the thresholds."""


class Metal(Record):
    """What is known of the supply of one metal."""

    asset: MetalKey
    name: Name
    stage: str | None
    """Stage at which it is scored; null where neither a product nor a note decides."""
    stage_basis: str | None
    """Why: by-product or product."""
    product_stage: str | None
    """Stage by the table of products, at which exposure and optimize weigh it."""
    stages: Rows[Stage]
    """One a stage, the scored one first."""
    eu: EuStudy | None
    """The newest study."""
    eu_studies: Rows[EuStudy]
    """All, oldest first."""
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
    notes_source: str | None
    """Title of the source of the last five; null without a reference note."""
    notes_known_from: Day | None
    """Day from which they were known."""

    @property
    def scored(self) -> Stage | None:
        """The shares at the stage at which it is scored; None without shares."""
        return next((stage for stage in self.stages if stage.scored), None)


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
    statement: Sentence
    """What that means."""


class Units(Record):
    """Units of the figures."""

    shares: str
    """Of shares."""
    hhi: str
    """Of indices."""
    us_net_import_reliance: str
    """Of the reliance."""


class Thresholds(Record):
    """From which on a metal is critical."""

    supply_risk: float
    """Index of the European Union."""
    economic_importance: float
    """Index of the European Union."""


class TradeScenario(Record):
    """A trade parameter supposed for one country; never a figure of the European Union."""

    trade_parameter: float
    """Factor on its share in the index; 1 is no restriction."""
    country: str
    """ISO-3 code."""
    label: Sentence | None
    """What the ratios are; null where there is none."""


class Supply(Record, schema="supply"):
    """Concentration and official views."""

    as_of: AsOf
    metal: str | None
    """Key of the metal asked about; null for every product."""
    units: Units
    """Of the figures."""
    thresholds: Thresholds
    """Of the European Union."""
    scenario: TradeScenario
    """Behind the ratios."""
    eu_base: StudyBase | None
    """Of the newest study; null where no score is shown."""
    metals: Rows[Metal]
    """The most concentrated first, those without shares at their stage last."""
    data: DataUsed
