"""The report in a real browser."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.records import report_html
from tests.subjects import market, proposal, with_parts
from tests.system.browser import A4, NEEDED, Browser

pytestmark = NEEDED


def written(strategy: str, folder: Path) -> Path:
    """The report of a strategy, and its run object beside it."""
    record = proposal(strategy)
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    (folder / "report.html").write_text(report_html(record), encoding="utf-8")
    return folder / "report.html"


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the default strategy."""
    return written("physical-basket", tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def report(ordinary: Path) -> Path:
    """The same under names that try to break out."""
    record = json.loads(ordinary.with_name("run.json").read_text(encoding="utf-8"))
    for position, name in zip(
        record["positions"], ("<script>alert(1)</script>", "\u202eevil", "x" * 300, "稀土" * 40), strict=False
    ):
        position["name"] = name
        for row in (*record["assets"], *record["controls"]):
            if row["asset"] == position["asset"]:
                row["name"] = name
    path = ordinary.with_name("hostile.html")
    path.write_text(report_html(record), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    browser = Browser()
    yield browser
    browser.close()


SORTED = """(() => {
  const table = [...document.querySelectorAll('table.n')].filter(one => one.checkVisibility())
    .find(one => [...one.tHead.rows[0].cells].some(head => head.classList.contains('r')))
  const heads = [...table.tHead.rows[0].cells], place = heads.findLastIndex(head => head.classList.contains('r'))
  const read = () => [...table.tBodies[0].rows].filter(row => !row.classList.contains('tot')).map(row => row.cells[place].textContent)
  const seen = [[null, read()]]
  for (let i = 0; i < 3; i++) { heads[place].querySelector('button').click(); seen.push([heads[place].ariaSort, read()]) }
  return seen
})()"""


def first_number(cell: str) -> float:
    """The first number of a cell, as English writes it; cells without one come last."""
    found = re.search(r"(−?[\d,]+(?:\.\d+)?)", cell)
    return float(found[1].replace(",", "").replace("−", "-")) if found else float("inf")


def test_a_click_on_a_header_sorts_by_number_both_ways_and_back(browser, ordinary):
    browser.open(ordinary, 1280)
    (_, was), (up, rising), (down, falling), (none, again) = browser.value(SORTED)
    assert (up, down, none) == ("ascending", "descending", None)
    numbers = [first_number(cell) for cell in rising]
    assert len(set(numbers)) > 2
    assert numbers == sorted(numbers)
    assert sorted(was) == sorted(rising) == sorted(falling)
    assert again == was
    assert [first_number(cell) for cell in falling if re.search(r"\d", cell)] == sorted(
        (one for one in numbers if one != float("inf")), reverse=True
    )


def test_a_column_of_days_is_sorted_by_day(browser, tmp_path):
    rows = "".join(
        f"<tr><th>{day}</th><td class=r>{day}</td></tr>" for day in ("5. Okt. 2024", "10. März 2023", "1. Dez. 2022")
    )
    script = (Path(__file__).parents[2] / "reports/assets/tables.js").read_text(encoding="utf-8")
    head = "<!doctype html><html lang=de><meta charset=utf-8><table class=n><thead><tr><th>a</th><th class=r>Kauf</th></tr></thead>"
    page = tmp_path / "days.html"
    page.write_text(f"{head}<tbody>{rows}</tbody></table><script data-copy=c>{script}</script>", encoding="utf-8")
    browser.open(page, 1280)
    assert [cell[-4:] for cell in browser.value(SORTED)[1][1]] == ["2022", "2023", "2024"]


def test_the_button_copies_cells_as_a_sheet_reads_them(browser, ordinary):
    browser.open(ordinary, 1280)
    put = "navigator.clipboard.writeText = async told => { window.told = told }"
    browser.value(f"(() => {{ {put}; document.querySelector('.copy').click(); return 1 }})()")
    lines = [line.split("\t") for line in browser.value("window.told").split("\n")]
    assert len(lines) > 2
    assert len({len(line) for line in lines}) == 1
    assert all(any(cell for cell in line) for line in lines)


def test_a_script_of_another_is_not_run(browser, ordinary, tmp_path):
    page = ordinary.read_text(encoding="utf-8").replace("</main>", "</main><script>document.title = 'mine'</script>")
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    browser.open(tmp_path / "page.html", 1280)
    assert browser.value("document.title") != "mine"
    assert browser.value("document.querySelectorAll('.copy').length") > 0


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_scrolls_sideways_nothing_is_fetched_nothing_is_logged(browser, report, width):
    browser.open(report, width)
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value("document.querySelectorAll('h1').length") == 1
    assert browser.requests() == [report.as_uri()]
    assert browser.console_messages() == []


@pytest.mark.parametrize("strategy", ["us-ban-returns", "origin-at-a-premium"])
def test_scenarios_and_offers_fit_a_phone_a_screen_and_a_sheet(browser, tmp_path, strategy):
    page = written(strategy, tmp_path)
    for width, media in ((390, ""), (1280, ""), (A4[0], "print")):
        browser.media(media)
        browser.open(page, width)
        assert browser.value("document.documentElement.scrollWidth") <= width
        assert browser.console_messages() == []
    browser.media()


def test_a_german_page_fits_its_sheet_and_breaks_no_name(browser, ordinary, tmp_path):
    record = json.loads(ordinary.with_name("run.json").read_text(encoding="utf-8"))
    page = tmp_path / "report.de.html"
    page.write_text(report_html(record, lang="de"), encoding="utf-8")
    for width, media in ((768, ""), (A4[0], "print")):
        browser.media(media)
        browser.open(page, width)
        assert browser.value("document.documentElement.scrollWidth") <= width
        broken = browser.value(
            """[...document.querySelectorAll('.n tbody th')].filter(th => th.offsetHeight).map(th => {
              const text = th.textContent.trim(), words = document.createRange(); words.selectNodeContents(th)
              return [text, text.split(/ /).length, new Set([...words.getClientRects()].map(box => box.top)).size]
            })"""
        )
        assert broken
        assert not [name for name, words, lines in broken if lines > words]
    notes = browser.value("getComputedStyle(document.querySelector('#allocation .notes')).fontSize")
    assert float(notes.removesuffix("px")) == 12  # 9 pt
    browser.media()


def test_no_label_of_a_german_table_lies_on_its_value_on_a_phone(browser, ordinary, tmp_path):
    record = json.loads(ordinary.with_name("run.json").read_text(encoding="utf-8"))
    page = tmp_path / "report.de.html"
    html, label = report_html(record, lang="de"), 'data-l="Ein Punkt mehr"'
    assert label in html
    page.write_text(html.replace(label, 'data-l="Ein Punkt mehr bringt"'), encoding="utf-8")
    browser.open(page, 390)
    gaps = browser.value(
        """[...document.querySelectorAll('.stack td.l[data-l]')].filter(td => td.offsetHeight && parseFloat(getComputedStyle(td, '::before').width)).map(td => {
          const words = document.createRange(); words.selectNodeContents(td)
          const label = parseFloat(getComputedStyle(td, '::before').width)
          return words.getClientRects()[0].left - td.getBoundingClientRect().left - label
        })"""
    )
    assert gaps
    assert min(gaps) >= 0


def test_the_phone_shows_date_result_and_two_figures_before_scrolling(browser, ordinary):
    browser.open(ordinary, 390)
    bottoms = browser.value(
        "[...document.querySelectorAll('.asof, h1, .answer, .kpi div')].map(e => e.getBoundingClientRect().bottom)"
    )
    assert len(bottoms) == 6
    assert max(bottoms[:5]) <= 844


def test_each_room_shows_one_drawing_of_a_chart(browser, report):
    for width in (390, 1280):
        browser.open(report, width)
        shown = "[...document.querySelectorAll('.chart')].map(c => [...c.children].filter(d => d.getBoundingClientRect().height > 0).length)"
        counts = browser.value(shown)
        assert set(counts) == {1}


def test_a_script_in_the_page_would_not_run(browser, report):
    browser.open(report, 1280)
    browser.value(
        "(() => {const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s)})()?.x ?? 0"
    )
    assert browser.value("typeof window.ran") == "undefined"


def pages(browser: Browser, page: Path) -> int:
    """Sheets of A4 that a page prints on."""
    browser.open(page, 1280)
    pdf = base64.b64decode(browser.call("Page.printToPDF", preferCSSPageSize=True)["data"])
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_print_has_few_pages_whatever_the_names(browser, ordinary, report):
    assert 1 <= pages(browser, ordinary) <= 9
    assert 1 <= pages(browser, report) <= 13


def test_print_shows_the_control_matrix_on_the_first_page_and_no_data_tables(browser, ordinary):
    browser.media("print")
    browser.open(ordinary, A4[0])
    assert browser.value("document.querySelector('.mx').getBoundingClientRect().bottom") <= A4[1]
    assert browser.value("[...document.querySelectorAll('details')].every(d => getComputedStyle(d).display === 'none')")
    browser.media()


SCREEN = 1000
"""Px of a desktop screen."""


@pytest.mark.parametrize(("lang", "screens"), [("en", 6.0), ("de", 6.5)])
def test_a_default_report_is_six_screens_and_the_brief_two_sheets(browser, tmp_path, lang, screens):
    run, alone = with_parts(proposal()), market()
    allocation, brief = tmp_path / "allocation.html", tmp_path / "brief.html"
    allocation.write_text(report_html(run.record, parts=run.parts, lang=lang), encoding="utf-8")
    brief.write_text(report_html(alone.record, "market-brief", alone.parts, lang), encoding="utf-8")
    browser.open(allocation, 1280)
    assert browser.value("document.documentElement.scrollHeight") <= screens * SCREEN
    assert browser.value("document.querySelector('#controls').getBoundingClientRect().top") <= SCREEN
    assert pages(browser, brief) <= 2
