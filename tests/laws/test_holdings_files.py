"""Laws of holdings files: how a file is written changes nothing, its corrected copy says the same, and damage is told."""

from __future__ import annotations

import csv
import io
import random
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.holdings_files import GERMAN, parsed
from toolkit.app import languages
from toolkit.core.errors import ToolkitError
from toolkit.market.layouts.fields import HOLDINGS
from toolkit.market.layouts.vocabulary import vocabulary
from toolkit.market.readers.cells import amount
from toolkit.market.readers.holdings.lots import CHECK
from toolkit.report.topics.files import template

CORPUS = Path(__file__).parents[1] / "corpus"
DISTURBANCES = (";", ",", ".", '"', "\n", "-", "#", "# ", "0", "1.234", "1,234", "\t", "€", "¥", " g", "kg", "?", "%", "\x07", "\u202e", "nan",
                "1e308", "1e-320", "=1+1", "[red]x[/red]", "{x}", "Summe", "Total;", "03/04/2026", "99999999999999999999", "Stück", "CHI", "")  # fmt: skip

lots = st.lists(
    st.fixed_dictionaries(
        {
            "asset": st.sampled_from([("gallium", ["Ga", "Gallium", "GALLIUM"]), ("silver", ["Silber", "silver", "Ag"]),
                                      ("neodymium", ["Neodym", "Nd", "neodymium"]), ("gold", ["Gold", "gold", "Au"])]),
            "quantity": st.decimals(min_value="0.001", max_value=99999, places=3, allow_nan=False),
            "unit": st.sampled_from([("kg", ["kg", "Kg", "Kilogramm"]), ("g", ["g", "Gramm"]), ("ozt", ["ozt", "Feinunzen"])]),
            "purchase_date": st.dates(min_value=date(2015, 1, 1), max_value=date(2026, 1, 1)),
            "purchase_price": st.decimals(min_value="0.01", max_value=99999, places=2, allow_nan=False),
            "currency": st.sampled_from([("EUR", ["EUR", "eur", "€"]), ("USD", ["USD", "US-Dollar"])]),
            "origin_country": st.sampled_from([("CHN", ["CN", "China", "CHN"]), ("DEU", ["Deutschland", "DE"]), ("unknown", ["", "unbekannt"])]),
            "status": st.sampled_from([("stored", ["stored", "gelagert", ""]), ("ordered", ["bestellt", "Ordered"])]),
        }
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip


def grouped(number, mark, spaces):
    whole, _, rest = f"{number:f}".partition(".")
    other = {",": ".", ".": ","}[mark]
    thousands = f"{int(whole):,}".replace(",", " " if spaces else other)
    return f"{thousands}{mark}{rest}0"  # a fourth decimal leaves no mark in doubt


@given(lots, st.randoms(use_true_random=False), st.sampled_from([",", "."]), st.sampled_from([";", "\t", ","]), st.booleans())
def test_spelling_order_and_case_of_columns_and_rows_change_nothing(rows, rng, mark, separator, spaces):
    keys = list(rows[0])
    canonical, written = [], []
    for i, row in enumerate(rows):
        plain, shown = {"lot_id": f"L{i}"}, {"lot_id": f"L{i}"}
        for key, value in row.items():
            if isinstance(value, tuple):
                plain[key], shown[key] = value[0], rng.choice(value[1])
            elif key == "purchase_date":
                plain[key], shown[key] = value.isoformat(), rng.choice([f"{value:%d.%m.%Y}", value.isoformat()])
            else:
                plain[key], shown[key] = f"{value}0", grouped(value, mark, spaces)
        canonical.append(plain)
        written.append(shown)
    rng.shuffle(written)
    order = ["lot_id", *keys]
    rng.shuffle(order)
    headers = {key: rng.choice(vocabulary().names("holdings", key)) for key in order}
    headers = {
        key: rng.choice([str.upper, str.title, str.lower])(text).replace(" ", rng.choice([" ", "_"]))
        for key, text in headers.items()
    }

    def file(names, lines, mark):
        out = io.StringIO()
        writer = csv.writer(out, delimiter=mark)
        writer.writerow([names[key] for key in order])
        writer.writerows([[line[key] for key in order] for line in lines])
        return out.getvalue()

    theirs = parsed(file(headers, written, separator)).holdings().frame
    ours = parsed(file(dict(zip(order, order, strict=True)), canonical, ",")).holdings().frame
    assert theirs.equals(ours)
    assert [float(row["quantity"]) for row in canonical] == ours["quantity"].to_list()


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_template_has_every_column_no_lot_and_an_example_that_reads(language):
    text = template(languages.language(language))
    assert parsed(text).holdings().frame.is_empty()
    lines = text.splitlines()
    example = lines[-2].removeprefix("# ")
    read = parsed("\n".join([lines[-1], example]))
    assert read.holdings().frame.height == 1
    assert set(read.columns.values()) == {one.key for one in HOLDINGS if one.example}
    assert read.notes == ()
    for title in lines[-1].split(";" if language == "de" else ","):
        assert any(line.startswith(f"# {title}: ") for line in lines)
    told = {one.key for one in HOLDINGS if f"# {one.key}: {one.holds} (" in text}
    assert told == ({one.key for one in HOLDINGS if one.example} if language == "en" else set())


def agrees(read):
    """No number of a file without a fault or a question is read in a way that nothing settles."""
    if read.faults or read.broken or read.questions:
        return
    cells = [
        (key, i, found)
        for key in ("quantity", "purchase_price", "storage_fee")
        if key in read.columns.values()
        for i, text in enumerate(read.table.cells[next(h for h, k in read.columns.items() if k == key)].to_list())
        if text and (found := amount(text))
    ]
    only = {mark for _, _, found in cells if len(found.readings) == 1 for mark in found.readings}
    assert len(only) <= 1
    doubtful = [found for _, _, found in cells if len({*found.readings.values()}) > 1]
    assert not doubtful or only


def damage(seed):
    """The German file with a few cells, lines or bytes disturbed."""
    rng = random.Random(seed)
    text = GERMAN
    for _ in range(rng.randint(1, 4)):
        kind = rng.randrange(6)
        at = rng.randrange(len(text) + 1)
        lines = text.split("\n")
        if kind == 0:
            text = text[:at] + rng.choice(DISTURBANCES) + text[at:]
        elif kind == 1:
            text = text[:at] + text[at + rng.randint(1, 8) :]
        elif kind == 2:
            i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
            lines[i], lines[j] = lines[j], lines[i]
            text = "\n".join(lines)
        elif kind == 3:
            i = rng.randrange(len(lines))
            cells = lines[i].split(";")
            cells[rng.randrange(len(cells))] = rng.choice(DISTURBANCES)
            text = "\n".join([*lines[:i], ";".join(cells), *lines[i + 1 :]])
        elif kind == 4:
            i = rng.randrange(len(lines))
            text = "\n".join([*lines[: i + 1], *lines[i:]])
        else:
            text = re.sub(r"\d", lambda m: rng.choice("0123456789") if rng.random() < 0.05 else m[0], text)
    raw = text.encode(rng.choice(["utf-8", "utf-8", "utf-8-sig", "cp1252", "utf-16"]), errors="replace")
    if rng.random() < 0.2 and raw:
        at = rng.randrange(len(raw))
        raw = raw[:at] + bytes([rng.randrange(256)]) + raw[at + 1 :]
    return raw


def survives(content):
    """The file is read, or refused by an error of the contract that says what to do."""
    try:
        read = parsed(content)
        agrees(read)
        read.holdings()
    except ToolkitError as error:
        refused = error
    else:
        return True
    assert refused.message
    assert refused.hint
    assert refused.kind in ("data", "frame")
    assert "\x07" not in str(refused)
    assert "\u202e" not in str(refused)
    return False


@pytest.mark.parametrize("seed", range(0, 300, 10))
def test_damaged_files_are_read_or_refused_and_never_break(seed):
    for one in range(seed, seed + 10):
        survives(damage(one))


@pytest.mark.parametrize("file", sorted(CORPUS.glob("lots-*")), ids=lambda file: file.name)
def test_files_that_once_broke_the_reader(file):
    survives(file.read_bytes())


def test_the_remedy_names_the_command():
    assert "toolkit holdings check" in CHECK
