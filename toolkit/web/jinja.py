"""Templates: Jinja with strict names, and the words of the visitor's language."""

from __future__ import annotations

import functools
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.template.backends.utils import csrf_input
from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language
from jinja2 import Environment, StrictUndefined

from toolkit.app.languages import ENGLISH
from toolkit.report.i18n.language import Language
from toolkit.web.words import dated, language


def environment(**options: Any) -> Environment:
    """The environment of both engines: that of pages escapes, that of plain mails does not."""
    strict = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    found = Environment(**{**options, **strict})  # noqa: S701  # by engine
    path = functools.cache(reverse)  # without arguments alone: some are secrets
    found.globals.update(
        static=functools.cache(static),
        url=lambda name, *args: reverse(name, args=args) if args else path(name),
        when=lambda webinar: dated(webinar, spoken()),
    )
    return found


def spoken() -> Language:
    """The language of this request."""
    return language(get_language() or ENGLISH)


def words(request: HttpRequest) -> dict[str, Any]:
    """What every page has: its language, the names of all languages, who runs the portal, and one token for all its forms."""
    say = spoken()
    return {
        "csrf_input": SimpleLazyObject(lambda: csrf_input(request)),
        "say": say.words,
        "fmt": say.fmt,
        "code": say.code,
        "languages": settings.LANGUAGES,
        "portal": settings.PORTAL,
        "path": request.path,
        "here": request.get_full_path(),
    }
