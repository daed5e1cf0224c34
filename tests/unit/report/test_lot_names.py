"""Names of lots in tables of a report."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from toolkit.app.languages import language
from toolkit.report.topics.holdings import lot_anchors, lot_names


@pytest.mark.parametrize(
    ("lots", "names"),
    [
        ({"A1": "Meier", "row 3": "Harz", "Harz 2": "Harz", "B": None}, ["A1 (Meier)", "Zeile 3 (Harz)", "Harz 2", "B"]),
        ({"A1": "Meier", "row 3": "Meier"}, ["A1", "Zeile 3"]),
        ({"A1": None, "row 3": None}, ["A1", "Zeile 3"]),
    ],
)
def test_a_lot_has_the_name_of_its_client_once_and_where_there_are_several(lots, names):
    found = lot_names([SimpleNamespace(lot_id=lot, client=client) for lot, client in lots.items()], language("de"))
    assert [*found.values()] == names


def test_each_lot_has_an_id_of_its_own_whatever_its_name():
    lots = ["4711", "A/1", "a 1", "A-1", "GA-1 Zürich", "<script>", "稀土", "---", ""]
    found = lot_anchors(lots)
    assert [*found] == lots
    assert len({*found.values()}) == len(lots)
    assert found["4711"] == "lot-4711"
    assert found["GA-1 Zürich"] == "lot-ga-1-zürich"
    assert not any(sign in anchor for anchor in found.values() for sign in " <>\"'&/#")
