"""One small golden fragment a block kind: the markup of a block is the contract of its template."""

from __future__ import annotations

import re
import typing

import pytest

from toolkit.app.report.theme import theme
from toolkit.core.errors import SpecError
from toolkit.report import document as d
from toolkit.report.formats.html import Theme, render
from toolkit.report.i18n.text import NONE, Span, strong, text

HEAD = text("<b>&")
COLUMNS = (d.Column("Item", "left"), d.Column("Sum", short="S"))
TABLE = d.Table("Cap", COLUMNS, (d.Row((text("a"), text(NONE)), total=True, anchor="s1", gauge=0.5),), gauge="Room")
FIGURE = d.Figure(text("Finding"), text("sub"), (d.Paragraph(text("x")),), (("on", "in force"),), text("src"), TABLE)
CHART = d.Chart((d.Drawing(str, ("1",)), d.Drawing(str, ("2",), 512)), "told <b>")

GOLDEN = [
    (d.Heading(HEAD), "<h1>&lt;b&gt;&amp;</h1>"),
    (d.Paragraph(text("p ", Span("€5", "assumption", ("A1",))), "answer"),
     '<p class="answer">p <i class="as">€5</i><span class="src"><a id="a1-at" href="#a1">A1</a></span></p>'),
    (d.KeyFigures((d.KeyFigure("L", text("1"), text("n")),)),
     '<dl class="kpi"><div><dt>L</dt><dd class="kv">1</dd><dd class="kn">n</dd></div></dl>'),
    (d.Status((("Status", text("ok")),)), '<p class="status"><span><b>Status</b> ok</span></p>'),
    (TABLE, ('<tr id="s1" class="tot"><th scope="row">a</th><td class="r" data-l="S"><span class="m" aria-hidden="true">–</span>'
            '<span class="vh">none</span></td><td class="gz"><span class="gauge" aria-hidden="true"><span style="width:50.00%">')),
    (d.BarTable("B", "Metal", (d.Column("w"),), (d.Bar(text("Ga"), (text(strong("2%")),), 1.7, 0.1, 0.4, hollow=True),), ((0.4, "limit 9%"),)),
     ('<tr><th scope="row">Ga</th><td class="bw"><span class="bars hol" aria-hidden="true"><span class="cap" style="left:40.00%"></span>'
     '<span class="bc" style="width:10.00%"></span><span class="bp" style="width:100.00%"></span></span></td><td class="r"><b>2%</b></td></tr>')),
    (CHART, ('<div class="chart"><div class="d d-0"><svg class="drawn"><title>told &lt;b&gt;</title>1</svg></div>'
             '<div class="d d-512"><svg class="drawn"><title>told &lt;b&gt;</title>2</svg></div></div>')),
    (d.Panels((d.SmallMultiple(text("Ga"), text("up"), CHART), d.SmallMultiple(text("Au"), (), CHART)), (("line", "level"),)),
     ('<h4>Au</h4><div class="chart"><div class="d d-0"><svg class="drawn"><title>told &lt;b&gt;</title>1</svg></div>'
      '<div class="d d-512"><svg class="drawn"><title>told &lt;b&gt;</title>2</svg></div></div></div>'
      '<ul class="leg pl"><li><span class="k line"></span>level</li></ul></div>')),
    (d.Matrix("M", "Metal", (("Licence", "Lic"),), (d.Line("Ga", text("n"), (d.State("suspended", "No. 1", "to x", "x", urgent=True),)), d.Line("Au", text("g"), reason=text("why")))),
     ('<td role="cell" class="long"><span class="mk suspended"></span><span class="lb" aria-hidden="true">Lic </span><span class="no">No. 1</span> '
     '<span class="since urgent">to x</span><span class="brief urgent">x</span></td></tr>'
     '<tr role="row" class="nn"><th scope="row" role="rowheader"><b>Au</b> <span>g</span></th><td role="cell" colspan="1">why</td></tr>')),
    (d.Calendar((d.Date("2026-11-27", "27 Nov 2026", "in 3 days", text("w"), text("n"), "claimed", "next", confirmed=False),)),
     ('<li class="next unsure"><p class="cd"><time datetime="2026-11-27">27 Nov 2026</time> <span>in 3 days</span></p><p class="ct">w</p>'
     '<p class="cn">n</p><p class="st open">claimed</p></li>')),
    (d.Notes((("A1", text("x")),), assumed=True), '<li id="a1"><span class="sn">A1</span> <span class="as">x</span></li>'),
    (d.Panel((text("x"),)), '<div class="panel"><p>x</p></div>'),
    (FIGURE, ('<figure><figcaption><h3>Finding</h3><p class="sub">sub</p></figcaption><ul class="leg"><li><span class="k on"></span>in force</li></ul>'
             '<p class="body">x</p><p class="fs">src</p><details><summary>Data table: Cap</summary>')),
    (d.Columns((FIGURE,)), '<div class="two"><figure>'),
]  # fmt: skip


