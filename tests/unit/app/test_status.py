import inspect

import pytest

from toolkit.app.status import status_of
from toolkit.core import errors

CODES = {
    errors.SpecError: 2,
    errors.DataError: 3,
    errors.FrameError: 3,
    errors.GapError: 3,
    errors.SourceError: 4,
    errors.Infeasible: 5,
    errors.Unbounded: 5,
    errors.NumericalFailure: 6,
}


@pytest.mark.parametrize("kind", CODES)
def test_exit_codes_of_the_contract(kind):
    assert status_of(kind("x")).exit_code == CODES[kind]


def test_every_error_of_the_tree_has_a_status():
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.ToolkitError)]
    assert len(kinds) >= 10
    for kind in kinds:
        assert status_of(kind("x")).exit_code in range(1, 7)
