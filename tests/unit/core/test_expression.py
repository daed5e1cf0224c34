"""Sums of names in a strategy."""

from __future__ import annotations

import pytest

from toolkit.core.expression import terms
from toolkit.core.messages import phrases


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("gallium", ((1.0, "gallium"),)),
        ("  gallium - 0.5 * W ", ((1.0, "gallium"), (-0.5, "W"))),
        ("- W + 2*BRK-B", ((-1.0, "W"), (2.0, "BRK-B"))),
        (".5 * a + 10. * b c", ((0.5, "a"), (10.0, "b c"))),
        ("+ a", ((1.0, "a"),)),
        ("a\n  -  b", ((1.0, "a"), (-1.0, "b"))),
        ("rare earths", ((1.0, "rare earths"),)),
    ],
)
def test_a_sum_is_its_coefficients_and_names(expression, found):
    assert terms(expression) == found


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("", "must be a sum such as 'gallium - 0.5 * germanium', not ''"),
        (" * a", "must be a sum such as 'gallium - 0.5 * germanium', not '* a'"),
        ("a + - b", "must be a sum such as 'gallium - 0.5 * germanium', not 'a + - b'; it cannot be read at '- b'"),
        (
            "a - 2 * 3 * b",
            "must be a sum such as 'gallium - 0.5 * germanium', not 'a - 2 * 3 * b'; it cannot be read at '2 * 3 * b'",
        ),
        ("a -", "must be a sum such as 'gallium - 0.5 * germanium', not 'a -'"),
    ],
)
def test_what_is_no_sum_is_refused_with_its_place(expression, told):
    with pytest.raises(ValueError, match="must be a sum") as error:
        terms(expression)
    assert str(error.value) == told
    assert phrases(error.value.args).keys() == {told}
