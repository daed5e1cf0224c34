"""The language of strategies, generated from its models: every table and kind, and its keys with type, default and words."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from toolkit.optimize.constraints import constraint_kinds
from toolkit.optimize.constraints.measures import CLOSED, MeasureName
from toolkit.optimize.objectives import objective_kinds
from toolkit.records.lists import LanguageEntry, LanguageKey
from toolkit.risk_measures import measures
from toolkit.strategy.decode import SECTIONS
from toolkit.strategy.model import VatSpec
from toolkit.strategy.scenarios import Period, Range, ShockSpec, ViewSpec

Entries = tuple[LanguageEntry, ...]

FIRST = ("about", "universe", "forecast")
"""Tables that a strategy begins with; the others follow what is optimized and its limits."""
LONGEST_DESCRIPTION = 620
"""Characters beyond which a description keeps its first paragraph only."""
MARKS = {get_args(MeasureName)[1]: "a measure", get_args(Period)[1]: "a period"}
"""What is validated as text and has a type of its own for a reader."""
SHORT = {Range: "number | table", VatSpec: '"customs_warehouse" | table'}
"""Tables in whose place a value may be written."""
_ATTRIBUTE = re.compile(r"^    (\w+(?:, \w+)*): (.*)$")


def language() -> Entries:
    """One entry a table, kind or measure of the language of strategies."""
    sections = {name: [*_tables(model, name)] for name, model in SECTIONS.items()}
    return (
        *(entry for name in FIRST for entry in sections.pop(name)),
        *(entry for kind, term in objective_kinds().items() for entry in _tables(term, "objective", kind)),
        *(entry for kind, term in constraint_kinds().items() for entry in _tables(term, "constraint", kind, listed=True)),
        *_tables(ShockSpec, "scenario", listed=True),
        *_tables(ViewSpec, "view", listed=True),
        *(entry for entries in sections.values() for entry in entries),
        *(_measure(name, kind) for name, kind in measures().items()),
    )


def named(entries: Entries, name: str) -> Entries:
    """The entries that a user may mean by the name of a kind, of a table, or of the last part of a table."""
    return tuple(entry for entry in entries if name in names(entry))


def names(entry: LanguageEntry) -> tuple[str, ...]:
    """What an entry may be asked for by: ``factor``, ``forecast.covariance``, ``covariance``."""
    path = entry.table.strip("[]")
    return tuple(name for name in (entry.kind, path, *path.rpartition(".")[2].split("|")) if name)


def _tables(model: type[BaseModel], path: str, kind: str | None = None, *, listed: bool = False) -> Iterator[LanguageEntry]:
    """The entry of a table and those of the tables inside it."""
    table = f"[[{path}]]" if listed else f"[{path}]"
    yield LanguageEntry(table=table, kind=kind, says=_says(model), keys=_keys(model, path, kind))
    for inner, (keys, many) in _inner(model).items():
        own = inner.model_fields.get("kind")
        yield from _tables(inner, f"{path}.{'|'.join(keys)}", None if own is None else str(own.default), listed=many)


def _inner(model: type[BaseModel]) -> dict[type[BaseModel], tuple[list[str], bool]]:
    """Model of a table inside `model` -> the keys it stands at, and whether there may be several of it."""
    found: dict[type[BaseModel], tuple[list[str], bool]] = {}
    for key, field in model.model_fields.items():
        for inner, many in _models(field.annotation, many=False):
            found.setdefault(inner, ([], many))[0].append(key)
    return found


def _models(annotation: Any, *, many: bool) -> Iterator[tuple[type[BaseModel], bool]]:
    """The models in an annotation, and whether it is a list of them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, many
    for argument in get_args(annotation):
        yield from _models(argument, many=many or get_origin(annotation) is tuple)


def _keys(model: type[BaseModel], path: str, kind: str | None) -> tuple[LanguageKey, ...]:
    schema, told = model.model_json_schema(), _attributes(model)
    required, known = set(schema.get("required", ())), schema.get("$defs", {})
    keys = []
    for key, body in schema.get("properties", {}).items():
        if key == "kind":
            continue
        field = model.model_fields[key]
        words = field.description or told.get(key) or next((COMMON[k] for k in _asked(path, kind, key) if k in COMMON), "")
        kind_of_value = _marked(field) or _type(body, known)
        keys.append(LanguageKey(key=key, type=kind_of_value, required=key in required, default=body.get("default"), says=words))
    return tuple(keys)


def _asked(path: str, kind: str | None, key: str) -> tuple[str, ...]:
    """Where the words of a key are looked for, the most special first."""
    last = path.rpartition(".")[2]
    return (*(f"{of}.{key}" for of in (kind, last) if of), key)


