"""`toolkit optimize`: propose an allocation."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli.controls import EVENTS_HELP
from toolkit.cli.options import Common, with_common
from toolkit.cli.request import (
    DEFAULT_STRATEGY,
    Budget,
    Client,
    Holdings,
    SellOthers,
    Settings,
    StrategyName,
    Total,
    request_of,
)
from toolkit.cli.terminal import console, headline, price_sources, print_json, progress, say, tell_remarks, try_write
from toolkit.core.remarks import Remark
from toolkit.core.text import figure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from toolkit.app.optimize import NoAnswer, Result

SHOWN = 5e-5
"""Weights below this print as 0.0 % and are the dust of a continuous solver."""
ROOM = 0.005
"""Of slack, from which whole lots stay away from a limit that the divisible optimum touches."""


@with_common
def optimize(
    strategy: StrategyName = DEFAULT_STRATEGY,
    *,
    budget: Budget = None,
    total: Total = None,
    holdings: Holdings = None,
    sell_others: SellOthers = False,
    settings: Settings = None,
    events: Annotated[str | None, typer.Option("--events", metavar="FILE", help=EVENTS_HELP)] = None,
    client: Client = None,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no HTML report.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 7 when there are warnings.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say why: slopes of each holding, prices of limits, sensitivities.")
    ] = False,
    common: Common,
) -> None:
    """Propose an allocation: what to hold, in how many lots, at what cost, and how exposed it is to export controls."""
    from toolkit.app.status import WARNINGS_UNDER_STRICT

    started = time.perf_counter()
    request = request_of(
        common,
        strategy,
        settings,
        budget=budget,
        holdings=holdings,
        client=client,
        total=total,
        sell_others=sell_others,
        events=events,
    )
    with progress("Loading the solver", common):
        from toolkit.app.optimize import NoAnswer, propose
    with progress("Estimating risk and solving", common):
        try:
            result = propose(request)
        except NoAnswer as conflict:
            for words in conflict.record["notes"]:  # of own events: nothing else is noted where there is no answer
                say(f"events: {words}", common)
            if not no_report:
                _store_conflict(conflict, common)
            raise
    solved = time.perf_counter()
    with progress("Writing the report", common):
        folder, unwritten = try_write(lambda: result.save(report=not no_report))
    written = time.perf_counter()
    told = _explanation(result, common) if explain else None
    if common.json:
        print_json(result.record if told is None else {**result.record, "explanation": told})
    else:
        _show(result, common)
        if told is not None:
            from toolkit.cli.explain import show_explanation

            show_explanation(console(common), result.record, told)
    _tell(result, common)
    if common.verbose:
        say(f"{solved - started:.2f} s to read, estimate and solve, {written - solved:.2f} s to write", common)
    if unwritten is not None:
        raise unwritten
    if folder is not None:
        say(f"run: {folder}", common)
    if folder is not None and not no_report:
        say(f"report: {(folder / 'report.html').resolve()}", common)
    if strict and result.record["warnings"]:
        raise typer.Exit(WARNINGS_UNDER_STRICT)


def _store_conflict(conflict: NoAnswer, common: Common) -> None:
    """Write the report of a run without an answer; the conflict is told whether or not it can be written."""
    stored, unwritten = try_write(conflict.save)
    if stored is not None:
        say(f"report: {(stored / 'report.html').resolve()}", common)
    if unwritten is not None:
        say(f"warning: no report, {unwritten.message}", common)


def _tell(result: Result, common: Common) -> None:
    """What was read of own files and warnings on stderr, and with `--verbose` notes and what each solver did."""
    budget = tuple(words for words in result.posed.money.notes if words not in result.posed.held.notes)
    held = tuple(words for words in result.record["holdings_notes"] if words not in budget)
    events = result.posed.inputs.event_notes
    for words in events:
        say(f"events: {words}", common)
    own = result.posed.inputs.price_notes
    for words in own:
        say(f"prices: {words}", common)
    for words in held:
        say(f"holdings: {words}", common)
    for words in budget:
        say(f"budget: {words}", common)
    remarks = [Remark(row["kind"], row["text"], row["remedy"] or "") for row in result.record["remarks"]]
    tell_remarks([remark for remark in remarks if remark.text not in (*events, *own, *held, *budget)], common)
    if common.verbose:
        for words in result.record["scenario_notes"]:
            say(f"scenarios: {words}", common)
        for attempt in result.record["solver"]["attempts"]:
            say(
                f"solver {attempt['solver']}: {attempt['status']}, {attempt['outcome']}, residual {attempt['residual']}", common
            )


def _explanation(result: Result, common: Common) -> Mapping[str, Any]:
    """Printed, never stored: a run folder holds the same bytes whether or not somebody asked why."""
    with progress("Explaining", common):
        from toolkit.app.explain import explanation

        return explanation(result)


def _show(result: Result, common: Common) -> None:
    from toolkit.cli.tables import Table

    record: Mapping[str, Any] = result.record
    money = record["currency"]
    out = console(common)
    about = f"  as of {record['as_of']}, {record['budget']:,.0f} {money}, {record['status']}"
    out.print(headline(record["strategy"]["title"], about))
    table = Table()
    for heading, justify in (
        ("hold", "left"), ("lots", "right"), ("lot", "right"), (f"price {money}", "right"), ("+/-", "right"),
        (f"value {money}", "right"), ("weight", "right"), ("risk", "right"), (f"cost {money}", "right"),
    ):  # fmt: skip
        table.add_column(heading, justify=justify)
    held = [position for position in record["positions"] if position["weight"] >= SHOWN]
    for p in sorted(held, key=lambda position: -position["weight"]):
        lots = f"{p['quantity']:,.3f}" if p["lots"] is None else f"{p['lots']:,.0f}"
        lot = p["unit"] if p["lots"] is None else f"{figure(p['lot_size'])} {p['unit']}"
        table.add_row(
            p["name"], lots, lot, f"{p['price']:,.2f}", f"{p['price_se']:,.2f}" if p["price_se"] else "",
            f"{p['value']:,.0f}", f"{p['weight']:.1%}", f"{record['risk_contributions'][p['asset']]:.1%}", f"{p['cost']:,.0f}",
        )  # fmt: skip
    cash = record["cash"]
    table.add_row("Cash", "", "", "", "", f"{cash['value']:,.0f}", f"{cash['weight']:.1%}", "", "")
    out.print(table)
    listed = {row["asset"] for row in record["orders"]} | {p["asset"] for p in held}
    priced = [p for p in record["positions"] if p["asset"] in listed]
    price_sources(out, ((p["price_source"], p["price_from"], p["price_date"], p["name"]) for p in priced))
    if record["before"] is not None:
        _show_orders(record, out)
    risk, costs, exposures = record["risk"], record["costs"], record["exposures"]
    tail = "" if risk["cvar_95"] is None else f", loss in the worst twentieth {risk['cvar_95']:.1%} ({risk['cvar_method']})"
    out.print(
        f"Volatility {risk['volatility']:.1%} a year{tail}; trading costs {costs['entry']:,.0f} {money},"
        f" then {costs['holding_per_year']:,.0f} {money} a year to hold."
    )
    _show_expected(record, out)
    _show_last_prices(record, out)
    if risk["contributions_of"] != "variance":
        out.print(f"Risk is each holding's part of what is minimised: {risk['contributions_of']}.")
    countries = sorted(exposures["country"].items(), key=lambda item: -item[1])[:3]
    told = ", ".join(f"{country} {share:.0%}" for country, share in countries)
    if exposures["controlled"] is not None and countries:
        held = {row["asset"] for row in record["positions"] if row["weight"] > 0}
        known = [row["supply"] for row in record["assets"] if row["asset"] in held and row["supply"]]
        editions = ", ".join(sorted({supply["source_id"] for supply in known}))
        out.print(
            f"Under export control for {record['owner']['country']}: {exposures['controlled']:.1%} of value. "
            f"Supply: {told} ({editions}).",
            markup=False,
        )
    limits = Table()
    for heading, justify in (
        ("limit", "left"),
        ("where", "left"),
        ("now", "right"),
        ("at", "right"),
        ("slack", "right"),
        ("", "left"),
    ):
        limits.add_column(heading, justify=justify)
    for c in record["constraints"]:
        if c["value"] is not None:
            limits.add_row(c["name"], c["where"] or "", *_limit(c))
    if limits.rows:
        out.print(limits)


def _show_orders(record: Mapping[str, Any], out: Console) -> None:
    """What is bought, sold and kept, and where the cash comes from and goes to."""
    from toolkit.cli.tables import Table

    money, orders = record["currency"], record["orders"]
    traded = [row for row in orders if row["side"] != "keep"]
    if not traded:
        out.print("Nothing is traded: what is held is as good as any other answer.")
        return
    table = Table()
    for heading, justify in (
        ("order", "left"), ("", "left"), ("quantity", "right"), (f"price {money}", "right"), (f"value {money}", "right"),
        (f"cost {money}", "right"), (f"cash {money}", "right"), ("lots", "left"),
    ):  # fmt: skip
        table.add_column(heading, justify=justify)
    for row in orders:
        table.add_row(
            row["side"], row["name"], f"{figure(row['quantity'])} {row['unit']}", f"{row['price']:,.2f} / {row['unit']}",
            f"{row['value']:,.2f}", f"{row['cost']:,.2f}", f"{row['cash']:,.2f}" if row["side"] != "keep" else "",
            ", ".join(row["lot_ids"]),
        )  # fmt: skip
    out.print(table)
    for row in orders:
        if row["note"]:
            out.print(f"{row['name']}: {row['note']}.", markup=False)
    added, reserved = record["money"]["added"], record["money"]["reserved"]
    owed = f", {reserved:,.2f} of it for what is owed" if reserved else ""
    out.print(
        f"Cash: {record['money']['cash_before']:,.2f} {money} before ({added:,.2f} added{owed}),"
        f" {sum(row['cash'] for row in traded):+,.2f} by these orders, {record['cash']['value']:,.2f} left."
    )


def _show_expected(record: Mapping[str, Any], out: Console) -> None:
    expected = record["expected_return"]
    if expected is None:
        return
    error = "" if expected["error"] is None else f" +/- {expected['error']:.1%}"
    named = {p["asset"]: p["name"] for p in record["positions"] if p["weight"] >= SHOWN}
    each = "; ".join(
        f"{name} {expected['assets'][key]['value']:.1%}"
        + ("" if expected["assets"][key]["error"] is None else f" +/- {expected['assets'][key]['error']:.1%}")
        for key, name in named.items()
    )
    out.print(f"Expected return {expected['value']:.1%}{error} a year, as the strategy states it: {each}.", markup=False)


def _show_last_prices(record: Mapping[str, Any], out: Console) -> None:
    """The same basket at the last observed prices, and what it breaks there."""
    last = record["at_last_prices"]
    told = f"At the last observed prices what is held is worth {last['value']:,.0f} {record['currency']} with its cash"
    if not last["limits_broken"]:
        out.print(f"{told}; every limit holds there too.")
        return
    broken = "; ".join(
        f"{row['name']} ({row['where']}) is {value}, the limit {limit}"
        for row in last["limits_broken"]
        for value, limit in [_apart(row)]
    )
    out.print(f"{told}, and these limits are broken there: {broken}.", markup=False)


def _apart(row: Mapping[str, Any]) -> tuple[str, str]:
    """Value and limit with as many digits as tell them apart."""
    bare = row["kind"] == "factor_exposure"
    form = "f" if bare else "%"
    written = ((f"{row['value']:.{digits}{form}}", f"{row['limit']:.{digits}{form}}") for digits in range(3 if bare else 1, 8))
    return next(pair for pair in written if pair[0] != pair[1])


def _limit(c: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Value, limit, room and state of a constraint: per cent, but bare numbers of what is no fraction."""
    bare = c["kind"] == "factor_exposure"
    slack = 0.0 if abs(c["slack"]) < SHOWN else c["slack"]
    side = "at most" if c["side"] == "upper" else "at least"
    limit = f"{c['limit']:.6g}" if bare else f"{100 * c['limit']:.6g}%"
    state = ""
    if c["soft"] is not None and slack < 0:
        state = "soft, broken at its price"
    elif c["binding"]:
        # The continuous optimum touches the limit; whole lots may stay away from it.
        state = "binding" if slack < ROOM else "binding before whole lots"
    value, room = (f"{number:.3f}" if bare else f"{number:.1%}" for number in (c["value"], slack))
    return value, f"{side} {limit}", room, state
