"""A user's own control events: a CSV, Parquet or TOML file, as tables of the control ledger; see `docs/events.md`.

All formats have the same keys: a row of the CSV is an ``[[event]]`` table of the TOML. An `event_id` of the bundled ledger
takes that event's place and needs only what is different; a new one needs what makes an event (see `REQUIRED`). What would
have no effect is a fault, and one error names every fault of a file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from toolkit.core.countries import country, country_hint
from toolkit.core.decode import read_toml
from toolkit.core.errors import DataError, SpecError, did_you_mean
from toolkit.core.frames import ControlEvents, ControlScopes
from toolkit.core.messages import Message, message, sentence, together
from toolkit.market.market import USER
from toolkit.market.readers.faults import Fault, OneFault, grouped, row_error
from toolkit.market.readers.tabular import read_table

CONFIDENCE = "the user's own, not checked"
REQUIRED = ("kind", "instrument", "standing", "announced", "authority", "origin", "metals", "citation")
"""Keys that a new event needs; an event that overrides a bundled one keeps those that it does not give."""
OPTIONAL = (
    "direction", "effective", "ends", "acts_on", "relation", "number", "destination", "end_user", "scope", "hs_codes",
    "dual_use", "note", "known_from",
)  # fmt: skip
SCOPE_KEYS = ("forms", "purity_min")
"""The forms that the event names, `;` between them, for each of its metals, and the fraction from which they are named."""
EVIDENCE_KEYS = ("evidence", "evidence_sha256")
"""A file that shows what the event says, by its path from the folder of the events, and its SHA-256."""
KEYS = ("event_id", *REQUIRED, *OPTIONAL, *SCOPE_KEYS, *EVIDENCE_KEYS)
DATES = ("announced", "effective", "ends", "known_from")
COVERING = ("control", "practice")
"""Kinds of events that restrict exports; the others are context."""
EVERY = "all"
ANY_FORM = "any"
DIRECTIONS = ("tighten", "loosen", "neutral")
MOST_EVENTS = 1_000
"""Events of one file; the bundled ledger, from 2009 on, has a tenth of them."""
_TRUTH = {"true": True, "false": False}
_START = {"direction": "tighten", "destination": EVERY, "end_user": EVERY}
_TYPES = {name: column.dtype for name, column in ControlEvents.columns().items()}
_SCOPE_TYPES = {name: column.dtype for name, column in ControlScopes.columns().items()}


@dataclass(frozen=True, slots=True)
class EventNames:
    """What the names in an event mean.

    Attributes:
        words: The words of `kind`, `instrument` (of controls), `standing`, `relation` and `end_user`.
        blocs: Jurisdictions that are no country and still act.
        metal: The key of a metal or group; `DataError` with the nearest names.
        form: The form of a metal that a text names; `DataError` with the nearest words.
    """

    words: Mapping[str, tuple[str, ...]]
    blocs: tuple[str, ...]
    metal: Callable[[str], str]
    form: Callable[[str, str], str]


@dataclass(frozen=True, slots=True, eq=False)  # frames have no truth value, so files are compared by identity
class OwnEvents:
    """The events of one file.

    Attributes:
        events, scopes: Rows with the columns of `ControlEvents` and `ControlScopes`, `source` being the user.
        name: File name as shown.
        rows: Event id -> its row in a CSV, or its number among the tables of a TOML file.
        notes: Notes on them.
        evidence: Event id -> path and SHA-256 of its evidence file, of those that name one.
    """

    events: pl.DataFrame
    scopes: pl.DataFrame
    name: str
    rows: Mapping[str, int]
    notes: tuple[str, ...] = ()
    evidence: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """What a stored run keeps of them: with it a report is rendered again without the file."""
        record = {"file": self.name, "events": _records(self.events), "scopes": _records(self.scopes)}
        shown = {key: list(value) for key, value in self.evidence.items()}
        return {**record, **({"evidence": shown} if shown else {})}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> OwnEvents:
        """The events that a stored run kept."""
        events, scopes = _frame(data["events"], _TYPES), _frame(data["scopes"], _SCOPE_TYPES)
        return cls(events, scopes, data["file"], {key: i for i, key in enumerate(events["event_id"], start=1)})


def _records(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows without their empty cells, dates as ISO text."""
    rows = frame.with_columns(pl.col(pl.Date).dt.to_string("%Y-%m-%d")).iter_rows(named=True)
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def _frame(rows: list[dict[str, Any]], types: Mapping[str, Any]) -> pl.DataFrame:
    dates = [name for name, dtype in types.items() if dtype == pl.Date]
    frame = pl.DataFrame(rows, schema={**types, **dict.fromkeys(dates, pl.String)})
    return frame.with_columns(pl.col(dates).str.to_date("%Y-%m-%d"))


