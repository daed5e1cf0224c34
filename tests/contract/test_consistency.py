"""Figures of whole reports that contradict each other, or themselves, whatever the report and the language."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from tests.lots import HEADER, TWELVE
from tests.subjects import proposal, with_parts
from toolkit.app.config import resolve
from toolkit.app.exposure import ExposureRequest
from toolkit.app.report import report
from toolkit.app.subjects import holdings, market

DAY = date(2026, 11, 24)
PERCENT = re.compile(r"\u2212(\d[\d.,]*)[\u00a0\u202f ]?%")
MARKER = re.compile(r"^[SA]\d+$")


@pytest.fixture(scope="module")
def subjects(tmp_path_factory):
    file = tmp_path_factory.mktemp("lots") / "lots.csv"
    file.write_text("\n".join([HEADER, *TWELVE]))
    settings = resolve({}, file=None)
    run = with_parts(proposal())
    return {"run": run, "lots": holdings(ExposureRequest(str(file), settings, DAY)), "market": market(settings, DAY)}


REPORTS = [("run", "allocation"), ("run", "full"), ("run", "webinar"), ("lots", "exposure"), ("market", "market-brief")]


@pytest.fixture(params=[(*one, lang) for one in REPORTS for lang in ("en", "de")], ids="-".join)
def page(request, subjects) -> tuple[Any, dict[str, Any]]:
    kind, name, lang = request.param
    subject = subjects[kind]
    return subject, json.loads(report(subject.record, subject.parts, name=name, lang=lang, format="json"))


def spans(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "text" in node and "refs" in node:
            yield node
        for value in node.values():
            yield from spans(value)
    elif isinstance(node, list):
        for value in node:
            yield from spans(value)


def test_nothing_falls_by_more_than_all_of_itself(page):
    _, document = page
    comma = "," if document["language"] == "de" else "."
    for span in spans(document["sections"]):
        for figure in PERCENT.findall(span["text"]):
            number = figure.replace("." if comma == "," else ",", "").replace(comma, ".")
            assert float(number) <= 100, span["text"]


def tables(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if node.get("kind") == "bartable":
            yield node
        for value in node.values():
            yield from tables(value)
    elif isinstance(node, list):
        for value in node:
            yield from tables(value)


def test_a_factor_falls_by_less_than_all_of_itself(page):
    """Its fall stands without a sign in the column of what falls by how much."""
    _, document = page
    falls = [table for table in tables(document["sections"]) if table["columns"][0]["label"] in ("falls by", "fällt um")]
    assert falls or not any(section["name"] == "risk" for section in document["sections"])
    for bar in (bar for table in falls for bar in table["bars"]):
        told = "".join(span["text"] for span in spans(bar["cells"][0]))
        assert float(re.sub(r"[^0-9]", "", told)) < 100, told


def test_a_marker_that_is_cited_is_told_in_the_report(page):
    _, document = page
    told = json.dumps(
        [s for s in document["sections"] if s["name"] in ("sources", "assumptions")], ensure_ascii=False
    ).casefold()
    cited = {ref for span in spans(document["sections"]) for ref in span["refs"] if MARKER.match(ref)}
    assert cited
    assert [ref for ref in sorted(cited) if f'"{ref.casefold()}"' not in told] == []


def test_the_deepest_fall_names_the_month_from_which_it_is(subjects):
    series = subjects["run"].parts["prices"]["series"]
    assert series
    for one in series:
        assert one["fall"]["since"] <= one["fall"]["peak"] <= one["fall"]["trough"]


@pytest.mark.parametrize(("lang", "holds"), [("en", "every limit holds"), ("de", "alle Grenzen sind eingehalten")])
def test_every_limit_holds_is_said_only_where_it_holds_at_the_last_prices_too(subjects, lang, holds):
    record, parts = subjects["run"].record, subjects["run"].parts
    last = record["at_last_prices"]
    assert last["limits_broken"]  # of the bundled prices of today
    page = report(record, parts, name="allocation", lang=lang, format="md").decode()
    assert holds not in page
    worth = last["value"] - record["cash"]["value"]
    told = f"{worth:,.0f}" if lang == "en" else f"{worth:,.0f}".replace(",", ".")
    assert told in page
    calm = {**record, "at_last_prices": {**last, "limits_broken": []}}
    assert holds in report(calm, parts, name="allocation", lang=lang, format="md").decode()


def test_a_last_price_far_from_its_level_is_marked_at_the_order(subjects):
    record, parts = subjects["run"].record, subjects["run"].parts
    page = report(record, parts, name="allocation", lang="en", format="md").decode()
    orders = next(lines for lines in page.split("\n\n") if "Last print" in lines)
    held = [p for p in record["positions"] if p["value"] > 0.005]
    far = [p["name"] for p in held if abs(p["price_raw"] / p["price"] - 1) > 0.25]
    assert far
    marked = [line for line in orders.splitlines() if "▲" in line]
    assert len(marked) == len(far)
    assert all(any(name in line for line in marked) for name in far)


def test_what_rounding_does_to_the_volatility_stands_at_the_rounding(subjects):
    record, parts = subjects["run"].record, subjects["run"].parts
    page = report(record, parts, name="allocation", lang="en", format="md").decode()
    both = [f"{100 * value:.1f}%" for value in (record["risk"]["volatility"], record["relaxed"]["volatility"])]
    assert any(all(figure in line for figure in both) and "divisible" in line for line in page.splitlines())


def test_no_page_with_noisy_series_says_that_none_has_a_stray_print(page):
    _, document = page
    told = json.dumps(document["sections"], ensure_ascii=False)
    assert "a stray print" not in told
    assert "einen Ausreißer" not in told
