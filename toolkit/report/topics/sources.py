"""Data and sources, which facts nobody has confirmed, and the assumptions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from toolkit.core.grouping import by_key
from toolkit.records.prices import StoredChecks
from toolkit.records.run import Run
from toolkit.records.sources import Provenance
from toolkit.records.store import QualityFinding
from toolkit.report.compose import section
from toolkit.report.document import Block, Figure, Missing, Notes, Panel, Paragraph, Row, Status, left, right
from toolkit.report.findings import Findings, Origin
from toolkit.report.i18n.formats import NBSP, capital, readable
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.names import of_key
from toolkit.report.i18n.text import NONE, Inline, Span, Text, joined, muted, name, plain, sentences, strong, text
from toolkit.report.topics.measures import Fact, concerned, instrument, legal_day, review, unconfirmed, why_unconfirmed

SHARES, PRICES, ANNUAL = "shares", "prices", "annual_average"
GIVEN: Mapping[str, str] = {"as_given": mark("own prices"), "own_quote": mark("own quotations")}
"""Bases of prices of a user's own file that states none."""
TABLES: Mapping[str, str] = {
    "controls": mark("control events"),
    "control_scopes": mark("forms named by notices"),
    "control_items": mark("listed items"),
    "dual_use_list": mark("list of dual-use items"),
    "flows": mark("customs flows"),
    "fx": mark("exchange rates"),
    "prices": mark("prices"),
    "products": mark("products"),
    "shares": mark("shares of supply"),
}
"""What a table is for."""
METALS_NAMED = 6
"""Metals of an unconfirmed fact that are named; of more the rest is counted."""


@section("sources", mark("Data and sources"), uses=["quality", "stored"])
def data_sources(run: Findings) -> tuple[Block, ...] | Missing:
    """Dates of what the report rests on, the table that the markers S1, S2, ... link to, checks of a store, open facts."""
    if not run.origins:
        return Missing(run.say.words("This report names no source."))
    say = run.say
    late = any(origin.overdue_days > 0 for origin in run.origins)
    found = unconfirmed(run)
    if run.short:
        listing = Notes(tuple((origin.marker, text(*_brief(run, origin))) for origin in run.origins))
        return (_dates(run, len(found)), listing)
    table = run.table(
        "Sources, terms of use and age",
        run.origins,
        left("Source, terms of use", lambda origin: _titled(run, origin)),
        left("Used for", lambda origin: ", ".join(_used(run, origin))),
        right("Newest", lambda origin: _newest(run, origin)),
        right("Known from", lambda origin: run.fmt.short_date(origin.known_from)),
        right("Overdue", lambda origin: _overdue(run, origin)) if late else None,
        row=lambda origin: Row(anchor=origin.marker.lower()),
    )
    sub = say("The numbers S1, S2, A1, … and all counts are those of this report; another of the same run has its own.")
    if late:
        told = say("Overdue: the newest figure is older than the usual interval and delay of its publication.")
        sub = text(sub, " ", told)
    checks = run.parts.stored
    return (
        _dates(run, len(found)),
        Figure(_late(run), sub, (table,)),
        *((stored_checks(run, checks),) if checks else ()),
        *((_facts(run, found),) if found else ()),
    )


def _dates(run: Findings, doubtful: int) -> Status:
    """What must stand on every report: legal state, price basis and date, vintage of the shares, unconfirmed facts."""
    say, fmt = run.say, run.fmt
    carried = say.words("{day}, carried forward", day=legal_day(run)) if review(run) else legal_day(run)
    items = [(say.words("Legal state of"), text(carried))]
    if prices := _prices(run):
        items.append((say.words("Prices"), prices))
    items.append((say.words("Unconfirmed facts in this report"), text(fmt.number(doubtful))))
    if not run.short and (vintages := _vintages(run)):
        items.append((say.words("Shares of supply"), vintages))
    return Status(tuple(items))


def _prices(run: Findings) -> Text:
    """Bases of the prices with the newest month of each."""
    say, quality = run.say, run.parts.quality
    prices = run.exposure.prices if run.exposure else ()
    rows = [(row.basis, row.last) for row in (quality.series if quality else ())]
    rows += [(p.basis, p.price_date) for p in run.positions]
    rows += [(ANNUAL, str(price.date)) for price in prices if price.kind == ANNUAL]
    newest: dict[str, str] = {}
    for basis, last in rows:
        newest[basis] = max(newest.get(basis, ""), last)
    if newest:
        told = [
            say("{basis} to {month}", basis=say.word(basis, GIVEN), month=run.fmt.month(last))
            for basis, last in sorted(newest.items())
        ]
        return say.listed(told)
    dated = [row.as_of for row in _entries(run, PRICES) if row.as_of]
    return say("to {month}", month=run.fmt.month(max(dated))) if dated else ()


