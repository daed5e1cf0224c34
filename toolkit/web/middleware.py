"""What Django does not do: headers of our own, cross-site requests by their own word, and answers when there is too much."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils.cache import patch_vary_headers

from toolkit.core.errors import ToolkitError
from toolkit.web.asgi.later import Later
from toolkit.web.gate.limits import TooMany
from toolkit.web.writing import Busy

log = structlog.get_logger("web")
Answer = Callable[[HttpRequest], HttpResponseBase]
SAFE = ("GET", "HEAD")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
"""Content security policy: nothing inline, nothing of another origin; a constant, which needs no library."""
LASTING = ("/picture/", "/brand/")
"""What an address of these leads to never changes."""
PERMISSIONS = "camera=(), microphone=(), geolocation=(), browsing-topics=()"
"""On every page; one with a meeting gives camera and microphone to its origin alone."""


@dataclass(frozen=True, slots=True)
class Player:
    """The origin of a meeting or player that stands in a page; empty where it is a link, or there is none."""

    origin: str

    @classmethod
    def of(cls, address: str) -> Player:
        """That of an address, where the operator has named its origin."""
        parts = urlsplit(address)
        origin = f"{parts.scheme}://{parts.netloc}"
        return cls(origin if origin in settings.PORTAL.players else "")

    @property
    def permissions(self) -> str:
        """What its origin may use."""
        if not self.origin:
            return PERMISSIONS
        return PERMISSIONS.replace("camera=(), microphone=()", f'camera=("{self.origin}"), microphone=("{self.origin}")')

    def on(self, response: HttpResponse) -> HttpResponse:
        """A page that it stands in."""
        response.player = self  # type: ignore[attr-defined]
        return response


def own_headers(answer: Answer) -> Answer:
    """Content-Security-Policy, Cross-Origin-Resource-Policy and Permissions-Policy everywhere; no copies of pages anywhere.

    `Portal-Answer` tells the script of a page an answer of the portal from one of a proxy before it.
    """

    def answered(request: HttpRequest) -> HttpResponseBase:
        response = answer(request)
        player = getattr(response, "player", None)
        framed = response.get("X-Frame-Options") == "SAMEORIGIN"
        policy = POLICY.replace("ancestors 'none'", "ancestors 'self'") if framed else POLICY
        response["Content-Security-Policy"] = (
            policy if player is None else f"{policy}; frame-src 'self' {player.origin}".rstrip()
        )
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        response["Permissions-Policy"] = PERMISSIONS if player is None else player.permissions
        response["Portal-Answer"] = "1"
        if not request.path.startswith((settings.STATIC_URL, *LASTING)):
            response["Cache-Control"] = "no-store"
        return response

    return answered


def machine(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A view that programs of others post to."""
    view.machine = True  # type: ignore[attr-defined]
    return view


def refuse_cross_site(answer: Answer) -> Answer:
    """403 for a change that another site's page asks for, before its token is looked at."""
    from toolkit.web.views.errors import forbidden  # noqa: PLC0415  # views need the apps to be ready

    def answered(request: HttpRequest) -> HttpResponseBase:
        site = request.headers.get("Sec-Fetch-Site", "")
        if request.method not in SAFE and site in ("cross-site", "same-site") and not _is_for_machines(request):
            response: HttpResponseBase = forbidden(request)
        else:
            response = answer(request)
        patch_vary_headers(response, ["Sec-Fetch-Site", "Origin"])
        return response

    return answered


def _is_for_machines(request: HttpRequest) -> bool:
    try:
        return getattr(resolve(request.path_info).func, "machine", False)
    except Resolver404:
        return False


class refused:  # noqa: N801  # a middleware with `process_exception` is a class
    """429 and 503, each with the seconds to wait, and 500 for an error of the toolkit, for what views raise.

    While the database is away each page says so in one line of the log.

    What takes forms alone leads whoever only looks at it to the page above: the address of a form that was sent back, or whose
    language is changed there, or to which a login returns.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The page."""
        from toolkit.web.views.errors import too_busy, too_large, too_slow  # noqa: PLC0415

        if status := request.META.get("portal.refused"):
            return {413: too_large, 408: too_slow, 503: too_busy}[status](request)
        response = self._answer(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and request.method in SAFE:
            return redirect(request.path.rpartition("/")[0] or "/")
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page of a limit, of too much work, or of what cannot be shown; what is wrong with it is in the log."""
        from toolkit.web.views.errors import AWAY, no_database, server_error, too_busy, too_many  # noqa: PLC0415

        match exception:
            case TooMany(seconds=seconds):
                return too_many(request, seconds)
            case Busy():
                return too_busy(request)
            case Later():
                response = too_busy(request)
                response.later = exception  # type: ignore[attr-defined]  # `toolkit.web.asgi.pages` waits for it
                response._has_been_logged = True  # type: ignore[attr-defined]  # it is no answer yet
                return response
            case ToolkitError():
                log.exception("page.failed", exc_info=exception)
                return server_error(request)
        if not isinstance(exception, AWAY):
            return None
        log.warning("page.no_database", error=repr(exception))
        response = no_database(request)
        response._has_been_logged = True  # type: ignore[attr-defined]  # with a trace for each page otherwise
        return response


def client_address(request: HttpRequest) -> str:
    """Address of the visitor, as `toolkit.web.asgi.whole` found it."""
    meta: dict[str, Any] = request.META
    return meta.get("REMOTE_ADDR", "")
