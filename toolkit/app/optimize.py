"""From a request to a run record, in the order of the design's sentence: market, forecast, allocation, record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from toolkit.app.allocation.pieces import allocate_in_pieces
from toolkit.app.allocation.prepare import NOT_SOLD_YET, Prepared, prepare
from toolkit.app.allocation.record import placed, run_record
from toolkit.app.allocation.request import Request
from toolkit.app.clients import path_word
from toolkit.app.context import Context
from toolkit.app.controls.own_events import kept
from toolkit.app.runs import RUNS, run_files, run_id, store, with_checksums
from toolkit.app.versions import versions
from toolkit.core.errors import Infeasible
from toolkit.core.messages import few, message, together
from toolkit.optimize.problem import Problem
from toolkit.optimize.solution import Allocation
from toolkit.records.base import with_phrases
from toolkit.records.conflict import Conflict
from toolkit.records.run import Run
from toolkit.records.sources import Provenance
from toolkit.records.subjects import CONFLICT


@dataclass(frozen=True)  # no slots: what is asked for is made once
class Result:
    """A finished proposal, and what it was made from.

    Attributes:
        prepared: The problem, with its holdings, prices and inputs.
        allocation: Its answer.
        asked: What was asked, which a decomposition of the problem does not change.
    """

    prepared: Prepared
    allocation: Allocation
    asked: Asked

    @property
    def context(self) -> Context:
        """The owner, the day, and what was known on it."""
        return self.prepared.request.context

    @cached_property
    def record(self) -> Run:
        """What a reader may see of it: who asks for the allocation alone does not pay for it."""
        asked = self.asked
        return run_record(
            self.prepared,
            self.allocation,
            run_id=asked.run_id,
            provenance=asked.provenance,
            versions=asked.inputs["versions"],
        )

    @cached_property
    def placed(self) -> tuple[dict[str, Any], ...]:
        """What is held of each asset, and cash at the end."""
        return tuple(placed(self.prepared, self.allocation))

    def save(self, *, report: bool, lang: str | None = None) -> Path:
        """Write the run folder, with what was found beside it and the HTML report if asked for, and return it.

        The report is in the language `lang`, by default that of the settings.
        """
        return _save(self.record, self.asked.inputs, self.context, report=report, lang=lang)


class NoAnswer(Infeasible):
    """Limits that contradict each other, as a run without an answer that can be stored and reported.

    Attributes:
        record: Of the conflict, a subject of reports.
        inputs: What it was made from.
        prepared: What it was asked of: a series of the user's that was set aside may be what is lacking.
    """

    def __init__(self, error: Infeasible, record: Conflict, inputs: Mapping[str, Any], prepared: Prepared) -> None:
        super().__init__(error.message, hint=error.hint, details=error.details)
        self.record = record
        self.inputs = inputs
        self.context = prepared.request.context
        self.prepared = prepared

    def save(self, lang: str | None = None) -> Path:
        """Write the run folder, with the report on the conflict, by default in the language of the settings; return it."""
        return _save(self.record, self.inputs, self.context, report=True, lang=lang)


def _save(record: Run | Conflict, inputs: Mapping[str, Any], context: Context, *, report: bool, lang: str | None) -> Path:
    output = context.settings.config.output
    files = run_files(record)
    if report:
        # The report's libraries take as long to import as the solver: only who wants a report pays.
        from toolkit.app.report.stored import with_report  # noqa: PLC0415
        from toolkit.app.subjects import with_parts  # noqa: PLC0415

        files |= with_report(with_parts(record, context), context, lang)
    return store(Path(output.folder) / RUNS, record.run_id, with_checksums(files, inputs))


@dataclass(frozen=True)  # no slots: what is asked for is made once
class Asked:
    """What a problem was made from, and the id that follows from it."""

    prepared: Prepared

    @cached_property
    def provenance(self) -> tuple[Provenance, ...]:
        """Of the rows that were used."""
        return self.prepared.inputs.snapshot.provenance(self.prepared.used_rows())

    @cached_property
    def _made_from(self) -> dict[str, Any]:
        prepared, request, strategy = self.prepared, self.prepared.request, self.prepared.strategy
        owner = request.owner
        return {
            "as_of": request.as_of.isoformat(),
            "strategy": {"name": strategy.name, "fingerprint": strategy.fingerprint, **strategy.canonical()},
            "settings": {
                "country": owner.country,
                "currency": owner.currency,
                "budget": prepared.budget,
                "sale_order": owner.sale_order,
                **owner.model_dump(include={"kind", "tax_free_after", "sale_lots"}, exclude_defaults=True),
            },
            "prices": prepared.inputs.own_prices,
            "holdings": None
            if request.holdings is None
            else {
                "units": prepared.held.units,
                "cash": prepared.held.cash,
                "lots": [lot.to_json() for lot in prepared.held.lots],
                "added": prepared.money.added,
                "sell_others": request.sell_others,
            },
            "data": {f"{entry.table}/{entry.source_id}": entry.sha256 for entry in self.provenance},
            "versions": versions(),
            "seed": request.seed,
            **({"client": request.client} if request.client else {}),
        }

    @cached_property
    def run_id(self) -> str:
        """Of the visible rows, whatever else a store has."""
        request, name = self.prepared.request, self.prepared.strategy.name
        words = path_word(request.client or "")
        return run_id(request.as_of.isoformat(), f"{words}-{name}" if words else name, self._made_from)

    @property
    def inputs(self) -> Mapping[str, Any]:
        """What is kept of it beside the record."""
        store = self.prepared.request.context.store
        return self._made_from if store is None else {**self._made_from, "store": {"versions": store.versions}}


def optimize(request: Request) -> Result:
    """Propose an allocation.

    Raises:
        NoAnswer: when the limits contradict each other.
        ToolkitError: of the kind that says who can help.
    """
    prepared = prepare(request)
    asked = Asked(prepared)
    try:
        return Result(*allocate_in_pieces(prepared), asked)
    except Infeasible as found:
        error = _with_lots(found, prepared)
        record = _conflict(error, prepared, asked.run_id, asked.inputs)
        raise NoAnswer(error, record, asked.inputs, prepared) from found


def _with_lots(error: Infeasible, prepared: Prepared) -> Infeasible:
    """The same error; where lots that are not sold are part of it, with which and why, and what to do about them first."""
    if NOT_SOLD_YET not in error.details["conflict"]:
        return error
    lots, until = prepared.not_for_sale()
    told = message("Not sold: {lots:; }.", lots=few([*lots]))
    hint = error.hint
    if until is not None:
        hint = message(
            "Of the lots that are nearly free of tax: wait until {until:%Y-%m-%d}, or sell today, with tax on a gain: "
            'owner.sale_order = "fifo" (TOOLKIT_OWNER_SALE_ORDER=fifo). Otherwise: {hint}',
            until=until,
            hint=hint,
        )
    return Infeasible(together(error.message, told), hint=hint, details={**error.details, "not_sold": told})


def _conflict(error: Infeasible, prepared: Prepared, identity: str, made_from: Mapping[str, Any]) -> Conflict:
    """The record of a run without an answer."""
    from toolkit.app.subjects import base  # noqa: PLC0415  # a plain run does not pay for it

    request, strategy = prepared.request, prepared.strategy
    found = Conflict.model_validate(
        {
            "schema_version": 1,
            "kind": CONFLICT,
            **base(request.context),
            "run_id": identity,
            **({"client": request.client} if request.client else {}),
            "strategy": {"name": strategy.name, "title": strategy.about.title, "fingerprint": strategy.fingerprint},
            "about": strategy.about.model_dump(),
            "budget": prepared.budget,
            "conflict": {
                "message": error.message,
                "hint": error.hint,
                "details": error.details,
                "limits": _asked(prepared.problem),
            },
            "assets": [*dict.fromkeys(asset.offer_of or asset.key for asset in prepared.problem.universe.assets)],
            "versions": made_from["versions"],
            "seed": request.seed,
            **kept(prepared.inputs.events, request.as_of),
        }
    )
    return with_phrases(found)


def _asked(problem: Problem) -> list[dict[str, Any]]:
    """What each constraint asks, under the keys of the strategy, and what the objective limits itself."""
    own = problem.objective.limit(problem)
    named = [] if own is None else [{"name": f"objective.{own[0]}", "kind": problem.objective.kind, "upper": own[1].limit}]
    return [term.model_dump(mode="json", exclude_none=True) for term in problem.constraints] + named
