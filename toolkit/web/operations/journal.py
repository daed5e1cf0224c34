"""What must hold after a restore too: erasures, withdrawn consents, ended registrations, webinars that were moved or cancelled.

A line holds a time, what was done and the random id of a registration, or the slug of a webinar; no address, no name. The file
lies beside the database and is no part of a backup.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

ERASED, WITHDRAWN, RENEWED = "erased", "withdrawn", "renewed"
"""Of a registration; beside these, the states `cancelled` and `revoked`."""


def _path() -> Path:
    return settings.PORTAL.journal or settings.PORTAL.folder / "journal"


def note(what: str, registration: uuid.UUID) -> None:
    """Add a line, on the disk before the change it tells of is committed.

    A process that ends in between leaves a line without its change: after a restore the change is made, as was asked.

    Args:
        what: `ERASED`, `WITHDRAWN`, `RENEWED` for the personal link, or a state that ended it.
        registration: Its id.
    """
    _add(what=what, registration=str(registration))


def note_webinar(slug: str, **fields: datetime) -> None:
    """The same of a webinar.

    Args:
        slug: Its name in addresses.
        fields: What holds from now on: `starts`, or `cancelled_at`.
    """
    _add(webinar=slug, **{name: value.isoformat() for name, value in fields.items()})


def _add(**record: str) -> None:
    line = json.dumps({"at": timezone.now().isoformat(), **record})
    descriptor = os.open(_path(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        written = os.write(descriptor, f"\n{line}".encode())  # a line that a full disk cut stays alone
        if written <= len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(_path()))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def entries() -> Iterator[tuple[datetime, str, uuid.UUID]]:
    """Time, what was done and to which registration, oldest first."""
    for found in _lines():
        if "registration" in found:
            yield found["at"], found["what"], uuid.UUID(found["registration"])


def of_webinars() -> Iterator[tuple[datetime, str, dict[str, datetime]]]:
    """Time, slug of a webinar and the fields that hold of it from then on, oldest first."""
    for found in _lines():
        if "webinar" in found:
            at, slug = found.pop("at"), found.pop("webinar")
            yield at, slug, {name: datetime.fromisoformat(value) for name, value in found.items()}


def _lines() -> list[dict[str, Any]]:
    """Lines by their time, as those of several journals in one file; one that a full disk cut is left out."""
    try:
        lines = _path().read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    found: list[dict[str, Any]] = []
    for line in lines:
        with contextlib.suppress(ValueError):
            one = json.loads(line)
            found.append({**one, "at": datetime.fromisoformat(one["at"])})
    return sorted(found, key=lambda line: line["at"])
