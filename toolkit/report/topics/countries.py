"""The countries behind the value of a proposal or of lots, and what is left of each supply without its largest producer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from toolkit.records.exposure import Industries
from toolkit.records.factors import AssetSupply
from toolkit.records.positions import Before, Position
from toolkit.records.subjects import Holdings
from toolkit.report.compose import beside, folded, section
from toolkit.report.document import Bar, Block, Figure, Missing, Table, left, legend, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import NONE, Span, Text, muted, sources, strong, text

COUNTRIES_SHOWN = 6
"""Countries with a bar of their own; the rest is one sum, and has its rows in the table behind."""
NEAR_COUNTRY_LIMIT = 0.5
"""The part of its limit from which on a country's bar is shown against it; others are far from any."""
NAMELESS, UNMOVED = 0.0005, 0.005
"""Shares, and changes of a share, that are not worth a row or a word."""
ROOM = 1.1
"""The longest bar leaves a tenth of its room free."""


@dataclass(frozen=True, slots=True)
class Supplied:
    """The supply behind what is proposed or held.

    Attributes:
        now: Shares of value by country; `other` is that of many countries, `unknown` that of a supply that is not known.
        before: The same of what is held before a proposal; None for a start in cash, and for lots.
        caps: Limits by country.
        statistics: Markers of the statistics.
    """

    now: Mapping[str, float]
    other: float
    unknown: float
    before: Before | None
    caps: Mapping[str, float | None]
    statistics: Span


@section("exposure", mark("Exposure by country"), needs=["positions"])
def exposure(run: Findings) -> tuple[Block, ...] | Missing:
    """Countries of supply and dependence on the largest producer."""
    if not run.held and not run.before:
        return Missing(run.say.words("Nothing is held, so no country stands behind it."))
    if not run.proposal.exposures.country and not (run.before and run.before.country):
        return Missing(run.say.words("No country of supply is known for what is held."))
    found = run.proposal.exposures
    supplied = Supplied(
        now=found.country,
        other=found.country_other,
        unknown=found.country_unknown,
        before=run.before,
        caps=run.proposal.caps.countries,
        statistics=_statistics(run, run.shown),
    )
    return beside(_countries(run, supplied), _single(run))


@section("held-exposure", mark("Exposure by country"), needs=["exposure"])
def held_exposure(run: Findings) -> tuple[Block, ...] | Missing:
    """Countries of supply behind lots, and the industries that use what is held."""
    exposure = run.needed(Holdings).exposure
    found = exposure.concentration
    if not found.country:
        return Missing(run.say.words("No country of supply is known for what is held."))
    statistics = run.of_sources(*(one.source for one in found.supplies))
    supplied = Supplied(found.country, found.other, found.unknown, before=None, caps={}, statistics=statistics)
    figure = _countries(run, supplied)
    if found.n_minus_1 is not None:
        left_over = run.say(
            "Without the largest producer of each metal {share} of supply is left, weighted by value.",
            share=run.fmt.percent(found.n_minus_1, 0),
        )
        figure = replace(figure, sub=text(*figure.sub, " ", left_over))
    return (figure, *folded(_industries(run, exposure.industries)))


def _industries(run: Findings, found: Industries) -> Figure | None:
    """Who uses what is held, by industry; None where no use is known."""
    say, fmt = run.say, run.fmt
    if not found.sectors:
        return None
    first = found.sectors[0]
    table = run.table(
        "Industries behind the value",
        found.sectors,
        left(text("NACE"), lambda row: row.nace2 or say.words("other")),
        right("Share", lambda row: strong(fmt.percent(row.share, 0))),
        left("For what", lambda row: say.series([say.term("use", use) for use in row.applications])),
    )
    title = say(
        "{share} of value is in metals of industry {nace} of NACE, by their uses in the EU",
        share=fmt.percent(first.share, 0),
        nace=first.nace2 or say.words("other"),
    )
    lacking = run.metals(map(run.product, found.without_uses))
    sub = say("No shares by use are known of {metals}.", metals=lacking) if found.without_uses else ()
    return Figure(title, sub, (table,))


