"""Controls today: which measure names which form, for the owner and for those the owner may sell to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from toolkit.report import formats
from toolkit.report.compose import section
from toolkit.report.language import mark
from toolkit.report.countries import in_sentence, short_country
from toolkit.report.document import Block, Figure, Line, Matrix, Missing, State
from toolkit.report.lanes import timeline
from toolkit.report.offers import offers
from toolkit.report.findings import Findings, is_confirmed, metal
from toolkit.report.text import Inline, Text, listed, name, sources, text

DUTIES = ("licence", "ban")
GRAVITY = ("ban", "licence", "exporter_whitelist")
MARKS = (
    ("on", "in force"),
    ("suspended", "suspended"),
    ("uncertain", "uncertain for this form"),
    ("whitelist", "exporter list, not counted"),
)


@section("controls", mark("Controls today"))
def controls(run: Findings) -> tuple[Block, ...] | Missing:
    """The matrix of metal and measure, then the timeline of the measures."""
    if not run.record["controls"]:
        return Missing("The toolkit knows no control on any product of this run.")
    return (_matrix(run), *(figure for figure in (offers(run), timeline(run)) if figure))


def _matrix(run: Findings) -> Figure:
    rows, owner = run.record["controls"], run.record["owner"]["country"]
    routes = [(route["destination"], route["end_user"]) for route in rows[0]["routes"]]
    columns = [("Licence or ban", "Licence")]
    for place, user in routes:
        short = short_country(place)
        columns.append(
            (f"Ban to {in_sentence(place)}", f"{short} ban") if user == "civil" else (f"{short} military", f"{short} military")
        )
    columns.append(("Exporter list", "Exporters"))
    listed_rows = [(_states(row), row) for row in rows]
    lines = [*_grouped([(states, row) for states, row in listed_rows if any(states)])]
    lines += _reasons([row for states, row in listed_rows if not any(states)])
    matrix = Matrix("Chinese controls by metal and measure", "Metal and form", tuple(columns), tuple(lines))
    sub = (
        f"Legal state on {formats.long_date(run.as_of)} for delivery to {in_sentence(owner)}. Notices name forms, not elements."
    )
    return Figure(_finding(rows), text(sub), (matrix,), MARKS, text(*_source(run)))


def _finding(rows: Sequence[Mapping[str, Any]]) -> Text:
    need = sum(any(m["counts"] for m in row["measures"]) for row in rows)
    named = sum(bool(row["listed"]) for row in rows)
    total = len(rows)
    verb = "needs" if need == 1 else "need"
    first = f"{formats.capital(formats.count(need, 'product'))} of {total} {verb} a Chinese licence or may not leave China"
    if named == total:
        return text(first)
    return text(first, f"; {formats.count(total - named, 'product')} {formats.are(total - named)} in no notice that applies")


def _states(row: Mapping[str, Any]) -> tuple[State | None, ...]:
    own = [m for m in row["measures"] if not m["conditional"]]
    routes = [_state([m for m in route["measures"] if m["instrument"] in DUTIES]) for route in row["routes"]]
    duties = [m for m in own if m["instrument"] in DUTIES]
    return (_state(duties), *routes, _state([m for m in own if m["instrument"] == "exporter_whitelist"]))


def _state(measures: Sequence[Mapping[str, Any]]) -> State | None:
    """The gravest measure of a cell, in force before suspended; the others of the cell follow from the data."""
    official = [m for m in measures if m["standing"] == "official" and m["status"] in ("in_force", "suspended")]
    if not official:
        return None
    m = min(official, key=lambda m: (m["status"] != "in_force", GRAVITY.index(m["instrument"]), m["since"] or ""))
    number = formats.notices(m["number"] or m["authority"])
    if m["instrument"] == "exporter_whitelist":
        return State("whitelist", number, f"to {formats.short_date(m['until'])}" if m["until"] else "in force")
    if m["status"] == "suspended":
        end = f"suspended to {formats.short_date(m['until'])}" if m["until"] else "suspended"
        return State("suspended", number, end, urgent=m["until"] is not None)
    since = f"since {formats.short_date(m['status_since'])}"
    return State("uncertain", number, f"uncertain, {since}") if m["certainty"] != "named" else State("on", number, since)


def _grouped(rows: Sequence[tuple[tuple[State | None, ...], Mapping[str, Any]]]) -> Iterator[Line]:
    """Metals with the same states in one line, those with most measures first, the uncertain and the listed-only last."""
    groups: dict[tuple[State | None, ...], list[Mapping[str, Any]]] = {}
    for states, row in rows:
        groups.setdefault(states, []).append(row)

    def strictness(states: tuple[State | None, ...]) -> tuple[int, int]:
        marks = [state.mark for state in states if state]
        return (marks.count("uncertain") + (marks == ["whitelist"]) * 9, -len(marks))

    for states in sorted(groups, key=strictness):
        members = groups[states]
        yield Line(_symbols(members), _names(members), states)


def _names(rows: Sequence[Mapping[str, Any]]) -> Text:
    """Products of a line; those of one kind of form are told together."""
    return listed([name(row["name"]) for row in rows], ", ")


def _symbols(rows: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(dict.fromkeys(row["element"] or row["asset"] for row in rows))


def _reasons(rows: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    """Metals in no notice, by the reason that the ledger gives."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(_without_name(row), []).append(row)
    for members in groups.values():
        why = members[0]["note"] if len(members) == 1 else _without_name(members[0])
        yield Line(_symbols(members), _names(members), reason=text(formats.notices(why) or "Not named."))


def _without_name(row: Mapping[str, Any]) -> str:
    """The note with the metal left out, so that equal reasons are told once."""
    first, _, rest = row["note"].partition(". ")
    generic = first.replace(f" names {row['asset']}", " names it").replace("names this metal", "names it")
    if generic != first:
        return f"{generic.rstrip('.')}."
    return f"{first}. {rest}" if rest else first


def _source(run: Findings) -> Iterator[Inline]:
    yield from (
        "Source: notices of the Chinese authorities",
        sources(*run.of_tables("controls")),
        ". A dash means that no notice applies.",
    )
    practice: dict[str, list[Mapping[str, Any]]] = {}
    abroad: dict[str, list[Mapping[str, Any]]] = {}
    facts: dict[str, Mapping[str, Any]] = {}
    for row in run.record["controls"]:
        for m in row["measures"]:
            if m["status"] == "reported":
                practice.setdefault(m["event_id"], []).append(row)
                facts[m["event_id"]] = m
        for m in row["elsewhere"]:
            abroad.setdefault(m["event_id"], []).append(row)
            facts[m["event_id"]] = m
    for key, rows in practice.items():
        m = facts[key]
        what = formats.readable(m["instrument"]).replace("de facto", "de-facto")
        yield f" Reported by the press, not law: {what} of "
        yield from (*listed([metal(row) for row in rows]), f" since {formats.short_date(m['since'])}")
        yield from (sources(*run.of_sources(m["source_id"])), ".")
    for key, rows in abroad.items():
        m = facts[key]
        doubt = "" if is_confirmed(m) else f", {m['confidence'].split(',')[0]}"
        yield " Moving "
        yield from (
            *listed([metal(row) for row in rows]),
            f" out of {in_sentence(m['origin'])} may need a permit of its own ({m['number']}{doubt})",
        )
        yield from (sources(*run.of_sources(m["source_id"])), ".")
