"""Pages for what went wrong. None of them reads the body of the request: it may be what went wrong (PORTAL-SECURITY T26)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import engines

from toolkit.web.jinja import spoken, words


def _page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    page = engines["jinja2"].get_template("error.html")
    content = page.render({**words(request), "title": title, "text": text, "csrf_input": ""})
    return HttpResponse(content, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  # Django's signature
    """400."""
    say = spoken().words
    return _page(request, HTTPStatus.BAD_REQUEST, say("That could not be read"), say("Load the page again and repeat it."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """403."""
    say = spoken().words
    text = say("The request did not come from a page of this site, or the page was old. Load it again and repeat it.")
    return _page(request, HTTPStatus.FORBIDDEN, say("That was not accepted"), text)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """403 for a form without the token of its page."""
    return forbidden(request)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """404."""
    say = spoken().words
    text = say("The address is not complete, or what it led to has ended.")
    return _page(request, HTTPStatus.NOT_FOUND, say("There is nothing here"), text)


def server_error(request: HttpRequest) -> HttpResponse:
    """500."""
    say = spoken().words
    text = say("The fault is ours and is written down. Try again in a moment.")
    return _page(request, HTTPStatus.INTERNAL_SERVER_ERROR, say("That did not work"), text)


def link_not_valid(request: HttpRequest) -> HttpResponse:
    """404 for a secret of any kind that opens nothing: which kind, and why not, is not said."""
    say = spoken().words
    text = say("It may be incomplete, used, revoked or past its end. The page of the webinar sends you a new one.")
    return _page(request, HTTPStatus.NOT_FOUND, say("This link is not valid"), text)


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    """429."""
    say = spoken().words
    response = _page(
        request, HTTPStatus.TOO_MANY_REQUESTS, say("Too many requests"), say("Please wait a moment and try again.")
    )
    response["Retry-After"] = str(seconds)
    return response


def too_busy(request: HttpRequest) -> HttpResponse:
    """503."""
    say = spoken().words
    response = _page(
        request, HTTPStatus.SERVICE_UNAVAILABLE, say("Too busy just now"), say("Please try again in a few seconds.")
    )
    response["Retry-After"] = "2"
    return response


def locked_out(request: HttpRequest, response: HttpResponse, credentials: Any) -> HttpResponse:  # noqa: ARG001  # of axes
    """429 for a login that was tried too often.

    Args:
        request: Of the visitor.
        response: What axes would answer.
        credentials: What was tried.
    """
    return too_many(request, 15 * 60)
