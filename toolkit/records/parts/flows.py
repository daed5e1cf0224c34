"""Trade flows of the metals, and what became of them."""

from typing import Annotated

from pydantic import AfterValidator

from toolkit.records.base import Day, Month, Named, Phrase, Record, Rows, as_long
from toolkit.records.controls import Spell
from toolkit.records.fields import (
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
from toolkit.supply.collapse import Collapse
from toolkit.supply.flows import Change, Diversion


class FlowSummary(Record):
    """The newest figures of a flow, in `Flows.unit`."""

    month: Month
    """The newest."""
    latest: float | None
    """Quantity of the month."""
    on_year: Change
    """Against the month of the year before."""
    three_months: float | None
    """Quantity of the last three months."""
    year: float | None
    """Quantity of the last twelve months."""
    year_before: float | None
    """Quantity of the twelve months before."""
    year_on_year: Change
    """Of the two."""
    zeros_running: int
    """Months at zero in a row until then."""
    zeros_in_year: int
    """Months at zero of the last twelve."""
    inferred_in_year: int
    """Of these, months that are inferred to be zero."""
    share: float | None
    """Fraction of all origins over the last twelve months."""


class Became(Record):
    """What became of a flow."""

    state: str
    """zero, fallen, back or running."""
    since: Day | None
    """First month of it."""
    months: int
    """How many."""
    level: float | None
    """Mean month since; of the last three for `back`, of the last twelve for `running`."""
    base: float | None
    """Mean month before the collapse; null for `running`."""

    @property
    def share(self) -> float:
        """What has come since as a fraction of what came before; 1 where nothing fell."""
        return 1.0 if self.level is None or not self.base else self.level / self.base


class FlowControl(Record):
    """A control on the metal of a flow."""

    event_id: EventId
    number: Number
    instrument: InstrumentKind
    destinations: Destinations
    effective: Day
    """First day."""
    covers: bool
    """Whether it covers the country that reports."""
    spells: Rows[Spell]
    """Its periods."""
    base: float | None
    """Mean month before."""
    after: float | None
    """Mean month since."""
    change: Change | None
    """Of the two."""
    collapsed: Day | None
    """Month in which a collapse began after it."""


class Flow(Named):
    """A flow, month by month, in `Flows.unit`."""

    hs_code: str
    """Code of the goods."""
    reporter: str
    """ISO-3 code of the country that reports."""
    direction: str
    """import or export."""
    origin: str | None
    """ISO-3 code of the origin."""
    months: Rows[Month]
    """In order."""
    total: Rows[float | None]
    """Of all origins, a month each."""
    quantity: Rows[float | None]
    """Of the origin, a month each."""
    basis: Rows[str]
    """reported, inferred or not_available, a month each."""
    summary: FlowSummary
    """The newest figures."""
    became: Became
    """What became of it."""
    collapses: Rows[Collapse]
    """In order."""
    diversion: Diversion | None
    """Null where nothing fell."""
    controls: Rows[FlowControl]
    """On this metal."""
    mixed: Phrase | None
    """What else the code covers."""


class FlowFact(Record):
    """A fact of the ledger behind a report of a flow."""

    event_id: EventId
    number: Number
    authority: Authority
    instrument: InstrumentKind
    metals: Rows[str]
    """Keys of metals and groups."""
    standing: str
    """official, reported, ..."""
    confidence: Confidence
    source: str
    """Citation."""
    source_id: SourceId


class ReportedFlow(Record):
    """A report of a flow that no table holds."""

    event_id: EventId
    date: Day
    """Day of it."""
    precision: str | None
    """How exact the day is."""
    assets: Rows[str]
    """Keys of metals."""
    what: str
    """What happened, as a sentence."""
    citation: Citation
    confidence: Confidence
    confirmed: bool
    """Whether it is official and was looked up."""
    fact: FlowFact
    """Of the ledger."""


class FlowRules(Record):
    """How a flow is judged, in sentences."""

    collapse: Phrase
    """When it has collapsed."""
    small: Phrase
    """When no change is told."""
    diversion: Phrase
    """When re-routing is possible."""


class Flows(Record):
    """Trade flows."""

    unit: str
    """Of every quantity."""
    origin: str
    """ISO-3 code of the country whose flows are asked about."""
    rules: FlowRules
    """How a flow is judged."""
    flows: Rows[Annotated[Flow, AfterValidator(as_long("months", "total", "quantity", "basis"))]]
    """In the order of the assets."""
    without_flow: Rows[Named]
    """Metals without one."""
    reported: Rows[ReportedFlow]
    """Reports that no table holds."""
    data: DataUsed
