"""Prices by month, the level behind noisy ones and how far apart the two are; what each series is made of and how old it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from toolkit.records.prices import PriceMonth, Prices, PriceSeries, Quality, SeriesQuality
from toolkit.report.charts.levels import Month, levels
from toolkit.report.compose import section
from toolkit.report.document import Block, Chart, Figure, Missing, Panels, Row, Shown, SmallMultiple, Table, left, legend, right
from toolkit.report.findings import Findings
from toolkit.report.i18n.formats import capital, day
from toolkit.report.i18n.language import mark
from toolkit.report.i18n.text import NONE, Inline, Span, Text, joined, muted, plain, sentences, text

REPEATED = 2
"""Equal prices in a row that are worth a word."""
OFF_LEVEL = 0.1
"""A print this far off its level is called so."""
NOISY = "customs_unit_value"
BASES = {
    NOISY: mark("customs value"),
    "monthly_average": mark("month average"),
}
"""What a print is, by its basis."""


@section("prices", mark("Prices and noise"), needs=["prices"])
def prices(run: Findings) -> tuple[Block, ...] | Missing:
    """One panel a noisy metal; behind them the months of all, those with prices taken as published too."""
    found = run.part(Prices)
    series = sorted((one for one in found.series if _months(one)), key=lambda one: one.basis != NOISY)
    if not series:
        return Missing(run.say.words("No metal of this report has a price by month."))
    drawn = [one for one in series if _is_noisy(one)] or series
    months = [row.month for one in drawn for row in one.months]
    span = day(min(months)), day(max(months))
    panels = tuple(_panel(run, one, span) for one in drawn)
    return (
        Figure(
            _title(run, drawn),
            _sub(run, drawn, span),
            (Panels(panels, _legend(run, drawn)),),
            source=_source(run, found, drawn),
            data=_data(run, found, series),
        ),
    )


def _months(one: PriceSeries) -> list[Month]:
    """The months of a series that have a price."""
    return [
        Month(day(row.month), row.print, row.level, row.error)
        for row in one.months
        if row.print is not None or row.level is not None
    ]


def _title(run: Findings, series: Sequence[PriceSeries]) -> Text:
    """For how many of the noisy metals the last print lies far off the level."""
    say, fmt = run.say, run.fmt
    off = [(abs(one.last.off), one) for one in series if one.last.off is not None]
    if not off:
        return say("No price has to be estimated: each is taken as it was published")
    far = [one for distance, one in off if distance > OFF_LEVEL]
    distance, most = max(off, key=lambda pair: (pair[0], pair[1].asset))
    written = {"limit": fmt.limit(OFF_LEVEL), "metal": run.metal(most), "off": fmt.percent(distance, 0)}
    if len(off) == 1:
        return say("The last customs value of {metal} is {off} off the estimated price", **written)
    if not far:
        return say(
            "No last customs value is more than {limit} off its estimated price; that of {metal} is {off} off", **written
        )
    return say.counted(
        len(far),
        "For one of {total} metals the last customs value is more than {limit} off the estimated price: {metal}, by {off}",
        "For {n} of {total} metals the last customs value is more than {limit} off the estimated price; {metal} by {off}",
        total=say.number_word(len(off)), **written,
    )  # fmt: skip


def _sub(run: Findings, series: Sequence[PriceSeries], span: tuple[date, date]) -> Text:
    say, fmt = run.say, run.fmt
    first, last = (fmt.month(month) for month in span)
    told = [say("{unit}, logarithmic, {first} to {last}.", unit=_unit(run, series), first=first, last=last)]
    if any(_is_noisy(one) for one in series):
        told.append(say("Beside a name: how far the last customs value is off the estimated price."))
    return sentences(*told)


def _unit(run: Findings, series: Sequence[PriceSeries]) -> str:
    units = run.say.series(sorted({one.unit for one in series}))
    return run.say.words("{currency} per {unit}", currency=run.currency, unit=units)


def _is_noisy(one: PriceSeries) -> bool:
    return one.last.level is not None


def _legend(run: Findings, series: Sequence[PriceSeries]) -> tuple[tuple[str, str], ...]:
    say = run.say
    noisy = any(map(_is_noisy, series))
    return legend(
        (noisy, "print", say.words("customs value of a month")),
        (noisy, "bandline", say.words("estimated price, with two standard errors")),
        (not all(map(_is_noisy, series)), "line", say.words("price taken as published")),
    )


def _panel(run: Findings, one: PriceSeries, span: tuple[date, date]) -> SmallMultiple:
    say, fmt, last = run.say, run.fmt, one.last
    written = {
        "metal": run.head(one),
        "unit": _unit(run, (one,)),
        "month": fmt.month(last.month),
        "print": fmt.price(last.print, like=last.level),
    }
    if _is_noisy(one):
        note = say("{off} off the estimate", off=fmt.percent(last.off, 0, signed=True))
        told = say(
            "{metal}: estimated price {level} ± {error} {unit} (one standard error), last value {print} ({month}).",
            level=fmt.price(last.level), error=fmt.price(last.error, like=last.level), **written,
        )  # fmt: skip
    else:
        note = say("{basis}, last {month}", basis=say.word(one.basis, BASES), month=written["month"])
        told = say("{metal}: {print} {unit} ({month}).", **written)
    return SmallMultiple(text(run.head(one)), note, Chart(levels(_months(one), span, fmt), plain(told)))


def _source(run: Findings, found: Prices, drawn: Sequence[PriceSeries]) -> Text:
    say = run.say
    markers = run.of_sources(*(row.source_id for row in found.data))
    told = [text(say("Source: price series and exchange rates"), markers, ".")]
    if any(_is_noisy(one) for one in drawn):
        told.append(say("An estimated price uses no value after its own month."))
    if any(abs(one.last.off or 0.0) > OFF_LEVEL for one in found.series):
        told.append(say("An estimated price follows a jump once more months confirm it."))
    for currency, known in found.rates.items():
        told.append(
            say(
                "Prices in {currency} are converted at the average rate of their month, what they are today at the rate of "
                "{day}, the last known one.",
                currency=currency,
                day=run.fmt.long_date(known),
            )
        )
    if others := [one for one in found.series if _months(one) and one not in drawn]:
        metals = run.metals(others)
        told.append(say("Taken as published, and in the table alone: {metals}.", metals=metals))
    if found.without:
        metals = run.metals(found.without)
        told.append(say("Without a price by month: {metals}.", metals=metals))
    if _priced_otherwise(run, found.series):
        told.append(say("The proposal takes other prices: its strategy uses less history, or customs values as they are."))
    return sentences(*told)


def _priced_otherwise(run: Findings, series: Sequence[PriceSeries]) -> bool:
    """Whether the proposal took another level than the one shown: of a metal with offers, a price is that of an offer."""
    taken = {
        p.asset: p.price
        for p in run.positions
        if p.price and not p.offer_of and p.price_from == "bundled" and p.basis != "dealer_ask"
    }
    return any(abs(taken[one.asset] / one.last.level - 1.0) > 1e-6 for one in series if one.last.level and one.asset in taken)


def _data(run: Findings, found: Prices, series: Sequence[PriceSeries]) -> Table:
    """One row a month, the newest first: observed, and the level with its error; then the last at today's rate."""
    say, fmt = run.say, run.fmt
    cells = {
        one.asset: {row.month: _cell(run, row, row.level and row.error and row.level * row.error) for row in one.months}
        for one in series
    }

    def of(one: PriceSeries) -> Shown[str]:
        return right(text(capital(run.head(one).text)), lambda month: cells[one.asset].get(month, NONE))

    return run.table(
        say("Prices by month, {unit}: observed, then estimated price ± one standard error", unit=_unit(run, series)),
        sorted({month for own in cells.values() for month in own}, reverse=True),
        left("Month", fmt.month),
        *map(of, series),
        below=_today(run, found, series),
        stacks=False,
    )


