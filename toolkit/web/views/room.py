"""The room, for those who have a seat."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from toolkit.web.forms import Nothing
from toolkit.web.gate import tokens
from toolkit.web.jinja import spoken
from toolkit.web.models import Registration, Session
from toolkit.web.sessions import digest
from toolkit.web.views.errors import bad_request
from toolkit.web.words import moment

P = ParamSpec("P")
Gated = Callable[Concatenate[HttpRequest, Registration, P], HttpResponse]


def attendee(request: HttpRequest) -> Registration | None:
    """Whose session this is, with the webinar: one query for session, registration and webinar."""
    key = request.session.session_key
    if key is None:
        return None
    row = (
        Session.unexpired()
        .select_related("registration__webinar")
        .filter(session_key=digest(key), registration__state=Registration.State.CONFIRMED)
        .first()
    )
    found = None if row is None else row.registration
    return found if found is not None and found.webinar.ends + tokens.AFTER > timezone.now() else None


def gated(view: Gated[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """The view for attendees alone; others are told to use their personal link."""

    @functools.wraps(view)
    def entered(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        registration = attendee(request)
        if registration is None:
            return render(request, "locked.html", {}, status=401)
        response = view(request, registration, *args, **kwargs)
        response["X-Robots-Tag"] = "noindex"
        return response

    return entered


@require_safe
@gated
def room(request: HttpRequest, registration: Registration) -> HttpResponse:
    """The waiting room until the webinar starts, then the demo."""
    webinar = registration.webinar
    left = max(webinar.starts - timezone.now(), timedelta(0))
    data = {"webinar": webinar, "when": moment(webinar, spoken()), "left": str(left).partition(".")[0]}
    return render(request, "room.html" if webinar.is_open else "waiting.html", data)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """End the session."""
    if not Nothing(request.POST).is_valid():
        return bad_request(request)
    request.session.flush()
    response = redirect("webinars")
    response["Clear-Site-Data"] = '"cache","cookies","storage"'
    return response
