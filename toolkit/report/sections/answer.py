"""The answer: the result in one heading and one paragraph, three figures, and how far they can be trusted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from toolkit.report import formats
from toolkit.report.compose import section
from toolkit.report.countries import in_sentence
from toolkit.report.document import Block, Heading, KeyFigure, KeyFigures, Paragraph, Status
from toolkit.report.lanes import in_words, suspended_until
from toolkit.report.origins import product_of
from toolkit.report.findings import COSTS, NORMAL, OFFERS, SHOCKS, STORAGE, UNCERTAIN, Findings, is_confirmed, metal
from toolkit.report.text import Inline, Text, listed, name, sources, strong, text

MOSTLY_CASH = 0.5
SOON = 120
"""Days ahead within which a change of the law belongs into the first paragraph."""


@section("answer", "", needs=["positions"])
def answer(run: Findings) -> tuple[Block, ...]:
    """Heading, paragraph, key figures and status line."""
    return (
        Heading(_result(run)),
        Paragraph(text(*_paragraph(run)), "answer"),
        KeyFigures((_controlled(run), _volatility(run), _entry(run))),
        Status(
            (
                ("Status", _status(run)),
                ("Unconfirmed facts used", _unconfirmed(run)),
                ("Sources past their rhythm", _stale(run)),
            )
        ),
    )


def _result(run: Findings) -> Text:
    record, cash = run.record, run.record["cash"]["weight"]
    broken, limits = run.broken, run.limits
    if broken:
        end: Inline = f"; {formats.count(len(broken), 'limit')} of {len(limits)} {formats.are(len(broken))} broken"
    else:
        end = f", and {'every limit holds' if len(limits) != 1 else 'the limit holds'}" if limits else ""
    if (soft := len(run.yielded)) and not broken:
        end = f"; {formats.count(soft, 'soft limit')} of {len(limits)} {'gives' if soft == 1 else 'give'} way"
    if not run.held:
        return text(f"All of the {run.money(record['budget'])} stays in cash", end)
    holdings = formats.capital(formats.count(len(run.held), "holding"))
    if cash > MOSTLY_CASH:
        return text(
            f"{formats.percent(cash, 0)} stays in cash; the rest is {holdings.lower()}",
            end,
        )
    before, now = run.before, record["risk"]["volatility"]
    if before and before["volatility"] > 0:
        verb = "falls" if now < before["volatility"] else "rises"
        return text(f"Volatility {verb} from {formats.percent(before['volatility'])} to {formats.percent(now)} a year", end)
    return text(f"{holdings}, {formats.percent(now)} volatility a year", end)


def _paragraph(run: Findings) -> Iterator[Inline]:
    record, costs, cash = run.record, run.record["costs"], run.record["cash"]
    placed = sum(p["value"] for p in run.held)
    if run.held:
        held = formats.count(len(run.held), "product")
        largest = run.held[0]
        yield f"The proposal places {run.money(placed)} of {run.money(record['budget'])} in {held}, most in "
        yield from (metal(largest), f" ({formats.percent(largest['weight'])}), and keeps {run.money(cash['value'])} in cash. ")
        yield f"Expected volatility is {formats.percent(record['risk']['volatility'])} a year"
        yield sources(*run.of_tables("prices"))
        if run.before:
            yield f", against {formats.percent(run.before['volatility'])} today"
    else:
        yield f"Nothing is bought: {run.money(cash['value'])} is kept as cash, without metal risk"
    controlled = run.controlled
    if controlled is not None:
        owner = in_sentence(record["owner"]["country"])
        yield f"; {formats.percent(controlled)} of value is under Chinese export control for {owner}"
        yield sources(*run.of_tables("controls"))
    yield ". "
    if costs["entry"]:
        yield "Entering costs "
        yield run.assumed(run.money(costs["entry"]), COSTS)
        yield ", holding "
        yield run.assumed(run.money(costs["holding_per_year"]), STORAGE)
        yield " a year. "
    yield from _deadline(run)


def _deadline(run: Findings) -> Iterator[Inline]:
    """The next confirmed change of a control, and which holdings it names."""
    rows = [
        r for r in run.record["upcoming"] if r["status"] == "ahead" and r["kind"] == "control" and r["standing"] == "official"
    ]
    near = [r for r in rows if (formats.day(r["date"]) - run.as_of).days <= SOON]
    if not near:
        yield f"No official change of a control is dated within {SOON} days."
        return
    row = near[0]
    away = formats.distance(row["date"], run.as_of)
    yield strong(f"{formats.capital(away)}, {formats.long_date(row['date'])}")
    suspended = suspended_until(run, row["date"])
    if suspended:
        numbers = ", ".join(formats.notices(r["number"]) for r in suspended)
        again = formats.long_date(formats.day(row["date"]) + timedelta(days=1))
        yield from (": last day on which ", *in_words(run, suspended))
        yield f" ({numbers}) {formats.are(len(suspended))} suspended"
        yield f"; in force again from {again} unless that is extended"
    else:
        yield f": {formats.dates_in_words(row['what'][:1].lower() + row['what'][1:])}"
    yield sources(*run.of_tables("controls"))
    yield ". "
    named = set(row["metals"].split(";"))
    touched = [metal(p) for p in run.held if product_of(p) in named and not p.get("abroad")]
    if touched:
        yield from ("The proposal holds ", *listed(touched))
        owner = run.record["owner"]["country"]
        elsewhere = suspended and all(not {"all", owner} & set(t["destinations"]) for t in suspended)
        yield f"; delivery to {in_sentence(owner)} is not touched, resale there is." if elsewhere else "."


def _controlled(run: Findings) -> KeyFigure:
    """The share under control, or the largest holding where no product is known to the ledger."""
    controlled, before = run.controlled, run.before
    if controlled is None:
        if not run.held:
            return KeyFigure("Largest holding", text("–"), text("nothing is held"))
        largest = run.held[0]
        return KeyFigure("Largest holding", text(formats.percent(largest["weight"])), text(name(largest["name"])))
    note: list[Inline] = ["of value"]
    if before and before["controlled"] is not None:
        note.append(f", from {formats.percent(before['controlled'])}")
    limit = next((c for c in run.limits if c["kind"] == "control_exposure" and c["side"] == "upper"), None)
    note += [f"; limit {formats.limit(limit['limit'])}"] if limit else []
    if run.unjudged:
        note.append(f"; {formats.percent(sum(p['weight'] for p in run.unjudged))} is in products that no ledger knows")
    note.append(sources(*run.of_tables("controls"), *run.rests_on(UNCERTAIN)))
    return KeyFigure("Under export control", text(formats.percent(controlled)), text(*note))


def _volatility(run: Findings) -> KeyFigure:
    risk, before = run.record["risk"], run.before
    note: list[Inline] = [f"from {formats.percent(before['volatility'])}; "] if before else []
    loss = formats.percent(risk["cvar_95"])
    if run.normal_tail:
        note.append(f"the worst year in twenty loses {loss} on average")
    else:
        note.append(f"the worst twentieth loses {loss} on average, by {risk['cvar_method']}")
    return KeyFigure(
        "Volatility a year", text(formats.percent(risk["volatility"])), text(*note, sources(*run.rests_on(NORMAL, SHOCKS)))
    )


def _entry(run: Findings) -> KeyFigure:
    costs = run.record["costs"]
    if not costs["entry"]:
        unknown = any(p["terms"] == "unknown" for p in run.held)
        why = "no dealer terms are known, so none are counted" if unknown else "nothing is traded at a spread"
        return KeyFigure("Entry cost", text(run.money(costs["entry"])), text(why))
    part = formats.percent(costs["entry"] / run.record["budget"])
    note = text(f"{part} of the budget: ", run.assumed(run.entry_words, COSTS, OFFERS))
    return KeyFigure("Entry cost", text(run.assumed(run.money(costs["entry"]), COSTS, marked=False)), note)


def _status(run: Findings) -> Text:
    """How good the answer is known to be."""
    solver = run.record["solver"]
    words = {"optimal": "optimal", "optimal_inaccurate": "optimal to reduced accuracy", "feasible": "whole lots"}
    said = words.get(run.record["status"], formats.readable(run.record["status"]))
    if solver["lots_gap"] is not None:
        said += f"; objective at most {formats.percent(solver['lots_gap'], 2)} above the best possible"
    return text(said)


def unconfirmed(run: Findings) -> Mapping[str, Mapping[str, Any]]:
    """The facts of the ledger this report uses that are from memory, from one press report, or claimed by one side."""
    facts = [*run.record["upcoming"]]
    for row in run.record["controls"]:
        facts += [*row["measures"], *row["elsewhere"], *(m for route in row["routes"] for m in route["measures"])]
    return {fact["event_id"]: fact for fact in facts if not is_confirmed(fact)}


def _unconfirmed(run: Findings) -> Text:
    return text(str(len(unconfirmed(run))))


def _stale(run: Findings) -> Text:
    late = sum(origin.overdue_days > 0 for origin in run.origins)
    return text(f"{late} of {len(run.origins)}")
