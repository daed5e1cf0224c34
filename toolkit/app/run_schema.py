"""Schema of the run object (`schema_version` 2) and of the parts beside it: the check of a stored run.

A part states its own shape (`toolkit.app.findings.part`). Further keys are allowed. A figure may be null where it may be
undefined (`Number`); money, weights and quantities may not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from string import Formatter
from typing import Annotated, Any, Optional

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, create_model

from toolkit.core.decode import faults_of
from toolkit.core.errors import SpecError

MOST_FAULTS = 3
"""Faults that a message names."""


def _day(text: str) -> str:
    date.fromisoformat(text)
    return text


def _month(text: str) -> str:
    date.fromisoformat(f"{text}-01")
    return text


def _phrase(value: Any) -> Any:
    """A sentence as `toolkit.core.messages.Message.to_json` writes it, with a value for each place."""
    match value:
        case {"said": str(template), "with": dict(values)}:
            for _, place, spec, _ in Formatter().parse(template):
                if place is not None and place not in values:
                    raise ValueError(f"has no value for {{{place}}}")
                if place is not None and (spec or "").startswith("%"):
                    _day(str(values[place]))
            for item in values.values():
                for one in item if isinstance(item, list) else (item,):
                    if isinstance(one, dict):
                        _phrase(one)
            return value
    raise ValueError("is no sentence with its values")


def as_long(*keys: str) -> Callable[[Any], Any]:
    """The lists of these keys of a table go row by row."""

    def checked(table: Any) -> Any:
        if len({len(getattr(table, key)) for key in keys}) > 1:
            raise ValueError(f"needs lists of one length: {', '.join(keys)}")
        return table

    return checked


Day, Month = Annotated[str, AfterValidator(_day)], Annotated[str, AfterValidator(_month)]
Number, Whole, Flag, Text, LaterDay = Optional[float], Optional[int], Optional[bool], Optional[str], Optional[Day]  # noqa: UP045
PHRASE = Annotated[Any, AfterValidator(_phrase)]
MEASURE = {
    "event_id": str, "kind": Text, "instrument": Text, "standing": Text, "status": Text, "since": LaterDay, "until": LaterDay,
    "status_since": LaterDay, "number": Text, "authority": Text, "origin": Text, "destinations": [str], "end_user": Text,
    "metals": [str], "scope": Text, "note": Text, "certainty": Text, "conditional": Flag, "counts": Flag, "acted_on_by": [str],
    "source": Text, "source_id": Text, "confidence": Text,
}  # fmt: skip
CLAIM = {"authority": Text, "until": LaterDay, "standing": Text, "relation": Text}
QUOTATION = {"low": float, "high": float, "date": Day, "basis": str, "source": str, "multiple": float, "told": str}
NAMED = {"asset": str, "name": str, "element": Text}
CHANGE = {"value": Number, "base": Number, "reason": str}
PROVENANCE = {
    "table": str, "source": str, "source_id": str, "licence": Text, "as_of": LaterDay, "known_from": LaterDay, "rows": Whole,
    "sha256": Text, "overdue_days": Whole,
}  # fmt: skip
LOADINGS = {str: {"loading": Number, "error": Number, "t": Number}}
RUN = {
    "run_id": str, "holdings_notes": [str], "as_of": Day, "currency": str, "budget": float, "periods_per_year": float,
    "status": str, "strategy": {"name": str, "title": str, "fingerprint": str},
    "objective": {"kind": str, "value": Number, "unit": str, "risk_aversion": Number, "measure": Text, "confidence": Number},
    "solver": {
        "name": str, "status": str, "attempts": [{"solver": str, "status": str, "residual": Number, "outcome": str}],
        "kkt": (None, {"primal": float, "dual": float, "gap": float}), "lots_gap": Number, "rounding_cost": Number,
        "reproducible": bool,
    },
    "positions": [{
        "asset": str, "name": str, "weight": float, "previous_weight": float, "previous_quantity": float,
        "ordered_quantity": float, "outside": bool, "value": float, "quantity": Number, "unit": str, "lots": Whole,
        "lot_size": Number, "price": Number, "price_se": Number, "price_today_se": Number, "price_raw": Number,
        "price_date": LaterDay, "basis": Text, "cost": float, "element": Text, "group": Text, "offer_of": Text, "origin": Text,
        "terms": str, "relaxed_weight": float, "series": Text, "region": Text, "price_status": str, "price_source": str,
        "price_from": Text,
        "in_europe": (None, QUOTATION),
    }],
    "orders": [{
        "asset": str, "name": str, "side": str, "quantity": Number, "unit": str, "lots": Whole, "price": Number,
        "price_date": LaterDay, "price_from": Text, "price_source": Text,
        "value": float, "cost": float, "owed": float, "cash": float, "lot_ids": [str], "note": Text,
        "from_lots": [{
            "lot_id": str, "quantity": float, "of": float, "pieces": Whole, "bought": LaterDay, "free_from": LaterDay,
            "free": Flag,
        }],
    }],
    "lots": [{
        "lot_id": str, "asset": str, "quantity": float, "arriving": bool, "status": str, "origin": str, "bought": LaterDay,
        "location": Text, "obstacle": Text, "from_country": Text, "piece": Number, "spread": Number,
        "storage": Number,
        "cost": Number, "owed": float,
    }],
    "at_last_prices": {
        "value": float,
        "limits_broken": [{"name": str, "kind": str, "where": Text, "value": Number, "limit": Number, "beyond": Number}],
    },
    "expected_return": (None, {
        "value": Number, "error": Number, "horizon": str, "assets": {str: {"value": Number, "error": Number}},
    }),
    "ledger": {"reviewed_to": Day},
    "money": {"held": float, "cash_before": float, "added": float, "owed": float, "reserved": float},
    "vat": {"country": str, "rate": Number, "citation": Text},
    "cash": {"weight": float, "value": float, "previous_weight": float},
    "risk": {
        "volatility": float, "cvar_95": Number, "cvar_method": str, "diversification_ratio": Number, "systematic": Number,
        "factor_shares": (None, {str: Number}), "measures": {str: Number}, "contributions_of": Text,
    },
    "risk_contributions": {str: float},
    "constraints": [{
        "name": str, "kind": str, "value": Number, "limit": Number, "slack": Number, "binding": Flag,
        "shadow_price": Number, "shadow_price_less": Number, "side": Text, "where": Text, "soft": Number, "confidence": Number,
    }],
    "exposures": {
        "country": {str: float}, "country_other": float, "country_unknown": float, "controlled": Number,
        "concentration": {"hhi": Number, "n_minus_1": Number}, "factors": {str: Number},
    },
    "scenarios": [{"name": str, "kind": str, "loss": float, "method": str}], "scenario_notes": [str],
    "costs": {
        "entry": float, "holding_per_year": float, "annualised": Number, "holding_years": float,
        "items": {"entry": {str: float}, "yearly": {str: float}},
    },
    "data": [PROVENANCE],
    "warnings": [str], "notes": [str], "remarks": [{"kind": str, "money": Number, "text": str, "remedy": Text}],
    "versions": {str: str}, "seed": int, "owner": {"country": str, "currency": str},
    "about": {"title": str, "idea": str, "source": str, "refuted_by": Text},
    "assets": [{
        "asset": str, "name": str, "element": Text, "form": Text, "spread": float, "storage": float, "terms": str,
        "volatility": {
            "raw": Number, "corrected": Number, "without_history": Number, "used": Number,
            "low": Number, "high": Number, "noise": Number,
            "observations": Whole, "first": LaterDay, "last": LaterDay, "model": Text,
        },
        "loadings": {str: Number}, "loading_errors": (None, {str: Number}), "specific_volatility": Number,
        "supply": (None, {
            "stage": str, "top_country": Text, "top_share": Number, "hhi": Number, "hhi_upper": Number, "n_minus_1": Number,
            "elsewhere": (None, {str: Number}), "top_share_range": (None, [Number]), "n_minus_1_range": (None, [Number]),
            "hhi_range": (None, [Number]),
            "period_end": LaterDay, "source": str, "source_id": Text,
        }),
    }],
    "relaxed": {"weights": {str: float}, "cash": float, "volatility": Number},
    "controls": [{
        "asset": str, "name": str, "element": Text, "metal": str, "form": Text, "origin": Text, "destination": Text,
        "end_user": Text, "as_of": Day, "headline": str, "listed": Flag, "uncertain": Flag, "unsettled": Text,
        "reviewed_to": Day, "review": Text, "measures": [MEASURE], "elsewhere": [MEASURE],
        "next_changes": [{"date": LaterDay, "what": Text, "standing": Text}], "note": Text,
        "routes": [{"destination": Text, "end_user": Text, "measures": [MEASURE]}],
    }],
    "timeline": [{
        "event_id": str, "instrument": Text, "number": Text, "destinations": [str], "end_user": Text, "assets": [str],
        "uncertain": [str], "spells": [{"status": Text, "since": LaterDay, "until": LaterDay}], "source_id": Text,
        "confidence": Text, "claims": [CLAIM],
    }],
    "before": (None, {
        "volatility": Number, "controlled": Number, "country": {str: float}, "country_other": float, "country_unknown": float,
        "limits": {str: Number},
    }),
    "caps": {"assets": {str: Number}, "countries": {str: Number}},
    "upcoming": [{
        "date": Day, "status": Text, "what": Text, "standing": Text, "kind": Text, "instrument": Text, "event_id": str,
        "number": Text, "origin": Text, "metals": Text, "confidence": Text, "source": Text, "change": Text, "title": str,
        "authority": Text, "acts_on": [str], "destinations": [str], "returns": Text, "never_operated": [str],
        "claims": [CLAIM],
    }],
    "rates": [{"base": str, "quote": str, "rate": float, "date": Day}],
    "left_out": [{"asset": str, "name": str, "reason": str}], "held_unpriced": {str: float},
    "factor_model": (None, {
        "factors": [{
            "name": str, "members": [str], "against": [str], "volatility": Number, "return_12m": Number, "last": LaterDay,
        }],
        "assets": [{
            "asset": str, "name": str, "element": Text, "observation": Text, "rhythm": Text, "basis": Text,
            "observations": Whole, "changes": Whole, "gaps": Whole, "missing": Number, "volatility_from": Text,
            "comovement_from": Text, "first": LaterDay, "last": LaterDay,
            "own_weight": Number, "raw": Number, "corrected": Number, "without_history": Number, "low": Number, "high": Number,
            "forecast": Number, "noise": Number, "fit": Number, "loadings": LOADINGS,
        }],
        "tests": {"estimates": Whole, "significant": Whole, "threshold": Number},
    }),
    "correlations": [{
        "assets": [str], "periods": Whole, "observed": Number, "low": Number, "high": Number, "forecast": Number,
    }],
    "phrases": {str: PHRASE},
}  # fmt: skip
"""A table by its keys, ``[x]`` a list of x, ``{str: x}`` a table of any keys, ``(None, x)`` one that may be null,
``(x, f)`` one that `f` returns or refuses."""
BY_ASSET = (("risk_contributions",), ("relaxed", "weights"), ("expected_return", "assets"))
"""Tables whose keys are the assets of the positions."""
SHARED = (
    "run_id", "as_of", "owner", "currency", "controls", "timeline", "upcoming", "ledger", "rates", "data",
    "warnings", "notes", "remarks",
    "strategy", "about", "budget", "versions", "seed", "phrases",
)  # fmt: skip
"""Keys of a run without an answer."""
CONFLICT = {
    **{key: RUN[key] for key in SHARED},
    "conflict": {"message": str, "hint": str, "details": {str: Any}, "limits": [{"kind": str, "name": str}]},
}


def model_of(shape: Mapping[str, Any], name: str) -> type[BaseModel]:
    """The pydantic model of a table."""
    return _annotation(dict(shape), name)


def _annotation(shape: Any, name: str) -> Any:
    if isinstance(shape, list):
        return list[_annotation(shape[0], name)]
    if isinstance(shape, tuple):
        first, second = shape
        if first is not None:
            return Annotated[_annotation(first, name), AfterValidator(second)]
        return Optional[_annotation(second, name)]  # noqa: UP045  # the value of an annotation
    if not isinstance(shape, dict):
        return shape
    if str in shape:
        return dict[str, _annotation(shape[str], name)]
    fields: dict[str, Any] = {key: (_annotation(value, key), ...) for key, value in shape.items()}
    return create_model(name, __config__=ConfigDict(strict=True, extra="allow", allow_inf_nan=False), **fields)


@cache
def _model(kind: str) -> type[BaseModel]:
    return model_of(CONFLICT if kind == "conflict" else RUN, kind)


def check_run(record: Mapping[str, Any], file: str, hint: str) -> None:
    """Check a run object, or that of a run without an answer, against its schema.

    Args:
        record: The object of the file.
        file: For the message.
        hint: Its remedy.

    Raises:
        SpecError: that names the first keys that are missing or of another type, an asset's own and a factor's own included.
    """
    check(_model("conflict" if record.get("kind") == "conflict" else "run"), record, file, hint, _lacking)


def check(
    model: type[BaseModel],
    record: Mapping[str, Any],
    file: str,
    hint: str,
    lacking: Callable[[Mapping[str, Any]], Iterable[str]] = lambda _: (),
) -> None:
    """Check a table against a model of `model_of`.

    Raises as `check_run`.

    Args:
        model: Model of the table.
        record: The table.
        file: Name of the file, for the message.
        hint: Remedy.
        lacking: Keys that are missing from a table that fits the model.
    """
    faults: list[dict[str, str]] = []
    try:
        model.model_validate(record)
        faults = [{"key": key, "message": "is required", "hint": ""} for key in lacking(record)]
    except ValidationError as error:
        faults = faults_of(error, model, "")
    if faults:
        told = "; ".join(f"{fault['key']} {fault['message']}" for fault in faults[:MOST_FAULTS])
        more = f"; and {len(faults) - MOST_FAULTS} more" if len(faults) > MOST_FAULTS else ""
        raise SpecError(f"{file}: {told}{more}.", hint=hint, details={"file": file, "faults": faults})


def _lacking(record: Mapping[str, Any]) -> Iterator[str]:
    """Keys that other keys of a run ask for: of its assets where tables and lists go by them, of factors where loadings do."""
    if "positions" not in record:
        return
    assets = [one["asset"] for one in record["positions"]]
    for path in BY_ASSET:
        table: Mapping[str, Any] | None = record[path[0]]
        for key in path[1:]:
            table = table and table[key]
        if table is not None:
            yield from (".".join((*path, one)) for one in assets if one not in table)
    model = record["factor_model"] or {"assets": record["assets"], "factors": []}
    for name, rows in (("assets", record["assets"]), ("factor_model.assets", model["assets"])):
        known = {row["asset"] for row in rows}
        yield from (f"{name}.{one}" for one in assets if one not in known)
    for row in model["assets"]:
        lacking = (one["name"] for one in model["factors"] if one["name"] not in row["loadings"])
        yield from (f"factor_model.assets.{row['asset']}.loadings.{one}" for one in lacking)