def _countries(run: Findings, found: Supplied) -> Figure:
    say, before = run.say, found.before
    now, caps = found.now, found.caps
    old = before.country if before else {}
    order = sorted({*now, *old}, key=lambda code: (-now.get(code, 0.0), -old.get(code, 0.0), code))
    first, rest = order[:COUNTRIES_SHOWN], order[COUNTRIES_SHOWN:]
    rows: list[tuple[str, float, float, float | None]] = []
    rows += [(run.country(code), now.get(code, 0.0), old.get(code, 0.0), _near(caps, code, now, old)) for code in first]
    summed = (say.words("Other named"), sum(now.get(c, 0.0) for c in rest), sum(old.get(c, 0.0) for c in rest))
    others = [row for row in (summed, *_unnamed(run, found)) if max(row[1:]) > NAMELESS]
    rows += [(label, new, was, None) for label, new, was in others]
    scale = ROOM * max(max(new, was, cap or 0.0) for _, new, was, cap in rows)
    drawn = sorted({cap for _, _, _, cap in rows if cap is not None})
    marks = ((drawn[0] / scale, say.words("limit {share}", share=run.fmt.limit(drawn[0]))),) if len(drawn) == 1 else ()
    sub = say("Share of value behind which each country stands as producer, at the stage at which the metal is scored.")
    foot = say(
        "Source: statistics of supply{markers}. “Not named” is many countries and is never counted as one.",
        markers=sources(found.statistics),
    )
    table = run.bars(
        "Country of supply",
        rows,
        left("Country", lambda row: row[0]),
        right("now", lambda row: _cell(run, row[2], muted)) if before else None,
        right(say("new") if before else say("share"), lambda row: _cell(run, row[1], strong)),
        bar=lambda row: Bar(
            value=row[1] / scale,
            reference=row[2] / scale if before else None,
            cap=None if row[3] is None else row[3] / scale,
        ),
        caps=marks,
    )
    marked = legend(
        (before, "now", say.words("now")), (before or drawn, "new", say.words("proposed")), (drawn, "cap", say.words("limit"))
    )
    every = [(run.country(code), now.get(code, 0.0), old.get(code, 0.0)) for code in order]
    behind = _table(run, found, every) if rest else None
    return Figure(_countries_finding(run, found, order), sub, (table,), marked, foot, behind)


def _near(caps: Mapping[str, float | None], code: str, now: Mapping[str, float], old: Mapping[str, float]) -> float | None:
    """The limit of a country where its share comes near, or where it is the one country that has a limit."""
    cap = caps.get(code)
    if cap is None or len(caps) == 1:
        return cap
    return cap if max(now.get(code, 0.0), old.get(code, 0.0)) >= NEAR_COUNTRY_LIMIT * cap else None


def _unnamed(run: Findings, found: Supplied) -> tuple[tuple[str, float, float], ...]:
    """Shares behind which no country stands by name: (label, new, today)."""
    before, say = found.before, run.say
    return (
        (say.words("Not named"), found.other, before.country_other if before else 0.0),
        (say.words("Supply unknown"), found.unknown, before.country_unknown if before else 0.0),
    )


def _table(run: Findings, found: Supplied, countries: Sequence[tuple[str, float, float]]) -> Table:
    """Every country that is named, and what is not."""
    say, before = run.say, found.before
    return run.table(
        "All countries of supply",
        [row for row in (*countries, *_unnamed(run, found)) if max(row[1:]) > 0],
        left("Country", lambda row: row[0]),
        right("now", lambda row: _cell(run, row[2], muted)) if before else None,
        right(say("new") if before else say("share"), lambda row: _cell(run, row[1], strong)),
        stacks=False,
    )


