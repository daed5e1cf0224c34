"""Words of pages and mails that are made from tables and dates."""

from __future__ import annotations

import functools

from django.utils.html import format_html
from django.utils.safestring import SafeString

from toolkit.app import languages
from toolkit.core.text import one_line
from toolkit.report.i18n.language import Language
from toolkit.web.models import Webinar


@functools.cache
def language(code: str) -> Language:
    """A language by its code, whose catalogues are read once."""
    return languages.language(code)


def moment(webinar: Webinar, say: Language) -> str:
    """Day, hour and zone of a webinar: ``3 December 2026, 17:00 (Europe/Berlin)``, and the offset where it comes twice."""
    local = webinar.local_start
    offset = f", UTC{local.isoformat()[-6:]}" if webinar.comes_twice(webinar.starts) else ""
    return say.words(
        "{day}, {time} ({zone})",
        day=say.fmt.long_date(local.date()),
        time=f"{local:%H:%M}",
        zone=webinar.zone.replace("_", " ") + offset,
    )


def dated(webinar: Webinar, say: Language) -> SafeString:
    """The same as a `<time>`, below which `own.js` writes the visitor's own time where their clock is another one."""
    template = '<time datetime="{}" data-own="{}">{}</time>'
    return format_html(template, webinar.local_start.isoformat(), say.words("your time"), moment(webinar, say))


def line(text: str) -> str:
    """Words as one line with single spaces, pasted marks without width left out; empty where characters are no text."""
    found = " ".join(one_line(text).split())
    return "" if "\N{REPLACEMENT CHARACTER}" in found else found
