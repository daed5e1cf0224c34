"""What a reader would call untidy on a page or a slide: a table that is cut, a name that is torn, words that lie on words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.records import report
from tests.subjects import holdings, market
from tests.system.browser import A4, NEEDED, Browser

pytestmark = NEEDED
LIST = """Posten;Metall;Menge;Kaufdatum;Kaufpreis (EUR/kg);Herkunft;Lagerort;Status
Ga-Barren 1;Gallium;12,5 kg;05.11.2024;580,00;China;Frankfurt;gelagert
Ga-Barren 2;Gallium;3.500 g;14.09.2026;1.050,00;China;unterwegs ab Shanghai;bestellt
Ge 5N;Germanium;4 kg;20.01.2026;3.400,00;;Zürich;gelagert
In 99,99;Indium;25 kg;03.03.2025;390,00;Südkorea;Niederlande;gelagert
Sb-Barren;Antimon;0,5 t;02.10.2026;24,00;China;China;bestellt
Wolframpulver;Wolfram;40 kg;08.12.2025;70,00;;Frankfurt;gelagert
Dyoxid;Dysprosiumoxid;20 kg;03.11.2026;420,00;China;Rotterdam;unterwegs
Gold;Gold;6 oz;21.04.2023;;Schweiz;Tresor Zürich;gelagert
Silber;Silber;30 kg;12.01.2026;1.050,50;;Zürich;gelagert
"""
CUT = """[...document.querySelectorAll('.scroll')].filter(s => s.checkVisibility() && !s.closest('details') && s.scrollWidth > s.clientWidth + 1)
  .map(s => s.getAttribute('aria-label'))"""
TORN = r"""[...document.querySelectorAll('.n tbody > tr > *, .bt tbody > tr > *, .mx tbody > tr > *')]
  .filter(cell => cell.checkVisibility() && cell.offsetHeight && !cell.closest('details')).flatMap(cell => {
    const walk = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT), torn = []
    while (walk.nextNode()) {
      const node = walk.currentNode
      if (!node.parentElement.checkVisibility() || node.parentElement.offsetWidth <= 1) continue
      for (const word of node.data.matchAll(/[^\s\u00ad\u200b\-–—\/\u2011]+/g)) {
        const range = document.createRange(); range.setStart(node, word.index); range.setEnd(node, word.index + word[0].length)
        if (new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1) torn.push(word[0])
      }
    }
    return torn
  })"""
UPON = r"""[...document.querySelectorAll('.slide')].flatMap(slide => {
  const words = [], walk = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT), found = []
  while (walk.nextNode()) {
    const node = walk.currentNode, of = node.parentElement
    if (!node.data.trim() || !of.checkVisibility() || of.closest('title, .vh, .say, summary')) continue
    const range = document.createRange(); range.selectNodeContents(node)
    for (const box of range.getClientRects()) if (box.width > 2) words.push([node.data.trim(), box, of])
  }
  const edge = slide.querySelector('.foot').getBoundingClientRect()
  for (const [said, box, of] of words)
    if (!of.closest('.foot, .own') && box.bottom > edge.top + 4) found.push(slide.id + ' in the foot: ' + said)
  for (let i = 0; i < words.length; i++) for (let j = i + 1; j < words.length; j++) {
    const [[one, a, of], [other, b, too]] = [words[i], words[j]]
    if (of === too || one === other) continue  // the same words once more are the ground that a label stands on
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left), down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
    if (across > 3 && down > 9) found.push(slide.id + ': ' + one + ' | ' + other)
  }
  return found
})"""

SMALL = r"""[...document.querySelectorAll('.slide')].flatMap(slide => {
  const walk = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT), found = []
  while (walk.nextNode()) {
    const node = walk.currentNode, of = node.parentElement
    if (!node.data.trim() || !of.checkVisibility() || of.closest('title, .vh, .say, summary, sup')) continue
    const drawn = of.ownerSVGElement && of.getScreenCTM()
    const size = parseFloat(getComputedStyle(of).fontSize) * (drawn ? Math.hypot(drawn.a, drawn.b) : 1)
    if (size < 23.95) found.push(`${slide.id}, ${size.toFixed(1)} px: ${node.data.trim()}`)
  }
  return found
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A German list of stock, as a page and as slides in both languages, and slides of the market."""
    folder = tmp_path_factory.mktemp("list")
    held = holdings(folder / "list.csv", LIST)
    for subject, name, lang in (
        (held, "exposure", "de"), (held, "exposure", "en"), (held, "webinar", "de"), (held, "webinar", "en"), (market(), "webinar", "en"),
        (market(), "webinar", "de"),
    ):  # fmt: skip
        page = folder / f"{name}-{'list' if subject is held else 'market'}-{lang}.html"
        page.write_bytes(report(subject.record, subject.parts, name=name, lang=lang))
    return folder


@pytest.mark.parametrize(("width", "media"), [(390, ""), (700, ""), (768, ""), (1024, ""), (1280, ""), (A4[0], "print")])
def test_no_table_is_cut_and_no_name_is_torn(browser, report_pages, written, width, media):
    pages = [
        report_pages[name] for name in ("allocation.de", "exposure", "exposure.de", "market-brief", "conflict", "backtest.de")
    ]
    browser.media(media)
    for page in (*pages, *written.glob("exposure-*.html")):
        browser.open(page, width)
        assert (page.stem, browser.value(CUT)) == (page.stem, [])
        assert (page.stem, browser.value(TORN)) == (page.stem, [])
    browser.media()


@pytest.mark.parametrize("page", ["list-de", "list-en", "market-de", "market-en"])
def test_no_words_of_a_slide_lie_on_others_or_are_small(browser, written, page):
    browser.open(written / f"webinar-{page}.html", 1920)
    browser.call("Emulation.setDeviceMetricsOverride", width=1920, height=1080, deviceScaleFactor=1, mobile=False)
    assert browser.value(UPON) == []
    assert browser.value(SMALL) == []


@pytest.mark.parametrize("page", ["list-de", "list-en", "market-de", "market-en"])
def test_slides_read_as_a_page_on_a_telephone_and_a_third_at_most_are_sources(browser, written, page):
    browser.open(written / f"webinar-{page}.html", 390)
    wide = """[...document.querySelectorAll('.slide *')].filter(e => e.getBoundingClientRect().right > 391 && !e.closest('svg, .scroll'))
      .map(e => e.closest('.slide').id + ' ' + e.tagName + ': ' + e.textContent.slice(0, 60))"""
    assert browser.value(wide) == []
    assert browser.value("document.documentElement.scrollWidth") <= 390
    cut = "[...document.querySelectorAll('.slide .mx, .slide .bt')].filter(t => t.getBoundingClientRect().right > 391).length"
    assert browser.value(cut) == 0
    of = browser.value(
        "[...document.querySelectorAll('.slide')].map(slide => (slide.querySelector('.of') || {}).textContent || '')"
    )
    last = [words for words in of if words.startswith(("Data and sources", "Assumptions", "Daten und Quellen", "Annahmen"))]
    assert 0 < 3 * len(last) <= len(of)
