"""The room, for those who have a seat."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Concatenate, ParamSpec

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from toolkit.core.errors import ToolkitError
from toolkit.web.demo.pool import current
from toolkit.web.demo.position import Position
from toolkit.web.demo.showing import shown, sliders
from toolkit.web.forms import Nothing, PositionForm
from toolkit.web.gate import limits, tokens
from toolkit.web.jinja import spoken
from toolkit.web.models import Registration, Session
from toolkit.web.sessions import digest
from toolkit.web.views.errors import bad_request, server_error
from toolkit.web.words import moment
from toolkit.web.writing import Busy

log = structlog.get_logger("room")
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
    if not webinar.is_open:
        left = max(webinar.starts - timezone.now(), timedelta(0))
        data = {"webinar": webinar, "when": moment(webinar, spoken()), "left": str(left).partition(".")[0]}
        return render(request, "waiting.html", data)
    return _demo(request, registration, None)


@require_POST
@gated
def solve(request: HttpRequest, registration: Registration) -> HttpResponse:
    """The answer at a position: a part of the page for its script, the whole page for its button."""
    form = PositionForm(request.POST)
    if not registration.webinar.is_open or not form.is_valid():
        return bad_request(request)
    _limit(registration, *limits.SOLVES)
    position = form.position(registration.webinar.strategy)
    if request.headers.get("HX-Request") != "true":
        return _demo(request, registration, position)
    outcome = current().solve(position, str(registration.id))
    return render(request, "result.html", shown(outcome, position, spoken()))


@require_POST
@gated
def report(request: HttpRequest, registration: Registration) -> HttpResponse:
    """The report at a position, to take home: one file that needs no network and no script."""
    form = PositionForm(request.POST)
    if not registration.webinar.is_open or not form.is_valid():
        return bad_request(request)
    _limit(registration, limits.REPORTS)
    content = current().report(form.position(registration.webinar.strategy), spoken().code)
    response = HttpResponse(content, content_type="text/html; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="report.html"'
    return response


def _limit(registration: Registration, *found: limits.Limit) -> None:
    limits.check(*((limit, str(registration.id)) for limit in found))


def _demo(request: HttpRequest, registration: Registration, position: Position | None) -> HttpResponse:
    """The page of the demo, at a position or where its strategy starts."""
    webinar, say = registration.webinar, spoken()
    try:
        start = current().start(webinar.strategy)
        position = start.position if position is None else position
        outcome = current().solve(position, str(registration.id))
    except Busy:
        response = render(request, "loading.html", {"webinar": webinar}, status=503 if position is not None else 200)
        response["Retry-After"] = "3"
        return response
    except ToolkitError:
        log.exception("demo.cannot_start")
        return server_error(request)
    data = {"webinar": webinar, "start": start, "sliders": sliders(start, position, say), **shown(outcome, position, say)}
    return render(request, "room.html", data)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """End the session."""
    if not Nothing(request.POST).is_valid():
        return bad_request(request)
    request.session.flush()
    response = redirect("webinars")
    response["Clear-Site-Data"] = '"cache","cookies","storage"'
    return response