def _vintages(run: Findings) -> Text:
    """The sources of the shares of supply, each with the last year it speaks of."""
    years: dict[str, str] = {}
    for row in _entries(run, SHARES):
        years[row.source] = max(years.get(row.source, ""), (row.as_of or "")[:4])
    say = run.say
    told = [say("{source} ({year})", source=name(say.term("source", source)), year=year) for source, year in years.items()]
    return say.listed(told) if told else ()


def _entries(run: Findings, table: str) -> list[Provenance]:
    """Rows of provenance of a table, of the subject and of the parts beside it."""
    parts = (row for part in run.parts.found for row in part.data)
    return [row for row in (*run.record.data, *parts) if row.table == table]


def _late(run: Findings) -> Text:
    late, total = sum(origin.overdue_days > 0 for origin in run.origins), len(run.origins)
    if not late:
        return run.say("No source is overdue")
    return run.say.counted(
        late,
        "{N} source of {total} is overdue for an update",
        "{N} sources of {total} are overdue for an update",
        total=run.say.number_word(total),
    )


def _titled(run: Findings, origin: Origin) -> Text:
    title, licence = run.say.term("source", origin.title), run.say.term("source", origin.licence or "")
    return text(muted(f"{origin.marker} "), name(title), muted(f" ·{NBSP}{licence}"))


def _used(run: Findings, origin: Origin) -> list[str]:
    say = run.say
    return [say.words(TABLES[table]) if table in TABLES else say.term("table", readable(table)) for table in origin.tables]


def _overdue(run: Findings, origin: Origin) -> Text:
    overdue = run.say.counted(origin.overdue_days, "▲ one day", "▲ {days} days", days=origin.overdue_days)
    return text(*(Span(span.text, "warn") for span in overdue)) if origin.overdue_days else ()


def _brief(run: Findings, origin: Origin) -> Iterator[Inline]:
    """A source in a line: its name, its newest figure, and how late it is."""
    yield name(run.say.term("source", origin.title))
    if origin.newest:
        yield from (", ", muted(plain(_newest(run, origin))))
    if origin.overdue_days:
        late = run.say.counted(origin.overdue_days, "▲ one day late", "▲ {days} days late", days=origin.overdue_days)
        yield from (", ", *(Span(span.text, "warn") for span in late))


def _newest(run: Findings, origin: Origin) -> Text:
    """The day of the newest figure; of the ledger, which has no figures, the day to which it was reviewed."""
    if not origin.newest:
        return text(NONE)
    day = run.fmt.short_date(origin.newest)
    return run.say("reviewed to {day}", day=day) if "controls" in origin.tables else text(day)


def _facts(run: Findings, found: Mapping[str, Fact]) -> Figure:
    """The facts nobody has confirmed, each with what is missing."""
    say = run.say
    title = say.counted(
        len(found),
        "{N} fact used in this report is not confirmed",
        "{N} facts used in this report are not confirmed",
    )
    table = run.table(
        "Unconfirmed facts",
        found.items(),
        left("Notice or statement", lambda one: name(say.notice(one[1].label))),
        left("What", lambda one: _what(run, *one)),
        left("Why it is unconfirmed", lambda one: why_unconfirmed(run, one[1]), "Why"),
        left("Source", lambda one: _quoted(run, one[1])),
    )
    return Figure(
        title,
        say("They are shown, marked where they stand, and change no legal state by themselves."),
        (table,),
    )


def _what(run: Findings, key: str, fact: Fact) -> Inline:
    what, metals = capital(instrument(run, fact.instrument)), _metals(run, key, fact)
    return run.say("{measure}: {metals}", measure=what, metals=metals) if metals else what


def _quoted(run: Findings, fact: Fact) -> Text:
    return text(name(_cited(run, fact.source)), run.of_sources(fact.source_id))


def _cited(run: Findings, words: str) -> str:
    """A citation, whole or piece by piece in the language of the page."""
    say, whole = run.say, run.say.term("source", words)
    return run.fmt.notices("; ".join(say.term("source", one) for one in words.split("; ")) if whole == words else whole)


def _metals(run: Findings, key: str, fact: Fact) -> Text:
    """What it names: products of the report, or the metals in its own words."""
    say = run.say
    rows = concerned(run, key)
    if rows:
        names: list[Inline] = [run.metal(row) for row in rows]
    else:
        names = [name(of_key(metal.strip(), say)) for metal in fact.metals if metal.strip()]
    if len(names) <= METALS_NAMED:
        return say.listed(names) if names else ()
    left = len(names) - METALS_NAMED
    return say("{metals} and {n} more", metals=joined(names[:METALS_NAMED], ", "), n=left)


