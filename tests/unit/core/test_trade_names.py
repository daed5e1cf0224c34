"""Names of metals and forms as a file writes them."""

from __future__ import annotations

import pytest

from toolkit.core.errors import DataError
from toolkit.core.trade_names import (
    METALS,
    coin_and_metal,
    includes_tax,
    is_mix,
    is_shape,
    known_metal,
    metal_and_form,
    metal_hint,
    metal_of_code,
    metal_within,
    without_purity_class,
    without_terms,
)


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


@pytest.mark.parametrize(
    ("text", "metal"),
    [("XAU", "gold"), ("XAUUSD", "gold"), ("XAG/EUR", "silver"), ("XPT USD", "platinum"), ("XPD-EUR", "palladium"),
     ("XAG.USD", "silver"), ("XAUX", None), ("XAUXX", None), ("XAX", None), ("EUR", None), ("USDXAU", None), ("", None)],
)  # fmt: skip
def test_the_code_of_an_ounce_is_its_metal(text, metal):
    assert metal_of_code(text) == metal


@pytest.mark.parametrize(
    ("text", "shape"),
    [("powder", True), ("Pulver", True), ("substrate", True), ("wafer 2 inch", True), ("Wafers, 100 mm", True),
     ('wafer 4"', True), ("ingot", False), ("oxide", False), ("", False)],
)  # fmt: skip
def test_powder_and_wafer_are_shapes(text, shape):
    assert is_shape(text) is shape


@pytest.mark.parametrize(
    ("text", "bare", "named"),
    [
        ("Gallium zone refined", "Gallium", "zone refined"),
        ("zonengereinigt, Germanium", "Germanium", "zone refined"),
        ("Germanium zone-refined ingot", "Germanium ingot", "zone refined"),
        ("Gallium  ingot,", "Gallium  ingot,", None),
        ("ozone refined", "ozone refined", None),
    ],
)
def test_a_class_of_purity_is_taken_off_a_name(text, bare, named):
    assert without_purity_class(text) == (bare, named)


def test_another_element_is_no_slip_of_a_metal():
    known = ["gallium", "tungsten", "graphite_flake", "copperas"]
    assert metal_hint("Galium", known) == "Did you mean 'gallium'?"
    for name in ("copper", "Kupfer", "Cesium"):
        word = {"Kupfer": "copper", "Cesium": "caesium"}.get(name, name)
        assert metal_hint(name, known) == f"Nothing is known of {word} here."
    assert metal_hint("copper", known).to_json() == {"said": "Nothing is known of {name:s} here.", "with": {"name": "copper"}}


@pytest.mark.parametrize(
    ("text", "key"),
    [("gallium", "gallium"), (" Gallium ", "gallium"), ("GA", "gallium"), ("graphite flake", "graphite_flake"),
     ("Graphite-Flake", "graphite_flake"), ("Wolfram", "tungsten"), ("Wolfram ingot", "tungsten"), ("w", "tungsten")],
)  # fmt: skip
def test_a_metal_on_the_command_line_is_meant_by_key_symbol_or_name(text, key):
    known, symbols = ["gallium", "tungsten", "graphite_flake"], {"ga": "gallium", "w": "tungsten", "sn": "tin"}
    assert known_metal(text, known, symbols) == key


def test_what_means_no_known_metal_is_refused_with_the_nearest():
    symbols = {"sn": "tin"}
    for text, hint in (
        ("Galium", "Did you mean 'gallium'?"),
        ("tin", "Nothing is known of tin here."),
        ("sn", "Nothing is known of tin here."),
        ("xyz", "Known: gallium, lead."),
    ):
        with pytest.raises(DataError) as refused:
            known_metal(text, ["gallium", "lead"], symbols)
        assert refused.value.message == f"unknown metal {text!r}."
        assert refused.value.details == {"metal": text}
        assert refused.value.hint == hint