def _today(run: Findings, found: Prices, series: Sequence[PriceSeries]) -> list[Row]:
    """The last price of each at the exchange rate of today; none where nothing is converted."""
    if not found.rates:
        return []
    words = run.say("Last price at the rate of {day}", day=run.fmt.short_date(max(found.rates.values())))
    return [Row.of(words, *(_cell(run, one.last, one.last.error) for one in series))]


def _cell(run: Findings, row: PriceMonth, error: float | None) -> Text:
    """What was printed and the level with its error, in money."""
    fmt = run.fmt
    printed = text(NONE) if row.print is None else text(fmt.price(row.print, like=row.level))
    if row.level is None or error is None:
        return printed
    return text(printed, " ", muted(f"{fmt.price(row.level)} ± {fmt.price(error, like=row.level)}"))


@dataclass(frozen=True, slots=True)
class PriceFault:
    """Something a price series may have: a column where one has it, a word in the sub-line where none does."""

    head: str
    words: str
    found: Callable[[SeriesQuality], bool]
    told: Callable[[Findings, SeriesQuality], Text]


@section("quality", mark("Data age and quality"), needs=["quality"])
def quality(run: Findings) -> tuple[Block, ...]:
    """One table of the price series, those alike in one row."""
    rows = run.part(Quality).series
    shown = [one for one in FAULTS if any(one.found(row) for row in rows)]
    groups: dict[tuple[Text, ...], list[SeriesQuality]] = {}
    columns = _columns(run, shown)
    for row in rows:  # series of which the same is to be said share a row
        groups.setdefault(tuple(text(column.cell(row)) for column in columns), []).append(row)

    def names(those: list[SeriesQuality]) -> Text:
        return joined([run.head(those[0]), *(run.metal(row) for row in those[1:])], ", ")

    def of_first(column: Shown[SeriesQuality]) -> Shown[list[SeriesQuality]]:
        return Shown(column.head, lambda those: column.cell(those[0]), column.align, column.short)

    table = run.table("Quality of the price series", groups.values(), left("Metals", names), *map(of_first, columns))
    return (Figure(_age_of_prices(run, rows), _measured(run, shown), (table,), source=_noise(run, rows)),)


