"""Lots that are counted in pieces, or ordered beside what is there; files in the words of other languages."""

from __future__ import annotations

from datetime import date

import pytest

from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.holdings.names import LotNames
from toolkit.app.languages import language
from toolkit.core.errors import DataError
from toolkit.core.messages import retellable
from toolkit.market.layouts.unconfirmed import confirming
from toolkit.market.readers.holdings.read import ReadFile, parse
from toolkit.report.i18n.text import plain

TODAY = date(2026, 12, 1)
PIECES = """Metall;Stückzahl;Einheit;Stückgewicht;EK-Preis;Kaufdatum;Lagerort
Indium Barren 4N5;5;Stk;1 kg;480,00 €;12.03.2024;Zürich
Hafnium Crystal Bar;2;Stk;500 g;1.450,00 €;15.07.2025;Zürich
Goldbarren;1;Stk;100 g;7.120,00 €;01.02.2025;Zürich
"""
FRENCH = """Métal,Quantité (kg),Prix d'achat (€/kg),Date d'achat,Lieu de stockage,Origine,Statut
Germanium,12,"1 450,00",15/09/2024,Genève,Chine,stocké
Antimoine,250,"22,50",20/10/2024,Anvers,Tadjikistan,stocké
"""
ITALIAN = """Metallo;Quantità (kg);Prezzo d'acquisto (€/kg);Data d'acquisto;Magazzino;Paese di origine
Indio;10;480,50;15/09/2024;Rotterdam;Giappone
"""


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    folder, context = tmp_path_factory.mktemp("lots"), Context(resolve({}, file=None), TODAY, None, TODAY)
    names = LotNames(context.ledger, context.products)

    def of(text: str, **answers: str) -> ReadFile:
        file = folder / "lots.csv"
        file.write_text(text, "utf-8")
        return parse(str(file), names=names, today=TODAY, answers=answers)

    return of


@pytest.mark.parametrize(
    ("said", "per_kg"), [("piece", (480, 2900, 71200)), ("Stück", (480, 2900, 71200)), ("kg", (480, 1450, 7120)), ("total", (96, 1450, 71200))]
)  # fmt: skip
def test_pieces_of_a_known_mass_are_lots_once_it_is_said_what_the_price_is_of(read, said, per_kg):
    assert {one.rule for one in read(PIECES).faults} == {"price_is"}
    found = read(PIECES, purchase_price_is=said)
    assert (found.faults, found.questions) == ([], ())
    rows = [(row["asset"], row["quantity"], row["size"]) for row in found.rows]
    assert rows == [("indium", 5, "1 kg"), ("hafnium", 1, "0.5 kg"), ("gold", 0.1, "0.1 kg")]
    assert tuple(row["purchase_price"] for row in found.rows) == pytest.approx(per_kg)


def test_a_mass_in_the_name_of_a_lot_that_counts_no_pieces_stays_a_question(read):
    found = read("Metall;Menge kg;Lagerort\nIndium Barren 1 kg 4N5;5;Zürich\n")
    assert {one.rule for one in found.faults} == {"unknown_asset"}


def test_french_and_italian_files_of_plain_words_are_read_at_once(read):
    """An apostrophe was a space in the vocabulary and nothing in a file; countries were those of English and German."""
    french, italian = read(FRENCH), read(ITALIAN)
    assert (french.questions, french.faults, italian.questions, italian.faults) == ((), [], (), [])
    assert [(row["asset"], row["origin_country"], row["purchase_price"]) for row in french.rows] == [
        ("germanium", "CHN", 1450), ("antimony", "TJK", 22.5),
    ]  # fmt: skip
    assert [(row["asset"], row["origin_country"]) for row in italian.rows] == [("indium", "JPN")]