def read_events(path: str | Path, *, bundled: pl.DataFrame, names: EventNames, until: date) -> OwnEvents:
    """Read a file of control events.

    Args:
        path: A CSV, Parquet or TOML file (``.toml``), or ``-`` for a CSV on standard input.
        bundled: Table `controls`: what an override starts from.
        names: What its words mean.
        until: No event is announced later.

    Raises:
        DataError: for a file that cannot be used.
        FrameError: for faulty rows: every kind of fault with its rule, count and first rows in `details`.
    """
    broken: list[Fault] = []
    name, records = read_records(path, faults=broken)
    if len(records) > MOST_EVENTS:
        raise DataError(
            "{file:s} has {n:,} events; at most {most:,} are read.", hint="Split the file.",
            file=name, n=len(records), most=MOST_EVENTS,
        )  # fmt: skip
    known = {row["event_id"]: row for row in bundled.iter_rows(named=True)}
    reader = _Reader(names, known, until, frozenset(record["event_id"] for _, record in records if record.get("event_id")))
    if name.endswith(".toml"):
        for number, record in records:
            reader.unknown_keys(number, record.get("event_id"), record)
    elif records:
        reader.unknown_keys(1, None, records[0][1])
    ids = Counter(record.get("event_id") for _, record in records)
    found = [reader.event(number, record, twice=ids[record.get("event_id")] > 1) for number, record in records]
    faults = [*broken, *grouped(reader.faults)]
    if faults:
        raise row_error(name, faults)
    scopes = [scope for _, own in found for scope in own]
    events = pl.DataFrame([event for event, _ in found], schema=_TYPES)
    rows = {record["event_id"]: number for number, record in records}
    evidence = {r["event_id"]: (r["evidence"], r["evidence_sha256"].lower()) for _, r in records if r.get("evidence")}
    return OwnEvents(events, pl.DataFrame(scopes, schema=_SCOPE_TYPES), name, rows, tuple(reader.notes), evidence)


Record = dict[str, Any]
At = tuple[int, str | None]
"""Row (or number of a TOML table) and id of an event."""


def read_records(path: str | Path, *, faults: list[Fault] | None = None) -> tuple[str, list[tuple[int, Record]]]:
    """The name of a file of events, and its records (column -> text) with their row numbers.

    Args:
        path: CSV or Excel file, a TOML file of ``[[event]]`` tables, or ``-`` for standard input.
        faults: List to which faults of single rows are added; without one they are raised.

    Raises:
        DataError, FrameError: as `read_table`, and for a TOML file without ``[[event]]`` tables.
    """
    if str(path).endswith(".toml"):
        return _toml(Path(path))
    table = read_table(path, faults=faults).visible()
    cells = table.cells.with_columns(pl.col(pl.Date, pl.Datetime).dt.to_string("%Y-%m-%d")).cast(pl.String)
    return table.name, list(zip(table.rows, cells.iter_rows(named=True), strict=True))


