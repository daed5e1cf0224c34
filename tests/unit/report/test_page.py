"""The whole page: what it holds for any run, what it never holds, and that every figure in it is in the run object."""

from __future__ import annotations

import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.records import partial_findings, report_html, shown_metal, shown_name
from tests.subjects import HOSTILE
from toolkit.core.errors import SpecError
from toolkit.core.text import half_up
from toolkit.report.compose import ReportDefinition, builders, compose
from toolkit.report.document import Missing
from toolkit.report.i18n.formats import Formats

REPOSITORY = Path(__file__).resolve().parents[3]
FORMATS = Formats()
ASSUMED = ("assumption", "published_fee")
"""Terms of which the spread is assumed; of the second the fee of storage is published."""
NAMES = ("normal", "moved", "tiny", "cash", "hostile", "shocks", "origins")


class Reader(HTMLParser):
    """Tables by caption, as rows of texts; attributes that could fetch something; links and ids."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.tags: list[str] = []
        self.fetching: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self._rows: list[list[str]] = []
        self._in: str | None = None

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for key, value in attrs:
            if (
                key in ("src", "srcset", "data", "action", "poster")
                or (key == "href" and not value.startswith("#"))
                or key[:2] == "on"
            ):
                self.fetching.append((key, value))
            if key == "href":
                self.targets.append(value[1:])
            if key == "id":
                self.ids.append(value)
        if tag == "table":
            self._rows = []
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._rows[-1].append("")
            self._in = "cell"
        elif tag == "caption":
            self._in, self.caption = "caption", ""

    def handle_endtag(self, tag):
        if tag in ("td", "th", "caption"):
            self._in = None
        elif tag == "table":
            self.tables[self.caption] = self._rows

    def handle_data(self, data):
        if self._in == "cell":
            self._rows[-1][-1] += data
        elif self._in == "caption":
            self.caption += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


@pytest.fixture(scope="module")
def read_pages(pages):
    return {name: read(page) for name, page in pages.items()}


@pytest.mark.parametrize("name", NAMES)
def test_every_section_has_its_heading_and_content(subjects, pages, name):
    chosen = tomllib.loads((REPOSITORY / "reports" / "allocation.toml").read_text(encoding="utf-8"))["sections"]
    chosen.remove("also")
    for section in chosen:
        if builders()[section].title and (name, section) != ("cash", "exit"):  # with nothing to sell it is left out
            assert f'<h2 id="h-{section}">{builders()[section].title}</h2>' in pages[name]
    subject = subjects[name]
    sections = compose(partial_findings(subject.record, subject.parts), ReportDefinition("t", tuple(chosen))).sections
    empty = {section.name for section in sections if isinstance(section.content, Missing)}
    unknown = {"controls", "exposure", "whatif", "prices"}  # assets that the toolkit knows nothing of
    assert empty == {"cash": {"allocation", "exposure", "exit"}, "tiny": unknown}.get(name, set())


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_fetched_and_nothing_runs(read_pages, pages, name):
    assert read_pages[name].fetching == []
    assert read_pages[name].tags.count("script") == 1
    assert "<script data-copy=" in pages[name]
    assert not {"link", "img", "iframe", "object", "embed", "base", "form"} & set(read_pages[name].tags)
    assert "default-src 'none'" in pages[name]
    assert "url(http" not in pages[name]
    assert "@import" not in pages[name]


@pytest.mark.parametrize("name", NAMES)
def test_ids_are_unique_and_every_marker_finds_its_row(read_pages, name):
    ids = read_pages[name].ids
    assert len(ids) == len(set(ids))
    assert set(read_pages[name].targets) <= set(ids)


@pytest.mark.parametrize("name", NAMES)
def test_a_row_leads_back_to_where_it_is_cited_first(pages, read_pages, name):
    cited = {target for target in read_pages[name].targets if re.fullmatch(r"[sa]\d+", target)}
    back = [target for target in read_pages[name].targets if target.endswith("-at")]
    assert len(back) == len({*back}) > 3
    assert {target.removesuffix("-at") for target in back} <= cited
    for target in cited:
        first = re.search(rf'<a(?: id="{target}-at")? href="#{target}">', pages[name])
        assert first is not None
        assert " id=" in first[0]


@pytest.mark.parametrize("name", NAMES)
def test_the_words_are_calm(pages, name):
    prose = re.sub(r"<style>.*?</style>|<script data-copy.*?</script>|<!doctype html>", "", pages[name], flags=re.S)
    assert "\u2014" not in prose
    assert "!" not in prose
    assert not re.search(r"\b(should|recommend|None|nan|inf)\b", prose)


@pytest.mark.parametrize("name", NAMES)
def test_a_default_page_is_small_and_the_same_for_the_same_record(subjects, name):
    record, parts = subjects[name].record, subjects[name].parts
    page = report_html(record, parts=parts)
    assert len(page.encode()) < 500_000
    assert report_html(record, parts=parts) == page


def test_hostile_names_stand_literally_and_isolated(pages):
    page = pages["hostile"]
    assert page.count("<script") == 1
    assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>" in page
    for name in HOSTILE[1:]:
        assert f"<bdi>{name}</bdi>" in page


def test_weights_and_cash_are_those_of_the_record(records, read_pages):
    for name in ("normal", "moved"):
        record, shown = records[name], {row[0]: row[2:] for row in read_pages[name].tables["Weights"][1:]}
        held = [p for p in record["positions"] if p["weight"] > 0 or p["previous_weight"] > 0]
        assert len(shown) == len(held) + 1
        column = 1 if name == "moved" else 0
        for p in held:
            expected = FORMATS.percent(p["weight"]) if p["weight"] > 0 else "–none"
            assert shown[shown_metal(p)][column] == expected
        assert shown["Cash"][column] == FORMATS.percent(record["cash"]["weight"])


def test_orders_carry_lots_prices_values_and_costs_of_the_record(records, read_pages):
    record, rows = records["normal"], read_pages["normal"].tables["Orders"]
    shown = {row[0]: row[1:] for row in rows[1:]}
    for p in (p for p in record["positions"] if p["weight"] > 0):
        order, lots, lot, level, last, value, cost = shown[p["name"]]
        assert (order, value) == (f"buy {p['quantity']:,.6g} {p['unit']}", half_up(p["value"], 0))
        assert (lots, lot) == (str(p["lots"]), f"{p['lot_size']:g} {p['unit']}")
        assert float(level.split(" /")[0].split(" ±")[0].replace(",", "")) == pytest.approx(p["price"], rel=2e-3)
        assert float(last.lstrip("▲▼ ").split(", ")[0].replace(",", "")) == pytest.approx(p["price_raw"], rel=2e-2)
        assert cost == half_up(p["cost"], 0)
    assert shown["Together"][-2] == half_up(sum(p["value"] for p in record["positions"]), 0)
    record, rows = records["moved"], read_pages["moved"].tables["Orders"]
    shown = {row[0]: row[1:] for row in rows[1:]}
    assert all(shown[shown_name(p)][-1] == f"{p['quantity']:,.6g} {p['unit']}" for p in record["positions"] if p["weight"] > 0)


def test_risk_countries_and_limits_are_those_of_the_record(records, read_pages):
    record, tables = records["normal"], read_pages["normal"].tables
    contributions = {row[0].casefold(): row[-1] for row in tables["Risk contributions"][1:]}
    for asset, share in contributions.items():
        assert share == FORMATS.percent(record["risk_contributions"][asset])
    countries = {row[0]: row[-1] for row in tables["Country of supply"][1:]}
    assert countries["China"] == FORMATS.percent(record["exposures"]["country"]["CHN"])
    assert "Under control" not in countries, "what is under control is no country: the limits tell it"
    named = sum(v for k, v in record["exposures"]["country"].items())
    told = sum(float(v.rstrip("%")) for k, v in countries.items() if k != "Not named" and v.endswith("%"))
    assert told == pytest.approx(100 * named, abs=1.0)
    limits = {row[0]: row for row in tables["Limits, room and price"][1:]}
    for c in record["constraints"]:
        if c["value"] is not None:
            assert FORMATS.percent(c["value"]) in limits[c["name"]]
            assert FORMATS.number(100 * c["slack"], 1) in limits[c["name"]]


def test_the_sum_closes_to_the_cent(records, pages):
    words = re.search(r'<p class="equation">(.*?)</p>', pages["normal"])
    assert words is not None
    amounts = [round(float(a.replace(",", "")) * 100) for a in re.findall(r"€([\d,.]+\d)", words[1])]
    assert len(amounts) == 4
    assert sum(amounts[:3]) == amounts[3] == round(records["normal"]["budget"] * 100)


def test_assumptions_are_set_in_their_own_type_and_published_terms_are_not(records, pages):
    for p in (p for p in records["normal"]["positions"] if p["cost"] > 0):
        cost = f"{p['cost']:,.0f}"
        assert (f'<span class="de">{cost}</span>' in pages["normal"]) == (p["terms"] in ASSUMED), p["asset"]
    orders = pages["tiny"].split('<section id="allocation"')[1].split("</section>")[0]
    assert "Orders" in orders
    assert 'class="as"' not in orders
    assert 'class="de"' not in orders


def test_an_all_cash_run_says_so(pages):
    heading = re.search(r"<h1>(.*?)</h1>", pages["cash"])
    assert heading is not None
    assert "stays in cash" in heading[1]


def test_unknown_assets_are_not_called_uncontrolled(pages):
    lead = pages["tiny"].split("<section")[0]
    assert "Largest holding" in lead
    assert "Under export control" not in lead


def test_a_broken_limit_heads_the_page(records):
    record = dict(records["normal"])
    record["constraints"] = [{**c, "slack": -0.01} if c["name"] == "cash" else c for c in record["constraints"]]
    page = report_html(record)
    assert "one limit of" in re.search(r"<h1>(.*?)</h1>", page)[1]
    assert '<span class="warn">▲' in page.split('id="limits"')[1]


def test_sections_follow_the_definition_and_unknown_ones_name_the_nearest(records):
    document = compose(partial_findings(records["normal"]), ReportDefinition("Short", ("limits", "answer")))
    assert [section.name for section in document.sections] == ["limits", "answer"]
    with pytest.raises(SpecError, match="no report section is named 'limit'") as error:
        compose(partial_findings(records["normal"]), ReportDefinition("Bad", ("limit",)))
    assert "'limits'" in error.value.hint


def test_a_report_of_the_workspace_replaces_the_shipped_one(records, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "allocation.toml").write_text('title = "Mine"\nsections = ["answer"]\n', encoding="utf-8")
    page = report_html(records["normal"])
    assert "<title>Mine, 24\u00a0November\u00a02026</title>" in page
    assert "<section" not in page