def _cell(run: Findings, value: float, style: Callable[[str], Span]) -> Span:
    return NONE if value <= 0 else style(run.fmt.share(value))


def _countries_finding(run: Findings, found: Supplied, order: Sequence[str]) -> Text:
    say, fmt = run.say, run.fmt
    now, before = found.now, found.before
    if not now:
        return say("No country stands behind what is left")
    top = order[0]
    places = {"country": run.country(top), "share": fmt.percent(now[top], 0)}
    if before:
        old = before.country.get(top, 0.0)
        if abs(old - now[top]) < UNMOVED:
            return say("{country} stands behind {share} of value, as it does today", **places)
        if now[top] < old:
            return say("{country} stands behind {share} of value, down from {before}", before=fmt.percent(old, 0), **places)
        return say("{country} stands behind {share} of value, up from {before}", before=fmt.percent(old, 0), **places)
    second = next((code for code in order[1:] if now[code] > 0), None)
    if second is None:
        return say("{country} stands behind {share} of value", **places)
    return say(
        "{country} stands behind {share} of value; {second} follows with {less}",
        second=run.country(second),
        less=fmt.percent(now[second], 0),
        **places,
    )


def _statistics(run: Findings, positions: Sequence[Position]) -> Span:
    """Markers of the statistics that the supply of these positions is from."""
    titles = {supply.source for p in positions if (supply := run.assets[p.asset].supply) is not None}
    return Span("", refs=tuple(origin.marker for origin in run.origins if origin.title in titles))


def _single(run: Findings) -> Figure | None:
    """N-1 of each holding as bars: they reflow, and no two labels meet."""
    say, fmt = run.say, run.fmt
    rows = [(p, supply) for p in run.held if (supply := run.assets[p.asset].supply) is not None]
    if not rows:
        return None
    rows.sort(key=lambda row: (row[1].n_minus_1, row[0].asset))
    table = run.bars(
        "Supply left without the largest producer",
        rows,
        left("Metal", lambda row: run.head(row[0])),
        left("largest", lambda row: run.country(row[1].top_country)),
        right("remains", lambda row: strong(fmt.percent(row[1].n_minus_1, 0))),
        right("weight", lambda row: muted(fmt.percent(row[0].weight))),
        bar=lambda row: Bar(value=row[1].n_minus_1),
    )
    foot = say("Source: statistics of supply{markers}.", markers=_statistics(run, run.held))
    return Figure(_single_finding(run, rows), _single_sub(run, rows), (table,), (), foot)


def _single_finding(run: Findings, rows: Sequence[tuple[Position, AssetSupply]]) -> Text:
    # Of an offer from one country nothing is left by its very choice: that is no finding, unless there is no other.
    chosen = [row for row in rows if not row[0].origin] or list(rows)
    least, most = chosen[0], chosen[-1]
    left = run.fmt.percent(least[1].n_minus_1, 0)
    if len(chosen) == 1:
        return run.say("Without its largest producer {metal} keeps {share} of supply", metal=run.metal(least[0]), share=left)
    return run.say(
        "Without its largest producer {metal} keeps {share} of supply, {other} {more}",
        metal=run.metal(least[0]),
        share=left,
        other=run.metal(most[0]),
        more=run.fmt.percent(most[1].n_minus_1, 0),
    )


def _single_sub(run: Findings, rows: Sequence[tuple[Position, AssetSupply]]) -> Text:
    say = run.say
    years = sorted({s.period_end[:4] for _, s in rows})
    if len(years) == 1:
        sub = say("What is left of world supply when the largest producer drops out, shares of {year}.", year=years[0])
    else:
        sub = say(
            "What is left of world supply when the largest producer drops out, shares of {first} to {last}.",
            first=years[0],
            last=years[-1],
        )
    together = run.proposal.exposures.concentration.n_minus_1
    if together is None:
        return sub
    return text(sub, " ", say("Weighted by value: {share}.", share=run.fmt.percent(together, 0)))
