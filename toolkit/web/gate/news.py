"""News of a webinar, to those who agreed to them when they registered for another one of the same host."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from toolkit.web.gate.consent import MARKETING
from toolkit.web.models import Consent, Outbox, Registration, Webinar
from toolkit.web.writing import writing


def agreed() -> QuerySet[Consent]:
    """Consents to news that were confirmed and not taken back."""
    return Consent.objects.filter(text__purpose=MARKETING, given=True, confirmed__isnull=False, withdrawn=None)


def news_readers(webinar: Webinar) -> list[Registration]:
    """Registrations whose address agreed to news, confirmed that and did not take it back: one for each address.

    Whoever has registered for this webinar knows of it; whom a host has revoked is not asked back.
    """
    known = Registration.objects.filter(webinar=webinar).values("email")
    found = (
        Registration.objects.filter(consents__in=agreed(), webinar__host=webinar.host_id)
        .exclude(state=Registration.State.REVOKED)
        .exclude(email__in=known)
        .order_by("created")
        .distinct()
    )
    return list({one.email: one for one in found}.values())


@writing
def tell(webinar: Webinar) -> int:
    """Send news of a webinar, once; how many mails were written."""
    now = timezone.now()
    ahead = webinar.starts > now and not webinar.cancelled_at
    if not ahead or not Webinar.objects.filter(id=webinar.id, news_sent=None).update(news_sent=now):
        return 0
    readers = news_readers(webinar)
    Outbox.objects.bulk_create(Outbox(kind="news", registration=one, webinar=webinar) for one in readers)
    return len(readers)
