"""Data age and quality as a reader sees them: alike series together, a column only for a fault that occurs."""

from __future__ import annotations

from tests.blocks import rows
from tests.records import partial_findings
from tests.subjects import law
from toolkit.app.languages import language
from toolkit.report.i18n.text import plain
from toolkit.report.topics.prices import quality

ROW = {
    "asset": "gallium", "name": "Gallium ingot", "element": "Ga", "basis": "customs_unit_value", "noisy": True, "old": True,
    "first": "2023-01-31", "last": "2026-07-31", "observations": 43, "rhythm": "monthly", "expected": 43, "gaps": 0,
    "longest_gap": 0, "longest_gap_after": None, "stale_run": 1, "stale_until": "2026-07-31", "outliers": 0,
    "outlier_date": None, "outlier_z": None, "unit_ratio": None, "unit_date": None, "age_days": 116,
}  # fmt: skip
GOLD = {
    **ROW,
    "asset": "gold",
    "name": "Gold bar",
    "element": "Au",
    "basis": "monthly_average",
    "noisy": False,
    "age_days": 9,
    "old": False,
}


def figure(*series, without=(), code="en"):
    parts = {"quality": {"series": list(series), "without": list(without), "data": []}}
    (found,) = quality.build(partial_findings(law(), parts, language(code)))
    return found


def test_series_of_which_the_same_is_to_be_said_share_a_row():
    germanium = {**ROW, "asset": "germanium", "name": "Germanium ingot", "element": "Ge"}
    assert rows(figure(ROW, germanium, GOLD)) == [
        [
            "Gallium, germanium",
            "customs unit value, noisy",
            "43",
            "Jan\u00a02023",
            "Jul\u00a02026",
            "▲ 116",
            "estimated price",
        ],
        ["Gold", "monthly average", "43", "Jan\u00a02023", "Jul\u00a02026", "9", "as published"],
    ]


def test_the_title_says_how_old_and_how_many_are_noisy():
    assert plain(figure(ROW, GOLD).title) == (
        "The newest prices are 9 to 116 days old; one of two series is a customs value, which carries noise"
    )
    assert plain(figure(GOLD).title) == "The newest prices are 9 days old"
    assert plain(figure(ROW, GOLD, code="de").title) == (
        "Die neuesten Preise sind 9 bis 116 Tage alt; eine von zwei Reihen besteht aus Einfuhrwerten, die verrauscht sind"
    )


def test_a_fault_has_a_column_where_it_occurs_and_a_word_where_it_does_not():
    holed = {**ROW, "observations": 38, "stale_run": 5, "stale_until": "2025-03-31"}
    found = figure(holed, GOLD)
    heads = [column.label for column in found.body[0].columns]
    assert heads[5:7] == ["Missing periods", "Same price in a row"]
    assert rows(found)[0][5:7] == ["5 of 43", "5 (Mar\u00a02025)"]
    assert rows(found)[1][5:7] == ["–", "–"]
    assert "an outlier" not in plain(found.sub)
    assert "Outliers" not in heads


def test_stray_prints_and_changes_of_unit():
    stray = {**ROW, "outliers": 2, "outlier_date": "2026-01-31", "outlier_z": 15.6}
    unit = {**GOLD, "outliers": 1, "outlier_date": "2026-01-31", "unit_ratio": 1000.0, "unit_date": "2026-02-28"}
    assert [row[5] for row in rows(figure(stray, unit))] == ["2 (Jan\u00a02026)", "change of unit or split Feb\u00a02026?"]


def test_assets_without_a_series_are_named():
    rhenium = {"asset": "rhenium", "name": "Rhenium pellets", "element": "Re"}
    assert plain(figure(ROW, without=[rhenium]).sub).endswith("No series is known for rhenium.")


def test_age_is_marked_and_explained_only_where_a_price_is_old():
    assert "▲" in plain(figure(ROW).source)
    assert "▲" not in plain(figure(GOLD).source)
    assert any(span.style == "warn" for row in figure(ROW).body[0].rows for cell in row.cells for span in cell)
