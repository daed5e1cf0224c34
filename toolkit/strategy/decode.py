"""Decoding of strategy TOML: every fault at once, with file, key path and the nearest valid name."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from toolkit.core.decode import faults_of, parse_toml, raise_faults, read_toml, shown
from toolkit.core.errors import SpecError, did_you_mean
from toolkit.core.messages import message
from toolkit.core.text import one_line, repeated
from toolkit.optimize.constraints import constraint_kinds
from toolkit.optimize.constraints.base import limits_beyond_whole
from toolkit.optimize.objectives import objective_kinds
from toolkit.strategy.model import (
    FRACTIONS,
    FULLY_INVESTED,
    About,
    CostsSpec,
    ForecastSpec,
    RebalanceSpec,
    SolverSpec,
    Strategy,
    UniverseSpec,
    beyond_whole,
    names_cash,
)
from toolkit.strategy.scenarios import ShockSpec, ViewSpec

SECTIONS: dict[str, type[BaseModel]] = {
    "about": About,
    "universe": UniverseSpec,
    "forecast": ForecastSpec,
    "costs": CostsSpec,
    "rebalance": RebalanceSpec,
    "solver": SolverSpec,
}
LISTED = ("constraint", "scenario", "view")
"""Tables that are written as [[...]], each with a name of its own."""
TABLES = (*SECTIONS, "objective", *LISTED)


def _fault(key: str, text: str, hint: str = "") -> dict[str, str]:
    return {"key": key, "message": text, "hint": hint}


def _section(model: type[BaseModel], data: Any, where: str, faults: list[dict[str, str]]) -> Any:
    if not isinstance(data, Mapping):
        faults.append(_fault(where, message("must be a table")))
        return None
    try:
        return model.model_validate(dict(data))
    except ValidationError as error:
        faults += faults_of(error, model, where)
        return None


def _term(kinds: Mapping[str, type], data: Any, where: str, faults: list[dict[str, str]]) -> Any:
    if not isinstance(data, Mapping):
        faults.append(_fault(where, message("must be a table")))
        return None
    kind = data.get("kind")
    if kind is None:
        faults.append(_fault(f"{where}.kind", message("is required"), message("Known: {names:s}.", names=", ".join(kinds))))
        return None
    if not isinstance(kind, str) or kind not in kinds:
        hint = did_you_mean(kind if isinstance(kind, str) else "", kinds)
        faults.append(_fault(f"{where}.kind", message("is not a known kind: {given:s}", given=shown(kind)), hint))
        return None
    if "name" in kinds[kind].model_fields and "name" not in data:
        # In Python a constraint has a name by itself; a file is spoken of by names that stand in it.
        faults.append(_fault(f"{where}.name", message("is required")))
    return _section(kinds[kind], data, where, faults)


def _list(data: Mapping[str, Any], key: str, read: Callable[[Any, str], Any], faults: list[dict[str, str]]) -> tuple[Any, ...]:
    """The entries of a table that is written as [[key]]; those with faults are left out."""
    listed = data.get(key, [])
    if not isinstance(listed, list):
        faults.append(_fault(key, message("must be written as [[{key:s}]]", key=key)))
        return ()
    found = []
    for position, item in enumerate(listed, start=1):
        label = item.get("name", position) if isinstance(item, Mapping) else position
        label = label if isinstance(label, str | int) else position
        found.append(read(item, f"{key} {label!r}"))
    return tuple(part for part in found if part is not None)


def _unknown_scenarios(data: Mapping[str, Any], views: tuple[ViewSpec, ...]) -> list[dict[str, str]]:
    """A fault for each view of a scenario that the strategy does not have, not even with faults of its own."""
    listed = data.get("scenario", [])
    known = [str(item.get("name")) for item in listed if isinstance(item, Mapping)] if isinstance(listed, list) else []
    return [
        _fault(
            f"view {view.label!r}.scenario",
            message("is not a scenario of the strategy: {name!r:s}", name=view.scenario),
            did_you_mean(view.scenario, known) or message("Write it as [[scenario]]."),
        )
        for view in views
        if view.scenario is not None and view.scenario not in known
    ]


def with_defaults(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The TOML data with the constraint that a strategy has without writing it: fully invested, where none is on cash.

    A target to track names its cash itself: what its weights leave over.
    """
    listed, objective = data.get("constraint", []), data.get("objective")
    named = objective if isinstance(objective, Mapping) else {}
    target = named.get("target", named.get("benchmark"))
    if not isinstance(listed, list):
        return data
    tables = [item for item in listed if isinstance(item, Mapping)]
    kinds = constraint_kinds()
    stated = [(kinds.get(str(item.get("kind"))), item.get("name")) for item in tables]
    if names_cash(named.get("kind"), target, stated):
        return data
    return {**data, "constraint": [*listed, {"name": FULLY_INVESTED, "kind": "fully_invested"}]}


