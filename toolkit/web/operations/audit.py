"""The audit log: each entry holds the SHA-256 of the one before, so that an entry that is changed or removed is found."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import structlog
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from toolkit.web.models import AuditEntry
from toolkit.web.writing import writing

CONSOLE, VISITOR = "console", "visitor"
log = structlog.get_logger("audit")


def digest(entry: AuditEntry) -> str:
    """SHA-256 of an entry together with that of the one before."""
    content = [entry.previous, entry.at.isoformat(), entry.actor, entry.action, entry.target]
    return hashlib.sha256(json.dumps(content, ensure_ascii=True).encode()).hexdigest()


@writing
def record(actor: str, action: str, target: object = "") -> None:
    """Add an entry.

    Args:
        actor: ``host:ID``, ``visitor`` or ``console``.
        action: What was done.
        target: To what: the slug of a webinar or the id of a registration.
    """
    if connection.vendor == "postgresql":  # two entries at once would follow the same one; on SQLite there is one writer
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE web_auditentry IN SHARE ROW EXCLUSIVE MODE")
    last = AuditEntry.objects.order_by("-id").first()
    entry = AuditEntry(
        at=timezone.now(), actor=actor, action=action, target=str(target), previous="" if last is None else last.digest
    )
    entry.digest = digest(entry)
    entry.save(force_insert=True)
    # The log is kept elsewhere: the last digest in it shows whether entries at the end of the table were removed.
    log.info("audit", actor=actor, action=action, target=entry.target, digest=entry.digest)


def actor(request: HttpRequest) -> str:
    """The host of a request."""
    return f"host:{request.user.pk}"


def broken() -> list[int]:
    """Ids of entries that do not follow the one before, or were changed."""
    found, previous = [], ""
    for entry in AuditEntry.objects.order_by("id").iterator():
        if entry.previous != previous or entry.digest != digest(entry):
            found.append(entry.id)
        previous = entry.digest
    return found


def connect() -> None:
    """Record each login and logout of a host."""
    user_logged_in.connect(_logged_in, dispatch_uid="audit")
    user_logged_out.connect(_logged_out, dispatch_uid="audit")


def _logged_in(user: Any, **_: Any) -> None:
    record(f"host:{user.pk}", "login")


def _logged_out(user: Any, **_: Any) -> None:
    if user is not None:
        record(f"host:{user.pk}", "logout")