def page(*blocks: d.Block, css: str = "") -> str:
    document = d.Document("T", "en", "2026-11-24", "24 November 2026", "S", (d.Section("s", "S", blocks),))
    return re.sub(
        r"\n\s*",
        "",
        render(document, Theme(theme().templates, css, lambda drawing: f'<svg class="drawn">{drawing.spec}</svg>')),
    )


@pytest.mark.parametrize(("block", "fragment"), GOLDEN, ids=[block.kind for block, _ in GOLDEN])
def test_block(block, fragment):
    assert fragment in page(block)


def test_every_kind_is_tested_and_has_its_template():
    kinds = {block.kind for block in typing.get_args(d.Block)}
    assert kinds == {block.kind for block, _ in GOLDEN}
    assert {f"{kind}.html.j2" for kind in kinds} | {"page.html.j2"} == {name for name in theme().templates if "/" not in name}


def test_a_missing_section_keeps_its_heading_and_says_why():
    document = d.Document("T", "en", "2026-11-24", "x", "S", (d.Section("s", "Head", d.Missing("because <x>")),))
    written = render(document, theme())
    assert '<h2 id="h-s">Head</h2>' in written
    assert '<p class="missing">because &lt;x&gt;</p>' in written


def test_a_row_with_a_cell_too_few_is_an_error():
    with pytest.raises(ValueError, match="shorter"):
        page(d.Table("Cap", COLUMNS, (d.Row((text("a"),)),)))


def test_a_style_sheet_cannot_end_its_element():
    assert "</style><script>" not in page(css="a{}</style><script>")


@pytest.mark.parametrize(
    "title", ["</style><script>alert(1)</script>", 'a"; } body { display: none', "\\", "a\r\nb", "*/ x /*"]
)
def test_the_running_foot_is_a_string_whatever_the_title(title):
    document = d.Document(title, "en", "2026-11-24", "24\u00a0November\u00a02026", "S", ())
    written = render(document, Theme(theme().templates, ""))
    foot = re.search(
        r'@bottom-left \{ content: "([^"]*)"; \} @bottom-right \{ content: "Page " counter\(page\) " of " counter\(pages\) ""; \}',
        written,
    )
    assert foot
    assert re.fullmatch(r"(?:[a-zA-Z0-9 ]|\\[0-9a-f]+ )*", foot[1])
    read = re.sub(r"\\([0-9a-f]+) ", lambda point: chr(int(point[1], 16)), foot[1])
    assert read == f"Strategic metals, {title}, As of 24\u00a0November\u00a02026"
    assert written.count("</style>") == 1


def test_a_theme_without_a_template_says_which():
    some = {name: source for name, source in theme().templates.items() if name != "panel.html.j2"}
    document = d.Document("T", "en", "2026-11-24", "x", "S", (d.Section("s", "S", (d.Panel(()),)),))
    with pytest.raises(SpecError, match=r"no template 'panel\.html\.j2'"):
        render(document, Theme(some, ""))
