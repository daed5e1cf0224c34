"""Deletion of what is no longer needed, a class of data at a time; each table with personal data is in one class."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import structlog
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.db.models import Q, QuerySet
from django.utils import timezone

from toolkit.web.gate import limits, registering
from toolkit.web.models import Outbox, Registration, Session, Token, Webinar
from toolkit.web.writing import writing

UNCONFIRMED = timedelta(days=7)
ATTENDEES = timedelta(days=90)
SENT = timedelta(days=7)
LOGINS = timedelta(days=30)
"""How long an unconfirmed address, a visitor after the webinar, a row of a mail that was sent, and a failed login are kept."""
AHEAD, DELETION_WAIT = 7 * 86_400, 86_400
"""Seconds that a clock may be ahead of the last deletion; one that is further is believed after it ran for so many."""
log = structlog.get_logger("retention")


def due() -> dict[str, QuerySet]:
    """Class -> rows that are due; what hangs on a registration goes with it."""
    now = timezone.now()
    past = [webinar.id for webinar in Webinar.objects.filter(starts__lt=now - ATTENDEES) if webinar.ends < now - ATTENDEES]
    pending = Q(state=Registration.State.PENDING, created__lt=now - UNCONFIRMED)
    return {
        "registrations": Registration.objects.filter(pending | Q(webinar__in=past)),
        "sessions": Session.objects.filter(expire_date__lt=now),
        "tokens": Token.objects.filter(expires__lt=now - UNCONFIRMED),
        "outbox": Outbox.objects.filter(Q(sent__lt=now - SENT) | Q(failed__lt=now - SENT)),
        "failed_logins": AccessAttempt.objects.filter(attempt_time__lt=now - LOGINS),
        "failure_log": AccessFailureLog.objects.filter(attempt_time__lt=now - LOGINS),
        "login_log": AccessLog.objects.filter(attempt_time__lt=now - LOGINS),
    }


class Keeper:
    """What deletes in a serving process. Its clock may be wrong: far ahead of the last deletion it waits for a day.

    A portal that was off for as long looks the same, and deletes a day later.
    """

    def __init__(self) -> None:
        self._held: tuple[int, float] | None = None
        """What the clock said at the last deletion, and since when this one is held against it."""

    def look(self) -> None:
        """Delete what is due, if the clock is believed."""
        seen, running = limits.last_seen(), time.monotonic()
        if seen is not None and time.time() - seen > AHEAD:
            if self._held is None or self._held[0] != seen:
                self._held = seen, running
            if running - self._held[1] < DELETION_WAIT:
                log.error("retention.held", clock_of_last_deletion=datetime.fromtimestamp(seen, UTC).isoformat())
                return
        self._held = None
        log.info("retention.purged", **purge())


def purge(*, dry_run: bool = False) -> dict[str, int]:
    """Delete what is due, and return how many rows of each class.

    Args:
        dry_run: Count alone.
    """
    if dry_run:
        return {name: rows.count() for name, rows in due().items()}
    counts = _delete()
    if any(counts.values()):
        registering.forget()
    return counts


@writing
def _delete() -> dict[str, int]:
    counts = {}
    for name, rows in due().items():
        counts[name] = rows.count()
        rows.delete()
    limits.see()
    return {**counts, "counters": limits.prune()}
