"""The read API: one webinar a token, in JSON."""

from __future__ import annotations

import structlog
from django.core.paginator import InvalidPage, Paginator
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from toolkit.web.gate import limits, tokens
from toolkit.web.middleware import client_address
from toolkit.web.operations.records import READABLE

log = structlog.get_logger("api")
ROWS_OF_ANSWER = 200
"""Rows of a page."""


@require_safe
def read(request: HttpRequest, slug: str, what: str) -> JsonResponse:
    """A page of the registrations, attendance, polls, questions or surveys of a webinar, for who has a token of it.

    Args:
        request: With ``Authorization: Bearer TOKEN``; ``?page=2`` for a further page.
        slug: Of the webinar.
        what: A key of `READABLE`.
    """
    limits.check((limits.API, limits.of_address(client_address(request))))
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    token = tokens.find("api", secret) if scheme == "Bearer" else None
    if token is None or token.expires <= timezone.now() or token.webinar is None or token.webinar.slug != slug:
        return JsonResponse({"error": "no valid token"}, status=401, headers={"WWW-Authenticate": "Bearer"})
    if what not in READABLE:
        return JsonResponse({"error": f"one of {', '.join(READABLE)}"}, status=404)
    rows, record = READABLE[what]
    try:
        page = Paginator(rows(token.webinar), ROWS_OF_ANSWER).page(request.GET.get("page", "1"))
    except InvalidPage as error:
        return JsonResponse({"error": str(error)}, status=400)
    log.info("api.read", token=token.pk, webinar=slug, what=what, page=page.number)
    return JsonResponse({"data": [record(one) for one in page], "page": page.number, "pages": page.paginator.num_pages})
