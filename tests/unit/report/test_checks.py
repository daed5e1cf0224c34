"""Checks of a store's series in the sources of a report: a row a check, a line where nothing was found."""

from __future__ import annotations

import pytest

from tests.records import partial_findings
from tests.subjects import law
from toolkit.app.languages import language
from toolkit.market.fetched_quality import RULES
from toolkit.report.document import Figure, Paragraph
from toolkit.report.i18n.text import plain
from toolkit.report.topics.sources import CHECKS, data_sources


def finding(asset, rule="gap", **more):
    told = {"severity": "warning", "action": "kept", "count": 2, "date": "2026-03-02", "value": None}
    return {"asset": asset, "rule": rule, **told, **more}


def blocks(parts, code="en"):
    return data_sources.build(partial_findings(law(), parts, language(code)))


def test_without_a_store_nothing_is_said_of_one():
    assert len(blocks({"stored": {"series": 1, "findings": []}})) == len(blocks({})) + 1


def test_series_that_passed_are_one_line():
    block = blocks({"stored": {"series": 9, "findings": []}})[2]
    assert isinstance(block, Paragraph)
    assert plain(block.text).startswith("The nine series")


def test_series_of_one_check_share_a_row_and_errors_are_marked():
    names = [f"T{i}" for i in range(8)]
    found = [
        finding("REMX", "unit_jump", severity="error", action="accepted", date=None),
        *map(finding, names),
        finding("REMX"),
    ]
    block = blocks({"stored": {"series": 12, "findings": found}})[2]
    assert isinstance(block, Figure)
    assert plain(block.title).startswith("Nine of twelve series")
    assert [[plain(cell) for cell in row.cells] for row in block.body[0].rows] == [
        ["▲ step by 10, 100 or 1000", "REMX", "2", "", "accepted by the user"],
        ["missing days", "T0, T1, T2, T3, T4, T5 and 3 more", "18", "2\u00a0Mar\u00a02026", "used as it came"],
    ]


def test_every_rule_has_words_in_german():
    assert {*RULES} <= {*CHECKS}
    found = [finding("REMX", rule) for rule in CHECKS]
    block = blocks({"stored": {"series": 1, "findings": found}}, "de")[2]
    told = [plain(row.cells[0]) for row in block.body[0].rows]
    assert len(told) == len(CHECKS)
    assert not {*told} & {*CHECKS.values()}


@pytest.mark.parametrize("code", ["en", "de"])
def test_the_number_of_series_is_of_one_too(code):
    assert "1" not in plain(blocks({"stored": {"series": 1, "findings": []}}, code)[2].text)
