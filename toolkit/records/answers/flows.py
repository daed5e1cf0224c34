"""Customs flows of a metal: `toolkit flows --json`. Quantities are kg a month."""

from toolkit.records.base import Day, Month, Record, Rows, Sentence
from toolkit.records.fields import AsOf, Citation, Confidence, DataUsed, EventId, InstrumentKind, NoticeTitle
from toolkit.supply.collapse import FlowAround
from toolkit.supply.flows import Change, Diversion


class FlowMonth(Record):
    """A month of a flow."""

    month: Month
    """Of the calendar."""
    quantity: float | None
    """Null where it is not known."""
    basis: str
    """reported, inferred_zero or missing."""


class PartnerFlow(Record):
    """The newest month of a flow, against the months before it."""

    partner: str
    """ISO-3 code or the name in the file; sums have codes of their own."""
    source: str
    """Key of the source, or name of the file."""
    month: Day
    """Last day of the newest month."""
    latest: float | None
    """Quantity of the month."""
    on_month: Change
    """Against the month before."""
    on_year: Change
    """Against the same month a year before."""
    three_months: float | None
    """Mean of the latest three."""
    twelve_months: float | None
    """Mean of the latest twelve, the three among them."""
    three_on_twelve: Change
    """Of the first against the second."""
    zeros_running: int
    """Months at zero in a row until then."""
    zeros_in_twelve: int
    """Months at zero of the latest twelve."""
    inferred_in_twelve: int
    """Of these, months that are inferred to be zero."""
    missing_in_twelve: int
    """Months not known of the latest twelve."""
    share: float | None
    """Fraction of the flow of the reporter over the latest twelve months; null where a month is not known."""
    history: Rows[FlowMonth] = ()
    """Month by month; missing where all flows were asked for."""


class PartnerCollapse(Record):
    """Months far below what was before, of one partner."""

    partner: str
    """ISO-3 code or the name in the file."""
    onset: Day
    """First low month."""
    confirmed: Day
    """Month whose figure completed the run."""
    last: Day
    """Last low month."""
    running: bool
    """Whether the run reaches the newest month."""
    base: float
    """Mean of the twelve months before."""
    mean: float
    """Mean of the run."""
    months: int
    """Low months that count."""
    needed: int
    """How many it takes."""
    month_before: float
    """The month before the onset over `base`."""


class ControlOnFlow(Record):
    """A control that came into force while a series ran, and the flow around that day."""

    event_id: EventId
    title: NoticeTitle
    instrument: InstrumentKind
    partner: str
    """Whose flow."""
    around: FlowAround
    """Before and after."""


class CodeFlows(Record):
    """One tariff code of one reporter."""

    asset: str | None
    """Key of the metal; null for a code that no metal has to itself."""
    hs_code: str
    """Code of the goods."""
    reporter: str | None
    """ISO-3 code of the country that reports; null where the file does not say."""
    direction: str | None
    """import or export; null where the file does not say."""
    mixed: Sentence | None
    """A caution where the code counts several materials."""
    series: Rows[PartnerFlow]
    """All partners together first, then the largest of the latest two years."""
    collapses: Rows[PartnerCollapse]
    """Of the whole flow and of every partner that mattered before."""
    diversion: Rows[Diversion]
    """One for each partner that mattered a year ago, where two years are known."""
    controls: Rows[ControlOnFlow]
    """On the metal, oldest first."""

    @property
    def name(self) -> str:
        """The metal, or the code where it has no metal to itself."""
        return self.asset or f"HS {self.hs_code}"


class ReportedPoint(Record):
    """A reported figure that is in no series: shown alone, never joined to a series."""

    event_id: EventId
    announced: Day
    """Day of it."""
    precision: str
    """How exact the day is."""
    what: str
    """What happened, as a sentence."""
    citation: Citation
    confidence: Confidence
    note: str | None
    """A remark of the ledger."""


class Rules(Record):
    """How a flow is judged."""

    collapse: Sentence
    """When it has collapsed."""
    diversion: Sentence
    """When re-routing is possible."""


class CustomsFlows(Record, schema="flows"):
    """Flows of a metal, of a code, or all."""

    as_of: AsOf
    metal: str | None
    """Key of the metal or tariff code asked about; null for everything."""
    file: str | None
    """Name of the user's file; null for the data package."""
    unit: str
    """Of masses."""
    rules: Rules
    """How a flow is judged."""
    flows: Rows[CodeFlows]
    """By metal and code."""
    reported: Rows[ReportedPoint]
    """Stops that were reported, oldest first."""
    notes: Rows[Sentence]
    """How the file was read."""
    data: DataUsed