def _marked(field: FieldInfo) -> str | None:
    """The type of what is more than a text or than a table; None for any other field."""

    def marks(annotation: Any) -> Iterator[Any]:
        yield from getattr(annotation, "__metadata__", ())
        for argument in get_args(annotation):
            yield from marks(argument)

    found, inner = [*field.metadata, *marks(field.annotation)], [model for model, _ in _models(field.annotation, many=False)]
    told = [*(name for mark, name in MARKS.items() if mark in found), *(SHORT[model] for model in inner if model in SHORT)]
    return told[0] if told else None


def _measure(name: str, measure: type) -> LanguageEntry:
    path = (
        ' Of scenarios in order of time (`ordered = true`, or `kind = "historical", draws = 0`).' if measure.needs_order else ""
    )
    confidence = getattr(measure, "confidence", None)
    level = "" if confidence is None else f" `confidence` is {confidence:g} unless given."
    text = f"{_says(measure)} Unit: {measure.unit}.{path}{level}"
    if not measure.homogeneous and name not in CLOSED:
        text += " It cannot be weighed against returns or costs."
    if name in CLOSED:
        text += " As an objective or a limit of a strategy it is of a year, from the covariance."
    return LanguageEntry(table="measure", kind=name, says=text, keys=())


def _says(model: type) -> str:
    """The docstring up to its list of attributes, in one paragraph; of a long one the first paragraph."""
    text = re.split(r"^(?:Attributes|Args):$", inspect.getdoc(model) or "", flags=re.MULTILINE)[0]
    paragraphs = [_plain(part) for part in text.strip().split("\n\n")]
    whole = " ".join(paragraphs)
    return whole if len(whole) <= LONGEST_DESCRIPTION else " ".join(paragraphs[: 1 + (len(paragraphs[0]) < 100)])


def _plain(text: str) -> str:
    return " ".join(text.replace("``", "`").split())


def _attributes(model: type) -> dict[str, str]:
    """Key -> what the docstrings of the model and of its bases say of it under `Attributes`."""
    found: dict[str, str] = {}
    for base in model.__mro__:
        listed = re.split(r"^Attributes:$", inspect.cleandoc(base.__doc__ or ""), flags=re.MULTILINE)[1:]
        keys: tuple[str, ...] = ()
        for line in listed[0].splitlines() if listed else ():
            if match := _ATTRIBUTE.match(line):
                keys = tuple(key for key in match[1].split(", ") if key not in found)
                found |= dict.fromkeys(keys, match[2])
            elif line.strip():
                found |= {key: f"{found[key]} {line.strip()}" for key in keys}
    return {key: _plain(text) for key, text in found.items()}


def markdown(entries: Entries) -> str:
    """The entries as a page."""
    lines: list[str] = []
    for entry in entries:
        kind = "" if entry.kind is None else f' kind = "{entry.kind}"'
        heading = f'measure = "{entry.kind}"' if entry.table == "measure" else f"{entry.table}{kind}"
        lines += [f"### `{heading}`", "", entry.says, ""]
        lines += [_line(key) for key in entry.keys]
        lines += [""] * bool(entry.keys)
    return "\n".join(lines).rstrip()


def _line(key: LanguageKey) -> str:
    given = "optional" if _empty(key.default) else f"default `{_toml(key.default)}`"
    words = key.says[0].lower() + key.says[1:] if key.says[:2].istitle() else key.says
    return f"- `{key.key}` ({key.type}, {'required' if key.required else given}): {words}"


def _empty(value: Any) -> bool:
    return value is None or value in ([], {}, "")


def _toml(value: Any) -> str:
    """A default as it would be written; of a table with a kind only the kind."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, Mapping):
        kept = {"kind": value["kind"]} if "kind" in value else value
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in kept.items() if not _empty(item)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return f"{value:g}"


WORDS = {"string": "text", "boolean": "true | false", "object": "table"}
NUMBERS = {"number": "number", "integer": "whole number"}
ORDERS = (
    ("exclusiveMinimum", "above"),
    ("minimum", "at least"),
    ("exclusiveMaximum", "below"),
    ("maximum", "at most"),
    ("multipleOf", "multiple of"),
)


def _type(body: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """A type in a reader's words, from its JSON schema."""
    if "$ref" in body:
        return _type(known[str(body["$ref"]).rsplit("/", 1)[-1]], known)
    choices = body.get("anyOf") or body.get("oneOf")
    if choices:
        return " | ".join(dict.fromkeys(_type(part, known) for part in choices if part.get("type") != "null"))
    values = body.get("enum") or ([body["const"]] if "const" in body else [])
    if values:
        return " | ".join(f'"{value}"' for value in values)
    return _single(body, known)


