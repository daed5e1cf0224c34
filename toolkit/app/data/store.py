"""`toolkit data list|validate|verify|compact` over a store."""

from __future__ import annotations

from datetime import UTC, date

from toolkit.app.context import Context
from toolkit.app.data.places import store_to_write
from toolkit.core.errors import DataError, FrameError
from toolkit.core.frames import TABLES
from toolkit.market.store.compact import compact as compact_files
from toolkit.market.store.store import Store
from toolkit.market.store.verify import verify as verify_files
from toolkit.records.store import Compacted, Correction, Damage, Stored, StoredTable, Verified


def stored(store: Store, today: date) -> Stored:
    """The tables of a store and their ages."""
    rows = tuple(
        StoredTable(
            table=name, version=state.version, rows=state.rows, files=state.files, bytes=state.size,
            fetched_at=state.fetched_at.astimezone(UTC).isoformat(timespec="seconds"),
            age_days=(today - state.fetched_at.date()).days,
        )
        for name, state in store.tables().items()
    )  # fmt: skip
    corrections = tuple(
        Correction(
            table=name, source=entry.about["source"], fetched_at=entry.fetched_at.isoformat(timespec="seconds"),
            rows=entry.about["rows"], reason=reason,
        )
        for name in store.versions
        for entry in store.history(name)
        if (reason := entry.about.get("correction"))
    )  # fmt: skip
    return Stored(store=str(store.path), tables=rows, corrections=corrections)


def opened(context: Context) -> Store:
    """The store that the settings name, by default the one in the default place; `DataError` where none is."""
    return context.store or Store.open(store_to_write(context.settings))


def verify(context: Context) -> Verified:
    """The hashes of every committed file of the store that the settings name, by default the one in the default place.

    Raises:
        DataError: for damaged files, with all of them, and for a folder that is no store.
    """
    root = store_to_write(context.settings)
    found = verify_files(root)
    damaged = tuple(Damage(file=file, fault=fault) for file, fault in found.faults)
    record = Verified(
        as_of=context.as_of.isoformat(), store=str(root),
        versions=found.versions, files=found.files, bytes=found.size, damaged=damaged,
        uncommitted=found.uncommitted,
    )  # fmt: skip
    if damaged:
        names = ", ".join(one.file for one in damaged[:3])
        more = f" and {len(damaged) - 3} more" if len(damaged) > 3 else ""
        hint = "Put the files back from a copy. What is left can be read by version; a fetch brings lost rows again."
        raise DataError(f"{root}: {len(damaged)} files are damaged: {names}{more}.", hint=hint, details=record.to_json())
    return record


def compact(context: Context) -> Compacted:
    """Merge small files of the store and write its checkpoints.

    Raises:
        DataError: for a store that is damaged, and a folder that is none.
        SpecError: for one that cannot be written.
    """
    root = opened(context).path
    return Compacted(as_of=context.as_of.isoformat(), store=str(root), tables=compact_files(root))


def check_contracts(context: Context) -> int:
    """Hold every table of a store, over the package and as known on the day, against its contract; return their number.

    Raises:
        FrameError: with the rules that rows break.
    """
    faults = []
    store = opened(context)
    names = [name for name in store.versions if name in TABLES]
    for name in names:
        _, failures = TABLES[name].filter(context.snapshot[name])
        faults += [f"{name}: {rule} ({count} rows)" for rule, count in sorted(failures.counts().items())]
    if faults:
        told = "; ".join(faults)
        raise FrameError(f"{store.path}: {len(faults)} rules are broken: {told}.", details={"faults": faults})
    return len(names)
