"""The timeline of measures: swim lanes whose bars sit at percentages, so that text keeps its size on every screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from markupsafe import Markup

from toolkit.report import formats
from toolkit.report.countries import in_sentence
from toolkit.report.document import Chart, Column, Drawing, Figure, Row, Table
from toolkit.report.findings import Findings, metal
from toolkit.report.text import Text, listed, name, sources, text

Mark = Literal["on", "suspended", "ahead", "whitelist"]
AHEAD = timedelta(days=150)
"""How far the axis goes beyond the day of the report: far enough to see what follows the next deadlines."""
LANE, TOP = 40, 24
SUSPENDED = "suspended"
LEGEND = (
    ("on", "in force"),
    ("suspended", "suspended"),
    ("ahead", "ahead, unless it is changed"),
    ("whitelist", "exporter list, not counted"),
)
STATES = {"on": "in force", "suspended": "suspended", "ahead": "ahead", "whitelist": "exporter list"}


@dataclass(frozen=True, slots=True)
class Spell:
    """Days in one state, both inclusive; `until` None has no known end."""

    mark: Mark
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Lane:
    """A measure, the metals it names, and its spells."""

    metals: str
    names: Text
    measure: str
    notice: str
    spells: tuple[Spell, ...]


def timeline(run: Findings) -> Figure | None:
    """The figure, or None when no measure has a lane."""
    lanes = tuple(_lanes(run))
    if not lanes:
        return None
    start = date(min(s.since for lane in lanes for s in lane.spells).year, 1, 1)
    end = run.as_of + AHEAD
    title = _finding(run, lanes)
    sub = f"Chinese measures on these products, {start.year} to {formats.month(end)}. A suspended measure is not repealed."
    data = Table(
        "Spells of each measure",
        tuple(Column(label, "left") for label in ("Metals", "Measure", "Notice", "State", "From", "To, inclusive")),
        tuple(
            Row(
                tuple(
                    text(cell)
                    for cell in (
                        name(lane.metals), lane.measure, lane.notice, STATES[spell.mark],
                        formats.short_date(spell.since), formats.short_date(spell.until) if spell.until else "open",
                    )
                )
            )
            for lane in lanes
            for spell in lane.spells
        ),
        stacks=False,
    )  # fmt: skip
    drawing = Drawing(_svg(lanes, start, end, run.as_of))
    return Figure(
        title,
        text(sub),
        (Chart((drawing,), "Timeline of measures"),),
        LEGEND,
        text("Source: control ledger", sources(*run.of_tables("controls")), "."),
        data,
    )


def _finding(run: Findings, lanes: tuple[Lane, ...]) -> Text:
    returns = [
        (spell.since, lane)
        for lane in lanes
        for before, spell in zip(lane.spells, lane.spells[1:], strict=False)
        if before.mark == "suspended" and spell.since > run.as_of
    ]
    if returns:
        since, lane = min(returns, key=lambda item: item[0])
        return text(
            f"The {lane.measure} on ", lane.names, f" returns on {formats.long_date(since)} unless its suspension is extended"
        )
    in_force = sum(lane.spells[-1].mark == "on" for lane in lanes)
    return text(
        formats.capital(formats.count(in_force, "measure")),
        f" of {len(lanes)} {formats.are(in_force)} in force with no end in sight",
    )


def _lanes(run: Findings) -> Iterator[Lane]:
    """One lane a measure; measures that run in parallel on the same metals share it."""
    products = {row["asset"]: row for row in run.record["controls"]}
    symbols = {key: row["element"] or key for key, row in products.items()}
    rows = [row for row in run.record["timeline"] if row["spells"]]
    licensed = {asset for row in rows if row["instrument"] == "licence" for asset in row["assets"]}
    merged: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        same = tuple((s["status"], s["since"], s["until"]) for s in row["spells"])
        key = (row["instrument"], tuple(row["destinations"]), row["end_user"], tuple(row["assets"]), same)
        merged.setdefault(key, []).append(row)
    for group in merged.values():
        row = group[0]
        everything = len(row["assets"]) > len(licensed) / 2 and set(row["assets"]) == licensed
        metals = "All under licence" if everything else ", ".join(dict.fromkeys(symbols[asset] for asset in row["assets"]))
        names = listed([metal(products[asset]) for asset in row["assets"]])
        numbers = ", ".join(formats.notices(r["number"] or r["event_id"]) for r in group)
        yield Lane(metals, names, measure(row), numbers, tuple(_spells(row, run.as_of)))


def measure(row: Mapping[str, Any]) -> str:
    """A measure in words: what it is, and for whom where not for all."""
    if row["instrument"] == "exporter_whitelist":
        return "exporter list"
    to = "" if row["destinations"] == ["all"] else f" to {' and '.join(in_sentence(code) for code in row['destinations'])}"
    return f"{formats.readable(row['instrument'])}{to}" + ("" if row["end_user"] == "all" else f", {row['end_user']}")


def suspended_until(run: Findings, day: str) -> tuple[Mapping[str, Any], ...]:
    """The measures whose suspension has its last day on `day`."""
    rows = run.record["timeline"]
    return tuple(row for row in rows if any(s["status"] == SUSPENDED and s["until"] == day for s in row["spells"]))


def in_words(run: Findings, rows: Sequence[Mapping[str, Any]]) -> Text:
    """Measures in a sentence: the ban to the US on gallium and germanium."""
    names = {row["asset"]: metal(row) for row in run.record["controls"]}
    return listed([text(f"the {measure(row)} on ", listed([names[asset] for asset in row["assets"]])) for row in rows])


def _spells(row: Mapping[str, Any], today: date) -> Iterator[Spell]:
    for spell in row["spells"]:
        since = formats.day(spell["since"])
        until = None if spell["until"] is None else formats.day(spell["until"])
        if spell["status"] == SUSPENDED:
            mark: Mark = "suspended"
        elif row["instrument"] == "exporter_whitelist":
            mark = "whitelist"
        else:
            mark = "on" if since <= today else "ahead"
        yield Spell(mark, since, until)


def _svg(lanes: tuple[Lane, ...], start: date, end: date, today: date) -> str:
    """The drawing. Names and numbers are escaped by Markup; positions are ours."""
    bottom = TOP + LANE * len(lanes) + 6

    def at(day: date) -> str:
        inside = min(max(day, start), end)
        return f"{100 * (inside - start).days / (end - start).days:.2f}%"

    def width(spell: Spell) -> str:
        last = end if spell.until is None else min(spell.until + timedelta(days=1), end)
        return f"{100 * max((last - max(spell.since, start)).days, 0) / (end - start).days:.2f}%"

    told = "; ".join(f"{lane.metals}, {lane.measure}, {lane.notice}, {STATES[lane.spells[-1].mark]}" for lane in lanes)
    parts = [
        Markup('<svg class="lanes" role="img" width="100%" height="{}"><title>{} {}: {}.</title>').format(
            bottom + 20, formats.capital(formats.count(len(lanes), "lane")), f"from {start.year} to {end.year}", told
        )
    ]
    for year in range(start.year, end.year + 1):
        x = at(date(year, 1, 1))
        label = Markup('<text class="ax" x="{}" dx="4" y="{}">{}</text>').format(
            x, bottom + 14, _year(year, (end - date(year, 1, 1)).days)
        )
        parts += [Markup('<line class="grid" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>').format(x, TOP, bottom), label]
    parts.append(Markup('<line class="key" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>').format(at(today), TOP - 6, bottom))
    parts.append(
        Markup('<text class="lab b" x="{}" dx="4" y="{}" text-anchor="end">{}</text>').format(
            at(today), TOP - 11, formats.short_date(today)
        )
    )
    for i, lane in enumerate(lanes):
        y = TOP + LANE * i
        parts.append(
            Markup(
                '<text class="lab halo" x="0" y="{}"><tspan class="b">{}</tspan> <tspan class="m">· {} · {}</tspan></text>'
            ).format(y + 15, _shortened(lane.metals), lane.measure, lane.notice)
        )
        parts += [
            Markup('<rect class="{}" x="{}" y="{}" width="{}" height="12"/>').format(s.mark, at(s.since), y + 21, width(s))
            for s in lane.spells
            if s.since < end
        ]
    return str(Markup("").join([*parts, Markup("</svg>")]))


def _year(year: int, room: int) -> str:
    """The label of a year; the last one may have little room before the edge."""
    return str(year) if room > 200 else f"’{year % 100}" if room > 60 else ""


def _shortened(metals: str, most: int = 5) -> str:
    names = metals.split(", ")
    return metals if len(names) <= most else f"{', '.join(names[:most])} and {len(names) - most} more"
