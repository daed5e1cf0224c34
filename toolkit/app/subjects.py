"""Subjects of reports: a run, a conflict, holdings, a backtest, or the market alone; each as JSON with the same keys.

Every subject has `as_of`, `owner`, `currency`, `controls`, `timeline`, `upcoming`, `rates`, `data` and `warnings`, which is
what the sections on the law and on sources read; what else there is tells its kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from toolkit.app.config import Settings
from toolkit.app.context import Context
from toolkit.app.control_states import control_states, timeline
from toolkit.app.exposure import AHEAD_DAYS, ExposureRequest, expose
from toolkit.app.findings import Ask, findings
from toolkit.app.own_events import kept, kept_in
from toolkit.controls.upcoming import upcoming
from toolkit.core.messages import phrases, sentences
from toolkit.core.plain import plain
from toolkit.core.remarks import in_record, note
from toolkit.core.text import one_line
from toolkit.records.answers.backtest import Backtest
from toolkit.records.subjects import BACKTEST, CONFLICT, HOLDINGS, MARKET, RUN, kind_of

DEFAULT_REPORT: Mapping[str, str] = {
    RUN: "allocation",
    CONFLICT: "conflict",
    HOLDINGS: "exposure",
    BACKTEST: "backtest",
    MARKET: "market-brief",
}
"""The report that is rendered when none is named, by the kind of subject."""
TOLD = ("warnings", "notes", "remarks")
LAW = ("controls", "control_scopes", "products")


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject and what was found beside it.

    Attributes:
        record: JSON-ready.
        parts: `toolkit.app.findings`, JSON-ready.
    """

    record: Mapping[str, Any]
    parts: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """One of RUN, CONFLICT, HOLDINGS, BACKTEST, MARKET."""
        return kind_of(self.record)


def market(context: Context) -> Subject:
    """The market alone: controls, dates, flows and prices, for nobody's holdings; own control events among them.

    Raises:
        DataError, FrameError: when the data package or the file of events cannot be used.
    """
    record = {
        "schema_version": 1,
        "kind": MARKET,
        **base(context),
        "data": context.snapshot.provenance(_used(context, LAW)),
        **in_record(map(note, context.notes)),
        **kept(context.events, context.as_of),
    }
    return _with_parts(_plain(record), context)


def holdings(request: ExposureRequest) -> Subject:
    """Holdings, lot by lot.

    Raises:
        ToolkitError: as `toolkit.app.exposure.expose`.
    """
    answer, context = expose(request), request.context
    exposure = answer.to_json()
    record = {
        "schema_version": 1,
        "kind": HOLDINGS,
        "subject": one_line(Path(request.holdings).name),
        **base(context),
        "weights": dict(answer.portfolio.weights),
        "exposure": {key: value for key, value in exposure.items() if key not in ("data", *TOLD, "phrases")},
        "data": exposure["data"],
        **{key: exposure[key] for key in TOLD},
        **kept(context.events, context.as_of),
    }
    return _with_parts(_plain(record), context)


def backtest(found: Backtest, context: Context, *, client: str | None = None) -> Subject:
    """Strategies and baselines over past dates.

    Args:
        found: What they did.
        context: In which they were simulated.
        client: Whom the report is for.
    """
    answer = found.to_json()
    law = [
        row for row in context.snapshot.provenance(_used(context, LAW)) if row.table not in {one.table for one in found.data}
    ]
    record = {
        "schema_version": 1,
        "kind": BACKTEST,
        **base(context),
        "backtest": answer,
        "data": [*answer["data"], *law],
        **{key: answer[key] for key in TOLD},
        **kept(context.events, context.as_of),
        **({} if client is None else {"client": client}),
    }
    return _with_parts({**_plain(record), "phrases": {**phrases(sentences(record)), **answer["phrases"]}}, context)


def conflict(record: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """A run without an answer, as a subject: `record` has its id, strategy and what contradicts what."""
    found = {
        "schema_version": 1,
        "kind": CONFLICT,
        **base(context),
        "data": context.snapshot.provenance(_used(context, LAW)),
        **in_record(map(note, context.notes)),
        **record,
    }
    return _plain(found)


def context_of(record: Mapping[str, Any], settings: Settings) -> Context:
    """What was known on the date of a stored subject, for its own owner and with its own events."""
    return Context(settings.owned_by(**record["owner"]), date.fromisoformat(record["as_of"]), kept_in(record))


def parts_of(record: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """What is to be found beside a subject of `context`; its figures stay as they are, nothing is solved again."""
    return findings(_ask(record, context))


def base(context: Context) -> dict[str, Any]:
    """The keys that every subject has, but data and warnings."""
    owner, as_of = context.settings.config.owner, context.as_of
    return {
        "as_of": as_of,
        "owner": {"country": owner.country, "currency": owner.currency},
        "currency": owner.currency,
        "controls": control_states(context.ledger, context.products, as_of, owner.country),
        "timeline": timeline(context.ledger, context.products, as_of),
        "upcoming": upcoming(context.ledger, on=as_of, within_days=AHEAD_DAYS).to_dicts(),
        "ledger": {"reviewed_to": context.ledger.reviewed_to},
        "rates": [],
    }


def _plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record in the types that JSON has, with the templates and values of its messages."""
    return plain({**record, "phrases": phrases(sentences(record))})


def _with_parts(record: dict[str, Any], context: Context) -> Subject:
    return Subject(record, findings(_ask(record, context)))


def _ask(record: Mapping[str, Any], context: Context) -> Ask:
    """Products of the subject first held, then the others it may hold; of the market alone, all."""
    rows = record.get("positions", ())
    named = [row.get("offer_of") or row["asset"] for row in sorted(rows, key=lambda row: -row["weight"])]
    weights: Mapping[str, float] = record.get("weights", {})
    named += sorted(weights, key=lambda key: -weights[key])
    named += [asset for one in record.get("backtest", {}).get("strategies", ())[:1] for asset in _by_weight(one["weights"])]
    products = [key for key in dict.fromkeys(named) if key in context.products]
    everything = kind_of(record) in (MARKET, CONFLICT)
    return Ask(context, context.products.keys if everything else tuple(products), record)


def _by_weight(rows: Sequence[Mapping[str, float]]) -> list[str]:
    """Keys by the sum of their weights, the largest first."""
    keys = {key for row in rows for key in row}
    return sorted(keys, key=lambda key: (-sum(row.get(key, 0.0) for row in rows), key))


def _used(context: Context, tables: tuple[str, ...]) -> dict[str, Any]:
    frames = {name: context.snapshot[name] for name in tables}
    return {name: frame for name, frame in frames.items() if frame.height}