def decode_strategy(data: Mapping[str, Any], *, name: str, file: str) -> Strategy:
    """A strategy from parsed TOML; without a constraint on cash it is fully invested.

    Args:
        data: The parsed file.
        name: Name of the strategy.
        file: Name of the file, for messages.

    Raises:
        SpecError: one error that names every fault.
    """
    faults: list[dict[str, str]] = [
        _fault(key, message("is not a known table"), did_you_mean(key, TABLES)) for key in data if key not in TABLES
    ]
    data = with_defaults(data)
    parts: dict[str, Any] = {"name": name, "about": About(title=name)}
    if "objective" not in data:
        faults.append(_fault("objective", message("is required")))
    for key, model in SECTIONS.items():
        if key in data:
            parts[key] = _section(model, data[key], key, faults)
    if "objective" in data:
        parts["objective"] = _term(objective_kinds(), data["objective"], "objective", faults)
    constraints = _list(data, "constraint", lambda item, where: _term(constraint_kinds(), item, where, faults), faults)
    scenarios = _list(data, "scenario", lambda item, where: _section(ShockSpec, item, where, faults), faults)
    views = _list(data, "view", lambda item, where: _section(ViewSpec, item, where, faults), faults)
    for what, told, names in (
        ("constraint", message("is named twice"), [one.name for one in constraints]),
        ("scenario", message("is named twice"), [one.name for one in scenarios]),
        ("view", message("is stated twice"), [view.label for view in views]),
    ):
        hint = message("Give each {what:s} its own name.", what=what)
        faults += [_fault(f"{what} {name!r}", told, hint) for name in repeated(names)]
    faults += [
        _fault(f"constraint {name!r}.{key}", beyond_whole(value), FRACTIONS)
        for name, key, value in limits_beyond_whole(constraints)
    ]
    faults += _unknown_scenarios(data, views)
    raise_faults(faults, file)
    # Everything is validated above; construct keeps the concrete classes of the terms.
    return Strategy.model_construct(**parts, constraints=constraints, scenarios=scenarios, views=views)


def _value(text: str) -> Any:
    """A value as TOML reads it, whose decimal mark is the point; bare words are text."""
    try:
        return parse_toml(f"v = {text}")["v"]
    except ValueError:
        return one_line(text)


def _split(setting: str, data: Mapping[str, Any]) -> tuple[list[str], str, str]:
    """The steps of the key, the sign and the value; a name may hold dots, spaces and signs: it is looked for first."""
    for table in LISTED:
        items = data.get(table, [])
        names = [str(item.get("name")) for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        for name in sorted(names, key=len, reverse=True):
            if setting.startswith(start := f"{table}.{name}."):
                key, separator, text = setting[len(start) :].partition("=")
                return [table, *name.split("."), key.strip()], separator, text
    key, separator, text = setting.partition("=")
    return key.strip().split("."), separator, text


def override(data: Mapping[str, Any], settings: tuple[str, ...]) -> dict[str, Any]:
    """The TOML data with `--set KEY=VALUE` applied: `objective.risk_aversion=5`, `constraint.NAME.upper=0.4`.

    Raises:
        SpecError: for a setting that is not KEY=VALUE, or a constraint, scenario or view that is not there.
    """
    changed = copy.deepcopy(dict(data))
    for setting in settings:
        path, separator, text = _split(setting, changed)
        if not separator or len(path) < 2:
            raise SpecError(
                "--set {setting!r:s} is not KEY=VALUE.",
                hint="Write for instance --set objective.risk_aversion=5.",
                setting=setting,
            )
        if path[0] in LISTED:
            name = ".".join(path[1:-1])
            listed = changed.get(path[0], [])
            items = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
            named = {str(item.get("name")): item for item in items}
            if name not in named:
                hint = did_you_mean(name, named)
                raise SpecError(
                    "--set {setting!r:s}: no {table:s} is named {name!r:s}.",
                    hint=hint,
                    setting=setting,
                    table=path[0],
                    name=name,
                )
            named[name][path[-1]] = _value(text.strip())
            continue
        if path[0] not in TABLES:
            raise SpecError(
                "--set {setting!r:s}: {table!r:s} is not a table of a strategy.",
                hint=did_you_mean(path[0], TABLES),
                setting=setting,
                table=path[0],
            )
        target = changed
        for step in path[:-1]:
            target = target.setdefault(step, {})
            if not isinstance(target, dict):
                raise SpecError("--set {setting!r:s}: {step!r:s} is a value, not a table.", setting=setting, step=step)
        target[path[-1]] = _value(text.strip())
    return changed


def load_strategy(path: Path, settings: tuple[str, ...] = ()) -> Strategy:
    """The strategy in a TOML file, with overrides applied.

    Raises:
        SpecError: when it cannot be read or decoded.
    """
    return decode_strategy(override(with_defaults(read_toml(path)), settings), name=one_line(path.stem), file=path.name)
