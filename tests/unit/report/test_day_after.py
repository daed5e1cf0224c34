"""The day after the next official date: sums by buyer close, and are those of the law on that day."""

from __future__ import annotations

import pytest

from tests.blocks import table_of
from tests.records import partial_findings
from tests.subjects import HOLDINGS, context, holdings
from toolkit.app.languages import language
from toolkit.report.document import Chart
from toolkit.report.i18n.text import NONE, plain, text
from toolkit.report.topics.dates import next_change
from toolkit.report.topics.resale import day_after

GOLD = "\n".join([HOLDINGS.splitlines()[0], "a,gold,metal,999.9,0.1,kg,2025-01-10,90000,EUR,CHE,DEU,stored"])


@pytest.fixture
def held(tmp_path):
    return holdings(tmp_path / "lots.csv")


def built(subject, code="en"):
    return day_after.build(partial_findings(subject.record, subject.parts, language(code)))[0]


def changed(held, place="USA", user="civil"):
    """Kinds of lots whose answer to a buyer changes, each with its answer."""
    part = held.parts["resale"]
    i = [(buyer["destination"], buyer["end_user"]) for buyer in part["buyers"]].index((place, user))
    pairs = [(group, group["answers"][i]) for group in part["groups"]]
    return [(group, answer) for group, answer in pairs if answer["answer"] != answer["then"]]


def test_a_ban_that_returns_closes_the_lots_of_its_metals_to_its_buyers_and_no_other(held):
    part = held.parts["resale"]
    assert part["next_date"] == "2026-11-27"
    assert [buyer for buyer in part["buyers"] if changed(held, *buyer.values())] == [
        {"destination": "USA", "end_user": "civil"}
    ]
    assert {(group["asset"], answer["answer"], answer["then"]) for group, answer in changed(held)} == {
        ("gallium", "suspended", "no"), ("germanium", "suspended", "no"),
    }  # fmt: skip
    value = {lot["asset"]: lot["value"] for lot in held.record["exposure"]["lots"]}
    assert sum(group["value"] or 0.0 for group in part["groups"]) == pytest.approx(sum(value.values()))
    assert sum(group["value"] for group, _ in changed(held)) == pytest.approx(value["gallium"] + value["germanium"])
    state = context().ledger.state("gallium", "metal", on=context().as_of.replace(day=28), destination="USA")
    numbers = changed(held)[0][1]["then_numbers"]
    assert any(m.instrument == "ban" and m.status == "in_force" and m.number in numbers for m in state.measures)


@pytest.mark.parametrize("code", ["en", "de"])
def test_the_figure_names_the_day_the_value_and_the_buyers(held, code):
    figure = built(held, code)
    say = language(code)
    closed = say.fmt.money(sum(group["value"] for group, _ in changed(held)), "EUR")
    assert closed in plain(figure.title)
    assert say.fmt.long_date("2026-11-28") in plain(figure.title)
    (chart,) = figure.body
    assert isinstance(chart, Chart)
    assert chart.told.count(closed) == 2
    assert [plain(row.cells[1]) for row in table_of(figure).rows] == (
        ["Germanium, metal, from China", "Gallium, metal, from China"] if code == "en"
        else ["Germanium, Metall, aus China", "Gallium, Metall, aus China"]
    )  # fmt: skip


@pytest.mark.parametrize("code", ["en", "de"])
def test_what_is_closed_to_lots_of_unknown_origin_alone_is_told_as_conditional(tmp_path, code):
    told = {"en": "if they come from China", "de": "falls sie aus China stammen"}[code]
    unknown = HOLDINGS.replace(",CHN,", ",unknown,")
    assert told in plain(built(holdings(tmp_path / "unknown.csv", unknown), code).title)
    assert told not in plain(built(holdings(tmp_path / "known.csv"), code).title)


def test_lots_that_the_date_does_not_touch_are_told_as_such(tmp_path):
    figure = built(holdings(tmp_path / "gold.csv", GOLD))
    assert plain(figure.title).replace("\xa0", " ") == "27 November 2026 changes nothing for the resale of these lots"
    assert not figure.body


def test_lots_without_a_price_are_worth_no_number(tmp_path):
    """Antimony oxide has no price: its row said 0, as if it were worth nothing."""
    row = "oxide,antimony,oxide,99.8,300,kg,2025-01-10,20,EUR,CHN,DEU,stored"
    held = holdings(tmp_path / "lots.csv", f"{HOLDINGS.rstrip()}\n{row}\n")
    lots = {group["form"]: group["value"] for group, _ in changed(held) if group["asset"] == "antimony"}
    assert lots == {"oxide": None}
    cells = [plain(row.cells[2]) for row in table_of(built(held)).rows if "ntimony" in plain(row.cells[1])]
    assert cells == [NONE.text]


@pytest.mark.parametrize("code", ["en", "de"])
def test_a_lot_without_a_price_that_is_closed_is_not_told_as_nothing(tmp_path, code):
    row = "oxide,germanium,oxide,5N,20,kg,2025-01-10,20,EUR,CHN,DEU,stored"
    held = holdings(tmp_path / "lots.csv", f"{GOLD}\n{row}\n")
    assert [answer["then"] for _, answer in changed(held)] == ["no"]
    told = {"en": "lots without a price may no longer be sold", "de": "Posten ohne Preis nicht mehr"}
    assert told[code] in plain(built(held, code).title)
    found = partial_findings(held.record, held.parts, language(code))
    assert {"en": "(without a price)", "de": "(ohne Preis)"}[code] in plain(text(*next_change(found)))
    alone = holdings(tmp_path / "alone.csv", f"{GOLD.splitlines()[0]}\n{row}\n")
    assert built(alone, code).body == ()
