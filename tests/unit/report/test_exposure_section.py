"""Exposure by country: bars as the run has them, with what the title says recomputed."""

from __future__ import annotations

import copy

import pytest

from tests.records import partial_findings
from toolkit.app.languages import language
from toolkit.report.document import Missing
from toolkit.report.i18n.formats import Formats
from toolkit.report.i18n.text import plain
from toolkit.report.topics.countries import exposure

FMT = Formats()


def figures(record, code="en"):
    (columns,) = exposure.build(partial_findings(record, {}, language(code)))
    return columns.figures


def test_the_title_names_the_two_countries_behind_most_of_the_value(records):
    now = records["normal"]["exposures"]["country"]
    first, second = sorted(now, key=lambda code: -now[code])[:2]
    assert (first, second) == ("CHN", "ZAF")
    assert plain(figures(records["normal"])[0].title) == (
        f"China stands behind {FMT.percent(now[first], 0)} of value; South Africa follows with {FMT.percent(now[second], 0)}"
    )


def test_what_is_held_today_stands_beside_the_proposal(records):
    record = records["moved"]
    figure = figures(record)[0]
    share, old = record["exposures"]["country"]["CHN"], record["before"]["country"]["CHN"]
    assert share < old  # money is added to lots of China alone
    assert plain(figure.title) == f"China stands behind {FMT.percent(share, 0)} of value, down from {FMT.percent(old, 0)}"
    less = {**record, "before": {**record["before"], "country": {**record["before"]["country"], "CHN": 0.1}}}
    assert plain(figures(less)[0].title) == f"China stands behind {FMT.percent(share, 0)} of value, up from 10%"
    assert [mark for mark, _ in figure.legend][:2] == ["now", "new"]
    (china,) = [bar for bar in figure.body[0].bars if plain(bar.label) == "China"]
    assert [plain(cell) for cell in china.cells] == [FMT.share(old), FMT.share(share)]
    assert china.reference / china.value == pytest.approx(old / share)


def test_bars_sum_to_the_value_in_metals(records):
    record = records["normal"]
    bars = figures(record)[0].body[0].bars
    scale = bars[0].value / max(record["exposures"]["country"].values())
    assert sum(bar.value for bar in bars) / scale == pytest.approx(1 - record["cash"]["weight"], abs=0.005)


def test_few_countries_have_a_bar_and_all_have_a_row_behind(records):
    record = records["normal"]
    figure = figures(record)[0]
    shares = record["exposures"]["country"]
    labels = [plain(bar.label) for bar in figure.body[0].bars]
    assert labels[6:] == ["Other named", "Not named"]
    rows = {plain(row.cells[0]): plain(row.cells[1]) for row in figure.data.rows}
    assert len(rows) == len(shares) + 1, "and what is not named"
    first = sorted(shares, key=lambda code: -shares[code])[:6]
    (rest,) = [bar for bar in figure.body[0].bars if plain(bar.label) == "Other named"]
    assert plain(rest.cells[0]) == FMT.share(sum(shares[code] for code in shares if code not in first))
    assert rows["China"] == FMT.share(shares["CHN"])


def test_a_limit_stands_where_a_share_comes_near_it(records):
    caps = {plain(bar.label): bar.cap for bar in figures(records["normal"])[0].body[0].bars if bar.cap is not None}
    assert set(caps) == {"China"}
    record = copy.deepcopy(records["normal"])
    record["caps"]["countries"] = {"ZAF": 0.5}
    assert {plain(bar.label) for bar in figures(record)[0].body[0].bars if bar.cap} == {"South Africa"}


def test_the_supply_left_is_in_order_and_its_ends_are_the_title(records):
    record = records["normal"]
    found = sorted(
        (one["supply"]["n_minus_1"], one["asset"])
        for one in record["assets"]
        if one["supply"] and any(p["asset"] == one["asset"] and p["weight"] > 1e-6 for p in record["positions"])
    )
    figure = figures(record)[1]
    assert [bar.value for bar in figure.body[0].bars] == [left for left, _ in found]
    assert plain(figure.title) == (
        f"Without its largest producer {found[0][1]} keeps {FMT.percent(found[0][0], 0)} of supply, "
        f"{found[-1][1]} {FMT.percent(found[-1][0], 0)}"
    )


def test_nothing_held_is_said(records):
    found = exposure.build(partial_findings(records["cash"], {}, language("de")))
    assert found == Missing("Es wird nichts gehalten, daher steht kein Land dahinter.")


@pytest.mark.parametrize(("old", "told"), [(0.0, "down from 90%"), (0.001, "as it does today")], ids=["less", "as much"])
def test_the_title_says_which_way_it_went(records, old, told):
    record = copy.deepcopy(records["moved"])
    now = record["exposures"]["country"]["CHN"]
    record["before"]["country"]["CHN"] = now + old if old else 0.9
    assert plain(figures(record)[0].title).endswith(told)
