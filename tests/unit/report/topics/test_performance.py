"""What movements earned, as a section of reports and as the answer of a command: one set of blocks."""

from __future__ import annotations

import itertools
import json
from datetime import date, timedelta

import pytest

from tests.subjects import HOLDINGS, MOVES, context
from toolkit.app.holdings.exposure import ExposureRequest
from toolkit.app.languages import language
from toolkit.app.report.render import as_document, report
from toolkit.app.subjects import Subject, holdings
from toolkit.records.performance import Performance
from toolkit.report.document import Chart, Figure, Heading, KeyFigures, Paragraph, Table
from toolkit.report.i18n.text import plain
from toolkit.report.topics.performance import document


def subject(folder, text: str = MOVES, day: date | None = None, **options) -> Subject:
    (folder / "moves.csv").write_text(text, encoding="utf-8")
    return holdings(ExposureRequest(str(folder / "moves.csv"), context() if day is None else context(day), **options))


def part(found: Subject) -> Performance:
    assert found.parts.performance is not None
    return found.parts.performance


def section(found: Subject, name: str = "full", lang: str = "en"):
    told = as_document(found.record, found.parts, name=name, lang=lang)[0]
    return next((one for one in told.sections if one.name == "performance"), None)


def test_a_report_on_movements_has_the_section_and_one_on_lots_has_none(tmp_path):
    found = subject(tmp_path)
    assert found.record.exposure.movements == len(MOVES.splitlines()) - 1
    shown = section(found, "exposure")
    assert shown is not None
    kinds = [type(part) for block in shown.blocks if isinstance(block, Figure) for part in block.body]
    assert kinds == [Chart, Table]
    lots = subject(tmp_path, HOLDINGS)
    assert lots.record.exposure.movements is None
    assert lots.parts.performance is None
    assert section(lots, "exposure") is section(lots, "full") is None
    assert subject(tmp_path, metal="gallium").parts.performance is None


@pytest.mark.parametrize("lang", ["en", "de"])
def test_command_and_report_tell_the_same(tmp_path, lang):
    found = subject(tmp_path)
    say = language(lang)
    answer = document(part(found), say)
    heading, *_ = answer.sections[0].blocks
    shown = section(found, lang=lang)
    assert shown is not None
    first, *_ = shown.blocks
    assert isinstance(heading, Heading)
    assert isinstance(first, Paragraph)
    assert plain(first.text) == f"{plain(heading.text)}."
    of_report = [plain(block.title) for block in shown.blocks if isinstance(block, Figure)]
    of_command = [plain(block.title) for block in answer.sections[1].blocks if isinstance(block, Figure)]
    assert of_report == of_command
    assert len(of_command) == 8


def test_the_waterfall_ends_at_the_value_and_its_parts_close_to_the_cent(tmp_path):
    whole = part(subject(tmp_path)).whole
    assert whole.value is not None
    assert round(whole.put_in - whole.taken_out + whole.gain.total, 2) == whole.value
    figure = next(block for block in section(subject(tmp_path)).blocks if isinstance(block, Figure))
    (chart,) = figure.body
    spec = json.loads(chart.drawings[0].spec)
    bars = [row for layer in spec["layer"] if layer["mark"]["type"] == "bar" for row in layer["data"]["values"]]
    bars.sort(key=lambda row: row["key"])
    for one, after in itertools.pairwise(bars):
        assert one["level"] == pytest.approx(after["low"], abs=0.01) or one["level"] == pytest.approx(after["high"], abs=0.01)
    assert bars[-1]["low"] == pytest.approx(0.0, abs=0.01)
    assert bars[-1]["high"] == pytest.approx(whole.value, abs=0.01)


def test_what_left_and_costs_of_years_add_up(tmp_path):
    found = part(subject(tmp_path))
    assert [(one.lot_id, one.how, one.quantity, one.fees) for one in found.left] == [
        ("A", "sell", 6.0, 46.0),
        ("C", "loss", 1.0, pytest.approx(18 / 15 * 0.919, abs=0.02)),
    ]
    sold = found.left[0]
    assert (sold.proceeds, sold.cost, sold.gain) == (4680.0, 1683.0, 2951.0)
    gain = found.whole.gain
    for key, sign in (("fees", -1), ("storage", -1), ("tax", -1), ("income", 1)):
        assert sum(getattr(one, key) for one in found.years) == pytest.approx(sign * getattr(gain, key), abs=0.02)


