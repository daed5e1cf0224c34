"""One event more in a file of a user's own events; every other row, and every comment of a CSV, stays as it is."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path

from toolkit.core.errors import DataError, FrameError, SpecError, did_you_mean
from toolkit.market.readers.events import DATES, KEYS, read_records
from toolkit.market.readers.tabular import read_table


def parse_event(words: list[str]) -> dict[str, str]:
    """The keys of an event given as ``key=value``, in the order of the format.

    Raises:
        SpecError: for a word without ``=`` or a value, a key that is none (nearest names given) or that occurs twice.
    """
    found: dict[str, str] = {}
    for word in words:
        key, sign, value = (part.strip() for part in word.partition("="))
        if not (sign and value):
            raise SpecError(f"{word!r} is no key with a value.", hint="Write KEY=VALUE, as kind=control; see docs/events.md.")
        if key not in KEYS:
            raise SpecError(f"{key!r} is no key of an event.", hint=did_you_mean(key, KEYS))
        if key in found:
            raise SpecError(f"{key} is given twice.", hint="Give lists with ';' between the entries, as metals=Ga;Ge.")
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
        raise SpecError(f"{path.name!r} is neither a CSV nor a TOML file.", hint="Name it own.csv or own.toml.")
    is_toml, is_new = path.suffix.lower() == ".toml", not path.exists()
    for number, record in [] if is_new else read_records(path)[1]:
        if record.get("event_id") != event["event_id"]:
            continue
        other = [key for key in KEYS if record.get(key) != event.get(key)]
        if not other:
            return None
        told = "; ".join(f"{key} {record.get(key) or 'empty'!r}, given {event.get(key) or 'empty'!r}" for key in other[:3])
        raise FrameError(
            f"{path.name}, row {number} ({event['event_id']}): the file says something else of this event: {told}.",
            hint="Correct that row, or give another event_id.",
            details={"file": path.name, "rule": "event_id", "rows": [number], "keys": other},
        )
    if is_toml:
        lines = [f"{key} = {value if key in DATES else json.dumps(value, ensure_ascii=False)}" for key, value in event.items()]
        text = "" if is_new else path.read_text(encoding="utf-8").rstrip() + "\n\n"
        return text + "\n".join(["[[event]]", *lines]) + "\n"
    if is_new:
        return _csv([KEYS, [event.get(key, "") for key in KEYS]], ",")
    table = read_table(path)
    if not table.encoding:
        raise DataError(f"{path.name} is no CSV.", hint="Save it as CSV, or give another file.", details={"file": path.name})
    columns = [*table.columns, *(key for key in event if key not in table.columns)]
    old = [[row.get(key) or "" for key in columns] for row in table.cells.iter_rows(named=True)]
    lines = path.read_text(encoding=f"{table.encoding}{'-sig' if table.encoding == 'utf-8' else ''}").splitlines()
    remarks = "".join(f"{line}\n" for line in lines if line.lstrip('"').startswith("# "))
    return remarks + _csv([columns, *old, [event.get(key, "") for key in columns]], table.separator)


def _csv(rows: list, separator: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\n").writerows(rows)
    return out.getvalue()
