"""The folder that one stands in holds data: templates, catalogues and kept drawings of others run nothing."""

from pathlib import Path

import pytest

from tests.records import report
from tests.subjects import market
from toolkit.app.report.drawings import folder, kept_drawing
from toolkit.app.report.pdf import composed
from toolkit.core.errors import SpecError
from toolkit.report.charts.draw import is_drawing

DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" role="img" class="drawn" style="max-width:9px"><path d="M0,0" /></svg>'


@pytest.fixture(scope="module")
def subject():
    return market()


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ document.__init__.__globals__ }}",
        "{{ say.__self__ }}",
        "{{ cycler.__init__.__globals__.os.popen('echo run').read() }}",
        "{% for %}",
        "{{ nobody_knows_this }}",
    ],
)
@pytest.mark.parametrize("name", ["page.html.j2", "email/page.html.j2"])
def test_a_template_reaches_nothing_of_python(subject, source, name):
    path = Path("reports/templates") / name
    path.parent.mkdir(parents=True)
    path.write_text(source)
    with pytest.raises(SpecError):
        report(subject.record, subject.parts, name="market-brief", format="email" if name.startswith("email") else "html")


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe", b'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=__import__(1);\\n"\n\nmsgid "a"\nmsgstr "b"\n'],
    ids=["no text", "plural rule"],
)
def test_a_catalogue_is_data(subject, content):
    path = Path("reports/locale/fr/mine.po")
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(SpecError):
        report(subject.record, subject.parts, name="market-brief", lang="fr")


@pytest.mark.parametrize(
    "svg",
    [
        DRAWING.replace("<path", "<script>alert(1)</script><path"),
        DRAWING.replace("<path", '<image href="http://127.0.0.1/x.png" /><path'),
        DRAWING.replace("<path", '<path onload="alert(1)"'),
        DRAWING.replace("<path", "<foreignObject></foreignObject><path"),
        DRAWING.replace("<path", "<style>@import 'x'</style><path"),
        DRAWING.replace("max-width:9px", "background:url(http://127.0.0.1)"),
        '<!DOCTYPE svg [<!ENTITY a "aa">]>' + DRAWING,
        DRAWING.replace("</svg>", "<g></svg>"),
        "<p>no drawing</p></svg>",
    ],
)
def test_a_kept_drawing_that_is_none_is_drawn_again(svg, monkeypatch, tmp_path):
    monkeypatch.setenv("TOOLKIT_CACHE", str(tmp_path))

    class Made:
        key = "k"
        spec = (
            '{"$schema":"https://vega.github.io/schema/vega-lite/v5.json","data":{"values":[{}]},"mark":"point",'
            '"config":{"view":{"stroke":null},"background":null},"encoding":{"fill":{"value":null},"stroke":{"value":null}}}'
        )

    assert is_drawing(DRAWING)
    assert not is_drawing(svg)
    first = kept_drawing(Made())  # type: ignore[arg-type]
    (kept,) = folder().glob("*.svg")
    kept.write_text(svg)
    assert kept_drawing(Made()) == first == kept.read_text()  # type: ignore[arg-type]


def test_a_page_set_by_weasyprint_opens_no_file():
    pytest.importorskip("weasyprint")
    secret = Path("secret.css")
    secret.write_text("p { display: none }")
    page = f"<html><head><link rel=stylesheet href='{secret.resolve().as_uri()}'></head><body><p>text</p><img src='file:///etc/hostname'></body></html>"
    assert composed(page) == composed(page.replace(secret.resolve().as_uri(), "file:///nowhere.css"))
