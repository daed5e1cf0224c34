"""The page on holdings files says what the code reads."""

from __future__ import annotations

import re
from pathlib import Path

from tests.holdings_files import parsed
from toolkit.core.countries import country_names
from toolkit.core.places import place
from toolkit.market.layouts.texts import is_plain_place
from toolkit.market.readers.holdings.read import MOST_LOTS

PAGE = (Path(__file__).parents[2] / "docs" / "holdings.md").read_text(encoding="utf-8")


def test_the_files_on_the_page_are_read():
    files = re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)
    masses = [parsed(file.replace("Wolfram", "Gallium")).holdings().frame["mass"].to_list() for file in files[:2]]
    assert masses == [[5.0, 100.0], [12.5, 30.0]]


def test_the_limit_is_the_one_of_the_code():
    assert f"At most {MOST_LOTS:,} lots" in PAGE


def test_the_places_on_the_page_are_read_as_it_says():
    rows = re.findall(r"^\| ((?:`[^`]+`(?:, )?)+)[^|]*\| ([^|]+) \|", PAGE.partition("## Where it lies")[2], re.MULTILINE)
    english = country_names("en")
    for texts, told in rows:
        for text in re.findall(r"`([^`]+)`", texts):
            code = place(text).country
            if "asked" in told:
                assert not is_plain_place(text), text
            elif "unknown" in told:
                assert code is None, text
            else:
                assert code is not None, text
                assert english[code].removesuffix(" SAR China") in told, (text, told)
    assert len(rows) == 10
    assert place("Birmingham, UK").country == "GBR"
