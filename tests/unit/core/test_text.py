import unicodedata
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.core.text import cleaned, one_line, printable


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
