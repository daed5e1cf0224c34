"""Keys of a strategy as named parameters, as estimators of scikit-learn have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import BaseModel

from toolkit.core.decode import parse_toml
from toolkit.strategy.decode import decode_strategy, override
from toolkit.strategy.encode import LISTED, strategy_toml, toml_value
from toolkit.strategy.model import Strategy


def parameters(strategy: Strategy) -> dict[str, Any]:
    """Path of a key, ``objective__risk_aversion`` or ``constraint__NAME__upper`` -> its value."""
    entries = [(name, getattr(strategy, name)) for name in ("universe", "forecast", "solver", "objective")]
    entries += [
        (f"{LISTED[field]}__{one.name}", one) for field in LISTED for one in getattr(strategy, field) if hasattr(one, "name")
    ]
    found: dict[str, Any] = {}
    while entries:
        path, model = entries.pop()
        for key in type(model).model_fields:
            value = getattr(model, key)
            found[f"{path}__{key}"] = value
            entries += [(f"{path}__{key}", value)] if isinstance(value, BaseModel) else []
    return found


def with_parameters(strategy: Strategy, changes: Mapping[str, Any]) -> Strategy:
    """The strategy with the values of some keys (see `parameters`) changed, checked as its file would be.

    Raises:
        SpecError: for a key that is none, or a value that it cannot have.
    """
    plain = {
        path.replace("__", "."): value.item() if isinstance(value, np.generic) else value for path, value in changes.items()
    }
    data = override(parse_toml(strategy_toml(strategy)), tuple(f"{path}={toml_value(value)}" for path, value in plain.items()))
    return decode_strategy(data, name=strategy.name, file=strategy.name)