def _toml(path: Path) -> tuple[str, list[tuple[int, Record]]]:
    """The tables ``[[event]]`` of a TOML file as cells of text."""
    try:
        data = read_toml(path)
    except SpecError as error:
        # A file of events is input data, as prices and holdings are, whatever it is written in.
        raise DataError(error.message, hint=error.hint, details=error.details) from None
    extra = sorted(set(data) - {"event"})
    records = data.get("event")
    if extra or not isinstance(records, list) or not records or not all(isinstance(record, dict) for record in records):
        what = message("unknown key {key!r:s}", key=extra[0]) if extra else message("no [[event]] table")
        raise DataError("{file:s}: {what}.", hint="Write one [[event]] table an event.", file=path.name, what=what)
    return path.name, [
        (number, {key: _cell(value, path.name, number) for key, value in record.items()})
        for number, record in enumerate(records, 1)
    ]


def _cell(value: Any, file: str, number: int) -> str | None:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return value.strip() or None
        case list():
            return ";".join(str(entry) for entry in value) or None
        case int() | float():
            return repr(value)
        case date():
            return value.isoformat()
    raise DataError(
        "{file:s}, event {n:d}: a value that is none of these.",
        hint="Values are text, dates, numbers, true or false, or lists of text.", file=file, n=number,
    )  # fmt: skip


def _entries(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(";") if part.strip()]


_LISTS = ("destination", "metals", "acts_on")
"""Keys of which a cell may hold several, ``;`` between them."""


