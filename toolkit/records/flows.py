"""Customs flows: `toolkit flows --json`, and the same object in `findings.json` of a report. Quantities are kg a month."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from toolkit.records.base import Day, Month, Named, Phrase, Record, Rows, Sentence
from toolkit.records.controls import Spell
from toolkit.records.fields import (
    AsOf,
    Authority,
    Citation,
    Confidence,
    DataUsed,
    Destinations,
    EventId,
    InstrumentKind,
    Number,
    SourceId,
)
from toolkit.supply.collapse import Collapse, FlowAround
from toolkit.supply.flows import Change, Diversion


class Became(Record):
    """What became of a flow."""

    state: str
    """zero, fallen, back or running."""
    since: Day | None
    """First month of it."""
    months: int
    """How many at zero."""
    level: float | None
    """Mean month since; of those among the last three for `back`, of the last twelve for `running`."""
    base: float | None
    """Mean month before the collapse; null for `running`."""

    @property
    def share(self) -> float:
        """What has come since as a fraction of what came before; 1 where nothing fell."""
        return 1.0 if self.level is None or not self.base else self.level / self.base


class PartnerFlow(Record):
    """A flow with a partner, month by month, and its newest month against the months before it."""

    partner: str
    """ISO-3 code or the name in the file; sums have codes of their own."""
    quantities: Rows[float | None]
    """A month each, as `CodeFlows.months`; null where it is not known."""
    inferred: Rows[Month]
    """Months whose zero is inferred: customs list a partner only where there was trade."""
    month: Month
    """The newest."""
    latest: float | None
    """Quantity of the month."""
    on_month: Change
    """Against the month before."""
    on_year: Change
    """Against the same month a year before."""
    three_months: float | None
    """Mean of the latest three."""
    year: float | None
    """Mean of the latest twelve."""
    year_before: float | None
    """Mean of the twelve before."""
    year_on_year: Change
    """Of the two."""
    zeros_running: int
    """Months at zero in a row until then."""
    zeros_in_year: int
    """Months at zero of the latest twelve."""
    inferred_in_year: int
    """Of these, months that are inferred to be zero."""
    share: float | None
    """Fraction of the flow with all partners over the latest twelve months; null where a month is not known."""
    collapses: Rows[Collapse]
    """In order; of a partner that mattered before."""
    became: Became
    """What became of it."""


class ControlOnFlow(Record):
    """A licence or a ban for all end users that bears on a flow."""

    event_id: EventId
    number: Number
    instrument: InstrumentKind
    destinations: Destinations
    effective: Day
    """First day."""
    covers: bool
    """Whether it names the traded form; a licence for other forms of the metal may slow its trade all the same."""
    spells: Rows[Spell]
    """Its periods, where it covers the form."""
    around: FlowAround | None
    """The flow before and after; null where no series reaches around the day."""


class CodeFlows(Named):
    """One tariff code of one reporter; the name is that of the code where no metal has it to itself."""

    hs_code: str
    """Code of the goods."""
    reporter: str | None
    """ISO-3 code of the country that reports; null where the file does not say."""
    direction: str | None
    """import or export; null where the file does not say."""
    months: Rows[Month]
    """In order."""
    known_from: Day | None
    """Day on which the newest of them became known; null for a file of the user."""
    partners: Rows[PartnerFlow]
    """All together first, then the largest of the latest two years."""
    watched: int
    """Place among them of the country whose controls are asked about; 0 where customs do not list it."""
    diversion: Rows[Diversion]
    """From each partner that mattered a year ago to others, where two years are known."""
    controls: Rows[ControlOnFlow]
    """On this metal, oldest first."""
    mixed: Phrase | None
    """A caution where the code counts several materials."""

    @property
    def flow(self) -> PartnerFlow:
        """The flow that is watched."""
        return self.partners[self.watched]


def _as_long_as_months(code: CodeFlows) -> CodeFlows:
    """Each flow has a quantity a month."""
    if any(len(one.quantities) != len(code.months) for one in code.partners):
        raise ValueError("needs lists of one length: months, quantities")
    return code


class ReportedFlow(Record):
    """A report of a flow that is in no series: shown alone, never joined to one."""

    event_id: EventId
    announced: Day
    """Day of it."""
    precision: str
    """How exact the day is."""
    metals: Rows[str]
    """Keys of metals and groups."""
    what: str
    """What happened, as a sentence."""
    authority: Authority
    instrument: InstrumentKind
    standing: str
    """official, reported, ..."""
    citation: Citation
    source_id: SourceId
    confidence: Confidence
    confirmed: bool
    """Whether it is official and was looked up."""


class FlowRules(Record):
    """How a flow is judged, in sentences."""

    collapse: Phrase
    """When it has collapsed."""
    small: Phrase
    """When no change is told."""
    diversion: Phrase
    """When re-routing is possible."""


class CustomsFlows(Record, schema="flows"):
    """Flows of some metals, of a tariff code, or all."""

    schema_version: Literal[2] = 2
    """Of this shape."""
    as_of: AsOf
    asked: str | None
    """Key of the metal or tariff code asked about; null for several."""
    file: str | None
    """Name of the user's file; null for the data package."""
    origin: str
    """ISO-3 code of the country whose controls are asked about."""
    rules: FlowRules
    """How a flow is judged."""
    flows: Rows[Annotated[CodeFlows, AfterValidator(_as_long_as_months)]]
    """In the order of the assets, then of the codes."""
    without_flow: Rows[Named]
    """Metals without one."""
    reported: Rows[ReportedFlow]
    """Reports of stops that no series holds, oldest first."""
    notes: Rows[Sentence]
    """How the file was read."""
    data: DataUsed
