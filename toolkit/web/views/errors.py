"""Pages for what went wrong. None of them reads the body of the request: it may be what went wrong (PORTAL-SECURITY T26)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template import engines

from toolkit.report.i18n.language import mark
from toolkit.web.jinja import spoken, words

AWAY = (OperationalError, InterfaceError)
"""What a database says that does not answer, has no room, or has closed the connection."""
Page = Callable[..., HttpResponse]
"""Of a request, whatever else Django or axes tell of the fault."""


def _page(status: HTTPStatus, title: str, text: str) -> Page:
    def page(request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        return _told(request, status, spoken().words(title), spoken().words(text))

    return page


def _told(request: HttpRequest, status: HTTPStatus, title: str, text: str) -> HttpResponse:
    shown = {**words(request), "title": title, "text": text, "csrf_input": ""}
    return HttpResponse(engines["jinja2"].get_template("error.html").render(shown), status=status)


bad_request = _page(HTTPStatus.BAD_REQUEST, mark("That could not be read"), mark("Load the page again and repeat it."))
forbidden = _page(
    HTTPStatus.FORBIDDEN,
    mark("That was not accepted"),
    mark("The request did not come from a page of this site, or the page was old. Load it again and repeat it."),
)
"""Also for a form without the token of its page."""
not_found = _page(
    HTTPStatus.NOT_FOUND,
    mark("There is nothing here"),
    mark("The address is not complete, or what it led to has ended."),
)
server_error = _page(
    HTTPStatus.INTERNAL_SERVER_ERROR,
    mark("That did not work"),
    mark("The fault is ours and is written down. Try again in a moment."),
)
link_not_valid = _page(
    HTTPStatus.NOT_FOUND,
    mark("This link is not valid"),
    mark("It may be incomplete, used, revoked or past its end. The page of the webinar sends you a new one."),
)
"""For a secret of any kind that opens nothing: which kind, and why not, is not said."""
address_taken = _page(
    HTTPStatus.CONFLICT,
    mark("This address is registered already"),
    mark("It has a registration of its own for this webinar. Cancel that one first: the link is in its mails."),
)
webinar_over = _page(
    HTTPStatus.CONFLICT,
    mark("This webinar is over."),
    mark("Questions, votes and steps have ended with it. The replay shows what was shown, asked and voted."),
)
too_large = _page(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    mark("That is too large"),
    mark("More was sent than this page takes, and nothing of it is stored. Go back and send less, or a smaller file."),
)
too_slow = _page(
    HTTPStatus.REQUEST_TIMEOUT,
    mark("That took too long"),
    mark("What was sent did not arrive in time, and nothing of it is stored. Go back and send it again."),
)
_too_busy = _page(HTTPStatus.SERVICE_UNAVAILABLE, mark("Too busy just now"), mark("Please try again in a few seconds."))


def not_taken(request: HttpRequest, form: Form) -> HttpResponse:
    """400 that says of each field with words of its own what is wrong with it."""
    say, fields = spoken().words, form.fields
    named = [(fields[name].label, faults) for name, faults in form.errors.items() if name in fields and fields[name].label]
    told = " ".join(f"{say(str(label))}: {fault}" for label, faults in named for fault in faults)
    return _told(request, HTTPStatus.BAD_REQUEST, say("That was not accepted"), told) if told else bad_request(request)


def held(request: HttpRequest) -> HttpResponse:
    """409 for a step of who does not drive."""
    say = spoken().words
    return _told(request, HTTPStatus.CONFLICT, say("That was not accepted"), say("Somebody else presents: take over first."))


def failed(request: HttpRequest) -> HttpResponse:
    """500; 503 where the database is at fault."""
    if isinstance(sys.exc_info()[1], AWAY):
        return no_database(request)
    return server_error(request)


def no_database(request: HttpRequest) -> HttpResponse:
    """503 where the database did not answer or had no room, which passes; the next page looks for it anew."""
    if not connection.in_atomic_block:
        connection.close()
    response = server_error(request)
    response.status_code, response["Retry-After"] = HTTPStatus.SERVICE_UNAVAILABLE, "60"
    return response


def waits(seconds: int) -> str:
    """How long who has asked too often waits."""
    say, minutes, hours = spoken().words, -(-seconds // 60), -(-seconds // 3600)
    if hours > 1:
        return say("Please wait {count} hours and try again.", count=hours)
    if minutes > 1:
        return say("Please wait {count} minutes and try again.", count=minutes)
    return say("Please wait a moment and try again.")


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """429, and the seconds to wait."""
    response = _told(request, HTTPStatus.TOO_MANY_REQUESTS, spoken().words("Too many requests"), waits(seconds))
    response["Retry-After"] = str(seconds)
    return response


def too_busy(request: HttpRequest) -> HttpResponse:
    """503."""
    response = _too_busy(request)
    response["Retry-After"] = "2"
    return response


def locked_out(request: HttpRequest, *_: Any) -> HttpResponse:
    """429 for a login that was tried too often."""
    return too_many(request, 15 * 60)