def test_falls_are_those_of_the_index_at_ends_of_months(tmp_path):
    found = part(subject(tmp_path))
    assert found.risk is not None
    highest, deepest = 0.0, 0.0
    for one in found.path:
        if (date.fromisoformat(one.day) + timedelta(days=1)).day != 1:
            continue
        assert one.index is not None
        highest = max(highest, one.index)
        deepest = max(deepest, 1 - one.index / highest)
    assert deepest == pytest.approx(found.risk.depth, abs=1e-9)


@pytest.mark.parametrize("lang", ["en", "de"])
def test_a_first_day_a_file_of_a_sale_of_all_and_one_without_a_price_are_told(tmp_path, lang):
    head = "date,kind,lot,asset,quantity,unit,price,currency\n"
    bought = "2026-11-20,buy,A,gallium,1,kg,900,EUR\n"
    for rows in (
        bought,
        f"{bought}2026-11-22,sell,A,gallium,1,kg,950,EUR\n",
        "2020-01-02,buy,A,gallium,1,kg,200,EUR\n2021-02-01,sell,A,gallium,1,kg,,EUR\n",
    ):
        found = subject(tmp_path, head + rows)
        for kind in ("html", "md", "terminal", "json"):
            assert report(found.record, found.parts, name="full", lang=lang, format=kind)
        assert document(part(found), language(lang)).sections


def test_without_a_price_of_today_nothing_is_told_of_today(tmp_path):
    text = MOVES.replace("buy,C,indium,", "buy,C,indium oxide,")
    found = part(subject(tmp_path, text))
    assert found.whole.value is None
    answer = document(found, language("en"))
    heading, figures = answer.sections[0].blocks
    assert isinstance(heading, Heading)
    assert isinstance(figures, KeyFigures)
    assert "worth" not in plain(heading.text)
    assert [plain(item.note) for item in figures.items][1] == "not defined: what is held has in part no price today"
    assert "without what has no price today" in plain(figures.items[0].note)
    titles = [plain(block.title) for block in answer.sections[1].blocks if isinstance(block, Figure)]
    assert not [title for title in titles if title.startswith("Worth")]
    assert [title for title in titles if title.startswith("Last known on")]
    causes = next(block for block in answer.sections[1].blocks if isinstance(block, Figure))
    assert [type(part) for part in causes.body] == [Table]


def test_many_lots_are_summed_below_the_largest(tmp_path):
    head = "date,kind,lot,asset,quantity,unit,price,currency\n"
    bought = [f"2023-0{1 + i % 9}-0{1 + i % 7},buy,L{i},gallium,{1 + i % 4},kg,{250 + i},EUR" for i in range(50)]
    sold = [f"2025-02-0{1 + i % 7},sell,L{i},gallium,1,kg,{500 + i},EUR" for i in range(45)]
    found = subject(tmp_path, head + "\n".join([*bought, *sold]) + "\n")
    tables = [
        one for block in section(found).blocks if isinstance(block, Figure) for one in block.body if isinstance(one, Table)
    ]
    for table in tables[:2]:
        rows = [plain(row.cells[-1 if table is tables[1] else 6]).replace(",", "").replace("−", "-") for row in table.rows]
        whole = (
            sum(one.gain.total for one in part(found).lots) if table is tables[0] else sum(one.gain for one in part(found).left)
        )
        assert len(rows) == 21
        assert sum(map(float, rows)) == pytest.approx(whole, abs=len(rows) / 2)


def test_lots_of_one_name_are_told_apart_by_their_clients(tmp_path):
    rows = [f"2024-0{month}-10,buy,L-1,indium,5,kg,200,EUR,{client}" for month, client in ((1, "Ada"), (2, "Bo"))]
    sold = "2025-03-10,sell,L-1,indium,1,kg,300,EUR,Bo"
    found = part(subject(tmp_path, "\n".join(["date,kind,lot,asset,quantity,unit,price,currency,client", *rows, sold])))
    blocks = document(found, language("en")).sections[1].blocks
    parts = [one for block in blocks if isinstance(block, Figure) for one in (*block.body, block.data)]
    firsts = [[plain(row.cells[0]) for row in table.rows] for table in parts if isinstance(table, Table)]
    assert ["L-1 (Ada)", "L-1 (Bo)"] in firsts
    assert ["L-1 (Bo)"] in firsts
