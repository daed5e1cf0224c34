"""Names of metals and forms as a file writes them."""

from __future__ import annotations

from toolkit.core.trade_names import metal_and_form


class LookedUp(dict[str, str]):
    """Names that are looked up and never gone through: a file of prices may name thousands of series."""

    def __iter__(self):
        raise AssertionError("every known name was compared")


def test_the_longest_known_name_is_looked_up():
    known = LookedUp({"neodym": "neodymium", "neodymium": "neodymium", "au": "gold", "silber": "silver"})
    assert metal_and_form("Neodymium oxide", known) == ("neodymium", "oxide")
    assert metal_and_form("Neodymoxid", known) == ("neodymium", "oxid")
    assert metal_and_form("Silberbarren", known) == ("silver", "barren")
    assert metal_and_form("AU ingot", known) == ("gold", "ingot")
    assert metal_and_form("auingot", known) is None
    assert metal_and_form("L0001", known) is None
