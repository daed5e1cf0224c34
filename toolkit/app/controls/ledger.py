"""`ledger review`, and `ledger add`: a user's own finding with the hash of its evidence, and the states that it changes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

from toolkit.app.context import Context
from toolkit.app.runs import put
from toolkit.controls.events import CIVIL, EUROPEAN_UNION, Event
from toolkit.controls.ledger import CHINA
from toolkit.controls.ledger_review import review_ledger
from toolkit.controls.state import ControlState, review_note
from toolkit.core.errors import DataError, FrameError, SpecError, did_you_mean
from toolkit.core.messages import message
from toolkit.core.text import OWN_MARK
from toolkit.market.readers.events import DATES, KEYS, read_records
from toolkit.market.readers.tabular import read_table
from toolkit.records.controls import AddedEvent, EventTitle, Evidence, LedgerReview, StateChange
from toolkit.shocks.event_study import event_metals, notice_key

METAL, ALL = "metal", "all"


def add_event(context: Context, file: str, words: list[str], evidence: str, *, dry_run: bool = False) -> AddedEvent:
    """Append an event to a file of own events; the same event again changes nothing.

    Args:
        context: The ledger that the file stands over, the owner's country, and the day; the event is not announced later.
        file: A CSV or TOML file, made where it is not there.
        words: ``key=value`` of the event; without an `event_id` it has one made of what it says.
        evidence: A file that shows it.
        dry_run: Say what would change, and write nothing.

    Raises:
        SpecError: for words that are no keys of an event, and a file that cannot be written.
        DataError: for an evidence file that cannot be read or is empty.
        FrameError: for an event that breaks a rule of the ledger, has no effect, or contradicts another.
    """
    path, event = Path(file), parse_event(words)
    given = sorted({"evidence", "evidence_sha256"} & set(event))
    if given:
        raise SpecError("{given} is made from --evidence.", hint="Leave it out.", given=given[0])
    event["evidence"], event["evidence_sha256"] = _hashed(evidence, path.absolute().parent)
    if "citation" not in event:
        raise SpecError("no citation: where is it from?", hint="Give citation='authority, title, date, address'.")
    if "event_id" not in event:
        text = "\n".join(f"{key}={event[key]}" for key in KEYS if key in event)
        event["event_id"] = f"own-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    event = {key: event[key] for key in KEYS if key in event}
    before = replace(context, given_events=file if path.exists() else None)
    text = with_event(path, event)
    told: dict[str, Any] = {"schema_version": 2, "as_of": context.as_of, "file": file, "event": event}
    if text is None:
        return AddedEvent(**told, written=False, is_there=True, changes=(), notes=before.notes)
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / path.name  # faults are told with the name and row that the file will have
        draft.write_text(text, encoding="utf-8")
        after = replace(before, given_events=str(draft))
        ledger = after.ledger
    found = next((one for one in ledger.events if one.event_id == event["event_id"]), None)
    if found is not None:
        _refuse_same_notice(after, found, path.name)
    changes = () if found is None else _changes(before, after, found)
    if not dry_run:
        put(path, text.encode())
    return AddedEvent(**told, written=not dry_run, is_there=False, changes=changes, notes=after.notes)


def review(context: Context) -> LedgerReview:
    """The review of the ledger in force.

    Raises:
        DataError: for a file of own events that cannot be used.
    """
    found = review_ledger(context.ledger, on=context.as_of, reviewed_to=context.ledger.reviewed_to)
    folder = Path(given if isinstance(given := context.given_events, str) else "-").absolute().parent
    return LedgerReview.from_objects(
        found,
        unconfirmed=tuple(EventTitle(event_id=event_id, title=title) for event_id, title in found.unconfirmed),
        review=review_note(found.reviewed_to, found.as_of),
        own_events=context.own,
        coverage=context.ledger.coverages(context.as_of),
        evidence=tuple(
            Evidence(event_id=event_id, evidence=path, sha256=sha256, state=evidence_state(folder, path, sha256))
            for event_id, (path, sha256) in ({} if context.events is None else context.events.evidence).items()
            if event_id in context.own
        ),
    )


def evidence_state(folder: Path, path: str, sha256: str) -> str:
    """Whether an evidence file has the hash that its event gives: ``unchanged``, ``changed`` or ``not found``.

    Args:
        folder: Folder of the events file.
        path: Path of the evidence below it.
        sha256: Hexadecimal digest that the event gives.
    """
    try:
        content = (folder / path).read_bytes()
    except (OSError, ValueError):
        return "not found"
    return "unchanged" if hashlib.sha256(content).hexdigest() == sha256 else "changed"


def _hashed(evidence: str, folder: Path) -> tuple[str, str]:
    """Path from the folder of the events, and SHA-256 of the content."""
    source = Path(evidence)
    try:
        content = source.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        hint = message("Save the notice or page as a file, and name it with --evidence.")
        raise DataError("cannot read {file!r:s}: {reason}.", hint=hint, file=evidence, reason=reason) from None
    if not content:
        raise DataError("{evidence!r:s} is empty: it shows nothing.", hint="Name the file that shows it.", evidence=evidence)
    try:
        shown = os.path.relpath(source.absolute(), folder)
    except ValueError:  # another drive of Windows
        shown = str(source.absolute())
    return shown.replace(os.sep, "/"), hashlib.sha256(content).hexdigest()


def _refuse_same_notice(context: Context, event: Event, file: str) -> None:
    """Refuse an event of a notice that stands in the ledger under another id: it would count twice, or contradict it."""

    def key(one: Event) -> tuple[object, ...]:
        number = (one.number or "").removesuffix(OWN_MARK)
        return notice_key(number), one.kind, one.instrument, one.origin, frozenset(one.destinations), one.end_user

    # An own event without a number is titled by its authority.
    if not event.number or event.number == event.authority + OWN_MARK:
        return
    mine = event_metals(context.ledger, event)
    for other in context.ledger.events:
        theirs = event_metals(context.ledger, other)
        both = [metal for metal, forms in mine.items() if metal in theirs and (not forms or {*forms} & {*theirs[metal]})]
        if other.event_id == event.event_id or key(other) != key(event) or not both:
            continue
        dates = [f"{name} {a} and {b}" for name in ("announced", "effective", "ends")
                 if (a := getattr(other, name)) != (b := getattr(event, name))]  # fmt: skip
        what = (
            message("contradicts {other:s}: {dates:s}", other=other.event_id, dates=", ".join(dates))
            if dates
            else message("says what {other:s} says", other=other.event_id)
        )
        raise FrameError(
            "{file:s} ({event_id:s}): it {what} (the same notice, instrument and metal: {both}).",
            hint=message(
                "To correct that event, give event_id={event_id} and only what is different.", event_id=other.event_id
            ),
            details={"file": file, "rule": "same_notice", "event_id": event.event_id, "other": other.event_id},
            file=str(file),
            event_id=event.event_id,
            what=what,
            both=[*both],
        )


def _changes(before: Context, after: Context, event: Event) -> tuple[StateChange, ...]:
    """States that differ, for the owner's country and for the buyers that the event names."""
    as_of, owner = after.as_of, after.settings.config.owner.country
    traded = {asset.key: asset.form for asset in after.products if asset.form}
    days, forms = {as_of}, set[tuple[str, str]]()
    # An override may take a date or a form away: those of either ledger are looked at.
    for ledger in (before.ledger, after.ledger):
        for one in ledger.events:
            if one.event_id == event.event_id:
                days |= {day for day in (one.effective, one.ends and one.ends + timedelta(days=1)) if day and day > as_of}
                for metal, named in event_metals(ledger, one).items():
                    usual = traded.get(metal, METAL)
                    forms |= {(metal, usual if form == "any" else form) for form in named or (usual,)}
    places = dict.fromkeys((owner, *(place for place in event.destinations if place not in (ALL, EUROPEAN_UNION))))
    users = dict.fromkeys((CIVIL, CIVIL if event.end_user == ALL else event.end_user))
    found = []
    for (metal, form), place, user, day in product(sorted(forms), places, users, sorted(days)):
        route = {"on": day, "destination": place, "end_user": user, "origin": event.origin or CHINA}
        was, now = (context.ledger.state(metal, form, **route) for context in (before, after))
        gone, new = _told(was) - _told(now), _told(now) - _told(was)
        if was.headline != now.headline or gone or new:
            told = tuple(sorted(new)) or tuple(f"without {measure}" for measure in sorted(gone))
            found.append(
                StateChange(
                    metal=metal,
                    form=form,
                    destination=place,
                    end_user=user,
                    day=day.isoformat(),
                    was=was.headline,
                    now=now.headline,
                    measures=told,
                )
            )
    return tuple(found)


