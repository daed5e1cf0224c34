"""Certificates of attendance."""

from __future__ import annotations

import os
import threading

from django.conf import settings
from django.template import engines

from toolkit.report.i18n.language import Language
from toolkit.web.models import Registration
from toolkit.web.room.attendance import attendance
from toolkit.web.words import moment
from toolkit.web.writing import Busy

SHARE = 0.5
"""Of the planned length, for which a certificate is given."""
PRINT_SECONDS = 8
_printing = threading.BoundedSemaphore(1)
"""A browser takes seconds and memory: one at a time, and whoever comes meanwhile comes again."""


def attended(registration: Registration) -> float | None:
    """Minutes for which somebody was there; None where they are no reason for a certificate, or nothing prints one here."""
    from toolkit.app.report.pdf import printer  # noqa: PLC0415  # of this alone

    webinar = registration.webinar
    if not webinar.is_over or webinar.cancelled_at or printer(os.environ) is None:
        return None
    minutes = next((one.minutes for one in attendance(webinar, registration)), 0.0)
    return minutes if minutes >= SHARE * webinar.minutes else None


def certificate_pdf(registration: Registration, minutes: float, say: Language) -> bytes:
    """The certificate.

    Args:
        registration: Whose.
        minutes: For which they were there.
        say: In which language.

    Raises:
        Busy: where another one is being printed for long.
    """
    from toolkit.app.report.pdf import browser, composed, printed  # noqa: PLC0415

    webinar = registration.webinar
    shown = {
        "name": registration.name,
        "title": webinar.title,
        "when": moment(webinar, say),
        "minutes": say.fmt.number(minutes, 0),
        "organiser": webinar.sender or settings.PORTAL.organiser,
        "say": say.words,
        "code": say.code,
    }
    page = engines["jinja2"].get_template("certificate.html").render(shown)
    if not _printing.acquire(timeout=PRINT_SECONDS):
        raise Busy
    try:
        program = browser(os.environ)
        return printed(page, program) if program else composed(page)
    finally:
        _printing.release()
