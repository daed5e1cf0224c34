"""The opening of the market brief: what changed, what is controlled, and what the next official date changes."""

from __future__ import annotations

from datetime import date

import pytest

from tests.records import as_document, asked, json_of, partial_findings
from tests.subjects import market
from toolkit.app import subjects
from toolkit.app.config import resolve
from toolkit.app.context import Context
from toolkit.app.languages import language
from toolkit.app.topics.changes import changes
from toolkit.report.i18n.text import plain
from toolkit.report.topics.market import brief_answer

AS_OF = date(2026, 11, 24)


@pytest.fixture(scope="module")
def found():
    """Findings of the market, in a language."""
    settings = resolve({}, file=None)
    inputs = Context(settings, AS_OF)
    record = subjects.market_record(inputs).to_json() | {"data": [], "warnings": []}
    part = json_of(changes.find(asked(inputs, inputs.products.keys, record)))
    return lambda lang="en": partial_findings(record, {"changes": part}, language(lang))


def test_the_next_official_date_says_what_it_changes_and_speaks_of_no_holdings(found):
    heading, _, paragraph, figures, *_ = brief_answer.build(found())
    words = plain(paragraph.text).replace("\u00a0", " ")
    told = plain(heading.text).replace("\u00a0", " ")
    assert told.endswith("since 24 October 2026; no act after 8 October 2026 was seen, so that they are unconfirmed")
    assert plain(figures.items[1].note).startswith("by their dates alone")
    assert "In 3 days, 27 November 2026: last day on which the ban to the US on gallium, germanium and antimony" in words
    assert "in force again from 28 November 2026 unless that is extended" in words
    assert "hold" not in words
    assert plain(figures.items[2].value).replace("\u00a0", " ") == "27 Nov 2026"


def test_the_german_brief_names_acts_without_a_number_in_german():
    subject = market()
    document, _ = as_document(subject.record, subject.parts, name="market-brief", lang="de")
    (changed,) = [section for section in document.sections if section.name == "changes"]
    told = str(changed.content)
    assert "Erklärung des MOFCOM" in told
    assert "statement of" not in told
