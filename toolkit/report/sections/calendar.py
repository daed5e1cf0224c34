"""What changes when: every date ahead that alters a line of the report, and the suspensions that have just lapsed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from toolkit.report import formats
from toolkit.report.compose import section
from toolkit.report.language import mark
from toolkit.report.document import Block, Calendar, Date, Missing, Paragraph
from toolkit.report.lanes import in_words, suspended_until
from toolkit.report.findings import Findings, metal
from toolkit.report.text import Inline, Text, listed, sources, text

_TURN = re.compile(r"; (?=from )|: (?=in force)|; (?=no legal)")


@section("calendar", mark("What changes when"))
def calendar(run: Findings) -> tuple[Block, ...] | Missing:
    """The dates in order, the next one marked."""
    rows = run.record["upcoming"]
    if not rows:
        return Missing("The ledger knows no dated change within 400 days.")
    ahead = [row for row in rows if row["status"] == "ahead"]
    upcoming = ahead[0]["date"] if ahead else None
    intro = "Dates that alter a line of this report. Each is marked official, reported, claimed or from memory."
    return (Paragraph(text(intro), "intro"), Calendar(tuple(_entry(run, row, upcoming) for row in rows)))


def standing(row: Mapping[str, Any]) -> str:
    """What a date rests on, in one word or three."""
    return "from memory" if "memory" in row["confidence"] and row["standing"] == "official" else row["standing"]


def _entry(run: Findings, row: Mapping[str, Any], upcoming: str | None) -> Date:
    what, rest = _split(row["what"])
    ends = suspended_until(run, row["date"])
    title = text(what)
    if ends:
        title = text("Last day on which ", in_words(run, ends), " is suspended" if len(ends) == 1 else " are suspended")
        numbers = ", ".join(formats.notices(measure["number"]) for measure in ends)
        rest = f"{numbers}, suspended by {formats.notices(row['number'])}. {formats.capital(rest)}"
    state = "past" if row["status"] == "lapsed" else "next" if row["date"] == upcoming else "ahead"
    note: list[Inline] = [f"{formats.capital(rest).rstrip('.')}. "] if rest else []
    note += _touched(run, row)
    key = "official_notices" if row["standing"] == "official" else "press_reports"
    return Date(
        iso=row["date"],
        written=formats.short_date(row["date"]),
        away=formats.distance(row["date"], run.as_of),
        what=title,
        note=text(*note, sources(*(run.of_sources(key) or run.of_tables("controls")))),
        standing=standing(row),
        state=state,
    )


def _split(what: str) -> tuple[str, str]:
    """What happens, and what follows from it: the ledger joins the two by one of three turns."""
    parts = _TURN.split(formats.dates_in_words(what), maxsplit=1)
    return parts[0], parts[1] if len(parts) > 1 else ""


def _touched(run: Findings, row: Mapping[str, Any]) -> Text:
    named = {words.strip() for words in row["metals"].split(";")}
    held = [metal(p) for p in run.held if p["asset"] in named]
    return text("Names ", listed(held), ", held here.") if held else ()
