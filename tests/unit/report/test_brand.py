"""Themes of advisors: colours that can be read or the nearest that can, a logo that is a picture, and no page without them."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.records import as_document
from toolkit.app.report.render import FORMATS
from toolkit.app.report.theme import LOGO_BYTES, brand_of, read_brand
from toolkit.core.errors import SpecError
from toolkit.report.charts.theme import DARK, LIGHT
from toolkit.report.formats.brand import LEAST_CONTRAST, Brand, contrast, is_picture, nearest

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1v1z" fill="#123456"/></svg>'


def theme(folder: Path, text: str, logo: str | bytes = SVG) -> Path:
    (folder / "logo").write_bytes(logo if isinstance(logo, bytes) else logo.encode())
    path = folder / "theme.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_contrast_is_that_of_wcag():
    """WCAG 2.2: black on white is 21; #767676 is the lightest grey that holds 4.5 on white, #777777 does not."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") >= LEAST_CONTRAST > contrast("#777777", "#ffffff")


@pytest.mark.parametrize("colour", ["#ffee00", "#00ffff", "#1b5e93", "#ffffff", "#000000", "#777777"])
@pytest.mark.parametrize("page", [LIGHT["paper"], DARK["paper"]])
def test_the_nearest_colour_holds_and_one_that_holds_is_itself(colour, page):
    found = nearest(colour, page)
    assert contrast(found, page) >= LEAST_CONTRAST
    assert (found == colour) == (contrast(colour, page) >= LEAST_CONTRAST)


def test_a_colour_that_cannot_be_read_is_refused_with_the_nearest_that_can(tmp_path):
    for key, colour, page in (("data", "#ffee00", LIGHT), ("controls_dark", "#101010", DARK)):
        with pytest.raises(SpecError) as error:
            read_brand(theme(tmp_path, f'{key} = "{colour}"'))
        assert nearest(colour, page["paper"]) in str(error.value.hint)
        assert key in error.value.message
    with pytest.raises(SpecError, match="too much alike"):
        read_brand(theme(tmp_path, 'data = "#8a2b10"\ncontrols = "#8a2b12"'))
    with pytest.raises(SpecError):
        read_brand(theme(tmp_path, 'colour = "#123456"'))


def test_a_colour_without_its_dark_one_gets_one_that_can_be_read_and_tints_follow(tmp_path):
    found = read_brand(theme(tmp_path, 'data = "#0f5c4d"'))
    assert found.light["data"] == "#0f5c4d"
    assert contrast(found.dark["data"], DARK["paper"]) >= LEAST_CONTRAST
    assert found.light["band"] != LIGHT["band"]
    assert found.light["ctl"] == LIGHT["ctl"]
    assert "--ctl" not in found.css
    assert Brand().css == ""


@pytest.mark.parametrize(
    "logo",
    [
        SVG.replace("<path", "<script>alert(1)</script><path"),
        SVG.replace("<path", '<path onload="alert(1)"'),
        SVG.replace("<path", '<image href="http://x/y.png"/><path'),
        SVG.replace("#123456", "url(http://x/y)"),
        "<!DOCTYPE svg [<!ENTITY a 'b'>]>" + SVG,
        SVG.replace("<path", "<style>@import 'http://x'</style><path"),
        "<svg><path/></svg>",
        "not a picture",
        b"GIF89a\xff",
        SVG + " " * LOGO_BYTES,
    ],
)
def test_a_logo_that_is_more_or_less_than_a_picture_is_refused(tmp_path, logo):
    with pytest.raises(SpecError, match="logo"):
        read_brand(theme(tmp_path, 'logo = "logo"', logo))


def test_the_packaged_example_is_on_every_page(records):
    brand = brand_of("example")
    assert brand.logo is not None
    assert is_picture(brand.logo.content.decode()) is None
    for name in ("allocation", "webinar"):
        made, say = as_document(records["normal"], name=name)
        page = FORMATS["html"].make(made, say, brand).decode()
        plain = FORMATS["html"].make(made, say).decode()
        for shown in (brand.name, brand.footer, brand.logo.uri, "--data:#0f5c4d"):
            assert shown in page
            assert shown not in plain
        assert "<script" not in page.replace("<script data-copy", "")
        assert not re.search(r'(?:src|href)="(?!#|data:image/)', page)
    made, say = as_document(records["normal"])
    mail = message_from_bytes(FORMATS["email"].make(made, say, brand), policy=policy.default)
    body = mail.get_body(("html",))
    assert body is not None
    assert brand.name in body.get_content()
    assert brand.footer in body.get_content()