CHECKS: Mapping[str, str] = {
    "unit_jump": mark("step by 10, 100 or 1000"),
    "revised_unit": mark("stored days again in another unit"),
    "duplicated_day": mark("two values for a day"),
    "future_date": mark("days ahead"),
    "unadjusted_split": mark("split that the closes still show"),
    "currency_switch": mark("another currency than before"),
    "unreported_split": mark("step like a split that is not reported"),
    "gap": mark("missing days"),
    "closed_day": mark("prices of days without a session"),
    "stale_run": mark("one price again and again"),
    "outlier": mark("prices far off both neighbours"),
}
ACTIONS: Mapping[str, str] = {
    "refused": mark("refused"),
    "accepted": mark("accepted by the user"),
    "kept": mark("used as it came"),
    "dropped": mark("rows left out"),
    "new_vintage": mark("kept as a new vintage"),
}
SERIES_NAMED = 6
"""Series of a row that are named; the rest is counted."""


def stored_checks(run: Findings, checks: StoredChecks) -> Block:
    """What the checks found, by check and by what was done about it."""
    say = run.say
    if not checks.findings:
        return Paragraph(
            say.counted(
                checks.series,
                "The series of the store that this report uses passed every check.",
                "The {n} series of the store that this report uses passed every check.",
            )
        )
    concerned = len({finding.asset for finding in checks.findings})
    title = say.counted(
        concerned,
        "{N} of {total} series of the store needs a second look",
        "{N} of {total} series of the store need a second look",
        total=say.number_word(checks.series),
    )
    groups = by_key(((finding.severity, finding.rule, finding.action), finding) for finding in checks.findings)
    table = run.table(
        "Checks of the series of the store",
        groups.values(),
        left("Check", lambda alike: _check(run, alike[0])),
        left("Series", lambda alike: _series(run, alike)),
        right("Rows", lambda alike: run.fmt.number(sum(finding.count for finding in alike))),
        right("First", lambda alike: first_day(say, alike)),
        left("What was done", lambda alike: say.words(ACTIONS[alike[0].action])),
    )
    return Figure(
        title, say("Nothing is filled in or repaired; a series with an error is used only if its error was accepted."), (table,)
    )


def _check(run: Findings, finding: QualityFinding) -> Inline:
    check = run.say.words(CHECKS[finding.rule])
    return Span(f"▲ {check}", "warn") if finding.severity == "error" else check


def _series(run: Findings, alike: Sequence[QualityFinding]) -> Inline:
    names = ", ".join(finding.asset for finding in alike[:SERIES_NAMED])
    more = len(alike) - SERIES_NAMED
    return run.say("{metals} and {n} more", metals=names, n=more) if more > 0 else names


def first_day(say: Language, alike: Sequence[QualityFinding]) -> str:
    """The first day of what a check found; nothing where it is of no day."""
    day = min((finding.date for finding in alike if finding.date is not None), default=None)
    return "" if day is None else say.fmt.short_date(day)


@section("assumptions", mark("Assumptions"))
def assumptions(run: Findings) -> tuple[Block, ...]:
    """The list that the markers A1, A2, ... link to, then how to read the report and the notice."""
    say = run.say
    listing = Notes(tuple((assumption.marker, assumption.words) for assumption in run.assumptions), assumed=True)
    read: list[Text] = [
        sentences(
            text(strong(say.words("How to read this report."))),
            () if run.short else say("Upright figures are data or computed from data."),
            text(Span(say.words("What is set like this is an assumption."), "assumption")),
            text(Span(say.words("What has dots below it alone is computed from data and an assumption."), "derived")),
            () if run.short else say("A dash means undefined or not applicable."),
            say("Prices are indicative: a customs value, an average or a dealer’s ask is no bid, and buy-back may be refused."),
        )
    ]
    if left_out := run.record.left_out if isinstance(run.record, Run) else ():
        read.append(
            say(
                "{lead} {names}. Each has no monthly price; none is interpolated.",
                lead=strong(say.words("Not part of the calculation:")),
                names=say.listed([say.name(row.name) for row in left_out]),
            )
        )
    read.append(
        sentences(
            text(strong(say.words("Not investment, tax or legal advice."))),
            say(
                "Legal states are those of {day}, read from published notices, and may have changed since.",
                day=legal_day(run),
            ),
        )
    )
    return (*((listing,) if listing.items else ()), Panel(tuple(read)))