ORDERS = """Metall;Menge kg;Bestellmenge kg;Herkunft;Lagerort;Kaufdatum;Kaufpreis EUR/kg
Germanium;42;0;China;Jena;12.03.2024;1400
Germanium;0;30;China;Jena;;
Indium;25;10;Korea, Republik;Jena;12.03.2024;390
Summe;67;40;;;;
"""


def test_what_is_ordered_beside_what_is_there_is_a_row_of_its_own(read):
    """Thirty kilograms on order were a row of zero, and nothing could fail to arrive."""
    assert [(one.name, one.proposed) for one in read(ORDERS).questions] == [("Bestellmenge kg", "ignore")]
    with pytest.raises(DataError, match="is ordered beside what is there"):
        read(ORDERS, **{"Bestellmenge kg": "ordered"})


def test_numbers_and_rows_in_how_a_file_was_read_are_in_the_language_of_the_answer(read):
    """`row 2 (3 x 0.1 kg)` stood on a German page."""
    found = read("Metall;Anzahl Stück;Stückgröße;Preis EUR/Stück\nGold;3;100 g;5000\n")
    told = [plain(language("de").translate(retellable(note))) for note in found.notes]
    assert any("Zeile 2 (3 x 0,1 kg)" in words for words in told)
    assert [plain(language("de").translate(retellable(one.unit))) for one in found.readings] == ["", "", "", "EUR/Einheit"]
    asked = read("Metall;Menge kg\nGallium;1,234\n").questions
    assert "1,234 oder 1234" in plain(language("de").translate(retellable(asked[0].asks)))


def test_a_name_with_a_mass_says_where_the_mass_belongs(read):
    assert {one.hint for one in read("Metall;Menge kg\nGalium 5 kg;5\n").faults} == {
        "Write Galium as the asset, and 5 kg in a column 'size', as the mass of one piece."
    }


def test_the_next_command_says_again_what_was_said(read):
    """Each forgot the answers of the one before, and asked for them again."""
    text = "Was;Wieviel kg;liegt in\nGallium;5;Keller\n"
    found = read(text, **{"Was": "asset", "Wieviel kg": "quantity kg"})
    command = confirming(found)
    assert all(one in command for one in ("--set Was=asset", "--set 'Wieviel kg=quantity kg'", "--set 'liegt in="))


def test_a_price_within_a_header_keeps_its_currency(read):
    """`Price EUR/kg purchase` lost the EUR, and the remedy was to write what stood there."""
    text = "asset;quantity kg;Price EUR/kg purchase\ngallium;5;300\n"
    (row,) = read(text, **{"Price EUR/kg purchase": "purchase_price"}).rows
    assert (row["purchase_price"], row["currency"]) == (300, "EUR")


@pytest.mark.parametrize("status", ["stored", "ordered", "in_transit", ""])
def test_a_lot_that_may_not_come_back_is_at_risk_whatever_else_its_row_says(read, status):
    text = f"lot_id;asset;quantity kg;location;status;remark\nA;gallium;5;Frankfurt;{status};pledged to bank\nB;indium;4;;stored;\n"
    rows = read(text, **{"pledged to bank": "at_risk"}).rows
    assert [row["status"] for row in rows] == ["at_risk", "stored"]


def test_what_is_said_beside_the_table_puts_each_lot_at_risk(read):
    text = "All of it is pledged to the bank;;\nasset;quantity kg;status\ngallium;5;stored\nindium;4;\n"
    rows = read(text, **{"All of it is pledged to the bank": "at_risk"}).rows
    assert [row["status"] for row in rows] == ["at_risk", "at_risk"]


@pytest.mark.parametrize(
    "word", ["lent", "Pledged", "stolen", "verpfändet", "beschlagnahmt", "im Streit", "volé", "rubato", "紛失", "质押"]
)
def test_words_of_a_status_say_that_a_lot_is_at_risk(read, word):
    (row,) = read(f"asset;quantity kg;location;status\ngallium;5;Frankfurt;{word}\n").rows
    assert (row["status"], row["location"]) == ("at_risk", "Frankfurt")
