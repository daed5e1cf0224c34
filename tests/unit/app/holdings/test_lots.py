"""Names of metals and their forms in holdings files, by the bundled ledger."""

from __future__ import annotations

import io

import pytest

from tests.holdings_files import TODAY
from tests.subjects import context
from toolkit.app.holdings.names import LotNames
from toolkit.core.errors import DataError
from toolkit.market.readers.holdings.read import parse


@pytest.mark.parametrize(
    ("text", "asset", "form"),
    [
        ("Tungsten APT", "tungsten", "compound"),
        ("Wolfram ammonium paratungstate", "tungsten", "compound"),
        ("Indium phosphide", "indium", "phosphide"),
        ("Antimony trioxide", "antimony", "oxide"),
        ("Ammonium paratungstate (APT)", "tungsten", "compound"),
        ("SmCo magnets", "samarium", "magnet"),
        ("NdFeB magnets", "neodymium", "magnet"),
        ("InP wafers 2 inch", "indium", "phosphide"),
        ("GaAs-Wafer", "gallium", "arsenide"),
        ("Gallium arsenide wafers", "gallium", "arsenide"),
        ("Galliumarsenid Wafer 6 Zoll", "gallium", "arsenide"),
        ("InP Substrat", "indium", "phosphide"),
        ("WC-Pulver 0,8 µm", "tungsten", "carbide"),
        ("NdFeB-Magnete N42SH", "neodymium", "magnet"),
        ("Ammoniumparawolframat (APT)", "tungsten", "compound"),
        ("Germanium wafers", "germanium", "substrate"),
        ('Ge-Wafer 4"', "germanium", "substrate"),
        ("Ge wafers 100 mm", "germanium", "substrate"),
        ("Germaniumwafer", "germanium", "substrate"),
        ("Dy2O3", "dysprosium", "oxide"),
        ("InP", "indium", "phosphide"),
        ("WC", "tungsten", "carbide"),
        ("Tungsten carbide powder", "tungsten", "carbide"),
        ("Wolfram-Pulver 4-6 µm", "tungsten", "metal powder"),
        ("Germanium Stücke", "germanium", "metal"),
    ],
)
def test_a_metal_before_a_form_of_a_notice_is_read(text, asset, form):
    names = LotNames(context().ledger, context().products)
    key, words = names.asset(text)
    assert (key, names.form(key, words or "")) == (asset, form)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("NdPr oxide", "a lot of each"),
        ("Wolfraam", "Did you mean 'tungsten'?"),
        ("Galinstan", "Metals are read by symbol"),
        ("Tantalum K-salt", "Nothing is known of tantalum"),
        ("Iridium", "Nothing is known of iridium"),
        ("Cäsium", "Nothing is known of caesium"),
        ("Ferrotungsten", "Nothing is known of Ferrotungsten"),
        ("VN", "needs its price"),
        ("CO2", "needs its price"),
    ],
)
def test_what_is_no_one_metal_is_asked_about(text, hint):
    with pytest.raises(DataError, match="unknown asset") as caught:
        LotNames(context().ledger, context().products).asset(text)
    assert hint in caught.value.hint


def test_a_metal_before_words_that_are_no_form_is_asked_about():
    with pytest.raises(DataError, match="unknown asset") as caught:
        LotNames(context().ledger, context().products).asset("Gallium shavings of unknown make")
    assert "Write gallium as the asset" in caught.value.hint


def _read(asset, form):
    names = LotNames(context().ledger, context().products)
    return parse(io.BytesIO(f"Metall;Form;Menge\n{asset};{form};2\n".encode()), names=names, today=TODAY)


@pytest.mark.parametrize(
    ("asset", "form", "read_as"),
    [
        ("Galliumoxid", "Pulver", "oxide"),
        ("Dysprosiumoxid", "Pulver", "oxide"),
        ("APT", "powder", "compound"),
        ("InP", "Wafer", "phosphide"),
        ("Indiumphosphid", "Wafer 2 Zoll", "phosphide"),
        ("Germanium", "Wafer", "substrate"),
        ("Hafnium", "Kristallstab", "metal"),
    ],
)
def test_a_shape_beside_the_name_of_a_compound_contradicts_nothing(asset, form, read_as):
    read = _read(asset, form)
    assert [row["form"] for row in read.rows] == [read_as]


@pytest.mark.parametrize(
    ("asset", "form", "asked"),
    [
        ("Gallium", "Wafer", "arsenide"),
        ("Indium", "wafer", "phosphide"),
        ("Dysprosium", "Pulver", "oxide"),
        ("Gallium", "Verbindung", "oxide"),
    ],
)
def test_a_shape_alone_of_what_is_traded_in_compounds_is_asked(asset, form, asked):
    """Not listed as a substrate, and every wafer of it is listed by its compound."""
    (fault,) = _read(asset, form).faults
    assert asked in fault.hint


def test_a_compound_that_no_notice_names_is_asked_in_its_row():
    """'holdings check' understood 'Gallium nitrate' as a compound, which 'exposure' and a corrected copy then refused."""
    cells = b"Metall,Menge kg\nGallium nitrate,2\nIndium hydroxide,3\nLithium carbonate,4\nAPT,5\n"
    read = parse(io.BytesIO(cells), names=LotNames(context().ledger, context().products), today=TODAY)
    assert [(fault.row, fault.rule, fault.hint.split(":")[0]) for fault in read.faults] == [
        (2, "unknown_form", "Write which"),
        (3, "unknown_form", "Write which"),
    ]
