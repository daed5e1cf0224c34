"""Sources and assumptions of a report, each with the marker that stands for it in the text: S1, S2, ... and A1, A2, ..."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from toolkit.core.grouping import by_key
from toolkit.core.limits import HELD
from toolkit.records.exposure import Exposure
from toolkit.records.factors import AssetModel
from toolkit.records.findings import Parts
from toolkit.records.run import Run
from toolkit.records.sources import Rate, Vat
from toolkit.records.subjects import BacktestSubject, Holdings, Market, Subject
from toolkit.report.i18n.formats import day
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.names import metal, place
from toolkit.report.i18n.origins import Offer, by_product
from toolkit.report.i18n.text import Inline, Text, name, text

TERMS, COSTS, STORAGE, RATE, UNCERTAIN, NORMAL = "terms", "costs", "storage", "rate", "uncertain", "normal"
OFFERS, SHOCKS, CHARGES, VAT, DELIVERED = "offers", "shocks", "charges", "vat", "delivered"
DELAY, ORIGIN, FORM, LATER = "licence_delay", "origin_unknown", "form_unsettled", "bought_later"
HALF_A_CENT = 0.005
NAMED_TOGETHER = 3
"""Metals of one rate that are named where the others are few enough to be named too."""
ENTRY = {
    "spread": mark("half the dealer spread"),
    "premium": mark("premiums of origin"),
    "vat": mark("VAT"),
    "impact": mark("market impact"),
    "fees": mark("fees"),
}
"""What entry costs are paid for."""
SET = ("vat", "impact", "fees")
"""Those of them that no dealer's terms hold: the strategy sets them."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A source of data, the tables it fills, and how old it is: one row of the table of sources."""

    key: str
    marker: str
    title: str
    licence: str | None
    tables: tuple[str, ...]
    newest: str | None
    known_from: str
    overdue_days: int


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something the report takes as given without data."""

    key: str
    marker: str
    words: Text


def origins_of(record: Subject, parts: Parts) -> Iterator[Origin]:
    """One row a source, those of the subject first."""
    rows = by_key((row.source_id, row) for row in (*record.data, *(row for part in parts.found for row in part.data)))
    # Assumed dealer terms are among the assumptions; a reader would take a place among the sources for evidence.
    evidence = {key: found for key, found in rows.items() if key not in ("dealer_terms", "assumptions")}
    for i, (key, found) in enumerate(evidence.items(), start=1):
        newest = max((row.as_of for row in found if row.as_of), default=None)
        yield Origin(
            key=key,
            marker=f"S{i}",
            title=found[0].source,
            licence=found[0].licence,
            tables=tuple(dict.fromkeys(row.table for row in found)),
            newest=newest,
            # A ledger that was reviewed after its newest row is known in that state from the review on.
            known_from=max(day for row in found for day in (row.known_from, row.as_of) if day),
            overdue_days=max(row.overdue_days for row in found if row.as_of == newest),
        )


def assumed_by_parts(parts: Parts, say: Language) -> Iterator[tuple[str, Text]]:
    """(key, words) of what the parts take as given: each names it as a sentence (`toolkit.core.messages`)."""
    told: dict[str, Text] = {}
    for part in parts.found:
        for key, sentence in getattr(part, "assumptions", {}).items():
            told.setdefault(key, say.translate(sentence))
    yield from told.items()


def assumed_by_record(record: Subject, offers: Mapping[str, Offer], say: Language) -> Iterator[tuple[str, Text]]:
    """(key, words) of what the subject itself takes as given.

    Args:
        record: The subject.
        offers: Its offers by origin, by key.
        say: The language.
    """
    if isinstance(record, Holdings):
        yield from _of_lots(record.exposure, day(record.as_of), say)
        yield VAT, _vat(record.exposure.vat, say, charged=False)
    if isinstance(record, BacktestSubject):
        yield COSTS, say("Lot sizes, spreads, fees and storage are typical dealer terms, the same on every past date.")
        yield DELIVERED, say("Metal that has arrived is stored outside China, where no Chinese control stops it.")
    if isinstance(record, Run):
        yield from _of_terms(record, offers, say)
    yield from _of_rates(record.rates, say)
    unsettled = [row for row in record.controls if row.uncertain]
    held = _held(record) if unsettled else None
    if uncertain := [row for row in unsettled if held is None or row.asset in held]:
        names = say.listed([say.name(row.name) for row in uncertain])
        yield UNCERTAIN, say("{names}: controlled only in part (by size, purity or use), counted in full.", names=names)
    if isinstance(record, Run):
        yield from _of_proposal(record, say)


def _of_lots(exposure: Exposure, as_of: date, say: Language) -> Iterator[tuple[str, Text]]:
    """(key, words) of what the exposure of lots on a day takes as given."""
    fmt, lots = say.fmt, exposure.lots
    unknown = sum(lot.assumed_origin for lot in lots)
    if unknown:
        yield (
            ORIGIN,
            say.counted(
                unknown,
                "{N} lot of unknown origin is judged as if it came from China.",
                "{N} lots of unknown origin are judged as if they came from China.",
            ),
        )
    unsettled = sum(lot.uncertain for lot in lots)
    if unsettled:
        yield (
            FORM,
            say.counted(
                unsettled,
                "Notices control part of the form of {n} lot (by size, purity or use); it counts as controlled.",
                "Notices control part of the form of {n} lots (by size, purity or use); they count as controlled.",
            ),
        )
    later = sum(row.bought is not None and day(row.bought) > as_of for row in exposure.purchases)
    if later:
        yield (
            LATER,
            say.counted(
                later,
                "{N} lot of the file was bought after this day and counts as planned.",
                "{N} lots of the file were bought after this day and count as planned.",
            ),
        )
    if delay := exposure.licence_delay:
        yield (
            DELAY,
            say(
                "Days that a licence takes: {median} in the middle, from two to three months without exports of gallium and "
                "germanium in 2023 (no licence was timed); that one in ten takes {tail} or more, and the lognormal shape, are "
                "assumed.",
                median=fmt.number(delay.median),
                tail=fmt.number(delay.tail),
            ),
        )


def _held(record: Subject) -> set[str] | None:
    """Products that figures of the subject rest on; None for all. Lots have an assumption of their own on unsettled forms."""
    match record:
        case Run():
            return {p.product for p in record.positions if max(abs(p.weight), abs(p.previous_weight)) > HELD}
        case Holdings():
            return set()
        case Market(metal=str(metal)):
            return {metal}
        case BacktestSubject():
            return {
                key
                for one in record.backtest.strategies
                for row in one.weights
                for key, part in row.items()
                if abs(part) > HELD
            }
        case _:
            return None


def _of_terms(run: Run, offers: Mapping[str, Offer], say: Language) -> Iterator[tuple[str, Text]]:
    """Terms of dealers, and the tax on what they sell."""
    assumed = [asset for asset in by_product(run.assets, offers) if asset.terms in ("assumption", "published_fee")]
    if not assumed:
        return
    yield TERMS, say("Lot sizes, purities and forms are typical dealer terms.")
    spreads = _rates(((asset.spread, asset) for asset in assumed), say)
    yield COSTS, say("Spread between buying and selling: {rates}; half is paid at each trade.", rates=spreads)
    storage = say.counted(
        1 if run.costs.holding_years == 1 else 2,
        "Storage and insurance a year: {rates}. Holding period one year.",
        "Storage and insurance a year: {rates}. Holding period {years} years.",
        rates=_rates(((asset.storage, asset) for asset in assumed), say),
        years=say.fmt.quantity(run.costs.holding_years),
    )
    if published := [metal(asset, say) for asset in assumed if asset.terms == "published_fee"]:
        told = say("For {metals} it is the tariff that a vault published in 2021.", metals=say.listed(published))
        storage = text(storage, " ", told)
    yield STORAGE, storage
    yield VAT, _vat(run.vat, say, charged=run.costs.by_purpose.entry.get("vat", 0.0) > HALF_A_CENT)


def _of_rates(rates: Iterable[Rate], say: Language) -> Iterator[tuple[str, Text]]:
    for rate in rates:
        yield (
            RATE,
            say(
                "{base} is converted to {quote} at {rate}, the last known rate ({day}), for every price.",
                base=rate.base,
                quote=rate.quote,
                rate=say.fmt.number(rate.rate, 4),
                day=say.fmt.short_date(rate.date),
            ),
        )


def _of_proposal(run: Run, say: Language) -> Iterator[tuple[str, Text]]:
    """Premiums and charges of the strategy, its scenarios, and a normal tail where it has none."""
    if any(p.offer_of for p in run.positions):
        yield OFFERS, say("Premiums of an origin are the strategy’s, and lost at a sale; the origin is as offered.")
    entry = run.costs.by_purpose.entry
    if charges := [say.words(ENTRY[key]) for key in SET if entry.get(key, 0.0) > HALF_A_CENT]:
        yield CHARGES, say("As the strategy sets them, and no dealer quotes them: {charges}.", charges=say.series(charges))
    if any(s.kind == "shock" for s in run.scenarios):
        yield (
            SHOCKS,
            say("Sizes and probabilities of scenarios are the strategy’s, or the base rate and the mean of few past controls."),
        )
    if run.risk.tail == NORMAL:
        yield NORMAL, say("The mean loss of the worst year in twenty takes changes to be normal around zero.")


def _vat(tax: Vat, say: Language, *, charged: bool) -> Text:
    """The rate of VAT by law and whether it is charged: outside a bonded warehouse it is a fifth of a purchase."""
    where = place(tax.country, say)
    if tax.rate is None:
        rate = say("No rate of VAT for {place} is bundled.", place=where)
    else:
        law = say.fmt.sentence(say.term("note", tax.citation or ""))
        rate = say("VAT for {place} by law: {rate} ({law}).", place=where, rate=say.fmt.limit(tax.rate), law=law)
    due = (
        say("At entry the rate that the strategy sets is charged.")
        if charged
        else say(
            "It is not charged here: it falls due on all but investment gold that is bought outside a bonded warehouse or "
            "leaves one."
        )
    )
    return text(rate, " ", due)


def _rates(priced: Iterable[tuple[float, AssetModel]], say: Language) -> Text:
    """Equal rates together, highest first, the largest group behind the others: 6% silver; 2% gold; 15% all others."""
    groups = by_key((rate, metal(asset, say).text) for rate, asset in priced)
    most = max(groups, key=lambda rate: len(groups[rate]))
    parts: list[Inline] = []
    for rate in sorted(groups, key=lambda rate: (rate == most and len(groups) > 1, -rate)):
        rest = rate == most and len(groups) > 1 and len(groups[rate]) > NAMED_TOGETHER
        who = say.words("all others") if rest else name(", ".join(groups[rate]))
        parts += ["; " if parts else "", f"{say.fmt.limit(rate)} ", who]
    return text(*parts)
