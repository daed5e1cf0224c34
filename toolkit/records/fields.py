"""Fields that several records have, each with its description in `docs/schema/`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from toolkit.records.base import Day, Phrase, Rows, Sentence
from toolkit.records.sources import Provenance, Remark

EventId = Annotated[str, Field(description="Id in the ledger.")]
DataUsed = Annotated[Rows[Provenance], Field(description="Rows that were used.")]
SourceId = Annotated[str, Field(description="Key of the source.")]
Name = Annotated[str, Field(description="Its name.")]
MetalKey = Annotated[str, Field(description="Key of the metal.")]
InstrumentKind = Annotated[str, Field(description="licence, ban, ...")]
OwnEvents = Annotated[Rows[str], Field(description="Ids of the user's own control events that were known.")]
SchemaVersion = Annotated[int, Field(description="Of this object.")]
Confidence = Annotated[str, Field(description="What was checked of it.")]
DayAsked = Annotated[Day, Field(description="Day asked about.")]
Number = Annotated[str | None, Field(description="By which it is cited.")]
Phrases = Annotated[
    Mapping[str, Phrase],
    Field(description="Sentences by their English words, with templates and values for other languages."),
]
Currency = Annotated[str, Field(description="Reporting currency.")]
DataBySource = Annotated[Rows[Provenance], Field(description="Rows that were used, by table and source.")]
Remarks = Annotated[Rows[Remark], Field(description="Both, with what is known of them.")]
NoticeTitle = Annotated[str, Field(description="Name of the event.")]
Warnings = Annotated[Rows[Sentence], Field(description="Texts of the remarks that weaken the answer.")]
Client = Annotated[str | None, Field(description="Name of the client that it was made for.")]
AsOf = Annotated[Day, Field(description="Day asked about: nothing known later counts.")]
Destinations = Annotated[Rows[str], Field(description="ISO-3 codes, or all.")]
EndUser = Annotated[str, Field(description="civil, military or listed.")]
PriceBasis = Annotated[str, Field(description="Basis of the price.")]
NotesBeside = Annotated[Rows[Sentence], Field(description="Texts of the others.")]
OwnLedger = Annotated[Mapping[str, Any] | None, Field(description="The user's own control events.")]
ProductKey = Annotated[str, Field(description="Key of the product.")]
Citation = Annotated[str, Field(description="Source in words.")]
Assumed = Annotated[Mapping[str, Phrase], Field(description="What is taken as given, by key.")]
KnownFrom = Annotated[Day, Field(description="Day from which it was known.")]
ReviewedTo = Annotated[Day | None, Field(description="Last day through which acts are in the ledger.")]
Authority = Annotated[str, Field(description="Who says so.")]
TableName = Annotated[str, Field(description="Name of the table.")]
Folder = Annotated[str, Field(description="Its folder.")]
AnswerDay = Annotated[Day, Field(description="Day of the answer.")]
FirstVersion = Annotated[Literal[1], Field(description="Version of this object.")]
TermName = Annotated[str, Field(description="As the strategy names it.")]
OwnerCountry = Annotated[str, Field(description="ISO-3 code of the owner's country.")]
StandardError = Annotated[float | None, Field(description="Standard error.")]
Element = Annotated[str | None, Field(description="Symbol of the element; null for what is none.")]
