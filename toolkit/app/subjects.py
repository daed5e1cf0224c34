"""Subjects of reports: a run, a conflict, holdings, a backtest, or the market alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from toolkit.app.config import Settings
from toolkit.app.context import Context
from toolkit.app.controls.own_events import kept
from toolkit.app.controls.states import control_states, timeline
from toolkit.app.holdings.exposure import AHEAD_DAYS, ExposureRequest, expose
from toolkit.app.topics import Ask, findings
from toolkit.controls.upcoming import upcoming
from toolkit.core.errors import SpecError, did_you_mean
from toolkit.core.remarks import in_record, note
from toolkit.core.text import one_line
from toolkit.holdings.exposure import LotExposure, PortfolioExposure
from toolkit.market.readers.events import OwnEvents
from toolkit.records.backtest import Backtest
from toolkit.records.base import with_phrases
from toolkit.records.exposure import Exposure, ExposureAnswer
from toolkit.records.findings import Parts
from toolkit.records.run import Run
from toolkit.records.sources import Owner, Provenance
from toolkit.records.subjects import BACKTEST, CONFLICT, HOLDINGS, MARKET, RUN, BacktestSubject, Holdings, Market
from toolkit.records.subjects import Subject as Record

DEFAULT_REPORT: Mapping[str, str] = {
    RUN: "allocation",
    CONFLICT: "conflict",
    HOLDINGS: "exposure",
    BACKTEST: "backtest",
    MARKET: "market-brief",
}
"""The report that is rendered when none is named, by the kind of subject."""
METAL_REPORT = "metal"
"""The report on one metal."""
LAW = ("controls", "control_scopes", "products")


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject and what was found beside it."""

    record: Record
    parts: Parts


def market(context: Context, metal: str | None = None) -> Subject:
    """The market alone: controls, dates, flows and prices, for nobody's holdings; own control events among them.

    Args:
        context: The day and the owner.
        metal: Key of the one metal that it is about; None for all.

    Raises:
        DataError, FrameError: when the data package or the file of events cannot be used.
    """
    return with_parts(market_record(context, metal), context)


def metal_of(context: Context, name: str) -> str:
    """The key of a metal that a product is of.

    Raises:
        DataError: for a metal that the ledger does not know.
        SpecError: for one that no product is of.
    """
    key = context.metal(name)
    if key not in context.products:
        raise SpecError("there is no page on {name!r:s}.", hint=did_you_mean(name, context.products.keys), name=name)
    return key


def market_record(context: Context, metal: str | None = None) -> Market:
    """The market without the parts beside it."""
    found = {"schema_version": 1, "kind": MARKET, "metal": metal, **base(context), **kept(context.events, context.as_of)}
    return with_phrases(Market.model_validate(found))


def holdings(request: ExposureRequest) -> Subject:
    """Holdings, lot by lot.

    Raises:
        ToolkitError: as `toolkit.app.holdings.exposure.expose`.
    """
    return holdings_of(expose(request), request)


def holdings_of(answer: ExposureAnswer, request: ExposureRequest, wanted: Collection[str] | None = None) -> Subject:
    """The subject of an answer.

    Args:
        answer: Of the request.
        request: What was asked.
        wanted: Names of the parts that are looked for beside it; None for all.
    """
    context, record = request.context, holdings_record(answer, request)
    stop = {"loss": request.loss, "elasticity": request.elasticity, "cap": request.cap}
    ask = replace(_ask(record, context), request=request, **stop)
    return Subject(record, findings(ask, wanted))


def holdings_record(answer: ExposureAnswer, request: ExposureRequest) -> Holdings:
    """Holdings without the parts beside them."""
    context = request.context
    found = {
        "schema_version": 1,
        "kind": HOLDINGS,
        **base(context, answer.lots),
        "subject": one_line(Path(str(getattr(request.holdings, "name", request.holdings))).name),
        "weights": dict(PortfolioExposure.of(answer.lots).weights),
        "exposure": Exposure.model_validate({name: getattr(answer, name) for name in Exposure.model_fields}),
        **{name: getattr(answer, name) for name in ("rates", "data", "warnings", "notes", "remarks")},
        **kept(context.events, context.as_of),
    }
    return with_phrases(Holdings.model_validate(found))


def backtest(found: Backtest, context: Context, *, client: str | None = None) -> Subject:
    """Strategies and baselines over past dates.

    Args:
        found: What they did.
        context: In which they were simulated.
        client: Whom the report is for.
    """
    told = {one.table for one in found.data}
    law = [row for row in _law(context) if row.table not in told]
    fields = {
        "schema_version": 1,
        "kind": BACKTEST,
        **base(context),
        "backtest": found,
        "data": [*found.data, *law],
        **{name: getattr(found, name) for name in ("warnings", "notes", "remarks")},
        **kept(context.events, context.as_of),
        **({} if client is None else {"client": client}),
    }
    record = with_phrases(BacktestSubject.model_validate(fields))
    return with_parts(record.model_copy(update={"phrases": {**record.phrases, **found.phrases}}), context)


def context_of(record: Record, settings: Settings) -> Context:
    """What was known on the date of a stored subject, for its own owner and with its own events."""
    owned = settings.owned_by(record.owner)
    events = None if record.own_ledger is None else OwnEvents.from_json(record.own_ledger)
    return Context(owned, date.fromisoformat(record.as_of), events)


def with_parts(record: Record, context: Context) -> Subject:
    """A subject of `context` with what is found beside it; its figures stay as they are, nothing is solved again."""
    return Subject(record, findings(_ask(record, context)))


def base(context: Context, lots: Sequence[LotExposure] = ()) -> dict[str, Any]:
    """The fields that every subject has; a metal that lots are of has the law of their forms, not that of the traded one."""
    owner, as_of, ledger, products = context.settings.config.owner, context.as_of, context.ledger, context.products
    held = {lot.asset for lot in lots}
    forms = [*((lot.asset, lot.form) for lot in lots), *((a.key, a.form) for a in products if a.key not in held)]
    return {
        "as_of": as_of,
        "owner": Owner.model_validate(owner),
        "currency": owner.currency,
        "controls": control_states(ledger, products, as_of, owner.country, lots),
        "timeline": timeline(ledger, forms, as_of),
        "upcoming": upcoming(ledger, on=as_of, within_days=AHEAD_DAYS),
        "ledger": {"reviewed_to": ledger.reviewed_to},
        "rates": [],
        "data": _law(context),
        **in_record(map(note, context.notes)),
        "phrases": {},
    }


def _ask(record: Record, context: Context) -> Ask:
    """Products of the subject first held, then the others it may hold; of the market alone, all."""
    match record:
        case Run():
            named = [row.product for row in sorted(record.positions, key=lambda row: -row.weight)]
        case Holdings():
            held = sorted(record.weights, key=lambda key: -record.weights[key])
            named = held or [lot.asset for lot in record.exposure.lots]
        case BacktestSubject():
            named = _by_weight(record.backtest.strategies[0].weights)
        case Market(metal=str(metal)):
            named = [metal]
        case _:
            return Ask(context, context.products.keys, record)
    return Ask(context, tuple(key for key in dict.fromkeys(named) if key in context.products), record)


def _by_weight(rows: Sequence[Mapping[str, float]]) -> list[str]:
    """Keys by the sum of their weights, the largest first."""
    keys = {key for row in rows for key in row}
    return sorted(keys, key=lambda key: (-sum(row.get(key, 0.0) for row in rows), key))


def _law(context: Context) -> tuple[Provenance, ...]:
    """Where the law comes from."""
    return context.snapshot.provenance({name: context.snapshot[name] for name in LAW})