def _single(body: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """A type that is no choice."""
    kind, valued = str(body.get("type")), body.get("additionalProperties")
    if kind == "array":
        return f"[{_type(body.get('items', {}), known)}, ...]"
    if kind in NUMBERS:
        limits = [f"{word} {body[key]:g}" for key, word in ORDERS if key in body]
        return f"{NUMBERS[kind]} {' and '.join(limits)}".strip()
    if isinstance(valued, Mapping):
        return f"{{name = {_type(valued, known)}}}"
    return WORDS.get(kind, "any")


COMMON: Mapping[str, str] = MappingProxyType(
    {
        # What many tables share.
        "name": "How messages, prices of limits and reports speak of it; unique.",
        "soft": "Price of a unit beyond the limit, in the objective's unit; without it nothing goes beyond.",
        "lower": "At least this fraction of wealth.",
        "upper": "At most this fraction of wealth.",
        "assets": "Asset keys or elements.",
        "groups": "Whole groups: `technology_metals`, `rare_earths`, `precious_metals`, `other`, and those of `own`.",
        "measure": "Of risk: one of those at the end.",
        "hierarchical_risk_parity.measure": "The only one.",
        "max_diversification.measure": "The only one.",
        "max_return.measure": "The only one; a `risk_limit` takes any.",
        "track.measure": "The only one.",
        "confidence": "Of the measures that have one; their own by default.",
        "risk_aversion": "Price of risk, where it is weighed against returns or costs.",
        "ambiguity": 'Radius of doubt around the scenarios, in units of return; with `measure = "cvar"` only.',
        "target": "Asset or element -> weight (what is left is cash), or one name: an asset, `equal_weight`, `held`.",
        "benchmark": "Weights or a name as of a `target`; none by default.",
        "keep_at_least.values": "Asset or element -> value that stays held, in budget currency.",
        "tau": "Uncertainty of the prior as a multiple of the covariance; one over the years of data by default.",
        # [about], [universe], [forecast]
        "about.title": "One line: the heading of the answer.",
        "about.idea": "What is believed, for a reader who holds the metals.",
        "about.source": "The paper or practice that it rests on, and what is assumed.",
        "about.refuted_by": "What would show it wrong, with a date or a number.",
        "about.refuted": "The same as data, each way by itself.",
        "universe.assets": 'Asset keys, or `"all"` that have a price (the default).',
        "universe.exclude": "Asset keys that are left out of them.",
        "universe.offer": "The same product by origin.",
        "universe.own": "Groups and terms of your own assets.",
        "universe.file": "Where they stand; a relative path begins at the folder of the strategy.",
        "own.asset": "Name of its series.",
        "own.name": "What a person calls it.",
        "own.group": "Its sector, a name of your choice, for limits and budgets of `groups`.",
        "own.lot_size": "Units of the price in one lot, where the strategy asks for `lots`; 1 by default.",
        "own.spread": "Round trip, as a fraction of the price; half is paid on each trade.",
        "own.storage": "A year, as a fraction of the value.",
        "own.fee": "Of a trade, in the reporting currency; `fees` and `spreads` under `[costs]` go before.",
        "offer.asset": "Key of the product.",
        "offer.origin": "Country (`CHN`, `China`) it comes from, or `other` for anywhere but the named ones.",
        "offer.premium": "Over the price of the product, as a fraction.",
        "offer.resale_premium": "What a sale regains of it.",
        "forecast.covariance": "How risk is estimated. Default: kind `blend` of daily prices, `factor` of others.",
        "forecast.returns": "What returns are expected; none by default.",
        "own.values": "The numbers.",
        "own.assets": "Names of its rows and columns.",
        "own.file": "Where the numbers stand; a relative path begins at the folder of the strategy.",
        "own.errors": "Asset -> standard error a year.",
        "own.by_date": "Date -> returns that count from it on, in place of `values`.",
        "own.errors_by_date": "Date -> their standard errors.",
        "forecast.observation": "`latent` believes what is filtered out of noisy prices, `raw` the observed prices.",
        "forecast.lookback": "Length of history before the last price, its first month whole; all of it by default.",
        "forecast.scenarios": "Joint outcomes; draws over a year from the forecast where something needs them.",
        # [objective]
        "min_risk.risk_aversion": "Price of risk against costs, with a `[costs]` table; 1 for other measures than variance.",
        "max_utility.risk_aversion": "Price of risk against return; 1 for other measures than variance.",
        "robust": "Against which errors of the expected returns; none by default.",
        "radius": "How many standard errors of them.",
        "risk_free": "Return of cash a year.",
        "max_return.volatility": "Largest volatility a year.",
        "budgets": "Asset, element or group -> part of the risk, in any unit.",
        "by": "What brings equal risk.",
        # [[constraint]]
        "bounds.assets": "Asset keys or elements; every one by default.",
        "cardinality.lower": "Fewest holdings.",
        "cardinality.upper": "Most holdings.",
        "cardinality.assets": "Of these; of all by default.",
        "country": "A country (`CHN`, `China`), or `any`.",
        "stage": "At which supply is counted.",
        "destination": "Country of delivery (`DEU`, `Germany`); the owner's by default.",
        "instruments": "What counts as controlled.",
        "currency": "ISO 4217.",
        "factor": "Name of a factor of the covariance, as `toolkit factors` prints it.",
        "factor_exposure.lower": "At least this loading.",
        "factor_exposure.upper": "At most this loading.",
        "linear.expression": 'Such as `"gallium + germanium <= 0.3"`; blanks around plus and minus.',
        "days": "Within which a sale counts as one.",
        "exit_days": "Asset or element -> days it takes to sell.",
        "gross.upper": "At most this multiple of wealth.",
        "net.lower": "At least this multiple of wealth.",
        "net.upper": "At most this multiple of wealth.",
        "min_ticket.value": "In the reporting currency.",
        "min_ticket.fraction": "Of the budget, in place of `value`.",
        "min_ticket.assets": "Asset keys or elements; every one by default.",
        "expected_return.lower": "At least this return a year.",
        "expected_return.upper": "At most this return a year.",
        "risk_contribution.assets": "Asset keys or elements; every one by default, unless there are `groups`.",
        "risk_contribution.upper": "At most this part of the variance.",
        "risk_limit.upper": "In the unit of the measure.",
        "scenario": "Name of a `[[scenario]]`.",
        "scenario_loss.upper": "At most this loss, as a fraction of wealth.",
        "tracking_error.upper": "At most this volatility a year.",
        "at_least": "From here.",
        "at_most": "To here.",
        # [costs], [solver]
        "holding_period": "Over which what is paid once is spread.",
        "include": "Which costs count.",
        "fee": "In the reporting currency, a trade.",
        "fee_per_lot": "In the reporting currency, for each lot bought or sold.",
        "storage_per_kg": "In the reporting currency, a year.",
        "storage_per_lot": "In the reporting currency, a year.",
        "spreads": "Asset or element -> round-trip spread, as a fraction of the price.",
        "storages": "Asset or element -> storage a year, as a fraction of the value.",
        "fees": "Asset or element -> its own `fee`.",
        "borrows": "Asset or element -> its own `borrow`.",
        "impacts": "Asset or element -> its own `impact`.",
        "costs.file": "Costs by asset; a relative path begins at the folder of the strategy.",
        "borrow": "A year, of a short position, as a fraction of its value.",
        "sites": "Places with a charge of their own.",
        "vat": "Tax on purchases.",
        "impact": "Prefactor of the square-root law, near 1; 0 leaves market impact out.",
        "volumes": "Asset or element -> turnover of its market a day, in the reporting currency.",
        "sites.fee": "In the reporting currency, a year, once.",
        "sites.name": "Of the place.",
        "sites.assets": "What is stored there, by asset key or element; everything where neither this nor `groups` is given.",
        "state": "Where the metal is when it is bought.",
        "rate": "Of the tax, as a fraction.",
        "rates": "Asset or element -> its own rate.",
        # [rebalance]
        "every": "Period after which a strategy is looked at again; `never` buys once and holds.",
        "sell": "What may be sold at a look: anything, what exceeds a limit for holding, or nothing.",
        "new_money_first": "Sell no more than a limit for holding asks while there is money for a lot.",
        "horizon": "For which a move of what is held is expected to last; its whole cost is charged over it.",
        "band": "How much of that charge and of the doubt about a gain a move must earn; 0 charges neither.",
        "rebalance.confidence": "With which a gain must exceed its error.",
        "hold_upper": "From here on what has grown is sold; a quarter above `upper` by default.",
        "hard": "Sell whatever exceeds `upper`.",
        "gives_way": "Soft where whole lots of a small budget, or what is held, leave no answer.",
        "threshold": "Nothing is traded while no weight is further than this from its target.",
        "on_infeasible": "Keep what is held until the next decision, or end the backtest with an error.",
        "delay": "Of the licence for what is bought under export control.",
        "on_ban": "What becomes of the money paid for an order that a ban keeps from arriving.",
        "order": "Names of solvers; those that fit the program by default.",
        "time_limit": "Seconds of work of the processor, counted so that the same inputs end at the same answer.",
        "gap": "Relative, proven.",
    }
)