def _age_of_prices(run: Findings, rows: Sequence[SeriesQuality]) -> Text:
    say, noisy = run.say, sum(row.noisy for row in rows)
    ages = [row.age_days for row in rows]
    if min(ages) == max(ages):
        first = say("The newest prices are {days} days old", days=ages[0])
    else:
        first = say("The newest prices are {least} to {most} days old", least=min(ages), most=max(ages))
    if not noisy:
        return first
    rest = say.counted(
        noisy,
        "{n} of {total} series is a customs value, which carries noise",
        "{n} of {total} series are customs values, which carry noise",
        total=say.number_word(len(rows)),
    )
    return text(first, "; ", rest)


def _measured(run: Findings, shown: Sequence[PriceFault]) -> Text:
    say, without = run.say, run.part(Quality).without
    told = [
        say(
            "Series as known on {day}, each measured against itself; nothing is filled in or repaired.",
            day=run.fmt.long_date(run.as_of),
        )
    ]
    noisy = any(row.noisy for row in run.part(Quality).series)
    # Of noisy series each print may lie far off the level: that none is called stray is no finding.
    if absent := [say.words(one.words) for one in FAULTS if one not in shown and not (noisy and one.told is _stray)]:
        told += [say("No series has {faults}.", faults=say.listed(absent, alternatives=True))]
    if without:
        told += [say("No series is known for {metals}.", metals=run.metals(without))]
    return sentences(*told)


def _noise(run: Findings, rows: Sequence[SeriesQuality]) -> Text:
    say = run.say
    told = [say("Source: price series{markers}.", markers=run.of_prices(part="quality"))]
    if any(row.noisy for row in rows):
        told.append(
            say("A customs value is the value of all imports of a month over their quantity: mix, lots and lags move it.")
        )
    if any(row.old for row in rows):
        told.append(say("▲ marks a price that is older than the update frequency of its series explains."))
    return sentences(*told)


def _columns(run: Findings, shown: Sequence[PriceFault]) -> list[Shown[SeriesQuality]]:
    say, fmt = run.say, run.fmt

    def fault(one: PriceFault) -> Shown[SeriesQuality]:
        return right(say(one.head), lambda row: one.told(run, row) if one.found(row) else NONE)

    return [
        left(
            "Basis",
            lambda row: text(say.word(row.basis), muted(f", {say.words('noisy')}") if row.noisy else ""),
        ),
        right("Prices", lambda row: fmt.number(row.observations)),
        left("First", lambda row: fmt.month(row.first)),
        left("Newest", lambda row: fmt.month(row.last)),
        *map(fault, shown),
        right("Days old", lambda row: _age(run, row)),
        left("What is used", lambda row: say("estimated price") if row.noisy else say("as published"), "Used"),
    ]


def _age(run: Findings, row: SeriesQuality) -> Inline:
    age = run.fmt.number(row.age_days)
    return text(Span("▲ ", "warn"), Span(age, "warn")) if row.old else age


def _missing(run: Findings, row: SeriesQuality) -> Text:
    missing = row.expected - row.observations
    return run.say("{missing} of {total}", missing=missing, total=row.expected)


def _repeated(run: Findings, row: SeriesQuality) -> Text:
    return text(run.fmt.number(row.stale_run), muted(f" ({run.fmt.month(row.stale_until)})"))


def _stray(run: Findings, row: SeriesQuality) -> Text:
    """Jumps that look like another unit, or prints far off both neighbours with the month of the worst."""
    if row.unit_ratio is not None:
        return run.say("change of unit or split {month}?", month=run.fmt.month(row.unit_date))
    return text(run.fmt.number(row.outliers), muted(f" ({run.fmt.month(row.outlier_date)})"))


FAULTS = (
    PriceFault(mark("Missing periods"), mark("a gap"), lambda row: row.expected > row.observations, _missing),
    PriceFault(
        mark("Same price in a row"), mark("the same price twice in a row"), lambda row: row.stale_run >= REPEATED, _repeated
    ),
    PriceFault(
        mark("Outliers"),
        mark("an outlier"),
        lambda row: row.outliers > 0 or row.unit_ratio is not None,
        _stray,
    ),
)
