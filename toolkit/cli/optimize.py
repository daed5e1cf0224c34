"""`toolkit optimize`: propose an allocation."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.controls import Events
from toolkit.cli.options import Common, with_common
from toolkit.cli.request import (
    DEFAULT_STRATEGY,
    Budget,
    Charts,
    Client,
    Expected,
    Holdings,
    Scenarios,
    SellOthers,
    Settings,
    StrategyName,
    Strict,
    Total,
    request_of,
    write_charts,
)
from toolkit.cli.terminal import MOST_WARNINGS, progress, say, show, tell_remarks, translator, try_write
from toolkit.core.messages import message

if TYPE_CHECKING:
    from pathlib import Path

    from toolkit.app.optimize import NoAnswer, Result
    from toolkit.records.run import Run
    from toolkit.report.document import Document
    from toolkit.report.i18n.language import Language


@with_common
def optimize(
    strategy: StrategyName = DEFAULT_STRATEGY,
    *,
    budget: Budget = None,
    total: Total = None,
    holdings: Holdings = None,
    sell_others: SellOthers = False,
    settings: Settings = None,
    events: Events = None,
    client: Client = None,
    scenarios: Scenarios = None,
    expected: Expected = None,
    charts: Charts = None,
    no_report: Annotated[bool, typer.Option("--no-report", help="Write no HTML report.")] = False,
    strict: Strict = False,
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
        scenarios=scenarios,
        expected=expected,
    )
    with progress(message("Loading the solver"), common):
        from toolkit.app.optimize import NoAnswer
        from toolkit.app.optimize import optimize as optimize_request
    with progress(message("Estimating risk and solving"), common):
        try:
            result = optimize_request(request)
        except NoAnswer as conflict:
            for words in conflict.record.notes:
                say(message("events: {told}", told=words), common)
            told, of_files = translator(common, conflict.record.phrases), conflict.prepared.inputs
            for words in of_files.price_notes[:MOST_WARNINGS]:
                say(message("prices: {told:s}", told=told(words)), common)
            tell_remarks([remark for remark in of_files.notes if remark.text not in of_files.price_notes], common)
            if not no_report:
                _store_conflict(conflict, common)
            raise
    solved = time.perf_counter()
    with progress(message("Writing the report"), common):
        folder, unwritten = try_write(lambda: result.save(report=not no_report, lang=common.lang))
    written = time.perf_counter()
    show(common, _explained(result, common) if explain else result.record, _document)
    _tell(result, common)
    if common.verbose:
        say(
            message(
                "{solved:.2f} s to read, estimate and solve, {written:.2f} s to write",
                solved=solved - started,
                written=written - solved,
            ),
            common,
        )
    if unwritten is not None:
        raise unwritten
    if folder is not None:
        say(message("run: {folder:s}", folder=str(folder)), common)
    if folder is not None and not no_report:
        say(message("report: {path:s}", path=str(_page(folder, result, common))), common)
    if folder is not None and charts is not None:
        from toolkit.app.report.stored import load_run

        write_charts(load_run(folder, request.context.settings), charts, common)
    if strict and result.record.warnings:
        raise typer.Exit(WARNINGS_UNDER_STRICT)


def _document(record: Run, say: Language) -> Document:
    """The answer as a page: JSON does not import what makes one."""
    from toolkit.report.topics.allocation import document

    return document(record, say)


def _page(folder: Path, result: Result | NoAnswer, common: Common) -> Path:
    """The report of a run in the language that was asked for."""
    from toolkit.app.report.stored import page_of

    return (folder / page_of(result.record, result.context, common.lang)).resolve()


def _store_conflict(conflict: NoAnswer, common: Common) -> None:
    """Write the report of a run without an answer; the conflict is told whether or not it can be written."""
    stored, unwritten = try_write(lambda: conflict.save(common.lang))
    if stored is not None:
        say(message("report: {path:s}", path=str(_page(stored, conflict, common))), common)
    if unwritten is not None:
        say(message("warning: no report, {told}", told=unwritten.message), common)


def _tell(result: Result, common: Common) -> None:
    """What was read of own files and warnings on stderr, and with `--verbose` notes and what each solver did."""
    told = translator(common, result.record.phrases)
    budget = tuple(words for words in result.prepared.money.notes if words not in result.prepared.held.notes)
    held = tuple(words for words in result.record.holdings_notes if words not in budget)
    events = result.prepared.inputs.event_notes
    own = result.prepared.inputs.price_notes
    of_kind = (
        (events, lambda words: message("events: {told:s}", told=words)),
        (own, lambda words: message("prices: {told:s}", told=words)),
        (held, lambda words: message("holdings: {told:s}", told=words)),
        (budget, lambda words: message("budget: {told:s}", told=words)),
    )
    for sentences, line in of_kind:
        shown = sentences if common.verbose else sentences[:MOST_WARNINGS]
        for words in shown:
            say(line(told(words)), common)
        if left := len(sentences) - len(shown):
            say(line(told(message("{count} more: --verbose.", count=left))), common)
    others = [remark for remark in result.record.remarks if remark.text not in (*events, *own, *held, *budget)]
    tell_remarks(others, common, result.record.phrases)
    if common.verbose:
        for words in result.record.scenario_notes:
            say(message("scenarios: {told:s}", told=told(words)), common)
        for attempt in result.record.solver.attempts:
            say(
                message(
                    "solver {solver:s}: {status:s}, {outcome:s}, residual {residual}",
                    solver=attempt.solver,
                    status=attempt.status,
                    outcome=attempt.outcome,
                    residual=attempt.residual,
                ),
                common,
            )


def _explained(result: Result, common: Common) -> Run:
    """Printed, never stored: a run folder holds the same bytes whether or not somebody asked why."""
    with progress(message("Explaining"), common):
        from toolkit.app.explain import explanation
        from toolkit.records.base import given
        from toolkit.records.explanation import ExplainedRun

        return ExplainedRun(**given(result.record), explanation=explanation(result))
