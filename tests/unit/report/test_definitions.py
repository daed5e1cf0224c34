"""The documents of the reports cannot drift: every section, definition and format stands in docs/reports.md, and every definition works."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from toolkit.app.report import FORMATS
from toolkit.report.compose import builders
from toolkit.report.topics.holdings import ANSWER
from toolkit.report.topics.liquidation import ANSWER as EXIT

REPOSITORY = Path(__file__).resolve().parents[3]
PAGE = (REPOSITORY / "docs" / "reports.md").read_text(encoding="utf-8")
DEFINITIONS = sorted((REPOSITORY / "reports").glob("*.toml"))
NAMED = set(re.findall(r"`([a-z-]+)`", "\n".join(line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `"))))


def test_every_section_report_and_format_is_described_and_nothing_else():
    assert {*builders(), *FORMATS, *(path.stem for path in DEFINITIONS)} == NAMED


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.stem)
def test_a_definition_names_sections_that_exist_each_once(path):
    sections = tomllib.loads(path.read_text(encoding="utf-8"))["sections"]
    assert set(sections) <= set(builders())
    assert len(sections) == len(set(sections))


def test_every_section_is_in_some_report():
    used = {name for path in DEFINITIONS for name in tomllib.loads(path.read_text(encoding="utf-8"))["sections"]}
    assert used | {*ANSWER.sections, *EXIT.sections} == set(builders())
