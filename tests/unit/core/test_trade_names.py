"""Names of metals and forms as a file writes them."""

from __future__ import annotations

import pytest

from toolkit.core.trade_names import METALS, metal_and_form


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


@pytest.mark.parametrize(
    ("text", "metal", "form"),
    [
        ("Gallium powder", "gallium", "powder"),
        ("Gallium metal ingot", "gallium", "metal ingot"),
        ("Tungsten powder 5 µm", "tungsten", "powder"),
        ("Gallium arsenide wafer", "gallium", "arsenide"),
        ("gallium arsenide powder", "gallium", "arsenide"),
        ("Gallium nitride substrate", "gallium", "nitride"),
        ("Gallium wafer 100 mm", "gallium", "wafer"),
        ("W bar", "tungsten", "bar"),
        ("Tinbar", "tin", "bar"),
        ("InP", "indium", "phosphide"),
        ("InP wafer 4 inch", "indium", "phosphide"),
        ('GaAs wafer, 2"', "gallium", "arsenide"),
        ("In2O3", "indium", "oxide"),
        ("HfO2", "hafnium", "oxide"),
        ("GeCl4", "germanium", "chloride"),
        ("WC", "tungsten", "carbide"),
        ("WC powder", "tungsten", "carbide"),
        ("WO3", "tungsten", "oxide"),
        ("VC2", "vanadium", "carbide"),
        ("V2C", "vanadium", "carbide"),
        ("TiC 1-2 µm", "titanium", "carbide"),
        ("ndfeb N42SH", "neodymium", "magnet"),
        ("APT", "tungsten", "apt"),
        ("C", "graphite_flake", None),
    ],
)
def test_a_product_is_its_metal_and_its_form(text, metal, form):
    assert metal_and_form(text, METALS) == (metal, form)


@pytest.mark.parametrize(
    "text", ["VN", "VC", "SiC", "CO2", "Dy2O3 99.9", "Wbar", "NdPr", "Gallium and indium", "Gallium receipt"]
)
def test_what_is_no_product_of_a_metal_is_none(text):
    """Two capitals alone are a country, a ticker or Vietnam; carbon dioxide is no graphite."""
    assert metal_and_form(text, METALS) is None


def test_a_product_is_read_of_a_known_metal_alone():
    assert metal_and_form("InP", {"gallium": "gallium"}) is None
    assert metal_and_form("APT", {"wolfram": "tungsten"}) == ("tungsten", "apt")
