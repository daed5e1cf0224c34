"""Sources and assumptions of a report, each with the marker that stands for it in the text: S1, S2, ... and A1, A2, ..."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from toolkit.report.i18n.formats import day
from toolkit.report.i18n.language import Language, mark
from toolkit.report.i18n.names import metal, place
from toolkit.report.i18n.origins import by_product
from toolkit.report.i18n.text import Inline, Text, name, text
from toolkit.report.tables.lots import assumed_of_lots

TERMS, COSTS, STORAGE, RATE, UNCERTAIN, NORMAL = "terms", "costs", "storage", "rate", "uncertain", "normal"
OFFERS, SHOCKS, CHARGES, VAT = "offers", "shocks", "charges", "vat"
HALF_A_CENT = 0.005
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
    licence: str
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


def origins_of(record: Mapping[str, Any], parts: Mapping[str, Any]) -> Iterator[Origin]:
    """One row a source, those of the subject first."""
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for row in (*record["data"], *(row for part in parts.values() for row in part.get("data", ()))):
        rows.setdefault(row["source_id"], []).append(row)
    # Assumed dealer terms are among the assumptions; a reader would take a place among the sources for evidence.
    evidence = {key: found for key, found in rows.items() if key not in ("dealer_terms", "assumptions")}
    for i, (key, found) in enumerate(evidence.items(), start=1):
        yield Origin(
            key=key,
            marker=f"S{i}",
            title=found[0]["source"],
            licence=found[0]["licence"],
            tables=tuple(dict.fromkeys(row["table"] for row in found)),
            newest=max((row["as_of"] for row in found if row["as_of"]), default=None),
            # A ledger that was reviewed after its newest row is known in that state from the review on.
            known_from=max(row[key] for row in found for key in ("known_from", "as_of") if row[key]),
            overdue_days=max(row["overdue_days"] for row in found),
        )


def assumed_by_parts(parts: Mapping[str, Any], say: Language) -> Iterator[tuple[str, Text]]:
    """(key, words) of what the parts take as given: each names it as a sentence (`toolkit.core.messages`)."""
    told: dict[str, Text] = {}
    for part in parts.values():
        for key, sentence in part.get("assumptions", {}).items():
            told.setdefault(key, say.translate(sentence))
    yield from told.items()


def assumed_by_record(record: Mapping[str, Any], say: Language) -> Iterator[tuple[str, Text]]:
    """(key, words) of what the subject itself takes as given."""
    fmt = say.fmt
    if exposure := record.get("exposure"):
        yield from assumed_of_lots(exposure, day(record["as_of"]), say)
    assumed = [asset for asset in by_product(record.get("assets", ())) if asset["terms"] in ("assumption", "published_fee")]
    if assumed:
        yield TERMS, say("Lot sizes, purities and forms are typical dealer terms.")
        spreads = _rates(assumed, "spread", say)
        yield COSTS, say("Spread between buying and selling: {rates}; half is paid at each trade.", rates=spreads)
        storage = say.counted(
            1 if record["costs"]["holding_years"] == 1 else 2,
            "Storage and insurance a year: {rates}. Holding period one year.",
            "Storage and insurance a year: {rates}. Holding period {years} years.",
            rates=_rates(assumed, "storage", say),
            years=fmt.quantity(record["costs"]["holding_years"]),
        )
        if published := [metal(asset, say) for asset in assumed if asset["terms"] == "published_fee"]:
            told = say("For {metals} it is the tariff that a vault published in 2021.", metals=say.listed(published))
            storage = text(storage, " ", told)
        yield STORAGE, storage
    tax = (record.get("exposure") or record).get("vat")
    if tax and (exposure or assumed):
        yield VAT, _vat(record, tax, say)
    for rate in record.get("rates", ()):
        yield (
            RATE,
            say(
                "{base} is converted to {quote} at {rate}, the last known rate ({month}), for every price.",
                base=rate["base"],
                quote=rate["quote"],
                rate=fmt.number(rate["rate"], 4),
                month=fmt.month(rate["date"]),
            ),
        )
    uncertain = [row for row in record["controls"] if row["uncertain"] or row["headline"].endswith("_uncertain")]
    if uncertain:
        names = say.listed([say.name(row["name"]) for row in uncertain])
        yield UNCERTAIN, say("{names}: no notice settles the form, so it counts as controlled.", names=names)
    if any(p.get("offer_of") for p in record.get("positions", ())):
        yield OFFERS, say("Premiums of an origin are the strategy’s, and lost at a sale; the origin is as offered.")
    entry = record.get("costs", {}).get("items", {}).get("entry", {})
    if charges := [say.words(ENTRY[key]) for key in SET if entry.get(key, 0.0) > HALF_A_CENT]:
        yield CHARGES, say("As the strategy sets them, and no dealer quotes them: {charges}.", charges=say.series(charges))
    if any(s["kind"] == "shock" for s in record.get("scenarios", ())):
        yield (
            SHOCKS,
            say("Sizes and probabilities of scenarios are the strategy’s, or the base rate and the mean of few past controls."),
        )
    if "risk" in record and is_normal(record):
        yield NORMAL, say("The mean loss of the worst year in twenty takes changes to be normal around zero.")


def _vat(record: Mapping[str, Any], tax: Mapping[str, Any], say: Language) -> Text:
    """The rate of VAT by law and whether it is charged: outside a bonded warehouse it is a fifth of a purchase."""
    where = place(tax["country"], say)
    charged = record.get("costs", {}).get("items", {}).get("entry", {}).get("vat", 0.0) > HALF_A_CENT
    if tax["rate"] is None:
        rate = say("No rate of VAT for {place} is bundled.", place=where)
    else:
        law = say.term("note", tax["citation"])
        rate = say("VAT for {place} by law: {rate} ({law}).", place=where, rate=say.fmt.limit(tax["rate"]), law=law)
    due = (
        say("At entry the rate that the strategy sets is charged.")
        if charged
        else say(
            "It is not charged here: it falls due on all but investment gold that is bought outside a bonded warehouse or "
            "leaves one."
        )
    )
    return text(rate, " ", due)


def is_normal(record: Mapping[str, Any]) -> bool:
    """Whether the tail of a run object is that of a normal distribution."""
    return record["risk"].get("cvar_method", NORMAL).startswith(NORMAL)


def _rates(assets: list[Mapping[str, Any]], key: str, say: Language) -> Text:
    """Equal rates together, highest first: 15% gallium, indium; 2% gold."""
    groups: dict[float, list[str]] = {}
    for asset in assets:
        groups.setdefault(asset[key], []).append(metal(asset, say).text)
    parts: list[Inline] = []
    for rate in sorted(groups, reverse=True):
        parts += ["; " if parts else "", f"{say.fmt.limit(rate)} ", name(", ".join(groups[rate]))]
    return text(*parts)
