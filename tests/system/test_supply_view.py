"""`supply` as a user runs it: two tables that fit, the words that must stand beside the figures, exit codes."""

from __future__ import annotations

import json

import pytest

TODAY = ("--as-of", "2026-11-24")


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    "arguments",
    [
        TODAY,
        ("gallium", *TODAY),
        ("antimony", *TODAY),
        ("copper", *TODAY),
        ("--as-of", "2016-12-31"),
        ("In", "--as-of", "2024-01-01"),
    ],
)
def test_everything_fits_eighty_columns(called, arguments):
    code, out, err = called("supply", *arguments)
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80


def test_one_row_a_product_in_both_tables(called, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    _, out, _ = called("supply", *TODAY)
    rows = {
        metal: [line for line in out.splitlines() if line.startswith(f"{metal} ")] for metal in ("gallium", "terbium", "gold")
    }
    assert {metal: len(found) for metal, found in rows.items()} == {"gallium": 2, "terbium": 2, "gold": 2}, out
    concentration, official = rows["gallium"]
    assert concentration.split()[:7] == ["gallium", "refining", "CHN", "99.0%", "1.0%", "9,804", "9,804"]
    assert concentration.split()[-2:] == ["2025", "usgs_mcs_2026"]
    assert official.split()[:6] == ["gallium", "2023", "3.9", "3.7", "critical", "1.30"]
    assert "2023 (group) 5.1 4.2 critical" in words(rows["terbium"][1])


@pytest.mark.parametrize("arguments", [(), ("gallium",)])
def test_the_words_that_must_stand_beside_the_figures(called, arguments):
    _, out, _ = called("supply", *arguments, *TODAY)
    for text in (
        "SR 1.0 and economic importance EI 2.8",
        "rests on 2016-2020 and is blind to controls of China since 2023-08",
        "scenario of this toolkit (t = 1.3 for China), world supply only, not an EU figure",
        "WGI 2024",
    ):
        assert text in words(out)


def test_a_single_metal_shows_every_stage_and_its_host(called):
    _, out, _ = called("supply", "rhenium", *TODAY)
    told = words(out)
    assert "refining yes CHL" in told
    assert "mining no CHL" in told
    assert "Scored at the stage refining, because it is a by-product" in told
    assert "by-product: molybdenite roasting from porphyry copper" in told
    assert "US list 2025: yes (added back 2025)" in told
    assert "US net import reliance, %: 75" in told


def test_the_trade_parameter_and_its_country_are_options(called):
    code, out, _ = called("supply", "W", "--trade-parameter", "1.5", *TODAY)
    assert code == 0
    assert "t = 1.5 for China" in words(out)
    assert "At mining the study itself has t = 1.1 for China: the ratio starts there." in words(out)
    _, out, _ = called("supply", "tungsten", "--trade-parameter", "1.05", *TODAY)
    assert "no scenario of more" in words(out)
    code, out, _ = called("supply", "cobalt", "--origin", "COD", "--json", *TODAY)
    assert code == 0
    data = json.loads(out)
    assert data["scenario"]["country"] == "COD"
    stages = {stage["stage"]: stage["scenario_ratio"] for stage in data["metals"][0]["stages"]}
    assert stages["extraction"] > 1.1
    assert stages["processing"] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("galium",), 3, "gallium"),
        (("uranium",), 3, "--as-of"),
        (("gallium", "--origin", "Chima"), 2, "CHN"),
        (("gallium", "--trade-parameter", "0"), 2, "positive"),
    ],
)
def test_errors_name_the_remedy_and_have_their_code(called, arguments, code, told):
    got, out, _ = called("supply", *arguments, *TODAY, "--json")
    assert got == code
    assert told in json.loads(out)["error"]["hint"]


def test_the_same_question_gives_the_same_bytes(called):
    first = called("supply", "--json", *TODAY)
    assert first == called("supply", "--json", *TODAY)
    assert len(json.loads(first[1])["metals"]) > 10