@pytest.mark.parametrize(
    ("text", "included"),
    [("incl. VAT", True), ("inkl. 19% MwSt.", True), ("mit gesetzl. MwSt", True), ("Preis brutto", True),
     ("Netto/Brutto: brutto", True), ("TTC", True), ("MwSt. enthalten", True), ("含13%增值税", True), ("不含税", False),
     ("without VAT", False), ("nicht inkl. MwSt.", False), ("net", False), ("with 19 % VAT", True), ("Prices with tax", True), ("", False)],
)  # fmt: skip
def test_a_text_says_whether_tax_is_included(text, included):
    assert includes_tax(text) is included


@pytest.mark.parametrize(
    ("text", "bare"),
    [("APT cif Europe", "APT"), ("Gallium CIF bid", "Gallium CIF bid"), ("Gallium zzgl. MwSt.", "Gallium"),
     ("Gallium price", "Gallium"), ("Antimony min.", "Antimony"), ("Gallium spot", "Gallium"),
     ("Indium in warehouse Rotterdam", "Indium"), ("Gallium netto", "Gallium"), ("Gallium, spot price netto", "Gallium"),
     ("Gallium", "Gallium"), ("Gallium ex works EUR/kg", "Gallium ex works EUR/kg"), ("Gallium fob China", "Gallium")],
)  # fmt: skip
def test_terms_are_taken_off_the_name_of_a_price(text, bare):
    assert without_terms(text) == bare


@pytest.mark.parametrize(
    ("text", "metal"),
    [("SMM Antimony 1#", "antimony"), ("Antimonpreis", "antimony"), ("AntimonyUSD", "antimony"), ("Galium", "gallium"),
     ("Galliium", "gallium"), ("Gallinm", "gallium"), ("Ga-4N", "gallium"), ("锑锭", "antimony"), ("W price", "tungsten"),
     ("price of W", None), ("price of Ga", "gallium"), ("ga", None), ("xau", "gold"), ("Rohsilber", "silver"),
     ("Wolframpreis", "tungsten"), ("Feingold", "gold"), ("Tinbar", "tin"), ("Tins", None), ("tin", "tin"), ("plata", "silver"),
     ("SPY", None), ("Goldman", None), ("", None), ("the metal tin here", "tin"), ("2026 Germanio", "germanium"), ("titan", "titanium"),
     ("gole", None), ("Zinnbarren", "tin"), ("Antimon-Trioxid", "antimony")],
)  # fmt: skip
def test_a_metal_is_found_within_a_text(text, metal):
    assert metal_within(text) == metal


@pytest.mark.parametrize(
    ("text", "mixed"),
    [("NdPr oxide", True), ("SmCo magnets", True), ("NdPr", True), ("WTi", True), ("NDPR", False), ("Gallium", False),
     ("Gold NdPr", False), ("NdX", False), ("CoSm", True)],
)  # fmt: skip
def test_a_mix_begins_with_two_symbols(text, mixed):
    assert is_mix(text) is mixed


@pytest.mark.parametrize(
    ("text", "found"),
    [("Krugerrand 1 oz", ("krugerrand", "gold")), ("Krügerrand", ("krugerrand", "gold")),
     ("Maple Leaf Silber", ("maple leaf", "silver")), ("Silber Münzen 10 oz", ("munzen", "silver")),
     ("Maple Leaf", ("maple leaf", None)), ("Silbermünze", ("munze", "silver")), ("Goldmünzen", ("munzen", "gold")),
     ("Philharmoniker Gold 1/10", ("philharmoniker", "gold")), ("1 oz Gold Eagle", ("eagle", "gold")), ("Gold", None),
     ("Buffalo 2024", None), ("Tungsten coin", ("coin", "tungsten")), ("Lead coin", None)],
)  # fmt: skip
def test_a_coin_is_of_the_metal_that_its_name_says(text, found):
    assert coin_and_metal(text, METALS) == found