def _told(state: ControlState) -> frozenset[str]:
    """The measures of a state with their status."""
    return frozenset(
        f"{m.event_id} {m.status.replace('_', ' ')}" + (f" to {m.until}" if m.until else "")
        for m in (*state.measures, *state.elsewhere)
    )


def parse_event(words: list[str]) -> dict[str, str]:
    """The keys of an event given as ``key=value``, in the order of the format.

    Raises:
        SpecError: for a word without ``=`` or a value, a key that is none (nearest names given) or that occurs twice.
    """
    found: dict[str, str] = {}
    for word in words:
        key, sign, value = (part.strip() for part in word.partition("="))
        if not (sign and value):
            raise SpecError(
                "{word!r:s} is no key with a value.", hint="Write KEY=VALUE, as kind=control; see docs/events.md.", word=word
            )
        if key not in KEYS:
            raise SpecError("{key!r:s} is no key of an event.", hint=did_you_mean(key, KEYS), key=key)
        if key in found:
            raise SpecError(
                "{key:s} is given twice.", hint="Give lists with ';' between the entries, as metals=Ga;Ge.", key=key
            )
        found[key] = value
    return {key: found[key] for key in KEYS if key in found}


def with_event(path: Path, event: Mapping[str, str]) -> str | None:
    """The text of a file with one event more; None where the file says the same of that id already.

    A CSV keeps its separator, columns and comment lines (these go to its top); columns that it lacks are added.

    Args:
        path: A CSV or TOML file, or a new one.
        event: Keys and cells.

    Raises:
        SpecError: for a file that is neither.
        DataError: for a file that cannot be read.
        FrameError: where the file says something else of that id.
    """
    if path.suffix.lower() not in (".csv", ".toml"):
        raise SpecError("{name!r:s} is neither a CSV nor a TOML file.", hint="Name it own.csv or own.toml.", name=path.name)
    is_toml, is_new = path.suffix.lower() == ".toml", not path.exists()
    for number, record in [] if is_new else read_records(path)[1]:
        if record.get("event_id") != event["event_id"]:
            continue
        other = [key for key in KEYS if record.get(key) != event.get(key)]
        if not other:
            return None
        told = "; ".join(f"{key} {record.get(key) or 'empty'!r}, given {event.get(key) or 'empty'!r}" for key in other[:3])
        raise FrameError(
            "{file:s}, row {number} ({event_id}): the file says something else of this event: {told}.",
            hint="Correct that row, or give another event_id.",
            details={"rule": "event_id", "rows": [number], "keys": other},
            file=path.name,
            number=number,
            event_id=event["event_id"],
            told=told,
        )
    if is_toml:
        lines = [f"{key} = {value if key in DATES else json.dumps(value, ensure_ascii=False)}" for key, value in event.items()]
        text = "" if is_new else path.read_text(encoding="utf-8").rstrip() + "\n\n"
        return text + "\n".join(["[[event]]", *lines]) + "\n"
    if is_new:
        return _csv([KEYS, [event.get(key, "") for key in KEYS]], ",")
    table = read_table(path)
    if not table.encoding:
        raise DataError("{file:s} is no CSV.", hint="Save it as CSV, or give another file.", file=path.name)
    columns = [*table.columns, *(key for key in event if key not in table.columns)]
    old = [[row.get(key) or "" for key in columns] for row in table.cells.iter_rows(named=True)]
    lines = path.read_text(encoding=f"{table.encoding}{'-sig' if table.encoding == 'utf-8' else ''}").splitlines()
    remarks = "".join(f"{line}\n" for line in lines if line.lstrip('"').startswith("# "))
    return remarks + _csv([columns, *old, [event.get(key, "") for key in columns]], table.separator)


def _csv(rows: list, separator: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\n").writerows(rows)
    return out.getvalue()
