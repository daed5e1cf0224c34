import json
import re
import unicodedata
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

import toolkit
from toolkit.core.messages import message
from toolkit.core.text import cleaned, figure, half_up, indented, one_line, printable, repeated, words
from toolkit.report.i18n.formats import Formats


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("gallium", "gallium"),
        ("Übergangs-\u00a0metall, 鎵, Галлий", "Übergangs-\u00a0metall, 鎵, Галлий"),
        ("bell\x07", "bell\ufffd"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("nul\x00l", "nul\ufffdl"),
        ("half \ud83d pair", "half \ufffd pair"),
        ("no XML \ufffe", "no XML \ufffd"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("gal\u200blium\ufeff", "gallium"),
        ("two\r\nlines\tand\u2028more", "two lines and more"),
        ("Ga\u0308nse", "Gänse"),
        ("private \ue000, no letter yet \u0378", "private \ue000, no letter yet \u0378"),
        ("ogham\u1680space", "ogham\u1680space"),
        ("no character \U0001fffe", "no character \ufffd"),
        ("[red]x[/b]", "[red]x[/b]"),
    ],
)
def test_a_name_is_one_line_of_visible_characters(text, shown):
    assert one_line(text) == shown


@given(st.text() | st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Cn"])))
def test_what_is_printable_changes_no_more_and_fits_into_a_page(text):
    for clean in (one_line, printable):
        shown = clean(text)
        assert clean(shown) == shown
        assert not {unicodedata.category(c) for c in shown.replace("\n", "").replace("\t", "")} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
        ET.fromstring("<a>" + shown.replace("&", "").replace("<", "") + "</a>")
    assert "\n" not in one_line(text)


def test_parsed_data_is_clean_throughout():
    data = {"a\x07": ["x\x1b", {"name": "two\nlines", "idea": "two\nlines"}], "n": 1.5, "none": None}
    assert cleaned(data) == {"a\ufffd": ["x\ufffd", {"name": "two lines", "idea": "two\nlines"}], "n": 1.5, "none": None}


AMOUNTS = [sign * lead * 10.0**power for power in range(-4, 12) for lead in (1, 1.2, 9.99995, 1.23456789) for sign in (1, -1)]


@pytest.mark.parametrize("digits", [3, 4, 6])
def test_no_amount_is_written_with_an_exponent_nor_its_whole_part_cut(digits):
    for amount in AMOUNTS:
        for grouped in (True, False):
            spec = f"{',' if grouped else ''}.{digits}g"
            shown = figure(amount, digits, grouped=grouped)
            assert "e" not in shown
            assert abs(float(shown.replace(",", "")) - amount) <= max(0.5, 10 ** (1 - digits) * abs(amount)) * (1 + 1e-9)
            assert message(f"{{amount:{spec}}}", amount=amount) == shown
            for code in ("en", "de"):
                assert "e" not in Formats(Locale(code)).significant(amount, spec)
                assert "e" not in Formats(Locale(code)).plain_number(amount)
    assert (figure(1200.0, 3), figure(1234567.8), figure(0.0001), figure(12.5)) == ("1,200", "1,234,568", "0.0001", "12.5")
    assert (figure(1234.567), figure(99999.94), figure(99.94, 3)) == ("1,234.57", "99,999.9", "99.9")
    assert (figure(1234567.8, grouped=False), figure(1e15), figure(999999999999999.0)) == (
        "1234568",
        "1e+15",
        "999,999,999,999,999",
    )


def test_amounts_outside_of_sentences_are_written_by_that_function():
    """What is grouped in thousands is an amount; `str.format` alone would write a large one with an exponent."""
    root = Path(toolkit.__file__).parent
    found = [
        f"{path.relative_to(root)}:{number}"
        for path in sorted(root.rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(r"""\bf["'].*:,(\.\d+)?g\}""", line)
    ]
    assert not found


@pytest.mark.parametrize(
    ("value", "decimals", "told"),
    [
        (116.5, 0, "117"),
        (117.5, 0, "118"),
        (-116.5, 0, "-117"),
        (2.675, 2, "2.68"),
        (100 * 0.145, 0, "15"),  # 14.499999999999998 as a float
        (1234567.005, 2, "1,234,567.01"),
        (0.0, 1, "0.0"),
        (2e15, 0, "2,000,000,000,000,000"),
        (float("inf"), 0, "inf"),
    ],
)
def test_ties_are_rounded_as_in_a_ledger(value, decimals, told):
    assert half_up(value, decimals) == told


def test_names_that_repeat_are_told_in_the_order_of_their_first_appearance():
    assert repeated(name for name in ["b", "a", "c", "a", "b"]) == ["b", "a"]


@pytest.mark.parametrize(
    ("text", "entries"),
    [("ISO 9001; LBMA", ("ISO 9001", "LBMA")), (" a ;; b c;", ("a", "b c")), ("", ()), (None, ())],
)
def test_a_column_that_holds_a_list_is_read_entry_by_entry(text, entries):
    assert words(text) == entries


def test_json_is_indented_by_one_also_with_half_a_character():
    assert indented({"metal": ["鎵", float("nan")]}) == '{\n "metal": [\n  "鎵",\n  null\n ]\n}'
    assert indented({"metal": "鎵"}, ascii_only=True) == '{\n "metal": "\\u93b5"\n}'
    for ascii_only in (False, True):
        file = {"file": "stock\udce9.csv", "metal": "鎵"}
        said = indented(file, ascii_only=ascii_only)
        assert said == json.dumps(file, indent=1, ensure_ascii=ascii_only)
        assert ("鎵" in said) is not ascii_only
    with pytest.raises(ValueError, match="not JSON compliant"):
        indented(["\udce9", float("inf")])