@dataclass(slots=True)
class _Reader:
    """Reads events one by one and keeps every fault."""

    names: EventNames
    bundled: Mapping[str, Record]
    until: date
    ids: frozenset[str]
    notes: list[Message] = field(default_factory=list)
    faults: list[OneFault] = field(default_factory=list)

    def _fault(self, at: At, value: str | None, rule: str, fault: str, hint: str, /, **values: Any) -> None:
        """Record a fault of the event `at`; `value` is the faulty text, None where the row as a whole is meant."""
        self.faults.append((rule, sentence(fault, values), sentence(hint, values), (*at, value)))

    def unknown_keys(self, row: int, event_id: str | None, record: Record) -> None:
        """Record a fault for every key of a record that is not known.

        Args:
            row: Row number of the record.
            event_id: Id of the event, where it has one.
            record: Column -> text.
        """
        for key in record:
            if key not in KEYS:
                self._fault((row, event_id), key, "unknown_key", "unknown columns or keys", did_you_mean(key, KEYS))

    def event(self, row: int, record: Record, *, twice: bool) -> tuple[Record, list[Record]]:
        """The rows of `ControlEvents` and `ControlScopes` that a record gives, as far as it can be read.

        Args:
            row: Row number of the record.
            record: Column -> text.
            twice: Whether an earlier record has the same event id.
        """
        event_id = record.get("event_id")
        at = (row, event_id)
        base = self.bundled.get(event_id or "")
        # Of practice, policy and markets the instrument is free: only that of a control has a meaning in law.
        is_control = (record.get("kind") or (base or {}).get("kind")) == "control"
        words = {key: known for key, known in self.names.words.items() if key != "instrument" or is_control}
        words["direction"] = DIRECTIONS
        given: Record = {}
        for key in (*REQUIRED, *OPTIONAL):
            if (text := record.get(key)) is not None:
                read = [self._part(at, key, part, words) for part in (_entries(text) if key in _LISTS else [text])]
                read = [one for one in read if one is not None]
                given |= {key: ";".join(dict.fromkeys(read)) if key in _LISTS else read[0]} if read else {}
        written = {key for key in KEYS[1:] if key not in EVIDENCE_KEYS and record.get(key) is not None}
        event = {**dict.fromkeys(_TYPES), **_START, **(base or {}), **given, "event_id": event_id}
        event |= {"source": USER, "confidence": CONFIDENCE}
        event["announced_precision"] = "day" if base is None or "announced" in given else base["announced_precision"]
        event["known_from"] = given.get("known_from") or given.get("announced") or (base or {}).get("known_from")
        acts_on = "acts_on" if event["acts_on"] else "none"
        event["coverage"] = "listed" if _entries(record.get("forms")) else base["coverage"] if base else acts_on
        if twice:
            self._fault(at, None, "event_id", "an event_id that occurs twice", "Keep one of them.")
        self._evidence(at, record)
        if base is None:
            self._incomplete(at, [key for key in REQUIRED if key not in written])
        scopes = self._scopes(at, record, event)
        self._effect(at, written, given, base, event)
        self._dates(at, event)
        return event, scopes

    def _part(  # noqa: PLR0911  # one key after the other
        self, at: At, key: str, text: str, words: Mapping[str, tuple[str, ...]]
    ) -> Any:
        """The typed value of a cell, or of one of several in it; None where it is faulty."""
        if key in DATES:
            try:
                return date.fromisoformat(text)
            except ValueError:
                return self._fault(at, text, "date", "{key:s} that is no date", "Write dates as 2026-05-31.", key=key)
        if key in words:
            word = text.strip().casefold().replace(" ", "_")
            hint = did_you_mean(word, words[key])
            return word if word in words[key] else self._fault(at, text, key, "{key:s} that is not known", hint, key=key)
        if key == "dual_use":
            if text.lower() not in _TRUTH:
                self._fault(at, text, key, "dual_use that is neither true nor false", "Write true or false.")
            return _TRUTH.get(text.lower())
        if key in ("origin", "destination"):
            acting = (EVERY,) if key == "destination" else ()
            code = next((one for one in (*acting, *self.names.blocs) if one.casefold() == text.casefold()), None) or country(
                text
            )
            return code or self._fault(at, text, key, "{key:s} that is no country", country_hint(text), key=key)
        if key == "metals":  # what stands in brackets behind one stays with it
            name, bracket, rest = text.partition(" (")
            try:
                return self.names.metal(name) + bracket + rest
            except DataError as error:
                return self._fault(at, text, f"unknown_{key}", "a metal that is not known", error.hint)
        if key == "acts_on" and text not in (known := {*self.bundled, *self.ids}):
            near, all_ids = did_you_mean(text, known), message("Give ids of the ledger: `toolkit upcoming --json` has them.")
            hint = near if near.startswith("Did") else all_ids
            self._fault(at, text, key, "acts_on of an event that is not in the ledger", hint)
        return text

    def _scopes(self, at: At, record: Record, event: Record) -> list[Record]:
        """One row a metal and form that the event names."""
        purity = self._purity(at, record)
        metals = [entry.partition(" (")[0] for entry in _entries(event["metals"])]
        scopes: dict[tuple[str, str], Record] = {}
        for text in _entries(record.get("forms")):
            for metal in metals:
                try:
                    form = ANY_FORM if text.casefold() == ANY_FORM else self.names.form(metal, text)
                except DataError as error:
                    self._fault(at, text, "unknown_forms", "a form of {metal:s} that is not known", error.hint, metal=metal)
                    continue
                row = {"event_id": at[1], "asset": metal, "form": form, "purity_min": purity, "certainty": "named"}
                row |= {"source": USER, "known_from": event["known_from"]}
                scopes[metal, form] = {**dict.fromkeys(_SCOPE_TYPES), **row}
        return list(scopes.values())

    def _purity(self, at: At, record: Record) -> float | None:
        text = record.get("purity_min")
        if text is None:
            return None
        try:
            purity = float(text)
        except ValueError:
            purity = -1.0
        if not 0 <= purity <= 1:
            hint = message("Write 99.99 % as the fraction 0.9999.")
            self._fault(at, text, "purity_min", "a purity_min that is no fraction from 0 to 1", hint)
        if not _entries(record.get("forms")):
            self._fault(at, text, "purity_min", "a purity_min without forms", "Fill in the forms that it is of.")
        return purity

    def _incomplete(self, at: At, missing: list[str]) -> None:
        """Faults of a new event: its id, and the keys that it lacks."""
        if at[1] is None:
            self._fault(at, None, "event_id", "an event without event_id", "Give it an id of its own, as own-1.")
        if missing:
            near = did_you_mean(at[1] or "", self.bundled) if len(missing) > len(REQUIRED) // 2 else ""
            near = near if near.startswith("Did") else ""
            only = message("Only an event with an id of the bundled ledger may leave {key:s} out.", key=missing[0])
            fault = message("a new event without {keys:s}", keys=", ".join(missing))
            self._fault(at, None, "incomplete", fault, together(near, only))

    def _evidence(self, at: At, record: Record) -> None:
        """Faults of an evidence file: its path and SHA-256 go together, and with a citation."""
        path, sha256 = (record.get(key) for key in EVIDENCE_KEYS)
        if (path is None) != (sha256 is None):
            self._fault(
                at, None, "evidence", "evidence and evidence_sha256, of which one is empty", "Fill in both, or neither."
            )
        elif sha256 is not None and not re.fullmatch("[0-9a-fA-F]{64}", sha256):
            self._fault(at, sha256, "evidence", "an evidence_sha256 that is none", "Give 64 digits, 0 to 9 and a to f.")
        elif path is not None and record.get("citation") is None:
            self._fault(at, None, "evidence", "evidence without a citation", "Say in citation where the file comes from.")

    def _effect(self, at: At, written: set[str], given: Record, base: Record | None, event: Record) -> None:
        """Faults of events that would change nothing, and notes on those that change no legal state."""
        covers, is_new = event["kind"] in COVERING, base is None
        unread = written - {*given} - {*SCOPE_KEYS}
        changed = {key for key, value in given.items() if base and value != base[key]} - {"citation"}
        says_nothing = not (is_new or changed or unread or written & {*SCOPE_KEYS})
        one_of_two = (event["acts_on"] is None) != (event["relation"] is None) and "relation" not in unread
        of_no_control = event["kind"] is not None and not covers and "forms" in written
        rules = (
            (says_nothing, "no_effect", message("an event that says what the bundled ledger says"),
             message("Give what is different, or leave the event out.")),
            (one_of_two, "relation", message("acts_on and relation, of which one is empty"),
             message("They go together: fill in both, or neither.")),
            (covers and is_new and event["coverage"] == "none", "no_effect",
             message("a control or practice that covers nothing"),
             message("Fill in forms (as metal;oxide, or any), or acts_on and relation: controls name forms, not elements.")),
            (of_no_control, "no_effect", message("forms of an event that controls nothing"),
             message("Leave forms out, or set kind to control or practice.")),
            (covers and is_new and "effective" not in written, "no_effect",
             message("a control or practice that never takes effect"),
             message("Fill in effective; the day of the announcement if it took effect at once.")),
        )  # fmt: skip
        for is_broken, rule, fault, hint in rules:
            if is_broken:
                self._fault(at, None, rule, fault, hint)
        if event["kind"] == "control" and event["standing"] not in (None, "official"):
            shown = message(
                "{event} is {standing}, not official: it is shown and changes no legal state.",
                event=event["event_id"],
                standing=event["standing"],
            )
            self.notes.append(shown)

    def _dates(self, at: At, event: Record) -> None:
        """Faults of dates that make an event void."""
        announced, effective, ends = event["announced"], event["effective"], event["ends"]
        remedy = message("Correct one of the two dates; ends is the last day, inclusive.")
        if ends is not None and effective is not None and ends < effective:
            self._fault(at, f"{ends} < {effective}", "dates", "ends before it takes effect", remedy)
        elif ends is not None and announced is not None and ends < announced:
            self._fault(at, f"{ends} < {announced}", "dates", "ends before it is announced", remedy)
        if announced is None:
            return
        if announced > self.until:
            hint = message(
                "Nobody knows of it on {day}: correct the date, or ask about a later day with --as-of.", day=self.until
            )
            self._fault(at, announced.isoformat(), "dates", "announced after the day that is asked about", hint)
        if event["known_from"] < announced:
            hint = message("Set known_from to announced or later, or leave it out.")
            self._fault(at, f"{event['known_from']} < {announced}", "dates", "known before it is announced", hint)
        if effective is not None and effective < announced and event["event_id"] not in self.bundled:
            self.notes.append(
                message(
                    "{event} takes effect on {effective:%Y-%m-%d}, before it is announced on {announced:%Y-%m-%d}: it is known "
                    "from then on.",
                    event=event["event_id"], effective=effective, announced=announced,
                )
            )  # fmt: skip
