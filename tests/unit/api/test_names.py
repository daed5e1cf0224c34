"""The names of `import toolkit as tk`: all there, and all known to a type checker."""

from __future__ import annotations

import sys

import pytest

import toolkit as tk
from toolkit import api
from toolkit.optimize.constraints import constraint_kinds
from toolkit.optimize.objectives import objective_kinds


def test_every_name_is_listed_and_is_there():
    names = dir(tk)
    assert {"optimize", "frontier", "exposure", "controls", "Market", "Strategy", "Bounds", "MinRisk"} <= {*names}
    for name in names:
        assert getattr(tk, name) is not None


def test_what_a_type_checker_sees_has_every_model_of_the_language():
    shipped = {model.__name__ for kinds in (constraint_kinds(), objective_kinds()) for model in kinds.values()}
    assert shipped <= {*vars(api)}
    assert {*api.terms()} <= {*vars(api)}


def test_a_wrong_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="optimise"):
        tk.optimise  # noqa: B018
    for wrong, meant in {"Universe": "UniverseSpec", "Costs": "CostsSpec", "LedoitWolf": "LedoitWolfCovariance"}.items():
        with pytest.raises(AttributeError, match=f"Did you mean .*{meant}"):
            getattr(tk, wrong)


def test_functions_go_before_subpackages_of_their_name():
    import toolkit.controls.ledger
    import toolkit.optimize.allocate  # noqa: F401

    assert callable(tk.optimize)
    assert callable(tk.controls)
    assert sys.modules["toolkit.optimize"].__name__ == "toolkit.optimize"
