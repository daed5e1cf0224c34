"""Pages that anybody may see."""

from __future__ import annotations

import shutil
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from toolkit.web.forms import EmailForm, SignUpForm, stamp
from toolkit.web.gate import branding, consent
from toolkit.web.gate.calendar import calendar
from toolkit.web.gate.tokens import held_until
from toolkit.web.jinja import spoken
from toolkit.web.models import File, Webinar
from toolkit.web.views.errors import not_found
from toolkit.web.webinars import coming_and_over, sessions
from toolkit.web.writing import is_moved

LASTS = {"Cache-Control": "public, max-age=86400"}
AFTERWARDS = timedelta(days=1)
"""How long a webinar stays in the list."""
LEAST_ROOM = 32 << 20
"""Bytes without which a database, its journal and mails soon cannot be written."""


@require_safe
def webinars(request: HttpRequest) -> HttpResponse:
    """What is announced."""
    coming, over = coming_and_over(Webinar.objects.filter(starts__gt=timezone.now() - AFTERWARDS))
    return render(request, "webinars.html", {"listed": [*coming, *over]})


@require_safe
@ensure_csrf_cookie
def webinar(request: HttpRequest, slug: str) -> HttpResponse:
    """A webinar and the form to register."""
    found = get_object_or_404(Webinar, slug=slug)
    initial = {"started": stamp(), "source": request.GET.get("source", "")[:40]}
    form = SignUpForm(initial=initial, questions=found.questions)
    return webinar_page(request, found, form)


def webinar_page(request: HttpRequest, found: Webinar, form: SignUpForm, status: int = 200) -> HttpResponse:
    """The page of a webinar.

    Args:
        request: Of the visitor.
        found: The webinar.
        form: Empty, or with what is wrong in it.
        status: Of the response.
    """
    say = spoken()
    data = {
        "webinar": found,
        "form": form,
        "again_form": EmailForm(auto_id="again_%s"),
        "consent": consent.texts(say, settings.PORTAL.organiser, replay=found.gives_replay),
        "holds": timezone.now() <= held_until(found),
        "others": [other for other in sessions(found) if other.id != found.id],
    }
    return render(request, "webinar.html", data, status=status)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is stored of visitors, why and how long."""
    return render(request, "privacy.html", {})


@require_safe
def picture(request: HttpRequest, picture: UUID) -> HttpResponse:  # noqa: ARG001
    """A picture of a webinar, under the type that it was written in."""
    found = get_object_or_404(File, id=picture, name="")
    return HttpResponse(bytes(found.content), content_type=found.media, headers=LASTS)


@require_safe
def brand_sheet(request: HttpRequest, colour: str) -> HttpResponse:
    """The style sheet of a colour."""
    sheet = branding.sheet(f"#{colour}")
    return HttpResponse(sheet, content_type="text/css; charset=utf-8", headers=LASTS) if sheet else not_found(request)


@require_safe
def calendar_file(request: HttpRequest, slug: str) -> HttpResponse:  # noqa: ARG001
    """The calendar file of a webinar."""
    found = get_object_or_404(Webinar, slug=slug)
    url = settings.PORTAL.base_url + reverse("webinar", args=[found.slug])
    headers = {"Content-Disposition": 'attachment; filename="webinar.ics"'}
    return HttpResponse(calendar(found, url), content_type="text/calendar; charset=utf-8", headers=headers)


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Whether the portal and its database answer, and there is room to write."""
    fault = ""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        fault = "database"
    if is_moved():
        fault = "database"
        connection.close()  # else it stays with the empty file that was made in its place
    if shutil.disk_usage(settings.PORTAL.folder).free < LEAST_ROOM:
        fault = fault or "disk"
    return HttpResponse(f"{fault or 'ok'}\n", content_type="text/plain; charset=utf-8", status=503 if fault else 200)
