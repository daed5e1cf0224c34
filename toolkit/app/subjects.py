"""What a report may be about: a run, a conflict, what one holds, or the market alone; each as JSON with the same keys.

Every subject has `as_of`, `owner`, `currency`, `controls`, `timeline`, `upcoming`, `rates`, `data` and `warnings`, which is
what the sections on the law and on sources read; what else there is tells its kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from toolkit.app.config import Settings
from toolkit.app.control_states import control_states, timeline
from toolkit.app.exposure import AHEAD_DAYS, ExposureRequest, expose
from toolkit.app.findings import Ask, findings
from toolkit.app.ledger import Events, LedgerInputs, kept, kept_in, load_ledger, read_own_events
from toolkit.app.plain import plain
from toolkit.core.remarks import in_record, note
from toolkit.core.said import phrases, sentences
from toolkit.core.text import one_line
from toolkit.supply.upcoming import upcoming

RUN, CONFLICT, HOLDINGS, MARKET = "run", "conflict", "exposure", "market"
DEFAULT_REPORT: Mapping[str, str] = {
    RUN: "allocation",
    CONFLICT: "conflict",
    HOLDINGS: "exposure",
    MARKET: "market-brief",
}
"""The report that is rendered when none is named, by the kind of subject."""
TOLD = ("warnings", "notes", "remarks")
LAW = ("controls", "control_scopes", "products")


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject and what was found beside it.

    Attributes:
        record: JSON-ready.
        parts: `toolkit.app.findings`, JSON-ready.
    """

    record: Mapping[str, Any]
    parts: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """One of RUN, CONFLICT, HOLDINGS, MARKET."""
        return kind_of(self.record)


def kind_of(record: Mapping[str, Any]) -> str:
    """The kind of a subject by its keys: a stored run is one whatever version wrote it."""
    return record.get("kind") or (RUN if "positions" in record else MARKET)


def market(settings: Settings, as_of: date, events: Events = None) -> Subject:
    """The market alone: controls, dates, flows and prices, for nobody's holdings; own control events among them.

    Raises:
        DataError, FrameError: when the data package or the file of events cannot be used.
    """
    inputs = load_ledger(settings, as_of, events)
    record = {
        "schema_version": 1,
        "kind": MARKET,
        **base(settings, inputs, as_of),
        "data": [entry.to_json() for entry in inputs.snapshot.provenance(_used(inputs, LAW))],
        **in_record(map(note, inputs.notes)),
        **kept(inputs.events, as_of),
    }
    return _with_parts(_plain(record), settings, as_of, inputs)


def holdings(request: ExposureRequest) -> Subject:
    """What one holds, lot by lot.

    Raises:
        ToolkitError: as `toolkit.app.exposure.expose`.
    """
    # Read once: the file may be standard input.
    request = replace(request, events=read_own_events(request.settings, request.as_of, request.events))
    answer = expose(request)
    inputs = load_ledger(request.settings, request.as_of, request.events)
    exposure = answer.to_json()
    record = {
        "schema_version": 1,
        "kind": HOLDINGS,
        "subject": one_line(Path(request.holdings).name),
        **base(request.settings, inputs, request.as_of),
        "weights": dict(answer.portfolio.weights),
        "exposure": {key: value for key, value in exposure.items() if key not in ("data", *TOLD, "phrases")},
        "data": exposure["data"],
        **{key: exposure[key] for key in TOLD},
        **kept(inputs.events, request.as_of),
    }
    return _with_parts(_plain(record), request.settings, request.as_of, inputs)


def conflict(record: Mapping[str, Any], settings: Settings, as_of: date) -> dict[str, Any]:
    """A run without an answer, as a subject: `record` has its id, strategy and what contradicts what."""
    inputs = load_ledger(settings, as_of, kept_in(record))
    found = {
        "schema_version": 1,
        "kind": CONFLICT,
        **base(settings, inputs, as_of),
        "data": [entry.to_json() for entry in inputs.snapshot.provenance(_used(inputs, LAW))],
        **in_record(map(note, inputs.notes)),
        **record,
    }
    return _plain(found)


def parts_of(record: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """What is to be found beside a stored subject, on its own date and for its own owner.

    The figures of the subject stay as they are; nothing is solved again.
    """
    as_of = date.fromisoformat(record["as_of"])
    owned = settings.owned_by(**record["owner"])
    return findings(_ask(record, owned, as_of, load_ledger(owned, as_of, kept_in(record))))


def base(settings: Settings, inputs: LedgerInputs, as_of: date) -> dict[str, Any]:
    """The keys that every subject has, but data and warnings."""
    owner = settings.config.owner
    return {
        "as_of": as_of,
        "owner": {"country": owner.country, "currency": owner.currency},
        "currency": owner.currency,
        "controls": control_states(inputs, as_of, owner.country),
        "timeline": timeline(inputs, as_of),
        "upcoming": upcoming(inputs.ledger, on=as_of, within_days=AHEAD_DAYS).to_dicts(),
        "ledger": {"reviewed_to": inputs.ledger.reviewed_to},
        "rates": [],
    }


def _plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record in the types that JSON has, with the phrases that its sentences are made from."""
    return plain({**record, "phrases": phrases(sentences(record))})


def _with_parts(record: dict[str, Any], settings: Settings, as_of: date, inputs: LedgerInputs) -> Subject:
    return Subject(record, findings(_ask(record, settings, as_of, inputs)))


def _ask(record: Mapping[str, Any], settings: Settings, as_of: date, inputs: LedgerInputs) -> Ask:
    """Products of the subject first held, then the others it may hold; of the market alone, all."""
    rows = record.get("positions", ())
    named = [row.get("offer_of") or row["asset"] for row in sorted(rows, key=lambda row: -row["weight"])]
    weights: Mapping[str, float] = record.get("weights", {})
    named += sorted(weights, key=lambda key: -weights[key])
    products = [key for key in dict.fromkeys(named) if key in inputs.products]
    everything = kind_of(record) in (MARKET, CONFLICT)
    return Ask(settings, as_of, inputs, inputs.products.keys if everything else tuple(products), record)


def _used(inputs: LedgerInputs, tables: tuple[str, ...]) -> dict[str, Any]:
    frames = {name: inputs.snapshot[name] for name in tables}
    return {name: frame for name, frame in frames.items() if frame.height}
