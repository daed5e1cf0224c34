"""Sending what stands in the outbox: at least once, with leases that outlive no killed process."""

from __future__ import annotations

import smtplib
import threading
import time
from datetime import timedelta

import structlog
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import close_old_connections, connections
from django.db.models import Q
from django.utils import timezone

from toolkit.web.gate import limits
from toolkit.web.gate.mail import compose
from toolkit.web.gate.registering import NOTHING
from toolkit.web.gate.retention import purge
from toolkit.web.models import Outbox
from toolkit.web.writing import writing

LEASE = timedelta(minutes=2)
TOGETHER = 20
"""Rows of one claim: they are sent well within a lease."""
EVERY = 1.0
"""Seconds between two looks."""
PURGE = 3600.0
"""Seconds between two deletions of what is no longer needed."""
LATER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=25), timedelta(hours=2))
"""Waits before a mail is tried again; the last repeats."""
TRIES = 8
log = structlog.get_logger("outbox")


@writing
def claim() -> list[Outbox]:
    """Rows that are due, leased to this caller: no other gets them until the lease ends."""
    now = timezone.now()
    due = Outbox.objects.filter(Q(lease=None) | Q(lease__lt=now), sent=None, failed=None, due__lte=now).order_by("due", "id")
    rows = list(due.select_for_update(skip_locked=True, of=("self",)).select_related("registration__webinar")[:TOGETHER])
    Outbox.objects.filter(id__in=[row.id for row in rows]).update(lease=now + LEASE)
    return rows


@writing
def _sent(row: Outbox) -> None:
    Outbox.objects.filter(id=row.id).update(sent=timezone.now(), lease=None)


@writing
def _not_sent(row: Outbox, *, final: bool) -> None:
    tries, now = row.tries + 1, timezone.now()
    final = final or tries >= TRIES
    wait = LATER[min(tries, len(LATER)) - 1]
    Outbox.objects.filter(id=row.id).update(tries=tries, lease=None, due=now + wait, failed=now if final else None)


def send_due() -> int:
    """Send what is due, and return how many mails the server took."""
    rows = claim()
    if not rows:
        return 0
    connection, taken = get_connection(), 0
    for row in rows:
        taken += _send(row, connection)
    connection.close()
    return taken


def _send(row: Outbox, connection: BaseEmailBackend) -> bool:
    registration = row.registration
    if row.kind == NOTHING or registration is None:
        _sent(row)
        return False
    if row.kind == "confirm" and row.tries == 0 and limits.exceeded([(limits.CONFIRMATIONS, "")]):
        log.error("outbox.confirmations_exceeded", row=row.id)
        _not_sent(row, final=False)
        return False
    try:
        connection.open()
        connection.send_messages([compose(row, registration)])
    except smtplib.SMTPRecipientsRefused as error:
        code = max((code for code, _ in error.recipients.values()), default=0)
        log.warning("outbox.refused", row=row.id, code=code)
        _not_sent(row, final=code >= 500)
        return False
    except OSError as error:  # smtplib's errors, TLS and timeouts are of this kind
        log.warning("outbox.unreachable", row=row.id, error=type(error).__name__)
        connection.close()
        _not_sent(row, final=False)
        return False
    _sent(row)
    return True


class Worker:
    """The thread that sends, and deletes what is no longer needed."""

    def __init__(self) -> None:
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._work, name="outbox", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the mails in hand."""
        self._ending.set()
        self._thread.join()

    def _work(self) -> None:
        purged = -PURGE
        while not self._ending.is_set():
            close_old_connections()
            try:
                more = send_due() == TOGETHER
                if time.monotonic() - purged >= PURGE:
                    purged = time.monotonic()
                    log.info("retention.purged", **purge())
            except Exception:  # whatever it is must not end mail for good: it is in the log, and tried again
                log.exception("outbox.failed")
                more = False
            if not more:
                self._ending.wait(EVERY)
        connections.close_all()
