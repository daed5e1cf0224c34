"""Answers about export controls: `toolkit controls --json` and `toolkit upcoming --json`."""

from pydantic import Field

from toolkit.records.base import Day, Record, Rows
from toolkit.records.controls import FormState
from toolkit.records.fields import DayAsked, EndUser, KnownFrom, OwnEvents, ReviewedTo, SourceId


class Form(FormState):
    """The state of one form of a metal."""

    traded: bool
    """Whether it is the form shown first."""


class ListedItem(Record):
    """An item of China's list of dual-use items, a row of the table `dual_use_list`, that no notice of the ledger names."""

    number: str
    """Number in the licence catalogue of 2026."""
    control_code: str
    """Its control code."""
    form: str
    """Form in the words of the list."""
    item: str
    """Its words in English, with every threshold."""
    thresholds: str | None
    """Thresholds, separated by semicolons."""
    hs_codes: str | None
    """Tariff codes, separated by semicolons."""
    confidence: str
    """partly: read from a compilation."""
    source: SourceId


class MetalControls(FormState, schema="controls"):
    """The state of a metal: `toolkit controls METAL`."""

    form_basis: str
    """Choice of the form: asked, traded, named (no product; a form that notices name) or metal (none of these)."""
    forms: Rows[Form]
    """Every form that a notice of the origin names, and the traded form; empty where one form was asked for."""
    listed_items: Rows[ListedItem]
    """What the list of dual-use items adds, read from a compilation; empty for other origins than China."""
    own_events: OwnEvents


class ProductControls(Record, schema="controls-products"):
    """The state of the traded form of every product: `toolkit controls`."""

    as_of: DayAsked
    origin: str
    """ISO-3 code of the controlling country."""
    destination: str
    """ISO-3 code of the buyer's country."""
    end_user: EndUser
    reviewed_to: ReviewedTo
    products: Rows[FormState]
    """In the order of the products."""
    own_events: OwnEvents


class ControlledItem(Record):
    """An item of a notice, a row of the table `control_items`."""

    event_id: str
    """Id of the notice in the ledger."""
    notice: str
    """Number of the notice."""
    item: str
    """Its words in English."""
    item_cn: str | None
    """Its words in Chinese."""
    metals: str
    """Keys, separated by semicolons."""
    control_code: str | None
    """Control code of the list of dual-use items."""
    hs_codes: str | None
    """Tariff codes, separated by semicolons."""
    announced: Day
    """Day of the notice."""
    effective: Day | None
    """First day in force."""
    citation: str
    """Of the notice."""
    source: SourceId
    known_from: KnownFrom
    status: str
    """in_force, suspended, ... on the day asked."""


class ControlledItems(Record, schema="controls-items"):
    """Items that a tariff code or words find: `toolkit controls --item`."""

    query: str
    """What was looked for."""
    as_of: DayAsked
    reviewed_to: ReviewedTo
    rows: Rows[ControlledItem] = Field(alias="items")
    """In the order of the notices."""
