"""What must hold after a restore too: erasures, withdrawn consents and ended registrations, in a file beside the database.

A line holds a time, what was done and the random id of a registration; no address, no name. The file is no part of a backup.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils import timezone

ERASED, WITHDRAWN = "erased", "withdrawn"
"""Beside these, the states `cancelled` and `revoked`."""


def _path() -> Path:
    return settings.PORTAL.journal or settings.PORTAL.folder / "journal"


def note(what: str, registration: uuid.UUID) -> None:
    """Add a line, on the disk before the change it tells of is committed.

    A process that ends in between leaves a line without its change: after a restore the change is made, as was asked.

    Args:
        what: `ERASED`, `WITHDRAWN`, or a state that ended it.
        registration: Its id.
    """
    line = json.dumps({"at": timezone.now().isoformat(), "what": what, "registration": str(registration)})
    descriptor = os.open(_path(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, f"\n{line}".encode())  # a line that a full disk cut stays alone
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def entries() -> Iterator[tuple[datetime, str, uuid.UUID]]:
    """Time, what was done and to which registration, oldest first; a line cut by a full disk is left out."""
    try:
        lines = _path().read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            found = json.loads(line or "{")
        except ValueError:
            continue
        yield datetime.fromisoformat(found["at"]), found["what"], uuid.UUID(found["registration"])
