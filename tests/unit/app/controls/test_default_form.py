"""The form of a metal that no product trades."""

from datetime import date

import pytest

from tests.subjects import context
from toolkit.app.controls.answers import controls


@pytest.mark.parametrize(("metal", "form"), [("graphite", "natural flake"), ("cerium", "metal"), ("lanthanum", "metal")])
def test_a_metal_without_a_product_is_shown_in_the_form_that_was_named_first_on_every_day(metal, form):
    """Graphite was artificial, and from No. 58 of 2025 on anode material; cerium and lanthanum were equipment."""
    days = [date(2023, 10, 20), date(2024, 12, 1), date(2025, 10, 1), date(2025, 10, 15), date(2026, 12, 1)]
    assert {controls(context(day), metal, None, {"destination": "DEU"}, day).form for day in days} == {form}
