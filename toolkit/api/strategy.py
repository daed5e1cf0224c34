"""Strategies in Python: the models of the strategy language, by the names of their classes."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from toolkit.app.definitions import find
from toolkit.app.strategies.own_files import read_strategy
from toolkit.core.decode import Spec
from toolkit.core.discovery import models_by_kind
from toolkit.core.errors import SpecError
from toolkit.optimize.constraints import constraint_kinds
from toolkit.optimize.objectives import objective_kinds
from toolkit.risk_model import covariance, expected_returns
from toolkit.strategy.model import Strategy


def load_strategy(name: str | PathLike[str], *settings: str) -> Strategy:
    """A strategy by its name or the path of its file.

    Args:
        name: Of a strategy, or path.
        settings: Changed keys as of `--set`: ``objective.risk_aversion=5``, ``constraint.any metal.upper=0.2``.

    Raises:
        SpecError: that tells every fault, with the nearest valid names.
    """
    return read_strategy(find("strategies", str(name)).path, settings)


def strategy_of(asked: Any) -> Strategy:
    """A strategy by itself, its name or the path of its file; `SpecError` for anything else."""
    return asked if isinstance(asked, Strategy) else load_strategy(named(asked))


def named(asked: Any) -> str:
    """Name or path of a strategy; `SpecError` for what is neither."""
    if isinstance(asked, str | PathLike):
        return str(asked)
    raise SpecError(
        f"a strategy is an object tk.Strategy, a name, or the path of a file, not {type(asked).__name__}.",
        hint="Give tk.Strategy(objective=tk.MinRisk(), constraints=[...]).",
    )


def terms() -> Mapping[str, type[BaseModel]]:
    """Class name -> model of every constraint, objective, covariance and forecast of returns that the folders hold."""
    estimators = (models_by_kind(package.__name__, Spec, "estimate") for package in (covariance, expected_returns))
    found = (constraint_kinds(), objective_kinds(), *estimators)
    return MappingProxyType({model.__name__: model for kinds in found for model in kinds.values()})
