"""Registrations as CSV that spreadsheets read as words (OWASP ASVS 1.2.10) and as a workbook of typed cells; one's own data."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from toolkit.web.models import ConsentText, Registration, Webinar
from toolkit.web.room.attendance import Attendance

FORMULA = re.compile(r"[\s\ufeff\u200b-\u200f\u2060\x00-\x1f]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|[\s]*[\t\r\n\x00]")
"""Beginnings that a spreadsheet may take for a formula, also behind blanks and characters of no width, and in full width."""
COLUMNS = ("name", "email", "company", "state", "language", "registered", "confirmed", "news", "source")
ATTENDANCE = ("name", "email", "company", "from", "to")
SECRET = {"session_key", "session_data", "digest"}
"""Columns that open something: they are in no export."""
Cell = str | datetime | None


def neutralise(text: str) -> str:
    """A cell that is words: what may begin a formula has an apostrophe before it."""
    return f"'{text}" if FORMULA.match(text) else text


def _table(registrations: Iterable[Registration], webinar: Webinar) -> tuple[list[str], list[list[Cell]]]:
    """Head and rows, with a column for each question; times on the clock of the webinar, as its pages have them.

    Args:
        registrations: With `news`, whether a confirmed consent to news was given.
        webinar: Of all of them.
    """
    asked = [question.removesuffix("*").strip() for question in webinar.questions]
    rows: list[list[Cell]] = []
    for one in registrations:
        news = "yes" if one.news else "no"  # type: ignore[attr-defined]  # annotated
        words = [one.name, one.email, one.company, one.state, one.language]
        answers = [one.answers.get(question, "") for question in asked]
        times = [at and webinar.local(at) for at in (one.created, one.confirmed)]
        rows.append([*words, *times, news, one.source, *answers])
    return [*COLUMNS, *asked], rows


def registrations_csv(registrations: Iterable[Registration], webinar: Webinar) -> bytes:
    """A CSV file of registrations.

    Args:
        registrations: With `news`, whether a confirmed consent to news was given.
        webinar: Of all of them.
    """
    return as_csv(*_table(registrations, webinar))


def attendance_csv(attendances: Iterable[Attendance], webinar: Webinar) -> bytes:
    """A CSV file with a row for each interval of each attendee, on the clock of the webinar."""
    rows = [
        (one.registration.name, one.registration.email, one.registration.company, *map(webinar.local, interval))
        for one in attendances
        for interval in one.intervals
    ]
    return as_csv(ATTENDANCE, rows)


def as_csv(head: Iterable[str], rows: Iterable[Iterable[Cell]]) -> bytes:
    """A CSV file, UTF-8 with the mark that spreadsheets look for, every cell quoted and none a formula."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    for row in (head, *rows):
        writer.writerow(neutralise(f"{cell:%Y-%m-%d %H:%M}" if isinstance(cell, datetime) else cell or "") for cell in row)
    return b"\xef\xbb\xbf" + file.getvalue().encode()


def registrations_xlsx(registrations: Iterable[Registration], webinar: Webinar) -> bytes:
    """A workbook whose words are typed as words: no program takes them for formulas or links.

    Args:
        registrations: With `news`, whether a confirmed consent to news was given.
        webinar: Of all of them.
    """
    from xlsxwriter import Workbook  # noqa: PLC0415  # of this file alone

    file = io.BytesIO()
    with Workbook(file, {"in_memory": True, "remove_timezone": True}) as book:
        sheet, moment = book.add_worksheet("registrations"), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        head, rows = _table(registrations, webinar)
        for i, row in enumerate(([*head], *rows)):
            for j, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(i, j, cell, moment)
                else:
                    sheet.write_string(i, j, cell or "")
        sheet.freeze_panes(1, 0)
        sheet.autofit()
    return file.getvalue()


def everything_of(registration: Registration) -> dict[str, Any]:
    """Every row that belongs to a registration, table by table, without what would open something."""

    def columns(row: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in row.items() if name not in SECRET}

    found: dict[str, Any] = {
        "webinar": {"title": registration.webinar.title, "starts": registration.webinar.starts.isoformat()},
        "registration": columns(Registration.objects.filter(id=registration.id).values()[0]),
    }
    for relation in Registration._meta.related_objects:  # Django's documented API
        rows = relation.related_model.objects.filter(**{relation.field.name: registration})
        found[str(relation.related_model._meta.verbose_name)] = [columns(row) for row in rows.values()]
    texts = ConsentText.objects.filter(consent__registration=registration).distinct()
    return {**found, "consent texts": {text.sha256: text.text for text in texts}}
