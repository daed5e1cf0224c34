"""Decoding of strategy TOML: every fault at once, with file, key path and the nearest valid name."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from toolkit.core.decode import faults_of, raise_faults, read_toml
from toolkit.core.errors import SpecError, did_you_mean
from toolkit.optimize.terms import constraint_kinds, objective_kinds
from toolkit.strategy.model import About, CostsSpec, ForecastSpec, RebalanceSpec, SolverSpec, Strategy, UniverseSpec

SECTIONS: dict[str, type[BaseModel]] = {
    "about": About,
    "universe": UniverseSpec,
    "forecast": ForecastSpec,
    "costs": CostsSpec,
    "rebalance": RebalanceSpec,
    "solver": SolverSpec,
}
TABLES = (*SECTIONS, "objective", "constraint")


def _section(model: type[BaseModel], data: Any, where: str, faults: list[dict[str, str]]) -> Any:
    if not isinstance(data, Mapping):
        faults.append({"key": where, "message": "must be a table", "hint": ""})
        return None
    try:
        return model.model_validate(dict(data))
    except ValidationError as error:
        faults += faults_of(error, model, where)
        return None


def _term(kinds: Mapping[str, type], data: Any, where: str, faults: list[dict[str, str]]) -> Any:
    if not isinstance(data, Mapping):
        faults.append({"key": where, "message": "must be a table", "hint": ""})
        return None
    kind = data.get("kind")
    if kind is None:
        faults.append({"key": f"{where}.kind", "message": "is required", "hint": f"Known: {', '.join(kinds)}."})
        return None
    if kind not in kinds:
        hint = did_you_mean(str(kind), kinds)
        faults.append({"key": f"{where}.kind", "message": f"is not a known kind: {kind!r}", "hint": hint})
        return None
    return _section(kinds[kind], data, where, faults)


def decode_strategy(data: Mapping[str, Any], *, name: str, file: str) -> Strategy:
    """A strategy from parsed TOML.

    Raises:
        SpecError: that tells every fault.
    """
    faults: list[dict[str, str]] = [
        {"key": key, "message": "is not a known table", "hint": did_you_mean(key, TABLES)} for key in data if key not in TABLES
    ]
    parts: dict[str, Any] = {"name": name}
    faults += [
        {"key": required, "message": "is required", "hint": ""} for required in ("about", "objective") if required not in data
    ]
    for key, model in SECTIONS.items():
        if key in data:
            parts[key] = _section(model, data[key], key, faults)
    if "objective" in data:
        parts["objective"] = _term(objective_kinds(), data["objective"], "objective", faults)
    listed = data.get("constraint", [])
    if not isinstance(listed, list):
        faults.append({"key": "constraint", "message": "must be written as [[constraint]]", "hint": ""})
        listed = []
    constraints = []
    for number, item in enumerate(listed, start=1):
        label = item.get("name", number) if isinstance(item, Mapping) else number
        constraints.append(_term(constraint_kinds(), item, f"constraint {label!r}", faults))
    names = [constraint.name for constraint in constraints if constraint is not None]
    faults += [
        {"key": f"constraint {name!r}", "message": "is named twice", "hint": "Give each constraint its own name."}
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    raise_faults(faults, file)
    # Everything is validated above; construct keeps the concrete classes of the terms.
    return Strategy.model_construct(**parts, constraints=tuple(constraints))


def _value(text: str) -> Any:
    """A value as TOML would read it; bare words are text."""
    try:
        return tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        return text


def override(data: Mapping[str, Any], settings: tuple[str, ...]) -> dict[str, Any]:
    """The TOML data with `--set KEY=VALUE` applied: `objective.risk_aversion=5`, `constraint.NAME.upper=0.4`.

    Raises:
        SpecError: for a setting that is not KEY=VALUE, or a constraint that is not there.
    """
    changed = copy.deepcopy(dict(data))
    for setting in settings:
        key, separator, text = setting.partition("=")
        path = key.strip().split(".")
        if not separator or len(path) < 2:
            raise SpecError(f"--set {setting!r} is not KEY=VALUE.", hint="Write for instance --set objective.risk_aversion=5.")
        if path[0] == "constraint":
            # A constraint's name may hold dots and spaces: the last step is the key, all between is the name.
            name = ".".join(path[1:-1])
            named = {item.get("name"): item for item in changed.get("constraint", []) if isinstance(item, dict)}
            if name not in named:
                known = [str(known) for known in named if known]
                raise SpecError(f"--set {setting!r}: no constraint is named {name!r}.", hint=did_you_mean(name, known))
            named[name][path[-1]] = _value(text.strip())
            continue
        if path[0] not in TABLES:
            raise SpecError(f"--set {setting!r}: {path[0]!r} is not a table of a strategy.", hint=did_you_mean(path[0], TABLES))
        target = changed
        for step in path[:-1]:
            target = target.setdefault(step, {})
            if not isinstance(target, dict):
                raise SpecError(f"--set {setting!r}: {step!r} is a value, not a table.")
        target[path[-1]] = _value(text.strip())
    return changed


def load_strategy(path: Path, settings: tuple[str, ...] = ()) -> Strategy:
    """The strategy in a TOML file, with overrides applied.

    Raises:
        SpecError: when it cannot be read or decoded.
    """
    return decode_strategy(override(read_toml(path), settings), name=path.stem, file=path.name)
