"""The page on one metal: of the market or of lots, for every product, in both languages; bars of who makes it and uses of it."""

from __future__ import annotations

from datetime import date

import pytest

from tests.blocks import table_of
from tests.records import as_document, partial_findings
from tests.subjects import HOLDINGS, context, holdings, in_json
from toolkit.app import subjects
from toolkit.app.subjects import metal_of
from toolkit.cli.main import run
from toolkit.core.errors import SpecError
from toolkit.report.i18n.text import plain
from toolkit.report.topics.market import metal_answer
from toolkit.report.topics.supply import stages, uses


@pytest.fixture(scope="module")
def pages():
    return {key: in_json(subjects.market(context(), key)) for key in ("gallium", "tungsten", "gold", "hafnium")}


@pytest.mark.parametrize("key", ["gallium", "tungsten", "gold", "hafnium"])
@pytest.mark.parametrize("lang", ["en", "de"])
def test_each_metal_has_a_page_about_itself(pages, key, lang):
    document, _ = as_document(pages[key].record, pages[key].parts, name="metal", lang=lang)
    names = [section.name for section in document.sections]
    assert names[0] == "metal-answer"
    assert "holdings" not in names
    assert {"prices", "flows", "controls", "stages", "uses", "sources"} <= set(names)
    assert all(row["asset"] == key for row in pages[key].parts["supply"]["metals"])


@pytest.mark.parametrize(
    ("metal", "country", "law"),
    [
        ("gallium", "USA", "a Chinese ban on exports to the US is in force on its traded form"),
        ("gallium", "DEU", "its traded form needs a Chinese licence"),
        ("tungsten", "USA", "its traded form is controlled only in part"),
    ],
)
def test_a_ban_that_returned_by_its_date_is_told_as_a_ban_to_who_it_binds(metal, country, law):
    """The page said that it "needs a licence or may not leave", and that no change is dated, the day after the suspension."""
    page = in_json(subjects.market(context(date(2026, 11, 28), country), metal))
    heading, _, following, *_ = metal_answer.build(partial_findings(page.record, page.parts))
    words = plain(following.text).replace("\xa0", " ")
    assert ("(No. 46/2024 ¶2) stood suspended. In force since 28 November 2026" in words) == (metal == "gallium")
    assert plain(heading.text).replace("\xa0", " ").endswith(f"; {law}")


def test_the_opening_has_the_figures_of_the_parts(pages):
    found = partial_findings(pages["gallium"].record, pages["gallium"].parts)
    heading, _, following, figures, _ = metal_answer.build(found)
    (supply,) = found.parts.supply.metals
    assert f"China has {100 * supply.scored.top_share:.0f}%" in plain(heading.text)
    assert "needs a Chinese licence" in plain(heading.text)
    last = found.parts.prices.series[0].last
    price = next(item for item in figures.items if item.label == "Price of one kg")
    assert plain(price.value) == f"€{last.level:,.0f}"
    assert f"± {last.error:,.0f} " in plain(price.note)
    assert "does not name" not in plain(following.text)


def test_a_date_of_other_metals_says_so(pages):
    found = partial_findings(pages["tungsten"].record, pages["tungsten"].parts)
    assert plain(metal_answer.build(found)[2].text).endswith("It does not name tungsten.")
    assert [one.key for one in found.assumptions if "Molybdenum" in plain(one.words)] == []


def test_bars_are_parts_of_the_world_and_uses_of_the_metal(pages):
    found = partial_findings(pages["tungsten"].record, pages["tungsten"].parts)
    figure = stages.build(found)[0]
    (supply,) = found.parts.supply.metals
    for at in (supply.scored, *supply.other_stages):
        assert len(at.leading) <= 3
        assert at.leading[0].share == at.top_share
        assert sum(one.share for one in at.leading) <= 1 + 1e-9
    assert "China 79%" in figure.body[0].told
    assert "add up" not in plain(uses.build(found)[0].sub)
    shares = [float(plain(row.cells[-1]).rstrip("%")) for row in table_of(uses.build(found)[0]).rows]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(100, abs=3)
    without = partial_findings(pages["tungsten"].record, {**pages["tungsten"].parts, "supply": None})
    assert without.parts.supply is None


def test_shares_that_are_not_the_whole_say_so():
    """Uses of indium end at 90%: the study names indium tin oxide, its main use in the world, with a share of zero."""
    subject = in_json(subjects.market(context(), "indium"))
    figure = uses.build(partial_findings(subject.record, subject.parts))[0]
    assert plain(figure.sub).endswith(
        "The shares of indium add up to 90%, as published. Indium Tin Oxide (ITO) stands in them with 0%."
    )
    assert all(plain(row.cells[-1]) != "0%" for row in table_of(figure).rows)
    document, _ = as_document(subject.record, subject.parts, name="metal", lang="de")
    assert document.title == "Metall: Indium"


def test_of_a_file_it_is_about_the_lots_of_the_metal(tmp_path):
    found = holdings(tmp_path / "lots.csv", metal="gallium")
    assert {lot["asset"] for lot in found.record["exposure"]["lots"]} == {"gallium"}
    names = [section.name for section in as_document(found.record, found.parts, name="metal")[0].sections]
    assert names[:2] == ["holdings-answer", "holdings"]


def test_what_has_no_page_is_refused_with_the_way_out(tmp_path, capsys, monkeypatch):
    with pytest.raises(SpecError, match="no page on 'scandium'"):
        metal_of(context(), "scandium")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lots.csv").write_text(HOLDINGS, encoding="utf-8")
    assert run(["report", "lots.csv", "--metal", "tungsten", "--as-of", "2026-11-24", "--quiet"]) != 0
    assert "no lot of tungsten" in capsys.readouterr().err
    assert run(["report", "lots.csv", "--metal", "Ga", "--as-of", "2026-11-24", "--quiet"]) == 0
    assert list((tmp_path / "out").rglob("metal.html"))
